// Reads PNG and JPEG images, told apart by their first bytes. Sizes are checked before memory is
// allocated for them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "base/common/try.h"
#include "base/image/image.h"
#include "base/image/jpeg_codec.h"
#include "base/io/file.h"

enum {
    FILE_BYTES_MAX = 256 << 20,
    // Maximum pixels of an image; those of cameras and textures have far fewer.
    PIXELS_MAX = 1 << 26,
};

// Checks the size that a file claims before memory is allocated for it.
static imp_status check_image_size_limit(uint64_t width, uint64_t height, const char *name,
                                         imp_error *err)
{
    if (width > 0 && height > 0 && width <= PIXELS_MAX && height <= PIXELS_MAX / width)
        return IMP_OK;
    return imp_fail(err, IMP_BAD_INPUT, "%s: %llu x %llu pixels; at most %d megapixels are read",
                    name, (unsigned long long)width, (unsigned long long)height, PIXELS_MAX >> 20);
}

// Removes the fourth channel of RGBA pixels, in place.
static void rgba_to_rgb_in_place(uint8_t *pixels, size_t count)
{
    for (size_t k = 0; k < count; k++)
        memmove(pixels + 3 * k, pixels + 4 * k, 3);
}

// Decodes to RGBA with libpng's simplified API, then drops alpha: transparent pixels keep their
// stored colour.
static imp_status decode_png(uint8_t **rgb, int *width, int *height, const void *data,
                             size_t length, const char *name, imp_error *err)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&image, data, length))
        return imp_fail(err, IMP_BAD_INPUT, "%s: %s", name, image.message);
    imp_status status = check_image_size_limit(image.width, image.height, name, err);
    uint8_t *pixels = NULL;
    if (status == IMP_OK) {
        // Read with alpha: without it, libpng would blend with a background.
        image.format = PNG_FORMAT_RGBA;
        // 16-bit files hold sRGB values like 8-bit ones; libpng would otherwise assume linear
        // light.
        image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
        pixels = malloc(PNG_IMAGE_SIZE(image));
        if (pixels == NULL)
            status = imp_fail(err, IMP_NO_MEMORY, "no memory for the image %s", name);
        else if (!png_image_finish_read(&image, NULL, pixels, 0, NULL))
            status = imp_fail(err, IMP_BAD_INPUT, "%s: %s", name, image.message);
    }
    // libpng has freed its memory; the pixels are ours
    png_image_free(&image);
    if (status != IMP_OK) {
        free(pixels);
        return status;
    }
    // report the size only after success, so that a failure leaves the results untouched
    rgba_to_rgb_in_place(pixels, (size_t)image.width * image.height);
    *rgb = pixels;
    *width = (int)image.width;
    *height = (int)image.height;
    return IMP_OK;
}

// Chooses the decoder by the magic number.
imp_status imp_image_decode(uint8_t **rgb, int *width, int *height, const void *data, size_t length,
                            const char *name, imp_error *err)
{
    static const uint8_t PNG_START[4] = {0x89, 'P', 'N', 'G'}, JPEG_START[2] = {0xff, 0xd8};
    if (length >= sizeof PNG_START && memcmp(data, PNG_START, sizeof PNG_START) == 0)
        return decode_png(rgb, width, height, data, length, name, err);
    if (length >= sizeof JPEG_START && memcmp(data, JPEG_START, sizeof JPEG_START) == 0)
        return imp_jpeg_decode(rgb, width, height, data, length, name, err);
    return imp_fail(err, IMP_BAD_INPUT, "%s: neither a PNG nor a JPEG image", name);
}

// The file's size is limited before it is read into memory.
imp_status imp_image_read(uint8_t **rgb, int *width, int *height, const char *path, imp_error *err)
{
    char *data;
    size_t length;
    IMP_TRY(imp_file_read(&data, &length, path, FILE_BYTES_MAX, err));
    const imp_status status = imp_image_decode(rgb, width, height, data, length, path, err);
    free(data);
    return status;
}
