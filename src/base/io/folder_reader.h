// base/io/folder_reader.h: reads the names in a folder one by one. A failure of the file system
// between two names is an error, not the end of the folder.
#ifndef IMP_BASE_IO_FOLDER_READER_H
#define IMP_BASE_IO_FOLDER_READER_H

#include <dirent.h>

#include "imprint/base.h"

// An open folder; path is borrowed.
typedef struct imp_folder_reader {
    const char *path;
    DIR *stream;
} imp_folder_reader;

// Opens a folder; close it with imp_folder_reader_close(). Fails with IMP_IO and the system's text;
// errno is preserved.
imp_status imp_folder_reader_open(imp_folder_reader *reader, const char *path, imp_error *err);
void imp_folder_reader_close(imp_folder_reader *reader);

// The next name, without "." and "..", or NULL after the last one. *name is valid until the next
// call. Fails with IMP_IO if the rest of the folder cannot be read.
imp_status imp_folder_reader_next(imp_folder_reader *reader, const char **name, imp_error *err);

// Takes the lock of the folder, until it is closed: see base/io/folder_lock.h.
imp_status imp_folder_reader_lock(imp_folder_reader *reader, imp_error *err);

#endif
