// base/io/folder_reader.h: the names in a folder, one after the other. A failure of the file system
// amid the names is an error, not the end of the folder.
#ifndef IMP_BASE_IO_FOLDER_READER_H
#define IMP_BASE_IO_FOLDER_READER_H

#include <dirent.h>

#include "imprint/base.h"

// path is borrowed.
typedef struct imp_folder_reader {
    const char *path;
    DIR *stream;
} imp_folder_reader;

// Opens a folder; closed with imp_folder_reader_close(). IMP_IO with errno's text if that fails;
// errno is kept.
imp_status imp_folder_reader_open(imp_folder_reader *reader, const char *path, imp_error *err);
void imp_folder_reader_close(imp_folder_reader *reader);

// The next name, without "." and "..", or NULL after the last one. *name is valid until the next
// call. IMP_IO if the folder cannot be read on.
imp_status imp_folder_reader_next(imp_folder_reader *reader, const char **name, imp_error *err);

// Takes the lock of the folder, until it is closed. False if another process holds it.
bool imp_folder_reader_lock(imp_folder_reader *reader);

#endif
