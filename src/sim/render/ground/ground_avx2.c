// Draws the ground and the sky of one row with AVX2: the same bytes as imp_ground_draw_portable().
//
// A row is cut into groups of eight pixels. The samples of a group lie together in the sample
// table, each as eight positions on the ground. Drawing takes two passes: the first turns the
// positions of up to SAMPLES_MAX samples into texel indices and weights, the second loads texels
// and adds them up, two pixels in each vector. So the loads of a group never wait for its index
// arithmetic. The constants `even` and `white` leave out lighting and cell colours where
// a frame has none.
#include <assert.h>
#include <string.h>

#include "sim/render/ground/ground_shading.h"
#include "sim/render/ground/pixel_store_avx2.h"

#if defined(__x86_64__)

// A picture's constants in vectors: of each axis of the cells what a position gains forward and to
// the right, where it starts and its largest value.
typedef struct vector_uniforms {
    __m256 x[4], z[4];
    __m256i columns;
} vector_uniforms;

IMP_AVX2 static inline vector_uniforms load_uniforms(const imp_ground_uniforms *uniforms)
{
    return (vector_uniforms){
        .x = {_mm256_set1_ps(uniforms->x_forward), _mm256_set1_ps(uniforms->x_right),
              _mm256_set1_ps(uniforms->x_start), _mm256_set1_ps(uniforms->x_end)},
        .z = {_mm256_set1_ps(uniforms->z_forward), _mm256_set1_ps(uniforms->z_right),
              _mm256_set1_ps(uniforms->z_start), _mm256_set1_ps(uniforms->z_end)},
        .columns = _mm256_set1_epi32(uniforms->columns),
    };
}

// Steps whose places are found together. Enough for any group, and few enough to stay close.
enum { SAMPLES_MAX = 128 };
static_assert(SAMPLES_MAX % 2 == 0 && (int)SAMPLES_MAX >= (int)IMP_GROUP_SAMPLES_MAX,
              "places are found two steps at a time, of whole groups");

// Of each step's eight positions: the texels at their top left, the weights of the four around each
// as bytes, and the cells (only where these have colours); and from a row of texels to the next.
typedef struct texel_places {
    _Alignas(64) int32_t texels[SAMPLES_MAX][IMP_LANES];
    int32_t weights[SAMPLES_MAX][IMP_LANES], cells[SAMPLES_MAX][IMP_LANES];
    int32_t strides[SAMPLES_MAX];
    bool one_cell[SAMPLES_MAX]; // whether all eight lie there
} texel_places;

// A group that is to be drawn.
typedef struct group_at {
    const imp_pixel_group *group;
    int sample; // its first, among the places
    int first;  // pixel of the row
    imp_row_candidates *row;
} group_at;

// The four texels around a position, upper two first.
IMP_AVX2 static inline __m128i load_texel_quad(const uint32_t *texel, int32_t stride)
{
    const __m128i upper = _mm_loadl_epi64((const __m128i *)(const void *)texel);
    const __m128i lower = _mm_loadl_epi64((const __m128i *)(const void *)(texel + stride));
    return _mm_unpacklo_epi64(upper, lower);
}

// Adds a sample of two neighbouring pixels, times colours, to their sums (red, green, blue, cover
// of each).
IMP_AVX2 static inline __m256i add_pixel_pair(__m256i sum, const uint32_t *first,
                                              const uint32_t *second, int32_t stride,
                                              __m256i weights, __m256i colours)
{
    // from texel by texel to channel by channel
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    const __m256i four = _mm256_inserti128_si256(
        _mm256_castsi128_si256(load_texel_quad(first, stride)), load_texel_quad(second, stride), 1);
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_shuffle_epi8(four, order), weights);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, colours));
}

