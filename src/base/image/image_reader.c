// Reads PNG and JPEG pictures.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

// stands on what is above
#include <jpeglib.h>

#include <jerror.h>

#include "base/image/image.h"
#include "base/io/file.h"

enum {
    FILE_BYTES_MAX = 256 << 20,
    // pixels of a picture; a camera's or a texture's has far fewer
    PIXELS_MAX = 1 << 26,
    // passes over a progressive JPEG; more are made only to keep who reads it busy
    SCANS_MAX = 100,
};

// The sizes that a file claims are looked at before memory is taken for them.
static imp_status check_size(uint64_t width, uint64_t height, const char *name, imp_error *err)
{
    if (width > 0 && height > 0 && width <= PIXELS_MAX && height <= PIXELS_MAX / width)
        return IMP_OK;
    return imp_fail(err, IMP_BAD_INPUT, "%s: %llu x %llu pixels; at most %d megapixels are read",
                    name, (unsigned long long)width, (unsigned long long)height, PIXELS_MAX >> 20);
}

// Takes the fourth channel out of RGBA, in place.
static void drop_alpha(uint8_t *pixels, size_t count)
{
    for (size_t k = 0; k < count; k++)
        memmove(pixels + 3 * k, pixels + 4 * k, 3);
}

static imp_status decode_png(uint8_t **rgb, int *width, int *height, const void *data,
                             size_t length, const char *name, imp_error *err)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&image, data, length))
        return imp_fail(err, IMP_BAD_INPUT, "%s: %s", name, image.message);
    imp_status status = check_size(image.width, image.height, name, err);
    uint8_t *pixels = NULL;
    if (status == IMP_OK) {
        // with its cover, because libpng would lay it over something else
        image.format = PNG_FORMAT_RGBA;
        // cameras and painters store what is to be seen, also in 16 bits; libpng would take those
        // for amounts of light
        image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
        pixels = malloc(PNG_IMAGE_SIZE(image));
        if (pixels == NULL)
            status = imp_fail(err, IMP_NO_MEMORY, "no memory for the picture %s", name);
        else if (!png_image_finish_read(&image, NULL, pixels, 0, NULL))
            status = imp_fail(err, IMP_BAD_INPUT, "%s: %s", name, image.message);
    }
    png_image_free(&image);
    if (status != IMP_OK) {
        free(pixels);
        return status;
    }
    drop_alpha(pixels, (size_t)image.width * image.height);
    *rgb = pixels;
    *width = (int)image.width;
    *height = (int)image.height;
    return IMP_OK;
}

// libjpeg calls back when something is wrong, and expects not to be returned to.
typedef struct jpeg_decoder_state {
    struct jpeg_decompress_struct decoder;
    struct jpeg_error_mgr callbacks;
    struct jpeg_progress_mgr progress;
    jmp_buf failed;
    uint8_t *pixels;
    imp_status status; // set by what is found here; else libjpeg has found it
    const char *name;
    imp_error *err;
} jpeg_decoder_state;

static void on_jpeg_error(j_common_ptr common)
{
    jpeg_decoder_state *reader = common->client_data;
    char text[JMSG_LENGTH_MAX];
    common->err->format_message(common, text);
    reader->status = imp_fail(reader->err, IMP_BAD_INPUT, "%s: %s", reader->name, text);
    longjmp(reader->failed, 1);
}

// What it would fill up with grey is an error here; its other remarks are passed over.
static void on_jpeg_warning(j_common_ptr common, int level)
{
    jpeg_decoder_state *reader = common->client_data;
    const int code = common->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER)) {
        reader->status =
            imp_fail(reader->err, IMP_BAD_INPUT, "%s: the picture ends too early", reader->name);
        longjmp(reader->failed, 1);
    }
}

static void on_jpeg_progress(j_common_ptr common)
{
    jpeg_decoder_state *reader = common->client_data;
    if (reader->decoder.input_scan_number > SCANS_MAX) {
        reader->status = imp_fail(reader->err, IMP_BAD_INPUT, "%s: more than %d passes",
                                  reader->name, SCANS_MAX);
        longjmp(reader->failed, 1);
    }
}

static imp_status read_jpeg(jpeg_decoder_state *reader, const void *data, size_t length)
{
    // NOLINTNEXTLINE(cert-err52-cpp): libjpeg has no other way out
    if (setjmp(reader->failed) != 0)
        return reader->status;
    struct jpeg_decompress_struct *decoder = &reader->decoder;
    jpeg_create_decompress(decoder);
    jpeg_mem_src(decoder, data, length);
    decoder->progress = &reader->progress;
    jpeg_read_header(decoder, TRUE);
    reader->status =
        check_size(decoder->image_width, decoder->image_height, reader->name, reader->err);
    if (reader->status != IMP_OK)
        return reader->status;
    decoder->out_color_space = JCS_RGB;
    jpeg_start_decompress(decoder);
    const size_t stride = (size_t)decoder->output_width * 3;
    reader->pixels = malloc(stride * decoder->output_height);
    if (reader->pixels == NULL)
        return imp_fail(reader->err, IMP_NO_MEMORY, "no memory for the picture %s", reader->name);
    while (decoder->output_scanline < decoder->output_height) {
        JSAMPROW row = reader->pixels + decoder->output_scanline * stride;
        jpeg_read_scanlines(decoder, &row, 1);
    }
    jpeg_finish_decompress(decoder);
    return IMP_OK;
}

static imp_status decode_jpeg(uint8_t **rgb, int *width, int *height, const void *data,
                              size_t length, const char *name, imp_error *err)
{
    jpeg_decoder_state reader = {
        .progress = {.progress_monitor = on_jpeg_progress}, .name = name, .err = err};
    reader.decoder.err = jpeg_std_error(&reader.callbacks);
    reader.decoder.client_data = &reader;
    reader.callbacks.error_exit = on_jpeg_error;
    reader.callbacks.emit_message = on_jpeg_warning;
    const imp_status status = read_jpeg(&reader, data, length);
    if (status == IMP_OK) {
        *rgb = reader.pixels;
        *width = (int)reader.decoder.output_width;
        *height = (int)reader.decoder.output_height;
    } else {
        free(reader.pixels);
    }
    jpeg_destroy_decompress(&reader.decoder);
    return status;
}

imp_status imp_image_decode(uint8_t **rgb, int *width, int *height, const void *data, size_t length,
                            const char *name, imp_error *err)
{
    static const uint8_t PNG_START[4] = {0x89, 'P', 'N', 'G'}, JPEG_START[2] = {0xff, 0xd8};
    if (length >= sizeof PNG_START && memcmp(data, PNG_START, sizeof PNG_START) == 0)
        return decode_png(rgb, width, height, data, length, name, err);
    if (length >= sizeof JPEG_START && memcmp(data, JPEG_START, sizeof JPEG_START) == 0)
        return decode_jpeg(rgb, width, height, data, length, name, err);
    return imp_fail(err, IMP_BAD_INPUT, "%s: neither a PNG nor a JPEG picture", name);
}

imp_status imp_image_read(uint8_t **rgb, int *width, int *height, const char *path, imp_error *err)
{
    char *data;
    size_t length;
    imp_status status = imp_file_read(&data, &length, path, FILE_BYTES_MAX, err);
    if (status != IMP_OK)
        return status;
    status = imp_image_decode(rgb, width, height, data, length, path, err);
    free(data);
    return status;
}
