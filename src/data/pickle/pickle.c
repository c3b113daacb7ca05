// The memory of the pickle reader: nodes in blocks, the value stack, names of unsupported objects;
// and access to the finished values.
// Values are indices of nodes. Nodes never move, because they lie in fixed blocks. A node is 16
// bytes, since each byte of a pickle may create one; texts and array data are not copied.
// All limits follow from what has been read, never from a length that the pickle claims.
#include "base/common/try.h"
#include "data/pickle/pickle_vm.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/little_endian.h"

enum {
    // Limits that no log reaches: logs nest a few levels and add about a thousand items at a time.
    STACK_MAX = 1 << 16,
    KEYS_MAX = 64,
};

// Block and position of a node.
imp_pickle_node *imp_pickle_node_at(const imp_pickle *p, imp_pickle_value value)
{
    return &p->blocks[value / IMP_PICKLE_NODES_PER_BLOCK][value % IMP_PICKLE_NODES_PER_BLOCK];
}

// Up to two items are stored in the node itself.
const imp_pickle_value *imp_pickle_node_items(const imp_pickle_node *node)
{
    return node->count <= 2 ? node->as.pair : node->as.items;
}

// Kinds from TUPLE to RECORD own a list of items.
static bool kind_has_items(const imp_pickle_node *node)
{
    return node->kind >= IMP_PICKLE_TUPLE && node->kind <= IMP_PICKLE_RECORD;
}

imp_status(imp_pickle_fail)(imp_pickle *p, const char *format, ...)
{
    char text[240];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    // The text may quote the pickle, so unprintable characters are replaced.
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
            *c = '?';
    return imp_fail(p->err, IMP_BAD_INPUT, "%s: byte %zu: %s", p->name, p->at, text);
}

// Sets is_truncated, which the importer uses to accept logs that were cut off.
const uint8_t *imp_pickle_read_bytes(imp_pickle *p, uint64_t length)
{
    if (length > p->length - p->at) {
        p->is_truncated = true;
        (void)imp_pickle_fail(p, "the pickle ends too early");
        return NULL;
        // the bytes are borrowed, never copied
    }
    p->at += length;
    return p->bytes + p->at - length;
}

static imp_status fail_no_memory(const imp_pickle *p)
{
    return imp_fail(p->err, IMP_NO_MEMORY, "%s: out of memory", p->name);
}

// Doubles the capacity of an array of 32-bit numbers.
static bool grow_array(uint32_t **array, uint32_t *capacity)
{
    const uint32_t more = 2 * *capacity + 64;
    uint32_t *grown = realloc(*array, more * sizeof *grown);
    if (grown == NULL)
        return false;
    *array = grown;
    *capacity = more;
    return true;
}

// Frees memory that a node owns.
static void free_node_data(imp_pickle_node *node)
{
    if (kind_has_items(node) && node->count > 2)
        free(node->as.items);
    else if (node->kind == IMP_PICKLE_ARRAY)
        free(node->as.array);
    else if (node->kind == IMP_PICKLE_BYTES && node->owned)
        free((void *)(uintptr_t)node->as.bytes);
}

// Room for one more value on the stack; its depth is limited.
static imp_status reserve_stack(imp_pickle *p)
{
    if (p->depth == STACK_MAX)
        return imp_pickle_fail(p, "it is nested too deeply: refused");
    return p->depth == p->stack_capacity && !grow_array(&p->stack, &p->stack_capacity)
               ? fail_no_memory(p)
               : IMP_OK;
}

// Room for one more node: allocates a block if the last one is full.
static imp_status reserve_node(imp_pickle *p)
{
    const uint32_t block = p->node_count / IMP_PICKLE_NODES_PER_BLOCK;
    // indices must stay below IMP_PICKLE_NO_VALUE
    if (p->node_count >= IMP_PICKLE_NO_VALUE - 1)
        return imp_pickle_fail(p, "it holds too many values");
    if (block < p->block_count)
        return IMP_OK;
    imp_pickle_node **grown = realloc(p->blocks, (block + 1) * sizeof *grown);
    if (grown != NULL)
        p->blocks = grown;
    // the block list and a block
    imp_pickle_node *nodes =
        grown == NULL ? NULL : malloc(IMP_PICKLE_NODES_PER_BLOCK * sizeof *nodes);
    if (nodes == NULL)
        return fail_no_memory(p);
    p->blocks[p->block_count++] = nodes;
    return IMP_OK;
}

