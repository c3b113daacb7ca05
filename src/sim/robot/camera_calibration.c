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

// Coefficients that each model has in ROS's messages, by number.
static const struct {
    const char *name;
    imp_lens_model model;
    int min_count, max_count;
} LENS_MODELS[] = {
    {"plumb_bob", IMP_LENS_PLUMB_BOB, 4, 5},
    {"rational_polynomial", IMP_LENS_RATIONAL, 8, 8},
    {"equidistant", IMP_LENS_EQUIDISTANT, 4, 4},
    {"fisheye", IMP_LENS_EQUIDISTANT, 4, 4},
};

bool imp_lens_model_from_ros(imp_lens_model *out, const char *name, size_t length, int count)
{
    for (size_t k = 0; k < sizeof LENS_MODELS / sizeof LENS_MODELS[0]; k++)
        if (strlen(LENS_MODELS[k].name) == length &&
            memcmp(LENS_MODELS[k].name, name, length) == 0 && count >= LENS_MODELS[k].min_count &&
            count <= LENS_MODELS[k].max_count) {
            *out = LENS_MODELS[k].model;
            return true;
        }
    return false;
}

// Index of a field. All up to COEFFICIENTS are required.
enum { WIDTH, HEIGHT, MATRIX, COEFFICIENTS, PROJECTION, FIELD_COUNT };

// State of a reading.
typedef struct calibration_reader {
    const imp_yaml *yaml;
    calibration_field fields[FIELD_COUNT];
    const char *model; // ROS's name of the lens model
    int model_line;
} calibration_reader;

#define fail_at(r, line, format, ...)                                                              \
    imp_fail((r)->yaml->err, IMP_BAD_INPUT, "%s:%d: " format, (r)->yaml->source, line, __VA_ARGS__)

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

// Reads one key and its value.
static imp_status parse_pair(calibration_reader *r, imp_yaml_pair pair)
{
    const imp_yaml *yaml = r->yaml;
    const int key = imp_yaml_resolve(yaml, pair.key), value = imp_yaml_resolve(yaml, pair.value);
    if (imp_yaml_scalar_equals(yaml, key, "distortion_model")) {
        const char *model = imp_yaml_scalar_text(yaml, value);
        for (size_t k = 0; k < sizeof LENS_MODELS / sizeof LENS_MODELS[0] && model != NULL; k++)
            if (strcmp(model, LENS_MODELS[k].name) == 0)
                r->model = LENS_MODELS[k].name;
        char found[IMP_YAML_DESCRIBE_MAX];
        r->model_line = imp_yaml_line(yaml, pair.key);
        if (model == NULL || strcmp(model, r->model) != 0)
            return imp_yaml_fail(yaml, value,
                                 "distortion_model must be plumb_bob, rational_polynomial or "
                                 "equidistant, not %s",
                                 imp_yaml_describe_node(yaml, value, found));
    }
    // keys that are not used here are ignored
    for (int k = 0; k < FIELD_COUNT; k++)
        if (imp_yaml_scalar_equals(yaml, key, r->fields[k].key))
            return parse_calibration_field(yaml, pair, &r->fields[k]);
    return IMP_OK;
}

// Reads all keys of the calibration.
static imp_status parse_all_calibration_fields(calibration_reader *r, int node)
{
    const imp_yaml *yaml = r->yaml;
    if (!imp_yaml_is_map(yaml, node))
        return fail_at(r, node >= 0 ? imp_yaml_line(yaml, node) : 1,
                       "not a camera's calibration: %s", "it must begin with keys");
    for (imp_yaml_pair pair = imp_yaml_first_pair(yaml, node); pair.key >= 0;
         pair = imp_yaml_next_pair(yaml, pair))
        IMP_TRY(parse_pair(r, pair));
    return IMP_OK;
}

// Whether a number is a possible width or height.
static bool is_image_side(double value)
{
    return value >= 2.0 && value <= IMAGE_SIDE_MAX && value == floor(value);
}

imp_calibration imp_calibration_from_ros(imp_lens_model model, int width, int height,
                                         const double matrix[9],
                                         const double distortion[IMP_ROS_COEFFICIENTS_MAX],
                                         const double *projection)
{
    const double *p = projection, *d = distortion;
    imp_lens lens = {.kind = IMP_LENS_CALIBRATED,
                     .model = model,
                     .width = width,
                     .height = height,
                     .fx = matrix[0],
                     .fy = matrix[4],
                     .cx = matrix[2],
                     .cy = matrix[5],
                     .k1 = d[0],
                     .k2 = d[1]};
    // OpenCV's orders: k1, k2, p1, p2, k3, k4, k5, k6; of a fisheye k1, k2, k3, k4
    if (model == IMP_LENS_EQUIDISTANT) {
        lens.k3 = d[2];
        lens.k4 = d[3];
    } else {
        lens.p1 = d[2];
        lens.p2 = d[3];
        lens.k3 = d[4];
    }
    if (model == IMP_LENS_RATIONAL) {
        lens.k4 = d[5];
        lens.k5 = d[6];
        lens.k6 = d[7];
    }
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
            return imp_fail(r->yaml->err, IMP_BAD_INPUT,
                            "%s: %s is missing: not a camera's calibration as ROS writes it",
                            r->yaml->source, r->fields[k].key);
    imp_lens_model model = IMP_LENS_PLUMB_BOB;
    if (!imp_lens_model_from_ros(&model, r->model, strlen(r->model), r->fields[COEFFICIENTS].count))
        return fail_at(r, r->fields[COEFFICIENTS].line,
                       "distortion_coefficients has %s, which %s does not have",
                       IMP_PLURAL(r->fields[COEFFICIENTS].count, "number"), r->model);
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
    *out = imp_calibration_from_ros(model, (int)width, (int)height, matrix, distortion,
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

imp_status imp_calibration_parse(imp_calibration *out, const imp_yaml *yaml, int node)
{
    calibration_reader r = {
        .yaml = yaml,
        .model = "plumb_bob",
        .fields = {[WIDTH] = {.key = "image_width", .min_count = 1, .max_count = 1},
                   [HEIGHT] = {.key = "image_height", .min_count = 1, .max_count = 1},
                   [MATRIX] = {.key = "camera_matrix", .min_count = 9, .max_count = 9},
                   [COEFFICIENTS] = {.key = "distortion_coefficients",
                                     .min_count = 4,
                                     .max_count = IMP_ROS_COEFFICIENTS_MAX},
                   [PROJECTION] = {.key = "projection_matrix", .min_count = 12, .max_count = 12}},
    };
    IMP_TRY(parse_all_calibration_fields(&r, node));
    return build_calibration(&r, out);
}

imp_status imp_calibration_read(imp_calibration *out, const char *path, imp_error *err)
{
    imp_yaml yaml = {.source = path, .err = err};
    char *text;
    size_t length;
    // read and parse the file, then convert its numbers
    IMP_TRY(imp_file_type_expect_text(path, "a camera's calibration is a YAML file", err));
    IMP_TRY(imp_file_read(&text, &length, path, BYTES_MAX, err));
    imp_status status = imp_yaml_parse(&yaml, text, length);
    if (status == IMP_OK)
        status = imp_calibration_parse(out, &yaml, yaml.root);
    imp_yaml_free(&yaml);
    free(text);
    return status;
}

// The lens of gym-duckietown, and the projection that OpenCV computes for it with alpha = 0.
imp_calibration imp_calibration_duckiebot(void)
{
    return (imp_calibration){
        imp_lens_duckiebot(),
        {220.2460277141687, 238.6758484095299, 301.8668918355899, 227.0880056118307}};
}
