// Ground and sky of one row with AVX2. It writes the same bytes as imp_ground_draw_portable().
//
// Data layout: a row is cut into groups of eight pixels. A group's samples are consecutive in the
// sample table, each with eight positions (struct of arrays). Sums are kept as two pixels x (red,
// green, blue, cover) in one vector of eight 32-bit integers.
//
// Drawing takes two passes. The first converts the positions of up to SAMPLES_MAX samples to texel
// indices and weights; the second loads texels and accumulates. So texel loads never wait for
// address arithmetic. The constants `even` (no lighting or distractors) and `white` (no cell
// colours) are compile-time arguments that remove unused code.
#include <assert.h>
#include <string.h>

#include "sim/render/ground/ground_shading.h"
#include "sim/render/ground/pixel_store_avx2.h"

#if defined(__x86_64__)

// Uniforms broadcast to vectors. Per axis: change per metre forward and right, start, and largest
// value.
typedef struct vector_uniforms {
    __m256 x[4], z[4];
    __m256i columns;
} vector_uniforms;

// Broadcasts the uniforms once per row.
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

// Samples that are located together: enough for any group, few enough to stay in the cache.
enum { SAMPLES_MAX = 128 };
static_assert(SAMPLES_MAX % 2 == 0 && (int)SAMPLES_MAX >= (int)IMP_GROUP_SAMPLES_MAX,
              "places are found two steps at a time, of whole groups");

// Located samples, eight positions each: index of the upper left texel, four weights as bytes, and
// the cell (only if cells have colours); and per sample the texels per row of its level.
typedef struct texel_places {
    _Alignas(64) int32_t texels[SAMPLES_MAX][IMP_LANES];
    int32_t weights[SAMPLES_MAX][IMP_LANES], cells[SAMPLES_MAX][IMP_LANES];
    int32_t strides[SAMPLES_MAX];
    bool one_cell[SAMPLES_MAX]; // whether all eight positions are in one cell
} texel_places;

// A group to draw.
typedef struct group_at {
    const imp_pixel_group *group;
    int sample; // index of its first sample among the located ones
    int first;  // its first pixel in the row
    imp_row_candidates *row;
} group_at;

// Loads the 2 x 2 texels around a position, upper row first.
IMP_AVX2 static inline __m128i load_texel_quad(const uint32_t *texel, int32_t stride)
{
    const __m128i upper = _mm_loadl_epi64((const __m128i *)(const void *)texel);
    const __m128i lower = _mm_loadl_epi64((const __m128i *)(const void *)(texel + stride));
    return _mm_unpacklo_epi64(upper, lower);
}

// Adds a sample of two neighbouring pixels, times colours, to their sums. maddubs multiplies bytes
// by weights and adds pairs to 16 bits (no overflow: weights add up to 64); madd multiplies by
// colours and adds pairs to 32 bits.
IMP_AVX2 static inline __m256i add_pixel_pair(__m256i sum, const uint32_t *first,
                                              const uint32_t *second, int32_t stride,
                                              __m256i weights, __m256i colours)
{
    // shuffle from texel order to channel order
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    const __m256i four = _mm256_inserti128_si256(
        _mm256_castsi128_si256(load_texel_quad(first, stride)), load_texel_quad(second, stride), 1);
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_shuffle_epi8(four, order), weights);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, colours));
}

// Converts the sums of two pixels to rounded colours. Without `extra`, the factor `tile` is all
// there is to light.
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
    // the share of the ground that texels do not cover
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
    // tiles + ground outside + sky + reflections, in the order of the portable version
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

// Colour factors of the cells of two pixels.
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

// Positions along one axis, clamped; max() with NaN first gives 0.
IMP_AVX2 static inline __m256i clamp_to_cells(__m256 forward, __m256 right, const __m256 axis[4])
{
    const __m256 at = _mm256_add_ps(
        _mm256_add_ps(_mm256_mul_ps(forward, axis[0]), _mm256_mul_ps(right, axis[1])), axis[2]);
    return _mm256_cvttps_epi32(_mm256_min_ps(_mm256_max_ps(at, _mm256_setzero_ps()), axis[3]));
}

// The textures of eight cells. Usually all are one cell, which saves a gather.
IMP_AVX2 static inline __m256i find_cell_textures(const imp_ground_uniforms *uniforms, __m256i cell,
                                                  bool *one)
{
    const __m128i lowest = _mm256_castsi256_si128(cell);
    const __m256i same = _mm256_cmpeq_epi32(cell, _mm256_broadcastd_epi32(lowest));
    *one = _mm256_movemask_epi8(same) == -1;
    if (*one)
        return _mm256_set1_epi32(uniforms->cells[_mm_cvtsi128_si32(lowest)]);
    // the mask is always true, since no cell is negative; but the masked form gathers into zeros
    // and so avoids a dependency on the old register
    return _mm256_mask_i32gather_epi32(_mm256_setzero_si256(), uniforms->cells, cell,
                                       _mm256_cmpgt_epi32(cell, _mm256_set1_epi32(-1)), 4);
}

