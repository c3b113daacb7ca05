// nn/model_files/safetensors.h: named float arrays and strings in one file, as the safetensors
// format lays them out: 8 bytes of header length (little-endian), a JSON header, then the arrays
// without gaps. The reader is strict.
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

// Writes a file atomically. metadata: an object of strings.
imp_status imp_safetensors_write(const char *path, json_t *metadata, const imp_named_array *arrays,
                                 int count, imp_error *err);

// A file in memory.
typedef struct imp_safetensors {
    const char *path; // borrowed, for messages
    char *bytes;      // all of the file
    json_t *header; // checked: every entry has a known shape and its own bytes, none are left over
    const char *data; // the arrays, in bytes
    size_t data_length;
} imp_safetensors;

// IMP_BAD_INPUT, naming the file and the entry, unless the file is whole and sound.
imp_status imp_safetensors_read(imp_safetensors *out, const char *path, imp_error *err);
// The same of bytes in memory, which it takes over and frees, after a failure too; path: what
// messages call them.
imp_status imp_safetensors_parse(imp_safetensors *out, const char *path, char *bytes, size_t length,
                                 imp_error *err);
void imp_safetensors_clear(imp_safetensors *file);

// A string of the metadata; borrowed. Fails if it is not there.
imp_status imp_safetensors_get_metadata(const imp_safetensors *file, const char *key,
                                        const char **out, imp_error *err);
// How many arrays the file has, and how many values in all of them.
int imp_safetensors_array_count(const imp_safetensors *file);
size_t imp_safetensors_value_count(const imp_safetensors *file);
// Copies an array of F32, F16, BF16 or F64, rounded to the nearest float; fails unless it is there
// with just this shape and finite values. out is then partly written.
imp_status imp_safetensors_copy_array(const imp_safetensors *file, const char *name, int rank,
                                      const int64_t *dims, float *out, imp_error *err);

#endif
