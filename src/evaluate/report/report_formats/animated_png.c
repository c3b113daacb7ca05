// Animated PNG (APNG, part of the PNG specification, third edition). Each frame is encoded as a
// PNG, whose compressed data is moved to the chunks of an animation: IDAT for the first frame, fdAT
// for the others. A frame contains only the bounding rectangle of the pixels that changed, which
// makes animations of a driving robot small. The number of frames is written at the end.
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/common/try.h"
#include "base/image/image.h"
#include "base/io/file.h"
#include "imprint/report.h"

// Sizes in bytes: the PNG signature, the IHDR chunk, and what a chunk has besides its data.
enum { SIGNATURE = 8, HEADER = 25, OVERHEAD = 12, FRAME_SIDE_MAX = 8192 };

struct imp_animation {
    int width, height;
    // Viewers may enforce a minimum of their own.
    int delay; // of a frame [ms]
    uint8_t *bytes;
    size_t length, capacity;
    uint8_t *last, *part;    // (height x width x 3) the last frame, and the changed rectangle
    uint32_t frames, chunks; // so far; fcTL and fdAT chunks share one sequence of numbers
};

// PNG numbers are big-endian.
static uint32_t read_be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void write_be32(uint8_t *at, uint32_t value)
{
    for (int k = 0; k < 4; k++)
        at[k] = (uint8_t)(value >> (24 - 8 * k));
}

static void write_be16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

// Makes room for so many more bytes.
static bool reserve_bytes(imp_animation *a, size_t more)
{
    if (a->length + more <= a->capacity)
        return true;
    // The buffer at least doubles, so appending costs constant time per byte on average.
    const size_t capacity = 2 * (a->length + more);
    uint8_t *wider = realloc(a->bytes, capacity);
    if (wider == NULL)
        return false;
    a->bytes = wider;
    a->capacity = capacity;
    return true;
}

// Appends a chunk: length, type, data, CRC-32 of type and data. There must be room. number
// (nullable): the sequence number, which precedes the data.
static void append_chunk(imp_animation *a, const char *type, const uint32_t *number,
                         const uint8_t *data, size_t length)
{
    // The length field counts number and data, but not the type or the checksum.
    uint8_t *at = a->bytes + a->length;
    const size_t before = number != NULL ? 4 : 0;
    write_be32(at, (uint32_t)(before + length));
    memcpy(at + 4, type, 4);
    if (number != NULL)
        write_be32(at + 8, *number);
    if (length > 0)
        memcpy(at + 8 + before, data, length);
    const uLong sum = crc32(0, at + 4, (uInt)(4 + before + length));
    write_be32(at + 8 + before + length, (uint32_t)sum);
    a->length += OVERHEAD + before + length;
}

// The rectangle of the image that a frame replaces.
typedef struct changed_window {
    int left, top, right, bottom;
} changed_window;

// Appends fcTL: size and position of a frame, and its duration as a fraction of seconds.
static void append_frame_control(imp_animation *a, const changed_window *w)
{
    uint8_t data[22] = {0};
    write_be32(data, (uint32_t)(w->right - w->left));
    write_be32(data + 4, (uint32_t)(w->bottom - w->top));
    write_be32(data + 8, (uint32_t)w->left);
    write_be32(data + 12, (uint32_t)w->top);
    write_be16(data + 16, (uint32_t)a->delay);
    write_be16(data + 18, 1000);
    const uint32_t number = a->chunks++;
    append_chunk(a, "fcTL", &number, data, sizeof data);
}

// Writes acTL at its place: the number of frames, and 0 for endless repetition. It is written once
// as a placeholder and again at the end.
static void write_animation_control(imp_animation *a, size_t place)
{
    // The chunk always has the same size, so it can be overwritten in place.
    const size_t end = a->length;
    uint8_t data[8] = {0};
    write_be32(data, a->frames);
    a->length = place;
    append_chunk(a, "acTL", NULL, data, sizeof data);
    a->length = end > a->length ? end : a->length;
}

