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

// Scales rows of `size` bytes to floats that lie side by side.
IMP_DISPATCH_BODY standardise_rows_body(const uint8_t *bytes, size_t rows, size_t size, float mean,
                                        float factor, const imp_float_image *image)
{
    for (size_t y = 0; y < rows; y++, bytes += size) {
        float *out = image->values + y * image->row;
        for (size_t i = 0; i < size; i++)
            out[i] = ((float)bytes[i] - mean) * factor;
    }
}

IMP_DISPATCH_BY_CPU(static, sum_bytes,
                    (const uint8_t *bytes, size_t count, uint64_t *sum, uint64_t *squares),
                    (bytes, count, sum, squares))
IMP_DISPATCH_BY_CPU(static, standardise_rows,
                    (const uint8_t *bytes, size_t rows, size_t size, float mean, float factor,
                     const imp_float_image *image),
                    (bytes, rows, size, mean, factor, image))

// The same where other channels lie between the pixels.
static void scale_pixels(const uint8_t *bytes, size_t rows, size_t columns, float mean,
                         float factor, const imp_float_image *image)
{
    for (size_t y = 0; y < rows; y++)
        for (size_t x = 0; x < columns; x++, bytes += 3)
            for (size_t c = 0; c < 3; c++)
                image->values[y * image->row + x * image->pixel + c] =
                    ((float)bytes[c] - mean) * factor;
}

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
    if (out->pixel == 3)
        standardise_rows(rgb, rows, 3 * columns, (float)mean, (float)factor, out);
    else
        scale_pixels(rgb, rows, columns, (float)mean, (float)factor, out);
}
