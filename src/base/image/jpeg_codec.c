// JPEG decoding and encoding with libjpeg-turbo, by objects that keep their buffers between images.
// Used where images arrive one after the other: camera effects and agents.
// libjpeg reports errors by a callback that must not return. Each entry point therefore sets a
// jmp_buf, to which the callback jumps after filling *err.
#include "base/image/jpeg_codec.h"

#include "base/common/try.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

// jpeglib.h needs the headers above.
#include <jpeglib.h>

#include <jerror.h>

enum {
    PIXELS_MAX = 1 << 24,      // of a sequence of images
    FILE_PIXELS_MAX = 1 << 26, // of a single one
    // scans of a progressive JPEG; a file with more is only made to waste time
    SCANS_MAX = 100,
};

// Error handlers of libjpeg, which must not return to it, and the place where messages go.
typedef struct jpeg_errors {
    struct jpeg_error_mgr callbacks;
    jmp_buf failed;
    const char *name; // of the image, for messages
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
    unsigned char *data; // malloc(); libjpeg-turbo replaces it if it is too small
    unsigned long capacity;
};

// Error callback: writes the message to the current *err and jumps to the current entry point.
static void on_jpeg_error(j_common_ptr common)
{
    jpeg_errors *t = common->client_data;
    char text[JMSG_LENGTH_MAX];
    common->err->format_message(common, text);
    imp_fail(t->err, IMP_BAD_INPUT, "%s: %s", t->name, text);
    longjmp(t->failed, 1);
}

// A truncated image is an error here; libjpeg would fill the rest with grey. Other warnings are
// ignored.
static void on_jpeg_warning(j_common_ptr common, int level)
{
    jpeg_errors *t = common->client_data;
    const int code = common->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER)) {
        imp_fail(t->err, IMP_BAD_INPUT, "%s: the image ends too early", t->name);
        longjmp(t->failed, 1);
    }
}

// Called once per scan; limits the time that a progressive image can take.
static void on_jpeg_progress(j_common_ptr common)
{
    jpeg_errors *t = common->client_data;
    const imp_jpeg_reader *reader = (const imp_jpeg_reader *)common;
    if (reader->decoder.input_scan_number > SCANS_MAX) {
        imp_fail(t->err, IMP_BAD_INPUT, "%s: more than %d passes", t->name, SCANS_MAX);
        longjmp(t->failed, 1);
    }
}

// Fills libjpeg's table of handlers with the defaults and replaces two of them.
static struct jpeg_error_mgr *install_error_handlers(jpeg_errors *t)
{
    t->name = "JPEG";
    jpeg_std_error(&t->callbacks);
    t->callbacks.error_exit = on_jpeg_error;
    t->callbacks.emit_message = on_jpeg_warning;
    return &t->callbacks;
}

// calloc() zeroes libjpeg's structs, which it expects.
imp_status imp_jpeg_reader_create(imp_jpeg_reader **out, imp_error *err)
{
    imp_jpeg_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to read images");
    // from here on libjpeg may fail by jumping, even in its own initialisation
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

// Nullable. Frees libjpeg's state and the pixel buffer.
void imp_jpeg_reader_destroy(imp_jpeg_reader *reader)
{
    if (reader == NULL)
        return;
    jpeg_destroy_decompress(&reader->decoder);
    free(reader->pixels);
    free(reader);
}

// Parses the header only; a decoding that was begun and not finished is aborted first.
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
    // limit the size before anything is allocated for it
    const uint64_t pixels = (uint64_t)decoder->image_width * decoder->image_height;
    if (pixels > (uint64_t)reader->pixels_max)
        return imp_fail(err, IMP_BAD_INPUT, "%s: %u x %u pixels; at most %d megapixels are read",
                        reader->jpeg_errors.name, decoder->image_width, decoder->image_height,
                        reader->pixels_max >> 20);
    *width = (int)decoder->image_width;
    *height = (int)decoder->image_height;
    return IMP_OK;
}

