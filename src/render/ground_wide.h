// render/ground_wide.h: what the paths with vectors share: where the samples of eight pixels lie.
#ifndef IMP_RENDER_GROUND_WIDE_H
#define IMP_RENDER_GROUND_WIDE_H

#include "render/ground.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define IMP_AVX2 __attribute__((target("avx2")))

// A picture's constants in vectors.
typedef struct imp_wide_frame {
    __m256 x_forward, x_right, x_start, x_end;
    __m256 z_forward, z_right, z_start, z_end;
    __m256i columns;
} imp_wide_frame;

IMP_AVX2 static imp_wide_frame imp_wide_frame_of(const imp_ground_frame *frame)
{
    return (imp_wide_frame){
        .x_forward = _mm256_set1_ps(frame->x_forward),
        .x_right = _mm256_set1_ps(frame->x_right),
        .x_start = _mm256_set1_ps(frame->x_start),
        .x_end = _mm256_set1_ps(frame->x_end),
        .z_forward = _mm256_set1_ps(frame->z_forward),
        .z_right = _mm256_set1_ps(frame->z_right),
        .z_start = _mm256_set1_ps(frame->z_start),
        .z_end = _mm256_set1_ps(frame->z_end),
        .columns = _mm256_set1_epi32(frame->columns),
    };
}

IMP_AVX2 static inline __m256i imp_wide_on_cells(__m256 position, __m256 end)
{
    // in this order of arguments what is not a number ends at 0
    return _mm256_cvttps_epi32(_mm256_min_ps(_mm256_max_ps(position, _mm256_setzero_ps()), end));
}

// Eight positions: their cells, the texels at their top left, and the weights of the four around
// each as bytes.
typedef struct imp_wide_places {
    int32_t cells[IMP_LANES], texels[IMP_LANES];
    __m256i weights;
} imp_wide_places;

IMP_AVX2 static inline void imp_wide_locate(const imp_ground_frame *frame,
                                            const imp_wide_frame *wide, int level,
                                            const imp_ground_step *step, imp_wide_places *out)
{
    const __m256 forward = _mm256_loadu_ps(step->forward), right = _mm256_loadu_ps(step->right);
    const __m256i x =
        imp_wide_on_cells(_mm256_add_ps(_mm256_add_ps(_mm256_mul_ps(forward, wide->x_forward),
                                                      _mm256_mul_ps(right, wide->x_right)),
                                        wide->x_start),
                          wide->x_end);
    const __m256i z =
        imp_wide_on_cells(_mm256_add_ps(_mm256_add_ps(_mm256_mul_ps(forward, wide->z_forward),
                                                      _mm256_mul_ps(right, wide->z_right)),
                                        wide->z_start),
                          wide->z_end);
    const __m256i cell =
        _mm256_add_epi32(_mm256_mullo_epi32(_mm256_srli_epi32(z, IMP_TILE_BITS), wide->columns),
                         _mm256_srli_epi32(x, IMP_TILE_BITS));
    const __m256i start = _mm256_i32gather_epi32(frame->cells, cell, 4);
    _mm256_storeu_si256((__m256i *)out->cells, cell);

    const imp_texture_level at = frame->scene->levels[level];
    const __m256i inside = _mm256_set1_epi32(IMP_TILE_UNITS - 1);
    const __m256i half = _mm256_set1_epi32(IMP_SUBTEXEL / 2);
    const __m256i u = _mm256_add_epi32(_mm256_srli_epi32(_mm256_and_si256(x, inside), level), half);
    const __m256i v = _mm256_add_epi32(_mm256_srli_epi32(_mm256_and_si256(z, inside), level), half);
    // rows and strides fit 16 bits, where multiplying is quick
    const __m256i row =
        _mm256_madd_epi16(_mm256_srli_epi32(v, IMP_SUBTEXEL_BITS), _mm256_set1_epi32(at.stride));
    __m256i index = _mm256_add_epi32(start, _mm256_set1_epi32(at.offset));
    index = _mm256_add_epi32(index, _mm256_srli_epi32(u, IMP_SUBTEXEL_BITS));
    _mm256_storeu_si256((__m256i *)out->texels, _mm256_add_epi32(index, row));

    const __m256i fraction = _mm256_set1_epi32(IMP_SUBTEXEL - 1);
    const __m256i fu = _mm256_and_si256(u, fraction), fv = _mm256_and_si256(v, fraction);
    const __m256i both = _mm256_srli_epi32(_mm256_madd_epi16(fu, fv), IMP_SUBTEXEL_BITS);
    const __m256i w10 = _mm256_sub_epi32(fu, both), w01 = _mm256_sub_epi32(fv, both);
    const __m256i w00 =
        _mm256_sub_epi32(_mm256_sub_epi32(_mm256_set1_epi32(IMP_SUBTEXEL), fu), w01);
    out->weights =
        _mm256_or_si256(_mm256_or_si256(w00, _mm256_slli_epi32(w10, 8)),
                        _mm256_or_si256(_mm256_slli_epi32(w01, 16), _mm256_slli_epi32(both, 24)));
}

// Whether all that is seen in eight pixels is sky.
IMP_AVX2 static inline bool imp_wide_is_sky(const imp_ground_group *group)
{
    const __m256 sky = _mm256_cmp_ps(_mm256_loadu_ps(group->sky), _mm256_set1_ps(1.0f), _CMP_EQ_OQ);
    const __m256 none =
        _mm256_cmp_ps(_mm256_loadu_ps(group->ground), _mm256_setzero_ps(), _CMP_EQ_OQ);
    return group->count == 0 && _mm256_movemask_ps(_mm256_and_ps(sky, none)) == 0xff;
}

// Eight pixels of a colour without light or shadow, 0..255.
IMP_AVX2 static inline __m256i imp_wide_even(const float rgb[4])
{
    const __m128 most =
        _mm_min_ps(_mm_max_ps(_mm_loadu_ps(rgb), _mm_setzero_ps()), _mm_set1_ps(255.0f));
    const __m128i whole = _mm_cvttps_epi32(_mm_add_ps(most, _mm_set1_ps(0.5f)));
    const __m128i bytes = _mm_packus_epi16(_mm_packus_epi32(whole, whole), _mm_setzero_si128());
    return _mm256_broadcastd_epi32(bytes);
}

// Writes up to eight pixels: each has 32 bits, red lowest and the highest byte unused.
IMP_AVX2 static inline void imp_wide_put(__m256i pixels, int count, uint8_t *rgb)
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
