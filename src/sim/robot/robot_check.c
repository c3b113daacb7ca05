// Whether a robot's numbers can be right. The limits are wide: they hold for every Duckiebot that
// drives, and fail for what a calibration gives that went wrong.
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/common/vector2.h"
#include "sim/robot/robot_remarks.h"

void imp_robot_add_remark(imp_robot_remarks *remarks, bool fault, const char *format, ...)
{
    if (remarks == NULL)
        return;
    remarks->faults += fault;
    if (remarks->count == IMP_ROBOT_REMARKS_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(remarks->list[remarks->count].text, sizeof remarks->list[0].text, format, arguments);
    va_end(arguments);
    remarks->list[remarks->count++].fault = fault;
}

// A number with the range that it has on every robot.
typedef struct plausible {
    const char *name, *unit, *advice;
    double value, low, high;
} plausible;

static void check_plausible_values(imp_robot_remarks *remarks, const plausible *list, size_t count)
{
    for (size_t k = 0; k < count; k++)
        if (!(list[k].value >= list[k].low && list[k].value <= list[k].high))
            imp_robot_add_remark(remarks, true, "%s is %.4g%s, not within %g to %g: %s",
                                 list[k].name, list[k].value, list[k].unit, list[k].low,
                                 list[k].high, list[k].advice);
}

static const char CALIBRATE_CAMERA[] = "calibrate the camera again";
static const char CALIBRATE_MOUNT[] = "calibrate the camera's mounting again";
static const char CALIBRATE_WHEELS[] = "calibrate the wheels again";

// Focal lengths and the principal point in parts of the image's size.
static void check_intrinsic(const imp_robot_def *robot, imp_robot_remarks *remarks)
{
    const imp_lens *l = &robot->camera.lens;
    const imp_pinhole *p = &robot->projection;
    const plausible list[] = {
        {"focal length / image width", "", CALIBRATE_CAMERA, l->fx / l->width, 0.3, 1.5},
        {"ratio of the focal lengths", "", CALIBRATE_CAMERA, l->fy / l->fx, 0.85, 1.18},
        {"principal point across the image", "", CALIBRATE_CAMERA, l->cx / l->width, 0.35, 0.65},
        {"principal point down the image", "", CALIBRATE_CAMERA, l->cy / l->height, 0.3, 0.7},
        {"k1 of the lens", "", CALIBRATE_CAMERA, l->k1, -1.0,
         l->model == IMP_LENS_RATIONAL ? 30 : 1.0},
        {"focal length of projection_matrix / image width", "", CALIBRATE_CAMERA, p->fx / l->width,
         0.1, 1.5},
        {"ratio of the focal lengths of projection_matrix", "", CALIBRATE_CAMERA, p->fy / p->fx,
         0.7, 2.0},
    };
    check_plausible_values(remarks, list, sizeof list / sizeof list[0]);
    // a polynomial that folds back inside the image shows nothing in the corners
    int dark = 0;
    for (int k = 0; k < 4; k++) {
        double x, y;
        dark += !imp_lens_undistort(l, ((k & 1) * l->width - l->cx) / l->fx,
                                    ((k >> 1) * l->height - l->cy) / l->fy, &x, &y);
    }
    if (dark > 0)
        imp_robot_add_remark(
            remarks, true,
            "the lens shows nothing in %d of the image's corners, because its "
            "distortion folds back: %s, with the board in all corners of the image",
            dark, CALIBRATE_CAMERA);
}

// Ranges of Duckiebots; what lies outside is most likely a wrong calibration.
static void check_extrinsic(const imp_robot_def *robot, imp_robot_remarks *remarks)
{
    const imp_camera_def *c = &robot->camera;
    const double degree = IMP_PI / 180.0;
    const plausible list[] = {
        {"the camera's height", " m", CALIBRATE_MOUNT, c->mount_height, 0.07, 0.2},
        {"the camera's pitch", " degrees", CALIBRATE_MOUNT, c->pitch / degree, 3.0, 40.0},
        {"the camera's place ahead of the wheels", " m", CALIBRATE_MOUNT, c->mount_forward, -0.02,
         0.15},
        {"the camera's place to the right", " m", CALIBRATE_MOUNT, c->mount_right, -0.03, 0.03},
        {"the camera's yaw", " degrees", CALIBRATE_MOUNT, robot->camera_yaw / degree, -6.0, 6.0},
        {"the camera's roll", " degrees", CALIBRATE_MOUNT, robot->camera_roll / degree, -4.0, 4.0},
    };
    check_plausible_values(remarks, list, sizeof list / sizeof list[0]);
}

// The same for the wheels.
static void check_wheels(const imp_robot_def *robot, imp_robot_remarks *remarks)
{
    const imp_wheels *w = &robot->wheels;
    const plausible list[] = {
        {"gain", "", CALIBRATE_WHEELS, w->gain, 0.2, 2.0},
        {"trim / gain", "",
         "the wheels differ by more than a motor can: look for a loose wheel, then calibrate again",
         w->trim / w->gain, -0.35, 0.35},
        {"k", "", "27 belongs to every Duckiebot; the gain adapts it", w->k, 10.0, 60.0},
        {"limit", "", "1 allows the full duty cycle", w->limit, 0.3, 1.0},
        {"radius", " m", "it is in metres: 0.0318", w->radius, 0.02, 0.05},
        {"baseline", " m", "it is in metres: 0.1", w->baseline, 0.07, 0.16},
    };
    check_plausible_values(remarks, list, sizeof list / sizeof list[0]);
}

void imp_robot_check(const imp_robot_def *robot, imp_robot_remarks *remarks)
{
    if ((robot->known & IMP_ROBOT_INTRINSIC) != 0)
        check_intrinsic(robot, remarks);
    if ((robot->known & IMP_ROBOT_EXTRINSIC) != 0)
        check_extrinsic(robot, remarks);
    if ((robot->known & IMP_ROBOT_WHEELS) != 0)
        check_wheels(robot, remarks);
    if (robot->camera_rate < robot->decision_rate)
        imp_robot_add_remark(
            remarks, false,
            "the camera gives %g images per second: there are no more decisions than "
            "that, not %g per second",
            robot->camera_rate, robot->decision_rate);
    if ((robot->known & IMP_ROBOT_BODY) != 0 && (fabs(robot->width - IMP_ROBOT_WIDTH) > 1e-3 ||
                                                 fabs(robot->length - IMP_ROBOT_LENGTH) > 1e-3))
        imp_robot_add_remark(remarks, false,
                             "collisions are simulated with a body of %g x %g m, not %g x %g m",
                             IMP_ROBOT_WIDTH, IMP_ROBOT_LENGTH, robot->width, robot->length);
}
