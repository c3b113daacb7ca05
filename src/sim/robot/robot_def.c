// The default robot, a robot as a text, and what follows from it for a simulated camera and drive.
// The text holds Duckietown's three files as sections, in which numbers have all their digits.
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "imprint/robot_file.h"

enum { ROBOT_COOKIE = 0x20B07 };

imp_robot_def imp_default_robot_def(void)
{
    return (imp_robot_def){.name = "default",
                           .camera = imp_default_camera_def(),
                           .projection = imp_calibration_duckiebot().projection,
                           .wheels = imp_default_wheels(),
                           .delay = imp_default_drive_def().delay,
                           .camera_rate = 30.0,
                           .decision_rate = 30.0,
                           .width = IMP_ROBOT_WIDTH,
                           .length = IMP_ROBOT_LENGTH,
                           .cookie = ROBOT_COOKIE};
}

void imp_robot_set_camera_and_drive(const imp_robot_def *robot, imp_camera_def *camera,
                                    imp_drive_def *drive)
{
    if (camera != NULL) {
        const int width = camera->width, height = camera->height;
        *camera = robot->camera;
        camera->width = width;
        camera->height = height;
    }
    if (drive == NULL)
        return;
    drive->delay = robot->delay;
    imp_wheels_set_matching_drive(&robot->wheels, drive);
    drive->corrects_wheels = true;
    drive->wheels = robot->wheels;
}

int imp_robot_frame_skip(const imp_robot_def *robot, double time_step)
{
    const double rate = fmin(robot->camera_rate, robot->decision_rate);
    const double steps = floor(1.0 / (rate * time_step) + 0.5);
    return steps < 1.0 ? 1 : steps > 1000.0 ? 1000 : (int)steps;
}

// A text that grows within a fixed size.
typedef struct text_writer {
    char *text;
    size_t length;
} text_writer;

static void append_robot_file_line(text_writer *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void append_robot_file_line(text_writer *w, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length =
        vsnprintf(w->text + w->length, IMP_ROBOT_TEXT_MAX - w->length, format, arguments);
    va_end(arguments);
    // the longest text of all numbers is shorter
    if (length > 0 && (size_t)length < IMP_ROBOT_TEXT_MAX - w->length)
        w->length += (size_t)length;
}

// The keys of ROS's camera_info.
static void write_intrinsic(text_writer *w, const imp_robot_def *robot)
{
    const imp_lens *l = &robot->camera.lens;
    const imp_pinhole *p = &robot->projection;
    // ROS counts pixels from the centre of the first one; the number of coefficients depends on the
    // model
    append_robot_file_line(
        w,
        "camera_intrinsic:\n  image_width: %d\n  image_height: %d\n  distortion_model: %s\n"
        "  camera_matrix: {rows: 3, cols: 3, data: [%.17g, 0, %.17g, 0, %.17g, %.17g, 0, 0, "
        "1]}\n  distortion_coefficients: {rows: 1, cols: %d, data: [%.17g, %.17g",
        l->width, l->height, imp_lens_model_name((int)l->model), l->fx, l->cx - 0.5, l->fy,
        l->cy - 0.5,
        l->model == IMP_LENS_RATIONAL      ? 8
        : l->model == IMP_LENS_EQUIDISTANT ? 4
                                           : 5,
        l->k1, l->k2);
    // the first two coefficients are common to all models
    if (l->model == IMP_LENS_EQUIDISTANT)
        append_robot_file_line(w, ", %.17g, %.17g", l->k3, l->k4);
    else
        append_robot_file_line(w, ", %.17g, %.17g, %.17g", l->p1, l->p2, l->k3);
    if (l->model == IMP_LENS_RATIONAL)
        append_robot_file_line(w, ", %.17g, %.17g, %.17g", l->k4, l->k5, l->k6);
    append_robot_file_line(
        w,
        "]}\n  projection_matrix: {rows: 3, cols: 4, data: [%.17g, 0, %.17g, 0, 0, %.17g, "
        "%.17g, 0, 0, 0, 1, 0]}\n",
        p->fx, p->cx, p->fy, p->cy);
}

const char *imp_robot_format(const imp_robot_def *robot, char out[IMP_ROBOT_TEXT_MAX])
{
    text_writer w = {.text = out};
    const imp_camera_def *camera = &robot->camera;
    const imp_wheels *wheels = &robot->wheels;
    append_robot_file_line(&w, "name: %s\n", robot->name);
    // the default lens is no calibration: see IMP_LENS_DUCKIEBOT
    if ((robot->known & IMP_ROBOT_INTRINSIC) != 0)
        write_intrinsic(&w, robot);
    if ((robot->known & IMP_ROBOT_EXTRINSIC) != 0)
        append_robot_file_line(
            &w,
            "camera_extrinsic:\n  height: %.17g\n  pitch: %.17g\n  forward: %.17g\n"
            "  right: %.17g\n  yaw: %.17g\n  roll: %.17g\n",
            camera->mount_height, camera->pitch, camera->mount_forward, camera->mount_right,
            robot->camera_yaw, robot->camera_roll);
    if ((robot->known & IMP_ROBOT_WHEELS) != 0)
        append_robot_file_line(
            &w,
            "kinematics:\n  gain: %.17g\n  trim: %.17g\n  k: %.17g\n  limit: %.17g\n"
            "  radius: %.17g\n  baseline: %.17g\n",
            wheels->gain, wheels->trim, wheels->k, wheels->limit, wheels->radius, wheels->baseline);
    if ((robot->known & IMP_ROBOT_TIMING) != 0)
        append_robot_file_line(&w, "delay: %.17g\ncamera_rate: %.17g\ndecision_rate: %.17g\n",
                               robot->delay, robot->camera_rate, robot->decision_rate);
    if ((robot->known & IMP_ROBOT_BODY) != 0)
        append_robot_file_line(&w, "body: {width: %.17g, length: %.17g}\n", robot->width,
                               robot->length);
    return out;
}
