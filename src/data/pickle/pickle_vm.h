// data/pickle/pickle_vm.h: the internals of the pickle reader, for this folder only.
#ifndef IMP_DATA_PICKLE_PICKLE_VM_H
#define IMP_DATA_PICKLE_PICKLE_VM_H

#include "data/pickle/pickle.h"

// Globals that a pickle may name.
typedef enum imp_pickle_global_kind {
    IMP_PICKLE_GLOBAL_RECONSTRUCT, // an empty numpy array
    IMP_PICKLE_GLOBAL_SCALAR,      // a numpy scalar
    IMP_PICKLE_GLOBAL_FROMBUFFER,  // a numpy array
    IMP_PICKLE_GLOBAL_NDARRAY,
    IMP_PICKLE_GLOBAL_DTYPE,
    IMP_PICKLE_GLOBAL_ENCODE, // _codecs.encode: bytes in protocol 2
    IMP_PICKLE_GLOBAL_BYTES,
    IMP_PICKLE_GLOBAL_DICT, // also OrderedDict and defaultdict
    IMP_PICKLE_GLOBAL_RECORD,
} imp_pickle_global_kind;

// A value. It has 16 bytes, because every byte of a pickle may create one.
typedef struct imp_pickle_node {
    uint8_t kind;
    bool owned;     // bytes: allocated by the reader
    uint32_t count; // number of items, or bytes of a text
    union {
        int64_t integer; // placeholder: index of its name
        double real;
        const uint8_t *bytes;     // (count) of a text
        imp_pickle_value pair[2]; // up to two items
        imp_pickle_value *items;  // (count) more than two items
        imp_numpy_array *array;
        imp_pickle_global_kind global;
        struct {
            char kind;
            uint8_t size;
            bool big_endian;
        } type;
    } as;
} imp_pickle_node;

enum { IMP_PICKLE_NODES_PER_BLOCK = 4096, IMP_PICKLE_UNSUPPORTED_MAX = 16 };

struct imp_pickle {
    const uint8_t *bytes; // (length)
    size_t length, at, start;
    const char *name;
    bool is_truncated;
    imp_error *err;
    imp_pickle_node **blocks; // (block_count) blocks of nodes; nodes never move
    uint32_t block_count, node_count;
    imp_pickle_value *stack;
    uint32_t depth, stack_capacity;
    uint32_t *marks; // stack depths
    uint32_t mark_count, mark_capacity;
    imp_pickle_value *memo; // (memo_capacity)
    uint32_t memo_capacity, memo_end, memo_count;
    size_t made; // bytes allocated for Latin-1 texts
    char unsupported[IMP_PICKLE_UNSUPPORTED_MAX]
                    [128]; // (unsupported_count) names of what was not made
    int unsupported_count;
};

// Prepares the reader for the next pickle.
void imp_pickle_clear(imp_pickle *p);

imp_pickle_node *imp_pickle_node_at(const imp_pickle *p, imp_pickle_value value);
const imp_pickle_value *imp_pickle_node_items(const imp_pickle_node *node);

// Fails with IMP_BAD_INPUT, naming file and byte.
#define imp_pickle_fail(p, ...) (imp_pickle_fail)(p, __VA_ARGS__)
imp_status(imp_pickle_fail)(imp_pickle *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// The next `length` bytes. NULL if the pickle is truncated.
const uint8_t *imp_pickle_read_bytes(imp_pickle *p, uint64_t length);

// Pushes a new value. Takes ownership of what the node owns, even on failure. These functions fail
// without memory, or beyond the limits of valid pickles.
imp_status imp_pickle_push_node(imp_pickle *p, imp_pickle_node node);
imp_status imp_pickle_push_value(imp_pickle *p, imp_pickle_value value);
// Pops the top value. IMP_BAD_INPUT if there is none above the latest mark.
imp_status imp_pickle_pop(imp_pickle *p, imp_pickle_value *out);
// Pushes a placeholder for an unsupported object with that name; turns a value into a placeholder.
imp_status imp_pickle_push_unsupported(imp_pickle *p, const char *name);
void imp_pickle_mark_unsupported(imp_pickle *p, imp_pickle_value value, const char *name);
// Adds items to a tuple, list or dict.
imp_status imp_pickle_append_items(imp_pickle *p, imp_pickle_value value,
                                   const imp_pickle_value *items, uint32_t count);

// Pushes the global that a name refers to, or a placeholder.
imp_status imp_pickle_push_global(imp_pickle *p, const uint8_t *module, size_t module_length,
                                  const uint8_t *name, size_t name_length);
// callable, arguments -> result; class, arguments -> object; object, state -> object. Placeholders
// stay placeholders.
imp_status imp_pickle_call_reduce(imp_pickle *p);
imp_status imp_pickle_new_object(imp_pickle *p);
imp_status imp_pickle_build_object(imp_pickle *p);

#endif
