// The same arithmetic as imp_ground_draw_plain(), eight pixels at once, with texels gathered and
// mixed four pixels to a vector; the bytes are the same.
#include "render/ground_uneven.h"
#include "render/ground_wide.h"

#if defined(__x86_64__)

#define AVX512 __attribute__((target(IMP_AVX512)))

// The even and the odd ones of eight pixels; of sums: red, green, blue and cover of each.
typedef struct halves {
    __m512i even, odd;
} halves;

// One value of each pixel, four times over.
AVX512 static inline __m512 spread(__m512i order, __m256 values)
{
    return _mm512_permutexvar_ps(order, _mm512_castps256_ps512(values));
}

AVX512 static inline __m512i even_order(void)
{
    return _mm512_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6);
}

AVX512 static inline __m512i odd_order(void)
{
    return _mm512_setr_epi32(1, 1, 1, 1, 3, 3, 3, 3, 5, 5, 5, 5, 7, 7, 7, 7);
}

// The colours of every other one of eight cells.
AVX512 static inline __m512i load_colours(const imp_ground_frame *frame, const int32_t *cells,
                                          bool white)
{
    if (white)
        return _mm512_set1_epi16(1);
    const __m128i *colours = (const __m128i *)(const void *)frame->colours;
    __m512i out = _mm512_castsi128_si512(_mm_load_si128(colours + cells[0]));
    out = _mm512_inserti32x4(out, _mm_load_si128(colours + cells[2]), 1);
    out = _mm512_inserti32x4(out, _mm_load_si128(colours + cells[4]), 2);
    return _mm512_inserti32x4(out, _mm_load_si128(colours + cells[6]), 3);
}

// Sums of a group's samples.
__attribute__((always_inline)) AVX512 static inline halves
sum_samples(const imp_ground_frame *frame, const imp_wide_frame *wide,
            const imp_ground_table *table, const imp_ground_group *group, bool white)
{
    const imp_scene *scene = frame->scene;
    const uint32_t *texels = scene->texels;
    // from texel by texel to channel by channel
    const __m512i order =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    halves sum = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    for (int n = group->first; n < group->first + group->count; n++) {
        const int level = imp_ground_level(table->levels[n], frame->level_shift, scene->finest);
        const int32_t stride = scene->levels[level].stride;
        imp_wide_places at;
        imp_wide_locate(frame, wide, level, &table->steps[n], &at);
        const __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)at.texels);
        const __m512i upper = _mm512_i32gather_epi64(first, texels, 4);
        const __m512i lower = _mm512_i32gather_epi64(first, texels + stride, 4);
        const __m512i weights = _mm512_castsi256_si512(at.weights);
        const __m512i even =
            _mm512_maddubs_epi16(_mm512_shuffle_epi8(_mm512_unpacklo_epi64(upper, lower), order),
                                 _mm512_permutexvar_epi32(even_order(), weights));
        const __m512i odd =
            _mm512_maddubs_epi16(_mm512_shuffle_epi8(_mm512_unpackhi_epi64(upper, lower), order),
                                 _mm512_permutexvar_epi32(odd_order(), weights));
        sum.even = _mm512_add_epi32(sum.even,
                                    _mm512_madd_epi16(even, load_colours(frame, at.cells, white)));
        sum.odd = _mm512_add_epi32(
            sum.odd, _mm512_madd_epi16(odd, load_colours(frame, at.cells + 1, white)));
    }
    return sum;
}

// How much of each of four pixels shows the ground beyond the tiles.
AVX512 static inline __m512 beyond_tiles(__m512i order, const imp_ground_group *group, __m512 sum,
                                         __m512 cover)
{
    const __m512 share = spread(order, _mm256_loadu_ps(group->ground));
    return _mm512_sub_ps(share, _mm512_mul_ps(_mm512_permute_ps(sum, 0xff), cover));
}

// What four pixels' sums are multiplied by, the colours of the ground beyond the tiles, and what is
// added. NULL: `tile` is all that counts.
typedef struct unevenness {
    __m512 factor, beyond, added;
} unevenness;

