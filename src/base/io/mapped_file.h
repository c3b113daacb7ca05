// base/io/mapped_file.h: a file as memory that is only read.
#ifndef IMP_BASE_IO_MAPPED_FILE_H
#define IMP_BASE_IO_MAPPED_FILE_H

#include "imprint/base.h"

typedef struct imp_mapped_file {
    const uint8_t *bytes; // (length)
    size_t length;
} imp_mapped_file;

// Maps a whole file, to be read from its beginning to its end. IMP_BAD_INPUT if it is empty or no
// regular file, else IMP_IO; messages name the path.
imp_status imp_mapped_file_open(imp_mapped_file *out, const char *path, imp_error *err);
void imp_mapped_file_close(imp_mapped_file *mapped);

#endif
