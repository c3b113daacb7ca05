// sim/render/raster/decal_sampler.h: texture filtering for eight neighbouring pixels of a triangle.
// Each pixel gets up to four bilinear samples along the longer side of its footprint (anisotropic
// filtering). Inline, so that each caller's instruction set is used; all give the same results.
#ifndef IMP_SIM_RENDER_RASTER_DECAL_SAMPLER_H
#define IMP_SIM_RENDER_RASTER_DECAL_SAMPLER_H

#include "sim/render/meshes/decals.h"
#include "sim/render/primitives/simd8_ops.h"

// Texture coordinates of eight pixels (in shares of the image's sides), and their derivatives
// across and down a pixel.
typedef struct imp_texture_footprint {
    imp_f32x8 u, v, across_u, across_v, down_u, down_v;
} imp_texture_footprint;

// A bilinear sample per lane, each at its own mip level.
typedef struct imp_texture_taps {
    imp_f32x8 x, y;         // position in texels
    imp_i32x8 left, right;  // columns of the texels around it
    imp_i32x8 upper, lower; // first texels of the two rows
} imp_texture_taps;

#define IMP_F32X8_CLAMP(value, low, high)                                                          \
    IMP_F32X8_MIN(IMP_F32X8_MAX(value, (imp_f32x8){0} + (low)), (imp_f32x8){0} + (high))
#define IMP_TO_I32X8(value) __builtin_convertvector(value, imp_i32x8)
#define IMP_TO_F32X8(value) __builtin_convertvector(value, imp_f32x8)

// Sample positions with a resolution of 1/8 texel in a repeating image. Coordinates are limited to
// +-64 repetitions and shifted by 64, so that they are positive.
IMP_ALWAYS_INLINE void imp_texture_taps_repeat(const imp_i32x8 size[2], const imp_f32x8 at[2],
                                               imp_texture_taps *out)
{
    const imp_i32x8 width = size[0], height = size[1];
    const imp_f32x8 u = IMP_F32X8_CLAMP(at[0], -64.0f, 64.0f);
    const imp_f32x8 v = IMP_F32X8_CLAMP(at[1], -64.0f, 64.0f);
    out->x = (u + 64.0f) * IMP_TO_F32X8(width) - 0.5f;
    out->y = (v + 64.0f) * IMP_TO_F32X8(height) - 0.5f;
    const imp_i32x8 i = IMP_TO_I32X8(out->x * 8.0f) >> 3;
    const imp_i32x8 j = IMP_TO_I32X8(out->y * 8.0f) >> 3;
    out->left = i & (width - 1);
    out->right = (i + 1) & (width - 1);
    out->upper = (j & (height - 1)) * width;
    out->lower = ((j + 1) & (height - 1)) * width;
}

// The same in an image that is clamped at its border.
IMP_ALWAYS_INLINE void imp_texture_taps_clamp(const imp_i32x8 size[2], const imp_f32x8 at[2],
                                              imp_texture_taps *out)
{
    const imp_i32x8 width = size[0];
    const imp_f32x8 wide = IMP_TO_F32X8(width), high = IMP_TO_F32X8(size[1]);
    out->x = IMP_F32X8_CLAMP(at[0] * wide - 0.5f, 0.0f, wide - 1.0f);
    out->y = IMP_F32X8_CLAMP(at[1] * high - 0.5f, 0.0f, high - 1.0f);
    const imp_i32x8 i = IMP_TO_I32X8(out->x * 8.0f);
    const imp_i32x8 j = IMP_TO_I32X8(out->y * 8.0f);
    out->left = i >> 3;
    out->right = out->left - ((i & 7) > 0);
    out->upper = (j >> 3) * width;
    out->lower = out->upper + (((j & 7) > 0) & width);
}

// Adds texels with weights up to 64 to 16-bit sums of red and blue, and of green.
IMP_ALWAYS_INLINE void imp_texture_add_texels(const uint32_t *texels, const imp_i32x8 *at,
                                              const imp_i32x8 *weight, imp_u16x16 sum[2],
                                              const imp_simd8_ops *ops)
{
    imp_i32x8 texel;
    ops->gather(texels, at, &texel);
    const imp_u16x16 twice = (imp_u16x16)(*weight | *weight << 16);
    sum[0] += (imp_u16x16)(texel & 0x00ff00ff) * twice;
    sum[1] += (imp_u16x16)(texel >> 8 & 0x00ff00ff) * twice;
}

