// logs/unpack.h: chunks of bags, unpacked as far as they go: what a cut or damaged chunk still
// holds comes out before one is told that there is no more.
#ifndef IMP_LOGS_UNPACK_H
#define IMP_LOGS_UNPACK_H

#include "imprint/base.h"

// Bytes that were unpacked; grows with what comes out, never with what somebody claims.
typedef struct imp_unpacked {
    uint8_t *bytes; // (length)
    size_t length, capacity;
    size_t limit; // more than this is damage
} imp_unpacked;

typedef enum imp_unpack_end {
    IMP_UNPACK_WHOLE,
    IMP_UNPACK_CUT,     // the packed bytes end too early
    IMP_UNPACK_DAMAGED, // they are not what was packed
    IMP_UNPACK_NO_MEMORY,
} imp_unpack_end;

// Makes room for more bytes. False if that is beyond the limit, or memory is short.
bool imp_unpacked_reserve(imp_unpacked *out, size_t more);
void imp_unpacked_free(imp_unpacked *out);

// Replaces out's bytes by those of a bzip2 stream. A block of it, up to 900 kB, is there whole or
// not at all.
imp_unpack_end imp_bz2_unpack(imp_unpacked *out, const uint8_t *data, size_t length);

// The same for LZ4 frames (github.com/lz4/lz4, doc/lz4_Frame_format.md). Cut anywhere, everything
// before the cut comes out, which liblz4 does not do: it wants whole blocks, and ROS writes chunks
// of a single one.
imp_unpack_end imp_lz4_unpack(imp_unpacked *out, const uint8_t *data, size_t length);

#endif
