// Decompresses LZ4 frames, checksums included, without liblz4. A block is a sequence of literals
// and matches; each is executed as soon as it is read, so a truncated block yields all bytes before
// the cut.
// Every length and offset is checked against the input and the output before it is used.
#include <string.h>

#include "base/io/little_endian.h"
#include "data/rosbag/decompress.h"

enum { FRAME_MAGIC = 0x184D2204, MIN_MATCH = 4 };

#define PRIME_1 UINT32_C(2654435761)
#define PRIME_2 UINT32_C(2246822519)
#define PRIME_3 UINT32_C(3266489917)
#define PRIME_4 UINT32_C(668265263)
#define PRIME_5 UINT32_C(374761393)

// Constants and rotation of xxHash (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
static uint32_t rotate_left(uint32_t word, int bits)
{
    return word << bits | word >> (32 - bits);
}

// xxHash's 32-bit hash with seed 0, the checksum of LZ4 frames.
static uint32_t xxh32(const uint8_t *data, size_t length)
{
    // four lanes over blocks of 16 bytes
    uint32_t lanes[4] = {PRIME_1 + PRIME_2, PRIME_2, 0, 0U - PRIME_1}, hash = PRIME_5;
    const uint8_t *at = data;
    size_t left = length;
    for (; left >= 16; left -= 16, at += 16)
        for (int k = 0; k < 4; k++)
            lanes[k] =
                rotate_left(lanes[k] + imp_load_le_u32(at + 4 * (size_t)k) * PRIME_2, 13) * PRIME_1;
    // combine the lanes, or start from a constant for short inputs
    if (length >= 16)
        hash = rotate_left(lanes[0], 1) + rotate_left(lanes[1], 7) + rotate_left(lanes[2], 12) +
               rotate_left(lanes[3], 18);
    hash += (uint32_t)length;
    // the rest in words, then bytes
    for (; left >= 4; left -= 4, at += 4)
        hash = rotate_left(hash + imp_load_le_u32(at) * PRIME_3, 17) * PRIME_4;
    for (; left > 0; left--, at++)
        hash = rotate_left(hash + *at * PRIME_5, 11) * PRIME_1;
    // final mixing
    hash = (hash ^ hash >> 15) * PRIME_2;
    hash = (hash ^ hash >> 13) * PRIME_3;
    return hash ^ hash >> 16;
}

// Reads an extended length: bytes of 255, ended by a smaller one, are added up. Returns false if
// the input ends.
static bool read_long_length(const uint8_t **at, const uint8_t *end, size_t *length)
{
    uint8_t byte;
    do {
        if (*at == end)
            return false;
        byte = *(*at)++;
        *length += byte;
    } while (byte == 255);
    return true;
}

// Distinguishes an output that is too large from lack of memory.
static imp_decompress_result reason_output_cannot_grow(const imp_decompressed *out, size_t more)
{
    return more > out->limit - out->length ? IMP_DECOMPRESS_CORRUPT : IMP_DECOMPRESS_NO_MEMORY;
}

// Copies literals from the input, as many as there are.
static imp_decompress_result copy_literals(imp_decompressed *out, const uint8_t **at,
                                           const uint8_t *end, size_t length)
{
    const size_t there = (size_t)(end - *at);
    const size_t count = length < there ? length : there;
    if (!imp_decompressed_reserve(out, count))
        return reason_output_cannot_grow(out, count);
    if (count > 0)
        memcpy(out->bytes + out->length, *at, count);
    out->length += count;
    *at += count;
    return length <= there ? IMP_DECOMPRESS_COMPLETE : IMP_DECOMPRESS_TRUNCATED;
}

// Copies a match, that is, earlier output. Source and destination may overlap, which repeats a
// pattern.
static imp_decompress_result copy_match(imp_decompressed *out, size_t offset, size_t length)
{
    if (offset == 0 || offset > out->length)
        return IMP_DECOMPRESS_CORRUPT;
    if (!imp_decompressed_reserve(out, length))
        return reason_output_cannot_grow(out, length);
    uint8_t *to = out->bytes + out->length;
    const uint8_t *from = to - offset;
    if (offset >= length)
        memcpy(to, from, length);
    else
        for (size_t k = 0; k < length; k++)
            to[k] = from[k];
    out->length += length;
    return IMP_DECOMPRESS_COMPLETE;
}

