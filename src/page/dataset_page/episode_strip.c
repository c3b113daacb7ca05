// Frames of episodes as strips: each frame is reduced by averaging blocks of pixels, strips are
// JPEG. Series are sampled and quantised to bytes, since a plot is a few hundred pixels wide.
#include "page/dataset_page/episode_strip.h"

#include <math.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/image/jpeg_codec.h"
#include "base/text/base64.h"

enum { FRAME_WIDTH_MAX = 96, QUALITY = 72, UNKNOWN = -128, LARGEST = 127 };

// The distance that the largest byte stands for [m].
#define LANE_RANGE 0.4

struct imp_episode_strip {
    int count, width, height; // of frames in the strip
    int factor;               // pixels of a block, in each direction
    int source_width, source_height;
    uint8_t *pixels; // (height x count * width x 3)
    imp_jpeg_writer *writer;
};

imp_status imp_episode_strip_create(imp_episode_strip **out, const imp_dataset_info *info,
                                    int count, int *width, int *height, imp_error *err)
{
    imp_episode_strip *s = calloc(1, sizeof *s);
    if (s == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a page");
    s->count = count;
    s->source_width = info->width;
    s->source_height = info->height;
    s->factor = (info->width + FRAME_WIDTH_MAX - 1) / FRAME_WIDTH_MAX;
    // very flat images keep a row
    s->factor = s->factor > info->height ? info->height : s->factor;
    s->width = info->width / s->factor;
    s->height = info->height / s->factor;
    s->pixels = malloc((size_t)count * (size_t)s->width * (size_t)s->height * 3);
    imp_status status =
        s->pixels != NULL
            ? imp_jpeg_writer_create(&s->writer, count * s->width, s->height, QUALITY, err)
            : imp_fail(err, IMP_NO_MEMORY, "out of memory for a page");
    if (status != IMP_OK) {
        imp_episode_strip_destroy(s);
        return status;
    }
    *width = s->width;
    *height = s->height;
    *out = s;
    return IMP_OK;
}

void imp_episode_strip_destroy(imp_episode_strip *strip)
{
    if (strip == NULL)
        return;
    imp_jpeg_writer_destroy(strip->writer);
    free(strip->pixels);
    free(strip);
}

// Writes a base64 string with its quotation marks.
static imp_status write_bytes(FILE *out, const void *bytes, size_t length, imp_error *err)
{
    char *letters = malloc(imp_base64_length(length) + 1);
    if (letters == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a page");
    imp_base64_encode(letters, bytes, length);
    fprintf(out, "\"%s\"", letters);
    free(letters);
    return IMP_OK;
}

// The mean of a block of one channel.
static uint8_t mean_of_block(const imp_episode_strip *s, const uint8_t *image, int x, int y,
                             int channel)
{
    const int f = s->factor;
    unsigned sum = 0;
    for (int row = y * f; row < (y + 1) * f; row++)
        for (int column = x * f; column < (x + 1) * f; column++)
            sum += image[3 * ((size_t)row * (size_t)s->source_width + (size_t)column) +
                         (size_t)channel];
    const unsigned pixels = (unsigned)(f * f);
    return (uint8_t)((sum + pixels / 2) / pixels);
}

// Draws one frame into its place in the strip.
static void copy_frame_into_strip(imp_episode_strip *s, int place, const uint8_t *image)
{
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++)
            for (int c = 0; c < 3; c++) {
                const size_t column = (size_t)place * (size_t)s->width + (size_t)x;
                const size_t pixel = (size_t)y * (size_t)s->count * (size_t)s->width + column;
                s->pixels[3 * pixel + (size_t)c] = mean_of_block(s, image, x, y, c);
            }
}

imp_status imp_episode_strip_write(imp_episode_strip *strip, FILE *out, const imp_episode *episode,
                                   imp_error *err)
{
    const size_t image = (size_t)strip->source_width * (size_t)strip->source_height * 3;
    const uint8_t *data;
    size_t length;
    for (int k = 0; k < strip->count; k++) {
        // the frame in the middle of the time that its place stands for
        const size_t rows = (size_t)episode->steps + 1;
        const size_t frame = (2 * (size_t)k + 1) * rows / (2 * (size_t)strip->count);
        copy_frame_into_strip(strip, k, episode->observations + frame * image);
    }
    IMP_TRY(imp_jpeg_writer_encode(strip->writer, strip->pixels, &data, &length, err));
    return write_bytes(out, data, length, err);
}

// A value as a byte; `range` is the largest.
static int8_t quantise_to_byte(double value, double range)
{
    if (isnan(value))
        return UNKNOWN;
    const double scaled = LARGEST * fmax(-1.0, fmin(1.0, value / range));
    return (int8_t)lround(scaled);
}

imp_status imp_episode_series_write(FILE *out, const imp_episode *episode, imp_error *err)
{
    int8_t bytes[IMP_SERIES_COUNT][IMP_SERIES_POINTS_MAX];
    const int points =
        episode->steps < IMP_SERIES_POINTS_MAX ? episode->steps : IMP_SERIES_POINTS_MAX;
    for (int p = 0; p < points; p++) {
        const size_t step = (size_t)p * (size_t)episode->steps / (size_t)points;
        for (size_t wheel = 0; wheel < 2; wheel++) {
            bytes[wheel][p] = quantise_to_byte((double)episode->actions[2 * step + wheel], 1.0);
            bytes[2 + wheel][p] =
                quantise_to_byte((double)episode->expert_actions[2 * step + wheel], 1.0);
        }
        bytes[4][p] = quantise_to_byte(episode->lane[2 * step], LANE_RANGE);
    }
    // one series after the other
    for (int k = 1; k < IMP_SERIES_COUNT; k++)
        for (int p = 0; p < points; p++)
            ((int8_t *)bytes)[k * points + p] = bytes[k][p];
    return write_bytes(out, bytes, (size_t)IMP_SERIES_COUNT * (size_t)points, err);
}
