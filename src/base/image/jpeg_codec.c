// JPEG images with libjpeg. libjpeg reports errors by calling back and expects not to be returned
// to: every entry sets a jump that the callbacks take, and the message is already in *err then.
#include "base/image/jpeg_codec.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

// stands on what is above
#include <jpeglib.h>

#include <jerror.h>

enum {
    PIXELS_MAX = 1 << 24,      // of a sequence of images
    FILE_PIXELS_MAX = 1 << 26, // of a single one
    // passes over a progressive JPEG; more are made only to keep who reads it busy
    SCANS_MAX = 100,
};

// libjpeg calls back when something is wrong, and expects not to be returned to.
typedef struct jpeg_errors {
    struct jpeg_error_mgr callbacks;
    jmp_buf failed;
    const char *name; // of the picture, for messages
    imp_error *err;
} jpeg_errors;

struct imp_jpeg_reader {
    struct jpeg_decompress_struct decoder;
    jpeg_errors jpeg_errors;
    struct jpeg_progress_mgr progress;
    int pixels_max;
    uint8_t *pixels;
    size_t capacity;
};

struct imp_jpeg_writer {
    struct jpeg_compress_struct encoder;
    jpeg_errors jpeg_errors;
    int width, height;
    unsigned char *data; // libjpeg-turbo takes a larger one with malloc() where it has to
    unsigned long capacity;
};

static void on_jpeg_error(j_common_ptr common)
{
    jpeg_errors *t = common->client_data;
    char text[JMSG_LENGTH_MAX];
    common->err->format_message(common, text);
    imp_fail(t->err, IMP_BAD_INPUT, "%s: %s", t->name, text);
    longjmp(t->failed, 1);
}

// What it would fill up with grey is an error here; its other remarks are passed over.
static void on_jpeg_warning(j_common_ptr common, int level)
{
    jpeg_errors *t = common->client_data;
    const int code = common->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER)) {
        imp_fail(t->err, IMP_BAD_INPUT, "%s: the picture ends too early", t->name);
        longjmp(t->failed, 1);
    }
}

static void on_jpeg_progress(j_common_ptr common)
{
    jpeg_errors *t = common->client_data;
    const imp_jpeg_reader *reader = (const imp_jpeg_reader *)common;
    if (reader->decoder.input_scan_number > SCANS_MAX) {
        imp_fail(t->err, IMP_BAD_INPUT, "%s: more than %d passes", t->name, SCANS_MAX);
        longjmp(t->failed, 1);
    }
}

static struct jpeg_error_mgr *install_error_handlers(jpeg_errors *t)
{
    t->name = "JPEG";
    jpeg_std_error(&t->callbacks);
    t->callbacks.error_exit = on_jpeg_error;
    t->callbacks.emit_message = on_jpeg_warning;
    return &t->callbacks;
}

imp_status imp_jpeg_reader_create(imp_jpeg_reader **out, imp_error *err)
{
    imp_jpeg_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to read pictures");
    reader->jpeg_errors.err = err;
    reader->decoder.err = install_error_handlers(&reader->jpeg_errors);
    reader->decoder.client_data = &reader->jpeg_errors;
    // NOLINTNEXTLINE(cert-err52-cpp): libjpeg has no other way out
    if (setjmp(reader->jpeg_errors.failed) != 0) {
        free(reader);
        return IMP_NO_MEMORY;
    }
    jpeg_create_decompress(&reader->decoder);
    reader->progress.progress_monitor = on_jpeg_progress;
    reader->decoder.progress = &reader->progress;
    reader->pixels_max = PIXELS_MAX;
    *out = reader;
    return IMP_OK;
}

void imp_jpeg_reader_destroy(imp_jpeg_reader *reader)
{
    if (reader == NULL)
        return;
    jpeg_destroy_decompress(&reader->decoder);
    free(reader->pixels);
    free(reader);
}

imp_status imp_jpeg_reader_open(imp_jpeg_reader *reader, const uint8_t *data, size_t length,
                                int *width, int *height, imp_error *err)
{
    struct jpeg_decompress_struct *decoder = &reader->decoder;
    reader->jpeg_errors.err = err;
    jpeg_abort_decompress(decoder);
    // NOLINTNEXTLINE(cert-err52-cpp): libjpeg has no other way out
    if (setjmp(reader->jpeg_errors.failed) != 0)
        return IMP_BAD_INPUT;
    jpeg_mem_src(decoder, data, length);
    jpeg_read_header(decoder, TRUE);
    const uint64_t pixels = (uint64_t)decoder->image_width * decoder->image_height;
    if (pixels > (uint64_t)reader->pixels_max)
        return imp_fail(err, IMP_BAD_INPUT, "%s: %u x %u pixels; at most %d megapixels are read",
                        reader->jpeg_errors.name, decoder->image_width, decoder->image_height,
                        reader->pixels_max >> 20);
    *width = (int)decoder->image_width;
    *height = (int)decoder->image_height;
    return IMP_OK;
}

static bool reserve_pixels(imp_jpeg_reader *reader, size_t size)
{
    if (size <= reader->capacity)
        return true;
    uint8_t *pixels = realloc(reader->pixels, size);
    if (pixels == NULL)
        return false;
    reader->pixels = pixels;
    reader->capacity = size;
    return true;
}

