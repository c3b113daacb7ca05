// Converts camera images to observations: decode, rectify or convert to another camera, then shrink
// by area averaging. Spans with fractional weights at both ends are computed once per image size,
// for columns and rows. Rows of a span are summed first, then columns of the sums; both passes are
// plain loops over contiguous values. The result resembles what the renderer draws at that size, so
// networks trained on rendered images can use it.
#include "sim/robot/image_preprocessor.h"

#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/image/jpeg_codec.h"

// The input pixels along one side that make up one output pixel, with the weights of the first and
// the last. Those between count fully. If first == last, only first_weight counts.
typedef struct pixel_span {
    int first, last;
    float first_weight,
        last_weight; // weights of the two ends
} pixel_span;

struct imp_image_preprocessor {
    int width, height;
    bool undistorts, converts; // by a table: of a calibration, or between two cameras
    imp_calibration camera;
    imp_camera_def from, to;
    imp_jpeg_reader *reader;
    // valid for camera images of the last size:
    int input_width, input_height;
    pixel_span *columns, *rows; // (width), (height)
    float *sums;                // (input_width x 3)
    imp_undistorter *undistorter;
    uint8_t *undistorted; // (input_height x input_width x 3)
};

imp_status imp_image_preprocessor_create(imp_image_preprocessor **out, int width, int height,
                                         const imp_calibration *undistort_with, imp_error *err)
{
    imp_image_preprocessor *preprocessor = calloc(1, sizeof *preprocessor);
    if (preprocessor == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an image preprocessor");
    // the calibration is copied; buffers follow with the first image
    preprocessor->width = width;
    preprocessor->height = height;
    preprocessor->undistorts = undistort_with != NULL;
    if (undistort_with != NULL)
        preprocessor->camera = *undistort_with;
    const imp_status status = imp_jpeg_reader_create(&preprocessor->reader, err);
    if (status != IMP_OK) {
        free(preprocessor);
        return status;
    }
    *out = preprocessor;
    return IMP_OK;
}

imp_status imp_image_preprocessor_create_between(imp_image_preprocessor **out, int width,
                                                 int height, const imp_camera_def *from,
                                                 const imp_camera_def *to, imp_error *err)
{
    IMP_TRY(imp_image_preprocessor_create(out, width, height, NULL, err));
    (*out)->undistorts = (*out)->converts = true;
    (*out)->from = *from;
    (*out)->to = *to;
    return IMP_OK;
}

// Frees everything that depends on the size of the camera's images.
static void free_buffers(imp_image_preprocessor *preprocessor)
{
    imp_undistorter_destroy(preprocessor->undistorter);
    free(preprocessor->columns);
    free(preprocessor->rows);
    free(preprocessor->sums);
    free(preprocessor->undistorted);
    preprocessor->undistorter = NULL;
    preprocessor->columns = preprocessor->rows = NULL;
    preprocessor->sums = NULL;
    preprocessor->undistorted = NULL;
    preprocessor->input_width = preprocessor->input_height = 0;
}

void imp_image_preprocessor_destroy(imp_image_preprocessor *preprocessor)
{
    if (preprocessor == NULL)
        return;
    free_buffers(preprocessor);
    imp_jpeg_reader_destroy(preprocessor->reader);
    free(preprocessor);
}

// Computes the spans that map `from` input pixels to `to` output pixels. NULL without memory.
static pixel_span *create_pixel_spans(int from, int to)
{
    pixel_span *spans = calloc((size_t)to, sizeof *spans);
    // input pixels per output pixel; weights of a span add up to 1
    const double step = (double)from / to;
    for (int k = 0; spans != NULL && k < to; k++) {
        // integer arithmetic decides where a span ends, so that pixel borders stay exact
        const int64_t begin = (int64_t)k * from, end = (int64_t)(k + 1) * from;
        // first and last pixel of the span
        pixel_span *s = &spans[k];
        s->first = (int)(begin / to);
        s->last = (int)((end - 1) / to);
        // the covered part of the first and the last pixel, relative to the span
        s->first_weight = (float)((s->first + 1 - (double)begin / to) / step);
        s->last_weight = (float)(((double)end / to - s->last) / step);
        if (s->first == s->last)
            s->first_weight = 1.0F;
    }
    return spans;
}

// Prepares buffers for camera images of a size; does nothing if the size has not changed.
static imp_status resize_buffers(imp_image_preprocessor *preprocessor, int width, int height,
                                 imp_error *err)
{
    if (width == preprocessor->input_width && height == preprocessor->input_height)
        return IMP_OK;
    free_buffers(preprocessor);
    // allocate everything, check once
    const size_t row = (size_t)width * 3;
    preprocessor->columns = create_pixel_spans(width, preprocessor->width);
    preprocessor->rows = create_pixel_spans(height, preprocessor->height);
    preprocessor->sums = malloc(row * sizeof *preprocessor->sums);
    imp_status status = IMP_OK;
    // the lookup table and a buffer for the rectified image
    if (preprocessor->undistorts) {
        preprocessor->undistorted = malloc(row * (size_t)height);
        status =
            preprocessor->converts
                ? imp_undistorter_create_between(&preprocessor->undistorter, &preprocessor->from,
                                                 &preprocessor->to, width, height, err)
                : imp_undistorter_create(&preprocessor->undistorter, &preprocessor->camera, width,
                                         height, err);
    }
    if (status == IMP_OK && (preprocessor->columns == NULL || preprocessor->rows == NULL ||
                             preprocessor->sums == NULL ||
                             (preprocessor->undistorts && preprocessor->undistorted == NULL)))
        status = imp_fail(err, IMP_NO_MEMORY, "no memory for images of %d x %d", width, height);
    if (status != IMP_OK) {
        free_buffers(preprocessor);
        return status;
    }
    preprocessor->input_width = width;
    preprocessor->input_height = height;
    return IMP_OK;
}

// Adds a weighted row of bytes to the sums.
static void add_weighted_row_to_sums(float *sums, const uint8_t *row, size_t values, float weight)
{
    for (size_t k = 0; k < values; k++)
        sums[k] += weight * (float)row[k];
}

// Averages the rows of a span into preprocessor->sums, (input_width x 3).
static void average_rows(const imp_image_preprocessor *preprocessor, const uint8_t *rgb,
                         const pixel_span *s)
{
    const size_t values = (size_t)preprocessor->input_width * 3;
    // weight of a pixel that lies inside the span
    const float whole = (float)preprocessor->height / (float)preprocessor->input_height;
    memset(preprocessor->sums, 0, values * sizeof *preprocessor->sums);
    for (int y = s->first; y <= s->last; y++) {
        const float weight = y == s->first  ? s->first_weight
                             : y == s->last ? s->last_weight
                                            : whole;
        add_weighted_row_to_sums(preprocessor->sums, rgb + (size_t)y * values, values, weight);
    }
}

// Averages the columns of the sums into one row of output bytes, rounding to nearest.
static void average_columns(const imp_image_preprocessor *preprocessor, uint8_t *out)
{
    const float whole = (float)preprocessor->width / (float)preprocessor->input_width;
    for (int x = 0; x < preprocessor->width; x++) {
        const pixel_span *s = &preprocessor->columns[x];
        // 0.5 rounds to nearest when the sum is truncated
        float sum[3] = {0.5F, 0.5F, 0.5F};
        for (int k = s->first; k <= s->last; k++) {
            const float weight = k == s->first  ? s->first_weight
                                 : k == s->last ? s->last_weight
                                                : whole;
            for (int c = 0; c < 3; c++)
                sum[c] += weight * preprocessor->sums[3 * k + c];
        }
        for (int c = 0; c < 3; c++)
            *out++ = (uint8_t)(sum[c] > 255.0F ? 255.0F : sum[c]);
    }
}

imp_status imp_image_preprocessor_run(imp_image_preprocessor *preprocessor, const uint8_t *pixels,
                                      int width, int height, uint8_t *rgb, imp_error *err)
{
    // an image that is already an observation is copied
    if (width == preprocessor->width && height == preprocessor->height &&
        !preprocessor->undistorts) {
        memcpy(rgb, pixels, (size_t)width * (size_t)height * 3);
        return IMP_OK;
    }
    // a rectified copy replaces the camera's image
    IMP_TRY(resize_buffers(preprocessor, width, height, err));
    if (preprocessor->undistorts) {
        imp_undistorter_apply(preprocessor->undistorter, pixels, preprocessor->undistorted);
        pixels = preprocessor->undistorted;
    }
    for (int y = 0; y < preprocessor->height; y++) {
        average_rows(preprocessor, pixels, &preprocessor->rows[y]);
        average_columns(preprocessor, rgb + (size_t)y * (size_t)preprocessor->width * 3);
    }
    return IMP_OK;
}

imp_status imp_image_preprocessor_run_jpeg(imp_image_preprocessor *preprocessor,
                                           const uint8_t *jpeg, size_t length, uint8_t *rgb,
                                           imp_error *err)
{
    int width, height;
    const uint8_t *pixels;
    IMP_TRY(imp_jpeg_reader_open(preprocessor->reader, jpeg, length, &width, &height, err));
    // decoding at 1/8 size gives the means of 8 x 8 blocks, if spans consist of whole blocks
    const bool eighth = !preprocessor->undistorts && width % (8 * preprocessor->width) == 0 &&
                        height % (8 * preprocessor->height) == 0;
    IMP_TRY(imp_jpeg_reader_decode(preprocessor->reader, eighth, &pixels, &width, &height, err));
    return imp_image_preprocessor_run(preprocessor, pixels, width, height, rgb, err);
}
