// base/image/jpeg_codec.h: a JPEG decoder and an encoder that are created once and used for many
// images. Once the largest image was seen, our code allocates nothing more; libjpeg allocates its
// own memory for every image.
// Neither may be used by two threads at once.
#ifndef IMP_BASE_IMAGE_JPEG_CODEC_H
#define IMP_BASE_IMAGE_JPEG_CODEC_H

#include "imprint/base.h"

typedef struct imp_jpeg_reader imp_jpeg_reader;

imp_status imp_jpeg_reader_create(imp_jpeg_reader **out, imp_error *err);
void imp_jpeg_reader_destroy(imp_jpeg_reader *reader); // nullable

// Reads the size of an image. The next imp_jpeg_reader_decode() decodes this image; data must stay
// valid until then. Fails with IMP_BAD_INPUT, also if it has more than 16 megapixels.
imp_status imp_jpeg_reader_open(imp_jpeg_reader *reader, const uint8_t *data, size_t length,
                                int *width, int *height, imp_error *err);

// Decodes the opened image as RGB bytes (height x width x 3). With `eighth`, each pixel is the mean
// of a block of 8 x 8 pixels, which is much faster; rows and columns are then an eighth, rounded
// up. *rgb belongs to the reader and is valid until its next call. A truncated image is an error.
imp_status imp_jpeg_reader_decode(imp_jpeg_reader *reader, bool eighth, const uint8_t **rgb,
                                  int *width, int *height, imp_error *err);

// Decodes a single one of at most 64 megapixels; the caller frees *rgb. name is for messages.
imp_status imp_jpeg_decode(uint8_t **rgb, int *width, int *height, const void *data, size_t length,
                           const char *name, imp_error *err);

typedef struct imp_jpeg_writer imp_jpeg_writer;

// Creates an encoder of baseline JPEG with chroma at half the resolution, as OpenCV writes.
// quality: 1 to 100.
imp_status imp_jpeg_writer_create(imp_jpeg_writer **out, int width, int height, int quality,
                                  imp_error *err);
void imp_jpeg_writer_destroy(imp_jpeg_writer *writer); // nullable

// Encodes (height x width x 3) RGB bytes. *data belongs to the writer and is valid until its next
// call.
imp_status imp_jpeg_writer_encode(imp_jpeg_writer *writer, const uint8_t *rgb, const uint8_t **data,
                                  size_t *length, imp_error *err);

#endif
