// The same arithmetic as imp_ground_draw_plain(), eight pixels at once; the bytes are the same.
#include "render/ground_uneven.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))

// A picture's constants in vectors.
typedef struct wide_frame {
    __m256 x_forward, x_right, x_start, x_end;
    __m256 z_forward, z_right, z_start, z_end;
    __m256i columns;
} wide_frame;

AVX2 static wide_frame widen(const imp_ground_frame *frame)
{
    return (wide_frame){
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

AVX2 static inline __m256i on_cells(__m256 position, __m256 end)
{
    // in this order of arguments what is not a number ends at 0
    return _mm256_cvttps_epi32(_mm256_min_ps(_mm256_max_ps(position, _mm256_setzero_ps()), end));
}

// Eight positions: their cells, the texels at their top left, and the weights of the four around
// each as bytes.
typedef struct places {
    int32_t cells[IMP_LANES], texels[IMP_LANES];
    __m256i weights;
} places;

AVX2 static inline void locate(const imp_ground_frame *frame, const wide_frame *wide, int level,
                               const imp_ground_step *step, places *out)
{
    const __m256 forward = _mm256_loadu_ps(step->forward), right = _mm256_loadu_ps(step->right);
    const __m256i x = on_cells(_mm256_add_ps(_mm256_add_ps(_mm256_mul_ps(forward, wide->x_forward),
                                                           _mm256_mul_ps(right, wide->x_right)),
                                             wide->x_start),
                               wide->x_end);
    const __m256i z = on_cells(_mm256_add_ps(_mm256_add_ps(_mm256_mul_ps(forward, wide->z_forward),
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

// The four texels around a position, upper two first.
AVX2 static inline __m128i load_four(const uint32_t *texel, int32_t stride)
{
    const __m128i upper = _mm_loadl_epi64((const __m128i *)(const void *)texel);
    const __m128i lower = _mm_loadl_epi64((const __m128i *)(const void *)(texel + stride));
    return _mm_unpacklo_epi64(upper, lower);
}

// Adds a sample of two neighbouring pixels, times colours, to their sums (red, green, blue, cover
// of each).
AVX2 static inline __m256i add_two(__m256i sum, const uint32_t *first, const uint32_t *second,
                                   int32_t stride, __m256i weights, __m256i colours)
{
    // from texel by texel to channel by channel
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    const __m256i four = _mm256_inserti128_si256(_mm256_castsi128_si256(load_four(first, stride)),
                                                 load_four(second, stride), 1);
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_shuffle_epi8(four, order), weights);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, colours));
}

// Two pixels' sums to colours in whole numbers. extra is NULL where `tile` is all that counts.
AVX2 static inline __m256i colour(__m256i sums, const imp_ground_frame *frame,
                                  const imp_ground_group *group, int pixel, __m256 tile,
                                  __m256 cover, const imp_ground_uneven *extra)
{
    const float *ground = group->ground + pixel, *sky = group->sky + pixel;
    const __m256 sum = _mm256_cvtepi32_ps(sums);
    const __m256 share = _mm256_set_m128(_mm_set1_ps(ground[1]), _mm_set1_ps(ground[0]));
    const __m256 sky_share = _mm256_set_m128(_mm_set1_ps(sky[1]), _mm_set1_ps(sky[0]));
    __m256 ground_rgb = _mm256_broadcast_ps((const __m128 *)frame->ground);
    const __m256 sky_rgb = _mm256_broadcast_ps((const __m128 *)frame->sky);
    const __m256 beyond = _mm256_sub_ps(share, _mm256_mul_ps(_mm256_permute_ps(sum, 0xff), cover));
    if (extra != NULL) {
        tile = _mm256_set_m128(_mm_set1_ps(extra->factors[pixel + 1]),
                               _mm_set1_ps(extra->factors[pixel]));
        ground_rgb = _mm256_loadu_ps(extra->beyond[pixel]);
    }
    __m256 value = _mm256_mul_ps(sum, tile);
    value = _mm256_add_ps(value, _mm256_mul_ps(beyond, ground_rgb));
    value = _mm256_add_ps(value, _mm256_mul_ps(sky_share, sky_rgb));
    if (extra != NULL)
        value = _mm256_add_ps(value, _mm256_set_m128(_mm_set1_ps(extra->added[pixel + 1]),
                                                     _mm_set1_ps(extra->added[pixel])));
    value = _mm256_max_ps(value, _mm256_setzero_ps());
    value = _mm256_min_ps(value, _mm256_set1_ps(255.0f));
    return _mm256_cvttps_epi32(_mm256_add_ps(value, _mm256_set1_ps(0.5f)));
}

// The colours of two pixels' cells.
AVX2 static inline __m256i load_colours(const imp_ground_frame *frame, const int32_t cells[2],
                                        bool white)
{
    if (white)
        return _mm256_set1_epi16(1);
    const __m128i first = _mm_load_si128((const __m128i *)frame->colours[cells[0]]);
    const __m128i second = _mm_load_si128((const __m128i *)frame->colours[cells[1]]);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(first), second, 1);
}

// Sums of a group's samples: two pixels in each vector.
__attribute__((always_inline)) AVX2 static inline void
sum_samples(const imp_ground_frame *frame, const wide_frame *wide, const imp_ground_table *table,
            const imp_ground_group *group, bool white, __m256i sums[IMP_LANES / 2])
{
    const imp_scene *scene = frame->scene;
    const uint32_t *texels = scene->texels;
    __m256i sum0 = _mm256_setzero_si256(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    for (int n = group->first; n < group->first + group->count; n++) {
        const int level = imp_ground_level(table->levels[n], frame->level_shift, scene->finest);
        const int32_t stride = scene->levels[level].stride;
        places at;
        locate(frame, wide, level, &table->steps[n], &at);
        const __m256i weights = at.weights;
        const __m256i w0 =
            _mm256_permutevar8x32_epi32(weights, _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1));
        const __m256i w1 =
            _mm256_permutevar8x32_epi32(weights, _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3));
        const __m256i w2 =
            _mm256_permutevar8x32_epi32(weights, _mm256_setr_epi32(4, 4, 4, 4, 5, 5, 5, 5));
        const __m256i w3 =
            _mm256_permutevar8x32_epi32(weights, _mm256_setr_epi32(6, 6, 6, 6, 7, 7, 7, 7));
        sum0 = add_two(sum0, texels + at.texels[0], texels + at.texels[1], stride, w0,
                       load_colours(frame, at.cells, white));
        sum1 = add_two(sum1, texels + at.texels[2], texels + at.texels[3], stride, w1,
                       load_colours(frame, at.cells + 2, white));
        sum2 = add_two(sum2, texels + at.texels[4], texels + at.texels[5], stride, w2,
                       load_colours(frame, at.cells + 4, white));
        sum3 = add_two(sum3, texels + at.texels[6], texels + at.texels[7], stride, w3,
                       load_colours(frame, at.cells + 6, white));
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

// Whether no pixel of a group shows the ground beyond the tiles.
AVX2 static inline bool is_covered(const imp_ground_group *group, const __m256i sums[IMP_LANES / 2],
                                   __m256 cover)
{
    bool covered = true;
    for (int k = 0; k < IMP_LANES / 2; k++) {
        float share[8];
        _mm256_storeu_ps(share, _mm256_mul_ps(_mm256_cvtepi32_ps(sums[k]), cover));
        covered = covered && !(group->ground[2 * k] - share[3] > 0.001f) &&
                  !(group->ground[2 * k + 1] - share[7] > 0.001f);
    }
    return covered;
}

__attribute__((always_inline)) AVX2 static inline void
draw_group(const imp_ground_frame *frame, const wide_frame *wide, const imp_ground_table *table,
           const imp_ground_group *group, const int at[2], bool even, bool white,
           uint8_t rgb[IMP_LANES * 3 + 1])
{
    __m256i sums[IMP_LANES / 2];
    imp_ground_uneven extra;
    sum_samples(frame, wide, table, group, white, sums);
    const float mean = imp_ground_mean(frame, group);
    const __m256 tile = _mm256_set1_ps(mean * frame->light);
    const __m256 cover = _mm256_set1_ps(mean * (1.0f / 255.0f));
    const imp_ground_uneven *more = NULL;
    if (!even) {
        const bool covered = is_covered(group, sums, cover);
        if (!covered || frame->lamp || frame->shine->shines) {
            imp_ground_find_uneven(frame, table, group, at[0], at[1], covered, &extra);
            more = &extra;
        }
    }
    const __m256i low = _mm256_packs_epi32(colour(sums[0], frame, group, 0, tile, cover, more),
                                           colour(sums[1], frame, group, 2, tile, cover, more));
    const __m256i high = _mm256_packs_epi32(colour(sums[2], frame, group, 4, tile, cover, more),
                                            colour(sums[3], frame, group, 6, tile, cover, more));
    // halves hold pixels 0 2 4 6 and 1 3 5 7
    uint32_t words[IMP_LANES];
    _mm256_storeu_si256((__m256i *)words, _mm256_packus_epi16(low, high));
    for (int k = 0; k < IMP_LANES; k++)
        memcpy(rgb + 3 * k, &words[(k & 1) * 4 + k / 2], 4);
}

AVX2 void imp_ground_draw_avx2(const imp_ground_frame *frame, const imp_ground_table *table,
                               const imp_ground_group *groups, int row, int width, uint8_t *rgb)
{
    const wide_frame wide = widen(frame);
    const bool even = !frame->lamp && frame->patches.count == 0 && !frame->shine->shines;
    for (int first = 0; first < width; first += IMP_LANES) {
        const int pixels = width - first < IMP_LANES ? width - first : IMP_LANES;
        uint8_t bytes[IMP_LANES * 3 + 1];
        const imp_ground_group *group = &groups[first / IMP_LANES];
        const int at[2] = {row, first};
        if (even && frame->colours == NULL)
            draw_group(frame, &wide, table, group, at, true, true, bytes);
        else if (even)
            draw_group(frame, &wide, table, group, at, true, false, bytes);
        else if (frame->colours == NULL)
            draw_group(frame, &wide, table, group, at, false, true, bytes);
        else
            draw_group(frame, &wide, table, group, at, false, false, bytes);
        if (pixels == IMP_LANES)
            memcpy(rgb + (size_t)first * 3, bytes, IMP_LANES * 3);
        else
            memcpy(rgb + (size_t)first * 3, bytes, (size_t)pixels * 3);
    }
}

#endif
