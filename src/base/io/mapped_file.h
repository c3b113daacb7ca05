// base/io/mapped_file.h: a file as read-only memory.
#ifndef IMP_BASE_IO_MAPPED_FILE_H
#define IMP_BASE_IO_MAPPED_FILE_H

#include "imprint/base.h"

typedef struct imp_mapped_file {
    const uint8_t *bytes; // (length)
    size_t length;
} imp_mapped_file;

// Maps a whole file for sequential reading. Fails with IMP_BAD_INPUT if it is empty or not a
// regular file, else with IMP_IO; messages name the path. The memory is valid until
// imp_mapped_file_close().
imp_status imp_mapped_file_open(imp_mapped_file *out, const char *path, imp_error *err);
void imp_mapped_file_close(imp_mapped_file *mapped);

#endif
