// Draws rows of ground and sky. A pixel is the mean of its samples times light, plus the ground
// outside the tiles where texels do not cover it, plus the sky's share.
//
// Data layout: a row is cut into groups of eight pixels, one lane each. A group's samples are
// consecutive in the sample table. Their sums and colours are kept as pairs of pixels, k and k + 4:
// one vector holds red, green, blue and cover of both.
//
// Drawing takes two passes. The first converts the positions of up to IMP_PLACES_MAX samples to
// texel indices and weights; the second loads texels and adds them up (ground_texels.h). So texel
// loads never wait for address arithmetic. One source serves all instruction sets; the operations
// that compilers translate poorly are arguments. These, and the constants `even` (no lighting or
// distractors) and `white` (no cell colours), are known when a copy is compiled.
#include "sim/render/ground/ground_shading.h"
#include "sim/render/ground/ground_texels.h"
#include "sim/render/primitives/pixel_pairs.h"
#include "sim/render/primitives/simd8_ops.h"

// The operations of an instruction set.
typedef struct ground_ops {
    const imp_simd8_ops *simd;
    imp_sum_texels *sum_texels;
    imp_pack_pixel_pairs *pack;
    imp_store_pixels *store;
} ground_ops;

enum { PAIRS = IMP_LANES / 2 };

// Samples of the table that are requested ahead of use. A table of a large image is not in a cache.
enum { PREFETCH_SAMPLES = 32 };

// A value per pixel as four vectors of pairs.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define PIXEL_PAIR(of, k) __builtin_shufflevector(of, of, k, k, k, k, k + 4, k + 4, k + 4, k + 4)
#define PIXEL_PAIRS(of)                                                                            \
    {                                                                                              \
        PIXEL_PAIR(of, 0), PIXEL_PAIR(of, 1), PIXEL_PAIR(of, 2), PIXEL_PAIR(of, 3)                 \
    }
// NOLINTEND(bugprone-macro-parentheses)

// Lower 16 bits of each lane from one vector, upper ones from another.
#define BLEND_HALVES(lower, upper)                                                                 \
    __builtin_shufflevector((imp_u16x16)(lower), (imp_u16x16)(upper), 0, 17, 2, 19, 4, 21, 6, 23,  \
                            8, 25, 10, 27, 12, 29, 14, 31)

// Uniforms as vectors. Per axis: change per metre forward and right, start, and largest value.
typedef struct vector_uniforms {
    imp_f32x8 x[4], z[4];
    imp_f32x8 ground, sky; // twice red, green, blue and 0
} vector_uniforms;

IMP_ALWAYS_INLINE void load_uniforms(const imp_ground_uniforms *uniforms, vector_uniforms *out)
{
    const float x[4] = {uniforms->x_forward, uniforms->x_right, uniforms->x_start, uniforms->x_end};
    const float z[4] = {uniforms->z_forward, uniforms->z_right, uniforms->z_start, uniforms->z_end};
    for (int k = 0; k < 4; k++) {
        out->x[k] = (imp_f32x8){0} + x[k];
        out->z[k] = (imp_f32x8){0} + z[k];
    }
    for (int k = 0; k < IMP_LANES; k++) {
        out->ground[k] = uniforms->ground[k % 4];
        out->sky[k] = uniforms->sky[k % 4];
    }
}

// Positions along one axis.
IMP_ALWAYS_INLINE void compute_positions(const imp_f32x8 at[2], const imp_f32x8 axis[4],
                                         imp_f32x8 *out)
{
    *out = at[0] * axis[0] + at[1] * axis[1] + axis[2];
}

// Half the extent along one axis of a rectangle, widened for the rounding of positions.
IMP_ALWAYS_INLINE void compute_group_half_extent(const imp_f32x8 middle[2], const imp_f32x8 half[2],
                                                 const imp_f32x8 axis[4], imp_f32x8 *out)
{
    const imp_f32x8 forward = IMP_F32X8_ABS(axis[0]), right = IMP_F32X8_ABS(axis[1]);
    const imp_f32x8 far = IMP_F32X8_ABS(middle[0]) * forward + IMP_F32X8_ABS(middle[1]) * right;
    const imp_f32x8 near = half[0] * forward + half[1] * right;
    *out = near + 1e-6f * (near + far + IMP_F32X8_ABS(axis[2])) + 1.0f;
}

