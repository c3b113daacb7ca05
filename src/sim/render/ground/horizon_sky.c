// Draws the panorama above the horizon. Texel coordinates of each pixel are tables of the camera;
// turning the robot only shifts columns. A pixel is a bilinear sample with weights of 1/256, added
// in proportion to its share of sky.
//
// Eight pixels are one vector. Red and blue are summed in one 32-bit lane (16 bits each: 256 * 255
// fits), green in another. The same source is compiled for AVX2 and portable C; only gather, mask
// test and store differ. Groups without sky are skipped.
#include "sim/render/ground/horizon_sky.h"

#include <math.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "sim/render/primitives/pixel_pairs.h"
#include "sim/render/primitives/simd8_ops.h"

// Slope of the panorama's top row.
static const float HORIZON_SLOPE = 1.5f;

void imp_sky_coords_find_row(const imp_camera_def *camera, const float *ray_x, const float *ray_y,
                             imp_sky_coords *out)
{
    const imp_sine_cosine pitch = imp_sincos(camera->pitch);
    const float level = (float)pitch.cosine, fall = (float)pitch.sine;
    for (int k = 0; k < camera->width; k++) {
        // direction of the ray relative to the horizontal plane
        const float ahead = level - ray_y[k] * fall, up = -(fall + ray_y[k] * level);
        const float bearing = imp_atan2f(-ray_x[k], ahead);
        const float slope = up / sqrtf(ray_x[k] * ray_x[k] + ahead * ahead);
        const float row = slope * ((float)IMP_HORIZON_HEIGHT / HORIZON_SLOPE) - 0.5f;
        // NaN becomes 0 in this order of comparisons
        const float raised = row > 0.0f ? row : 0.0f, most = (float)(IMP_HORIZON_HEIGHT - 1);
        imp_sky_coords *group = &out[k / IMP_LANES];
        group->column[k % IMP_LANES] =
            (int32_t)lrintf(bearing * (float)(8.0 * IMP_HORIZON_WIDTH / IMP_PI));
        group->row[k % IMP_LANES] = (int32_t)(16.0f * (raised < most ? raised : most));
    }
}

// Adds weighted texels (weights sum to 256) to sums of red and blue, and of green.
IMP_ALWAYS_INLINE void add_horizon_texels(const imp_horizon *horizon, const imp_i32x8 *at,
                                          const imp_i32x8 *weight, imp_u32x8 sum[2],
                                          const imp_simd8_ops *ops)
{
    imp_i32x8 texel;
    ops->gather(&horizon->texels[0][0], at, &texel);
    sum[0] += (imp_u32x8)(texel & 0x00ff00ff) * (imp_u32x8)*weight;
    sum[1] += (imp_u32x8)(texel >> 8 & 0xff) * (imp_u32x8)*weight;
}

// Bilinear samples of a group's pixels, as 256 times the byte: red and blue, and green.
IMP_ALWAYS_INLINE void sample_horizon(const imp_ground_lighting *light, const imp_sky_coords *at,
                                      imp_u32x8 sum[2], const imp_simd8_ops *ops)
{
    // columns wrap around, rows are clamped
    const imp_i32x8 column = IMP_I32X8_LOAD(at->column) + light->turn;
    const imp_i32x8 row = IMP_I32X8_LOAD(at->row), low = row >> 4;
    const imp_i32x8 left = column >> 4 & (IMP_HORIZON_WIDTH - 1);
    const imp_i32x8 right = (left + 1) & (IMP_HORIZON_WIDTH - 1);
    const imp_i32x8 high = low - (low + 1 < IMP_HORIZON_HEIGHT);
    const imp_i32x8 fx = column & 15, fy = row & 15, both = fx * fy;
    const imp_i32x8 lower = low * IMP_HORIZON_WIDTH, upper = high * IMP_HORIZON_WIDTH;
    // the four texels around each point; the row above the top repeats it
    const imp_i32x8 places[4] = {lower + left, lower + right, upper + left, upper + right};
    const imp_i32x8 weights[4] = {256 - 16 * (fx + fy) + both, 16 * fx - both, 16 * fy - both,
                                  both};
    sum[0] = sum[1] = (imp_u32x8){0};
    for (int k = 0; k < 4; k++)
        add_horizon_texels(light->horizon, &places[k], &weights[k], sum, ops);
}

