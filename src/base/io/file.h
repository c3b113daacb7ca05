// base/io/file.h: reading and writing whole files, folders, paths, and a monotonic clock.
#ifndef IMP_BASE_IO_FILE_H
#define IMP_BASE_IO_FILE_H

#include "imprint/base.h"

enum { IMP_PATH_MAX = 4096 };

// Reads a whole file of at most limit bytes. *out is terminated with a 0 that *length does not
// count; the caller frees it. Messages name the path. IMP_BAD_INPUT if the file is missing, too
// large or a folder, IMP_IO if it cannot be read.
imp_status imp_file_read(char **out, size_t *length, const char *path, size_t limit,
                         imp_error *err);

// Replaces a file atomically: see base/io/atomic_file.h.
imp_status imp_file_write(const char *path, const void *data, size_t length, imp_error *err);

// Creates a folder and its parents. Succeeds if the folder exists.
imp_status imp_folder_create(const char *path, imp_error *err);

// Writes "folder/name" to out. Fails with IMP_IO if that is too long.
imp_status imp_path_join(char out[IMP_PATH_MAX], const char *folder, const char *name,
                         imp_error *err);

// Writes the path of a file to out: `path` itself, or "path/name" if path is a folder.
imp_status imp_path_resolve_file(char out[IMP_PATH_MAX], const char *path, const char *name,
                                 imp_error *err);

// The shortest suffix of paths[k], in whole components, that differs from all other different
// paths. Borrowed from paths[k].
const char *imp_path_shortest_unique_tail(const char *const *paths, int count, int k);

// What follows the last slash of a path; the whole path if it ends with one. Borrowed from path.
const char *imp_path_base_name(const char *path);

// Writes the folder that a file lies in to out: "." if the path names none. Fails with IMP_IO if
// that is too long.
imp_status imp_path_parent(char out[IMP_PATH_MAX], const char *path, imp_error *err);

// Writes PATH followed by a suffix, such as ".partial", to out: a place beside a folder. Slashes at
// the end of the path do not count. Fails with IMP_IO if that is too long.
imp_status imp_path_append_suffix(char out[IMP_PATH_MAX], const char *path, const char *suffix,
                                  imp_error *err);

bool imp_path_exists(const char *path);

// Whether a path ends in `ending`, for example ".png", with at least one character before it.
bool imp_path_has_suffix(const char *path, const char *ending);
bool imp_path_is_yaml(const char *path); // by its ending

#endif