// Four pixels' sums to colours in whole numbers.
AVX512 static inline __m512i colour(__m512i order, __m512i sums, const imp_ground_frame *frame,
                                    const imp_ground_group *group, __m512 tile, __m512 cover,
                                    const unevenness *extra)
{
    const __m512 sum = _mm512_cvtepi32_ps(sums);
    const __m512 sky_share = spread(order, _mm256_loadu_ps(group->sky));
    __m512 ground_rgb = _mm512_broadcast_f32x4(_mm_loadu_ps(frame->ground));
    const __m512 sky_rgb = _mm512_broadcast_f32x4(_mm_loadu_ps(frame->sky));
    const __m512 beyond = beyond_tiles(order, group, sum, cover);
    if (extra != NULL) {
        tile = extra->factor;
        ground_rgb = extra->beyond;
    }
    __m512 value = _mm512_mul_ps(sum, tile);
    value = _mm512_add_ps(value, _mm512_mul_ps(beyond, ground_rgb));
    value = _mm512_add_ps(value, _mm512_mul_ps(sky_share, sky_rgb));
    if (extra != NULL)
        value = _mm512_add_ps(value, extra->added);
    value = _mm512_max_ps(value, _mm512_setzero_ps());
    value = _mm512_min_ps(value, _mm512_set1_ps(255.0f));
    return _mm512_cvttps_epi32(_mm512_add_ps(value, _mm512_set1_ps(0.5f)));
}

// Whether no pixel of a group shows the ground beyond the tiles.
AVX512 static inline bool is_covered(const imp_ground_group *group, const halves *sum, __m512 cover)
{
    const __m512 least = _mm512_set1_ps(0.001f);
    const __m512 even = beyond_tiles(even_order(), group, _mm512_cvtepi32_ps(sum->even), cover);
    const __m512 odd = beyond_tiles(odd_order(), group, _mm512_cvtepi32_ps(sum->odd), cover);
    return (_mm512_cmp_ps_mask(even, least, _CMP_GT_OQ) |
            _mm512_cmp_ps_mask(odd, least, _CMP_GT_OQ)) == 0;
}

// Finds what is uneven in the even pixels and in the odd ones.
AVX512 static inline void find_uneven(const imp_ground_frame *frame, const imp_ground_table *table,
                                      const imp_ground_group *group, const int at[2], bool covered,
                                      unevenness out[2])
{
    imp_ground_uneven all;
    imp_ground_find_uneven(frame, table, group, at[0], at[1], covered, &all);
    const __m256 factors = _mm256_loadu_ps(all.factors), added = _mm256_loadu_ps(all.added);
    const __m512 low = _mm512_loadu_ps(all.beyond[0]), high = _mm512_loadu_ps(all.beyond[4]);
    out[0] = (unevenness){spread(even_order(), factors), _mm512_shuffle_f32x4(low, high, 0x88),
                          spread(even_order(), added)};
    out[1] = (unevenness){spread(odd_order(), factors), _mm512_shuffle_f32x4(low, high, 0xdd),
                          spread(odd_order(), added)};
}

// Eight pixels as 32 bits each.
__attribute__((always_inline)) AVX512 static inline __m256i
draw_group(const imp_ground_frame *frame, const imp_wide_frame *wide, const imp_ground_table *table,
           const imp_ground_group *group, const int at[2], bool even, bool white)
{
    const halves sum = sum_samples(frame, wide, table, group, white);
    const float mean = imp_ground_mean(frame, group);
    const __m512 tile = _mm512_set1_ps(mean * frame->light);
    const __m512 cover = _mm512_set1_ps(mean * (1.0f / 255.0f));
    unevenness extra[2];
    bool plain = even;
    if (!even) {
        const bool covered = is_covered(group, &sum, cover);
        plain = covered && !frame->lamp && !frame->shine->shines;
        if (!plain)
            find_uneven(frame, table, group, at, covered, extra);
    }
    const __m512i first =
        colour(even_order(), sum.even, frame, group, tile, cover, plain ? NULL : &extra[0]);
    const __m512i second =
        colour(odd_order(), sum.odd, frame, group, tile, cover, plain ? NULL : &extra[1]);
    const __m128i evens = _mm512_cvtepi32_epi8(first), odds = _mm512_cvtepi32_epi8(second);
    const __m128i low = _mm_unpacklo_epi32(evens, odds), high = _mm_unpackhi_epi32(evens, odds);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

AVX512 void imp_ground_draw_avx512(const imp_ground_frame *frame, const imp_ground_table *table,
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
