// The opcodes of pickles, protocols 2 to 5: facts of Python's pickletools.
#include "data/pickle/pickle_vm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/little_endian.h"

// Lengths of 1, 2, 4 or 8 bytes; false if they end too early.
static bool read_unsigned(imp_pickle *p, int size, uint64_t *out)
{
    const uint8_t *at = imp_pickle_read_bytes(p, (uint64_t)size);
    *out = 0;
    for (int k = 0; at != NULL && k < size; k++)
        *out |= (uint64_t)at[k] << 8 * k;
    return at != NULL;
}

static imp_status push_scalar_value(imp_pickle *p, imp_pickle_kind kind, int64_t integer)
{
    return imp_pickle_push_node(p, (imp_pickle_node){.kind = (uint8_t)kind, .as.integer = integer});
}

// An integer of any length, two's complement; too long ones become a float.
static imp_status push_long_integer(imp_pickle *p, int size_bytes)
{
    uint64_t length;
    if (!read_unsigned(p, size_bytes, &length))
        return IMP_BAD_INPUT;
    if (size_bytes == 4 && length > INT32_MAX)
        return imp_pickle_fail(p, "an integer of negative length: damaged");
    const uint8_t *at = imp_pickle_read_bytes(p, length);
    if (at == NULL)
        return IMP_BAD_INPUT;
    if (length > 8)
        return imp_pickle_push_node(p, (imp_pickle_node){.kind = IMP_PICKLE_FLOAT, .as.real = NAN});
    uint64_t bits = length > 0 && at[length - 1] >= 128 ? UINT64_MAX : 0;
    for (uint64_t k = length; k > 0; k--)
        bits = bits << 8 | at[k - 1];
    return push_scalar_value(p, IMP_PICKLE_INT, (int64_t)bits);
}

static imp_status push_fixed_integer(imp_pickle *p, int size)
{
    uint64_t bits;
    if (!read_unsigned(p, size, &bits))
        return IMP_BAD_INPUT;
    return push_scalar_value(p, IMP_PICKLE_INT,
                             size == 4 ? (int32_t)(uint32_t)bits : (int64_t)bits);
}

static imp_status push_float(imp_pickle *p)
{
    const uint8_t *at = imp_pickle_read_bytes(p, 8);
    uint64_t bits = 0;
    if (at == NULL)
        return IMP_BAD_INPUT;
    for (int k = 0; k < 8; k++)
        bits = bits << 8 | at[k];
    imp_pickle_node node = {.kind = IMP_PICKLE_FLOAT};
    memcpy(&node.as.real, &bits, sizeof bits);
    return imp_pickle_push_node(p, node);
}

static imp_status push_bytes(imp_pickle *p, imp_pickle_kind kind, int size_bytes)
{
    uint64_t length;
    if (!read_unsigned(p, size_bytes, &length))
        return IMP_BAD_INPUT;
    const uint8_t *at = imp_pickle_read_bytes(p, length);
    if (at == NULL)
        return IMP_BAD_INPUT;
    if (length > UINT32_MAX)
        return imp_pickle_fail(p, "a text of more than 4 GB: refused");
    return imp_pickle_push_node(
        p, (imp_pickle_node){.kind = (uint8_t)kind, .count = (uint32_t)length, .as.bytes = at});
}

// ---- containers ---------------------------------------------------------------------------------

static imp_status push_mark(imp_pickle *p)
{
    enum { MARKS_MAX = 1 << 16 };
    if (p->mark_count == MARKS_MAX)
        return imp_pickle_fail(p, "it is nested too deeply: refused");
    if (p->mark_count == p->mark_capacity) {
        const uint32_t capacity = 2 * p->mark_capacity + 16;
        uint32_t *grown = realloc(p->marks, capacity * sizeof *grown);
        if (grown == NULL)
            return imp_fail(p->err, IMP_NO_MEMORY, "%s: out of memory", p->name);
        p->marks = grown;
        p->mark_capacity = capacity;
    }
    p->marks[p->mark_count++] = p->depth;
    return IMP_OK;
}

// Takes off the stack what is above the latest mark, and the mark. The items stay readable until
// the next push.
static imp_status pop_to_mark(imp_pickle *p, const imp_pickle_value **items, uint32_t *count)
{
    if (p->mark_count == 0)
        return imp_pickle_fail(p, "it takes what it never gave: damaged");
    const uint32_t mark = p->marks[--p->mark_count];
    *items = p->stack + mark;
    *count = p->depth - mark;
    p->depth = mark;
    return IMP_OK;
}

