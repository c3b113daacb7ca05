// Rasterises triangles with 8 samples per pixel (multisampling: coverage and depth per sample,
// colour per pixel). Edge functions, depth and texture coordinates are linear in the ray (x, y), so
// each is one plane evaluated at the pixel's ray; samples use its derivatives.
//
// Data layout: 8 pixels of a row are one vector for bounds, edges and shading; the 8 samples of a
// pixel are one vector for the depth test. Rows are cut into runs of 8 pixels; bounds of 8 runs,
// one below the other, are tested at once. The portable and AVX2 versions are the same source with
// different lane operations and give the same bytes.
#include "sim/render/raster/rasterizer.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "sim/render/raster/decal_sampler.h"

enum { LANES = 8 };
static_assert((int)IMP_RASTER_SAMPLES == (int)LANES && (int)IMP_PIXEL_RAYS_PADDING == (int)LANES,
              "samples and rays are taken a vector at a time");

// Sample positions relative to the pixel's centre: no two share a row or a column (rooks pattern).
#define SAMPLE_OFFSET(k) (((float)(k)-3.5f) / 8.0f)
static const float SAMPLES_X[LANES] = {SAMPLE_OFFSET(3), SAMPLE_OFFSET(6), SAMPLE_OFFSET(1),
                                       SAMPLE_OFFSET(4), SAMPLE_OFFSET(7), SAMPLE_OFFSET(0),
                                       SAMPLE_OFFSET(5), SAMPLE_OFFSET(2)};
static const float SAMPLES_Y[LANES] = {SAMPLE_OFFSET(0), SAMPLE_OFFSET(1), SAMPLE_OFFSET(2),
                                       SAMPLE_OFFSET(3), SAMPLE_OFFSET(4), SAMPLE_OFFSET(5),
                                       SAMPLE_OFFSET(6), SAMPLE_OFFSET(7)};

bool imp_raster_triangle_set_up(imp_raster_triangle *triangle, const imp_raster_corner corners[3])
{
    // normals of the planes through the camera and each edge
    float normal[3][3];
    for (int k = 0; k < 3; k++) {
        const float *p = corners[(k + 1) % 3].at, *q = corners[(k + 2) % 3].at;
        normal[k][0] = p[1] * q[2] - p[2] * q[1];
        normal[k][1] = p[2] * q[0] - p[0] * q[2];
        normal[k][2] = p[0] * q[1] - p[1] * q[0];
    }
    const float *a = corners[0].at;
    // the volume of the corners and the camera; its sign is the orientation
    const float volume = a[0] * normal[0][0] + a[1] * normal[0][1] + a[2] * normal[0][2];
    // NaN is rejected, too
    if (!(volume < -1e-20f))
        return false;
    // the inverse of the corner matrix gives the weights; values at the corners give the blends
    const float scale = 1.0f / volume;
    for (int i = 0; i < 3; i++) {
        float *plane = triangle->plane[i], *blend = triangle->blend[i];
        for (int k = 0; k < 3; k++)
            plane[k] = normal[k][i] * scale;
        plane[3] = plane[0] + plane[1] + plane[2];
        blend[0] = plane[0] * corners[0].u + plane[1] * corners[1].u + plane[2] * corners[2].u;
        blend[1] = plane[0] * corners[0].v + plane[1] * corners[1].v + plane[2] * corners[2].v;
        blend[2] =
            plane[0] * corners[0].shade + plane[1] * corners[1].shade + plane[2] * corners[2].shade;
        blend[3] = plane[3];
    }
    return true;
}

// Unlike fminf(), these compile to one instruction.
static inline float min_float(float a, float b)
{
    return a < b ? a : b;
}

static inline float max_float(float a, float b)
{
    return a > b ? a : b;
}

// A triangle's planes with each coefficient as a vector: edges, and 1 / distance.
typedef struct wide_planes {
    imp_f32x8 edge[3][3]; // per edge: x, y, 1
    imp_f32x8 depth[3];
} wide_planes;