// Two pixels' sums to colours in whole numbers. extra is NULL where `tile` is all that counts.
IMP_AVX2 static inline __m256i blend_pixel_pair(__m256i sums, const imp_ground_uniforms *uniforms,
                                                const imp_group_shares *shares, int pixel,
                                                __m256 tile, __m256 cover,
                                                const imp_group_shading *extra)
{
    const float *ground = shares->ground + pixel, *sky = shares->sky + pixel;
    const __m256 sum = _mm256_cvtepi32_ps(sums);
    const __m256 share = _mm256_set_m128(_mm_set1_ps(ground[1]), _mm_set1_ps(ground[0]));
    const __m256 sky_share = _mm256_set_m128(_mm_set1_ps(sky[1]), _mm_set1_ps(sky[0]));
    __m256 ground_rgb = _mm256_broadcast_ps((const __m128 *)uniforms->ground);
    const __m256 sky_rgb = _mm256_broadcast_ps((const __m128 *)uniforms->sky);
    const __m256 beyond = _mm256_sub_ps(share, _mm256_mul_ps(_mm256_permute_ps(sum, 0xff), cover));
    if (extra != NULL) {
        tile = _mm256_set_m128(_mm_set1_ps(extra->factors[pixel + 1]),
                               _mm_set1_ps(extra->factors[pixel]));
        ground_rgb =
            extra->has_distractor
                ? _mm256_loadu_ps(extra->beyond[pixel])
                : _mm256_mul_ps(ground_rgb, _mm256_set_m128(_mm_set1_ps(extra->shade[pixel + 1]),
                                                            _mm_set1_ps(extra->shade[pixel])));
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

// The colours of the cells of two pixels of a step.
IMP_AVX2 static inline __m256i load_cell_colours(const imp_ground_uniforms *uniforms,
                                                 const texel_places *places, int n, int pixel,
                                                 bool white)
{
    if (white)
        return _mm256_set1_epi16(1);
    const __m128i *colours = (const __m128i *)(const void *)uniforms->colours;
    const int32_t *cells = places->cells[n] + pixel;
    const __m128i first = _mm_load_si128(colours + cells[0]);
    if (places->one_cell[n])
        return _mm256_broadcastsi128_si256(first);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(first),
                                   _mm_load_si128(colours + cells[1]), 1);
}

// Positions along an axis of the cells; what is not a number ends at 0.
IMP_AVX2 static inline __m256i clamp_to_cells(__m256 forward, __m256 right, const __m256 axis[4])
{
    const __m256 at = _mm256_add_ps(
        _mm256_add_ps(_mm256_mul_ps(forward, axis[0]), _mm256_mul_ps(right, axis[1])), axis[2]);
    return _mm256_cvttps_epi32(_mm256_min_ps(_mm256_max_ps(at, _mm256_setzero_ps()), axis[3]));
}

// The first texels of eight cells, which mostly are one.
IMP_AVX2 static inline __m256i find_cell_textures(const imp_ground_uniforms *uniforms, __m256i cell,
                                                  bool *one)
{
    const __m128i lowest = _mm256_castsi256_si128(cell);
    const __m256i same = _mm256_cmpeq_epi32(cell, _mm256_broadcastd_epi32(lowest));
    *one = _mm256_movemask_epi8(same) == -1;
    if (*one)
        return _mm256_set1_epi32(uniforms->cells[_mm_cvtsi128_si32(lowest)]);
    // no cell is negative, but compilers do not know that, and so gather into zeros, not into what
    // the processor would wait for
    return _mm256_mask_i32gather_epi32(_mm256_setzero_si256(), uniforms->cells, cell,
                                       _mm256_cmpgt_epi32(cell, _mm256_set1_epi32(-1)), 4);
}

// Places of eight positions.
IMP_AVX2 static inline void locate_sample(const imp_ground_uniforms *uniforms,
                                          const vector_uniforms *wide, int level,
                                          const imp_ground_sample *sample, int n, texel_places *out)
{
    const __m256 forward = _mm256_loadu_ps(sample->forward), right = _mm256_loadu_ps(sample->right);
    const __m256i x = clamp_to_cells(forward, right, wide->x),
                  z = clamp_to_cells(forward, right, wide->z);
    // rows, columns and strides fit 16 bits, where multiplying is quick
    const __m256i cell =
        _mm256_add_epi32(_mm256_madd_epi16(_mm256_srli_epi32(z, IMP_TILE_BITS), wide->columns),
                         _mm256_srli_epi32(x, IMP_TILE_BITS));
    bool one;
    const __m256i start = find_cell_textures(uniforms, cell, &one);
    if (uniforms->colours != NULL) {
        _mm256_store_si256((__m256i *)(void *)out->cells[n], cell);
        out->one_cell[n] = one;
    }

    // from here on two numbers of 16 bits: across in the lower, down in the upper
    const imp_texture_level at = uniforms->scene->levels[level];
    const __m256i both = _mm256_blend_epi16(x, _mm256_slli_epi32(z, 16), 0xaa);
    const __m256i uv = _mm256_add_epi16(
        _mm256_srl_epi16(_mm256_and_si256(both, _mm256_set1_epi16(IMP_TILE_UNITS - 1)),
                         _mm_cvtsi32_si128(level)),
        _mm256_set1_epi16(IMP_SUBTEXEL / 2));
    const __m256i inside = _mm256_madd_epi16(_mm256_srli_epi16(uv, IMP_SUBTEXEL_BITS),
                                             _mm256_set1_epi32(at.stride << 16 | 1));
    _mm256_store_si256(
        (__m256i *)(void *)out->texels[n],
        _mm256_add_epi32(_mm256_add_epi32(start, inside), _mm256_set1_epi32(at.offset)));
    out->strides[n] = at.stride;

    // fractions f and g and their product p to weights: lower 64 - f - g + p and f - p, upper
    // g - p and p, each two as lower byte + 256 times higher
    const __m256i part = _mm256_and_si256(uv, _mm256_set1_epi16(IMP_SUBTEXEL - 1));
    const __m256i turned =
        _mm256_or_si256(_mm256_srli_epi32(part, 16), _mm256_slli_epi32(part, 16));
    const __m256i product = _mm256_srli_epi16(_mm256_mullo_epi16(part, turned), IMP_SUBTEXEL_BITS);
    const __m256i high = _mm256_blend_epi16(_mm256_sub_epi16(part, product), product, 0xaa);
    const __m256i sum =
        _mm256_blend_epi16(_mm256_sub_epi16(_mm256_set1_epi16(IMP_SUBTEXEL), turned), part, 0xaa);
    _mm256_store_si256((__m256i *)(void *)out->weights[n],
                       _mm256_add_epi16(_mm256_mullo_epi16(high, _mm256_set1_epi16(255)), sum));
}

IMP_AVX2 static inline void locate_samples(const imp_ground_uniforms *uniforms,
                                           const vector_uniforms *wide,
                                           const imp_ground_sample_table *table, int first,
                                           int count, texel_places *out)
{
    for (int n = 0; n < count; n++) {
        const int level = imp_ground_mip_level(table->levels[first + n], uniforms->level_shift,
                                               uniforms->scene->finest);
        locate_sample(uniforms, wide, level, &table->samples[first + n], n, out);
    }
}

// Sums of a group's samples: two pixels in each vector.
IMP_ALWAYS_INLINE IMP_AVX2 void sum_group_samples(const imp_ground_uniforms *uniforms,
                                                  const group_at *group, const texel_places *places,
                                                  bool white, __m256i sums[IMP_LANES / 2])
{
    const uint32_t *texels = uniforms->scene->texels;
    __m256i sum0 = _mm256_setzero_si256(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    for (int n = group->sample; n < group->sample + group->group->count; n++) {
        // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): all steps are found
        const int32_t stride = places->strides[n], *at = places->texels[n];
        const __m256i weights =
            _mm256_load_si256((const __m256i *)(const void *)places->weights[n]);
        const __m256i w0 =
            _mm256_permutevar8x32_epi32(weights, _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1));
        const __m256i w1 =
            _mm256_permutevar8x32_epi32(weights, _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3));
        const __m256i w2 =
            _mm256_permutevar8x32_epi32(weights, _mm256_setr_epi32(4, 4, 4, 4, 5, 5, 5, 5));
        const __m256i w3 =
            _mm256_permutevar8x32_epi32(weights, _mm256_setr_epi32(6, 6, 6, 6, 7, 7, 7, 7));
        sum0 = add_pixel_pair(sum0, texels + at[0], texels + at[1], stride, w0,
                              load_cell_colours(uniforms, places, n, 0, white));
        sum1 = add_pixel_pair(sum1, texels + at[2], texels + at[3], stride, w1,
                              load_cell_colours(uniforms, places, n, 2, white));
        sum2 = add_pixel_pair(sum2, texels + at[4], texels + at[5], stride, w2,
                              load_cell_colours(uniforms, places, n, 4, white));
        sum3 = add_pixel_pair(sum3, texels + at[6], texels + at[7], stride, w3,
                              load_cell_colours(uniforms, places, n, 6, white));
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

// Whether no pixel of a group shows the ground beyond the tiles.
IMP_AVX2 static inline bool is_covered_by_tiles(const imp_group_shares *shares,
                                                const __m256i sums[IMP_LANES / 2], __m256 cover)
{
    bool covered = true;
    for (int k = 0; k < IMP_LANES / 2; k++) {
        float share[8];
        _mm256_storeu_ps(share, _mm256_mul_ps(_mm256_cvtepi32_ps(sums[k]), cover));
        covered = covered && !(shares->ground[2 * k] - share[3] > 0.001f) &&
                  !(shares->ground[2 * k + 1] - share[7] > 0.001f);
    }
    return covered;
}

IMP_ALWAYS_INLINE IMP_AVX2 void draw_pixel_group(const imp_ground_uniforms *uniforms,
                                                 const imp_ground_sample_table *table,
                                                 const group_at *at, const texel_places *places,
                                                 bool even, bool white, __m256i *pixels)
{
    const imp_pixel_group *group = at->group;
    const imp_group_shares *shares = imp_group_shares_of(table, group);
    __m256i sums[IMP_LANES / 2];
    imp_group_shading extra;
    sum_group_samples(uniforms, at, places, white, sums);
    const float mean = imp_ground_mean_factor(uniforms, group);
    const __m256 tile = _mm256_set1_ps(mean * uniforms->light);
    const __m256 cover = _mm256_set1_ps(mean * (1.0f / 255.0f));
    const imp_group_shading *more = NULL;
    if (!even) {
        const bool covered =
            uniforms->distractors.count == 0 || is_covered_by_tiles(shares, sums, cover);
        if (!covered || uniforms->lamp || uniforms->lighting->lights_ground) {
            imp_group_shading_compute(uniforms, table, group, at->row, at->first, covered, &extra);
            more = &extra;
        }
    }
    const __m256i low =
        _mm256_packs_epi32(blend_pixel_pair(sums[0], uniforms, shares, 0, tile, cover, more),
                           blend_pixel_pair(sums[1], uniforms, shares, 2, tile, cover, more));
    const __m256i high =
        _mm256_packs_epi32(blend_pixel_pair(sums[2], uniforms, shares, 4, tile, cover, more),
                           blend_pixel_pair(sums[3], uniforms, shares, 6, tile, cover, more));
    // its halves hold pixels 0 2 4 6 and 1 3 5 7
    *pixels = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high),
                                          _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

// Eight pixels of a colour without light or shadow, 0..255.
IMP_AVX2 static inline __m256i flat_pixels(const float rgb[4])
{
    const __m128 most =
        _mm_min_ps(_mm_max_ps(_mm_loadu_ps(rgb), _mm_setzero_ps()), _mm_set1_ps(255.0f));
    const __m128i whole = _mm_cvttps_epi32(_mm_add_ps(most, _mm_set1_ps(0.5f)));
    const __m128i bytes = _mm_packus_epi16(_mm_packus_epi32(whole, whole), _mm_setzero_si128());
    return _mm256_broadcastd_epi32(bytes);
}

// Draws the groups of a row: finds the places of as many as there is room for, then draws these. A
// group's sums then never wait for its places.
IMP_ALWAYS_INLINE IMP_AVX2 void draw_groups(const imp_ground_uniforms *uniforms,
                                            const imp_ground_sample_table *table,
                                            const imp_pixel_group *groups, int row, int width,
                                            uint8_t *rgb, bool even, bool white)
{
    const vector_uniforms wide = load_uniforms(uniforms);
    const __m256i sky = flat_pixels(uniforms->sky);
    const int count = (width + IMP_LANES - 1) / IMP_LANES;
    texel_places places;
    imp_row_candidates candidates;
    if (!even)
        imp_row_candidates_find(uniforms, groups, row, count, &candidates);
    for (int g = 0, end; g < count; g = end) {
        int samples = 0;
        for (end = g; end < count && samples + groups[end].count <= SAMPLES_MAX; end++)
            samples += groups[end].count;
        locate_samples(uniforms, &wide, table, groups[g].first, samples, &places);
        for (int n = g; n < end; n++) {
            const int first = n * IMP_LANES;
            const group_at at = {&groups[n], groups[n].first - groups[g].first, first, &candidates};
            __m256i pixels = sky;
            if (groups[n].kind != IMP_GROUP_ONLY_SKY)
                draw_pixel_group(uniforms, table, &at, &places, even, white, &pixels);
            imp_avx_store_pixels(pixels, width - first, rgb + (size_t)first * 3);
        }
    }
}

IMP_AVX2 void imp_ground_draw_avx2(const imp_ground_uniforms *uniforms,
                                   const imp_ground_sample_table *table,
                                   const imp_pixel_group *groups, int row, int width, uint8_t *rgb)
{
    const bool even =
        !uniforms->lamp && uniforms->distractors.count == 0 && !uniforms->lighting->lights_ground;
    const bool white = uniforms->colours == NULL;
    if (even && white)
        draw_groups(uniforms, table, groups, row, width, rgb, true, true);
    else if (even)
        draw_groups(uniforms, table, groups, row, width, rgb, true, false);
    else if (white)
        draw_groups(uniforms, table, groups, row, width, rgb, false, true);
    else
        draw_groups(uniforms, table, groups, row, width, rgb, false, false);
}

#endif