// Pushes an existing value.
imp_status imp_pickle_push_value(imp_pickle *p, imp_pickle_value value)
{
    IMP_TRY(reserve_stack(p));
    p->stack[p->depth++] = value;
    return IMP_OK;
}

// Creates a node and pushes it. Its memory is freed if that fails.
imp_status imp_pickle_push_node(imp_pickle *p, imp_pickle_node node)
{
    // room for both first, so that nothing has to be undone
    imp_status status = reserve_stack(p);
    if (status == IMP_OK)
        status = reserve_node(p);
    if (status != IMP_OK) {
        free_node_data(&node);
        return status;
    }
    *imp_pickle_node_at(p, p->node_count) = node;
    p->stack[p->depth++] = p->node_count++;
    return IMP_OK;
}

// Index of a name in the list of unsupported names. After the last free entry all others count as
// "others".
static int add_unsupported_name(imp_pickle *p, const char *name)
{
    for (int k = 0; k < p->unsupported_count; k++)
        if (strcmp(p->unsupported[k], name) == 0)
            return k;
    // the last entry is shared by all further names
    if (p->unsupported_count == IMP_PICKLE_UNSUPPORTED_MAX)
        return IMP_PICKLE_UNSUPPORTED_MAX - 1;
    const bool last = p->unsupported_count == IMP_PICKLE_UNSUPPORTED_MAX - 1;
    snprintf(p->unsupported[p->unsupported_count], sizeof p->unsupported[0], "%s",
             last ? "others" : name);
    return p->unsupported_count++;
}

// Pushes a placeholder for an object that is not supported.
imp_status imp_pickle_push_unsupported(imp_pickle *p, const char *name)
{
    return imp_pickle_push_node(p, (imp_pickle_node){.kind = IMP_PICKLE_UNSUPPORTED,
                                                     .as.integer = add_unsupported_name(p, name)});
}

// Turns an existing value into such a placeholder.
void imp_pickle_mark_unsupported(imp_pickle *p, imp_pickle_value value, const char *name)
{
    imp_pickle_node *node = imp_pickle_node_at(p, value);
    free_node_data(node);
    *node = (imp_pickle_node){.kind = IMP_PICKLE_UNSUPPORTED,
                              .as.integer = add_unsupported_name(p, name)};
}

// Values below the latest mark belong to another collection.
static uint32_t index_above_latest_mark(const imp_pickle *p)
{
    return p->mark_count > 0 ? p->marks[p->mark_count - 1] : 0;
}

imp_status imp_pickle_pop(imp_pickle *p, imp_pickle_value *out)
{
    // values below a mark belong to an unfinished collection
    if (p->depth <= index_above_latest_mark(p))
        return imp_pickle_fail(p, "it takes a value from an empty stack: damaged");
    *out = p->stack[--p->depth];
    return IMP_OK;
}

// Capacity for a number of items: powers of two from 4.
static uint32_t item_capacity(uint32_t count)
{
    uint32_t capacity = 4;
    while (capacity < count)
        capacity *= 2;
    return capacity;
}

// Adds items at the end: inline up to two, otherwise in an array of its own.
imp_status imp_pickle_append_items(imp_pickle *p, imp_pickle_value value,
                                   const imp_pickle_value *items, uint32_t count)
{
    imp_pickle_node *node = imp_pickle_node_at(p, value);
    const uint32_t total = node->count + count;
    // counts are limited to half of 32 bits, so that capacities cannot overflow
    if (total < count || total > UINT32_MAX / 2)
        return imp_pickle_fail(p, "it holds too many values");
    if (total > 2) {
        const bool stored_inline = node->count <= 2;
        // move the inline items to an array, or grow the array if its capacity changes
        imp_pickle_value *array = stored_inline ? NULL : node->as.items;
        if (stored_inline || item_capacity(total) != item_capacity(node->count))
            array = realloc(array, item_capacity(total) * sizeof *array);
        if (array == NULL)
            return fail_no_memory(p);
        if (stored_inline)
            memcpy(array, node->as.pair, node->count * sizeof *array);
        memcpy(array + node->count, items, count * sizeof *array);
        node->as.items = array;
    } else if (count > 0) {
        memcpy(node->as.pair + node->count, items, count * sizeof *items);
    }
    node->count = total;
    return IMP_OK;
}