IMP_ALWAYS_INLINE void broadcast_planes(const imp_raster_triangle *triangle, wide_planes *out)
{
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++)
            out->edge[k][i] = (imp_f32x8){0} + triangle->plane[i][k];
        out->depth[i] = (imp_f32x8){0} + triangle->plane[i][3];
    }
}

// Which of 8 runs, one below the other, a triangle may touch, as bits. Rays are NaN where the lens
// shows nothing; these touch nothing.
IMP_ALWAYS_INLINE unsigned mask_runs_touched_by_triangle(const wide_planes *planes,
                                                         const imp_raster_run_bounds *runs,
                                                         size_t first, const imp_simd8_ops *ops)
{
    const imp_f32x8 zero = {0};
    const imp_f32x8 x = IMP_F32X8_LOAD(runs->x + first), y = IMP_F32X8_LOAD(runs->y + first);
    const imp_f32x8 wide = IMP_F32X8_LOAD(runs->wide + first);
    const imp_f32x8 high = IMP_F32X8_LOAD(runs->high + first);
    imp_i32x8 inside = ~(imp_i32x8){0};
    for (int k = 0; k < 3; k++) {
        // upper bound of the edge function over the run; inside if it is not negative
        const imp_f32x8 *edge = planes->edge[k];
        const imp_f32x8 at = edge[0] * x + edge[1] * y + edge[2];
        inside &= at + IMP_F32X8_ABS(edge[0]) * wide + IMP_F32X8_ABS(edge[1]) * high >= zero;
    }
    return ops->lane_bits(&inside);
}

// Rays of 8 pixels and their derivatives.
typedef struct run_rays {
    imp_f32x8 x, y, across_x, across_y, down_x, down_y;
} run_rays;

// Values of a triangle's four planes at 8 pixel centres, and their derivatives. Stored as arrays,
// because pixels are then processed one at a time.
typedef struct run_values {
    float at[4][LANES], across[4][LANES], down[4][LANES];
} run_values;

// Loads the rays of 8 pixels.
IMP_ALWAYS_INLINE void load_run_rays(const imp_pixel_rays *rays, size_t pixel, run_rays *out)
{
    out->x = IMP_F32X8_LOAD(rays->x + pixel);
    out->y = IMP_F32X8_LOAD(rays->y + pixel);
    out->across_x = IMP_F32X8_LOAD(rays->across_x + pixel);
    out->across_y = IMP_F32X8_LOAD(rays->across_y + pixel);
    out->down_x = IMP_F32X8_LOAD(rays->down_x + pixel);
    out->down_y = IMP_F32X8_LOAD(rays->down_y + pixel);
}

// Evaluates a plane and its derivatives across and down a pixel.
IMP_ALWAYS_INLINE void evaluate_plane(const imp_f32x8 plane[3], const run_rays *rays,
                                      imp_f32x8 out[3])
{
    out[0] = plane[0] * rays->x + plane[1] * rays->y + plane[2];
    out[1] = plane[0] * rays->across_x + plane[1] * rays->across_y;
    out[2] = plane[0] * rays->down_x + plane[1] * rays->down_y;
}

// Stores the values of plane k.
IMP_ALWAYS_INLINE void store_plane_values(run_values *values, int k, const imp_f32x8 from[3])
{
    memcpy(values->at[k], &from[0], sizeof from[0]);
    memcpy(values->across[k], &from[1], sizeof from[1]);
    memcpy(values->down[k], &from[2], sizeof from[2]);
}

// Evaluates the edge planes at 8 pixels. Returns the pixels that the triangle may touch; in those
// of *whole all samples are inside.
IMP_ALWAYS_INLINE unsigned mask_pixels_covered_by_triangle(const wide_planes *planes,
                                                           float farthest, const run_rays *rays,
                                                           run_values *values, unsigned *whole,
                                                           const imp_simd8_ops *ops)
{
    const imp_f32x8 zero = {0};
    imp_i32x8 meets = ~(imp_i32x8){0}, inside = meets;
    imp_f32x8 plane[3];
    for (int k = 0; k < 3; k++) {
        evaluate_plane(planes->edge[k], rays, plane);
        // largest change of the edge function within a pixel
        const imp_f32x8 reach = farthest * (IMP_F32X8_ABS(plane[1]) + IMP_F32X8_ABS(plane[2]));
        meets &= plane[0] + reach >= zero;
        inside &= plane[0] - reach >= zero;
        store_plane_values(values, k, plane);
    }
    *whole = ops->lane_bits(&inside);
    return ops->lane_bits(&meets);
}

