#include "nn/standardise.h"

#include "nn/clones.h"

#include <math.h>

// Sum and sum of squares, exact. Blocks keep the inner loop in 32 bits.
IMP_CLONED sums_body(const uint8_t *bytes, size_t count, uint64_t *sum, uint64_t *squares)
{
    enum { BLOCK = 32768 }; // 32768 * 255^2 < 2^32
    *sum = *squares = 0;
    for (size_t start = 0; start < count; start += BLOCK) {
        const size_t end = count - start < BLOCK ? count : start + BLOCK;
        uint32_t block_sum = 0, block_squares = 0;
        for (size_t i = start; i < end; i++) {
            const uint16_t byte = bytes[i];
            block_sum += byte;
            block_squares += (uint16_t)(byte * byte); // 255^2 < 2^16
        }
        *sum += block_sum;
        *squares += block_squares;
    }
}

// Bytes of a row to floats, in their order.
IMP_CLONED scale_body(const uint8_t *bytes, size_t count, float mean, float factor, float *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = ((float)bytes[i] - mean) * factor;
}

// Pixels of a row to three planes.
IMP_CLONED part_body(const uint8_t *rgb, size_t pixels, float mean, float factor, float *out,
                     size_t colour)
{
    enum { BLOCK = 256 };
    for (size_t start = 0; start < pixels; start += BLOCK) {
        const size_t count = pixels - start < BLOCK ? pixels - start : BLOCK;
        uint8_t red[BLOCK], green[BLOCK], blue[BLOCK];
        const uint8_t *const channels[3] = {red, green, blue};
        for (size_t i = 0; i < count; i++) {
            red[i] = rgb[3 * (start + i)];
            green[i] = rgb[3 * (start + i) + 1];
            blue[i] = rgb[3 * (start + i) + 2];
        }
        for (size_t c = 0; c < 3; c++) {
            float *plane = out + c * colour + start;
            for (size_t i = 0; i < count; i++)
                plane[i] = ((float)channels[c][i] - mean) * factor;
        }
    }
}

IMP_CLONES(static, sums, (const uint8_t *bytes, size_t count, uint64_t *sum, uint64_t *squares),
           (bytes, count, sum, squares))
IMP_CLONES(static, scale,
           (const uint8_t *bytes, size_t count, float mean, float factor, float *out),
           (bytes, count, mean, factor, out))
IMP_CLONES(static, part,
           (const uint8_t *rgb, size_t pixels, float mean, float factor, float *out, size_t colour),
           (rgb, pixels, mean, factor, out, colour))

void imp_standardise(const uint8_t *rgb, int width, int height, const imp_picture *out)
{
    const size_t columns = (size_t)width, rows = (size_t)height;
    const double count = 3.0 * (double)(columns * rows);
    uint64_t sum, squares;
    sums(rgb, 3 * columns * rows, &sum, &squares);
    const double mean = (double)sum / count;
    const double variance = fmax((double)squares / count - mean * mean, 0.0);
    const double factor = 1.0 / fmax(sqrt(variance), 1.0 / sqrt(count));
    for (size_t y = 0; y < rows; y++) {
        const uint8_t *in = rgb + y * columns * 3;
        float *row = out->values + y * out->row;
        if (out->colour == 1)
            scale(in, 3 * columns, (float)mean, (float)factor, row);
        else
            part(in, columns, (float)mean, (float)factor, row, out->colour);
    }
}
