// The table of inputs and their numbers, from the lists in the header. An input's numbers lie one
// behind the other, so that its first number and its size follow from the list.
#include <stddef.h>
#include <string.h>

#include "imprint/conditions.h"

static const imp_condition_info CONDITIONS[IMP_CONDITION_COUNT] = {
#define CONDITION_ENTRY(enumerator, input, name, unit, usual, scale)                               \
    [enumerator] = {input, name, unit, usual, scale},
    IMP_CONDITION_MAP(CONDITION_ENTRY)
#undef CONDITION_ENTRY
};

const imp_condition_info *imp_condition_get_info(int condition)
{
    return condition >= 0 && condition < IMP_CONDITION_COUNT ? &CONDITIONS[condition] : NULL;
}

const char *imp_input_name(int input)
{
    static const char *const names[] = {
#define INPUT_NAME(enumerator, name, key) name,
        IMP_INPUT_MAP(INPUT_NAME)
#undef INPUT_NAME
    };
    return input >= 0 && input < IMP_INPUT_COUNT ? names[input] : NULL;
}

const char *imp_input_key(int input)
{
    static const char *const keys[] = {
#define INPUT_KEY(enumerator, name, key) key,
        IMP_INPUT_MAP(INPUT_KEY)
#undef INPUT_KEY
    };
    return input >= 0 && input < IMP_INPUT_COUNT ? keys[input] : NULL;
}

int imp_input_first(imp_input input)
{
    int first = 0;
    while (first < IMP_CONDITION_COUNT && CONDITIONS[first].input < input)
        first++;
    return first;
}

int imp_input_size(imp_input input)
{
    int size = 0;
    for (int k = 0; k < IMP_CONDITION_COUNT; k++)
        size += CONDITIONS[k].input == input;
    return size;
}

imp_conditions imp_usual_conditions(void)
{
    imp_conditions usual;
    for (int k = 0; k < IMP_CONDITION_COUNT; k++)
        usual.numbers[k] = CONDITIONS[k].usual;
    return usual;
}

// One of them is 1 at most; commands that later versions may add are none.
void imp_conditions_set_command(imp_conditions *conditions, imp_navigation_command command)
{
    conditions->numbers[IMP_CONDITION_LEFT] = command == IMP_COMMAND_LEFT;
    conditions->numbers[IMP_CONDITION_STRAIGHT] = command == IMP_COMMAND_STRAIGHT;
    conditions->numbers[IMP_CONDITION_RIGHT] = command == IMP_COMMAND_RIGHT;
}

int imp_conditions_pick(const float all[IMP_CONDITION_COUNT], const bool takes[IMP_INPUT_COUNT],
                        float *out)
{
    int count = 0;
    for (int k = 0; k < IMP_CONDITION_COUNT; k++)
        if (takes == NULL || takes[CONDITIONS[k].input])
            out[count++] = all[k];
    return count;
}

int imp_conditions_normalise(const imp_conditions *conditions, const bool takes[IMP_INPUT_COUNT],
                             float *out)
{
    float all[IMP_CONDITION_COUNT];
    for (int k = 0; k < IMP_CONDITION_COUNT; k++)
        all[k] = (float)((conditions->numbers[k] - CONDITIONS[k].usual) / CONDITIONS[k].scale);
    return imp_conditions_pick(all, takes, out);
}
