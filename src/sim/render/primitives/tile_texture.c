// Mip levels of tile textures: each texel is the mean of 2 x 2 texels of the finer level, and every
// level gets a border of repeated texels for bilinear sampling without range checks. All levels lie
// in one array, finest first. Rounding is to nearest at each level.
#include "sim/render/primitives/tile_texture.h"

void imp_texture_compute_level_offsets(imp_texture_level levels[IMP_TEXTURE_LEVELS],
                                       size_t *texel_count)
{
    int32_t offset = 0;
    for (int k = 0; k < IMP_TEXTURE_LEVELS; k++) {
        // each side has one texel of border
        const int32_t stride = (IMP_TEXTURE_SIDE >> k) + 2;
        levels[k] = (imp_texture_level){offset, stride};
        offset += stride * stride;
    }
    *texel_count = (size_t)offset;
}

// Rounded mean of four texels. Two channels are summed in one word; 8-bit values in 16-bit fields
// cannot overflow.
static uint32_t mean_of_four_texels(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    const uint32_t mask = 0x00ff00ffu, half = 0x00020002u;
    uint32_t even = (a & mask) + (b & mask) + (c & mask) + (d & mask) + half;
    uint32_t odd = (a >> 8 & mask) + (b >> 8 & mask) + (c >> 8 & mask) + (d >> 8 & mask) + half;
    return (even >> 2 & mask) | (odd >> 2 & mask) << 8;
}

// Computes a level from the next finer one; both have borders.
static void downsample_level(uint32_t *texels, imp_texture_level from, imp_texture_level to)
{
    for (int32_t j = 1; j <= to.stride - 2; j++) {
        const uint32_t *upper = texels + from.offset + (2 * j - 1) * from.stride;
        const uint32_t *lower = upper + from.stride;
        uint32_t *out = texels + to.offset + j * to.stride;
        for (int32_t i = 1; i <= to.stride - 2; i++)
            out[i] =
                mean_of_four_texels(upper[2 * i - 1], upper[2 * i], lower[2 * i - 1], lower[2 * i]);
    }
}

// Repeats the outermost texels into the border: columns first, then whole rows with the corners.
static void fill_border(uint32_t *texels, imp_texture_level level)
{
    uint32_t *first = texels + level.offset;
    const int32_t last = level.stride - 1;
    for (int32_t j = 1; j < last; j++) {
        uint32_t *row = first + j * level.stride;
        row[0] = row[1];
        row[last] = row[last - 1];
    }
    for (int32_t i = 0; i <= last; i++) {
        first[i] = first[level.stride + i];
        first[last * level.stride + i] = first[(last - 1) * level.stride + i];
    }
}

void imp_texture_build_mip_levels(uint32_t *texels,
                                  const imp_texture_level levels[IMP_TEXTURE_LEVELS])
{
    // borders last: they copy finished texels
    for (int k = 0; k + 1 < IMP_TEXTURE_LEVELS; k++)
        downsample_level(texels, levels[k], levels[k + 1]);
    for (int k = 0; k < IMP_TEXTURE_LEVELS; k++)
        fill_border(texels, levels[k]);
}
