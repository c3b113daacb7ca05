#include "render/faces.h"

#include <stdlib.h>

#include "render/canvas.h"
#include "render/mesh.h"
#include "render/painters.h"

// How large a face's picture is, in texels.
static void face_size(int face, int *width, int *height)
{
    *width = *height = 128;
    if (face < IMP_FACE_SIGN + IMP_SIGN_COUNT)
        *height = 256;
    else if (face == IMP_FACE_BUS_SIDE)
        *width = 512;
    else if (face == IMP_FACE_HOUSE_SIDE || face == IMP_FACE_HOUSE_FRONT ||
             face == IMP_FACE_BUILDING)
        *width = *height = 256;
    else if (face == IMP_FACE_WHEEL)
        *width = *height = 64;
}

// The mean of a block of texels.
static uint32_t mean_texel(const uint32_t *texels, int stride, int across, int down)
{
    uint32_t out = 0;
    for (int shift = 0; shift < 32; shift += 8) {
        uint32_t sum = 0;
        for (int j = 0; j < down; j++)
            for (int i = 0; i < across; i++)
                sum += texels[j * stride + i] >> shift & 255;
        out |= (sum + (uint32_t)(across * down) / 2) / (uint32_t)(across * down) << shift;
    }
    return out;
}

static void halve(const imp_face_picture *picture, int level)
{
    const int width = picture->width >> (level - 1), height = picture->height >> (level - 1);
    const uint32_t *from = picture->texels + picture->offset[level - 1];
    uint32_t *to = picture->texels + picture->offset[level];
    for (int j = 0; j < height / 2; j++)
        for (int i = 0; i < width / 2; i++)
            *to++ = mean_texel(from + 2 * j * width + 2 * i, width, 2, 2);
}

bool imp_face_reserve(imp_face_picture *picture)
{
    int32_t count = 0;
    int levels = 0;
    const int width = picture->width, height = picture->height;
    for (; levels < IMP_FACE_LEVELS && width >> levels > 0 && height >> levels > 0; levels++) {
        picture->offset[levels] = count;
        count += (width >> levels) * (height >> levels);
    }
    picture->levels = levels;
    picture->texels = calloc((size_t)count, sizeof *picture->texels);
    return picture->texels != NULL;
}

void imp_face_finish(imp_face_picture *picture)
{
    for (int level = 1; level < picture->levels; level++)
        halve(picture, level);
}

bool imp_face_paint(imp_face_picture *picture, int face)
{
    *picture = (imp_face_picture){0};
    face_size(face, &picture->width, &picture->height);
    if (!imp_face_reserve(picture))
        return false;
    imp_face_canvas canvas = {picture->texels, picture->width, picture->height, 1.0f, 1.0f};
    if (face < IMP_FACE_SIGN + IMP_SIGN_COUNT)
        imp_paint_sign(&canvas, (imp_sign)(face - IMP_FACE_SIGN));
    else
        imp_paint_thing(&canvas, face);
    imp_face_finish(picture);
    return true;
}

void imp_face_free(imp_face_picture *picture)
{
    free(picture->texels);
    picture->texels = NULL;
}
