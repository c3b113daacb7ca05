// base/io/atomic_file.h: files that appear under their name only when they are whole.
#ifndef IMP_BASE_IO_ATOMIC_FILE_H
#define IMP_BASE_IO_ATOMIC_FILE_H

#include <stdio.h>

#include "base/io/file.h"

// A file that is being written. Until it is committed, nothing is seen at its path, or what was
// there before. Zero-initialised, it is no file, and may be discarded.
typedef struct imp_atomic_file {
    FILE *stream;            // to write to; errors may be left to imp_atomic_file_commit()
    int reason;              // errno of the first write that failed, if it is known; else 0
    char path[IMP_PATH_MAX]; // where it will be
    char temporary_path[IMP_PATH_MAX]; // where it is until then; "" while it has no name
    char proc_path[64];                // a way to it that needs no name; "" where there is none
} imp_atomic_file;

// Begins a file. Two that are begun for the same path do not meet: the later commit wins. IMP_IO if
// the path is that of a device, a pipe or a folder.
imp_status imp_atomic_file_open(imp_atomic_file *file, const char *path, imp_error *err);

// Flushes and syncs the file, renames it to its path and syncs the folder. IMP_IO if any write
// failed; the path is then as it was. The file is closed in any case.
imp_status imp_atomic_file_commit(imp_atomic_file *file, imp_error *err);

// Closes the file and leaves the path as it was.
void imp_atomic_file_discard(imp_atomic_file *file);

// If name is that of a file that was never committed, because its writer was killed, cuts it to the
// name of the file that it would have become.
bool imp_atomic_file_strip_suffix(char *name);

#endif