// A new container of items that were on the stack, where one more item fits in any case.
static imp_status push_container(imp_pickle *p, imp_pickle_kind kind, uint32_t first,
                                 uint32_t count)
{
    // the items lie above the new top of the stack until they are copied
    imp_pickle_value small[3];
    imp_pickle_value *items = small;
    imp_status status = IMP_OK;
    if (count > 3 && (items = malloc(count * sizeof *items)) == NULL)
        return imp_fail(p->err, IMP_NO_MEMORY, "%s: out of memory", p->name);
    if (count > 0)
        memcpy(items, p->stack + first, count * sizeof *items);
    p->depth = first;
    status = imp_pickle_push_node(p, (imp_pickle_node){.kind = (uint8_t)kind});
    if (status == IMP_OK)
        status = imp_pickle_append_items(p, p->stack[p->depth - 1], items, count);
    if (items != small)
        free(items);
    return status;
}

static imp_status push_tuple_of_top(imp_pickle *p, uint32_t count)
{
    const uint32_t stack_base = p->mark_count > 0 ? p->marks[p->mark_count - 1] : 0;
    if (p->depth - stack_base < count)
        return imp_pickle_fail(p, "it takes what it never gave: damaged");
    return push_container(p, IMP_PICKLE_TUPLE, p->depth - count, count);
}

static imp_status push_container_from_mark(imp_pickle *p, imp_pickle_kind kind)
{
    const imp_pickle_value *items = NULL;
    uint32_t count = 0;
    const imp_status status = pop_to_mark(p, &items, &count);
    if (status != IMP_OK)
        return status;
    if (kind == IMP_PICKLE_DICT && count % 2 != 0)
        return imp_pickle_fail(p, "a key without a value: damaged");
    return push_container(p, kind, p->depth, count);
}

// Adds items to the container below them.
static imp_status append_items_to_top(imp_pickle *p, imp_pickle_kind kind,
                                      const imp_pickle_value *items, uint32_t count)
{
    const uint32_t stack_base = p->mark_count > 0 ? p->marks[p->mark_count - 1] : 0;
    if (p->depth > stack_base && imp_pickle_unsupported_type(p, p->stack[p->depth - 1]) != NULL)
        return IMP_OK;
    if (p->depth <= stack_base || imp_pickle_kind_of(p, p->stack[p->depth - 1]) != kind ||
        (kind == IMP_PICKLE_DICT && count % 2 != 0))
        return imp_pickle_fail(p, "it adds to what is no %s: damaged or refused",
                               kind == IMP_PICKLE_DICT ? "dict" : "list");
    return imp_pickle_append_items(p, p->stack[p->depth - 1], items, count);
}

static imp_status append_items_from_mark(imp_pickle *p, imp_pickle_kind kind)
{
    const imp_pickle_value *items = NULL;
    uint32_t count = 0;
    const imp_status status = pop_to_mark(p, &items, &count);
    return status == IMP_OK ? append_items_to_top(p, kind, items, count) : status;
}

static imp_status append_top_items(imp_pickle *p, imp_pickle_kind kind, uint32_t count)
{
    const uint32_t stack_base = p->mark_count > 0 ? p->marks[p->mark_count - 1] : 0;
    if (p->depth - stack_base < count)
        return imp_pickle_fail(p, "it takes what it never gave: damaged");
    p->depth -= count;
    return append_items_to_top(p, kind, p->stack + p->depth, count);
}

static imp_status pop_value_or_mark(imp_pickle *p)
{
    imp_pickle_value ignored;
    if (p->mark_count > 0 && p->depth == p->marks[p->mark_count - 1]) {
        p->mark_count--;
        return IMP_OK;
    }
    return imp_pickle_pop(p, &ignored);
}

static imp_status duplicate_top(imp_pickle *p)
{
    imp_pickle_value top;
    imp_status status = imp_pickle_pop(p, &top);
    for (int k = 0; k < 2 && status == IMP_OK; k++)
        status = imp_pickle_push_value(p, top);
    return status;
}

// ---- the memo -----------------------------------------------------------------------------------

// Remembers the topmost value under a number. Pickles number what they remember one after the
// other, so no number is larger than what was read of the pickle.
static imp_status memoize(imp_pickle *p, uint64_t number)
{
    const uint32_t stack_base = p->mark_count > 0 ? p->marks[p->mark_count - 1] : 0;
    if (p->depth <= stack_base)
        return imp_pickle_fail(p, "it takes what it never gave: damaged");
    if (number > p->at - p->start || number >= IMP_PICKLE_NO_VALUE)
        return imp_pickle_fail(p, "it remembers more than it has: refused");
    if (number >= p->memo_capacity) {
        uint32_t capacity = 2 * p->memo_capacity + 256;
        capacity = capacity <= number ? (uint32_t)number + 1 : capacity;
        imp_pickle_value *grown = realloc(p->memo, capacity * sizeof *grown);
        if (grown == NULL)
            return imp_fail(p->err, IMP_NO_MEMORY, "%s: out of memory", p->name);
        for (uint32_t k = p->memo_capacity; k < capacity; k++)
            grown[k] = IMP_PICKLE_NO_VALUE;
        p->memo = grown;
        p->memo_capacity = capacity;
    }
    if (p->memo[number] == IMP_PICKLE_NO_VALUE)
        p->memo_count++;
    if (number >= p->memo_end)
        p->memo_end = (uint32_t)number + 1;
    p->memo[number] = p->stack[p->depth - 1];
    return IMP_OK;
}

