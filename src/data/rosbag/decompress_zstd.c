// Zstandard by libzstd. The output grows as it comes out, up to its limit. The window, for which
// the decoder allocates memory, is limited by the input's size as well.
#include <zstd.h>

#include "data/rosbag/decompress.h"

enum { PIECE = 1 << 16, WINDOW_MIN = 23, WINDOW_MAX = 27 };

// The logarithm of the largest window for an input: 64 times its bytes, or the 8 MB that every
// decoder is expected to have.
static int window_log(size_t length)
{
    int log = WINDOW_MIN;
    while (log < WINDOW_MAX && ((size_t)1 << log) < 64 * length)
        log++;
    return log;
}

imp_decompress_result imp_zstd_decompress(imp_decompressed *out, const uint8_t *data, size_t length)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    ZSTD_inBuffer in = {data, length, 0};
    out->length = 0;
    if (stream == NULL)
        return IMP_DECOMPRESS_NO_MEMORY;
    ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, window_log(length));
    imp_decompress_result result = IMP_DECOMPRESS_TRUNCATED;
    for (;;) {
        const size_t room = out->limit - out->length < PIECE ? out->limit - out->length : PIECE;
        if (room > 0 && !imp_decompressed_reserve(out, room)) {
            result = IMP_DECOMPRESS_NO_MEMORY;
            break;
        }
        uint8_t extra[1];
        ZSTD_outBuffer to = {room > 0 ? out->bytes + out->length : extra, room > 0 ? room : 1, 0};
        const size_t left = ZSTD_decompressStream(stream, &to, &in);
        if (ZSTD_isError(left)) {
            result = IMP_DECOMPRESS_CORRUPT;
            break;
        }
        // more than the limit allows is damage
        if (room == 0 && to.pos > 0) {
            result = IMP_DECOMPRESS_CORRUPT;
            break;
        }
        out->length += room > 0 ? to.pos : 0;
        if (left == 0 && in.pos == in.size) {
            result = IMP_DECOMPRESS_COMPLETE;
            break;
        }
        if (in.pos == in.size && to.pos < to.size)
            break; // the input ends inside a frame
    }
    ZSTD_freeDStream(stream);
    return result;
}
