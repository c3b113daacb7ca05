// Any bytes at all as a stream of pickles: the machine never reads beyond them, builds no more than
// a few values per byte, and what it builds can be walked through.
#include <stdio.h>
#include <stdlib.h>

#include "data/pickle/pickle_vm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEPTH = 5, ITEMS = 40 };

static void wanted(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

static double walk_array(const imp_numpy_array *array)
{
    size_t count = 1;
    double sum = 0;
    for (int k = 0; k < array->dimensions; k++)
        count *= array->shape[k];
    for (size_t k = 0; k < count; k++)
        sum += imp_numpy_array_number(array, k);
    return sum;
}

// A few levels deep, because a list may hold itself.
static void walk(const imp_pickle *p, imp_pickle_value value, int depth)
{
    double number;
    const imp_numpy_array *array = imp_pickle_array(p, value);
    if (array != NULL)
        walk_array(array);
    imp_pickle_number(p, value, &number);
    imp_pickle_is_text(p, value, "step");
    const char *unread = imp_pickle_unsupported_type(p, value);
    wanted(unread == NULL || unread[0] != '\0', "what was not made has a name");
    imp_pickle_find_key(p, value, "step");
    const uint32_t count = imp_pickle_item_count(p, value);
    for (uint32_t k = 0; k < count && k < ITEMS && depth > 0; k++) {
        const imp_pickle_value item = imp_pickle_item(p, value, k);
        wanted(item < p->node_count, "an item is a value");
        walk(p, item, depth - 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    imp_pickle *pickle;
    bool more = true;
    if (imp_pickle_create(&pickle, data, size, "fuzz.log", NULL) != IMP_OK)
        return 0;
    while (more) {
        imp_pickle_value root = IMP_PICKLE_NO_VALUE;
        const size_t start = imp_pickle_position(pickle);
        const imp_status status = imp_pickle_read_next(pickle, &root, &more, NULL);
        const size_t read = imp_pickle_position(pickle) - start;
        wanted(imp_pickle_position(pickle) <= size, "reading stays within");
        wanted(pickle->node_count <= read, "no byte makes more than a value");
        wanted(pickle->memo_capacity <= 2 * imp_pickle_position(pickle) + 512,
               "no more is remembered than was read");
        if (status != IMP_OK)
            break;
        if (more)
            walk(pickle, root, DEPTH);
    }
    imp_pickle_destroy(pickle);
    return 0;
}
