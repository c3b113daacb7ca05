// The same arithmetic as imp_ground_draw_portable(), eight pixels at once, with texels gathered and
// mixed four pixels to a vector; the bytes are the same.
#include "sim/render/ground/ground_avx.h"

#if defined(__x86_64__)

#define AVX512 __attribute__((target(IMP_AVX512_TARGET)))

// The even and the odd ones of eight pixels; of sums: red, green, blue and cover of each.
typedef struct even_odd {
    __m512i even, odd;
} even_odd;

// One value of each pixel, four times over.
AVX512 static inline __m512 repeat_four_times(__m512i order, __m256 values)
{
    return _mm512_permutexvar_ps(order, _mm512_castps256_ps512(values));
}

AVX512 static inline __m512i even_pixel_order(void)
{
    return _mm512_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6);
}

AVX512 static inline __m512i odd_pixel_order(void)
{
    return _mm512_setr_epi32(1, 1, 1, 1, 3, 3, 3, 3, 5, 5, 5, 5, 7, 7, 7, 7);
}

// The colours of every other one of a step's cells.
AVX512 static inline __m512i load_cell_colours(const imp_ground_uniforms *uniforms,
                                               const imp_avx_texel_places *places, int n, int odd,
                                               bool white)
{
    if (white)
        return _mm512_set1_epi16(1);
    const __m128i *colours = (const __m128i *)(const void *)uniforms->colours;
    const int32_t *cells = places->cells[n] + odd;
    if (places->one_cell[n])
        return _mm512_broadcast_i32x4(_mm_load_si128(colours + cells[0]));
    __m512i out = _mm512_castsi128_si512(_mm_load_si128(colours + cells[0]));
    out = _mm512_inserti32x4(out, _mm_load_si128(colours + cells[2]), 1);
    out = _mm512_inserti32x4(out, _mm_load_si128(colours + cells[4]), 2);
    return _mm512_inserti32x4(out, _mm_load_si128(colours + cells[6]), 3);
}

// Eight values of a step and eight of the next.
AVX512 static inline __m512 load_sample_pair(const float *first, const float *second)
{
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(first)),
                              _mm256_loadu_ps(second), 1);
}

// A value of a step eight times, and one of the next.
AVX512 static inline __m512i set_both_halves(int32_t first, int32_t second)
{
    return _mm512_mask_set1_epi32(_mm512_set1_epi32(first), 0xff00, second);
}

AVX512 static inline __m512 duplicate_half(__m256 value)
{
    return _mm512_broadcast_f32x8(value);
}

// Positions along an axis of the cells; what is not a number ends at 0.
AVX512 static inline __m512i clamp_to_cells(__m512 forward, __m512 right, const __m256 axis[4])
{
    const __m512 at = _mm512_add_ps(_mm512_add_ps(_mm512_mul_ps(forward, duplicate_half(axis[0])),
                                                  _mm512_mul_ps(right, duplicate_half(axis[1]))),
                                    duplicate_half(axis[2]));
    return _mm512_cvttps_epi32(
        _mm512_min_ps(_mm512_max_ps(at, _mm512_setzero_ps()), duplicate_half(axis[3])));
}

// The first texels of sixteen cells, which mostly are one.
AVX512 static inline __m512i find_cell_textures(const imp_ground_uniforms *uniforms, __m512i cell,
                                                bool *one)
{
    const __m128i lowest = _mm512_castsi512_si128(cell);
    *one = _mm512_cmpneq_epi32_mask(cell, _mm512_broadcastd_epi32(lowest)) == 0;
    if (*one)
        return _mm512_set1_epi32(uniforms->cells[_mm_cvtsi128_si32(lowest)]);
    const __mmask16 all = _mm512_cmpge_epi32_mask(cell, _mm512_setzero_si512());
    return _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), all, cell, uniforms->cells, 4);
}

