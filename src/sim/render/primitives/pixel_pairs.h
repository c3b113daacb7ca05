// sim/render/primitives/pixel_pairs.h: pixels of an image as vectors. Eight neighbours are one
// vector of words, red lowest, or four vectors of pairs: vector k holds red, green, blue and
// something of pixel k, then of pixel k + 4.
#ifndef IMP_SIM_RENDER_PRIMITIVES_PIXEL_PAIRS_H
#define IMP_SIM_RENDER_PRIMITIVES_PIXEL_PAIRS_H

#include <string.h>

#include "sim/render/primitives/simd8.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Rounds pairs to bytes within 0..255, and packs them to words; NaN becomes 0.
typedef void imp_pack_pixel_pairs(const imp_f32x8 pairs[4], imp_i32x8 *pixels);

// Writes `count` pixels, eight at most, as bytes; the highest byte of each word is dropped.
typedef void imp_store_pixels(const imp_i32x8 *pixels, int count, uint8_t *rgb);

// Loads eight pixels (24 bytes) as pairs of integers, the fourth 0.
typedef void imp_load_pixel_pairs(const uint8_t *rgb, imp_i32x8 pairs[4]);

static inline void imp_load_pixel_pairs_portable(const uint8_t *rgb, imp_i32x8 pairs[4])
{
    for (int k = 0; k < 4; k++) {
        const uint8_t *first = rgb + 3 * k, *second = first + 12;
        pairs[k] = (imp_i32x8){first[0], first[1], first[2], 0, second[0], second[1], second[2], 0};
    }
}

static inline void imp_pack_pixel_pairs_portable(const imp_f32x8 pairs[4], imp_i32x8 *pixels)
{
    typedef uint8_t bytes_of_pair __attribute__((vector_size(8)));
    const imp_f32x8 zero = {0};
    int32_t words[8];
    for (int k = 0; k < 4; k++) {
        const imp_f32x8 raised = IMP_F32X8_MAX(pairs[k], zero);
        const imp_f32x8 limited = IMP_F32X8_MIN(raised, zero + 255.0f);
        const imp_i32x8 whole = __builtin_convertvector(limited + 0.5f, imp_i32x8);
        const bytes_of_pair bytes = __builtin_convertvector(whole, bytes_of_pair);
        int32_t pair[2];
        memcpy(pair, &bytes, sizeof pair);
        words[k] = pair[0];
        words[k + 4] = pair[1];
    }
    memcpy(pixels, words, sizeof words);
}

static inline void imp_store_pixels_portable(const imp_i32x8 *pixels, int count, uint8_t *rgb)
{
    for (int k = 0; k < count && k < 8; k++)
        for (int c = 0; c < 3; c++)
            rgb[3 * k + c] = (uint8_t)((*pixels)[k] >> 8 * c);
}

#if defined(__x86_64__)
// The bytes of pixel k, which starts at byte `first` of each half, as four integers.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define IMP_PIXEL_BYTES(first)                                                                     \
    first, -1, -1, -1, first + 1, -1, -1, -1, first + 2, -1, -1, -1, -1, -1, -1, -1
// NOLINTEND(bugprone-macro-parentheses)

IMP_AVX2 static inline void imp_load_pixel_pairs_avx2(const uint8_t *rgb, imp_i32x8 pairs[4])
{
    // bytes 0 to 15 and 8 to 23; pixel 4 starts at byte 12
    const __m128i *low = (const __m128i *)(const void *)rgb;
    const __m128i *high = (const __m128i *)(const void *)(rgb + 8);
    const __m256i bytes = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(low)),
                                                  _mm_loadu_si128(high), 1);
    const __m256i order[4] = {_mm256_setr_epi8(IMP_PIXEL_BYTES(0), IMP_PIXEL_BYTES(4)),
                              _mm256_setr_epi8(IMP_PIXEL_BYTES(3), IMP_PIXEL_BYTES(7)),
                              _mm256_setr_epi8(IMP_PIXEL_BYTES(6), IMP_PIXEL_BYTES(10)),
                              _mm256_setr_epi8(IMP_PIXEL_BYTES(9), IMP_PIXEL_BYTES(13))};
    for (int k = 0; k < 4; k++)
        pairs[k] = (imp_i32x8)_mm256_shuffle_epi8(bytes, order[k]);
}

// Packing limits negative values to 0. min() returns its second argument if that is NaN, of which
// the conversion makes the least integer.
IMP_AVX2 static inline __m256i imp_round_pixel_pair_avx2(imp_f32x8 pair)
{
    const __m256 limited = _mm256_min_ps(_mm256_set1_ps(255.0f), (__m256)pair);
    return _mm256_cvttps_epi32(_mm256_add_ps(limited, _mm256_set1_ps(0.5f)));
}

IMP_AVX2 static inline void imp_pack_pixel_pairs_avx2(const imp_f32x8 pairs[4], imp_i32x8 *pixels)
{
    // packing works within each half, and so brings pixels 0 to 3 and 4 to 7 together
    const __m256i low = _mm256_packs_epi32(imp_round_pixel_pair_avx2(pairs[0]),
                                           imp_round_pixel_pair_avx2(pairs[1]));
    const __m256i high = _mm256_packs_epi32(imp_round_pixel_pair_avx2(pairs[2]),
                                            imp_round_pixel_pair_avx2(pairs[3]));
    *pixels = (imp_i32x8)_mm256_packus_epi16(low, high);
}

IMP_AVX2 static inline void imp_store_pixels_avx2(const imp_i32x8 *pixels, int count, uint8_t *rgb)
{
    const __m256i close = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8((__m256i)*pixels, close),
                                                      _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    if (count >= 8) {
        _mm_storeu_si128((__m128i *)(void *)rgb, _mm256_castsi256_si128(bytes));
        _mm_storel_epi64((__m128i *)(void *)(rgb + 16), _mm256_extracti128_si256(bytes, 1));
        return;
    }
    uint8_t all[32];
    _mm256_storeu_si256((__m256i *)(void *)all, bytes);
    memcpy(rgb, all, (size_t)count * 3);
}
#endif

#endif