static imp_status memoize_numbered(imp_pickle *p, int size)
{
    uint64_t number;
    return read_unsigned(p, size, &number) ? memoize(p, number) : IMP_BAD_INPUT;
}

static imp_status push_memoized(imp_pickle *p, int size)
{
    uint64_t number;
    if (!read_unsigned(p, size, &number))
        return IMP_BAD_INPUT;
    if (number >= p->memo_capacity || p->memo[number] == IMP_PICKLE_NO_VALUE)
        return imp_pickle_fail(p, "it recalls what it never remembered: damaged");
    return imp_pickle_push_value(p, p->memo[number]);
}

// ---- names --------------------------------------------------------------------------------------

static const uint8_t *read_line(imp_pickle *p, size_t *length)
{
    const uint8_t *at = p->bytes + p->at;
    const uint8_t *end = memchr(at, '\n', p->length - p->at);
    if (end == NULL) {
        imp_pickle_read_bytes(p, UINT64_MAX);
        return NULL;
    }
    *length = (size_t)(end - at);
    p->at += *length + 1;
    return at;
}

static imp_status push_text_global(imp_pickle *p)
{
    size_t module_length, name_length;
    const uint8_t *module = read_line(p, &module_length);
    const uint8_t *name = module == NULL ? NULL : read_line(p, &name_length);
    if (name == NULL)
        return IMP_BAD_INPUT;
    return imp_pickle_push_global(p, module, module_length, name, name_length);
}

static imp_status push_stack_global(imp_pickle *p)
{
    imp_pickle_value name, module;
    imp_status status = imp_pickle_pop(p, &name);
    if (status == IMP_OK)
        status = imp_pickle_pop(p, &module);
    if (status != IMP_OK)
        return status;
    if (imp_pickle_kind_of(p, name) != IMP_PICKLE_TEXT ||
        imp_pickle_kind_of(p, module) != IMP_PICKLE_TEXT)
        return imp_pickle_fail(p, "a name that is no text: damaged");
    const imp_pickle_node *m = imp_pickle_node_at(p, module), *n = imp_pickle_node_at(p, name);
    return imp_pickle_push_global(p, m->as.bytes, m->count, n->as.bytes, n->count);
}

// ---- what the opcodes mean ----------------------------------------------------------------------

static imp_status execute_value_opcode(imp_pickle *p, uint8_t code)
{
    switch (code) {
    case 'N':
        return push_scalar_value(p, IMP_PICKLE_NONE, 0);
    case 0x88:
    case 0x89:
        return push_scalar_value(p, IMP_PICKLE_BOOL, code == 0x88);
    case 'K':
        return push_fixed_integer(p, 1);
    case 'M':
        return push_fixed_integer(p, 2);
    case 'J':
        return push_fixed_integer(p, 4);
    case 0x8a:
        return push_long_integer(p, 1);
    case 0x8b:
        return push_long_integer(p, 4);
    case 'G':
        return push_float(p);
    case 'X':
        return push_bytes(p, IMP_PICKLE_TEXT, 4);
    case 0x8c:
        return push_bytes(p, IMP_PICKLE_TEXT, 1);
    case 0x8d:
        return push_bytes(p, IMP_PICKLE_TEXT, 8);
    case 'U':
    case 'C':
        return push_bytes(p, IMP_PICKLE_BYTES, 1);
    case 'T':
    case 'B':
        return push_bytes(p, IMP_PICKLE_BYTES, 4);
    case 0x8e:
    case 0x96:
        return push_bytes(p, IMP_PICKLE_BYTES, 8);
    default:
        return imp_pickle_fail(p, "opcode 0x%02x is refused: it builds no plain data", code);
    }
}