// The places of two steps at levels of their own.
AVX512 static inline void locate_sample_pair(const imp_ground_uniforms *uniforms,
                                             const imp_avx_uniforms *wide, const int levels[2],
                                             const imp_ground_sample *const samples[2], int n,
                                             imp_avx_texel_places *out)
{
    // of every two numbers of 16 bits the lower one
    const __mmask32 lower = 0x55555555;
    const __m512 forward = load_sample_pair(samples[0]->forward, samples[1]->forward);
    const __m512 right = load_sample_pair(samples[0]->right, samples[1]->right);
    const __m512i x = clamp_to_cells(forward, right, wide->x),
                  z = clamp_to_cells(forward, right, wide->z);
    // rows, columns and strides fit 16 bits, where multiplying is quick
    const __m512i cell = _mm512_add_epi32(_mm512_madd_epi16(_mm512_srli_epi32(z, IMP_TILE_BITS),
                                                            _mm512_set1_epi32(uniforms->columns)),
                                          _mm512_srli_epi32(x, IMP_TILE_BITS));
    bool one;
    const __m512i start = find_cell_textures(uniforms, cell, &one);
    if (uniforms->colours != NULL) {
        _mm512_store_si512(out->cells[n], cell);
        out->one_cell[n] = out->one_cell[n + 1] = one;
    }

    // from here on two numbers of 16 bits: across in the lower, down in the upper
    const imp_texture_level first = uniforms->scene->levels[levels[0]];
    const imp_texture_level second = uniforms->scene->levels[levels[1]];
    const __m512i both = _mm512_mask_blend_epi16(lower, _mm512_slli_epi32(z, 16), x);
    const __m512i level = set_both_halves(levels[0] * 0x10001, levels[1] * 0x10001);
    const __m512i uv = _mm512_add_epi16(
        _mm512_srlv_epi16(_mm512_and_si512(both, _mm512_set1_epi16(IMP_TILE_UNITS - 1)), level),
        _mm512_set1_epi16(IMP_SUBTEXEL / 2));
    const __m512i inside =
        _mm512_madd_epi16(_mm512_srli_epi16(uv, IMP_SUBTEXEL_BITS),
                          set_both_halves(first.stride << 16 | 1, second.stride << 16 | 1));
    _mm512_store_si512(out->texels[n],
                       _mm512_add_epi32(_mm512_add_epi32(start, inside),
                                        set_both_halves(first.offset, second.offset)));
    out->strides[n] = first.stride;
    out->strides[n + 1] = second.stride;

    // fractions f and g and their product p to weights: lower 64 - f - g + p and f - p, upper
    // g - p and p, each two as lower byte + 256 times higher
    const __m512i part = _mm512_and_si512(uv, _mm512_set1_epi16(IMP_SUBTEXEL - 1));
    const __m512i turned = _mm512_rol_epi32(part, 16);
    const __m512i product = _mm512_srli_epi16(_mm512_mullo_epi16(part, turned), IMP_SUBTEXEL_BITS);
    const __m512i high = _mm512_mask_sub_epi16(product, lower, part, product);
    const __m512i sum = _mm512_mask_sub_epi16(part, lower, _mm512_set1_epi16(IMP_SUBTEXEL), turned);
    _mm512_store_si512(out->weights[n],
                       _mm512_add_epi16(_mm512_mullo_epi16(high, _mm512_set1_epi16(255)), sum));
}

AVX512 static inline void locate_samples(const imp_ground_uniforms *uniforms,
                                         const imp_avx_uniforms *wide,
                                         const imp_ground_sample_table *table, int first, int count,
                                         imp_avx_texel_places *out)
{
    const int finest = uniforms->scene->finest, shift = uniforms->level_shift;
    for (int n = 0; n < count; n += 2) {
        // the last one may have to stand in for its next
        const int next = n + 1 < count ? n + 1 : n;
        const int levels[2] = {imp_ground_mip_level(table->levels[first + n], shift, finest),
                               imp_ground_mip_level(table->levels[first + next], shift, finest)};
        const imp_ground_sample *const samples[2] = {&table->samples[first + n],
                                                     &table->samples[first + next]};
        locate_sample_pair(uniforms, wide, levels, samples, n, out);
    }
}

// Two neighbours of each of eight places.
AVX512 static inline __m512i gather_texel_pairs(__m256i places, const uint32_t *texels)
{
    // no place is negative, but compilers do not know that, and so gather into zeros, not into what
    // the processor would wait for
    const __mmask8 all = _mm256_cmpge_epi32_mask(places, _mm256_setzero_si256());
    return _mm512_mask_i32gather_epi64(_mm512_setzero_si512(), all, places, texels, 4);
}

