// The same arithmetic as imp_ground_draw_plain(), eight pixels at once; the bytes are the same.
#include "render/ground_uneven.h"
#include "render/ground_wide.h"

#if defined(__x86_64__)

// The four texels around a position, upper two first.
IMP_AVX2 static inline __m128i load_four(const uint32_t *texel, int32_t stride)
{
    const __m128i upper = _mm_loadl_epi64((const __m128i *)(const void *)texel);
    const __m128i lower = _mm_loadl_epi64((const __m128i *)(const void *)(texel + stride));
    return _mm_unpacklo_epi64(upper, lower);
}

// Adds a sample of two neighbouring pixels, times colours, to their sums (red, green, blue, cover
// of each).
IMP_AVX2 static inline __m256i add_two(__m256i sum, const uint32_t *first, const uint32_t *second,
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
IMP_AVX2 static inline __m256i colour(__m256i sums, const imp_ground_frame *frame,
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
IMP_AVX2 static inline __m256i load_colours(const imp_ground_frame *frame, const int32_t cells[2],
                                            bool white)
{
    if (white)
        return _mm256_set1_epi16(1);
    const __m128i first = _mm_load_si128((const __m128i *)frame->colours[cells[0]]);
    const __m128i second = _mm_load_si128((const __m128i *)frame->colours[cells[1]]);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(first), second, 1);
}

// Sums of a group's samples: two pixels in each vector.
__attribute__((always_inline)) IMP_AVX2 static inline void
sum_samples(const imp_ground_frame *frame, const imp_wide_frame *wide,
            const imp_ground_table *table, const imp_ground_group *group, bool white,
            __m256i sums[IMP_LANES / 2])
{
    const imp_scene *scene = frame->scene;
    const uint32_t *texels = scene->texels;
    __m256i sum0 = _mm256_setzero_si256(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    for (int n = group->first; n < group->first + group->count; n++) {
        const int level = imp_ground_level(table->levels[n], frame->level_shift, scene->finest);
        const int32_t stride = scene->levels[level].stride;
        imp_wide_places at;
        imp_wide_locate(frame, wide, level, &table->steps[n], &at);
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
IMP_AVX2 static inline bool is_covered(const imp_ground_group *group,
                                       const __m256i sums[IMP_LANES / 2], __m256 cover)
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

// Eight pixels as 32 bits each.
__attribute__((always_inline)) IMP_AVX2 static inline __m256i
draw_group(const imp_ground_frame *frame, const imp_wide_frame *wide, const imp_ground_table *table,
           const imp_ground_group *group, const int at[2], bool even, bool white)
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
    // its halves hold pixels 0 2 4 6 and 1 3 5 7
    return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high),
                                       _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

IMP_AVX2 void imp_ground_draw_avx2(const imp_ground_frame *frame, const imp_ground_table *table,
                                   const imp_ground_group *groups, int row, int width, uint8_t *rgb)
{
    const imp_wide_frame wide = imp_wide_frame_of(frame);
    const bool even = !frame->lamp && frame->patches.count == 0 && !frame->shine->shines;
    const __m256i sky = imp_wide_even(frame->sky);
    for (int first = 0; first < width; first += IMP_LANES) {
        const imp_ground_group *group = &groups[first / IMP_LANES];
        const int at[2] = {row, first};
        __m256i pixels;
        if (even && imp_wide_is_sky(group))
            pixels = sky;
        else if (even && frame->colours == NULL)
            pixels = draw_group(frame, &wide, table, group, at, true, true);
        else if (even)
            pixels = draw_group(frame, &wide, table, group, at, true, false);
        else if (frame->colours == NULL)
            pixels = draw_group(frame, &wide, table, group, at, false, true);
        else
            pixels = draw_group(frame, &wide, table, group, at, false, false);
        imp_wide_put(pixels, width - first, rgb + (size_t)first * 3);
    }
}

#endif
