// sim/render/ground/ground_texels.h: reads and adds up the texels of a group's samples. It is the
// part of the ground whose fastest instructions have no portable form, so there is one version for
// each instruction set. All give the same sums, which are integers.
#ifndef IMP_SIM_RENDER_GROUND_GROUND_TEXELS_H
#define IMP_SIM_RENDER_GROUND_GROUND_TEXELS_H

#include <assert.h>
#include <string.h>

#include "sim/render/ground/ground.h"
#include "sim/render/primitives/simd8.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Samples that are located together: enough for any group, few enough to stay in the cache.
enum { IMP_PLACES_MAX = 128 };
static_assert((int)IMP_PLACES_MAX >= (int)IMP_GROUP_SAMPLES_MAX, "a group's samples must fit");

// Located samples, eight positions each: index of the upper left texel; its weights as bytes,
// lowest first: upper left, lower left, upper right, lower right; the cell (only if cells have
// colours). Per sample, the texels per row of its level.
typedef struct imp_texel_places {
    _Alignas(64) int32_t texels[IMP_PLACES_MAX][IMP_LANES];
    uint32_t weights[IMP_PLACES_MAX][IMP_LANES];
    int32_t cells[IMP_PLACES_MAX][IMP_LANES];
    int32_t strides[IMP_PLACES_MAX];
} imp_texel_places;

// Adds up located samples first to first + count - 1. Sums are 64 times the bytes. sums[k] receives
// those of pixel k (red, green, blue, cover), then those of pixel k + 4. white: cells have no
// colours; otherwise samples are multiplied by them.
typedef void imp_sum_texels(const imp_ground_uniforms *uniforms, const imp_texel_places *places,
                            int first, int count, bool white, imp_i32x8 sums[IMP_LANES / 2]);

// Number of samples whose sum fits 16 bits: 4 * 64 * 255 < 65536.
enum { IMP_PACKED_SAMPLES_MAX = 4 };

// A sample of one pixel: four channels of 16 bits, red, blue, green and cover from the lowest on.
static inline uint64_t imp_texel_sample_mix(const uint32_t *upper, const uint32_t *lower,
                                            uint32_t weights)
{
    const uint32_t corner[4] = {upper[0], lower[0], upper[1], lower[1]};
    uint64_t mixed = 0;
    for (int k = 0; k < 4; k++) {
        const uint64_t spread = (corner[k] | (uint64_t)corner[k] << 24) & 0x00ff00ff00ff00ffu;
        mixed += spread * (weights >> 8 * k & 255);
    }
    return mixed;
}

IMP_ALWAYS_INLINE void imp_sum_texels_portable(const imp_ground_uniforms *uniforms,
                                               const imp_texel_places *places, int first, int count,
                                               bool white, imp_i32x8 sums[IMP_LANES / 2])
{
    const int most = white ? IMP_PACKED_SAMPLES_MAX : 1;
    int32_t sum[IMP_LANES][4] = {{0}};
    for (int k = 0; k < IMP_LANES; k++)
        for (int n = first; n < first + count;) {
            uint64_t packed = 0;
            const int cell = white ? 0 : places->cells[n][k];
            for (int end = n + most; n < first + count && n < end; n++) {
                const uint32_t *upper = uniforms->scene->texels + places->texels[n][k];
                packed +=
                    imp_texel_sample_mix(upper, upper + places->strides[n], places->weights[n][k]);
            }
            int32_t sample[4] = {0};
            imp_texture_unpack_sample(packed, sample);
            for (int c = 0; c < 4; c++)
                sum[k][c] += white ? sample[c] : sample[c] * uniforms->colours[cell][2 * c];
        }
    for (int k = 0; k < IMP_LANES; k++)
        memcpy((char *)&sums[k % 4] + k / 4 * sizeof sum[k], sum[k], sizeof sum[k]);
}

#if defined(__x86_64__)
// The order of bytes that repeats the weights of pixels k and k + 4 for four channels: first those
// of the left texels, then of the right ones.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define IMP_WEIGHT_BYTES(a, b, c, d) a, b, a, b, a, b, a, b, c, d, c, d, c, d, c, d
#define IMP_WEIGHT_ORDER(k)                                                                        \
    _mm256_setr_epi8(IMP_WEIGHT_BYTES(4 * k, 4 * k + 1, 4 * k + 2, 4 * k + 3),                     \
                     IMP_WEIGHT_BYTES(4 * k, 4 * k + 1, 4 * k + 2, 4 * k + 3))
// NOLINTEND(bugprone-macro-parentheses)

// Two texels from each of two places; what lies beyond them is not used.
IMP_AVX2 static inline __m256i imp_texels_load_pair(const uint32_t *texels, const int32_t *at)
{
    const __m128i *first = (const __m128i *)(const void *)(texels + at[0]);
    const __m128i *second = (const __m128i *)(const void *)(texels + at[4]);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(first)),
                                   _mm_loadu_si128(second), 1);
}

