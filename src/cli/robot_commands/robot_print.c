// A robot's numbers with their units, as text and as JSON, and what a fit has found.
#include "cli/robot_commands/robot_print.h"

#include <math.h>
#include <stdio.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "base/text/plural.h"
#include "cli/output/json_output.h"

// "" for a part that the robot's files give.
static const char *default_value_note(const imp_robot_def *robot, unsigned part)
{
    return (robot->known & part) != 0 ? "" : "   (not given: usual values)";
}

// Lens, rectified image and mounting. What the file does not say is marked as the usual value.
static void print_camera(const imp_robot_def *robot)
{
    const imp_camera_def *c = &robot->camera;
    const imp_lens *l = &c->lens;
    const double degree = 180.0 / IMP_PI;
    const bool own = (robot->known & IMP_ROBOT_INTRINSIC) != 0;
    printf("  lens           %s, images of %d x %d px%s\n",
           own ? imp_lens_model_name((int)l->model) : imp_lens_name(l->kind), l->width, l->height,
           default_value_note(robot, IMP_ROBOT_INTRINSIC));
    printf("  focal lengths  %.1f, %.1f px; principal point %.1f, %.1f px\n", l->fx, l->fy,
           l->cx - 0.5, l->cy - 0.5);
    // each model has coefficients of its own
    if (l->model == IMP_LENS_EQUIDISTANT)
        printf("  distortion     k1 %.4f, k2 %.4f, k3 %.4f, k4 %.4f\n", l->k1, l->k2, l->k3, l->k4);
    else
        printf("  distortion     k1 %.4f, k2 %.4f, p1 %.5f, p2 %.5f, k3 %.4f\n", l->k1, l->k2,
               l->p1, l->p2, l->k3);
    if (l->model == IMP_LENS_RATIONAL)
        printf("                 k4 %.4f, k5 %.4f, k6 %.4f\n", l->k4, l->k5, l->k6);
    printf("  rectified      focal lengths %.1f, %.1f px; principal point %.1f, %.1f px\n",
           robot->projection.fx, robot->projection.fy, robot->projection.cx, robot->projection.cy);
    printf("  mounting       %.1f cm up, %.1f cm ahead of the wheels, %.1f cm to the %s; %.1f "
           "degrees down%s\n",
           100.0 * c->mount_height, 100.0 * c->mount_forward, 100.0 * fabs(c->mount_right),
           c->mount_right < 0.0 ? "left" : "right", degree * c->pitch,
           default_value_note(robot, IMP_ROBOT_EXTRINSIC));
    // only cameras that are not mounted straight
    if (robot->camera_yaw != 0.0 || robot->camera_roll != 0.0)
        printf("                 turned %.1f degrees to the left, %.1f to the right side "
               "(not simulated)\n",
               degree * robot->camera_yaw, degree * robot->camera_roll);
}

void imp_robot_print(const imp_robot_def *robot, const imp_robot_remarks *remarks)
{
    const imp_wheels *w = &robot->wheels;
    printf("%s\n", robot->name);
    print_camera(robot);
    printf("  wheels         gain %.4g, trim %.4g, k %.4g rad/s, limit %.3g%s\n", w->gain, w->trim,
           w->k, w->limit, default_value_note(robot, IMP_ROBOT_WHEELS));
    printf("                 radius %.2f cm, %.2f cm apart\n", 100.0 * w->radius,
           100.0 * w->baseline);
    printf("  timing         commands act after %.0f ms; %.3g images and %.3g decisions per "
           "second%s\n",
           1000.0 * robot->delay, robot->camera_rate, robot->decision_rate,
           default_value_note(robot, IMP_ROBOT_TIMING));
    printf("  body           %.1f x %.1f cm%s\n", 100.0 * robot->width, 100.0 * robot->length,
           default_value_note(robot, IMP_ROBOT_BODY));
    for (int k = 0; k < remarks->count; k++)
        printf("  %s: %s\n", remarks->list[k].fault ? "fault" : "note", remarks->list[k].text);
}

