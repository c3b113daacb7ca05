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

static const imp_simd8_ops IMP_SIMD8_OPS_PORTABLE = {imp_simd8_lane_bits_portable,
                                                     imp_simd8_gather_portable};

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

// Needs a processor with AVX2.
static const imp_simd8_ops IMP_SIMD8_OPS_AVX2 = {imp_simd8_lane_bits_avx2, imp_simd8_gather_avx2};
#endif

#endif
