// Reads a robot from YAML. A file of ours has sections: camera_intrinsic, camera_extrinsic and
// kinematics, each with the keys of Duckietown's file of that name, and delay, rates and body. A
// file of Duckietown's is recognised by its keys and is read as if it stood in its section.
// Numbers that no robot can have are errors; those that are merely unlikely are remarks.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/text/suggestion.h"
#include "sim/robot/robot_reader.h"
#include "sim/robot/robot_remarks.h"
#include "sim/robot/ros_calibration.h"

// Where a camera can be, in metres: above the ground, and ahead or to a side of the wheels.
static const double MAX_HEIGHT = 10.0, MAX_OFFSET = 1.0;

// A number of a section: where it goes, and the values that are possible at all.
typedef struct robot_number {
    const char *key;
    double *value;
    double low, high;
    bool positive; // `low` itself is impossible
} robot_number;

// Reads the numbers of a map that are in the list. Other keys are ignored. *found: how many.
static imp_status read_numbers(const imp_yaml *yaml, int map, const robot_number *list,
                               size_t count, int *found)
{
    *found = 0;
    for (size_t k = 0; k < count; k++) {
        const int node = imp_yaml_get(yaml, map, list[k].key);
        if (node < 0)
            continue;
        const imp_yaml_expected want = {list[k].key, "0.5", 1e9};
        IMP_TRY(imp_yaml_read_number(yaml, node, want, list[k].value));
        const double value = *list[k].value;
        if (value < list[k].low || value > list[k].high ||
            (list[k].positive && value == list[k].low))
            return imp_yaml_fail(
                yaml, node, "%s is %g, which no robot has: %s%g to %g are possible", list[k].key,
                value, list[k].positive ? "more than " : "", list[k].low, list[k].high);
        ++*found;
    }
    return IMP_OK;
}

// Duckietown's kinematics. A missing number keeps its default, with a remark.
static imp_status read_wheels(imp_robot_def *robot, imp_robot_remarks *remarks,
                              const imp_yaml *yaml, int map)
{
    imp_wheels *w = &robot->wheels;
    const robot_number list[] = {
        {"gain", &w->gain, 0.0, 100.0, true},   {"trim", &w->trim, -100.0, 100.0, false},
        {"k", &w->k, 0.0, 1000.0, true},        {"limit", &w->limit, 0.0, 100.0, true},
        {"radius", &w->radius, 0.0, 1.0, true}, {"baseline", &w->baseline, 0.0, 1.0, true},
    };
    const int count = (int)(sizeof list / sizeof list[0]);
    int found;
    // numbers that are missing keep their defaults
    IMP_TRY(read_numbers(yaml, map, list, (size_t)count, &found));
    for (int k = 0; k < count; k++)
        if (imp_yaml_get(yaml, map, list[k].key) < 0)
            imp_robot_add_remark(remarks, false, "%s: %s is missing: %g is taken", yaml->source,
                                 list[k].key, *list[k].value);
    // what the motors cannot do: a reversed wheel, or a duty cycle above 1
    if (fabs(w->trim) >= w->gain)
        return imp_yaml_fail(yaml, map,
                             "trim %g with gain %g would turn a wheel backwards: it must be "
                             "smaller than the gain",
                             w->trim, w->gain);
    if (w->limit > 1.0) {
        imp_robot_add_remark(remarks, false,
                             "%s: limit is %g: no duty cycle exceeds 1, which is taken",
                             yaml->source, w->limit);
        w->limit = 1.0;
    }
    robot->known |= IMP_ROBOT_WHEELS;
    return IMP_OK;
}

// Nine numbers, row by row: a list, a list of lists, or {rows, cols, data}.
static imp_status read_homography(const imp_yaml *yaml, int node, double out[9])
{
    const imp_yaml_expected want = {"homography", "[1, 0, 0, 0, 1, 0, 0, 0, 1]", 1e9};
    const imp_yaml_expected row = {"a row of the homography", "[1, 0, 0]", 1e9};
    if (imp_yaml_is_map(yaml, node)) {
        const int data = imp_yaml_get(yaml, node, "data");
        node = data >= 0 ? data : node;
    }
    if (imp_yaml_node_kind(yaml, node) != IMP_YAML_LIST || imp_yaml_count(yaml, node) != 3)
        return imp_yaml_read_numbers(yaml, node, want, 9, out);
    int k = 0;
    for (int at = imp_yaml_first(yaml, node); at >= 0; at = imp_yaml_next(yaml, at), k += 3)
        IMP_TRY(imp_yaml_read_numbers(yaml, imp_yaml_resolve(yaml, at), row, 3, out + k));
    return IMP_OK;
}

// What a board that was detected upside down leaves right: height and pitch.
static void reset_upside_down_mounting(imp_robot_def *robot, imp_robot_remarks *remarks,
                                       const char *source)
{
    const imp_camera_def usual = imp_default_camera_def();
    imp_robot_add_remark(
        remarks, true,
        "%s: the camera looks backwards, from %.2f m ahead: the board was detected "
        "upside down. Only height and pitch are used; calibrate the mounting again",
        source, robot->camera.mount_forward);
    robot->camera.mount_forward = usual.mount_forward;
    robot->camera.mount_right = usual.mount_right;
    robot->camera_yaw = robot->camera_roll = 0.0;
}