// Sums of a group's samples.
AVX512 IMP_ALWAYS_INLINE even_odd sum_group_samples(const imp_ground_uniforms *uniforms,
                                                    const imp_avx_group *group,
                                                    const imp_avx_texel_places *places, bool white)
{
    const uint32_t *texels = uniforms->scene->texels;
    // from texel by texel to channel by channel
    const __m512i order =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    even_odd sum = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    for (int n = group->sample; n < group->sample + group->group->count; n++) {
        const __m256i first = _mm256_load_si256((const __m256i *)(const void *)places->texels[n]);
        // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): all steps are found
        const uint32_t *next_row = texels + places->strides[n];
        const __m512i upper = gather_texel_pairs(first, texels),
                      lower = gather_texel_pairs(first, next_row);
        const __m512i weights = _mm512_castsi256_si512(
            _mm256_load_si256((const __m256i *)(const void *)places->weights[n]));
        const __m512i even =
            _mm512_maddubs_epi16(_mm512_shuffle_epi8(_mm512_unpacklo_epi64(upper, lower), order),
                                 _mm512_permutexvar_epi32(even_pixel_order(), weights));
        const __m512i odd =
            _mm512_maddubs_epi16(_mm512_shuffle_epi8(_mm512_unpackhi_epi64(upper, lower), order),
                                 _mm512_permutexvar_epi32(odd_pixel_order(), weights));
        sum.even = _mm512_add_epi32(
            sum.even, _mm512_madd_epi16(even, load_cell_colours(uniforms, places, n, 0, white)));
        sum.odd = _mm512_add_epi32(
            sum.odd, _mm512_madd_epi16(odd, load_cell_colours(uniforms, places, n, 1, white)));
    }
    return sum;
}

// How much of each of four pixels shows the ground beyond the tiles. No shares: all is ground.
AVX512 static inline __m512 ground_share_beyond_tiles(__m512i order, const imp_group_shares *shares,
                                                      __m512 sum, __m512 cover)
{
    const __m512 share = shares != NULL ? repeat_four_times(order, _mm256_loadu_ps(shares->ground))
                                        : _mm512_set1_ps(1.0f);
    return _mm512_sub_ps(share, _mm512_mul_ps(_mm512_permute_ps(sum, 0xff), cover));
}

// What four pixels' sums are multiplied by, the colours of the ground beyond the tiles, and what is
// added. NULL: `tile` is all that counts.
typedef struct half_shading {
    __m512 factor, beyond, added;
} half_shading;

// Four pixels' sums to colours in whole numbers.
AVX512 IMP_ALWAYS_INLINE __m512i blend_four_pixels(__m512i order, __m512i sums,
                                                   const imp_ground_uniforms *uniforms,
                                                   const imp_group_shares *shares, __m512 tile,
                                                   __m512 cover, const half_shading *extra)
{
    const __m512 sum = _mm512_cvtepi32_ps(sums);
    __m512 ground_rgb = _mm512_broadcast_f32x4(_mm_loadu_ps(uniforms->ground));
    const __m512 sky_rgb = _mm512_broadcast_f32x4(_mm_loadu_ps(uniforms->sky));
    const __m512 beyond = ground_share_beyond_tiles(order, shares, sum, cover);
    if (extra != NULL) {
        tile = extra->factor;
        ground_rgb = extra->beyond;
    }
    __m512 value = _mm512_mul_ps(sum, tile);
    value = _mm512_add_ps(value, _mm512_mul_ps(beyond, ground_rgb));
    if (shares != NULL)
        value = _mm512_add_ps(
            value, _mm512_mul_ps(repeat_four_times(order, _mm256_loadu_ps(shares->sky)), sky_rgb));
    if (extra != NULL)
        value = _mm512_add_ps(value, extra->added);
    value = _mm512_max_ps(value, _mm512_setzero_ps());
    value = _mm512_min_ps(value, _mm512_set1_ps(255.0f));
    return _mm512_cvttps_epi32(_mm512_add_ps(value, _mm512_set1_ps(0.5f)));
}

// Whether no pixel of a group shows the ground beyond the tiles.
AVX512 static inline bool is_covered_by_tiles(const imp_group_shares *shares, const even_odd *sum,
                                              __m512 cover)
{
    const __m512 least = _mm512_set1_ps(0.001f);
    const __m512 even =
        ground_share_beyond_tiles(even_pixel_order(), shares, _mm512_cvtepi32_ps(sum->even), cover);
    const __m512 odd =
        ground_share_beyond_tiles(odd_pixel_order(), shares, _mm512_cvtepi32_ps(sum->odd), cover);
    return (_mm512_cmp_ps_mask(even, least, _CMP_GT_OQ) |
            _mm512_cmp_ps_mask(odd, least, _CMP_GT_OQ)) == 0;
}

