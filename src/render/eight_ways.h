// render/eight_ways.h: what compilers find no short way of their own for, of eight numbers at once.
#ifndef IMP_RENDER_EIGHT_WAYS_H
#define IMP_RENDER_EIGHT_WAYS_H

#include "base/processor.h"
#include "render/eight.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef struct imp_eight_ways {
    // a bit for each lane of a mask, the first lowest
    unsigned (*bits)(const imp_eight_bits *lanes);
    void (*words)(const uint32_t *from, const imp_eight_bits *at, imp_eight_bits *out);
} imp_eight_ways;

static inline unsigned imp_bits_plain(const imp_eight_bits *lanes)
{
    unsigned bits = 0;
    for (int k = 0; k < 8; k++)
        bits |= (unsigned)((*lanes)[k] & 1) << k;
    return bits;
}

static inline void imp_words_plain(const uint32_t *from, const imp_eight_bits *at,
                                   imp_eight_bits *out)
{
    for (int k = 0; k < 8; k++)
        (*out)[k] = (int32_t)from[(*at)[k]];
}

static const imp_eight_ways IMP_WAYS_PLAIN = {imp_bits_plain, imp_words_plain};

#if defined(__x86_64__)
__attribute__((target("avx2"))) static inline unsigned imp_bits_avx2(const imp_eight_bits *lanes)
{
    return (unsigned)_mm256_movemask_ps((__m256)*lanes);
}

__attribute__((target("avx2"))) static inline void
imp_words_avx2(const uint32_t *from, const imp_eight_bits *at, imp_eight_bits *out)
{
    // none is negative, but compilers do not know that, and so gather into zeros, not into what the
    // processor would wait for
    const __m256i all = _mm256_cmpgt_epi32((__m256i)*at, _mm256_set1_epi32(-1));
    *out = (imp_eight_bits)_mm256_mask_i32gather_epi32(
        _mm256_setzero_si256(), (const int *)(const void *)from, (__m256i)*at, all, 4);
}

// Needs a processor with AVX2.
static const imp_eight_ways IMP_WAYS_WIDE = {imp_bits_avx2, imp_words_avx2};
#endif

#endif
