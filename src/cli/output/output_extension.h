// cli/output/output_extension.h: what the ending of --out asks for. All of them fail with
// IMP_USAGE, before anything is made.
#ifndef IMP_CLI_OUTPUT_OUTPUT_EXTENSION_H
#define IMP_CLI_OUTPUT_OUTPUT_EXTENSION_H

#include "imprint/base.h"

// The ending of a path with its dot, or "" if it has none: ".png" of "a.b/c.png", "" of "c.png/".
const char *imp_output_extension(const char *path);

// Refuses a file with an extension that cannot be written. `extensions` ends with NULL.
imp_status imp_output_check_file(const char *path, const char *const *extensions, imp_error *err);

// The same where a folder can be written instead, for which a name without an ending or a slash at
// the end stands.
imp_status imp_output_check_file_or_folder(const char *path, const char *const *extensions,
                                           imp_error *err);

// Refuses a folder that is called like a file, unless it is there or a slash at its end says that
// it is meant.
imp_status imp_output_check_folder(const char *path, imp_error *err);

#endif
