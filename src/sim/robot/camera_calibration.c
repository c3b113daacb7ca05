// Reads a camera's calibration as ROS writes it (sensor_msgs/CameraInfo as YAML): size of the
// image, matrix and distortion coefficients of the lens, and the projection that rectified images
// have. Keys that are not used here are ignored. The result is checked by preparing a camera with
// it, so that a calibration that was read can be used.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/file_type.h"
#include "base/text/plural.h"
#include "base/yaml/yaml_tree.h"
#include "sim/robot/ros_calibration.h"

enum { BYTES_MAX = 1 << 16, NUMBERS_MAX = 16, IMAGE_SIDE_MAX = 8192 };

// Numbers of one key; line is 0 while it is missing.
typedef struct calibration_field {
    const char *key;
    int min_count, max_count; // how many numbers it has
    double values[NUMBERS_MAX];
    int count, line;
} calibration_field;

// Index of a field. All up to COEFFICIENTS are required.
enum { WIDTH, HEIGHT, MATRIX, COEFFICIENTS, PROJECTION, FIELD_COUNT };

// State of a reading.
typedef struct calibration_reader {
    imp_yaml yaml;
    calibration_field fields[FIELD_COUNT];
} calibration_reader;

#define fail_at(r, line, format, ...)                                                              \
    imp_fail((r)->yaml.err, IMP_BAD_INPUT, "%s:%d: " format, (r)->yaml.source, line, __VA_ARGS__)

// Appends a number to a field.
static imp_status parse_number(const imp_yaml *yaml, int node, calibration_field *f)
{
    const char *text = imp_yaml_scalar_text(yaml, node);
    if (text == NULL)
        return imp_yaml_fail(yaml, node, "%s must be made of numbers", f->key);
    char *end;
    // a limit of 1e9 keeps later products finite and rejects NaN
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(fabs(value) <= 1e9))
        return imp_yaml_fail(yaml, node, "%s: '%.40s' is not a number of a camera", f->key, text);
    if (f->count == f->max_count)
        return imp_yaml_fail(yaml, node, "%s has more than %s", f->key,
                             IMP_PLURAL(f->max_count, "number"));
    f->values[f->count++] = value;
    return IMP_OK;
}

// Reads a list of numbers, or a single one.
static imp_status parse_numbers(const imp_yaml *yaml, int node, calibration_field *f)
{
    if (imp_yaml_node_kind(yaml, node) != IMP_YAML_LIST)
        return parse_number(yaml, node, f);
    for (int at = imp_yaml_first(yaml, node); at >= 0; at = imp_yaml_next(yaml, at))
        IMP_TRY(parse_number(yaml, imp_yaml_resolve(yaml, at), f));
    return IMP_OK;
}

// Reads the numbers of a key. A matrix is a map whose "data" are its numbers.
static imp_status parse_calibration_field(const imp_yaml *yaml, imp_yaml_pair pair,
                                          calibration_field *f)
{
    int node = imp_yaml_resolve(yaml, pair.value);
    // the line of the key marks the field as present
    f->line = imp_yaml_line(yaml, pair.key);
    f->count = 0;
    // a field with several numbers is a matrix: {rows, cols, data: [...]}
    if (f->max_count > 1) {
        if (!imp_yaml_is_map(yaml, node))
            return imp_yaml_fail(yaml, node, "%s must have rows, cols and data", f->key);
        node = imp_yaml_get(yaml, node, "data");
    }
    if (node >= 0)
        IMP_TRY(parse_numbers(yaml, node, f));
    if (f->count < f->min_count)
        return imp_yaml_fail(yaml, pair.key, "%s has %s, not %d", f->key,
                             IMP_PLURAL(f->count, "number"), f->min_count);
    return IMP_OK;
}

// Reads one key and its value. Only the plumb-bob model is supported.
static imp_status parse_pair(calibration_reader *r, imp_yaml_pair pair)
{
    const imp_yaml *yaml = &r->yaml;
    const int key = imp_yaml_resolve(yaml, pair.key), value = imp_yaml_resolve(yaml, pair.value);
    if (imp_yaml_scalar_equals(yaml, key, "distortion_model") &&
        !imp_yaml_scalar_equals(yaml, value, "plumb_bob")) {
        char found[IMP_YAML_DESCRIBE_MAX];
        return imp_yaml_fail(yaml, value, "distortion_model must be plumb_bob, not %s",
                             imp_yaml_describe_node(yaml, value, found));
    }
    // keys that are not used here are ignored
    for (int k = 0; k < FIELD_COUNT; k++)
        if (imp_yaml_scalar_equals(yaml, key, r->fields[k].key))
            return parse_calibration_field(yaml, pair, &r->fields[k]);
    return IMP_OK;
}

// Reads all keys of the file.
static imp_status parse_all_calibration_fields(calibration_reader *r)
{
    const imp_yaml *yaml = &r->yaml;
    if (!imp_yaml_is_map(yaml, yaml->root))
        return fail_at(r, 1, "not a camera's calibration: %s", "it must begin with keys");
    for (imp_yaml_pair pair = imp_yaml_first_pair(yaml, yaml->root); pair.key >= 0;
         pair = imp_yaml_next_pair(yaml, pair))
        IMP_TRY(parse_pair(r, pair));
    return IMP_OK;
}

