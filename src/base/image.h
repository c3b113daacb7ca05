// base/image.h: pictures in memory and as PNG files.
#ifndef IMP_BASE_IMAGE_H
#define IMP_BASE_IMAGE_H

#include "imprint/base.h"

// Writes (height x width x 3) RGB bytes as PNG, atomically.
imp_status imp_png_write(const char *path, int width, int height, const uint8_t *rgb,
                         imp_error *err);

// Encodes to memory; the caller frees *out.
imp_status imp_png_encode(uint8_t **out, size_t *length, int width, int height, const uint8_t *rgb,
                          imp_error *err);

// Reads a PNG as (height x width x 3) RGB bytes; the caller frees *rgb.
imp_status imp_png_read(uint8_t **rgb, int *width, int *height, const char *path, imp_error *err);

#endif
