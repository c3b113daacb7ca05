// base/image/image.h: reads and writes images as PNG, reads JPEG.
#ifndef IMP_BASE_IMAGE_IMAGE_H
#define IMP_BASE_IMAGE_IMAGE_H

#include "imprint/base.h"

// Writes (height x width x 3) RGB bytes as PNG, atomically.
imp_status imp_png_write(const char *path, int width, int height, const uint8_t *rgb,
                         imp_error *err);

// Writes (height x width) values as PNG with one channel of 16 bits, atomically.
imp_status imp_png_write_grey16(const char *path, int width, int height, const uint16_t *values,
                                imp_error *err);

// Encodes a PNG in memory; the caller frees *out.
imp_status imp_png_encode(uint8_t **out, size_t *length, int width, int height, const uint8_t *rgb,
                          imp_error *err);

// Reads a PNG or JPEG of at most 64 megapixels as (height x width x 3) RGB bytes; the caller frees
// *rgb. Transparency is ignored. Messages name the path.
imp_status imp_image_read(uint8_t **rgb, int *width, int *height, const char *path, imp_error *err);

// The same from memory; `name` is used in messages.
imp_status imp_image_decode(uint8_t **rgb, int *width, int *height, const void *data, size_t length,
                            const char *name, imp_error *err);

#endif