// First pass for one sample: positions to texel indices and weights.
IMP_AVX2 static inline void locate_sample(const imp_ground_uniforms *uniforms,
                                          const vector_uniforms *wide, int level,
                                          const imp_ground_sample *sample, int n, texel_places *out)
{
    const __m256 forward = _mm256_loadu_ps(sample->forward), right = _mm256_loadu_ps(sample->right);
    const __m256i x = clamp_to_cells(forward, right, wide->x),
                  z = clamp_to_cells(forward, right, wide->z);
    // rows, columns and strides fit 16 bits, so the fast 16-bit multiplication suffices
    const __m256i cell =
        _mm256_add_epi32(_mm256_madd_epi16(_mm256_srli_epi32(z, IMP_TILE_BITS), wide->columns),
                         _mm256_srli_epi32(x, IMP_TILE_BITS));
    bool one;
    const __m256i start = find_cell_textures(uniforms, cell, &one);
    if (uniforms->colours != NULL) {
        _mm256_store_si256((__m256i *)(void *)out->cells[n], cell);
        out->one_cell[n] = one;
    }

    // from here on each lane holds two 16-bit numbers: x in the lower, z in the upper half
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

    // fractions f and g with product p give the weights 64 - f - g + p, f - p (lower half) and g -
    // p, p (upper half), each pair packed as low byte + 256 * high byte
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

// First pass for consecutive samples.
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

// Second pass: sums the samples of a group, two pixels per vector.
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
        // broadcast the weights of each pixel pair
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

// Whether texels cover all of the ground that a group shows.
IMP_AVX2 static inline bool is_covered_by_tiles(const imp_group_shares *shares,
                                                const __m256i sums[IMP_LANES / 2], __m256 cover)
{
    bool covered = true;
    for (int k = 0; k < IMP_LANES / 2; k++) {
        float share[8];
        // elements 3 and 7 hold the cover of the two pixels
        _mm256_storeu_ps(share, _mm256_mul_ps(_mm256_cvtepi32_ps(sums[k]), cover));
        covered = covered && !(shares->ground[2 * k] - share[3] > 0.001f) &&
                  !(shares->ground[2 * k + 1] - share[7] > 0.001f);
    }
    return covered;
}

// Draws one group to eight 32-bit pixels.
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
    // shading is computed only if some pixel needs it
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
    // packing interleaves the halves as pixels 0 2 4 6 and 1 3 5 7
    *pixels = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high),
                                          _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

// Eight pixels of one colour (0..255).
IMP_AVX2 static inline __m256i eight_pixels_of_colour(const float rgb[4])
{
    const __m128 most =
        _mm_min_ps(_mm_max_ps(_mm_loadu_ps(rgb), _mm_setzero_ps()), _mm_set1_ps(255.0f));
    const __m128i whole = _mm_cvttps_epi32(_mm_add_ps(most, _mm_set1_ps(0.5f)));
    const __m128i bytes = _mm_packus_epi16(_mm_packus_epi32(whole, whole), _mm_setzero_si128());
    return _mm256_broadcastd_epi32(bytes);
}

// Draws a row: locates as many whole groups as fit, then draws these.
IMP_ALWAYS_INLINE IMP_AVX2 void draw_row_of_groups(const imp_ground_uniforms *uniforms,
                                                   const imp_ground_sample_table *table,
                                                   const imp_pixel_group *groups, int row,
                                                   int width, uint8_t *rgb, bool even, bool white)
{
    const vector_uniforms wide = load_uniforms(uniforms);
    // groups of pure sky need no samples
    const __m256i sky = eight_pixels_of_colour(uniforms->sky);
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

// Chooses one of four specialised copies of draw_row_of_groups().
IMP_AVX2 void imp_ground_draw_avx2(const imp_ground_uniforms *uniforms,
                                   const imp_ground_sample_table *table,
                                   const imp_pixel_group *groups, int row, int width, uint8_t *rgb)
{
    const bool even =
        !uniforms->lamp && uniforms->distractors.count == 0 && !uniforms->lighting->lights_ground;
    const bool white = uniforms->colours == NULL;
    if (even && white)
        draw_row_of_groups(uniforms, table, groups, row, width, rgb, true, true);
    else if (even)
        draw_row_of_groups(uniforms, table, groups, row, width, rgb, true, false);
    else if (white)
        draw_row_of_groups(uniforms, table, groups, row, width, rgb, false, true);
    else
        draw_row_of_groups(uniforms, table, groups, row, width, rgb, false, false);
}

#endif
