// What pickles may name and call: numpy's arrays and scalars, bytes, dicts, and the records of
// Duckietown's logs. Everything else becomes a placeholder. The functions mirror what numpy's
// __reduce__ and __setstate__ and Python's codecs do, without running any of it.
// An array is created empty; its state (shape, type, data) follows in a later opcode.
#include "base/common/try.h"
#include "data/pickle/pickle_vm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/little_endian.h"

// Compares bytes with a terminated text.
static bool equals_text(const uint8_t *text, size_t length, const char *word)
{
    return length == strlen(word) && memcmp(text, word, length) == 0;
}

// Whether a name is that of a log record. Users move the loggers to modules of their own, so only
// the end of the module name is compared.
static bool is_log_record(const uint8_t *module, size_t module_length, const uint8_t *name,
                          size_t name_length)
{
    static const char *const modules[] = {"log_schema", "log_util", "_loggers", "__main__"};
    // the class name must match exactly
    if (!equals_text(name, name_length, "Step") && !equals_text(name, name_length, "Episode"))
        return false;
    for (size_t k = 0; k < sizeof modules / sizeof modules[0]; k++) {
        // the module's last component
        const size_t length = strlen(modules[k]);
        if (module_length >= length &&
            memcmp(module + module_length - length, modules[k], length) == 0 &&
            (module_length == length || module[module_length - length - 1] == '.'))
            return true;
    }
    return false;
}

