// data/pickle/pickle_vm.h: the inside of the machine that reads pickles.
#ifndef IMP_DATA_PICKLE_PICKLE_VM_H
#define IMP_DATA_PICKLE_PICKLE_VM_H

#include "data/pickle/pickle.h"

// What a pickle may name.
typedef enum imp_pickle_global_kind {
    IMP_PICKLE_GLOBAL_RECONSTRUCT, // an empty numpy array
    IMP_PICKLE_GLOBAL_SCALAR,      // a number of numpy's
    IMP_PICKLE_GLOBAL_FROMBUFFER,  // a numpy array
    IMP_PICKLE_GLOBAL_NDARRAY,
    IMP_PICKLE_GLOBAL_DTYPE,
    IMP_PICKLE_GLOBAL_ENCODE, // bytes, as protocol 2 writes them
    IMP_PICKLE_GLOBAL_BYTES,
    IMP_PICKLE_GLOBAL_DICT, // and what is one with an order or a default
    IMP_PICKLE_GLOBAL_RECORD,
} imp_pickle_global_kind;

// A value: 16 bytes, because a pickle can ask for one with each of its own.
typedef struct imp_pickle_node {
    uint8_t kind;
    bool owned;     // bytes: were made here
    uint32_t count; // items, or bytes of a text
    union {
        int64_t integer; // of what was not made: the number of its name
        double real;
        const uint8_t *bytes;     // (count)
        imp_pickle_value pair[2]; // up to two items
        imp_pickle_value *items;  // (count) more
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
    imp_pickle_node **blocks; // (block_count) of nodes, which never move
    uint32_t block_count, node_count;
    imp_pickle_value *stack;
    uint32_t depth, stack_capacity;
    uint32_t *marks; // depths of the stack
    uint32_t mark_count, mark_capacity;
    imp_pickle_value *memo; // (memo_capacity)
    uint32_t memo_capacity, memo_end, memo_count;
    size_t made; // bytes of texts that were made here
    char unsupported[IMP_PICKLE_UNSUPPORTED_MAX]
                    [128]; // (unsupported_count) names of what was not made
    int unsupported_count;
};

// Empties the machine for the next pickle.
void imp_pickle_clear(imp_pickle *p);

imp_pickle_node *imp_pickle_node_at(const imp_pickle *p, imp_pickle_value value);
const imp_pickle_value *imp_pickle_node_items(const imp_pickle_node *node);

// Fails with IMP_BAD_INPUT, naming file and byte.
#define imp_pickle_fail(p, ...) (imp_pickle_fail)(p, __VA_ARGS__)
imp_status(imp_pickle_fail)(imp_pickle *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// The next bytes, or NULL, and then the pickle is cut.
const uint8_t *imp_pickle_read_bytes(imp_pickle *p, uint64_t length);

// A new value on the stack, which takes what the node owns even if it fails. Each of these fails
// without memory, or beyond what an honest pickle needs.
imp_status imp_pickle_push_node(imp_pickle *p, imp_pickle_node node);
imp_status imp_pickle_push_value(imp_pickle *p, imp_pickle_value value);
// The topmost value, taken off the stack. IMP_BAD_INPUT if there is none above the latest mark.
imp_status imp_pickle_pop(imp_pickle *p, imp_pickle_value *out);
// A value that stands for what is not made, by this name, and one that becomes such a value.
imp_status imp_pickle_push_unsupported(imp_pickle *p, const char *name);
void imp_pickle_set_unsupported(imp_pickle *p, imp_pickle_value value, const char *name);
// Adds items to a tuple, list or dict.
imp_status imp_pickle_append_items(imp_pickle *p, imp_pickle_value value,
                                   const imp_pickle_value *items, uint32_t count);

// Pushes what a name means, or that it is not made.
imp_status imp_pickle_push_global(imp_pickle *p, const uint8_t *module, size_t module_length,
                                  const uint8_t *name, size_t name_length);
// callable, arguments -> result; class, arguments -> object; object, state -> object. What is not
// made stays so, whatever is done with it.
imp_status imp_pickle_call_reduce(imp_pickle *p);
imp_status imp_pickle_new_object(imp_pickle *p);
imp_status imp_pickle_build_object(imp_pickle *p);

#endif