// Finds what is uneven in the even pixels and in the odd ones.
AVX512 static inline void find_even_odd_shading(const imp_ground_uniforms *uniforms,
                                                const imp_ground_sample_table *table,
                                                const imp_avx_group *at, bool covered,
                                                half_shading out[2])
{
    imp_group_shading all;
    imp_group_shading_compute(uniforms, table, at->group, at->row, at->first, covered, &all);
    const __m256 factors = _mm256_loadu_ps(all.factors), added = _mm256_loadu_ps(all.added);
    __m512 beyond[2];
    if (all.has_distractor) {
        // by halves, as they were stored: the processor hands on no two stores to one load
        const __m512 low = load_sample_pair(all.beyond[0], all.beyond[2]);
        const __m512 high = load_sample_pair(all.beyond[4], all.beyond[6]);
        beyond[0] = _mm512_shuffle_f32x4(low, high, 0x88);
        beyond[1] = _mm512_shuffle_f32x4(low, high, 0xdd);
    } else {
        const __m512 ground = _mm512_broadcast_f32x4(_mm_loadu_ps(uniforms->ground));
        const __m256 shade = _mm256_loadu_ps(all.shade);
        beyond[0] = _mm512_mul_ps(ground, repeat_four_times(even_pixel_order(), shade));
        beyond[1] = _mm512_mul_ps(ground, repeat_four_times(odd_pixel_order(), shade));
    }
    out[0] = (half_shading){repeat_four_times(even_pixel_order(), factors), beyond[0],
                            repeat_four_times(even_pixel_order(), added)};
    out[1] = (half_shading){repeat_four_times(odd_pixel_order(), factors), beyond[1],
                            repeat_four_times(odd_pixel_order(), added)};
}

IMP_ALWAYS_INLINE AVX512 void draw_pixel_group(const imp_ground_uniforms *uniforms,
                                               const imp_ground_sample_table *table,
                                               const imp_avx_group *at,
                                               const imp_avx_texel_places *places, bool even,
                                               bool white, __m256i *pixels)
{
    const imp_pixel_group *group = at->group;
    const even_odd sum = sum_group_samples(uniforms, at, places, white);
    const float mean = imp_ground_mean_factor(uniforms, group);
    const __m512 tile = _mm512_set1_ps(mean * uniforms->light);
    const __m512 cover = _mm512_set1_ps(mean * (1.0f / 255.0f));
    const imp_group_shares *shares = imp_group_shares_of(table, group);
    const bool whole = group->kind == IMP_GROUP_ONLY_GROUND;
    half_shading extra[2];
    const bool covered = even || uniforms->distractors.count == 0 ||
                         is_covered_by_tiles(whole ? NULL : shares, &sum, cover);
    const bool plain = even || (covered && !uniforms->lamp && !uniforms->lighting->lights_ground);
    if (!plain)
        find_even_odd_shading(uniforms, table, at, covered, extra);
    __m512i first, second;
    if (plain && whole) {
        first = blend_four_pixels(even_pixel_order(), sum.even, uniforms, NULL, tile, cover, NULL);
        second = blend_four_pixels(odd_pixel_order(), sum.odd, uniforms, NULL, tile, cover, NULL);
    } else {
        const half_shading *more = plain ? NULL : extra;
        first =
            blend_four_pixels(even_pixel_order(), sum.even, uniforms, shares, tile, cover, more);
        second = blend_four_pixels(odd_pixel_order(), sum.odd, uniforms, shares, tile, cover,
                                   plain ? NULL : extra + 1);
    }
    const __m128i evens = _mm512_cvtepi32_epi8(first), odds = _mm512_cvtepi32_epi8(second);
    const __m128i low = _mm_unpacklo_epi32(evens, odds), high = _mm_unpackhi_epi32(evens, odds);
    *pixels = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

AVX512 void imp_ground_draw_avx512(const imp_ground_uniforms *uniforms,
                                   const imp_ground_sample_table *table,
                                   const imp_pixel_group *groups, int row, int width, uint8_t *rgb)
{
    imp_avx_draw_row(uniforms, table, groups, row, width, rgb, locate_samples, draw_pixel_group);
}

#endif
