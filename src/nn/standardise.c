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

// Interleaved pixels to three planes.
IMP_CLONED scale_body(const uint8_t *rgb, size_t pixels, float mean, float factor, float *out)
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
        for (int c = 0; c < 3; c++) {
            float *plane = out + (size_t)c * pixels + start;
            for (size_t i = 0; i < count; i++)
                plane[i] = ((float)channels[c][i] - mean) * factor;
        }
    }
}

IMP_CLONES(static, sums, (const uint8_t *bytes, size_t count, uint64_t *sum, uint64_t *squares),
           (bytes, count, sum, squares))
IMP_CLONES(static, scale, (const uint8_t *rgb, size_t pixels, float mean, float factor, float *out),
           (rgb, pixels, mean, factor, out))

void imp_standardise(const uint8_t *rgb, int width, int height, float *out)
{
    const size_t pixels = (size_t)width * (size_t)height;
    const double count = 3.0 * (double)pixels;
    uint64_t sum, squares;
    sums(rgb, 3 * pixels, &sum, &squares);
    const double mean = (double)sum / count;
    const double variance = fmax((double)squares / count - mean * mean, 0.0);
    const double factor = 1.0 / fmax(sqrt(variance), 1.0 / sqrt(count));
    scale(rgb, pixels, (float)mean, (float)factor, out);
}
