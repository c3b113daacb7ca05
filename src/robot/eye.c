#include "robot/eye.h"

#include <stdlib.h>
#include <string.h>

#include "base/jpeg.h"

// Which pixels along a side make one pixel of the observation.
typedef struct span {
    int first, last;
    float first_weight,
        last_weight; // those between count whole; last == first: first_weight counts
} span;

struct imp_eye {
    int width, height;
    bool straightens;
    imp_calibration camera;
    imp_jpeg_reader *reader;
    // for camera pictures of the size that came last:
    int from_width, from_height;
    span *columns, *rows; // (width), (height)
    float *sums;          // (from_width x 3)
    imp_undistorter *undistorter;
    uint8_t *straight; // (from_height x from_width x 3)
};

imp_status imp_eye_create(imp_eye **out, int width, int height, const imp_calibration *straighten,
                          imp_error *err)
{
    imp_eye *eye = calloc(1, sizeof *eye);
    if (eye == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to see");
    eye->width = width;
    eye->height = height;
    eye->straightens = straighten != NULL;
    if (straighten != NULL)
        eye->camera = *straighten;
    const imp_status status = imp_jpeg_reader_create(&eye->reader, err);
    if (status != IMP_OK) {
        free(eye);
        return status;
    }
    *out = eye;
    return IMP_OK;
}

static void forget_size(imp_eye *eye)
{
    imp_undistorter_destroy(eye->undistorter);
    free(eye->columns);
    free(eye->rows);
    free(eye->sums);
    free(eye->straight);
    eye->undistorter = NULL;
    eye->columns = eye->rows = NULL;
    eye->sums = NULL;
    eye->straight = NULL;
    eye->from_width = eye->from_height = 0;
}

void imp_eye_destroy(imp_eye *eye)
{
    if (eye == NULL)
        return;
    forget_size(eye);
    imp_jpeg_reader_destroy(eye->reader);
    free(eye);
}

static span *make_spans(int from, int to)
{
    span *spans = calloc((size_t)to, sizeof *spans);
    const double step = (double)from / to;
    for (int k = 0; spans != NULL && k < to; k++) {
        // whole numbers decide where a span ends, so that a border between pixels stays one
        const int64_t begin = (int64_t)k * from, end = (int64_t)(k + 1) * from;
        span *s = &spans[k];
        s->first = (int)(begin / to);
        s->last = (int)((end - 1) / to);
        s->first_weight = (float)((s->first + 1 - (double)begin / to) / step);
        s->last_weight = (float)(((double)end / to - s->last) / step);
        if (s->first == s->last)
            s->first_weight = 1.0F;
    }
    return spans;
}

static imp_status prepare_size(imp_eye *eye, int width, int height, imp_error *err)
{
    if (width == eye->from_width && height == eye->from_height)
        return IMP_OK;
    forget_size(eye);
    const size_t row = (size_t)width * 3;
    eye->columns = make_spans(width, eye->width);
    eye->rows = make_spans(height, eye->height);
    eye->sums = malloc(row * sizeof *eye->sums);
    imp_status status = IMP_OK;
    if (eye->straightens) {
        eye->straight = malloc(row * (size_t)height);
        status = imp_undistorter_create(&eye->undistorter, &eye->camera, width, height, err);
    }
    if (status == IMP_OK && (eye->columns == NULL || eye->rows == NULL || eye->sums == NULL ||
                             (eye->straightens && eye->straight == NULL)))
        status = imp_fail(err, IMP_NO_MEMORY, "no memory for pictures of %d x %d", width, height);
    if (status != IMP_OK) {
        forget_size(eye);
        return status;
    }
    eye->from_width = width;
    eye->from_height = height;
    return IMP_OK;
}

static void add_row(float *sums, const uint8_t *row, size_t values, float weight)
{
    for (size_t k = 0; k < values; k++)
        sums[k] += weight * (float)row[k];
}

// The mean of the rows of a span.
static void sum_rows(const imp_eye *eye, const uint8_t *rgb, const span *s)
{
    const size_t values = (size_t)eye->from_width * 3;
    const float whole = (float)eye->height / (float)eye->from_height;
    memset(eye->sums, 0, values * sizeof *eye->sums);
    for (int y = s->first; y <= s->last; y++) {
        const float weight = y == s->first  ? s->first_weight
                             : y == s->last ? s->last_weight
                                            : whole;
        add_row(eye->sums, rgb + (size_t)y * values, values, weight);
    }
}

static void sum_columns(const imp_eye *eye, uint8_t *out)
{
    const float whole = (float)eye->width / (float)eye->from_width;
    for (int x = 0; x < eye->width; x++) {
        const span *s = &eye->columns[x];
        float sum[3] = {0.5F, 0.5F, 0.5F};
        for (int k = s->first; k <= s->last; k++) {
            const float weight = k == s->first  ? s->first_weight
                                 : k == s->last ? s->last_weight
                                                : whole;
            for (int c = 0; c < 3; c++)
                sum[c] += weight * eye->sums[3 * k + c];
        }
        for (int c = 0; c < 3; c++)
            *out++ = (uint8_t)(sum[c] > 255.0F ? 255.0F : sum[c]);
    }
}

imp_status imp_eye_look(imp_eye *eye, const uint8_t *pixels, int width, int height, uint8_t *rgb,
                        imp_error *err)
{
    if (width == eye->width && height == eye->height && !eye->straightens) {
        memcpy(rgb, pixels, (size_t)width * (size_t)height * 3);
        return IMP_OK;
    }
    const imp_status status = prepare_size(eye, width, height, err);
    if (status != IMP_OK)
        return status;
    if (eye->straightens) {
        imp_undistort(eye->undistorter, pixels, eye->straight);
        pixels = eye->straight;
    }
    for (int y = 0; y < eye->height; y++) {
        sum_rows(eye, pixels, &eye->rows[y]);
        sum_columns(eye, rgb + (size_t)y * (size_t)eye->width * 3);
    }
    return IMP_OK;
}

imp_status imp_eye_see(imp_eye *eye, const uint8_t *jpeg, size_t length, uint8_t *rgb,
                       imp_error *err)
{
    int width, height;
    const uint8_t *pixels;
    imp_status status = imp_jpeg_open(eye->reader, jpeg, length, &width, &height, err);
    if (status != IMP_OK)
        return status;
    const bool eighth =
        !eye->straightens && width % (8 * eye->width) == 0 && height % (8 * eye->height) == 0;
    status = imp_jpeg_read(eye->reader, eighth, &pixels, &width, &height, err);
    return status == IMP_OK ? imp_eye_look(eye, pixels, width, height, rgb, err) : status;
}
