#include <string.h>

#include "logs/bytes.h"
#include "logs/unpack.h"

enum { MAGIC = 0x184D2204, LEAST_MATCH = 4 };

#define PRIME_1 UINT32_C(2654435761)
#define PRIME_2 UINT32_C(2246822519)
#define PRIME_3 UINT32_C(3266489917)
#define PRIME_4 UINT32_C(668265263)
#define PRIME_5 UINT32_C(374761393)

static uint32_t rotate(uint32_t word, int bits)
{
    return word << bits | word >> (32 - bits);
}

// xxHash's 32-bit hash with seed 0, which LZ4 frames are checked by.
static uint32_t xxh32(const uint8_t *data, size_t length)
{
    uint32_t lanes[4] = {PRIME_1 + PRIME_2, PRIME_2, 0, 0U - PRIME_1}, hash = PRIME_5;
    const uint8_t *at = data;
    size_t left = length;
    for (; left >= 16; left -= 16, at += 16)
        for (int k = 0; k < 4; k++)
            lanes[k] = rotate(lanes[k] + imp_u32(at + 4 * (size_t)k) * PRIME_2, 13) * PRIME_1;
    if (length >= 16)
        hash =
            rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) + rotate(lanes[3], 18);
    hash += (uint32_t)length;
    for (; left >= 4; left -= 4, at += 4)
        hash = rotate(hash + imp_u32(at) * PRIME_3, 17) * PRIME_4;
    for (; left > 0; left--, at++)
        hash = rotate(hash + *at * PRIME_5, 11) * PRIME_1;
    hash = (hash ^ hash >> 15) * PRIME_2;
    hash = (hash ^ hash >> 13) * PRIME_3;
    return hash ^ hash >> 16;
}

// Adds the bytes of 255 and the one that ends them to a length; false if they end too early.
static bool read_length(const uint8_t **at, const uint8_t *end, size_t *length)
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

static imp_unpack_end full(const imp_unpacked *out, size_t more)
{
    return more > out->limit - out->length ? IMP_UNPACK_DAMAGED : IMP_UNPACK_NO_MEMORY;
}

static imp_unpack_end take_literals(imp_unpacked *out, const uint8_t **at, const uint8_t *end,
                                    size_t length)
{
    const size_t there = (size_t)(end - *at);
    const size_t count = length < there ? length : there;
    if (!imp_unpacked_reserve(out, count))
        return full(out, count);
    if (count > 0)
        memcpy(out->bytes + out->length, *at, count);
    out->length += count;
    *at += count;
    return length <= there ? IMP_UNPACK_WHOLE : IMP_UNPACK_CUT;
}

// Repeats bytes that came out before; they may overlap what they become.
static imp_unpack_end take_match(imp_unpacked *out, size_t offset, size_t length)
{
    if (offset == 0 || offset > out->length)
        return IMP_UNPACK_DAMAGED;
    if (!imp_unpacked_reserve(out, length))
        return full(out, length);
    uint8_t *to = out->bytes + out->length;
    const uint8_t *from = to - offset;
    if (offset >= length)
        memcpy(to, from, length);
    else
        for (size_t k = 0; k < length; k++)
            to[k] = from[k];
    out->length += length;
    return IMP_UNPACK_WHOLE;
}

// A block: literals, and matches of what came before, one after the other; it ends with literals.
static imp_unpack_end unpack_block(imp_unpacked *out, const uint8_t *at, const uint8_t *end)
{
    while (at < end) {
        const uint8_t token = *at++;
        size_t literals = token >> 4, match = token & 15;
        if (literals == 15 && !read_length(&at, end, &literals))
            return IMP_UNPACK_CUT;
        imp_unpack_end status = take_literals(out, &at, end, literals);
        if (status != IMP_UNPACK_WHOLE || at == end)
            return status;
        if (end - at < 2)
            return IMP_UNPACK_CUT;
        const size_t offset = (size_t)at[0] | (size_t)at[1] << 8;
        at += 2;
        if (match == 15 && !read_length(&at, end, &match))
            return IMP_UNPACK_CUT;
        status = take_match(out, offset, match + LEAST_MATCH);
        if (status != IMP_UNPACK_WHOLE)
            return status;
    }
    return IMP_UNPACK_WHOLE;
}

