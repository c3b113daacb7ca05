// Rectifies images of a lens with a lookup table, or makes images of one camera look as those of
// another: for each output pixel the input pixel and 1/32-pixel offsets, then bilinear
// interpolation in integers. This is what OpenCV's initUndistortRectifyMap() and remap() do; the
// resolution of 1/32 is theirs. The table is computed once per calibration and image size; applying
// it is one linear pass. Between two cameras, a pixel's ray is followed to the ground, and that
// point is seen from the other camera; above the horizon only the direction counts.
#include <math.h>
#include <stdlib.h>

#include "base/common/math_functions.h"
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

// Creates a table without sources.
static imp_status alloc_undistorter(imp_undistorter **out, int width, int height, imp_error *err)
{
    imp_undistorter *made = calloc(1, sizeof *made);
    source_pixel *sources = calloc((size_t)width * (size_t)height, sizeof *sources);
    if (made == NULL || sources == NULL) {
        free(made);
        free(sources);
        return imp_fail(err, IMP_NO_MEMORY, "no memory to undistort %d x %d pixels", width, height);
    }
    for (int k = 0; k < width * height; k++)
        sources[k].pixel = NO_PIXEL;
    *made = (imp_undistorter){width, height, sources};
    *out = made;
    return IMP_OK;
}

// Sets the source of output pixel k: a position in the input image [px].
static void set_source_of_pixel(imp_undistorter *table, int k, double px, double py)
{
    source_pixel *s = &table->sources[k];
    const int column = split_into_pixel_and_fraction(px, table->width, &s->right, &s->step_x);
    s->pixel =
        split_into_pixel_and_fraction(py, table->height, &s->down, &s->step_y) * table->width +
        column;
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
    IMP_TRY(alloc_undistorter(out, width, height, err));
    // the table has the image's size; the lens's coordinates are scaled
    const double across = (double)from->lens.width / width;
    const double down = (double)from->lens.height / height;
    for (int k = 0; k < width * height; k++) {
        double px, py;
        if (find_source_position(from, (k % width + 0.5) * across, (k / width + 0.5) * down, &px,
                                 &py))
            set_source_of_pixel(*out, k, px / across, py / down);
    }
    return IMP_OK;
}

// Where a camera sees what another sees at a pixel; false if it does not.
static bool find_pixel_between(const imp_camera *from, const imp_camera *to, double u, double v,
                               double *px, double *py)
{
    const imp_camera_def *a = &to->def, *b = &from->def;
    const imp_sine_cosine tilt = imp_sincos(a->pitch), other = imp_sincos(b->pitch);
    double x, y;
    if (!imp_camera_pixel_to_ray(to, u, v, &x, &y))
        return false;
    // the ray in the robot's axes: ahead, right, down
    double ahead = tilt.cosine - y * tilt.sine, right = x, down = tilt.sine + y * tilt.cosine;
    // a point of the ground is at a known place; all else keeps its direction
    if (down > 1e-9) {
        const double reach = a->mount_height / down;
        ahead = a->mount_forward + reach * ahead - b->mount_forward;
        right = a->mount_right + reach * right - b->mount_right;
        down = b->mount_height;
    }
    const double depth = ahead * other.cosine + down * other.sine;
    return depth > 1e-6 &&
           imp_camera_ray_to_pixel(from, right / depth,
                                   (down * other.cosine - ahead * other.sine) / depth, px, py) &&
           *px >= 0.0 && *px <= b->width && *py >= 0.0 && *py <= b->height;
}

imp_status imp_undistorter_create_between(imp_undistorter **out, const imp_camera_def *from,
                                          const imp_camera_def *to, int width, int height,
                                          imp_error *err)
{
    imp_camera_def defs[2] = {*from, *to};
    imp_camera cameras[2];
    for (int k = 0; k < 2; k++) {
        defs[k].width = width;
        defs[k].height = height;
        IMP_TRY(imp_camera_init(&cameras[k], &defs[k], err));
    }
    IMP_TRY(alloc_undistorter(out, width, height, err));
    for (int k = 0; k < width * height; k++) {
        double px, py;
        if (find_pixel_between(&cameras[0], &cameras[1], k % width + 0.5, k / width + 0.5, &px,
                               &py))
            set_source_of_pixel(*out, k, px, py);
    }
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