imp_status imp_animation_create(imp_animation **out, int width, int height, double frame_time,
                                imp_error *err)
{
    if (width < 1 || height < 1 || width > FRAME_SIDE_MAX || height > FRAME_SIDE_MAX ||
        !(frame_time >= 0.0 && frame_time <= 60.0))
        return imp_fail(err, IMP_USAGE, "frames of %d x %d pixels every %g s cannot be animated",
                        width, height, frame_time);
    // Buffers for the last frame, and for the part of the next that changed.
    imp_animation *a = calloc(1, sizeof *a);
    if (a == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an animation");
    a->last = malloc((size_t)width * (size_t)height * 3);
    a->part = malloc((size_t)width * (size_t)height * 3);
    if (a->last == NULL || a->part == NULL) {
        imp_animation_destroy(a);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an animation");
    }
    a->width = width;
    a->height = height;
    a->delay = (int)lround(1000.0 * frame_time);
    *out = a;
    return IMP_OK;
}

void imp_animation_destroy(imp_animation *animation)
{
    if (animation == NULL)
        return;
    free(animation->bytes);
    free(animation->last);
    free(animation->part);
    free(animation);
}

// Copies the compressed data of a PNG, chunk by chunk.
// Other chunks of the encoded PNG, such as its header, are skipped.
static void append_png_image_data(imp_animation *a, const uint8_t *png, size_t length)
{
    for (size_t at = SIGNATURE; at + OVERHEAD <= length;) {
        const size_t size = read_be32(png + at);
        if (memcmp(png + at + 4, "IDAT", 4) == 0) {
            if (a->frames == 0) {
                append_chunk(a, "IDAT", NULL, png + at + 8, size);
            } else {
                const uint32_t number = a->chunks++;
                append_chunk(a, "fdAT", &number, png + at + 8, size);
            }
        }
        at += OVERHEAD + size;
    }
}

// Returns the bounding rectangle of all pixels that differ from the last frame; one pixel if none
// does, because a frame must not be empty.
static changed_window find_changed_window(const imp_animation *a, const uint8_t *rgb)
{
    if (a->frames == 0)
        return (changed_window){0, 0, a->width, a->height};
    changed_window w = {a->width, a->height, 0, 0};
    const size_t stride = (size_t)a->width * 3;
    for (int row = 0; row < a->height; row++) {
        const uint8_t *old = a->last + (size_t)row * stride, *new = rgb + (size_t)row *stride;
        if (memcmp(old, new, stride) == 0)
            continue;
        // The first and last different pixel of the row.
        int left = 0, right = a->width;
        while (memcmp(old + 3 * left, new + 3 * left, 3) == 0)
            left++;
        while (memcmp(old + 3 * (right - 1), new + 3 * (right - 1), 3) == 0)
            right--;
        // Extend the rectangle by the row.
        w.left = left < w.left ? left : w.left;
        w.right = right > w.right ? right : w.right;
        w.top = row < w.top ? row : w.top;
        w.bottom = row + 1;
    }
    return w.bottom > 0 ? w : (changed_window){0, 0, 1, 1};
}

// Appends a frame of width x height RGB pixels. A failure leaves the animation as it was.
imp_status imp_animation_add_frame(imp_animation *a, const uint8_t *rgb, imp_error *err)
{
    uint8_t *png;
    size_t length;
    const changed_window w = find_changed_window(a, rgb);
    // Encode the changed rectangle.
    const size_t stride = (size_t)a->width * 3, size = (size_t)(w.right - w.left) * 3;
    for (int row = w.top; row < w.bottom; row++)
        memcpy(a->part + (size_t)(row - w.top) * size,
               rgb + (size_t)row * stride + (size_t)w.left * 3, size);
    IMP_TRY(imp_png_encode(&png, &length, w.right - w.left, w.bottom - w.top, a->part, err));
    // An fdAT chunk has four bytes more than an IDAT chunk, which has at least twelve. So twice the
    // PNG's length is enough.
    if (!reserve_bytes(a, 2 * length + 256)) {
        free(png);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an animation");
    }
    // The first frame provides signature and header of the file.
    if (a->frames == 0) {
        memcpy(a->bytes, png, SIGNATURE + HEADER);
        a->length = SIGNATURE + HEADER;
        write_animation_control(a, a->length);
    }
    append_frame_control(a, &w);
    append_png_image_data(a, png, length);
    memcpy(a->last, rgb, stride * (size_t)a->height);
    a->frames++;
    free(png);
    return IMP_OK;
}

imp_status imp_animation_write(imp_animation *a, const char *path, imp_error *err)
{
    if (a->frames == 0)
        return imp_fail(err, IMP_USAGE, "%s: an animation needs a frame", path);
    if (!reserve_bytes(a, OVERHEAD))
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an animation");
    write_animation_control(a, SIGNATURE + HEADER);
    // The end chunk is removed again afterwards, so that more frames can be added.
    const size_t length = a->length;
    append_chunk(a, "IEND", NULL, NULL, 0);
    const imp_status status = imp_file_write(path, a->bytes, a->length, err);
    a->length = length;
    return status;
}
