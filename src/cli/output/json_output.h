// cli/output/json_output.h: results of commands as JSON, on standard output and in files.
#ifndef IMP_CLI_OUTPUT_JSON_OUTPUT_H
#define IMP_CLI_OUTPUT_JSON_OUTPUT_H

#include <jansson.h>

#include "imprint/evaluate.h"

// Puts a value into an object, at the end of an array, or all members of an object into another,
// and takes over the reference to it. What
// cannot be put (no memory; a text that is not UTF-8, for which jansson's functions return NULL)
// makes every later imp_json_write_file() and imp_console_print_json() fail.
void imp_json_set(json_t *object, const char *key, json_t *value);
void imp_json_append(json_t *array, json_t *value);
void imp_json_update(json_t *object, json_t *members);

// A number, or null where there is none: JSON knows no NaN.
json_t *imp_json_real_or_null(double value);

// An estimate as {value, low, high}, with null for what is unknown.
json_t *imp_estimate_json(imp_estimate estimate);

// Writes an object as JSON, its numbers with so many digits, to a file and releases it.
imp_status imp_json_write_file(const char *path, json_t *object, int digits, imp_error *err);

// Prints an object as JSON on standard output and releases it; whether it arrived is for
// imp_console_flush() to say.
imp_status imp_console_print_json(json_t *object, imp_error *err);

// The same, and finishes. Returns the exit code: 0, or 4 if it could not be written.
int imp_console_finish_with_json(json_t *object);

#endif
