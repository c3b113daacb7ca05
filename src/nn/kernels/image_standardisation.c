// Standardises images: subtracts the mean of all values and divides by their standard deviation.
// Plain version: two passes, one for the exact integer sums of bytes and squares, one that scales
// each byte.
// Integer sums make the result independent of the order of addition, so all instruction sets give
// the same bits.
#include "nn/kernels/image_standardisation.h"

#include "nn/kernels/cpu_dispatch.h"

#include <math.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Exact sums of bytes and of their squares. Blocks keep the inner loop within 32 bits, where it
// vectorises best.
IMP_DISPATCH_BODY sum_bytes_body(const uint8_t *bytes, size_t count, uint64_t *sum,
                                 uint64_t *squares)
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

// Scales rows of `size` bytes to floats in the same order (interleaved colours).
IMP_DISPATCH_BODY scale_interleaved_body(const uint8_t *bytes, size_t rows, size_t size, float mean,
                                         float factor, const imp_float_image *image)
{
    for (size_t y = 0; y < rows; y++, bytes += size) {
        float *out = image->values + y * image->row;
        for (size_t i = 0; i < size; i++)
            out[i] = ((float)bytes[i] - mean) * factor;
    }
}

// Scales the RGB pixels of a row to three planes, which are `colour` floats apart.
IMP_DISPATCH_BODY scale_to_planes_body(const uint8_t *rgb, size_t pixels, float mean, float factor,
                                       float *out, size_t colour)
{
    enum { BLOCK = 256 };
    for (size_t start = 0; start < pixels; start += BLOCK) {
        const size_t count = pixels - start < BLOCK ? pixels - start : BLOCK;
        // separate the colours of a block first, so that the scaling loop vectorises
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

IMP_DISPATCH_BY_CPU(static, sum_bytes,
                    (const uint8_t *bytes, size_t count, uint64_t *sum, uint64_t *squares),
                    (bytes, count, sum, squares))
IMP_DISPATCH_BY_CPU(static, scale_interleaved,
                    (const uint8_t *bytes, size_t rows, size_t size, float mean, float factor,
                     const imp_float_image *image),
                    (bytes, rows, size, mean, factor, image))
IMP_DISPATCH_BY_CPU(static, scale_to_planes,
                    (const uint8_t *rgb, size_t pixels, float mean, float factor, float *out,
                     size_t colour),
                    (rgb, pixels, mean, factor, out, colour))

#if defined(__x86_64__)
// Sums as many whole vectors of 64 bytes as there are and returns the number of bytes; three times
// as fast as the loop above.
__attribute__((target("avx512f,avx512bw"))) static size_t
sum_whole_vectors(const uint8_t *bytes, size_t count, uint64_t *sum, uint64_t *squares)
{
    enum { VECTOR = 64, BLOCK = 1 << 20 }; // 2 * 255^2 * BLOCK / VECTOR < 2^32
    const __m512i zero = _mm512_setzero_si512();
    const size_t end = count / VECTOR * VECTOR;
    for (size_t i = 0; i < end;) {
        const size_t stop = end - i < BLOCK ? end : i + BLOCK;
        // total: byte sums in 64-bit lanes; low, high: sums of squares in 32-bit lanes
        __m512i total = zero, low = zero, high = zero;
        for (; i < stop; i += VECTOR) {
            const __m512i value = _mm512_loadu_si512(bytes + i),
                          first = _mm512_unpacklo_epi8(value, zero),
                          second = _mm512_unpackhi_epi8(value, zero);
            total = _mm512_add_epi64(total, _mm512_sad_epu8(value, zero));
            low = _mm512_add_epi32(low, _mm512_madd_epi16(first, first));
            high = _mm512_add_epi32(high, _mm512_madd_epi16(second, second));
        }
        // The 32-bit lanes are widened to 64 bits before they are added up.
        const __m512i even = _mm512_set1_epi64(UINT32_MAX);
        const __m512i lanes[] = {low, high};
        *sum += (uint64_t)_mm512_reduce_add_epi64(total);
        for (int k = 0; k < 2; k++)
            *squares += (uint64_t)_mm512_reduce_add_epi64(_mm512_add_epi64(
                _mm512_and_si512(lanes[k], even), _mm512_srli_epi64(lanes[k], 32)));
    }
    return end;
}
#endif

// Sums all bytes: whole vectors with AVX-512 if possible, the rest with the portable loop.
static void sum_image_bytes(const uint8_t *bytes, size_t count, uint64_t *sum, uint64_t *squares)
{
    uint64_t first = 0, first_squares = 0;
    size_t done = 0;
#if defined(__x86_64__)
    if (imp_cpu_has_avx512())
        done = sum_whole_vectors(bytes, count, &first, &first_squares);
#endif
    sum_bytes(bytes + done, count - done, sum, squares);
    *sum += first;
    *squares += first_squares;
}

// The standard deviation is at least 1 / sqrt(n), as in TensorFlow, so that uniform images do not
// divide by zero.
void imp_standardise_image(const uint8_t *rgb, int width, int height, const imp_float_image *out)
{
    const size_t columns = (size_t)width, rows = (size_t)height;
    const double count = 3.0 * (double)(columns * rows);
    // exact sums give mean and variance
    uint64_t sum, squares;
    sum_image_bytes(rgb, 3 * columns * rows, &sum, &squares);
    const double mean = (double)sum / count;
    const double variance = fmax((double)squares / count - mean * mean, 0.0);
    const double factor = 1.0 / fmax(sqrt(variance), 1.0 / sqrt(count));
    // one colour stride of 1 means interleaved output, otherwise three planes
    if (out->colour == 1) {
        scale_interleaved(rgb, rows, 3 * columns, (float)mean, (float)factor, out);
        return;
    }
    for (size_t y = 0; y < rows; y++)
        scale_to_planes(rgb + y * columns * 3, columns, (float)mean, (float)factor,
                        out->values + y * out->row, out->colour);
}
