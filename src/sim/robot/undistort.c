// Rectifies images of a lens with a lookup table: for each output pixel the input pixel and
// 1/32-pixel offsets, then bilinear interpolation in integers. This is what OpenCV's
// initUndistortRectifyMap() and remap() do; the resolution of 1/32 is theirs. The table is computed
// once per calibration and image size; applying it is one linear pass.
#include <math.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "imprint/robot.h"

// Positions between pixels are stored in 1/32.
enum { FRACTION_BITS = 5, FRACTION = 1 << FRACTION_BITS, NO_PIXEL = -1 };

// The source of an output pixel.
typedef struct source_pixel {
    int32_t pixel;          // index of the upper left of four neighbours, or NO_PIXEL
    uint8_t right, down;    // offset from its centre, in 1/32
    uint8_t step_x, step_y; // distance to the neighbour: 1, or 0 at the border
} source_pixel;

struct imp_undistorter {
    int width, height;
    source_pixel *sources; // (height x width)
};

// Computes the point of the lens's image [px] that a rectified pixel shows; false if there is none.
static bool find_source_position(const imp_calibration *from, double u, double v, double *px,
                                 double *py)
{
    const imp_lens *lens = &from->lens;
    const imp_pinhole *rectified = &from->projection;
    // from the rectified pixel to a ray, and through the lens to its image
    const double x = (u - 0.5 - rectified->cx) / rectified->fx,
                 y = (v - 0.5 - rectified->cy) / rectified->fy;
    double distorted_x, distorted_y, undistorted_x, undistorted_y;
    imp_lens_distort(lens, x, y, &distorted_x, &distorted_y);
    // far out the polynomial folds back into the image; then undistortion does not return the start
    if (!imp_lens_undistort(lens, distorted_x, distorted_y, &undistorted_x, &undistorted_y) ||
        fabs(undistorted_x - x) > 1e-6 || fabs(undistorted_y - y) > 1e-6)
        return false;
    *px = lens->fx * distorted_x + lens->cx;
    *py = lens->fy * distorted_y + lens->cy;
    return *px >= 0.0 && *px <= lens->width && *py >= 0.0 && *py <= lens->height;
}

// Splits a coordinate into the pixel whose centre is at or before it, and the offset in 1/32.
static int split_into_pixel_and_fraction(double place, int side, uint8_t *beyond, uint8_t *step)
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
    // imp_camera_init() checks the lens
    imp_camera_def def = imp_default_camera_def();
    imp_camera probe;
    def.width = width;
    def.height = height;
    def.lens = from->lens;
    IMP_TRY(imp_camera_init(&probe, &def, err));
    // NaN fails, too
    if (from->lens.kind == IMP_LENS_NONE || !(from->projection.fx > 0.0) ||
        !(from->projection.fy > 0.0) || !isfinite(from->projection.cx + from->projection.cy))
        return imp_fail(err, IMP_USAGE,
                        "there is nothing to undistort without a lens and a "
                        "projection");
    // a table of one entry per output pixel
    imp_undistorter *made = calloc(1, sizeof *made);
    source_pixel *sources = calloc((size_t)width * (size_t)height, sizeof *sources);
    if (made == NULL || sources == NULL) {
        free(made);
        free(sources);
        return imp_fail(err, IMP_NO_MEMORY, "no memory to undistort %d x %d pixels", width, height);
    }
    *made = (imp_undistorter){width, height, sources};
    // the table has the image's size; the lens's coordinates are scaled
    const double across = (double)from->lens.width / width;
    const double down = (double)from->lens.height / height;
    for (int k = 0; k < width * height; k++) {
        source_pixel *s = &sources[k];
        double px, py;
        s->pixel = NO_PIXEL;
        if (!find_source_position(from, (k % width + 0.5) * across, (k / width + 0.5) * down, &px,
                                  &py))
            continue;
        const int column = split_into_pixel_and_fraction(px / across, width, &s->right, &s->step_x);
        s->pixel =
            split_into_pixel_and_fraction(py / down, height, &s->down, &s->step_y) * width + column;
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
        // pixels without a source are black
        const source_pixel *s = &undistorter->sources[k];
        if (s->pixel == NO_PIXEL) {
            out[0] = out[1] = out[2] = 0;
            continue;
        }
        // horizontal interpolation of two rows, then vertical with rounding
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
