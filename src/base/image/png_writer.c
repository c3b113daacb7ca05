// Writes PNG with libpng's simplified API: encodes to a buffer of the maximum possible size, then
// writes the file atomically.
#include "base/common/try.h"
#include "base/image/image.h"

#include <png.h>
#include <stdlib.h>

#include "base/io/file.h"

// Encodes pixels of any of libpng's formats. The buffer has the largest size that the image can
// take, so that one pass suffices.
static imp_status encode_png(uint8_t **out, size_t *length, int width, int height,
                             png_uint_32 format, const void *pixels, imp_error *err)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = format};
    png_alloc_size_t needed = PNG_IMAGE_PNG_SIZE_MAX(image);
    uint8_t *buffer = malloc(needed);
    if (buffer == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a %d x %d image", width, height);
    if (!png_image_write_to_memory(&image, buffer, &needed, 0, pixels, 0, NULL)) {
        free(buffer);
        return imp_fail(err, IMP_INTERNAL, "cannot encode a %d x %d image: %s", width, height,
                        image.message);
    }
    *out = buffer;
    *length = needed;
    return IMP_OK;
}

// Encodes in memory and writes the file atomically.
static imp_status write_png_format(const char *path, int width, int height, png_uint_32 format,
                                   const void *pixels, imp_error *err)
{
    uint8_t *encoded;
    size_t length;
    IMP_TRY(encode_png(&encoded, &length, width, height, format, pixels, err));
    const imp_status status = imp_file_write(path, encoded, length, err);
    free(encoded);
    return status;
}

// The three functions below differ only in the pixel format.
imp_status imp_png_encode(uint8_t **out, size_t *length, int width, int height, const uint8_t *rgb,
                          imp_error *err)
{
    return encode_png(out, length, width, height, PNG_FORMAT_RGB, rgb, err);
}

imp_status imp_png_write(const char *path, int width, int height, const uint8_t *rgb,
                         imp_error *err)
{
    return write_png_format(path, width, height, PNG_FORMAT_RGB, rgb, err);
}

// PNG_FORMAT_LINEAR_Y: one channel of 16 bits, stored as given.
imp_status imp_png_write_grey16(const char *path, int width, int height, const uint16_t *values,
                                imp_error *err)
{
    return write_png_format(path, width, height, PNG_FORMAT_LINEAR_Y, values, err);
}
