// Growing output buffers with a limit, and bzip2 decompression through libbz2.
// The output grows with what is decompressed, never with the size that a file claims. Damaged and
// truncated streams yield everything before the damage.
#include "data/rosbag/decompress.h"

#include <limits.h>
#include <stdlib.h>

#include <bzlib.h>

enum { MIN_CAPACITY = 1 << 16 };

// Grows geometrically; the limit is checked first, without overflow.
bool imp_decompressed_reserve(imp_decompressed *out, size_t more)
{
    if (out->length > out->limit || more > out->limit - out->length)
        return false;
    if (more <= out->capacity - out->length)
        return true;
    size_t capacity = 2 * out->capacity + MIN_CAPACITY;
    capacity = capacity < out->length + more ? out->length + more : capacity;
    uint8_t *bytes = realloc(out->bytes, capacity);
    if (bytes == NULL)
        return false;
    out->bytes = bytes;
    out->capacity = capacity;
    return true;
}

void imp_decompressed_free(imp_decompressed *out)
{
    free(out->bytes);
    *out = (imp_decompressed){0};
}

// libbz2 counts in unsigned int.
static unsigned clamp_to_int(size_t length)
{
    return length < INT_MAX ? (unsigned)length : INT_MAX;
}

// Bytes that can be written without growing the buffer or passing the limit.
static size_t output_bytes_available(const imp_decompressed *out)
{
    const size_t there = out->capacity - out->length, allowed = out->limit - out->length;
    return there < allowed ? there : allowed;
}

// Feeds the stream in pieces until it ends, is damaged, or its input is used up.
imp_decompress_result imp_bz2_decompress(imp_decompressed *out, const uint8_t *data, size_t length)
{
    bz_stream stream = {0};
    size_t taken = 0;
    imp_decompress_result end = IMP_DECOMPRESS_TRUNCATED;
    out->length = 0;
    if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK)
        return IMP_DECOMPRESS_NO_MEMORY;
    while (end == IMP_DECOMPRESS_TRUNCATED) {
        // At the limit the stream must end without another byte; one byte of room tells whether it
        // does.
        const bool full = out->length >= out->limit;
        char beyond;
        if (!full && !imp_decompressed_reserve(out, 1)) {
            end = IMP_DECOMPRESS_NO_MEMORY;
            break;
        }
        // offer all the input and all the room that there is
        const unsigned given = clamp_to_int(length - taken);
        const unsigned room = full ? 1 : clamp_to_int(output_bytes_available(out));
        // libbz2 only reads from it
        stream.next_in = (char *)(uintptr_t)(data + taken);
        stream.avail_in = given;
        stream.next_out = full ? &beyond : (char *)out->bytes + out->length;
        stream.avail_out = room;
        const int code = BZ2_bzDecompress(&stream);
        // account for what was consumed and produced
        taken += given - stream.avail_in;
        out->length += full ? 0 : room - stream.avail_out;
        // a byte beyond the limit means that the size in the chunk's header is wrong
        if (full && stream.avail_out == 0)
            end = IMP_DECOMPRESS_CORRUPT;
        else if (code == BZ_STREAM_END)
            end = IMP_DECOMPRESS_COMPLETE;
        else if (code != BZ_OK)
            end = code == BZ_MEM_ERROR ? IMP_DECOMPRESS_NO_MEMORY : IMP_DECOMPRESS_CORRUPT;
        else if (stream.avail_out == room && stream.avail_in == given)
            break; // no progress: the input is truncated
    }
    BZ2_bzDecompressEnd(&stream);
    return end;
}