// Adds a share of a colour (256 times a byte) to one channel of the pixels.
IMP_ALWAYS_INLINE void blend_channel(const imp_i32x8 *before, const imp_f32x8 *part,
                                     const imp_u32x8 *colour, int shift, imp_i32x8 *out)
{
    const imp_f32x8 zero = {0};
    const imp_f32x8 shown = __builtin_convertvector(*before >> shift & 255, imp_f32x8);
    const imp_f32x8 more = __builtin_convertvector((imp_i32x8)*colour, imp_f32x8);
    const imp_f32x8 raised = IMP_F32X8_MAX(shown + *part * more, zero);
    const imp_f32x8 limited = IMP_F32X8_MIN(raised, zero + 255.0f);
    *out |= __builtin_convertvector(limited + 0.5f, imp_i32x8) << shift;
}

// Blends the sky into the pixels of a group, red lowest.
IMP_ALWAYS_INLINE void blend_sky(const imp_ground_lighting *light, const imp_sky_coords *at,
                                 const imp_f32x8 *share, imp_i32x8 *pixels,
                                 const imp_simd8_ops *ops)
{
    const imp_f32x8 zero = {0};
    imp_u32x8 sum[2];
    sample_horizon(light, at, sum, ops);
    const imp_u32x8 red_blue = (sum[0] + 0x00800080u) >> 8 & 0x00ff00ffu;
    const imp_i32x8 whole = (imp_i32x8)(red_blue | ((sum[1] + 0x80u) & 0xff00u));
    // the common case: the group is sky only
    const imp_i32x8 covers = *share >= 1.0f, some = *share > zero;
    if (ops->lane_bits(&covers) == 0xff) {
        *pixels = whole;
        return;
    }
    // otherwise blend each channel; pixels without sky stay as they are
    const imp_f32x8 part = *share * (1.0f / 256.0f);
    const imp_u32x8 colour[3] = {sum[0] & 0xffffu, sum[1], sum[0] >> 16};
    imp_i32x8 mixed = {0};
    for (int c = 0; c < 3; c++)
        blend_channel(pixels, &part, &colour[c], 8 * c, &mixed);
    const imp_i32x8 shown = (covers & whole) | (~covers & mixed);
    *pixels = (some & shown) | (~some & *pixels);
}

// Loads up to eight pixels as words, red lowest.
static inline void load_pixels(const uint8_t *rgb, int count, imp_i32x8 *out)
{
    *out = (imp_i32x8){0};
    for (int k = 0; k < count; k++)
        (*out)[k] = rgb[3 * k] | rgb[3 * k + 1] << 8 | rgb[3 * k + 2] << 16;
}

// Draws the groups of a row that contain sky.
IMP_ALWAYS_INLINE void draw_sky_row(const imp_ground_lighting *light,
                                    const imp_ground_sample_table *table,
                                    const imp_pixel_group *groups, const imp_sky_coords *sky_coords,
                                    int width, uint8_t *rgb, const imp_simd8_ops *ops,
                                    imp_store_pixels *store)
{
    for (int first = 0; first < width; first += IMP_LANES) {
        const imp_pixel_group *group = &groups[first / IMP_LANES];
        const int count = width - first < IMP_LANES ? width - first : IMP_LANES;
        // groups without sky stay untouched
        if (group->kind == IMP_GROUP_ONLY_GROUND)
            continue;
        const imp_f32x8 share = IMP_F32X8_LOAD(imp_group_shares_of(table, group)->sky);
        imp_i32x8 pixels = {0};
        if (group->kind != IMP_GROUP_ONLY_SKY)
            load_pixels(rgb + (size_t)first * 3, count, &pixels);
        blend_sky(light, &sky_coords[first / IMP_LANES], &share, &pixels, ops);
        store(&pixels, count, rgb + (size_t)first * 3);
    }
}

void imp_sky_draw_portable(const imp_ground_lighting *light, const imp_ground_sample_table *table,
                           const imp_pixel_group *groups, const imp_sky_coords *sky_coords,
                           int width, uint8_t *rgb)
{
    draw_sky_row(light, table, groups, sky_coords, width, rgb, &IMP_SIMD8_OPS_PORTABLE,
                 imp_store_pixels_portable);
}

#if defined(__x86_64__)
IMP_AVX2 void imp_sky_draw_avx2(const imp_ground_lighting *light,
                                const imp_ground_sample_table *table, const imp_pixel_group *groups,
                                const imp_sky_coords *sky_coords, int width, uint8_t *rgb)
{
    draw_sky_row(light, table, groups, sky_coords, width, rgb, &IMP_SIMD8_OPS_AVX2,
                 imp_store_pixels_avx2);
}
#endif