// For each of eight groups the cell that all its samples lie in, or -1.
IMP_ALWAYS_INLINE void find_group_cells(const imp_ground_uniforms *uniforms,
                                        const vector_uniforms *wide, const imp_group_bounds *bounds,
                                        int32_t cells[IMP_LANES])
{
    const imp_f32x8 zero = {0};
    const imp_f32x8 middle[2] = {IMP_F32X8_LOAD(bounds->middle[0]),
                                 IMP_F32X8_LOAD(bounds->middle[1])};
    const imp_f32x8 half[2] = {IMP_F32X8_LOAD(bounds->half[0]), IMP_F32X8_LOAD(bounds->half[1])};
    imp_f32x8 x, z, x_reach, z_reach;
    compute_positions(middle, wide->x, &x);
    compute_positions(middle, wide->z, &z);
    compute_group_half_extent(middle, half, wide->x, &x_reach);
    compute_group_half_extent(middle, half, wide->z, &z_reach);
    const imp_f32x8 left = x - x_reach, right = x + x_reach, top = z - z_reach, end = z + z_reach;
    const imp_i32x8 column = __builtin_convertvector(left, imp_i32x8) >> IMP_TILE_BITS;
    const imp_i32x8 row = __builtin_convertvector(top, imp_i32x8) >> IMP_TILE_BITS;
    // within the cells, where conversion is exact, and in one of them
    const imp_i32x8 within =
        (left > zero) & (right < wide->x[3]) & (top > zero) & (end < wide->z[3]);
    const imp_i32x8 one = (column == __builtin_convertvector(right, imp_i32x8) >> IMP_TILE_BITS) &
                          (row == __builtin_convertvector(end, imp_i32x8) >> IMP_TILE_BITS);
    const imp_i32x8 cell = (row * uniforms->columns + column) | ~(within & one);
    memcpy(cells, &cell, sizeof cell);
}

// The textures of eight cells. Nearly always they are one or two cells, which saves a gather.
IMP_ALWAYS_INLINE void find_cell_textures(const int32_t *cells, const imp_i32x8 *cell,
                                          imp_i32x8 *out, const ground_ops *ops)
{
    const int32_t first = (*cell)[0], last = (*cell)[IMP_LANES - 1];
    const imp_i32x8 is_first = *cell == first, is_known = is_first | (*cell == last);
    if (ops->simd->lane_bits(&is_known) != 0xff) {
        ops->simd->gather((const uint32_t *)cells, cell, out);
        return;
    }
    const imp_i32x8 zero = {0}, near = zero + cells[(uint32_t)first];
    const imp_i32x8 far = zero + cells[(uint32_t)last];
    *out = (is_first & (near ^ far)) ^ far;
}

// Positions of samples in one known cell.
IMP_ALWAYS_INLINE void compute_position_in_cell(const vector_uniforms *wide,
                                                const imp_ground_sample *sample, imp_i32x8 at[2])
{
    const imp_f32x8 from[2] = {IMP_F32X8_LOAD(sample->forward), IMP_F32X8_LOAD(sample->right)};
    imp_f32x8 x, z;
    compute_positions(from, wide->x, &x);
    compute_positions(from, wide->z, &z);
    at[0] = __builtin_convertvector(x, imp_i32x8);
    at[1] = __builtin_convertvector(z, imp_i32x8);
}

