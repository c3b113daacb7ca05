// data/pickle/pickle.h: reads streams of Python pickles without executing them. A pickle is a
// program that may call any function. This reader knows the opcodes of protocols 2 to 5 and creates
// only numbers, texts, bytes, tuples, lists, dicts, numpy arrays and the records of Duckietown's
// logs. Any other object becomes a placeholder with the object's name. So unneeded objects in a log
// do no harm.
//
// The reader does not recurse and trusts no length: memory stays below 64 times the bytes read, and
// time is proportional to them.
#ifndef IMP_DATA_PICKLE_PICKLE_H
#define IMP_DATA_PICKLE_PICKLE_H

#include "imprint/base.h"

typedef enum imp_pickle_kind {
    IMP_PICKLE_NONE,
    IMP_PICKLE_BOOL,
    IMP_PICKLE_INT,
    IMP_PICKLE_FLOAT,
    IMP_PICKLE_TEXT,  // text of Python 3
    IMP_PICKLE_BYTES, // bytes, and text of Python 2
    IMP_PICKLE_TUPLE,
    IMP_PICKLE_LIST,
    IMP_PICKLE_DICT,   // items alternate: key, value
    IMP_PICKLE_RECORD, // an Episode or a Step; its only item is the dict of its attributes
    IMP_PICKLE_ARRAY,
    IMP_PICKLE_UNSUPPORTED, // placeholder, see imp_pickle_unsupported_type()
    // Kinds for internal use.
    IMP_PICKLE_GLOBAL,
    IMP_PICKLE_DTYPE, // type of an array's elements
} imp_pickle_kind;

// A value of the latest pickle.
typedef uint32_t imp_pickle_value;
#define IMP_PICKLE_NO_VALUE UINT32_MAX

enum { IMP_NUMPY_DIMENSIONS_MAX = 4 };

// A numpy array. Its data lie in the pickle's bytes.
typedef struct imp_numpy_array {
    char kind;                // of elements: u, i, f or b (bool); 0 until known
    uint8_t size;             // bytes per element
    bool big_endian, fortran; // fortran: the first index varies fastest
    uint8_t dimensions;
    uint32_t shape[IMP_NUMPY_DIMENSIONS_MAX]; // (dimensions)
    const uint8_t *data;                      // (product of shape x size)
} imp_numpy_array;

typedef struct imp_pickle imp_pickle;

// Creates a reader of `bytes`, which must outlive it. `name` is used in messages.
imp_status imp_pickle_create(imp_pickle **out, const uint8_t *bytes, size_t length,
                             const char *name, imp_error *err);
void imp_pickle_destroy(imp_pickle *pickle); // nullable

// Reads the next pickle and releases the values of the one before. *more is false at the end of the
// stream. Fails with IMP_BAD_INPUT and "name: byte n: what is wrong".
imp_status imp_pickle_read_next(imp_pickle *pickle, imp_pickle_value *root, bool *more,
                                imp_error *err);

// Whether the latest failure was that the bytes end too early.
bool imp_pickle_is_truncated(const imp_pickle *pickle);
// Bytes read so far, and the offset of the latest pickle.
size_t imp_pickle_position(const imp_pickle *pickle);
size_t imp_pickle_start_offset(const imp_pickle *pickle);

// Names of unsupported objects in all pickles so far, such as "torch.Tensor"; NULL past the last.
// The list is limited; its last entry then stands for all others.
const char *imp_pickle_unsupported_name(const imp_pickle *pickle, int index);

// All of the following functions accept IMP_PICKLE_NO_VALUE.
imp_pickle_kind imp_pickle_kind_of(const imp_pickle *pickle, imp_pickle_value value);
// Number of items of a tuple, list, dict (two per entry) or record; 0 for other kinds.
uint32_t imp_pickle_item_count(const imp_pickle *pickle, imp_pickle_value value);
// IMP_PICKLE_NO_VALUE if there is no such item.
imp_pickle_value imp_pickle_item(const imp_pickle *pickle, imp_pickle_value value, uint32_t index);
// The value of a key of a dict or record. IMP_PICKLE_NO_VALUE if the key is missing or there are
// more than 64 keys.
imp_pickle_value imp_pickle_find_key(const imp_pickle *pickle, imp_pickle_value value,
                                     const char *key);
// A number or bool. Returns false for other kinds.
bool imp_pickle_number(const imp_pickle *pickle, imp_pickle_value value, double *out);
bool imp_pickle_is_text(const imp_pickle *pickle, imp_pickle_value value, const char *text);
// The name of an unsupported object; NULL for other values.
const char *imp_pickle_unsupported_type(const imp_pickle *pickle, imp_pickle_value value);
// NULL if the value is no array.
const imp_numpy_array *imp_pickle_array(const imp_pickle *pickle, imp_pickle_value value);
// The element at an index, in the order in memory.
double imp_numpy_array_number(const imp_numpy_array *array, size_t index);

#endif