// Decompresses a block. Each token has a count of literals and of a match; the block ends after
// literals.
static imp_decompress_result decompress_block(imp_decompressed *out, const uint8_t *at,
                                              const uint8_t *end)
{
    while (at < end) {
        const uint8_t token = *at++;
        // four bits each; 15 means that more bytes follow
        size_t literals = token >> 4, match = token & 15;
        if (literals == 15 && !read_long_length(&at, end, &literals))
            return IMP_DECOMPRESS_TRUNCATED;
        // the last sequence has no match
        imp_decompress_result status = copy_literals(out, &at, end, literals);
        if (status != IMP_DECOMPRESS_COMPLETE || at == end)
            return status;
        if (end - at < 2)
            return IMP_DECOMPRESS_TRUNCATED;
        // two bytes of offset, then the rest of the length
        const size_t offset = (size_t)at[0] | (size_t)at[1] << 8;
        at += 2;
        if (match == 15 && !read_long_length(&at, end, &match))
            return IMP_DECOMPRESS_TRUNCATED;
        status = copy_match(out, offset, match + MIN_MATCH);
        if (status != IMP_DECOMPRESS_COMPLETE)
            return status;
    }
    return IMP_DECOMPRESS_COMPLETE;
}

// What a frame's descriptor says.
typedef struct frame {
    bool block_checksums, checksum;
    size_t start; // offset of its first byte in the output
} frame;

// Reads magic number, flags and optional fields, and checks the descriptor's own checksum.
static imp_decompress_result read_frame_descriptor(frame *f, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *head = *at;
    if (end - head < 7)
        return IMP_DECOMPRESS_TRUNCATED;
    const uint8_t flags = head[4];
    if (imp_load_le_u32(head) != FRAME_MAGIC || flags >> 6 != 1)
        return IMP_DECOMPRESS_CORRUPT;
    // Two bytes of flags, then optionally the content's size and a dictionary number.
    const size_t length = 2 + (flags & 8 ? 8 : 0) + (flags & 1 ? 4 : 0);
    if ((size_t)(end - head) < 4 + length + 1)
        return IMP_DECOMPRESS_TRUNCATED;
    if ((uint8_t)(xxh32(head + 4, length) >> 8) != head[4 + length])
        return IMP_DECOMPRESS_CORRUPT;
    f->block_checksums = (flags & 16) != 0;
    f->checksum = (flags & 4) != 0;
    *at = head + 4 + length + 1;
    return IMP_DECOMPRESS_COMPLETE;
}

// Decompresses the next block of a frame. *last is set after the end mark.
static imp_decompress_result decompress_frame_block(imp_decompressed *out, const frame *f,
                                                    const uint8_t **at, const uint8_t *end,
                                                    bool *last)
{
    if (end - *at < 4)
        return IMP_DECOMPRESS_TRUNCATED;
    // the top bit marks an uncompressed block
    const uint32_t word = imp_load_le_u32(*at);
    *at += 4;
    *last = word == 0;
    if (*last)
        return IMP_DECOMPRESS_COMPLETE;
    const size_t size = word & 0x7FFFFFFF, there = (size_t)(end - *at);
    const size_t count = size < there ? size : there;
    const uint8_t *block = *at;
    *at += count;
    imp_decompress_result status = (word & 0x80000000) != 0 ? copy_literals(out, &block, *at, count)
                                                            : decompress_block(out, block, *at);
    // A truncation inside a block that is complete in the file is damage.
    if (status == IMP_DECOMPRESS_TRUNCATED && count == size)
        status = IMP_DECOMPRESS_CORRUPT;
    if (status != IMP_DECOMPRESS_COMPLETE)
        return status;
    if (count < size)
        return IMP_DECOMPRESS_TRUNCATED;
    // the checksum covers the compressed bytes
    if (!f->block_checksums)
        return IMP_DECOMPRESS_COMPLETE;
    if (end - *at < 4)
        return IMP_DECOMPRESS_TRUNCATED;
    *at += 4;
    return xxh32(*at - 4 - size, size) == imp_load_le_u32(*at - 4) ? IMP_DECOMPRESS_COMPLETE
                                                                   : IMP_DECOMPRESS_CORRUPT;
}

// Frames may follow one another. Each ends with an optional checksum of its content.
imp_decompress_result imp_lz4_decompress(imp_decompressed *out, const uint8_t *data, size_t length)
{
    const uint8_t *at = data, *end = data + length;
    imp_decompress_result status = IMP_DECOMPRESS_TRUNCATED;
    out->length = 0;
    while (at < end) {
        frame f = {.start = out->length};
        bool last = false;
        status = read_frame_descriptor(&f, &at, end);
        while (status == IMP_DECOMPRESS_COMPLETE && !last)
            status = decompress_frame_block(out, &f, &at, end, &last);
        if (status != IMP_DECOMPRESS_COMPLETE)
            return status;
        if (!f.checksum)
            continue;
        if (end - at < 4)
            return IMP_DECOMPRESS_TRUNCATED;
        // There may be no output at all.
        static const uint8_t none[1] = {0};
        const uint8_t *bytes = out->bytes == NULL ? none : out->bytes + f.start;
        if (xxh32(bytes, out->length - f.start) != imp_load_le_u32(at))
            return IMP_DECOMPRESS_CORRUPT;
        at += 4;
    }
    return status;
}