// Whether a number is a possible width or height.
static bool is_image_side(double value)
{
    return value >= 2.0 && value <= IMAGE_SIDE_MAX && value == floor(value);
}

imp_calibration imp_calibration_from_ros(int width, int height, const double matrix[9],
                                         const double distortion[5], const double *projection)
{
    const double *p = projection;
    imp_lens lens = {.kind = IMP_LENS_CALIBRATED,
                     .width = width,
                     .height = height,
                     .fx = matrix[0],
                     .fy = matrix[4],
                     .cx = matrix[2],
                     .cy = matrix[5],
                     .k1 = distortion[0],
                     .k2 = distortion[1],
                     .p1 = distortion[2],
                     .p2 = distortion[3],
                     .k3 = distortion[4]};
    const imp_pinhole pinhole =
        p != NULL ? (imp_pinhole){p[0], p[5], p[2], p[6]} : imp_lens_rectified_pinhole(&lens);
    lens.cx += 0.5;
    lens.cy += 0.5;
    return (imp_calibration){lens, pinhole};
}

// Checks the numbers against one another and converts them to a lens and a projection.
static imp_status build_calibration(const calibration_reader *r, imp_calibration *out)
{
    // all fields before the projection are required
    for (int k = 0; k < PROJECTION; k++)
        // every missing field is an error of its own
        if (r->fields[k].line == 0)
            return imp_fail(r->yaml.err, IMP_BAD_INPUT,
                            "%s: %s is missing: not a camera's calibration as ROS writes it",
                            r->yaml.source, r->fields[k].key);
    // sizes must be whole numbers, focal lengths positive
    const double *matrix = r->fields[MATRIX].values, *distortion = r->fields[COEFFICIENTS].values;
    const double width = r->fields[WIDTH].values[0], height = r->fields[HEIGHT].values[0];
    for (int k = WIDTH; k <= HEIGHT; k++)
        if (!is_image_side(r->fields[k].values[0]))
            return fail_at(r, r->fields[k].line, "%s must be 2 to %d, not %g", r->fields[k].key,
                           IMAGE_SIDE_MAX, r->fields[k].values[0]);
    if (!(matrix[0] > 0.0 && matrix[4] > 0.0))
        return fail_at(r, r->fields[MATRIX].line, "focal lengths must be positive, not %g and %g",
                       matrix[0], matrix[4]);
    const calibration_field *projection = &r->fields[PROJECTION];
    *out = imp_calibration_from_ros((int)width, (int)height, matrix, distortion,
                                    projection->line > 0 ? projection->values : NULL);
    // a projection of zeros is what an uncalibrated camera publishes
    if (!(out->projection.fx > 0.0 && out->projection.fy > 0.0))
        return fail_at(r, projection->line,
                       "focal lengths of projection_matrix must be positive, "
                       "not %g and %g",
                       out->projection.fx, out->projection.fy);
    // a camera with this lens must show something
    imp_camera_def def = imp_default_camera_def();
    imp_camera probe;
    imp_error why = {0};
    def.lens = out->lens;
    if (imp_camera_init(&probe, &def, &why) != IMP_OK)
        return fail_at(r, r->fields[MATRIX].line, "%s", why.message);
    return IMP_OK;
}

imp_status imp_calibration_read(imp_calibration *out, const char *path, imp_error *err)
{
    calibration_reader r = {
        .yaml = {.source = path, .err = err},
        .fields = {[WIDTH] = {.key = "image_width", .min_count = 1, .max_count = 1},
                   [HEIGHT] = {.key = "image_height", .min_count = 1, .max_count = 1},
                   [MATRIX] = {.key = "camera_matrix", .min_count = 9, .max_count = 9},
                   [COEFFICIENTS] = {.key = "distortion_coefficients",
                                     .min_count = 4,
                                     .max_count = 5},
                   [PROJECTION] = {.key = "projection_matrix", .min_count = 12, .max_count = 12}},
    };
    // read the file, parse it, convert the numbers
    char *text;
    size_t length;
    // read and parse the file, then convert its numbers
    IMP_TRY(imp_file_type_expect_text(path, "a camera's calibration is a YAML file", err));
    IMP_TRY(imp_file_read(&text, &length, path, BYTES_MAX, err));
    imp_status status = imp_yaml_parse(&r.yaml, text, length);
    if (status == IMP_OK)
        status = parse_all_calibration_fields(&r);
    imp_yaml_free(&r.yaml);
    free(text);
    return status == IMP_OK ? build_calibration(&r, out) : status;
}

// The lens of gym-duckietown, and the projection that OpenCV computes for it with alpha = 0.
imp_calibration imp_calibration_duckiebot(void)
{
    return (imp_calibration){
        imp_lens_duckiebot(),
        {220.2460277141687, 238.6758484095299, 301.8668918355899, 227.0880056118307}};
}
