// base/io/atomic_file.h: files that appear under their name only when they are complete.
#ifndef IMP_BASE_IO_ATOMIC_FILE_H
#define IMP_BASE_IO_ATOMIC_FILE_H

#include <stdio.h>

#include "base/io/file.h"

// A file that is being written. Until it is committed, its path is absent or holds the old file. A
// zero-initialised one is no file and may be discarded.
typedef struct imp_atomic_file {
    FILE *stream;                      // write here; imp_atomic_file_commit() reports errors
    int reason;                        // errno of the first failed write if known, else 0
    char path[IMP_PATH_MAX];           // final path
    char temporary_path[IMP_PATH_MAX]; // current path; "" while the file has no name
    char proc_path[64];                // path in /proc of the unnamed file; "" if there is none
} imp_atomic_file;

// Begins a file. Two writers of the same path do not interfere: the later commit wins. Fails with
// IMP_IO if the path is a device, a pipe or a folder.
imp_status imp_atomic_file_open(imp_atomic_file *file, const char *path, imp_error *err);

// The same with a name from the beginning, for another program that writes to temporary_path.
imp_status imp_atomic_file_open_named(imp_atomic_file *file, const char *path, imp_error *err);

// Flushes and syncs the file, renames it to its path and syncs the folder. Fails with IMP_IO if any
// write failed; the path is then unchanged. Closes the file in any case. Where a file is replaced,
// what killed writers of the same path have left beside it is removed.
imp_status imp_atomic_file_commit(imp_atomic_file *file, imp_error *err);

// Closes the file and leaves its path unchanged.
void imp_atomic_file_discard(imp_atomic_file *file);

// If name is that of a temporary file whose writer was killed, cuts it to the name of the file that
// it would have become.
bool imp_atomic_file_strip_suffix(char *name);

// Removes the temporary files of killed writers from a folder that no other process writes to. Only
// files whose names end in a random suffix of this module are removed.
imp_status imp_atomic_file_remove_stale_files(const char *folder, imp_error *err);

#endif
