// sim/render/primitives/simd8_ops.h: operations on eight lanes that compilers translate poorly. The
// portable version defines the result; the AVX2 version returns the same. Kernels get a table as a
// constant argument, so that calls are inlined.
#ifndef IMP_SIM_RENDER_PRIMITIVES_SIMD8_OPS_H
#define IMP_SIM_RENDER_PRIMITIVES_SIMD8_OPS_H

#include "base/threads/cpu_features.h"
#include "sim/render/primitives/simd8.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef struct imp_simd8_ops {
    // packs a mask into bits, lane 0 lowest
    unsigned (*lane_bits)(const imp_i32x8 *lanes);
    // out[k] = from[at[k]]; indices must not be negative
    void (*gather)(const uint32_t *from, const imp_i32x8 *at, imp_i32x8 *out);
    // limits values to 0..most; NaN becomes 0
    void (*clamp)(const imp_f32x8 *values, const imp_f32x8 *most, imp_f32x8 *out);
    // the lower 16 bits (signed) of each lane times those of b, plus the same of the upper 16 bits
    void (*dot_halves)(const imp_i32x8 *a, int32_t b, imp_i32x8 *out);
} imp_simd8_ops;

static inline unsigned imp_simd8_lane_bits_portable(const imp_i32x8 *lanes)
{
    unsigned lane_bits = 0;
    for (int k = 0; k < 8; k++)
        lane_bits |= (unsigned)((*lanes)[k] & 1) << k;
    return lane_bits;
}

static inline void imp_simd8_gather_portable(const uint32_t *from, const imp_i32x8 *at,
                                             imp_i32x8 *out)
{
    for (int k = 0; k < 8; k++)
        (*out)[k] = (int32_t)from[(*at)[k]];
}

static inline void imp_simd8_clamp_portable(const imp_f32x8 *values, const imp_f32x8 *most,
                                            imp_f32x8 *out)
{
    const imp_f32x8 zero = {0}, raised = IMP_F32X8_MAX(*values, zero);
    *out = IMP_F32X8_MIN(raised, *most);
}

static inline void imp_simd8_dot_halves_portable(const imp_i32x8 *a, int32_t b, imp_i32x8 *out)
{
    *out = (*a << 16 >> 16) * (int16_t)b + (*a >> 16) * (b >> 16);
}

static const imp_simd8_ops IMP_SIMD8_OPS_PORTABLE = {
    imp_simd8_lane_bits_portable, imp_simd8_gather_portable, imp_simd8_clamp_portable,
    imp_simd8_dot_halves_portable};

#if defined(__x86_64__)
IMP_AVX2 static inline unsigned imp_simd8_lane_bits_avx2(const imp_i32x8 *lanes)
{
    return (unsigned)_mm256_movemask_ps((__m256)*lanes);
}

IMP_AVX2 static inline void imp_simd8_gather_avx2(const uint32_t *from, const imp_i32x8 *at,
                                                  imp_i32x8 *out)
{
    // the mask is always true, since no index is negative; but the masked form gathers into zeros
    // and so avoids a dependency on the old register
    const __m256i all = _mm256_cmpgt_epi32((__m256i)*at, _mm256_set1_epi32(-1));
    *out = (imp_i32x8)_mm256_mask_i32gather_epi32(
        _mm256_setzero_si256(), (const int *)(const void *)from, (__m256i)*at, all, 4);
}

IMP_AVX2 static inline void imp_simd8_clamp_avx2(const imp_f32x8 *values, const imp_f32x8 *most,
                                                 imp_f32x8 *out)
{
    // max() returns its second argument if the first is NaN
    *out = (imp_f32x8)_mm256_min_ps(_mm256_max_ps((__m256)*values, _mm256_setzero_ps()),
                                    (__m256)*most);
}

IMP_AVX2 static inline void imp_simd8_dot_halves_avx2(const imp_i32x8 *a, int32_t b, imp_i32x8 *out)
{
    *out = (imp_i32x8)_mm256_madd_epi16((__m256i)*a, _mm256_set1_epi32(b));
}

// Needs a processor with AVX2.
static const imp_simd8_ops IMP_SIMD8_OPS_AVX2 = {imp_simd8_lane_bits_avx2, imp_simd8_gather_avx2,
                                                 imp_simd8_clamp_avx2, imp_simd8_dot_halves_avx2};
#endif

#endif