// Depth test of a pixel's 8 samples: updates the depths and returns the covered samples.
IMP_ALWAYS_INLINE void depth_test_pixel(const run_values *p, int k, bool whole, float nearest,
                                        float *inverse_depth, imp_i32x8 *covered)
{
    const imp_f32x8 zero = {0}, before = IMP_F32X8_LOAD(inverse_depth);
    const imp_f32x8 across = IMP_F32X8_LOAD(SAMPLES_X), down = IMP_F32X8_LOAD(SAMPLES_Y);
    // depths of the samples, from the plane and its derivatives
    const imp_f32x8 now = p->at[3][k] + p->across[3][k] * across + p->down[3][k] * down;
    imp_i32x8 in = (now > before) & (now <= zero + nearest);
    // edge tests are skipped if all samples are inside
    for (int i = 0; i < 3 && !whole; i++)
        in &= p->at[i][k] + p->across[i][k] * across + p->down[i][k] * down >= zero;
    const imp_f32x8 mixed = IMP_F32X8_SELECT(in, now, before);
    memcpy(inverse_depth, &mixed, sizeof mixed);
    *covered = in;
}

// Colour times brightness as a rounded word, with the mark of a covered sample.
static uint32_t pack_colour(const float colour[3], float shade)
{
    uint32_t out = 0xff000000u;
    for (int c = 0; c < 3; c++)
        out |= (uint32_t)(min_float(max_float(colour[c] * shade, 0.0f), 255.0f) + 0.5f) << (8 * c);
    return out;
}

// Evaluates an interpolated value over distance.
IMP_ALWAYS_INLINE void evaluate_blend(const imp_raster_triangle *triangle, int k,
                                      const run_rays *rays, imp_f32x8 out[3])
{
    const imp_f32x8 zero = {0},
                    plane[3] = {zero + triangle->blend[0][k], zero + triangle->blend[1][k],
                                zero + triangle->blend[2][k]};
    evaluate_plane(plane, rays, out);
}

// Shades 8 pixels at their centres, which may lie outside the triangle; so depth is bounded and
// brightness limited to the corners' range. near: 1 / distance and its derivatives.
IMP_ALWAYS_INLINE void shade_run_of_8_pixels(const imp_raster_triangle *triangle,
                                             const run_rays *rays, const imp_f32x8 near[3],
                                             imp_i32x8 *out, const imp_simd8_ops *ops)
{
    const imp_f32x8 zero = {0};
    const imp_f32x8 distance = 1.0f / IMP_F32X8_MAX(near[0], zero + 1e-4f);
    imp_f32x8 u[3], v[3], bright[3], colour[3];
    evaluate_blend(triangle, 2, rays, bright);
    // interpolated brightness, limited since the centre may lie outside
    imp_f32x8 shade = IMP_F32X8_MAX(bright[0] * distance, zero + triangle->shade[0]);
    shade = IMP_F32X8_MIN(shade, zero + triangle->shade[1]);
    for (int c = 0; c < 3; c++)
        colour[c] = zero + triangle->colour[c];
    // a texture replaces the colour
    if (triangle->decal != NULL) {
        imp_f32x8 seen[3];
        evaluate_blend(triangle, 0, rays, u);
        evaluate_blend(triangle, 1, rays, v);
        // perspective-correct coordinates and their derivatives by the quotient rule
        const imp_f32x8 across = distance * near[1], down = distance * near[2];
        const imp_texture_footprint places = {.u = u[0] * distance,
                                              .v = v[0] * distance,
                                              .across_u = (u[1] - u[0] * across) * distance,
                                              .across_v = (v[1] - v[0] * across) * distance,
                                              .down_u = (u[2] - u[0] * down) * distance,
                                              .down_v = (v[2] - v[0] * down) * distance};
        imp_texture_filter(triangle->decal, &places, seen, ops);
        for (int c = 0; c < 3; c++)
            colour[c] = seen[c] * triangle->colour[c];
    }
    // pack to bytes, with 255 in the highest byte
    imp_i32x8 packed = (imp_i32x8){0} - 0x01000000;
    for (int c = 0; c < 3; c++) {
        const imp_f32x8 value = IMP_F32X8_MAX(colour[c] * shade, zero);
        packed |= IMP_TO_I32X8(IMP_F32X8_MIN(value, zero + 255.0f) + 0.5f) << (8 * c);
    }
    *out = packed;
}