// Duckietown's homography, which needs the projection of the rectified image.
static imp_status apply_homography(imp_robot_def *robot, imp_robot_remarks *remarks,
                                   const imp_yaml *yaml, int node)
{
    double homography[9], distortion = 0.0;
    IMP_TRY(read_homography(yaml, node, homography));
    if ((robot->known & IMP_ROBOT_INTRINSIC) == 0)
        imp_robot_add_remark(
            remarks, false,
            "%s: a homography belongs to a camera, and there is no camera_intrinsic: "
            "the usual camera is taken, which can be wrong by some degrees",
            yaml->source);
    // the mounting follows from the homography, up to what no camera does
    if (!imp_robot_set_homography(robot, &robot->projection, homography, &distortion))
        return imp_yaml_fail(yaml, node,
                             "the homography describes no camera above the ground: calibrate the "
                             "mounting again");
    // doubtful ones are used, with a remark
    if (distortion > 0.12)
        imp_robot_add_remark(remarks, true,
                             "%s: the homography is unlike any camera's by %.0f %%: calibrate the "
                             "mounting again, with the board flat on the ground",
                             yaml->source, 100.0 * distortion);
    if (fabs(robot->camera_yaw) > 0.5 * IMP_PI)
        reset_upside_down_mounting(robot, remarks, yaml->source);
    // a mounting that no robot has is an error of the calibration
    const imp_camera_def *c = &robot->camera;
    if (c->mount_height > MAX_HEIGHT || fabs(c->mount_forward) > MAX_OFFSET ||
        fabs(c->mount_right) > MAX_OFFSET)
        return imp_yaml_fail(yaml, node,
                             "the homography puts the camera %.3g m above the ground, %.3g m ahead "
                             "and %.3g m to the right, which no robot has: calibrate the mounting "
                             "again",
                             c->mount_height, c->mount_forward, c->mount_right);
    return IMP_OK;
}

// A homography, or the mounting itself.
static imp_status read_extrinsic(imp_robot_def *robot, imp_robot_remarks *remarks,
                                 const imp_yaml *yaml, int map)
{
    const int homography = imp_yaml_get(yaml, map, "homography");
    robot->camera.mount_height = imp_default_camera_def().mount_height;
    // single numbers override what the homography says
    if (homography >= 0)
        IMP_TRY(apply_homography(robot, remarks, yaml, homography));
    imp_camera_def *c = &robot->camera;
    double degrees = NAN;
    const robot_number list[] = {
        {"height", &c->mount_height, 0.0, MAX_HEIGHT, true},
        {"pitch", &c->pitch, -0.5 * IMP_PI, 0.5 * IMP_PI, false},
        {"forward", &c->mount_forward, -MAX_OFFSET, MAX_OFFSET, false},
        {"right", &c->mount_right, -MAX_OFFSET, MAX_OFFSET, false},
        {"yaw", &robot->camera_yaw, -IMP_PI, IMP_PI, false},
        {"roll", &robot->camera_roll, -IMP_PI, IMP_PI, false},
        {"pitch_deg", &degrees, -90.0, 90.0, false},
    };
    int found;
    IMP_TRY(read_numbers(yaml, map, list, sizeof list / sizeof list[0], &found));
    // the pitch may be given in degrees
    if (isfinite(degrees))
        c->pitch = degrees * IMP_PI / 180.0;
    if (homography < 0 && found == 0)
        return imp_yaml_fail(yaml, map,
                             "camera_extrinsic has neither a homography nor height, pitch, forward "
                             "or right");
    robot->known |= IMP_ROBOT_EXTRINSIC;
    return IMP_OK;
}

static imp_status read_intrinsic(imp_robot_def *robot, const imp_yaml *yaml, int map)
{
    imp_calibration calibration;
    IMP_TRY(imp_calibration_parse(&calibration, yaml, map));
    robot->camera.lens = calibration.lens;
    robot->projection = calibration.projection;
    robot->known |= IMP_ROBOT_INTRINSIC;
    return IMP_OK;
}

// Delay, rates and body.
static imp_status read_timing_and_body(imp_robot_def *robot, const imp_yaml *yaml, int map)
{
    const robot_number timing[] = {
        {"delay", &robot->delay, 0.0, 0.5, false},
        {"camera_rate", &robot->camera_rate, 0.0, 1000.0, true},
        {"decision_rate", &robot->decision_rate, 0.0, 1000.0, true},
    };
    const robot_number body[] = {
        {"width", &robot->width, 0.0, 1.0, true},
        {"length", &robot->length, 0.0, 1.0, true},
    };
    int found;
    IMP_TRY(read_numbers(yaml, map, timing, sizeof timing / sizeof timing[0], &found));
    robot->known |= found > 0 ? IMP_ROBOT_TIMING : 0;
    const int node = imp_yaml_get(yaml, map, "body");
    if (node < 0)
        return IMP_OK;
    IMP_TRY(read_numbers(yaml, node, body, sizeof body / sizeof body[0], &found));
    robot->known |= found > 0 ? IMP_ROBOT_BODY : 0;
    return IMP_OK;
}

