// Textures of decals: size, painting and mip levels. All levels lie in one array, finest first;
// sides are powers of two, so each texel is the mean of 2 x 2 finer ones. Decals are painted when a
// scene first needs them.
#include "sim/render/meshes/decals.h"

#include <stdlib.h>

#include "sim/render/meshes/decal_canvas.h"
#include "sim/render/meshes/decal_painters.h"
#include "sim/render/meshes/mesh.h"

// Size of a decal in texels; larger for larger faces.
static void decal_size(int decal, int *width, int *height)
{
    // faces that fill much of an image get more texels
    *width = *height = 128;
    if (decal < IMP_DECAL_SIGN + IMP_SIGN_COUNT)
        *height = 256;
    else if (decal == IMP_DECAL_BUS_SIDE)
        *width = 512;
    else if (decal == IMP_DECAL_HOUSE_SIDE || decal == IMP_DECAL_HOUSE_FRONT ||
             decal == IMP_DECAL_BUILDING)
        *width = *height = 256;
    else if (decal == IMP_DECAL_WHEEL)
        *width = *height = 64;
}

// Rounded mean of a block of texels, channel by channel.
static uint32_t mean_of_texels(const uint32_t *texels, int stride, int across, int down)
{
    uint32_t out = 0;
    // each channel separately, with rounding
    for (int shift = 0; shift < 32; shift += 8) {
        uint32_t sum = 0;
        for (int j = 0; j < down; j++)
            for (int i = 0; i < across; i++)
                sum += texels[j * stride + i] >> shift & 255;
        out |= (sum + (uint32_t)(across * down) / 2) / (uint32_t)(across * down) << shift;
    }
    return out;
}

// Computes a mip level from the next finer one.
static void downsample_level(const imp_mesh_texture *texture, int level)
{
    // level k has half the size of level k - 1
    const int width = texture->width >> (level - 1), height = texture->height >> (level - 1);
    const uint32_t *from = texture->texels + texture->offset[level - 1];
    uint32_t *to = texture->texels + texture->offset[level];
    for (int j = 0; j < height / 2; j++)
        for (int i = 0; i < width / 2; i++)
            *to++ = mean_of_texels(from + 2 * j * width + 2 * i, width, 2, 2);
}

bool imp_mesh_texture_allocate(imp_mesh_texture *texture)
{
    int32_t count = 0;
    int levels = 0;
    const int width = texture->width, height = texture->height;
    // positions of the levels
    for (; levels < IMP_MESH_TEXTURE_LEVELS && width >> levels > 0 && height >> levels > 0;
         levels++) {
        texture->offset[levels] = count;
        count += (width >> levels) * (height >> levels);
    }
    // levels end at one texel, or at the limit
    texture->levels = levels;
    texture->texels = calloc((size_t)count, sizeof *texture->texels);
    return texture->texels != NULL;
}

void imp_mesh_texture_build_mips(imp_mesh_texture *texture)
{
    for (int level = 1; level < texture->levels; level++)
        downsample_level(texture, level);
}

bool imp_decal_paint(imp_mesh_texture *texture, int decal)
{
    *texture = (imp_mesh_texture){0};
    decal_size(decal, &texture->width, &texture->height);
    if (!imp_mesh_texture_allocate(texture))
        return false;
    // paint level 0, then derive the others
    imp_decal_canvas canvas = {texture->texels, texture->width, texture->height, 1.0f, 1.0f};
    if (decal < IMP_DECAL_SIGN + IMP_SIGN_COUNT)
        imp_decal_paint_sign(&canvas, (imp_sign)(decal - IMP_DECAL_SIGN));
    else
        imp_decal_paint_object(&canvas, decal);
    imp_mesh_texture_build_mips(texture);
    return true;
}

void imp_mesh_texture_free(imp_mesh_texture *texture)
{
    free(texture->texels);
    texture->texels = NULL;
}