imp_status imp_jpeg_reader_decode(imp_jpeg_reader *reader, bool eighth, const uint8_t **rgb,
                                  int *width, int *height, imp_error *err)
{
    struct jpeg_decompress_struct *decoder = &reader->decoder;
    reader->jpeg_errors.err = err;
    // NOLINTNEXTLINE(cert-err52-cpp): libjpeg has no other way out
    if (setjmp(reader->jpeg_errors.failed) != 0)
        return IMP_BAD_INPUT;
    decoder->out_color_space = JCS_RGB;
    decoder->scale_num = 1;
    decoder->scale_denom = eighth ? 8 : 1;
    jpeg_start_decompress(decoder);
    const size_t stride = (size_t)decoder->output_width * 3;
    if (!reserve_pixels(reader, stride * decoder->output_height))
        return imp_fail(err, IMP_NO_MEMORY, "no memory for a picture");
    while (decoder->output_scanline < decoder->output_height) {
        JSAMPROW rows[8] = {NULL};
        const unsigned left = decoder->output_height - decoder->output_scanline;
        const unsigned count = left < 8 ? left : 8;
        for (unsigned k = 0; k < count; k++)
            rows[k] = reader->pixels + (decoder->output_scanline + k) * stride;
        jpeg_read_scanlines(decoder, rows, count);
    }
    *width = (int)decoder->output_width;
    *height = (int)decoder->output_height;
    jpeg_finish_decompress(decoder);
    *rgb = reader->pixels;
    return IMP_OK;
}

imp_status imp_jpeg_decode(uint8_t **rgb, int *width, int *height, const void *data, size_t length,
                           const char *name, imp_error *err)
{
    imp_jpeg_reader *reader;
    const uint8_t *pixels;
    imp_status status = imp_jpeg_reader_create(&reader, err);
    if (status != IMP_OK)
        return status;
    reader->jpeg_errors.name = name;
    reader->pixels_max = FILE_PIXELS_MAX;
    status = imp_jpeg_reader_open(reader, data, length, width, height, err);
    if (status == IMP_OK)
        status = imp_jpeg_reader_decode(reader, false, &pixels, width, height, err);
    if (status == IMP_OK) {
        // the caller gets the reader's buffer
        *rgb = reader->pixels;
        reader->pixels = NULL;
    }
    imp_jpeg_reader_destroy(reader);
    return status;
}

imp_status imp_jpeg_writer_create(imp_jpeg_writer **out, int width, int height, int quality,
                                  imp_error *err)
{
    imp_jpeg_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to write pictures");
    writer->width = width;
    writer->height = height;
    writer->jpeg_errors.err = err;
    struct jpeg_compress_struct *encoder = &writer->encoder;
    encoder->err = install_error_handlers(&writer->jpeg_errors);
    encoder->client_data = &writer->jpeg_errors;
    // NOLINTNEXTLINE(cert-err52-cpp): libjpeg has no other way out
    if (setjmp(writer->jpeg_errors.failed) != 0) {
        jpeg_destroy_compress(encoder);
        free(writer);
        return IMP_NO_MEMORY;
    }
    jpeg_create_compress(encoder);
    encoder->image_width = (JDIMENSION)width;
    encoder->image_height = (JDIMENSION)height;
    encoder->input_components = 3;
    encoder->in_color_space = JCS_RGB;
    jpeg_set_defaults(encoder);
    jpeg_set_quality(encoder, quality, TRUE);
    *out = writer;
    return IMP_OK;
}

void imp_jpeg_writer_destroy(imp_jpeg_writer *writer)
{
    if (writer == NULL)
        return;
    jpeg_destroy_compress(&writer->encoder);
    free(writer->data);
    free(writer);
}

imp_status imp_jpeg_writer_encode(imp_jpeg_writer *writer, const uint8_t *rgb, const uint8_t **data,
                                  size_t *length, imp_error *err)
{
    struct jpeg_compress_struct *encoder = &writer->encoder;
    // what is more than this, noise takes
    const unsigned long usual_size =
        (unsigned long)writer->width * (unsigned long)writer->height + 1024;
    writer->jpeg_errors.err = err;
    if (writer->data == NULL) {
        writer->data = malloc(usual_size);
        writer->capacity = usual_size;
    }
    if (writer->data == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to write pictures");
    unsigned char *target = writer->data;
    unsigned long size = writer->capacity;
    // NOLINTNEXTLINE(cert-err52-cpp): libjpeg has no other way out
    if (setjmp(writer->jpeg_errors.failed) != 0) {
        jpeg_abort_compress(encoder);
        return IMP_INTERNAL;
    }
    jpeg_mem_dest(encoder, &target, &size);
    jpeg_start_compress(encoder, TRUE);
    while (encoder->next_scanline < encoder->image_height) {
        // libjpeg only reads from it
        const uintptr_t row =
            (uintptr_t)(rgb + (size_t)encoder->next_scanline * 3 * (size_t)writer->width);
        JSAMPROW rows[1] = {(JSAMPROW)row};
        jpeg_write_scanlines(encoder, rows, 1);
    }
    jpeg_finish_compress(encoder);
    if (target != writer->data) {
        free(writer->data);
        writer->data = target;
        writer->capacity = size;
    }
    *data = target;
    *length = size;
    return IMP_OK;
}