// The colour of a triangle if it is uniform.
typedef struct flat_colour {
    bool even;       // the colour is uniform
    uint32_t colour; // the colour
} flat_colour;

// The pixels of a run that lie in a triangle's bounding box, as bits.
static inline unsigned mask_pixels_in_bounding_box(const imp_raster_triangle *triangle, int column)
{
    unsigned lane_bits = (1u << LANES) - 1;
    if (triangle->left > column)
        lane_bits &= ~0u << (triangle->left - column);
    if (triangle->right < column + LANES)
        lane_bits &= (1u << (triangle->right - column)) - 1;
    return lane_bits;
}

// Gives the covered samples of a run's pixels (bits of `seen`) their pixel's colour.
IMP_ALWAYS_INLINE void write_covered_samples(const imp_raster *raster, size_t first, unsigned seen,
                                             const imp_i32x8 covered[LANES],
                                             const imp_i32x8 *colours)
{
    uint32_t each[LANES];
    memcpy(each, colours, sizeof each);
    // the pixels of a run lie in two blocks at most
    raster->dirty_blocks[(first + (size_t)__builtin_ctz(seen)) / LANES] = 1;
    raster->dirty_blocks[(first + 31 - (size_t)__builtin_clz(seen)) / LANES] = 1;
    for (; seen != 0; seen &= seen - 1) {
        const int k = __builtin_ctz(seen);
        uint32_t *samples = raster->colours + (first + (size_t)k) * IMP_RASTER_SAMPLES;
        const imp_i32x8 before = IMP_I32X8_LOAD(samples);
        const imp_i32x8 after = ((int32_t)each[k] & covered[k]) | (before & ~covered[k]);
        memcpy(samples, &after, sizeof after);
    }
}

// Fills the pixels of a triangle in a run of 8.
IMP_ALWAYS_INLINE void fill_pixel_run(const imp_raster *raster, const imp_raster_triangle *triangle,
                                      const wide_planes *planes, int row, int column,
                                      flat_colour plain, const imp_simd8_ops *ops)
{
    const size_t first = (size_t)row * (size_t)raster->width + (size_t)column;
    run_rays rays;
    run_values values;
    imp_i32x8 covered[LANES], colours = (imp_i32x8){0} + (int32_t)plain.colour;
    imp_f32x8 near[3];
    unsigned whole, seen = 0;
    load_run_rays(&raster->rays, first, &rays);
    // candidates within the bounding box
    unsigned lane_bits =
        mask_pixels_covered_by_triangle(planes, raster->reach, &rays, &values, &whole, ops) &
        mask_pixels_in_bounding_box(triangle, column);
    if (lane_bits == 0)
        return;
    // depth test per pixel
    evaluate_plane(planes->depth, &rays, near);
    store_plane_values(&values, 3, near);
    for (; lane_bits != 0; lane_bits &= lane_bits - 1) {
        const int k = __builtin_ctz(lane_bits);
        depth_test_pixel(&values, k, (whole >> k & 1) != 0, triangle->nearest,
                         raster->inverse_depth + (first + (size_t)k) * IMP_RASTER_SAMPLES,
                         &covered[k]);
        seen |= (unsigned)(ops->lane_bits(&covered[k]) != 0) << k;
    }
    if (seen == 0)
        return;
    // shade once for all visible pixels
    if (!plain.even)
        shade_run_of_8_pixels(triangle, &rays, near, &colours, ops);
    write_covered_samples(raster, first, seen, covered, &colours);
}

