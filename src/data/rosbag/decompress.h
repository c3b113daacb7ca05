// data/rosbag/decompress.h: decompression of bag chunks. What a truncated or damaged chunk still
// contains is returned before the damage is reported.
#ifndef IMP_DATA_ROSBAG_DECOMPRESS_H
#define IMP_DATA_ROSBAG_DECOMPRESS_H

#include "imprint/base.h"

// Decompressed bytes. The buffer grows with the actual output, never with a claimed size.
typedef struct imp_decompressed {
    uint8_t *bytes; // (length)
    size_t length, capacity;
    size_t limit; // a larger output means damage
} imp_decompressed;

typedef enum imp_decompress_result {
    IMP_DECOMPRESS_COMPLETE,
    IMP_DECOMPRESS_TRUNCATED, // the compressed bytes end too early
    IMP_DECOMPRESS_CORRUPT,   // the compressed bytes are damaged
    IMP_DECOMPRESS_NO_MEMORY,
} imp_decompress_result;

// Makes room for `more` bytes. Returns false beyond the limit or without memory.
bool imp_decompressed_reserve(imp_decompressed *out, size_t more);
void imp_decompressed_free(imp_decompressed *out);

// Decompresses a bzip2 stream into out, replacing its bytes. Of a damaged block (up to 900 kB)
// nothing is returned.
imp_decompress_result imp_bz2_decompress(imp_decompressed *out, const uint8_t *data, size_t length);

// The same for Zstandard.
imp_decompress_result imp_zstd_decompress(imp_decompressed *out, const uint8_t *data,
                                          size_t length);

// The same for LZ4 frames (github.com/lz4/lz4, doc/lz4_Frame_format.md). Everything before a cut is
// returned. liblz4 cannot do that: it needs whole blocks, and ROS writes chunks of a single block.
imp_decompress_result imp_lz4_decompress(imp_decompressed *out, const uint8_t *data, size_t length);

#endif
