// sim/render/camera_effects/rgbx_image.h: images of 32-bit pixels, red lowest, with margins beside
// each row. Vector extensions of the compiler serve all processors with one source.
#ifndef IMP_SIM_RENDER_CAMERA_EFFECTS_RGBX_IMAGE_H
#define IMP_SIM_RENDER_CAMERA_EFFECTS_RGBX_IMAGE_H

#include <string.h>

#include "sim/render/camera_effects/effect_steps.h"

typedef uint8_t imp_u8x16 __attribute__((vector_size(16)));

// Pixels per row including margins: a whole number of vectors.
static inline size_t imp_rgbx_stride(int width)
{
    return (size_t)(width + 7) / 8 * 8 + 2 * IMP_BLUR_MARGIN;
}

// Converts a row from 3 to 4 bytes per pixel; more: four bytes beyond the row are readable.
IMP_ALWAYS_INLINE void imp_rgbx_row_from_rgb(const uint8_t *rgb, int width, bool more,
                                             uint32_t *rgbx)
{
    int k = 0;
    for (; k + 4 <= (more ? width : width - 2); k += 4) {
        imp_u8x16 in;
        memcpy(&in, rgb + 3 * k, sizeof in);
        const imp_u8x16 out = __builtin_shufflevector(in, (imp_u8x16){0}, 0, 1, 2, 16, 3, 4, 5, 16,
                                                      6, 7, 8, 16, 9, 10, 11, 16);
        memcpy(rgbx + k, &out, sizeof out);
    }
    for (; k < width; k++)
        rgbx[k] = rgb[3 * k] | (uint32_t)rgb[3 * k + 1] << 8 | (uint32_t)rgb[3 * k + 2] << 16;
}

// Converts a row back; more: four bytes beyond the row are writable.
IMP_ALWAYS_INLINE void imp_rgbx_row_to_rgb(const uint32_t *rgbx, int width, bool more, uint8_t *rgb)
{
    int k = 0;
    for (; k + 4 <= (more ? width : width - 2); k += 4) {
        imp_u8x16 in;
        memcpy(&in, rgbx + k, sizeof in);
        const imp_u8x16 out =
            __builtin_shufflevector(in, in, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
        memcpy(rgb + 3 * k, &out, sizeof out);
    }
    for (; k < width; k++)
        for (int c = 0; c < 3; c++)
            rgb[3 * k + c] = (uint8_t)(rgbx[k] >> 8 * c);
}

// Converts an image and repeats the ends of its rows over `margin` pixels on both sides, and to the
// end of the last vector of eight.
IMP_ALWAYS_INLINE void imp_rgbx_from_rgb(const uint8_t *rgb, int width, int height, int margin,
                                         uint32_t *rgbx)
{
    const size_t stride = imp_rgbx_stride(width);
    const int end = (width + 7) / 8 * 8 + margin;
    for (int row = 0; row < height; row++) {
        uint32_t *to = rgbx + (size_t)row * stride + IMP_BLUR_MARGIN;
        imp_rgbx_row_from_rgb(rgb + (size_t)row * (size_t)width * 3, width, row + 1 < height, to);
        for (int k = 1; k <= margin; k++)
            to[-k] = to[0];
        for (int k = width; k < end; k++)
            to[k] = to[width - 1];
    }
}

IMP_ALWAYS_INLINE void imp_rgbx_to_rgb(const uint32_t *rgbx, int width, int height, uint8_t *rgb)
{
    const size_t stride = imp_rgbx_stride(width);
    for (int row = 0; row < height; row++)
        imp_rgbx_row_to_rgb(rgbx + (size_t)row * stride + IMP_BLUR_MARGIN, width, row + 1 < height,
                            rgb + (size_t)row * (size_t)width * 3);
}

#endif