// ---- the stream ---------------------------------------------------------------------------------

imp_status imp_pickle_create(imp_pickle **out, const uint8_t *bytes, size_t length,
                             const char *name, imp_error *err)
{
    imp_pickle *p = calloc(1, sizeof *p);
    if (p == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", name);
    // an initial stack, so that it is never NULL
    if (!grow_array(&p->stack, &p->stack_capacity)) {
        free(p);
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", name);
    }
    p->bytes = bytes;
    p->length = length;
    p->name = name;
    *out = p;
    return IMP_OK;
}

// Frees all values of the last pickle; the capacity of arrays and blocks stays.
void imp_pickle_clear(imp_pickle *p)
{
    // values that own memory
    for (uint32_t k = 0; k < p->node_count; k++)
        free_node_data(imp_pickle_node_at(p, k));
    // the memo is emptied without being freed
    for (uint32_t k = 0; k < p->memo_end; k++)
        p->memo[k] = IMP_PICKLE_NO_VALUE;
    p->memo_end = 0;
    p->node_count = p->depth = p->mark_count = 0;
    p->made = 0;
    p->memo_count = 0;
}

void imp_pickle_destroy(imp_pickle *p)
{
    if (p == NULL)
        return;
    imp_pickle_clear(p);
    for (uint32_t k = 0; k < p->block_count; k++)
        free(p->blocks[k]);
    free(p->blocks);
    free(p->stack);
    free(p->marks);
    free(p->memo);
    free(p);
}

// State of the stream.
bool imp_pickle_is_truncated(const imp_pickle *p)
{
    return p->is_truncated;
}

size_t imp_pickle_position(const imp_pickle *p)
{
    return p->at;
}

size_t imp_pickle_start_offset(const imp_pickle *p)
{
    return p->start;
}

const char *imp_pickle_unsupported_name(const imp_pickle *p, int index)
{
    return index < p->unsupported_count ? p->unsupported[index] : NULL;
}

// ---- values -------------------------------------------------------------------------------------

// Access to values; IMP_PICKLE_NO_VALUE behaves like an empty value of no kind.
imp_pickle_kind imp_pickle_kind_of(const imp_pickle *p, imp_pickle_value value)
{
    return value == IMP_PICKLE_NO_VALUE ? IMP_PICKLE_NONE
                                        : (imp_pickle_kind)imp_pickle_node_at(p, value)->kind;
}

uint32_t imp_pickle_item_count(const imp_pickle *p, imp_pickle_value value)
{
    return value != IMP_PICKLE_NO_VALUE && kind_has_items(imp_pickle_node_at(p, value))
               ? imp_pickle_node_at(p, value)->count
               : 0;
}

imp_pickle_value imp_pickle_item(const imp_pickle *p, imp_pickle_value value, uint32_t index)
{
    return index < imp_pickle_item_count(p, value)
               ? imp_pickle_node_items(imp_pickle_node_at(p, value))[index]
               : IMP_PICKLE_NO_VALUE;
}

const char *imp_pickle_unsupported_type(const imp_pickle *p, imp_pickle_value value)
{
    return imp_pickle_kind_of(p, value) == IMP_PICKLE_UNSUPPORTED
               ? p->unsupported[imp_pickle_node_at(p, value)->as.integer]
               : NULL;
}

// Python 2 writes text as bytes.
bool imp_pickle_is_text(const imp_pickle *p, imp_pickle_value value, const char *text)
{
    const imp_pickle_kind kind = imp_pickle_kind_of(p, value);
    if (kind != IMP_PICKLE_TEXT && kind != IMP_PICKLE_BYTES)
        return false;
    const imp_pickle_node *node = imp_pickle_node_at(p, value);
    return node->count == strlen(text) && memcmp(node->as.bytes, text, node->count) == 0;
}

// Linear search, hence the limit on the number of keys. A record's attributes are a dict.
imp_pickle_value imp_pickle_find_key(const imp_pickle *p, imp_pickle_value value, const char *key)
{
    if (imp_pickle_kind_of(p, value) == IMP_PICKLE_RECORD)
        value = imp_pickle_item(p, value, 0);
    const uint32_t count = imp_pickle_item_count(p, value);
    if (imp_pickle_kind_of(p, value) != IMP_PICKLE_DICT || count > 2 * KEYS_MAX)
        return IMP_PICKLE_NO_VALUE;
    // Of equal keys the last one counts, as in Python.
    for (uint32_t k = count; k >= 2; k -= 2)
        if (imp_pickle_is_text(p, imp_pickle_item(p, value, k - 2), key))
            return imp_pickle_item(p, value, k - 1);
    return IMP_PICKLE_NO_VALUE;
}

// Numbers are bools, integers, floats, or numpy arrays without dimensions.
bool imp_pickle_number(const imp_pickle *p, imp_pickle_value value, double *out)
{
    const imp_pickle_kind kind = imp_pickle_kind_of(p, value);
    const imp_numpy_array *array = imp_pickle_array(p, value);
    if (array != NULL && array->dimensions == 0)
        *out = imp_numpy_array_number(array, 0);
    else if (kind == IMP_PICKLE_BOOL || kind == IMP_PICKLE_INT)
        *out = (double)imp_pickle_node_at(p, value)->as.integer;
    else if (kind == IMP_PICKLE_FLOAT)
        *out = imp_pickle_node_at(p, value)->as.real;
    else
        return false;
    return true;
}

// Arrays whose data never came have no kind.
const imp_numpy_array *imp_pickle_array(const imp_pickle *p, imp_pickle_value value)
{
    if (imp_pickle_kind_of(p, value) != IMP_PICKLE_ARRAY)
        return NULL;
    const imp_numpy_array *array = imp_pickle_node_at(p, value)->as.array;
    return array->kind == 0 ? NULL : array;
}

// Loads an element as an unsigned number, in the array's byte order.
static uint64_t load_element_bits(const imp_numpy_array *array, size_t index)
{
    const uint8_t *at = array->data + index * array->size;
    uint64_t bits = 0;
    // byte k of the number, whatever the array's order
    for (int k = 0; k < array->size; k++)
        bits |= (uint64_t)at[array->big_endian ? array->size - 1 - k : k] << 8 * k;
    return bits;
}

// Sign-extends by the element's size.
static double sign_extend_to_double(uint64_t bits, int size)
{
    return size == 1   ? (int8_t)(uint8_t)bits
           : size == 2 ? (int16_t)(uint16_t)bits
           : size == 4 ? (int32_t)(uint32_t)bits
                       : (double)(int64_t)bits;
}

// IEEE 754 half precision: 5 bits of exponent, 10 of mantissa.
static double half_to_double(uint64_t bits)
{
    const int exponent = (int)(bits >> 10 & 31), mantissa = (int)(bits & 1023);
    // infinity and NaN; subnormal numbers; normal numbers
    const double sign = bits >> 15 != 0 ? -1.0 : 1.0;
    if (exponent == 31)
        return mantissa != 0 ? (double)NAN : sign * (double)INFINITY;
    return exponent == 0 ? sign * ldexp(mantissa, -24)
                         : sign * ldexp(1024 + mantissa, exponent - 25);
}

// Dispatches on kind and size of the elements.
double imp_numpy_array_number(const imp_numpy_array *array, size_t index)
{
    const uint64_t bits = load_element_bits(array, index);
    if (array->kind == 'i')
        return sign_extend_to_double(bits, array->size);
    if (array->kind == 'u' || array->kind == 'b')
        return (double)bits;
    if (array->size == 2)
        return half_to_double(bits);
    if (array->size == 4) {
        const uint32_t half = (uint32_t)bits;
        float value;
        memcpy(&value, &half, sizeof value);
        return value;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
