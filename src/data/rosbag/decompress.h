// data/rosbag/decompress.h: chunks of bags, unpacked as far as they go: what a cut or damaged chunk
// still holds comes out before one is told that there is no more.
#ifndef IMP_DATA_ROSBAG_DECOMPRESS_H
#define IMP_DATA_ROSBAG_DECOMPRESS_H

#include "imprint/base.h"

// Bytes that were unpacked; grows with what comes out, never with what somebody claims.
typedef struct imp_decompressed {
    uint8_t *bytes; // (length)
    size_t length, capacity;
    size_t limit; // more than this is damage
} imp_decompressed;

typedef enum imp_decompress_result {
    IMP_DECOMPRESS_COMPLETE,
    IMP_DECOMPRESS_TRUNCATED, // the packed bytes end too early
    IMP_DECOMPRESS_CORRUPT,   // they are not what was packed
    IMP_DECOMPRESS_NO_MEMORY,
} imp_decompress_result;

// Makes room for more bytes. False if that is beyond the limit, or memory is short.
bool imp_decompressed_reserve(imp_decompressed *out, size_t more);
void imp_decompressed_free(imp_decompressed *out);

// Replaces out's bytes by those of a bzip2 stream. A block of it, up to 900 kB, is there whole or
// not at all.
imp_decompress_result imp_bz2_decompress(imp_decompressed *out, const uint8_t *data, size_t length);

// The same for LZ4 frames (github.com/lz4/lz4, doc/lz4_Frame_format.md). Cut anywhere, everything
// before the cut comes out, which liblz4 does not do: it wants whole blocks, and ROS writes chunks
// of a single one.
imp_decompress_result imp_lz4_decompress(imp_decompressed *out, const uint8_t *data, size_t length);

#endif
