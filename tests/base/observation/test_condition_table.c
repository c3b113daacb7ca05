// The table of what networks take beside images and past actions: its order, its numbers, and what
// networks get of them.
#include "imprint/conditions.h"

#include <string.h>

#include "testing.h"

static void numbers_lie_in_the_order_of_their_inputs(void **state)
{
    (void)state;
    int first = 0;
    for (int k = 0; k < IMP_INPUT_COUNT; k++) {
        const int size = imp_input_size((imp_input)k);
        assert_true(size > 0);
        assert_int_equal(imp_input_first((imp_input)k), first);
        for (int n = first; n < first + size; n++)
            assert_int_equal(imp_condition_get_info(n)->input, k);
        first += size;
        for (int other = 0; other < k; other++) {
            assert_string_not_equal(imp_input_name(k), imp_input_name(other));
            assert_string_not_equal(imp_input_key(k), imp_input_key(other));
        }
    }
    assert_int_equal(first, IMP_CONDITION_COUNT);
    assert_null(imp_condition_get_info(IMP_CONDITION_COUNT));
    assert_null(imp_input_name(IMP_INPUT_COUNT));
    assert_null(imp_input_key(-1));
}

static void what_is_usual_is_zero(void **state)
{
    (void)state;
    const imp_conditions usual = imp_usual_conditions();
    float values[IMP_CONDITION_COUNT];
    assert_int_equal(imp_conditions_normalise(&usual, NULL, values), IMP_CONDITION_COUNT);
    for (int k = 0; k < IMP_CONDITION_COUNT; k++)
        assert_true(values[k] == 0.0F);
}

static void networks_get_what_they_take(void **state)
{
    (void)state;
    imp_conditions conditions = imp_usual_conditions();
    bool takes[IMP_INPUT_COUNT] = {false};
    float values[IMP_CONDITION_COUNT] = {9.0F};
    assert_int_equal(imp_conditions_normalise(&conditions, takes, values), 0);
    assert_true(values[0] == 9.0F);
    imp_conditions_set_command(&conditions, IMP_COMMAND_RIGHT);
    conditions.numbers[IMP_CONDITION_SPEED] = 0.4;
    conditions.numbers[IMP_CONDITION_TIME_STEP] = 0.1;
    takes[IMP_INPUT_SPEED] = takes[IMP_INPUT_TIME_STEP] = true;
    assert_int_equal(imp_conditions_normalise(&conditions, takes, values), 2);
    assert_close(values[0], 0.4, 1e-7);
    assert_close(values[1], 2.0, 1e-6);
    takes[IMP_INPUT_COMMAND] = true;
    assert_int_equal(imp_conditions_normalise(&conditions, takes, values), 5);
    assert_memory_equal(values, ((float[]){0.0F, 0.0F, 1.0F, 0.4F}), 4 * sizeof(float));
    imp_conditions_set_command(&conditions, IMP_COMMAND_STRAIGHT);
    imp_conditions_normalise(&conditions, takes, values);
    assert_memory_equal(values, ((float[]){0.0F, 1.0F, 0.0F}), 3 * sizeof(float));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_lie_in_the_order_of_their_inputs),
        cmocka_unit_test(what_is_usual_is_zero),
        cmocka_unit_test(networks_get_what_they_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
