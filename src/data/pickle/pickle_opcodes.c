// Executes the opcodes of pickle protocols 2 to 5, as documented in Python's pickletools. A stack
// machine: opcodes push values, collect values above a mark into collections, and store values in a
// memo.
// Opcodes that create other objects push placeholders; unknown opcodes fail. Every opcode checks
// that what it takes is there.
#include "base/common/try.h"
#include "data/pickle/pickle_vm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/little_endian.h"

// Reads a length of 1, 2, 4 or 8 bytes, little-endian. Returns false if the bytes end.
static bool read_unsigned(imp_pickle *p, int size, uint64_t *out)
{
    const uint8_t *at = imp_pickle_read_bytes(p, (uint64_t)size);
    *out = 0;
    for (int k = 0; at != NULL && k < size; k++)
        *out |= (uint64_t)at[k] << 8 * k;
    return at != NULL;
}

// Pushes None, a bool or an integer.
static imp_status push_scalar_value(imp_pickle *p, imp_pickle_kind kind, int64_t integer)
{
    return imp_pickle_push_node(p, (imp_pickle_node){.kind = (uint8_t)kind, .as.integer = integer});
}

// Pushes an integer of any length (two's complement). Integers of more than 8 bytes become NaN.
static imp_status push_long_integer(imp_pickle *p, int size_bytes)
{
    // the length has one byte or four
    uint64_t length;
    if (!read_unsigned(p, size_bytes, &length))
        return IMP_BAD_INPUT;
    // the length itself is signed in this opcode
    if (size_bytes == 4 && length > INT32_MAX)
        return imp_pickle_fail(p, "an integer of negative length: damaged");
    const uint8_t *at = imp_pickle_read_bytes(p, length);
    if (at == NULL)
        return IMP_BAD_INPUT;
    if (length > 8)
        return imp_pickle_push_node(p, (imp_pickle_node){.kind = IMP_PICKLE_FLOAT, .as.real = NAN});
    // sign-extend, then shift in the bytes from the highest
    uint64_t bits = length > 0 && at[length - 1] >= 128 ? UINT64_MAX : 0;
    for (uint64_t k = length; k > 0; k--)
        bits = bits << 8 | at[k - 1];
    return push_scalar_value(p, IMP_PICKLE_INT, (int64_t)bits);
}

// Integers of 1 and 2 bytes are unsigned, of 4 bytes signed.
static imp_status push_fixed_integer(imp_pickle *p, int size)
{
    uint64_t bits;
    if (!read_unsigned(p, size, &bits))
        return IMP_BAD_INPUT;
    return push_scalar_value(p, IMP_PICKLE_INT,
                             size == 4 ? (int32_t)(uint32_t)bits : (int64_t)bits);
}

// Floats are big-endian.
static imp_status push_float(imp_pickle *p)
{
    const uint8_t *at = imp_pickle_read_bytes(p, 8);
    uint64_t bits = 0;
    // assembled in a register, independent of the machine's byte order
    if (at == NULL)
        return IMP_BAD_INPUT;
    for (int k = 0; k < 8; k++)
        bits = bits << 8 | at[k];
    imp_pickle_node node = {.kind = IMP_PICKLE_FLOAT};
    memcpy(&node.as.real, &bits, sizeof bits);
    return imp_pickle_push_node(p, node);
}

// Texts and bytes refer to the pickle's bytes.
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

// Remembers the current depth of the stack; marks are limited.
static imp_status push_mark(imp_pickle *p)
{
    // marks are limited like the stack
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
    // the depth tells where the collection begins
    p->marks[p->mark_count++] = p->depth;
    return IMP_OK;
}

// Removes everything above the latest mark, and the mark. The items stay readable until the next
// push.
static imp_status pop_to_mark(imp_pickle *p, const imp_pickle_value **items, uint32_t *count)
{
    // every mark is used once
    if (p->mark_count == 0)
        return imp_pickle_fail(p, "it takes a value from an empty stack: damaged");
    const uint32_t mark = p->marks[--p->mark_count];
    *items = p->stack + mark;
    *count = p->depth - mark;
    p->depth = mark;
    return IMP_OK;
}

