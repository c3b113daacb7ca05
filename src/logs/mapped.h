// logs/mapped.h: a file as memory that is only read.
#ifndef IMP_LOGS_MAPPED_H
#define IMP_LOGS_MAPPED_H

#include "imprint/base.h"

typedef struct imp_mapped {
    const uint8_t *bytes; // (length)
    size_t length;
} imp_mapped;

// Maps a whole file, to be read from its beginning to its end. IMP_BAD_INPUT if it is empty or no
// regular file, else IMP_IO; messages name the path.
imp_status imp_mapped_open(imp_mapped *out, const char *path, imp_error *err);
void imp_mapped_close(imp_mapped *mapped);

#endif