// Grows the pixel buffer; it never shrinks, so no allocation follows once the largest image was
// seen.
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

// Decodes the opened image. libjpeg scales by 1/8 cheaply, because it then needs only the mean of
// each block.
imp_status imp_jpeg_reader_decode(imp_jpeg_reader *reader, bool eighth, const uint8_t **rgb,
                                  int *width, int *height, imp_error *err)
{
    struct jpeg_decompress_struct *decoder = &reader->decoder;
    reader->jpeg_errors.err = err;
    // NOLINTNEXTLINE(cert-err52-cpp): libjpeg has no other way out
    if (setjmp(reader->jpeg_errors.failed) != 0)
        return IMP_BAD_INPUT;
    decoder->out_color_space = JCS_RGB;
    // 1/8 selects libjpeg's reduced inverse transform
    decoder->scale_num = 1;
    decoder->scale_denom = eighth ? 8 : 1;
    jpeg_start_decompress(decoder);
    const size_t stride = (size_t)decoder->output_width * 3;
    if (!reserve_pixels(reader, stride * decoder->output_height))
        return imp_fail(err, IMP_NO_MEMORY, "no memory for an image");
    // up to eight rows at a time, the height of a block
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

// Decodes one image with a reader of its own and a higher limit of pixels.
imp_status imp_jpeg_decode(uint8_t **rgb, int *width, int *height, const void *data, size_t length,
                           const char *name, imp_error *err)
{
    imp_jpeg_reader *reader;
    const uint8_t *pixels;
    IMP_TRY(imp_jpeg_reader_create(&reader, err));
    reader->jpeg_errors.name = name;
    reader->pixels_max = FILE_PIXELS_MAX;
    imp_status status = imp_jpeg_reader_open(reader, data, length, width, height, err);
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

// Creates the encoder for one image size and quality; both are set once.
imp_status imp_jpeg_writer_create(imp_jpeg_writer **out, int width, int height, int quality,
                                  imp_error *err)
{
    imp_jpeg_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to write images");
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
    // libjpeg's defaults: baseline, chroma at half resolution
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

// Encodes into a buffer that is kept between images and grows only when noise makes an image
// larger.
imp_status imp_jpeg_writer_encode(imp_jpeg_writer *writer, const uint8_t *rgb, const uint8_t **data,
                                  size_t *length, imp_error *err)
{
    struct jpeg_compress_struct *encoder = &writer->encoder;
    // Only noise compresses to more than this.
    const unsigned long usual_size =
        (unsigned long)writer->width * (unsigned long)writer->height + 1024;
    // allocate the usual size once
    writer->jpeg_errors.err = err;
    if (writer->data == NULL) {
        writer->data = malloc(usual_size);
        writer->capacity = usual_size;
    }
    if (writer->data == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to write images");
    // libjpeg may exchange the buffer while it writes
    unsigned char *target = writer->data;
    unsigned long size = writer->capacity;
    // NOLINTNEXTLINE(cert-err52-cpp): libjpeg has no other way out
    // a failed encoding is aborted, so that the next call starts afresh
    if (setjmp(writer->jpeg_errors.failed) != 0) {
        jpeg_abort_compress(encoder);
        return IMP_INTERNAL;
    }
    // compress row by row into writer->data
    jpeg_mem_dest(encoder, &target, &size);
    jpeg_start_compress(encoder, TRUE);
    while (encoder->next_scanline < encoder->image_height) {
        // libjpeg only reads the row, but its type is not const.
        const uintptr_t row =
            (uintptr_t)(rgb + (size_t)encoder->next_scanline * 3 * (size_t)writer->width);
        JSAMPROW rows[1] = {(JSAMPROW)row};
        jpeg_write_scanlines(encoder, rows, 1);
    }
    jpeg_finish_compress(encoder);
    // the buffer was too small: keep libjpeg's larger one
    if (target != writer->data) {
        free(writer->data);
        writer->data = target;
        writer->capacity = size;
    }
    *data = target;
    *length = size;
    return IMP_OK;
}