static imp_status execute_container_opcode(imp_pickle *p, uint8_t code)
{
    switch (code) {
    case '(':
        return push_mark(p);
    case ')':
        return push_container(p, IMP_PICKLE_TUPLE, p->depth, 0);
    case 0x85:
    case 0x86:
    case 0x87:
        return push_tuple_of_top(p, code - 0x84U);
    case 't':
        return push_container_from_mark(p, IMP_PICKLE_TUPLE);
    case ']':
        return push_container(p, IMP_PICKLE_LIST, p->depth, 0);
    case 'l':
        return push_container_from_mark(p, IMP_PICKLE_LIST);
    case 'a':
        return append_top_items(p, IMP_PICKLE_LIST, 1);
    case 'e':
        return append_items_from_mark(p, IMP_PICKLE_LIST);
    case '}':
        return push_container(p, IMP_PICKLE_DICT, p->depth, 0);
    case 'd':
        return push_container_from_mark(p, IMP_PICKLE_DICT);
    case 's':
        return append_top_items(p, IMP_PICKLE_DICT, 2);
    case 'u':
        return append_items_from_mark(p, IMP_PICKLE_DICT);
    default:
        return execute_value_opcode(p, code);
    }
}

// Sets, and objects of classes: their items are taken off the stack.
static imp_status execute_unsupported_opcode(imp_pickle *p, uint8_t code)
{
    const imp_pickle_value *items = NULL;
    uint32_t count = 0;
    imp_pickle_value ignored;
    imp_status status = IMP_OK;
    switch (code) {
    case 0x8f: // an empty set
        return imp_pickle_push_unsupported(p, "set");
    case 0x90: // to a set
        return append_items_from_mark(p, IMP_PICKLE_UNSUPPORTED);
    case 0x91: // a frozen set
        status = pop_to_mark(p, &items, &count);
        return status == IMP_OK ? imp_pickle_push_unsupported(p, "frozenset") : status;
    case 0x92: // class, arguments, arguments by name
        status = imp_pickle_pop(p, &ignored);
        return status == IMP_OK ? imp_pickle_new_object(p) : status;
    default: // 'o': class and arguments above a mark
        status = pop_to_mark(p, &items, &count);
        if (status != IMP_OK)
            return status;
        if (count == 0)
            return imp_pickle_fail(p, "an object without a class: damaged");
        return imp_pickle_push_unsupported(p, imp_pickle_unsupported_type(p, items[0]) != NULL
                                                  ? imp_pickle_unsupported_type(p, items[0])
                                                  : "an object of a class that logs do not have");
    }
}

static imp_status execute_opcode(imp_pickle *p, uint8_t code)
{
    const imp_pickle_value *items = NULL;
    uint32_t count = 0;
    switch (code) {
    case 0x8f:
    case 0x90:
    case 0x91:
    case 0x92:
    case 'o':
        return execute_unsupported_opcode(p, code);
    case '0':
        return pop_value_or_mark(p);
    case '1':
        return pop_to_mark(p, &items, &count);
    case '2':
        return duplicate_top(p);
    case 'q':
        return memoize_numbered(p, 1);
    case 'r':
        return memoize_numbered(p, 4);
    case 0x94:
        return memoize(p, p->memo_count);
    case 'h':
        return push_memoized(p, 1);
    case 'j':
        return push_memoized(p, 4);
    case 'c':
        return push_text_global(p);
    case 0x93:
        return push_stack_global(p);
    case 'R':
        return imp_pickle_call_reduce(p);
    case 0x81:
        return imp_pickle_new_object(p);
    case 'b':
        return imp_pickle_build_object(p);
    case 0x95: // a frame: how much to read at a time
        return imp_pickle_read_bytes(p, 8) == NULL ? IMP_BAD_INPUT : IMP_OK;
    default:
        return execute_container_opcode(p, code);
    }
}

static imp_status read_protocol_header(imp_pickle *p)
{
    const uint8_t *head = imp_pickle_read_bytes(p, 1);
    if (head == NULL)
        return IMP_BAD_INPUT;
    if (*head != 0x80)
        return imp_pickle_fail(p, "no pickle of protocols 2 to 5 begins here");
    head = imp_pickle_read_bytes(p, 1);
    if (head == NULL)
        return IMP_BAD_INPUT;
    if (*head < 2 || *head > 5)
        return imp_pickle_fail(p, "a pickle of protocol %d: 2 to 5 are read", *head);
    return IMP_OK;
}

imp_status imp_pickle_read_next(imp_pickle *p, imp_pickle_value *root, bool *more, imp_error *err)
{
    imp_pickle_clear(p);
    p->err = err;
    p->is_truncated = false;
    p->start = p->at;
    *more = p->at < p->length;
    if (!*more)
        return IMP_OK;
    imp_status status = read_protocol_header(p);
    while (status == IMP_OK) {
        const uint8_t *code = imp_pickle_read_bytes(p, 1);
        if (code == NULL)
            return IMP_BAD_INPUT;
        if (*code == '.')
            return p->mark_count > 0 ? imp_pickle_fail(p, "it stops in the middle: damaged")
                                     : imp_pickle_pop(p, root);
        status = execute_opcode(p, *code);
    }
    return status;
}