// Positions of samples anywhere, clamped to the cells; NaN becomes 0. Also finds their cells.
IMP_ALWAYS_INLINE void compute_position_in_any_cell(const imp_ground_uniforms *uniforms,
                                                    const vector_uniforms *wide,
                                                    const imp_ground_sample *sample,
                                                    imp_i32x8 at[2], imp_i32x8 *cell,
                                                    const ground_ops *ops)
{
    const imp_f32x8 from[2] = {IMP_F32X8_LOAD(sample->forward), IMP_F32X8_LOAD(sample->right)};
    imp_f32x8 x, z, limited[2];
    compute_positions(from, wide->x, &x);
    compute_positions(from, wide->z, &z);
    ops->simd->clamp(&x, &wide->x[3], &limited[0]);
    ops->simd->clamp(&z, &wide->z[3], &limited[1]);
    at[0] = __builtin_convertvector(limited[0], imp_i32x8);
    at[1] = __builtin_convertvector(limited[1], imp_i32x8);
    const imp_i32x8 row = at[1] >> IMP_TILE_BITS;
    ops->simd->dot_halves(&row, uniforms->columns, cell);
    *cell += at[0] >> IMP_TILE_BITS;
}

// First pass for one sample: from positions (x, z) to texel indices, less those of their textures,
// and to weights. base: added to the indices.
IMP_ALWAYS_INLINE void locate_sample(const imp_i32x8 at[2], const imp_ground_level *level,
                                     int32_t base, int n, imp_i32x8 *texels, imp_texel_places *out,
                                     const ground_ops *ops)
{
    // each lane holds two 16-bit numbers: z in the lower, x in the upper half. Minus half a texel
    // to its centre, plus one for the border, leaves half a texel to add.
    const imp_u16x16 within = BLEND_HALVES(at[1], at[0] << 16) & (IMP_TILE_UNITS - 1);
    const imp_u16x16 vu = (within >> level->shift) + IMP_SUBTEXEL / 2;
    const imp_i32x8 whole = (imp_i32x8)(vu >> IMP_SUBTEXEL_BITS);
    ops->simd->dot_halves(&whole, level->steps, texels);
    *texels += base;
    out->strides[n] = level->stride;

    // fractions g (z) and f (x) with product p give the weights 64 - f - g + p, g - p (lower half)
    // and f - p, p (upper half), each pair packed as low byte + 256 * high byte
    const imp_u16x16 part = vu & (IMP_SUBTEXEL - 1);
    const imp_u16x16 turned =
        __builtin_shufflevector(part, part, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
    const imp_u16x16 product = part * turned >> IMP_SUBTEXEL_BITS;
    const imp_u16x16 factors = BLEND_HALVES((imp_u16x16){0} - 255, (imp_u16x16){0} + 255);
    const imp_u16x16 alone = BLEND_HALVES(part * 255 - turned + IMP_SUBTEXEL, part);
    const imp_u16x16 weights = alone + product * factors;
    memcpy(out->weights[n], &weights, sizeof weights);
}

// First pass for consecutive samples of the table, in one known cell or anywhere (-1). They become
// places `to` and following.
IMP_ALWAYS_INLINE void locate_samples(const imp_ground_uniforms *uniforms,
                                      const vector_uniforms *wide,
                                      const imp_ground_sample_table *table, int first, int count,
                                      int32_t one_cell, bool white, int to, imp_texel_places *out,
                                      const ground_ops *ops)
{
    const imp_ground_level *levels = uniforms->levels + IMP_SAMPLE_LEVEL_MAX;
    const int32_t texture = one_cell >= 0 ? uniforms->cells[one_cell] : 0;
    // in a known cell the texture is the same for all samples
    for (int n = first; n < first + count && one_cell >= 0; n++, to++) {
        const imp_ground_level *level = &levels[table->levels[n]];
        __builtin_prefetch(&table->samples[n + PREFETCH_SAMPLES]);
        const imp_i32x8 cell = (imp_i32x8){0} + one_cell;
        imp_i32x8 at[2], texels;
        compute_position_in_cell(wide, &table->samples[n], at);
        locate_sample(at, level, texture + level->offset, to, &texels, out, ops);
        memcpy(out->texels[to], &texels, sizeof texels);
        if (!white)
            memcpy(out->cells[to], &cell, sizeof cell);
    }
    // anywhere: each lane looks up its own cell and texture
    for (int n = first; n < first + count && one_cell < 0; n++, to++) {
        const imp_ground_level *level = &levels[table->levels[n]];
        __builtin_prefetch(&table->samples[n + PREFETCH_SAMPLES]);
        imp_i32x8 at[2], cell, textures, texels;
        compute_position_in_any_cell(uniforms, wide, &table->samples[n], at, &cell, ops);
        find_cell_textures(uniforms->cells, &cell, &textures, ops);
        locate_sample(at, level, level->offset, to, &texels, out, ops);
        texels += textures;
        memcpy(out->texels[to], &texels, sizeof texels);
        if (!white)
            memcpy(out->cells[to], &cell, sizeof cell);
    }
}

// Locates the samples of as many whole groups as fit, from g to count - 1, and returns the first
// group that did not. Neighbouring groups in one cell are located together.
IMP_ALWAYS_INLINE int locate_samples_of_groups(const imp_ground_uniforms *uniforms,
                                               const vector_uniforms *wide,
                                               const imp_ground_sample_table *table,
                                               const imp_pixel_group *groups, int g, int count,
                                               const int32_t cells[IMP_LANES], bool white,
                                               imp_texel_places *out, const ground_ops *ops)
{
    int samples = 0;
    while (g < count && samples + groups[g].count <= IMP_PLACES_MAX) {
        const int first = g, to = samples;
        const int32_t cell = cells[g % IMP_LANES];
        while (g < count && samples + groups[g].count <= IMP_PLACES_MAX &&
               cells[g % IMP_LANES] == cell)
            samples += groups[g++].count;
        locate_samples(uniforms, wide, table, groups[first].first, samples - to, cell, white, to,
                       out, ops);
    }
    return g;
}

// Whether texels cover all of the ground that a group shows. cover: factor of the sums.
IMP_ALWAYS_INLINE bool is_group_covered_by_tiles(const imp_group_shares *shares,
                                                 const imp_i32x8 sums[PAIRS], float cover,
                                                 const ground_ops *ops)
{
    const imp_f32x8 ground = IMP_F32X8_LOAD(shares->ground), share[PAIRS] = PIXEL_PAIRS(ground);
    imp_i32x8 seen = {0};
    for (int k = 0; k < PAIRS; k++)
        seen |= share[k] - __builtin_convertvector(sums[k], imp_f32x8) * cover > 0.001f;
    // lanes 3 and 7 hold the cover of the two pixels
    return (ops->simd->lane_bits(&seen) & 0x88) == 0;
}

// Converts the sums of a group to colours: tiles + ground outside + sky + reflections. Without
// `extra`, the factor `tile` is all there is to light.
IMP_ALWAYS_INLINE void blend_pixel_group(const vector_uniforms *wide,
                                         const imp_group_shares *shares,
                                         const imp_i32x8 sums[PAIRS], float tile, float cover,
                                         const imp_group_shading *extra, imp_f32x8 values[PAIRS])
{
    const imp_f32x8 ground = IMP_F32X8_LOAD(shares->ground), share[PAIRS] = PIXEL_PAIRS(ground);
    const imp_f32x8 sky = IMP_F32X8_LOAD(shares->sky), sky_share[PAIRS] = PIXEL_PAIRS(sky);
    imp_f32x8 factor[PAIRS], beyond[PAIRS];
    for (int k = 0; k < PAIRS; k++) {
        factor[k] = (imp_f32x8){0} + tile;
        beyond[k] = wide->ground;
    }
    if (extra != NULL) {
        const imp_f32x8 factors[PAIRS] = PIXEL_PAIRS(extra->factors);
        const imp_f32x8 shades[PAIRS] = PIXEL_PAIRS(extra->shade);
        for (int k = 0; k < PAIRS; k++) {
            factor[k] = factors[k];
            beyond[k] = extra->has_distractor ? extra->beyond[k] : wide->ground * shades[k];
        }
    }
    for (int k = 0; k < PAIRS; k++) {
        const imp_f32x8 sum = __builtin_convertvector(sums[k], imp_f32x8);
        const imp_f32x8 covers = __builtin_shufflevector(sum, sum, 3, 3, 3, 3, 7, 7, 7, 7);
        // the share of the ground that texels do not cover
        const imp_f32x8 open = share[k] - covers * cover;
        values[k] = sum * factor[k] + open * beyond[k] + sky_share[k] * wide->sky;
    }
    if (extra != NULL) {
        const imp_f32x8 added[PAIRS] = PIXEL_PAIRS(extra->added);
        for (int k = 0; k < PAIRS; k++)
            values[k] += added[k];
    }
}

// The same for a group of nothing but tiles, which is most of an image. False if some pixel shows
// anything else. full: sum of the cover of a pixel that tiles cover.
IMP_ALWAYS_INLINE bool blend_pixel_group_of_tiles(const vector_uniforms *wide,
                                                  const imp_i32x8 sums[PAIRS], int32_t full,
                                                  float tile, float cover, imp_f32x8 values[PAIRS],
                                                  const ground_ops *ops)
{
    // no pixel has more cover than `full`, so all have it if their sum says so
    const imp_i32x8 whole = sums[0] + sums[1] + sums[2] + sums[3] == 4 * full;
    if ((ops->simd->lane_bits(&whole) & 0x88) != 0x88)
        return false;
    // what rounding leaves of the ground outside
    const imp_f32x8 rest = (1.0f - (float)full * cover) * wide->ground;
    for (int k = 0; k < PAIRS; k++)
        values[k] = __builtin_convertvector(sums[k], imp_f32x8) * tile + rest;
    return true;
}

// A group to draw.
typedef struct group_at {
    const imp_pixel_group *group;
    int sample; // index of its first sample among the located ones
    int first;  // its first pixel in the row
    imp_row_candidates *row;
} group_at;

// Draws one group to eight words.
IMP_ALWAYS_INLINE void draw_pixel_group(const imp_ground_uniforms *uniforms,
                                        const vector_uniforms *wide,
                                        const imp_ground_sample_table *table, const group_at *at,
                                        const imp_texel_places *places, bool even, bool white,
                                        imp_i32x8 *pixels, const ground_ops *ops)
{
    const imp_pixel_group *group = at->group;
    const imp_group_shares *shares = imp_group_shares_of(table, group);
    imp_i32x8 sums[PAIRS];
    imp_f32x8 values[PAIRS];
    imp_group_shading extra;
    ops->sum_texels(uniforms, places, at->sample, group->count, white, sums);
    const float mean = imp_ground_mean_factor(uniforms, group);
    const float tile = mean * uniforms->light, cover = mean * (1.0f / 255.0f);
    const int32_t full = 255 * IMP_SUBTEXEL * group->count * (white ? 1 : IMP_COLOUR_FACTOR_ONE);
    // shading is computed only if some pixel needs it
    const imp_group_shading *more = NULL;
    if (!even) {
        const bool covered =
            uniforms->distractors.count == 0 || is_group_covered_by_tiles(shares, sums, cover, ops);
        if (!covered || uniforms->lamp || uniforms->lighting->lights_ground) {
            imp_group_shading_compute(uniforms, table, group, at->row, at->first, covered, &extra);
            more = &extra;
        }
    }
    if (more != NULL || group->kind != IMP_GROUP_ONLY_GROUND ||
        !blend_pixel_group_of_tiles(wide, sums, full, tile, cover, values, ops))
        blend_pixel_group(wide, shares, sums, tile, cover, more, values);
    ops->pack(values, pixels);
}

// Draws a row, eight groups at a time: locates as many of them as fit, then draws these.
IMP_ALWAYS_INLINE void draw_row_of_groups(const imp_ground_uniforms *uniforms,
                                          const imp_ground_sample_table *table,
                                          const imp_pixel_group *groups, int row, int width,
                                          uint8_t *rgb, bool even, bool white,
                                          const ground_ops *ops)
{
    vector_uniforms wide;
    imp_texel_places places;
    imp_row_candidates candidates;
    const int count = (width + IMP_LANES - 1) / IMP_LANES;
    const imp_group_bounds *bounds = imp_group_bounds_of(table, groups);
    load_uniforms(uniforms, &wide);
    // groups of pure sky need no samples
    const imp_f32x8 sky_colours[PAIRS] = {wide.sky, wide.sky, wide.sky, wide.sky};
    imp_i32x8 sky;
    ops->pack(sky_colours, &sky);
    if (!even)
        imp_row_candidates_find(uniforms, table, groups, row, count, &candidates);
    for (int g = 0, end; g < count; g = end) {
        int32_t cells[IMP_LANES];
        const int last = (g | (IMP_LANES - 1)) + 1;
        if (groups[g].kind != IMP_GROUP_ONLY_SKY)
            find_group_cells(uniforms, &wide, &bounds[g / IMP_LANES], cells);
        else
            memset(cells, -1, sizeof cells);
        end = locate_samples_of_groups(uniforms, &wide, table, groups, g,
                                       last < count ? last : count, cells, white, &places, ops);
        for (int n = g; n < end; n++) {
            const int first = n * IMP_LANES;
            const group_at at = {&groups[n], groups[n].first - groups[g].first, first, &candidates};
            imp_i32x8 pixels = sky;
            if (groups[n].kind != IMP_GROUP_ONLY_SKY)
                draw_pixel_group(uniforms, &wide, table, &at, &places, even, white, &pixels, ops);
            const int left = width - first;
            ops->store(&pixels, left < IMP_LANES ? left : IMP_LANES, rgb + (size_t)first * 3);
        }
    }
}

// Chooses one of four specialised copies of draw_row_of_groups(). IMP_FEW_COPIES leaves one, for
// builds that take longer to compile than to run.
IMP_ALWAYS_INLINE void draw_row(const imp_ground_uniforms *uniforms,
                                const imp_ground_sample_table *table, const imp_pixel_group *groups,
                                int row, int width, uint8_t *rgb, const ground_ops *ops)
{
    const bool even =
        !uniforms->lamp && uniforms->distractors.count == 0 && !uniforms->lighting->lights_ground;
    const bool white = uniforms->colours == NULL;
#ifdef IMP_FEW_COPIES
    draw_row_of_groups(uniforms, table, groups, row, width, rgb, even, white, ops);
#else
    if (even && white)
        draw_row_of_groups(uniforms, table, groups, row, width, rgb, true, true, ops);
    else if (even)
        draw_row_of_groups(uniforms, table, groups, row, width, rgb, true, false, ops);
    else if (white)
        draw_row_of_groups(uniforms, table, groups, row, width, rgb, false, true, ops);
    else
        draw_row_of_groups(uniforms, table, groups, row, width, rgb, false, false, ops);
#endif
}

void imp_ground_draw_portable(const imp_ground_uniforms *uniforms,
                              const imp_ground_sample_table *table, const imp_pixel_group *groups,
                              int row, int width, uint8_t *rgb)
{
    static const ground_ops PORTABLE = {&IMP_SIMD8_OPS_PORTABLE, imp_sum_texels_portable,
                                        imp_pack_pixel_pairs_portable, imp_store_pixels_portable};
    draw_row(uniforms, table, groups, row, width, rgb, &PORTABLE);
}

#if defined(__x86_64__)
IMP_AVX2 void imp_ground_draw_avx2(const imp_ground_uniforms *uniforms,
                                   const imp_ground_sample_table *table,
                                   const imp_pixel_group *groups, int row, int width, uint8_t *rgb)
{
    static const ground_ops AVX2 = {&IMP_SIMD8_OPS_AVX2, imp_sum_texels_avx2,
                                    imp_pack_pixel_pairs_avx2, imp_store_pixels_avx2};
    draw_row(uniforms, table, groups, row, width, rgb, &AVX2);
}
#endif
