// base/image/jpeg_codec.h: JPEG pictures one after the other, by a reader and a writer that are
// made once. The JPEG library takes and returns memory of its own for every picture; here nothing
// is allocated once the largest one has been seen.
#ifndef IMP_BASE_IMAGE_JPEG_CODEC_H
#define IMP_BASE_IMAGE_JPEG_CODEC_H

#include "imprint/base.h"

typedef struct imp_jpeg_reader imp_jpeg_reader;

imp_status imp_jpeg_reader_create(imp_jpeg_reader **out, imp_error *err);
void imp_jpeg_reader_destroy(imp_jpeg_reader *reader); // nullable

// Reads the size of a picture, which the next call of imp_jpeg_reader_decode() is about. Fails with
// IMP_BAD_INPUT, also if it has more than 16 megapixels.
imp_status imp_jpeg_reader_open(imp_jpeg_reader *reader, const uint8_t *data, size_t length,
                                int *width, int *height, imp_error *err);

// Decodes it as RGB bytes (height x width x 3), or, with eighth, the means of its blocks of 8 x 8
// pixels, which is far less work: rows and columns are an eighth then, rounded up. *rgb is the
// reader's until the next call. What of a picture is missing at its end is an error.
imp_status imp_jpeg_reader_decode(imp_jpeg_reader *reader, bool eighth, const uint8_t **rgb,
                                  int *width, int *height, imp_error *err);

// Decodes a single one of at most 64 megapixels; the caller frees *rgb. name is for messages.
imp_status imp_jpeg_decode(uint8_t **rgb, int *width, int *height, const void *data, size_t length,
                           const char *name, imp_error *err);

typedef struct imp_jpeg_writer imp_jpeg_writer;

// A writer of baseline pictures with colours at half the resolution, as OpenCV writes them.
// quality: 1 to 100.
imp_status imp_jpeg_writer_create(imp_jpeg_writer **out, int width, int height, int quality,
                                  imp_error *err);
void imp_jpeg_writer_destroy(imp_jpeg_writer *writer); // nullable

// Encodes (height x width x 3) RGB bytes. *data is the writer's until the next call.
imp_status imp_jpeg_writer_encode(imp_jpeg_writer *writer, const uint8_t *rgb, const uint8_t **data,
                                  size_t *length, imp_error *err);

#endif