// What a frame's descriptor says.
typedef struct frame {
    bool block_checksums, checksum;
    size_t start; // of its bytes in what comes out
} frame;

static imp_unpack_end read_descriptor(frame *f, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *head = *at;
    if (end - head < 7)
        return IMP_UNPACK_CUT;
    const uint8_t flags = head[4];
    if (imp_u32(head) != MAGIC || flags >> 6 != 1)
        return IMP_UNPACK_DAMAGED;
    // its two bytes, the content's size and a dictionary's name
    const size_t length = 2 + (flags & 8 ? 8 : 0) + (flags & 1 ? 4 : 0);
    if ((size_t)(end - head) < 4 + length + 1)
        return IMP_UNPACK_CUT;
    if ((uint8_t)(xxh32(head + 4, length) >> 8) != head[4 + length])
        return IMP_UNPACK_DAMAGED;
    f->block_checksums = (flags & 16) != 0;
    f->checksum = (flags & 4) != 0;
    *at = head + 4 + length + 1;
    return IMP_UNPACK_WHOLE;
}

// The next block of a frame; *last after the mark that ends it.
static imp_unpack_end read_block(imp_unpacked *out, const frame *f, const uint8_t **at,
                                 const uint8_t *end, bool *last)
{
    if (end - *at < 4)
        return IMP_UNPACK_CUT;
    const uint32_t word = imp_u32(*at);
    *at += 4;
    *last = word == 0;
    if (*last)
        return IMP_UNPACK_WHOLE;
    const size_t size = word & 0x7FFFFFFF, there = (size_t)(end - *at);
    const size_t count = size < there ? size : there;
    const uint8_t *block = *at;
    *at += count;
    imp_unpack_end status = (word & 0x80000000) != 0 ? take_literals(out, &block, *at, count)
                                                     : unpack_block(out, block, *at);
    // of a block that is there, whatever is missing is damage
    if (status == IMP_UNPACK_CUT && count == size)
        status = IMP_UNPACK_DAMAGED;
    if (status != IMP_UNPACK_WHOLE)
        return status;
    if (count < size)
        return IMP_UNPACK_CUT;
    if (!f->block_checksums)
        return IMP_UNPACK_WHOLE;
    if (end - *at < 4)
        return IMP_UNPACK_CUT;
    *at += 4;
    return xxh32(*at - 4 - size, size) == imp_u32(*at - 4) ? IMP_UNPACK_WHOLE : IMP_UNPACK_DAMAGED;
}

imp_unpack_end imp_lz4_unpack(imp_unpacked *out, const uint8_t *data, size_t length)
{
    const uint8_t *at = data, *end = data + length;
    imp_unpack_end status = IMP_UNPACK_CUT;
    out->length = 0;
    while (at < end) {
        frame f = {.start = out->length};
        bool last = false;
        status = read_descriptor(&f, &at, end);
        while (status == IMP_UNPACK_WHOLE && !last)
            status = read_block(out, &f, &at, end, &last);
        if (status != IMP_UNPACK_WHOLE)
            return status;
        if (!f.checksum)
            continue;
        if (end - at < 4)
            return IMP_UNPACK_CUT;
        // nothing may have come out at all
        static const uint8_t none[1] = {0};
        const uint8_t *bytes = out->bytes == NULL ? none : out->bytes + f.start;
        if (xxh32(bytes, out->length - f.start) != imp_u32(at))
            return IMP_UNPACK_DAMAGED;
        at += 4;
    }
    return status;
}