// Fills a triangle run by run; 8 runs below each other are tested at once, unless it is low.
IMP_ALWAYS_INLINE void fill_triangle(const imp_raster *raster, const imp_raster_triangle *triangle,
                                     const imp_simd8_ops *ops)
{
    enum { FEW_ROWS = 2 }; // lower triangles skip the test of 8 runs at once
    const bool even = triangle->decal == NULL && triangle->shade[0] == triangle->shade[1];
    const flat_colour plain = {even, even ? pack_colour(triangle->colour, triangle->shade[0]) : 0};
    // a copy, which stores of samples cannot change
    const imp_raster target = *raster;
    const int end = (triangle->right + LANES - 1) / LANES;
    const bool low = triangle->bottom - triangle->top <= FEW_ROWS;
    wide_planes planes;
    broadcast_planes(triangle, &planes);
    for (int run = triangle->left / LANES; run < end; run++)
        for (int row = triangle->top; row < triangle->bottom; row += LANES) {
            // which of the next 8 rows to visit
            unsigned lane_bits = (1u << LANES) - 1;
            if (!low)
                lane_bits = mask_runs_touched_by_triangle(
                    &planes, &target.runs, (size_t)run * (size_t)target.rows + (size_t)row, ops);
            if (triangle->bottom - row < LANES)
                lane_bits &= (1u << (triangle->bottom - row)) - 1;
            for (; lane_bits != 0; lane_bits &= lane_bits - 1)
                fill_pixel_run(&target, triangle, &planes, row + __builtin_ctz(lane_bits),
                               run * LANES, plain, ops);
        }
}

void imp_raster_fill_portable(const imp_raster *raster, const imp_raster_triangle *triangle)
{
    fill_triangle(raster, triangle, &IMP_SIMD8_OPS_PORTABLE);
}

#if defined(__x86_64__)
IMP_AVX2 void imp_raster_fill_avx2(const imp_raster *raster, const imp_raster_triangle *triangle)
{
    fill_triangle(raster, triangle, &IMP_SIMD8_OPS_AVX2);
}

IMP_AVX512 void imp_raster_fill_avx512(const imp_raster *raster,
                                       const imp_raster_triangle *triangle)
{
    fill_triangle(raster, triangle, &IMP_SIMD8_OPS_AVX2);
}
#endif

// Margin for rounding.
static const float ROUNDING_SLACK = 1.0001f;

// Computes the bounds of a run's sample rays. NaN rays are ignored.
static void compute_ray_bounds_of_run(imp_raster *raster, size_t run, size_t first, int pixels)
{
    const imp_pixel_rays *rays = &raster->rays;
    const float *const at[2] = {rays->x, rays->y};
    const float *const across[2] = {rays->across_x, rays->across_y};
    const float *const down[2] = {rays->down_x, rays->down_y};
    float *const middle[2] = {raster->runs.x, raster->runs.y};
    float *const reach[2] = {raster->runs.wide, raster->runs.high};
    for (int k = 0; k < 2; k++) {
        float low = INFINITY, high = -INFINITY;
        // extend the bounds by the outermost samples of each pixel
        for (size_t n = first; n < first + (size_t)pixels; n++) {
            const float sample = SAMPLE_OFFSET(7) * (fabsf(across[k][n]) + fabsf(down[k][n]));
            low = min_float(at[k][n] - sample, low);
            high = max_float(at[k][n] + sample, high);
        }
        middle[k][run] = 0.5f * (low + high);
        reach[k][run] = ROUNDING_SLACK * 0.5f * (high - low);
    }
}

void imp_raster_compute_run_bounds(imp_raster *raster)
{
    size_t run = 0;
    // the outermost sample is 7/16 of a pixel from the centre
    raster->reach = ROUNDING_SLACK * SAMPLE_OFFSET(7);
    for (int column = 0; column < raster->width; column += LANES)
        for (int row = 0; row < raster->rows; row++) {
            const int left = raster->width - column;
            compute_ray_bounds_of_run(raster, run++,
                                      (size_t)row * (size_t)raster->width + (size_t)column,
                                      left < LANES ? left : LANES);
        }
}
