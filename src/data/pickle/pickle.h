// data/pickle/pickle.h: reads streams of Python pickles without executing them. A pickle is a
// program that may call anything; this machine knows the opcodes of protocols 2 to 5 and builds
// nothing but numbers, texts, bytes, tuples, lists, dicts, numpy arrays and the records of
// Duckietown's logs. Whatever else a pickle asks for is not made: in its place stands a value that
// is nothing but the name of what was wanted. So what nobody needs of a log does no harm.
//
// It neither recurses nor believes a length, so that memory stays below 64 times the bytes read,
// and time grows with them.
#ifndef IMP_DATA_PICKLE_PICKLE_H
#define IMP_DATA_PICKLE_PICKLE_H

#include "imprint/base.h"

typedef enum imp_pickle_kind {
    IMP_PICKLE_NONE,
    IMP_PICKLE_BOOL,
    IMP_PICKLE_INT,
    IMP_PICKLE_FLOAT,
    IMP_PICKLE_TEXT,  // of Python 3
    IMP_PICKLE_BYTES, // also the texts of Python 2
    IMP_PICKLE_TUPLE,
    IMP_PICKLE_LIST,
    IMP_PICKLE_DICT,   // items are keys and values in turn
    IMP_PICKLE_RECORD, // an Episode or a Step: its only item is the dict of its attributes
    IMP_PICKLE_ARRAY,
    IMP_PICKLE_UNSUPPORTED, // what this machine does not make: see imp_pickle_unsupported_type()
    // of use to the machine alone
    IMP_PICKLE_GLOBAL,
    IMP_PICKLE_DTYPE, // of an array's numbers
} imp_pickle_kind;

// A value of the latest pickle.
typedef uint32_t imp_pickle_value;
#define IMP_PICKLE_NO_VALUE UINT32_MAX

enum { IMP_NUMPY_DIMENSIONS_MAX = 4 };

// A numpy array. Its numbers lie where the pickle has them.
typedef struct imp_numpy_array {
    char kind;                // of numbers: u, i, f or b (bool); 0 until it is known
    uint8_t size;             // bytes of one
    bool big_endian, fortran; // fortran: the first index runs fastest
    uint8_t dimensions;
    uint32_t shape[IMP_NUMPY_DIMENSIONS_MAX]; // (dimensions)
    const uint8_t *data;                      // (product of shape x size)
} imp_numpy_array;

typedef struct imp_pickle imp_pickle;

// Reads from bytes that outlive it; name is for messages.
imp_status imp_pickle_create(imp_pickle **out, const uint8_t *bytes, size_t length,
                             const char *name, imp_error *err);
void imp_pickle_destroy(imp_pickle *pickle); // nullable

// Reads the next pickle; what the one before held is gone. *more is false at the end of the stream.
// Fails with IMP_BAD_INPUT and "name: byte n: what is wrong".
imp_status imp_pickle_read_next(imp_pickle *pickle, imp_pickle_value *root, bool *more,
                                imp_error *err);

// Whether the latest failure is that the bytes end too early.
bool imp_pickle_is_truncated(const imp_pickle *pickle);
// Bytes read so far, and where the latest pickle begins.
size_t imp_pickle_position(const imp_pickle *pickle);
size_t imp_pickle_start_offset(const imp_pickle *pickle);

// Names of what was not made in any pickle so far, such as "torch.Tensor"; NULL beyond the last.
// Of many, the last one stands for all that follow.
const char *imp_pickle_unsupported_name(const imp_pickle *pickle, int index);

// All of these take IMP_PICKLE_NO_VALUE as well.
imp_pickle_kind imp_pickle_kind_of(const imp_pickle *pickle, imp_pickle_value value);
// Items of a tuple, list, dict (two per entry) or record; 0 of others.
uint32_t imp_pickle_item_count(const imp_pickle *pickle, imp_pickle_value value);
// IMP_PICKLE_NO_VALUE if there is no such item.
imp_pickle_value imp_pickle_item(const imp_pickle *pickle, imp_pickle_value value, uint32_t index);
// The value of a key of a dict or record. IMP_PICKLE_NO_VALUE if there is none, or more than 64
// keys.
imp_pickle_value imp_pickle_find_key(const imp_pickle *pickle, imp_pickle_value value,
                                     const char *key);
// A number or bool; false if it is none.
bool imp_pickle_number(const imp_pickle *pickle, imp_pickle_value value, double *out);
bool imp_pickle_is_text(const imp_pickle *pickle, imp_pickle_value value, const char *text);
// The name of what was not made; NULL if it was.
const char *imp_pickle_unsupported_type(const imp_pickle *pickle, imp_pickle_value value);
// NULL if it is none.
const imp_numpy_array *imp_pickle_array(const imp_pickle *pickle, imp_pickle_value value);
// The number at an index of an array, counted as the numbers lie.
double imp_numpy_array_number(const imp_numpy_array *array, size_t index);

#endif
