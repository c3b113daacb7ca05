// The camera model: from image points to viewing directions and back. Without a lens it is a
// pinhole. With a lens, an image point is undistorted to a ray of the lens, and that ray is
// reinterpreted as a pixel of gym-duckietown's rectilinear image, whose pinhole gives the
// direction. With a robot's own calibration the two pinholes coincide and the ray of the lens is
// the direction. Image coordinates are continuous, with (0, 0) at the top left corner of the first
// pixel.
#include <math.h>

#include "base/common/math_functions.h"
#include "base/common/try.h"
#include "base/common/vector2.h"
#include "imprint/robot.h"

enum { CAMERA_COOKIE = 0x0CA3E, IMAGE_SIDE_MAX = 8192 };

// gym-duckietown's camera: 19.15 degrees down, 75 degrees vertical field of view.
imp_camera_def imp_default_camera_def(void)
{
    return (imp_camera_def){
        .width = 80,
        .height = 60,
        .mount_height = 0.108,
        .mount_forward = IMP_CAMERA_FORWARD,
        .pitch = 19.15 * IMP_PI / 180.0,
        .field_of_view = 75.0 * IMP_PI / 180.0,
        .lens = imp_lens_duckiebot(),
        .cookie = CAMERA_COOKIE,
    };
}

// Checks a lens: finite values, positive focal lengths, and something visible in the image.
static imp_status check_lens(const imp_lens *lens, imp_error *err)
{
    if (lens->kind == IMP_LENS_NONE)
        return IMP_OK;
    if (lens->kind != IMP_LENS_DUCKIEBOT && lens->kind != IMP_LENS_CUSTOM &&
        lens->kind != IMP_LENS_CALIBRATED)
        return imp_fail(err, IMP_USAGE, "unknown lens kind %d", (int)lens->kind);
    // kind and image size
    if (lens->width < 2 || lens->height < 2)
        return imp_fail(err, IMP_USAGE, "the lens belongs to an image of %d x %d pixels",
                        lens->width, lens->height);
    // all parameters must be finite, focal lengths positive
    const double values[] = {lens->fx, lens->fy, lens->cx, lens->cy, lens->k1,
                             lens->k2, lens->p1, lens->p2, lens->k3};
    for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
        if (!isfinite(values[k]))
            return imp_fail(err, IMP_USAGE, "a parameter of the lens is not a finite number");
    if (lens->fx <= 0.0 || lens->fy <= 0.0)
        return imp_fail(err, IMP_USAGE, "the focal lengths of the lens must be positive: %g, %g",
                        lens->fx, lens->fy);
    // the image point nearest to the principal point is the last to lie beyond the fold
    const double near_x = fmin(fmax(lens->cx, 0.0), lens->width);
    const double near_y = fmin(fmax(lens->cy, 0.0), lens->height);
    double x, y;
    if (!imp_lens_undistort(lens, (near_x - lens->cx) / lens->fx, (near_y - lens->cy) / lens->fy,
                            &x, &y))
        return imp_fail(err, IMP_USAGE,
                        "the lens shows nothing in an image of %d x %d pixels: its principal "
                        "point (%g, %g) is too far outside; check camera_matrix",
                        lens->width, lens->height, lens->cx, lens->cy);
    return IMP_OK;
}

// Checks the fields of a definition in order; the first invalid one is reported.
static imp_status check_camera_def(const imp_camera_def *def, imp_error *err)
{
    if (def->cookie != CAMERA_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "imp_camera_def was not made with imp_default_camera_def()");
    if (def->width < 1 || def->height < 1 || def->width > IMAGE_SIDE_MAX ||
        def->height > IMAGE_SIDE_MAX)
        return imp_fail(err, IMP_USAGE, "an image has 1 to %d pixels a side, not %d x %d",
                        IMAGE_SIDE_MAX, def->width, def->height);
    // written so that NaN fails
    if (!(def->mount_height > 0.0 && def->mount_height <= 1e3))
        return imp_fail(err, IMP_USAGE, "the camera must be above the ground, not at %g m",
                        def->mount_height);
    if (!(fabs(def->mount_forward) <= 1e3 && fabs(def->mount_right) <= 1e3))
        return imp_fail(err, IMP_USAGE, "the camera cannot be %g m ahead and %g m to the right",
                        def->mount_forward, def->mount_right);
    if (!(fabs(def->pitch) <= IMP_PI / 2.0))
        return imp_fail(err, IMP_USAGE, "the camera's pitch must be within -pi/2 to pi/2, not %g",
                        def->pitch);
    if (!(def->field_of_view > 1e-3 && def->field_of_view < IMP_PI - 1e-3))
        return imp_fail(err, IMP_USAGE, "the field of view must be between 0 and pi, not %g",
                        def->field_of_view);
    return check_lens(&def->lens, err);
}

