// nn/model_files/safetensors.h: named float arrays and strings in one file, in the safetensors
// format (github.com/huggingface/safetensors): 8 bytes of header length (little-endian), a JSON
// header, then the arrays without gaps. The reader is strict.
#ifndef IMP_NN_MODEL_FILES_SAFETENSORS_H
#define IMP_NN_MODEL_FILES_SAFETENSORS_H

#include "imprint/base.h"

#include <jansson.h>

typedef struct imp_named_array {
    char name[64];
    int rank;
    int64_t dims[4];
    const float *values; // borrowed
} imp_named_array;

// Writes a file atomically. metadata: an object of strings. Fails with IMP_IO or IMP_NO_MEMORY.
imp_status imp_safetensors_write(const char *path, json_t *metadata, const imp_named_array *arrays,
                                 int count, imp_error *err);

// A file in memory. Release with imp_safetensors_clear().
typedef struct imp_safetensors {
    const char *path; // borrowed, for messages
    char *bytes;      // the whole file
    json_t *header;   // checked: every array has a valid shape and its own bytes
    const char *data; // the arrays
    size_t data_length;
} imp_safetensors;

// Reads a file. Fails with IMP_BAD_INPUT, naming file and entry, if it is truncated or malformed.
imp_status imp_safetensors_read(imp_safetensors *out, const char *path, imp_error *err);
// The same for bytes in memory. Takes ownership of `bytes` and frees them, also after a failure.
// `path` is used in messages.
imp_status imp_safetensors_parse(imp_safetensors *out, const char *path, char *bytes, size_t length,
                                 imp_error *err);
void imp_safetensors_clear(imp_safetensors *file);

// A metadata string; borrowed. Fails with IMP_BAD_INPUT if it is missing.
imp_status imp_safetensors_get_metadata(const imp_safetensors *file, const char *key,
                                        const char **out, imp_error *err);
// Number of arrays in the file, and of values in all of them.
int imp_safetensors_array_count(const imp_safetensors *file);
size_t imp_safetensors_value_count(const imp_safetensors *file);
// Copies an array of F32, F16, BF16 or F64, rounded to the nearest float. Fails with IMP_BAD_INPUT
// unless it exists with exactly this shape and finite values; out may then be partly written.
imp_status imp_safetensors_copy_array(const imp_safetensors *file, const char *name, int rank,
                                      const int64_t *dims, float *out, imp_error *err);

#endif
