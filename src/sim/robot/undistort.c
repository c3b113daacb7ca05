#include <math.h>
#include <stdlib.h>

#include "imprint/robot.h"

// Positions between pixels are told in 1/32.
enum { FRACTION_BITS = 5, FRACTION = 1 << FRACTION_BITS, NO_PIXEL = -1 };

// Where a pixel of the straightened image lies in the other one.
typedef struct source_pixel {
    int32_t pixel;          // the upper left of four neighbours, or NOTHING
    uint8_t right, down;    // how far beyond its middle, in 1/32
    uint8_t step_x, step_y; // 0 where there is no neighbour on that side
} source_pixel;

struct imp_undistorter {
    int width, height;
    source_pixel *sources; // (height x width)
};

// The place in a lens's image [px] that shows what a straightened pixel shows; false if none.
static bool find_source_position(const imp_calibration *from, double u, double v, double *px,
                                 double *py)
{
    const imp_lens *lens = &from->lens;
    const imp_pinhole *rectified = &from->projection;
    const double x = (u - 0.5 - rectified->cx) / rectified->fx,
                 y = (v - 0.5 - rectified->cy) / rectified->fy;
    double distorted_x, distorted_y, undistorted_x, undistorted_y;
    imp_lens_distort(lens, x, y, &distorted_x, &distorted_y);
    // far out the model folds back into the image: there the way back leads elsewhere
    if (!imp_lens_undistort(lens, distorted_x, distorted_y, &undistorted_x, &undistorted_y) ||
        fabs(undistorted_x - x) > 1e-6 || fabs(undistorted_y - y) > 1e-6)
        return false;
    *px = lens->fx * distorted_x + lens->cx;
    *py = lens->fy * distorted_y + lens->cy;
    return *px >= 0.0 && *px <= lens->width && *py >= 0.0 && *py <= lens->height;
}

// The pixel at or before a place along a side, and how far beyond its middle.
static int split_coordinate(double place, int side, uint8_t *beyond, uint8_t *step)
{
    const double limited = fmin(fmax(place - 0.5, 0.0), side - 1.0);
    const int units = (int)lround(limited * FRACTION), pixel = units >> FRACTION_BITS;
    *beyond = (uint8_t)(units & (FRACTION - 1));
    *step = *beyond > 0;
    return pixel;
}

imp_status imp_undistorter_create(imp_undistorter **out, const imp_calibration *from, int width,
                                  int height, imp_error *err)
{
    imp_camera_def def = imp_default_camera_def();
    imp_camera probe;
    def.width = width;
    def.height = height;
    def.lens = from->lens;
    imp_status status = imp_camera_init(&probe, &def, err);
    if (status != IMP_OK)
        return status;
    // what is not a number fails too
    if (from->lens.kind == IMP_LENS_NONE || !(from->projection.fx > 0.0) ||
        !(from->projection.fy > 0.0) || !isfinite(from->projection.cx + from->projection.cy))
        return imp_fail(err, IMP_USAGE,
                        "there is nothing to undistort without a lens and a "
                        "projection");
    imp_undistorter *made = calloc(1, sizeof *made);
    source_pixel *sources = calloc((size_t)width * (size_t)height, sizeof *sources);
    if (made == NULL || sources == NULL) {
        free(made);
        free(sources);
        return imp_fail(err, IMP_NO_MEMORY, "no memory to undistort %d x %d pixels", width, height);
    }
    *made = (imp_undistorter){width, height, sources};
    const double across = (double)from->lens.width / width;
    const double down = (double)from->lens.height / height;
    for (int k = 0; k < width * height; k++) {
        source_pixel *s = &sources[k];
        double px, py;
        s->pixel = NO_PIXEL;
        if (!find_source_position(from, (k % width + 0.5) * across, (k / width + 0.5) * down, &px,
                                  &py))
            continue;
        const int column = split_coordinate(px / across, width, &s->right, &s->step_x);
        s->pixel = split_coordinate(py / down, height, &s->down, &s->step_y) * width + column;
    }
    *out = made;
    return IMP_OK;
}

void imp_undistorter_destroy(imp_undistorter *undistorter)
{
    if (undistorter == NULL)
        return;
    free(undistorter->sources);
    free(undistorter);
}

void imp_undistorter_apply(const imp_undistorter *undistorter, const uint8_t *rgb, uint8_t *out)
{
    const int width = undistorter->width, count = width * undistorter->height;
    for (int k = 0; k < count; k++, out += 3) {
        const source_pixel *s = &undistorter->sources[k];
        if (s->pixel == NO_PIXEL) {
            out[0] = out[1] = out[2] = 0;
            continue;
        }
        const uint8_t *a = rgb + (size_t)s->pixel * 3;
        const size_t right = (size_t)s->step_x * 3, below = (size_t)s->step_y * (size_t)width * 3;
        const int fx = s->right, fy = s->down;
        for (int c = 0; c < 3; c++) {
            const int upper = a[c] * (FRACTION - fx) + a[right + (size_t)c] * fx;
            const int lower =
                a[below + (size_t)c] * (FRACTION - fx) + a[below + right + (size_t)c] * fx;
            out[c] = (uint8_t)((upper * (FRACTION - fy) + lower * fy + FRACTION * FRACTION / 2) >>
                               (2 * FRACTION_BITS));
        }
    }
}
