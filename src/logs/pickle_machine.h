// logs/pickle_machine.h: the inside of the machine that reads pickles.
#ifndef IMP_LOGS_PICKLE_MACHINE_H
#define IMP_LOGS_PICKLE_MACHINE_H

#include "logs/pickle.h"

// What a pickle may name.
typedef enum imp_global {
    IMP_GLOBAL_RECONSTRUCT, // an empty numpy array
    IMP_GLOBAL_SCALAR,      // a number of numpy's
    IMP_GLOBAL_FROMBUFFER,  // a numpy array
    IMP_GLOBAL_NDARRAY,
    IMP_GLOBAL_DTYPE,
    IMP_GLOBAL_ENCODE, // bytes, as protocol 2 writes them
    IMP_GLOBAL_BYTES,
    IMP_GLOBAL_DICT, // and what is one with an order or a default
    IMP_GLOBAL_RECORD,
} imp_global;

// A value: 16 bytes, because a pickle can ask for one with each of its own.
typedef struct imp_node {
    uint8_t kind;
    bool owned;     // bytes: were made here
    uint32_t count; // items, or bytes of a text
    union {
        int64_t integer; // of what was not made: the number of its name
        double real;
        const uint8_t *bytes; // (count)
        imp_value pair[2];    // up to two items
        imp_value *items;     // (count) more
        imp_array *array;
        imp_global global;
        struct {
            char kind;
            uint8_t size;
            bool big_endian;
        } type;
    } as;
} imp_node;

enum { IMP_NODES_PER_BLOCK = 4096, IMP_UNREAD_MAX = 16 };

struct imp_pickle {
    const uint8_t *bytes; // (length)
    size_t length, at, start;
    const char *name;
    bool is_cut;
    imp_error *err;
    imp_node **blocks; // (block_count) of nodes, which never move
    uint32_t block_count, node_count;
    imp_value *stack;
    uint32_t depth, stack_capacity;
    uint32_t *marks; // depths of the stack
    uint32_t mark_count, mark_capacity;
    imp_value *memo; // (memo_capacity)
    uint32_t memo_capacity, memo_end, remembered;
    size_t made;                      // bytes of texts that were made here
    char unread[IMP_UNREAD_MAX][128]; // (unread_count) names of what was not made
    int unread_count;
};

// Empties the machine for the next pickle.
void imp_pickle_forget(imp_pickle *p);

imp_node *imp_node_at(const imp_pickle *p, imp_value value);
const imp_value *imp_node_items(const imp_node *node);

// Fails with IMP_BAD_INPUT, naming file and byte.
#define imp_pickle_fail(p, ...) (imp_pickle_fail)(p, __VA_ARGS__)
imp_status(imp_pickle_fail)(imp_pickle *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// The next bytes, or NULL, and then the pickle is cut.
const uint8_t *imp_pickle_take(imp_pickle *p, uint64_t length);

// A new value on the stack, which takes what the node owns even if it fails. Each of these fails
// without memory, or beyond what an honest pickle needs.
imp_status imp_pickle_push(imp_pickle *p, imp_node node);
imp_status imp_pickle_push_value(imp_pickle *p, imp_value value);
// The topmost value, taken off the stack. IMP_BAD_INPUT if there is none above the latest mark.
imp_status imp_pickle_pop(imp_pickle *p, imp_value *out);
// A value that stands for what is not made, by this name, and one that becomes such a value.
imp_status imp_pickle_push_unread(imp_pickle *p, const char *name);
void imp_pickle_make_unread(imp_pickle *p, imp_value value, const char *name);
// Adds items to a tuple, list or dict.
imp_status imp_pickle_extend(imp_pickle *p, imp_value value, const imp_value *items,
                             uint32_t count);

// Pushes what a name means, or that it is not made.
imp_status imp_pickle_global(imp_pickle *p, const uint8_t *module, size_t module_length,
                             const uint8_t *name, size_t name_length);
// callable, arguments -> result; class, arguments -> object; object, state -> object. What is not
// made stays so, whatever is done with it.
imp_status imp_pickle_reduce(imp_pickle *p);
imp_status imp_pickle_new(imp_pickle *p);
imp_status imp_pickle_build(imp_pickle *p);

#endif