// Adds a bilinear sample of each live pixel, as 64 times the byte. Four samples fit 16 bits. first:
// index of the level's first texel.
IMP_ALWAYS_INLINE void imp_texture_add_bilinear(const imp_mesh_texture *texture,
                                                const imp_i32x8 size[2], const imp_i32x8 *first,
                                                const imp_f32x8 at[2], const imp_i32x8 *live,
                                                imp_u16x16 sum[2], const imp_simd8_ops *ops)
{
    imp_texture_taps taps;
    if (texture->repeats)
        imp_texture_taps_repeat(size, at, &taps);
    else
        imp_texture_taps_clamp(size, at, &taps);
    const imp_i32x8 fx = IMP_TO_I32X8(taps.x * 8.0f) & 7;
    const imp_i32x8 fy = IMP_TO_I32X8(taps.y * 8.0f) & 7;
    const imp_i32x8 both = fx * fy;
    const imp_i32x8 upper = *first + taps.upper, lower = *first + taps.lower;
    const imp_i32x8 places[4] = {upper + taps.left, upper + taps.right, lower + taps.left,
                                 lower + taps.right};
    const imp_i32x8 weights[4] = {(64 - 8 * (fx + fy) + both) & *live, (8 * fx - both) & *live,
                                  (8 * fy - both) & *live, both & *live};
    for (int k = 0; k < 4; k++)
        imp_texture_add_texels(texture->texels, &places[k], &weights[k], sum, ops);
}

// Filters an image over the footprint of each pixel; colours 0..1.
IMP_ALWAYS_INLINE void imp_texture_filter(const imp_mesh_texture *texture,
                                          const imp_texture_footprint *p, imp_f32x8 colour[3],
                                          const imp_simd8_ops *ops)
{
    const imp_f32x8 zero = {0};
    const float width = (float)texture->width, height = (float)texture->height;
    const imp_f32x8 across =
        IMP_F32X8_MAX(IMP_F32X8_ABS(p->across_u) * width, IMP_F32X8_ABS(p->across_v) * height);
    const imp_f32x8 down =
        IMP_F32X8_MAX(IMP_F32X8_ABS(p->down_u) * width, IMP_F32X8_ABS(p->down_v) * height);
    // number of samples: ratio of the footprint's sides, limited to 1..4
    const imp_i32x8 longer = down > across;
    const imp_f32x8 length = IMP_F32X8_SELECT(longer, down, across);
    const imp_f32x8 other = IMP_F32X8_SELECT(longer, across, down);
    const imp_f32x8 wide = IMP_F32X8_MAX(other, zero + 0.5f);
    const imp_f32x8 ratio = length / wide + 0.75f;
    const imp_i32x8 count = IMP_TO_I32X8(IMP_F32X8_CLAMP(ratio, 1.0f, 4.0f));
    const imp_i32x8 two = count >= 2, three = count >= 3, four = count >= 4;
    imp_f32x8 part = IMP_F32X8_SELECT(two, zero + 0.5f, zero + 1.0f);
    part = IMP_F32X8_SELECT(three, zero + 1.0f / 3.0f, part);
    part = IMP_F32X8_SELECT(four, zero + 0.25f, part);
    // mip level whose texels are as wide as the narrow side: log2 from the float's exponent
    const imp_f32x8 texels = 0.75f * IMP_F32X8_MAX(wide, length * part);
    const imp_f32x8 rounded = IMP_F32X8_MAX(texels, zero + 1.0f) * 1.4142f;
    const imp_i32x8 exact = ((imp_i32x8)rounded >> 23) - 127,
                    last = exact * 0 + texture->levels - 1;
    const imp_i32x8 level = (exact & (exact < last)) | (last & ~(exact < last));
    const imp_i32x8 size[2] = {(texture->width + exact * 0) >> level,
                               (texture->height + exact * 0) >> level};
    imp_i32x8 first;
    ops->gather((const uint32_t *)texture->offset, &level, &first);
    const imp_f32x8 du = IMP_F32X8_SELECT(longer, p->down_u, p->across_u);
    const imp_f32x8 dv = IMP_F32X8_SELECT(longer, p->down_v, p->across_v);
    // step along the longer side; lanes that need fewer samples stop contributing
    imp_u16x16 sum[2] = {{0}};
    imp_i32x8 live = ~(imp_i32x8){0};
    for (int n = 0; n < 4 && (n == 0 || ops->lane_bits(&live) != 0); n++) {
        const imp_f32x8 t = ((float)n + 0.5f) * part - 0.5f;
        const imp_f32x8 at[2] = {p->u + t * du, p->v + t * dv};
        imp_texture_add_bilinear(texture, size, &first, at, &live, sum, ops);
        live = count > n + 1;
    }
    const imp_f32x8 share = part * (1.0f / 16320.0f); // 1 / (255 * 64)
    const imp_i32x8 red_blue = (imp_i32x8)sum[0], green = (imp_i32x8)sum[1];
    colour[0] = IMP_TO_F32X8(red_blue & 0xffff) * share;
    colour[1] = IMP_TO_F32X8(green & 0xffff) * share;
    colour[2] = IMP_TO_F32X8(red_blue >> 16 & 0xffff) * share;
}

#endif