// A sample of a pair of pixels as 16-bit numbers: the weighted left texels of the first pixel, the
// right ones, then those of the second. maddubs multiplies bytes by weights and adds neighbours, so
// upper and lower texels are interleaved. The four weights add up to 64: nothing overflows.
IMP_AVX2 static inline __m256i imp_texels_weigh_pair(const uint32_t *upper, const uint32_t *lower,
                                                     const int32_t *at, __m256i weights,
                                                     __m256i order)
{
    const __m256i both =
        _mm256_unpacklo_epi8(imp_texels_load_pair(upper, at), imp_texels_load_pair(lower, at));
    return _mm256_maddubs_epi16(both, _mm256_shuffle_epi8(weights, order));
}

// Adds samples times the colours of their cells.
IMP_AVX2 static inline __m256i imp_texels_add_tinted(__m256i sum, __m256i sample,
                                                     const imp_ground_uniforms *uniforms,
                                                     const int32_t *cells)
{
    const __m128i *colours = (const __m128i *)(const void *)uniforms->colours;
    const __m256i tint =
        _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_load_si128(colours + cells[0])),
                                _mm_load_si128(colours + cells[4]), 1);
    // left and right become neighbours, which madd adds
    const __m256i pairs = _mm256_unpacklo_epi16(sample, _mm256_unpackhi_epi64(sample, sample));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, tint));
}

// Adds 16-bit sums of left and right texels, in 32 bits.
IMP_AVX2 static inline __m256i imp_texels_widen(__m256i part)
{
    const __m256i zero = _mm256_setzero_si256();
    return _mm256_add_epi32(_mm256_unpacklo_epi16(part, zero), _mm256_unpackhi_epi16(part, zero));
}

// Adds the samples first to last - 1, at most IMP_PACKED_SAMPLES_MAX of them if `white`.
IMP_ALWAYS_INLINE IMP_AVX2 void imp_texels_add_samples(const imp_ground_uniforms *uniforms,
                                                       const imp_texel_places *places, int first,
                                                       int last, bool white, __m256i sum[4])
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i part0 = zero, part1 = zero, part2 = zero, part3 = zero;
    for (int n = first; n < last; n++) {
        const uint32_t *upper = uniforms->scene->texels, *lower = upper + places->strides[n];
        const int32_t *at = places->texels[n], *cells = places->cells[n];
        const __m256i weights =
            _mm256_load_si256((const __m256i *)(const void *)places->weights[n]);
        const __m256i add0 = imp_texels_weigh_pair(upper, lower, at, weights, IMP_WEIGHT_ORDER(0));
        const __m256i add1 =
            imp_texels_weigh_pair(upper, lower, at + 1, weights, IMP_WEIGHT_ORDER(1));
        const __m256i add2 =
            imp_texels_weigh_pair(upper, lower, at + 2, weights, IMP_WEIGHT_ORDER(2));
        const __m256i add3 =
            imp_texels_weigh_pair(upper, lower, at + 3, weights, IMP_WEIGHT_ORDER(3));
        if (white) {
            part0 = _mm256_add_epi16(part0, add0);
            part1 = _mm256_add_epi16(part1, add1);
            part2 = _mm256_add_epi16(part2, add2);
            part3 = _mm256_add_epi16(part3, add3);
        } else {
            part0 = imp_texels_add_tinted(part0, add0, uniforms, cells);
            part1 = imp_texels_add_tinted(part1, add1, uniforms, cells + 1);
            part2 = imp_texels_add_tinted(part2, add2, uniforms, cells + 2);
            part3 = imp_texels_add_tinted(part3, add3, uniforms, cells + 3);
        }
    }
    sum[0] = _mm256_add_epi32(sum[0], white ? imp_texels_widen(part0) : part0);
    sum[1] = _mm256_add_epi32(sum[1], white ? imp_texels_widen(part1) : part1);
    sum[2] = _mm256_add_epi32(sum[2], white ? imp_texels_widen(part2) : part2);
    sum[3] = _mm256_add_epi32(sum[3], white ? imp_texels_widen(part3) : part3);
}

IMP_ALWAYS_INLINE IMP_AVX2 void imp_sum_texels_avx2(const imp_ground_uniforms *uniforms,
                                                    const imp_texel_places *places, int first,
                                                    int count, bool white,
                                                    imp_i32x8 sums[IMP_LANES / 2])
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i sum[IMP_LANES / 2] = {zero, zero, zero, zero};
    const int most = white ? IMP_PACKED_SAMPLES_MAX : count, last = first + count;
    for (; last - first > most; first += most)
        imp_texels_add_samples(uniforms, places, first, first + most, white, sum);
    imp_texels_add_samples(uniforms, places, first, last, white, sum);
    for (int k = 0; k < IMP_LANES / 2; k++)
        sums[k] = (imp_i32x8)sum[k];
}
#endif

#endif
