// What a camera over flat ground sees when it moves a little. Each pixel's ray is cut with the
// ground plane, or with a distance limit. The point is then projected into the moved camera. The
// flow is the derivative of that motion at 0, a central difference per pixel.
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/try.h"
#include "learn/augmentation/augment.h"

// What is seen above the horizon, or farther, is so far away [m].
static const double HORIZON_DISTANCE = 10.0;

// The camera with what all pixels share.
typedef struct flow_camera {
    imp_camera camera;
    double sine, cosine; // of the pitch
} flow_camera;

// Where the content of a pixel of a robot `shift` to the right, turned by `turn` to the right, is
// seen by one that is neither. False where it is not. Lengths are in metres, angles in radians,
// pixels from the image's top left corner.
static bool find_pixel_after_motion(const flow_camera *e, double px, double py, double shift,
                                    double turn, double *x, double *y)
{
    const imp_camera_def *def = &e->camera.def;
    double ray_x, ray_y;
    if (!imp_camera_pixel_to_ray(&e->camera, px, py, &ray_x, &ray_y))
        return false;
    // the ray in the frame of the robot: forward, to the right, and down, per unit of depth
    const double ahead = e->cosine - ray_y * e->sine, down = e->sine + ray_y * e->cosine;
    // where the ray meets the ground, mount_height below the camera; rays above the horizon never
    // do
    const double reach =
        down * HORIZON_DISTANCE > def->mount_height ? def->mount_height / down : HORIZON_DISTANCE;
    const double forward = def->mount_forward + reach * ahead;
    const double right = def->mount_right + reach * ray_x;
    // in the frame of the robot that did not move, from its camera
    const imp_sine_cosine at = imp_sincos(turn);
    const double f = at.cosine * forward - at.sine * right - def->mount_forward;
    const double r = shift + at.sine * forward + at.cosine * right - def->mount_right;
    const double d = reach * down, depth = f * e->cosine + d * e->sine;
    return depth > 0.0 && imp_camera_ray_to_pixel(&e->camera, r / depth,
                                                  (d * e->cosine - f * e->sine) / depth, x, y);
}

// Half the difference between two ways, per unit; 0 where one of them leads nowhere. One of shift
// and turn is 0, the other the step of the difference.
static void flow_per_unit_motion(const flow_camera *e, double px, double py, double shift,
                                 double turn, float *x, float *y)
{
    double before_x, before_y, after_x, after_y;
    *x = *y = 0.0F;
    if (!find_pixel_after_motion(e, px, py, -shift, -turn, &before_x, &before_y) ||
        !find_pixel_after_motion(e, px, py, shift, turn, &after_x, &after_y))
        return;
    *x = (float)((after_x - before_x) / (2.0 * (shift + turn)));
    *y = (float)((after_y - before_y) / (2.0 * (shift + turn)));
}

// Takes the camera of the default definition, with the dataset's size and lens.
imp_status imp_camera_flow_create(imp_camera_flow *out, int width, int height, const char *lens,
                                  imp_error *err)
{
    imp_camera_def def = imp_default_camera_def();
    def.width = width;
    def.height = height;
    // only the lenses of gym-duckietown are known by name
    if (strcmp(lens, imp_lens_name(IMP_LENS_NONE)) == 0)
        def.lens = imp_lens_none();
    else if (strcmp(lens, imp_lens_name(IMP_LENS_DUCKIEBOT)) != 0)
        return imp_fail(err, IMP_USAGE,
                        "the dataset's lens is '%s': what it shows from beside is not known; leave "
                        "out shift and turn",
                        lens);
    flow_camera e;
    IMP_TRY(imp_camera_init(&e.camera, &def, err));
    e.sine = imp_sin(def.pitch);
    e.cosine = imp_cos(def.pitch);
    // one block for four planes: the flow per metre and per radian, in x and y
    const size_t pixels = (size_t)width * (size_t)height;
    float *block = calloc(4 * pixels, sizeof *block);
    if (block == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to augment");
    *out = (imp_camera_flow){block, block + pixels, block + 2 * pixels, block + 3 * pixels};
    // slopes by a finite difference at usual strengths
    const double shift = 0.02, turn = 0.05;
    // the centres of pixels lie at half numbers
    for (int row = 0; row < height; row++)
        for (int column = 0; column < width; column++) {
            const size_t k = (size_t)row * (size_t)width + (size_t)column;
            flow_per_unit_motion(&e, column + 0.5, row + 0.5, shift, 0.0, &out->shift_x[k],
                                 &out->shift_y[k]);
            flow_per_unit_motion(&e, column + 0.5, row + 0.5, 0.0, turn, &out->turn_x[k],
                                 &out->turn_y[k]);
        }
    return IMP_OK;
}
