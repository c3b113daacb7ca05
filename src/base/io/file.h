// base/io/file.h: files that are either whole or absent.
#ifndef IMP_BASE_IO_FILE_H
#define IMP_BASE_IO_FILE_H

#include "imprint/base.h"

enum { IMP_PATH_MAX = 4096 };

// In an output folder: what was asked for. Programs write it, before anything else is there.
#define IMP_SETTINGS_FILE_NAME "settings.yaml"

// Reads a whole file of at most limit bytes. *out is terminated with a 0 that *length does not
// count; the caller frees it. Messages name the path.
imp_status imp_file_read(char **out, size_t *length, const char *path, size_t limit,
                         imp_error *err);

// Replaces a file atomically: see base/io/atomic_file.h.
imp_status imp_file_write(const char *path, const void *data, size_t length, imp_error *err);

// Creates a folder and its parents; one that exists is fine.
imp_status imp_folder_create(const char *path, imp_error *err);

// Writes "folder/name" to out; IMP_IO if that is too long.
imp_status imp_path_join(char out[IMP_PATH_MAX], const char *folder, const char *name,
                         imp_error *err);

// Writes to out the path of the file itself: path, or if that is a folder, the file `name` in it.
imp_status imp_path_resolve_file(char out[IMP_PATH_MAX], const char *path, const char *name,
                                 imp_error *err);

// The end of one of several paths that is enough to tell it from those that differ: the last part,
// or a few. Borrowed from paths[k].
const char *imp_path_unique_suffix(const char *const *paths, int count, int k);

bool imp_path_exists(const char *path);

// Whether a path ends so (".png"), with something before it.
bool imp_path_has_suffix(const char *path, const char *ending);
bool imp_path_is_yaml(const char *path); // by its ending

#endif