// Creates a collection from items on the stack; there is always room for its node.
static imp_status push_container(imp_pickle *p, imp_pickle_kind kind, uint32_t first,
                                 uint32_t count)
{
    // The items lie above the new top of the stack and would be overwritten, so they are copied
    // first.
    imp_pickle_value small[3];
    imp_pickle_value *items = small;
    imp_status status = IMP_OK;
    // short collections need no allocation
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

// TUPLE1 to TUPLE3.
static imp_status push_tuple_of_top(imp_pickle *p, uint32_t count)
{
    // only values above the latest mark may be taken
    const uint32_t stack_base = p->mark_count > 0 ? p->marks[p->mark_count - 1] : 0;
    if (p->depth - stack_base < count)
        return imp_pickle_fail(p, "it takes a value from an empty stack: damaged");
    return push_container(p, IMP_PICKLE_TUPLE, p->depth - count, count);
}

// All values above the mark; a dict needs pairs.
static imp_status push_container_from_mark(imp_pickle *p, imp_pickle_kind kind)
{
    const imp_pickle_value *items = NULL;
    uint32_t count = 0;
    // items become readable below the new top
    IMP_TRY(pop_to_mark(p, &items, &count));
    if (kind == IMP_PICKLE_DICT && count % 2 != 0)
        return imp_pickle_fail(p, "a key without a value: damaged");
    return push_container(p, kind, p->depth, count);
}

// Adds items to the collection below them. Items added to a placeholder are dropped.
static imp_status append_items_to_top(imp_pickle *p, imp_pickle_kind kind,
                                      const imp_pickle_value *items, uint32_t count)
{
    const uint32_t stack_base = p->mark_count > 0 ? p->marks[p->mark_count - 1] : 0;
    // items of an unsupported object are ignored
    if (p->depth > stack_base && imp_pickle_unsupported_type(p, p->stack[p->depth - 1]) != NULL)
        return IMP_OK;
    if (p->depth <= stack_base || imp_pickle_kind_of(p, p->stack[p->depth - 1]) != kind ||
        (kind == IMP_PICKLE_DICT && count % 2 != 0))
        return imp_pickle_fail(p, "it adds to a value that is not a %s: damaged or refused",
                               kind == IMP_PICKLE_DICT ? "dict" : "list");
    return imp_pickle_append_items(p, p->stack[p->depth - 1], items, count);
}

// APPENDS and SETITEMS.
static imp_status append_items_from_mark(imp_pickle *p, imp_pickle_kind kind)
{
    const imp_pickle_value *items = NULL;
    uint32_t count = 0;
    const imp_status status = pop_to_mark(p, &items, &count);
    return status == IMP_OK ? append_items_to_top(p, kind, items, count) : status;
}

// APPEND and SETITEM.
static imp_status append_top_items(imp_pickle *p, imp_pickle_kind kind, uint32_t count)
{
    const uint32_t stack_base = p->mark_count > 0 ? p->marks[p->mark_count - 1] : 0;
    // all items must lie above the mark
    if (p->depth - stack_base < count)
        return imp_pickle_fail(p, "it takes a value from an empty stack: damaged");
    p->depth -= count;
    return append_items_to_top(p, kind, p->stack + p->depth, count);
}

// POP removes a value, or the mark if nothing is above it.
static imp_status pop_value_or_mark(imp_pickle *p)
{
    imp_pickle_value ignored;
    // nothing above the mark: the mark itself
    if (p->mark_count > 0 && p->depth == p->marks[p->mark_count - 1]) {
        p->mark_count--;
        return IMP_OK;
    }
    return imp_pickle_pop(p, &ignored);
}

// DUP: the top of the stack once more.
static imp_status duplicate_top(imp_pickle *p)
{
    imp_pickle_value top;
    // pop and push twice
    imp_status status = imp_pickle_pop(p, &top);
    for (int k = 0; k < 2 && status == IMP_OK; k++)
        status = imp_pickle_push_value(p, top);
    return status;
}

// ---- the memo -----------------------------------------------------------------------------------

// Stores the top value in the memo. Pickles number memo entries consecutively, so no number can
// exceed the bytes read so far; that limits memory.
static imp_status memoize(imp_pickle *p, uint64_t number)
{
    const uint32_t stack_base = p->mark_count > 0 ? p->marks[p->mark_count - 1] : 0;
    // something must be on top
    if (p->depth <= stack_base)
        return imp_pickle_fail(p, "it takes a value from an empty stack: damaged");
    if (number > p->at - p->start || number >= IMP_PICKLE_NO_VALUE)
        return imp_pickle_fail(p, "its memo number is too large: refused");
    // grow by doubling; new entries are empty
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
    // count entries, because MEMOIZE uses the next number
    if (p->memo[number] == IMP_PICKLE_NO_VALUE)
        p->memo_count++;
    if (number >= p->memo_end)
        p->memo_end = (uint32_t)number + 1;
    p->memo[number] = p->stack[p->depth - 1];
    return IMP_OK;
}

// BINPUT and LONG_BINPUT.
static imp_status memoize_numbered(imp_pickle *p, int size)
{
    uint64_t number;
    return read_unsigned(p, size, &number) ? memoize(p, number) : IMP_BAD_INPUT;
}

// BINGET and LONG_BINGET.
static imp_status push_memoized(imp_pickle *p, int size)
{
    uint64_t number;
    if (!read_unsigned(p, size, &number))
        return IMP_BAD_INPUT;
    if (number >= p->memo_capacity || p->memo[number] == IMP_PICKLE_NO_VALUE)
        return imp_pickle_fail(p, "it reads an empty memo entry: damaged");
    return imp_pickle_push_value(p, p->memo[number]);
}

// ---- names --------------------------------------------------------------------------------------

// A line up to '
// '; at the end of the bytes this is a truncation.
static const uint8_t *read_line(imp_pickle *p, size_t *length)
{
    const uint8_t *at = p->bytes + p->at;
    // a line must end within the pickle
    const uint8_t *end = memchr(at, '\n', p->length - p->at);
    if (end == NULL) {
        imp_pickle_read_bytes(p, UINT64_MAX);
        return NULL;
    }
    *length = (size_t)(end - at);
    p->at += *length + 1;
    return at;
}

// GLOBAL: two lines, module and name.
static imp_status push_global_of_two_lines(imp_pickle *p)
{
    size_t module_length, name_length;
    const uint8_t *module = read_line(p, &module_length);
    const uint8_t *name = module == NULL ? NULL : read_line(p, &name_length);
    if (name == NULL)
        return IMP_BAD_INPUT;
    return imp_pickle_push_global(p, module, module_length, name, name_length);
}

// STACK_GLOBAL: module and name are values on the stack.
static imp_status push_stack_global(imp_pickle *p)
{
    imp_pickle_value name, module;
    IMP_TRY(imp_pickle_pop(p, &name));
    IMP_TRY(imp_pickle_pop(p, &module));
    // both were pushed as text
    if (imp_pickle_kind_of(p, name) != IMP_PICKLE_TEXT ||
        imp_pickle_kind_of(p, module) != IMP_PICKLE_TEXT)
        return imp_pickle_fail(p, "a name that is not text: damaged");
    const imp_pickle_node *m = imp_pickle_node_at(p, module), *n = imp_pickle_node_at(p, name);
    return imp_pickle_push_global(p, m->as.bytes, m->count, n->as.bytes, n->count);
}

// ---- what the opcodes mean ----------------------------------------------------------------------

// Opcodes that push plain values.
static imp_status execute_value_opcode(imp_pickle *p, uint8_t code)
{
    switch (code) {
    // None, True, False
    case 'N':
        return push_scalar_value(p, IMP_PICKLE_NONE, 0);
    case 0x88:
    case 0x89:
        return push_scalar_value(p, IMP_PICKLE_BOOL, code == 0x88);
    // integers
    case 'K':
        return push_fixed_integer(p, 1);
    case 'M':
        // little-endian
        return push_fixed_integer(p, 2);
    case 'J':
        return push_fixed_integer(p, 4);
    case 0x8a:
        return push_long_integer(p, 1);
    case 0x8b:
        return push_long_integer(p, 4);
    // floats, texts, bytes
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
        return imp_pickle_fail(p, "opcode 0x%02x is refused: it does not build plain data", code);
    }
}

// Opcodes of tuples, lists and dicts.
static imp_status execute_container_opcode(imp_pickle *p, uint8_t code)
{
    switch (code) {
    // marks and tuples
    // marks and tuples of fixed and variable size
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
    // lists
    case ']':
        return push_container(p, IMP_PICKLE_LIST, p->depth, 0);
    case 'l':
        return push_container_from_mark(p, IMP_PICKLE_LIST);
    case 'a':
        return append_top_items(p, IMP_PICKLE_LIST, 1);
    case 'e':
        return append_items_from_mark(p, IMP_PICKLE_LIST);
    // dicts
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

// Sets, and objects of other classes: their items are removed and a placeholder is pushed.
static imp_status execute_unsupported_opcode(imp_pickle *p, uint8_t code)
{
    const imp_pickle_value *items = NULL;
    uint32_t count = 0;
    imp_pickle_value ignored;
    imp_status status = IMP_OK;
    switch (code) {
    // placeholders named like Python's types
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
        // the class is the first item above the mark
        IMP_TRY(pop_to_mark(p, &items, &count));
        if (count == 0)
            return imp_pickle_fail(p, "an object without a class: damaged");
        return imp_pickle_push_unsupported(p,
                                           imp_pickle_unsupported_type(p, items[0]) != NULL
                                               ? imp_pickle_unsupported_type(p, items[0])
                                               : "an object of a class that is not part of logs");
    }
}

// Dispatches all other opcodes: stack, memo, names, calls.
static imp_status execute_opcode(imp_pickle *p, uint8_t code)
{
    const imp_pickle_value *items = NULL;
    uint32_t count = 0;
    // rare opcodes first
    switch (code) {
    case 0x8f:
    case 0x90:
    case 0x91:
    case 0x92:
    case 'o':
        return execute_unsupported_opcode(p, code);
    // stack
    case '0':
        return pop_value_or_mark(p);
    case '1':
        return pop_to_mark(p, &items, &count);
    case '2':
        return duplicate_top(p);
    // memo
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
    // names, calls and state
    case 'c':
        // names
        return push_global_of_two_lines(p);
    case 0x93:
        return push_stack_global(p);
    case 'R':
        return imp_pickle_call_reduce(p);
    case 0x81:
        return imp_pickle_new_object(p);
    case 'b':
        return imp_pickle_build_object(p);
    case 0x95: // FRAME: a hint for buffering
        return imp_pickle_read_bytes(p, 8) == NULL ? IMP_BAD_INPUT : IMP_OK;
    default:
        return execute_container_opcode(p, code);
    }
}

// Every pickle begins with the opcode PROTO and a version.
static imp_status read_protocol_header(imp_pickle *p)
{
    // a stream continues with the next PROTO, or ends
    const uint8_t *head = imp_pickle_read_bytes(p, 1);
    if (head == NULL)
        return IMP_BAD_INPUT;
    if (*head != 0x80)
        return imp_pickle_fail(p, "no pickle of protocol 2 to 5 starts here");
    head = imp_pickle_read_bytes(p, 1);
    if (head == NULL)
        return IMP_BAD_INPUT;
    if (*head < 2 || *head > 5)
        return imp_pickle_fail(p, "a pickle of protocol %d: 2 to 5 are supported", *head);
    return IMP_OK;
}

// Runs one pickle up to STOP, whose top value is the result.
imp_status imp_pickle_read_next(imp_pickle *p, imp_pickle_value *root, bool *more, imp_error *err)
{
    // values of the previous pickle are released
    imp_pickle_clear(p);
    p->err = err;
    p->is_truncated = false;
    p->start = p->at;
    // the end of the stream is no failure
    *more = p->at < p->length;
    if (!*more)
        return IMP_OK;
    imp_status status = read_protocol_header(p);
    while (status == IMP_OK) {
        const uint8_t *code = imp_pickle_read_bytes(p, 1);
        if (code == NULL)
            return IMP_BAD_INPUT;
        // an unfinished collection at STOP is damage
        if (*code == '.')
            return p->mark_count > 0 ? imp_pickle_fail(p, "it stops inside a collection: damaged")
                                     : imp_pickle_pop(p, root);
        status = execute_opcode(p, *code);
    }
    return status;
}