// All numbers of a robot in SI units and pixels, and what is odd about them.
json_t *imp_robot_json(const imp_robot_def *robot, const imp_robot_remarks *remarks)
{
    const imp_camera_def *c = &robot->camera;
    const imp_lens *l = &c->lens;
    const imp_wheels *w = &robot->wheels;
    json_t *list = json_array();
    for (int k = 0; k < remarks->count; k++)
        imp_json_append(list, json_pack("{s:b, s:s}", "fault", remarks->list[k].fault, "text",
                                        remarks->list[k].text));
    // pixel centres are whole numbers in calibration files, and halves here
    json_t *lens = json_pack(
        "{s:s, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "model",
        imp_lens_model_name((int)l->model), "width", l->width, "height", l->height, "fx_px", l->fx,
        "fy_px", l->fy, "cx_px", l->cx - 0.5, "cy_px", l->cy - 0.5, "k1", l->k1, "k2", l->k2, "p1",
        l->p1, "p2", l->p2, "k3", l->k3, "k4", l->k4, "k5", l->k5, "k6", l->k6);
    json_t *mounting =
        json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "height_m", c->mount_height, "forward_m",
                  c->mount_forward, "right_m", c->mount_right, "pitch_rad", c->pitch, "yaw_rad",
                  robot->camera_yaw, "roll_rad", robot->camera_roll);
    json_t *wheels =
        json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "gain", w->gain, "trim", w->trim, "k", w->k,
                  "limit", w->limit, "radius_m", w->radius, "baseline_m", w->baseline);
    return json_pack(
        "{s:s, s:b, s:b, s:b, s:b, s:b, s:o, s:o, s:o, s:f, s:f, s:f, s:f, s:f, s:i, s:o}", "name",
        robot->name, "has_intrinsic", (robot->known & IMP_ROBOT_INTRINSIC) != 0, "has_extrinsic",
        (robot->known & IMP_ROBOT_EXTRINSIC) != 0, "has_wheels",
        (robot->known & IMP_ROBOT_WHEELS) != 0, "has_timing",
        (robot->known & IMP_ROBOT_TIMING) != 0, "has_body", (robot->known & IMP_ROBOT_BODY) != 0,
        "lens", lens, "mounting", mounting, "wheels", wheels, "delay_s", robot->delay,
        "camera_rate_hz", robot->camera_rate, "decision_rate_hz", robot->decision_rate, "width_m",
        robot->width, "length_m", robot->length, "faults", remarks->faults, "remarks", list);
}

// An estimate in another unit.
static void print_estimate(const char *name, const imp_fit_estimate *e, double factor, int digits,
                           const char *unit)
{
    if (e->known)
        printf("  %-9s %.*f%s (%.*f to %.*f)\n", name, digits, factor * e->value, unit, digits,
               factor * e->low, digits, factor * e->high);
}

void imp_robot_fit_print(const imp_robot_fit *fit)
{
    print_estimate("gain", &fit->gain, 1.0, 4, "");
    print_estimate("trim", &fit->trim, 1.0, 4, "");
    print_estimate("baseline", &fit->baseline, 100.0, 2, " cm");
    print_estimate("delay", &fit->delay, 1000.0, 0, " ms");
    print_estimate("pitch", &fit->pitch, 180.0 / IMP_PI, 2, " degrees");
    if (fit->reason[0] != '\0')
        printf("  unknown   %s\n", fit->reason);
    printf("  from %s and %lld pairs of images; left over: %.2f cm/s and %.2f degrees/s\n",
           IMP_PLURAL(fit->steps, "step"), (long long)fit->image_pairs, 100.0 * fit->speed_error,
           fit->turn_error * 180.0 / IMP_PI);
}

static json_t *estimate_json(const imp_fit_estimate *e)
{
    return e->known
               ? json_pack("{s:f, s:f, s:f}", "value", e->value, "low", e->low, "high", e->high)
               : json_null();
}

json_t *imp_robot_fit_json(const imp_robot_fit *fit)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:f, s:f, s:I, s:I, s:s}", "gain",
                     estimate_json(&fit->gain), "trim", estimate_json(&fit->trim), "baseline_m",
                     estimate_json(&fit->baseline), "delay_s", estimate_json(&fit->delay),
                     "pitch_rad", estimate_json(&fit->pitch), "speed_error_m_s", fit->speed_error,
                     "turn_error_rad_s", fit->turn_error, "steps", (json_int_t)fit->steps,
                     "image_pairs", (json_int_t)fit->image_pairs, "unknown", fit->reason);
}
