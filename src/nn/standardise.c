#include "nn/standardise.h"

#include <math.h>

// Sum and sum of squares, exact. Blocks keep the inner loop in 32 bits.
static void sums(const uint8_t *bytes, size_t count, uint64_t *sum, uint64_t *squares)
{
    enum { BLOCK = 32768 }; // 32768 * 255^2 < 2^32
    *sum = *squares = 0;
    for (size_t start = 0; start < count; start += BLOCK) {
        const size_t end = count - start < BLOCK ? count : start + BLOCK;
        uint32_t block_sum = 0, block_squares = 0;
        for (size_t i = start; i < end; i++) {
            block_sum += bytes[i];
            block_squares += (uint32_t)bytes[i] * bytes[i];
        }
        *sum += block_sum;
        *squares += block_squares;
    }
}

void imp_standardise(const uint8_t *rgb, int width, int height, float *out)
{
    const size_t pixels = (size_t)width * (size_t)height;
    const double count = 3.0 * (double)pixels;
    uint64_t sum, squares;
    sums(rgb, 3 * pixels, &sum, &squares);
    const double mean = (double)sum / count;
    const double variance = fmax((double)squares / count - mean * mean, 0.0);
    const double scale = 1.0 / fmax(sqrt(variance), 1.0 / sqrt(count));

    // only 256 different values can come out
    float table[256];
    for (int i = 0; i < 256; i++)
        table[i] = (float)((i - mean) * scale);
    float *red = out, *green = out + pixels, *blue = out + 2 * pixels;
    for (size_t i = 0; i < pixels; i++) {
        red[i] = table[rgb[3 * i]];
        green[i] = table[rgb[3 * i + 1]];
        blue[i] = table[rgb[3 * i + 2]];
    }
}