// The keys of a file of ours, for remarks about misspelt ones.
static const char *const KEYS[] = {"name",  "camera_intrinsic", "camera_extrinsic", "kinematics",
                                   "delay", "camera_rate",      "decision_rate",    "body"};
enum { KEY_COUNT = sizeof KEYS / sizeof KEYS[0] };

static bool is_known_key(const char *key)
{
    for (int k = 0; k < KEY_COUNT; k++)
        if (strcmp(key, KEYS[k]) == 0)
            return true;
    return false;
}

// A misspelt key would silently leave its default.
static imp_status refuse_unknown_keys(const imp_yaml *yaml, int map)
{
    for (imp_yaml_pair pair = imp_yaml_first_pair(yaml, map); pair.key >= 0;
         pair = imp_yaml_next_pair(yaml, pair)) {
        const char *key = imp_yaml_scalar_text(yaml, imp_yaml_resolve(yaml, pair.key));
        if (key != NULL && is_known_key(key))
            continue;
        char hint[IMP_SUGGESTION_TEXT_MAX], shown[IMP_YAML_DESCRIBE_MAX];
        imp_suggestion suggestion =
            imp_suggestion_begin(key != NULL ? key : "", key != NULL ? strlen(key) : 0);
        for (int k = 0; k < KEY_COUNT; k++)
            imp_suggestion_add_candidate(&suggestion, KEYS[k]);
        return imp_yaml_fail(yaml, pair.key, "%s is not known in a robot's file%s",
                             imp_yaml_describe_node(yaml, imp_yaml_resolve(yaml, pair.key), shown),
                             imp_suggestion_format(&suggestion, hint));
    }
    return IMP_OK;
}

// A name is one word of letters that file names may have.
static imp_status read_robot_name(imp_robot_def *robot, const imp_yaml *yaml, int node)
{
    const imp_yaml_expected want = {"name", "duckie1", 0.0};
    const char *name;
    IMP_TRY(imp_yaml_read_string(yaml, node, want, &name));
    if (strlen(name) >= sizeof robot->name ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") !=
            strlen(name))
        return imp_yaml_fail(yaml, node,
                             "a robot's name has up to %zu letters, digits, '-', '_' and '.'",
                             sizeof robot->name - 1);
    strcpy(robot->name, name);
    return IMP_OK;
}

imp_status imp_robot_read_document(imp_robot_def *robot, imp_robot_remarks *remarks,
                                   const imp_yaml *yaml)
{
    const int root = yaml->root;
    if (!imp_yaml_is_map(yaml, root))
        return imp_fail(yaml->err, IMP_BAD_INPUT,
                        "%s:%d: not a robot's file: it must begin with keys", yaml->source,
                        root >= 0 ? imp_yaml_line(yaml, root) : 1);
    // Duckietown's files have no sections
    if (imp_yaml_get(yaml, root, "camera_matrix") >= 0 ||
        imp_yaml_get(yaml, root, "distortion_coefficients") >= 0)
        return read_intrinsic(robot, yaml, root);
    if (imp_yaml_get(yaml, root, "homography") >= 0)
        return read_extrinsic(robot, remarks, yaml, root);
    if (imp_yaml_get(yaml, root, "gain") >= 0 || imp_yaml_get(yaml, root, "trim") >= 0)
        return read_wheels(robot, remarks, yaml, root);
    IMP_TRY(refuse_unknown_keys(yaml, root));
    const int name = imp_yaml_get(yaml, root, "name");
    const int intrinsic = imp_yaml_get(yaml, root, "camera_intrinsic");
    const int extrinsic = imp_yaml_get(yaml, root, "camera_extrinsic");
    const int wheels = imp_yaml_get(yaml, root, "kinematics");
    // the extrinsic part may need the intrinsic one
    imp_status status = name >= 0 ? read_robot_name(robot, yaml, name) : IMP_OK;
    if (status == IMP_OK && intrinsic >= 0)
        status = read_intrinsic(robot, yaml, intrinsic);
    if (status == IMP_OK && extrinsic >= 0)
        status = read_extrinsic(robot, remarks, yaml, extrinsic);
    if (status == IMP_OK && wheels >= 0)
        status = read_wheels(robot, remarks, yaml, wheels);
    return status == IMP_OK ? read_timing_and_body(robot, yaml, root) : status;
}

imp_status imp_robot_parse(imp_robot_def *out, imp_robot_remarks *remarks, const char *text,
                           size_t length, const char *source, imp_error *err)
{
    imp_robot_def robot = imp_default_robot_def();
    imp_yaml yaml = {.source = source, .err = err};
    if (remarks != NULL)
        *remarks = (imp_robot_remarks){0};
    imp_status status = imp_yaml_parse(&yaml, text, length);
    if (status == IMP_OK)
        status = imp_robot_read_document(&robot, remarks, &yaml);
    imp_yaml_free(&yaml);
    if (status != IMP_OK)
        return status;
    imp_robot_check(&robot, remarks);
    *out = robot;
    return IMP_OK;
}
