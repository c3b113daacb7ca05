// base/io/content_hash.h: a number for what is in a file or folder, wherever it lies.
#ifndef IMP_BASE_IO_CONTENT_HASH_H
#define IMP_BASE_IO_CONTENT_HASH_H

#include "imprint/base.h"

// FNV-1a over the bytes of a file, or over the names and contents of all files in a folder and the
// folders in it, hidden ones left out.
imp_status imp_content_hash(uint64_t *out, const char *path, imp_error *err);

#endif
