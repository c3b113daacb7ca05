// base/io/content_hash.h: a hash of the content of a file or folder, independent of its path.
#ifndef IMP_BASE_IO_CONTENT_HASH_H
#define IMP_BASE_IO_CONTENT_HASH_H

#include "imprint/base.h"

// FNV-1a over the bytes of a file, or over the names and contents of all files in a folder and its
// subfolders. Hidden entries are skipped. Fails with IMP_IO.
imp_status imp_content_hash(uint64_t *out, const char *path, imp_error *err);

#endif