// Pushes a known global, or a placeholder. numpy's modules have other names from release 2 on.
imp_status imp_pickle_push_global(imp_pickle *p, const uint8_t *module, size_t module_length,
                                  const uint8_t *name, size_t name_length)
{
    static const struct {
        const char *module, *name;
        imp_pickle_global_kind global;
        // numpy's names before and after release 2
    } globals[] = {
        {"numpy.core.multiarray", "_reconstruct", IMP_PICKLE_GLOBAL_RECONSTRUCT},
        {"numpy._core.multiarray", "_reconstruct", IMP_PICKLE_GLOBAL_RECONSTRUCT},
        {"numpy.core.multiarray", "scalar", IMP_PICKLE_GLOBAL_SCALAR},
        {"numpy._core.multiarray", "scalar", IMP_PICKLE_GLOBAL_SCALAR},
        {"numpy.core.numeric", "_frombuffer", IMP_PICKLE_GLOBAL_FROMBUFFER},
        {"numpy._core.numeric", "_frombuffer", IMP_PICKLE_GLOBAL_FROMBUFFER},
        {"numpy", "ndarray", IMP_PICKLE_GLOBAL_NDARRAY},
        {"numpy", "dtype", IMP_PICKLE_GLOBAL_DTYPE},
        {"_codecs", "encode", IMP_PICKLE_GLOBAL_ENCODE},
        {"builtins", "bytes", IMP_PICKLE_GLOBAL_BYTES},
        {"__builtin__", "bytes", IMP_PICKLE_GLOBAL_BYTES},
        {"builtins", "bytearray", IMP_PICKLE_GLOBAL_BYTES},
        {"__builtin__", "bytearray", IMP_PICKLE_GLOBAL_BYTES},
        {"collections", "OrderedDict", IMP_PICKLE_GLOBAL_DICT},
        {"collections", "defaultdict", IMP_PICKLE_GLOBAL_DICT},
    };
    // anything not in the table may still be a log record
    imp_pickle_node node = {.kind = IMP_PICKLE_GLOBAL, .as.global = IMP_PICKLE_GLOBAL_RECORD};
    bool allowed = is_log_record(module, module_length, name, name_length);
    for (size_t k = 0; k < sizeof globals / sizeof globals[0] && !allowed; k++)
        if (equals_text(module, module_length, globals[k].module) &&
            equals_text(name, name_length, globals[k].name)) {
            allowed = true;
            node.as.global = globals[k].global;
        }
    if (allowed)
        return imp_pickle_push_node(p, node);
    // not known: a placeholder with the printable name
    char unsupported[128];
    // limit the length of what is shown
    snprintf(unsupported, sizeof unsupported, "%.*s.%.*s",
             (int)(module_length < 60 ? module_length : 60), (const char *)module,
             (int)(name_length < 60 ? name_length : 60), (const char *)name);
    // The name is shown to users.
    for (char *c = unsupported; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
            *c = '?';
    return imp_pickle_push_unsupported(p, unsupported);
}

// ---- types of numbers ---------------------------------------------------------------------------

// Creates a type from its name, such as "u1" or "<f8".
static imp_status push_dtype(imp_pickle *p, imp_pickle_value arguments)
{
    const imp_pickle_value text = imp_pickle_item(p, arguments, 0);
    const imp_pickle_kind kind = imp_pickle_kind_of(p, text);
    if (kind != IMP_PICKLE_TEXT && kind != IMP_PICKLE_BYTES)
        return imp_pickle_push_unsupported(p, "a numpy type");
    const imp_pickle_node *node = imp_pickle_node_at(p, text);
    const uint8_t *name = node->as.bytes;
    size_t length = node->count;
    bool big_endian = false;
    // an optional byte order in front
    // '<' and '|' are little-endian or single bytes
    if (length == 3 && name[0] != '\0' && strchr("<>|=", name[0]) != NULL) {
        big_endian = name[0] == '>';
        name++;
        length--;
    }
    static const char *const known[] = {"b1", "u1", "i1", "u2", "i2", "u4",
                                        "i4", "u8", "i8", "f2", "f4", "f8"};
    // bool, integers and floats of known sizes
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        if (equals_text(name, length, known[k]))
            return imp_pickle_push_node(
                p, (imp_pickle_node){.kind = IMP_PICKLE_DTYPE,
                                     .as.type = {.kind = known[k][0],
                                                 .size = (uint8_t)(known[k][1] - '0'),
                                                 .big_endian = big_endian}});
    // another type: a placeholder, which arrays of it become as well
    char unsupported[64];
    snprintf(unsupported, sizeof unsupported, "numpy type %.*s", (int)(length < 20 ? length : 20),
             (const char *)name);
    for (char *c = unsupported; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
            *c = '?';
    return imp_pickle_push_unsupported(p, unsupported);
}

// Sets a type's state: (version, byte order, None, None, ...). Structured types (records) are
// unsupported.
static imp_status set_dtype_state(imp_pickle *p, imp_pickle_value type, imp_pickle_value state)
{
    // fields 2 to 4 describe structured types
    const imp_pickle_value order = imp_pickle_item(p, state, 1);
    for (uint32_t k = 2; k <= 4; k++)
        if (imp_pickle_kind_of(p, imp_pickle_item(p, state, k)) != IMP_PICKLE_NONE) {
            imp_pickle_mark_unsupported(p, type, "numpy type of records");
            return IMP_OK;
        }
    imp_pickle_node_at(p, type)->as.type.big_endian = imp_pickle_is_text(p, order, ">");
    return IMP_OK;
}

// ---- arrays -------------------------------------------------------------------------------------

// An array without data; the node owns its struct.
static imp_status push_empty_array(imp_pickle *p)
{
    // shape and data are set later
    imp_numpy_array *array = calloc(1, sizeof *array);
    if (array == NULL)
        return imp_fail(p->err, IMP_NO_MEMORY, "%s: out of memory", p->name);
    // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the node owns it now
    return imp_pickle_push_node(p, (imp_pickle_node){.kind = IMP_PICKLE_ARRAY, .as.array = array});
}

// Sets shape, type and data of an array. The data must have exactly the size that shape and type
// require.
static imp_status set_array_data(imp_pickle *p, imp_pickle_value value, imp_pickle_value shape,
                                 imp_pickle_value type, imp_pickle_value data, bool fortran)
{
    imp_numpy_array *array = imp_pickle_node_at(p, value)->as.array;
    // each check turns what it rejects into damage or a placeholder
    const uint32_t dimensions = imp_pickle_item_count(p, shape);
    // unsupported type, rank or contents: the array becomes a placeholder
    const char *unsupported = imp_pickle_unsupported_type(p, type);
    if (unsupported == NULL && dimensions > IMP_NUMPY_DIMENSIONS_MAX)
        unsupported = "an array of too many dimensions";
    if (unsupported == NULL && imp_pickle_kind_of(p, type) == IMP_PICKLE_DTYPE &&
        imp_pickle_kind_of(p, data) != IMP_PICKLE_BYTES)
        unsupported = "an array of objects";
    if (unsupported != NULL) {
        imp_pickle_mark_unsupported(p, value, unsupported);
        return IMP_OK;
    }
    // inconsistent state is damage
    if (imp_pickle_kind_of(p, type) != IMP_PICKLE_DTYPE ||
        imp_pickle_kind_of(p, shape) != IMP_PICKLE_TUPLE)
        return imp_pickle_fail(p, "an array without type or shape: damaged");
    const imp_pickle_node *t = imp_pickle_node_at(p, type), *bytes = imp_pickle_node_at(p, data);
    // bytes that the shape requires
    uint64_t size = t->as.type.size;
    // sides are checked, and their product is kept below overflow
    for (uint32_t k = 0; k < dimensions; k++) {
        double side;
        if (!imp_pickle_number(p, imp_pickle_item(p, shape, k), &side) ||
            !(side >= 0 && side <= UINT32_MAX))
            return imp_pickle_fail(p, "an array of invalid shape: damaged");
        array->shape[k] = (uint32_t)side;
        // The product stops growing before it can overflow.
        size = size > UINT32_MAX ? size : size * array->shape[k];
    }
    // only then are shape and data believed
    if (size != bytes->count)
        return imp_pickle_fail(p, "an array whose data do not match its shape: damaged");
    // the array refers to the pickle's bytes
    array->kind = t->as.type.kind;
    array->size = t->as.type.size;
    array->big_endian = t->as.type.big_endian;
    array->fortran = fortran;
    array->dimensions = (uint8_t)dimensions;
    array->data = bytes->as.bytes;
    return IMP_OK;
}

// True, or a number other than 0.
static bool is_true_or_nonzero(const imp_pickle *p, imp_pickle_value value)
{
    double number;
    return imp_pickle_number(p, value, &number) && number != 0.0;
}

// ndarray.__setstate__: (version, shape, type, fortran, data)
static imp_status set_array_state(imp_pickle *p, imp_pickle_value array, imp_pickle_value state)
{
    // numpy's state always has five members
    if (imp_pickle_item_count(p, state) != 5)
        return imp_pickle_fail(p, "an array whose state is not numpy's: refused");
    return set_array_data(p, array, imp_pickle_item(p, state, 1), imp_pickle_item(p, state, 2),
                          imp_pickle_item(p, state, 4),
                          is_true_or_nonzero(p, imp_pickle_item(p, state, 3)));
}

// numpy's _frombuffer: (data, type, shape, order)
static imp_status push_array_from_buffer(imp_pickle *p, imp_pickle_value arguments)
{
    IMP_TRY(push_empty_array(p));
    // the new array is on top of the stack
    return set_array_data(p, p->stack[p->depth - 1], imp_pickle_item(p, arguments, 2),
                          imp_pickle_item(p, arguments, 1), imp_pickle_item(p, arguments, 0),
                          imp_pickle_is_text(p, imp_pickle_item(p, arguments, 3), "F"));
}

// numpy's scalar: (type, data)
static imp_status push_numpy_scalar(imp_pickle *p, imp_pickle_value arguments)
{
    const imp_pickle_value type = imp_pickle_item(p, arguments, 0),
                           data = imp_pickle_item(p, arguments, 1);
    const char *unsupported = imp_pickle_unsupported_type(p, type);
    // of an unsupported type
    if (unsupported != NULL)
        return imp_pickle_push_unsupported(p, unsupported);
    // type and bytes must be what they claim
    if (imp_pickle_kind_of(p, type) != IMP_PICKLE_DTYPE ||
        imp_pickle_kind_of(p, data) != IMP_PICKLE_BYTES)
        return imp_pickle_fail(p, "a number without type or bytes: damaged");
    const imp_pickle_node *t = imp_pickle_node_at(p, type), *bytes = imp_pickle_node_at(p, data);
    // exactly one element
    if (bytes->count != t->as.type.size)
        return imp_pickle_fail(p, "a number of the wrong size: damaged");
    // read it like an array of one element
    const imp_numpy_array one = {.kind = t->as.type.kind,
                                 .size = t->as.type.size,
                                 .big_endian = t->as.type.big_endian,
                                 .data = bytes->as.bytes};
    // bools keep their type, all other numbers become floats
    const double number = imp_numpy_array_number(&one, 0);
    if (one.kind == 'b')
        return imp_pickle_push_node(
            p, (imp_pickle_node){.kind = IMP_PICKLE_BOOL, .as.integer = number != 0.0});
    return imp_pickle_push_node(p, (imp_pickle_node){.kind = IMP_PICKLE_FLOAT, .as.real = number});
}

// ---- bytes --------------------------------------------------------------------------------------

// Protocol 2 has no bytes: it writes them as Latin-1 text and calls _codecs.encode(). The total
// size of such bytes is limited to the file's size, because a pickle could create the same bytes
// repeatedly.
static imp_status push_latin1_bytes(imp_pickle *p, imp_pickle_value arguments)
{
    const imp_pickle_value text = imp_pickle_item(p, arguments, 0);
    // other encodings are not used for bytes
    if (imp_pickle_kind_of(p, text) != IMP_PICKLE_TEXT ||
        !(imp_pickle_is_text(p, imp_pickle_item(p, arguments, 1), "latin1") ||
          imp_pickle_is_text(p, imp_pickle_item(p, arguments, 1), "latin-1")))
        return imp_pickle_push_unsupported(p, "_codecs.encode");
    // decode UTF-8 to one byte per character
    const imp_pickle_node *node = imp_pickle_node_at(p, text);
    const uint8_t *from = node->as.bytes, *end = from + node->count;
    p->made += node->count;
    if (p->made > p->length)
        return imp_pickle_fail(p, "it creates more bytes than it contains: refused");
    uint8_t *made = malloc((size_t)node->count + 1), *to = made;
    if (made == NULL)
        return imp_fail(p->err, IMP_NO_MEMORY, "%s: out of memory", p->name);
    for (; from < end; to++) {
        const uint8_t first = *from++;
        *to = first;
        // ASCII is copied
        if (first < 128)
            continue;
        // Two bytes of UTF-8 with C2 or C3 in front are the characters 128 to 255, the rest of
        // Latin-1.
        if ((first != 0xC2 && first != 0xC3) || from == end || (*from & 0xC0) != 0x80) {
            free(made);
            return imp_pickle_fail(p, "a text that is not Latin-1: damaged");
        }
        *to = (uint8_t)((first & 3) << 6 | (*from++ & 0x3F));
    }
    // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the node owns it now
    return imp_pickle_push_node(p, (imp_pickle_node){.kind = IMP_PICKLE_BYTES,
                                                     .owned = true,
                                                     .count = (uint32_t)(to - made),
                                                     .as.bytes = made});
}

// bytes() and bytearray(bytes).
static imp_status push_bytes_object(imp_pickle *p, imp_pickle_value arguments)
{
    static const uint8_t nothing[1] = {0};
    const imp_pickle_value first = imp_pickle_item(p, arguments, 0);
    // no argument: empty
    if (imp_pickle_item_count(p, arguments) == 0)
        return imp_pickle_push_node(
            p, (imp_pickle_node){.kind = IMP_PICKLE_BYTES, .as.bytes = nothing});
    if (imp_pickle_item_count(p, arguments) != 1 ||
        imp_pickle_kind_of(p, first) != IMP_PICKLE_BYTES)
        return imp_pickle_push_unsupported(p, "bytes of anything but bytes");
    return imp_pickle_push_value(p, first);
}

// ---- calls --------------------------------------------------------------------------------------

// REDUCE: calls a global with a tuple of arguments. Placeholders stay placeholders.
imp_status imp_pickle_call_reduce(imp_pickle *p)
{
    imp_pickle_value arguments, callable;
    // arguments are on top, the callable below
    IMP_TRY(imp_pickle_pop(p, &arguments));
    IMP_TRY(imp_pickle_pop(p, &callable));
    // calls of unsupported functions give unsupported results
    const char *unsupported = imp_pickle_unsupported_type(p, callable);
    if (unsupported != NULL)
        return imp_pickle_push_unsupported(p, unsupported);
    if (imp_pickle_kind_of(p, callable) != IMP_PICKLE_GLOBAL ||
        imp_pickle_kind_of(p, arguments) != IMP_PICKLE_TUPLE)
        return imp_pickle_fail(p, "it calls a value that is not a function: refused");
    // what the function creates
    switch (imp_pickle_node_at(p, callable)->as.global) {
    case IMP_PICKLE_GLOBAL_RECONSTRUCT:
        return push_empty_array(p);
    case IMP_PICKLE_GLOBAL_SCALAR:
        return push_numpy_scalar(p, arguments);
    case IMP_PICKLE_GLOBAL_FROMBUFFER:
        return push_array_from_buffer(p, arguments);
    case IMP_PICKLE_GLOBAL_DTYPE:
        return push_dtype(p, arguments);
    case IMP_PICKLE_GLOBAL_ENCODE:
        return push_latin1_bytes(p, arguments);
    case IMP_PICKLE_GLOBAL_BYTES:
        return push_bytes_object(p, arguments);
    case IMP_PICKLE_GLOBAL_DICT:
        return imp_pickle_push_node(p, (imp_pickle_node){.kind = IMP_PICKLE_DICT});
    // classes are only created by NEWOBJ
    case IMP_PICKLE_GLOBAL_NDARRAY:
    case IMP_PICKLE_GLOBAL_RECORD:
        break;
    }
    return imp_pickle_push_unsupported(p, "what a class was called for");
}

// NEWOBJ: creates a record; its attributes follow with BUILD.
imp_status imp_pickle_new_object(imp_pickle *p)
{
    // arguments of the constructor are ignored
    imp_pickle_value arguments, class;
    IMP_TRY(imp_pickle_pop(p, &arguments));
    IMP_TRY(imp_pickle_pop(p, &class));
    const char *unsupported = imp_pickle_unsupported_type(p, class);
    if (unsupported != NULL)
        return imp_pickle_push_unsupported(p, unsupported);
    if (imp_pickle_kind_of(p, class) != IMP_PICKLE_GLOBAL)
        return imp_pickle_fail(p, "it creates an object of no class: damaged");
    if (imp_pickle_node_at(p, class)->as.global != IMP_PICKLE_GLOBAL_RECORD)
        return imp_pickle_push_unsupported(p, "an object of a class that is not part of logs");
    return imp_pickle_push_node(p, (imp_pickle_node){.kind = IMP_PICKLE_RECORD});
}

// BUILD: sets the state of an object.
imp_status imp_pickle_build_object(imp_pickle *p)
{
    imp_pickle_value state, object;
    // state on top, object below
    IMP_TRY(imp_pickle_pop(p, &state));
    IMP_TRY(imp_pickle_pop(p, &object));
    // The object stays on the stack.
    IMP_TRY(imp_pickle_push_value(p, object));
    switch (imp_pickle_kind_of(p, object)) {
    // state by kind of object
    case IMP_PICKLE_ARRAY:
        return set_array_state(p, object, state);
    case IMP_PICKLE_DTYPE:
        return set_dtype_state(p, object, state);
    case IMP_PICKLE_RECORD:
        // Attributes in slots come as (None, dict).
        if (imp_pickle_kind_of(p, state) == IMP_PICKLE_TUPLE &&
            imp_pickle_item_count(p, state) == 2)
            state = imp_pickle_item(p, state, 1);
        if (imp_pickle_kind_of(p, state) != IMP_PICKLE_DICT || imp_pickle_item_count(p, object) > 0)
            return imp_pickle_fail(p, "a record without attributes: damaged");
        return imp_pickle_append_items(p, object, &state, 1);
    case IMP_PICKLE_DICT: // attributes of dict subclasses are ignored
    case IMP_PICKLE_UNSUPPORTED:
        return IMP_OK;
    default:
        return imp_pickle_fail(p, "it changes an object that is not part of logs: refused");
    }
}
