// sim/render/ground/pixel_store_avx2.h: writes eight 32-bit pixels as 24 bytes, for ground and sky.
#ifndef IMP_SIM_RENDER_GROUND_PIXEL_STORE_AVX2_H
#define IMP_SIM_RENDER_GROUND_PIXEL_STORE_AVX2_H

#if defined(__x86_64__)

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "base/common/attributes.h"
#include "sim/render/primitives/simd8.h"

// Writes up to eight pixels of 32 bits each, red lowest; the highest byte is dropped.
IMP_AVX2 static inline void imp_avx_store_pixels(__m256i pixels, int count, uint8_t *rgb)
{
    const __m256i close = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(pixels, close),
                                                      _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    if (count >= IMP_LANES) {
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