imp_status imp_camera_init(imp_camera *camera, const imp_camera_def *def, imp_error *err)
{
    IMP_TRY(check_camera_def(def, err));
    // work in the lens's image size, so that its parameters need no scaling
    const bool lens = def->lens.kind != IMP_LENS_NONE;
    const double width = lens ? def->lens.width : def->width;
    const double height = lens ? def->lens.height : def->height;
    // gym-duckietown's pinhole, in the size of the lens's image if there is one
    const double focal = 0.5 * height / imp_tan(0.5 * def->field_of_view);
    const imp_pinhole rectified = lens ? imp_lens_rectified_pinhole(&def->lens) : (imp_pinhole){0};
    *camera = (imp_camera){
        .def = *def, .plain = {focal, focal, 0.5 * width, 0.5 * height}, .rectified = rectified};
    // a robot's own calibration: the ray of the lens is the viewing direction itself
    if (def->lens.kind == IMP_LENS_CALIBRATED)
        camera->plain =
            (imp_pinhole){rectified.fx, rectified.fy, rectified.cx + 0.5, rectified.cy + 0.5};
    return IMP_OK;
}

bool imp_camera_pixel_to_ray(const imp_camera *camera, double px, double py, double *x, double *y)
{
    const imp_lens *lens = &camera->def.lens;
    double u = px, v = py;
    if (lens->kind != IMP_LENS_NONE) {
        // gym-duckietown warps its rectilinear image: a pixel of the lens's image shows the pixel
        // of the plain image that its undistorted point has under the rectified intrinsics. Pixel
        // centres: the recorded warp map truncates the distorted position, which shifts it half a
        // pixel to the right of OpenCV's convention. So px is used as it is; the result is a pixel
        // index, whose centre is half a pixel further.
        double ux, uy;
        double lens_x = px * lens->width / camera->def.width;
        double lens_y = py * lens->height / camera->def.height;
        if (!imp_lens_undistort(lens, (lens_x - lens->cx) / lens->fx,
                                (lens_y - lens->cy) / lens->fy, &ux, &uy))
            return false;
        u = camera->rectified.fx * ux + camera->rectified.cx + 0.5;
        v = camera->rectified.fy * uy + camera->rectified.cy + 0.5;
    }
    // the pinhole of the plain image gives the direction
    *x = (u - camera->plain.cx) / camera->plain.fx;
    *y = (v - camera->plain.cy) / camera->plain.fy;
    return true;
}

// far out the polynomial has no inverse; such directions are invisible
bool imp_camera_ray_to_pixel(const imp_camera *camera, double x, double y, double *px, double *py)
{
    const imp_lens *lens = &camera->def.lens;
    double u = camera->plain.fx * x + camera->plain.cx, v = camera->plain.fy * y + camera->plain.cy;
    if (lens->kind != IMP_LENS_NONE) {
        // the steps of imp_camera_pixel_to_ray() in reverse
        const double rectified_x = (u - 0.5 - camera->rectified.cx) / camera->rectified.fx;
        const double rectified_y = (v - 0.5 - camera->rectified.cy) / camera->rectified.fy;
        double distorted_x, distorted_y, undistorted_x, undistorted_y;
        imp_lens_distort(lens, rectified_x, rectified_y, &distorted_x, &distorted_y);
        // far out the polynomial folds back into the image; then undistortion does not return the
        // start
        if (!imp_lens_undistort(lens, distorted_x, distorted_y, &undistorted_x, &undistorted_y) ||
            fabs(undistorted_x - rectified_x) > 1e-6 || fabs(undistorted_y - rectified_y) > 1e-6)
            return false;
        u = (lens->fx * distorted_x + lens->cx) * camera->def.width / lens->width;
        v = (lens->fy * distorted_y + lens->cy) * camera->def.height / lens->height;
    }
    *px = u;
    *py = v;
    return isfinite(u + v);
}

imp_status imp_camera_look_at(imp_camera_def *camera, imp_pose *pose, const double position[3],
                              const double target[3], imp_error *err)
{
    const double dx = target[0] - position[0], dy = target[1] - position[1],
                 dz = target[2] - position[2];
    const double level = imp_hypot(dx, dz);
    // the negations also catch NaN
    if (!(level + fabs(dy) > 1e-9))
        return imp_fail(err, IMP_USAGE, "a camera cannot look at the place where it stands");
    if (!(position[1] > 0.0))
        return imp_fail(err, IMP_USAGE, "a camera stands above the ground, not at %g m",
                        position[1]);
    // the camera stands on the pose itself, without a mount
    camera->lens = imp_lens_none();
    camera->mount_height = position[1];
    camera->mount_forward = 0.0;
    camera->mount_right = 0.0;
    camera->pitch = imp_atan2(-dy, level);
    *pose = (imp_pose){position[0], position[2], level > 0.0 ? imp_atan2(-dz, dx) : IMP_PI / 2.0};
    return IMP_OK;
}
