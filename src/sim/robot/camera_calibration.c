// Reads a camera's calibration as ROS writes it (sensor_msgs/CameraInfo as YAML).
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/io/file.h"
#include "base/io/file_type.h"
#include "base/text/plural.h"
#include "base/yaml/yaml_limits.h"
#include "imprint/robot.h"

// libyaml's time grows with the square of some mistakes: a small text keeps it short
enum { BYTES_MAX = 1 << 16, NUMBERS_MAX = 16, IMAGE_SIDE_MAX = 8192 };

// Numbers of one key; line is 0 while it is missing.
typedef struct yaml_field {
    const char *key;
    int min_count, max_count; // how many numbers it has
    double values[NUMBERS_MAX];
    int count, line;
} yaml_field;

enum { WIDTH, HEIGHT, MATRIX, COEFFICIENTS, PROJECTION, FIELD_COUNT };

typedef struct yaml_reader {
    const char *path;
    imp_error *err;
    yaml_parser_t parser;
    yaml_event_t event; // the latest
    yaml_field fields[FIELD_COUNT];
} yaml_reader;

static int event_line(const yaml_reader *r)
{
    return (int)r->event.start_mark.line + 1;
}

#define fail_at(r, line, format, ...)                                                              \
    imp_fail((r)->err, IMP_BAD_INPUT, "%s:%d: " format, (r)->path, line, __VA_ARGS__)

static imp_status next_event(yaml_reader *r)
{
    yaml_event_delete(&r->event);
    if (yaml_parser_parse(&r->parser, &r->event))
        return IMP_OK;
    memset(&r->event, 0, sizeof r->event);
    return fail_at(r, (int)r->parser.problem_mark.line + 1, "not YAML: %.120s",
                   r->parser.problem != NULL ? r->parser.problem : "unreadable");
}

// Goes to the end of the value that the latest event begins.
static imp_status skip_value(yaml_reader *r)
{
    int depth = 0;
    for (;;) {
        const yaml_event_type_t type = r->event.type;
        depth += type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT;
        depth -= type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT;
        if (depth <= 0)
            return IMP_OK;
        const imp_status status = next_event(r);
        if (status != IMP_OK)
            return status;
    }
}

// Whether the latest event is this word.
static bool is_scalar(const yaml_reader *r, const char *word)
{
    return r->event.type == YAML_SCALAR_EVENT &&
           strcmp((const char *)r->event.data.scalar.value, word) == 0;
}

static imp_status parse_number(yaml_reader *r, yaml_field *f)
{
    if (r->event.type != YAML_SCALAR_EVENT)
        return fail_at(r, event_line(r), "%s must be made of numbers", f->key);
    const char *text = (const char *)r->event.data.scalar.value;
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(fabs(value) <= 1e9))
        return fail_at(r, event_line(r), "%s: '%.40s' is not a number of a camera", f->key, text);
    if (f->count == f->max_count)
        return fail_at(r, event_line(r), "%s has more than %s", f->key,
                       IMP_PLURAL(f->max_count, "number"));
    f->values[f->count++] = value;
    return IMP_OK;
}

// A list of numbers, or a single one.
static imp_status parse_numbers(yaml_reader *r, yaml_field *f)
{
    f->count = 0;
    if (r->event.type != YAML_SEQUENCE_START_EVENT)
        return parse_number(r, f);
    for (;;) {
        imp_status status = next_event(r);
        if (status == IMP_OK && r->event.type == YAML_SEQUENCE_END_EVENT)
            return IMP_OK;
        if (status == IMP_OK)
            status = parse_number(r, f);
        if (status != IMP_OK)
            return status;
    }
}

// A matrix: a map whose "data" are its numbers.
static imp_status parse_matrix(yaml_reader *r, yaml_field *f)
{
    if (r->event.type != YAML_MAPPING_START_EVENT)
        return fail_at(r, event_line(r), "%s must have rows, cols and data", f->key);
    for (;;) {
        imp_status status = next_event(r);
        if (status != IMP_OK || r->event.type == YAML_MAPPING_END_EVENT)
            return status;
        const bool data = is_scalar(r, "data");
        status = skip_value(r); // the key
        if (status == IMP_OK)
            status = next_event(r);
        if (status == IMP_OK)
            status = data ? parse_numbers(r, f) : skip_value(r);
        if (status != IMP_OK)
            return status;
    }
}

static imp_status parse_value(yaml_reader *r, yaml_field *f)
{
    const imp_status status = f->max_count == 1 ? parse_numbers(r, f) : parse_matrix(r, f);
    if (status == IMP_OK && f->count < f->min_count)
        return fail_at(r, f->line, "%s has %s, not %d", f->key, IMP_PLURAL(f->count, "number"),
                       f->min_count);
    return status;
}

// One key of the file and its value; the latest event is the key.
static imp_status parse_pair(yaml_reader *r)
{
    yaml_field *found = NULL;
    for (int k = 0; k < FIELD_COUNT; k++)
        if (is_scalar(r, r->fields[k].key))
            found = &r->fields[k];
    if (found != NULL)
        found->line = event_line(r);
    const bool model = is_scalar(r, "distortion_model");
    imp_status status = skip_value(r);
    if (status == IMP_OK)
        status = next_event(r);
    if (status != IMP_OK)
        return status;
    if (model && !is_scalar(r, "plumb_bob"))
        return fail_at(r, event_line(r), "distortion_model must be plumb_bob, not '%.40s'",
                       r->event.type == YAML_SCALAR_EVENT ? (const char *)r->event.data.scalar.value
                                                          : "...");
    return found != NULL ? parse_value(r, found) : skip_value(r);
}

static imp_status parse_fields(yaml_reader *r)
{
    // the stream, the document and its map begin
    imp_status status = IMP_OK;
    for (int k = 0; k < 3 && status == IMP_OK; k++)
        status = next_event(r);
    if (status == IMP_OK && r->event.type != YAML_MAPPING_START_EVENT)
        status = fail_at(r, 1, "not a camera's calibration: %s", "it must begin with keys");
    while (status == IMP_OK) {
        status = next_event(r);
        if (status == IMP_OK && r->event.type == YAML_MAPPING_END_EVENT)
            break;
        if (status == IMP_OK)
            status = parse_pair(r);
    }
    return status;
}

static bool is_image_side(double value)
{
    return value >= 2.0 && value <= IMAGE_SIDE_MAX && value == floor(value);
}

static imp_status build_calibration(const yaml_reader *r, imp_calibration *out)
{
    for (int k = 0; k < PROJECTION; k++)
        if (r->fields[k].line == 0)
            return imp_fail(r->err, IMP_BAD_INPUT,
                            "%s: %s is missing: not a camera's calibration as ROS writes it",
                            r->path, r->fields[k].key);
    const double *matrix = r->fields[MATRIX].values, *distortion = r->fields[COEFFICIENTS].values;
    const double width = r->fields[WIDTH].values[0], height = r->fields[HEIGHT].values[0];
    for (int k = WIDTH; k <= HEIGHT; k++)
        if (!is_image_side(r->fields[k].values[0]))
            return fail_at(r, r->fields[k].line, "%s must be 2 to %d, not %g", r->fields[k].key,
                           IMAGE_SIDE_MAX, r->fields[k].values[0]);
    if (!(matrix[0] > 0.0 && matrix[4] > 0.0))
        return fail_at(r, r->fields[MATRIX].line, "focal lengths must be positive, not %g and %g",
                       matrix[0], matrix[4]);
    imp_lens lens = {.kind = IMP_LENS_CALIBRATED,
                     .width = (int)width,
                     .height = (int)height,
                     .fx = matrix[0],
                     .fy = matrix[4],
                     .cx = matrix[2],
                     .cy = matrix[5],
                     .k1 = distortion[0],
                     .k2 = distortion[1],
                     .p1 = distortion[2],
                     .p2 = distortion[3],
                     .k3 = distortion[4]};
    const yaml_field *projection = &r->fields[PROJECTION];
    const double *p = projection->values;
    out->projection = projection->line > 0 ? (imp_pinhole){p[0], p[5], p[2], p[6]}
                                           : imp_lens_rectified_pinhole(&lens);
    if (!(out->projection.fx > 0.0 && out->projection.fy > 0.0))
        return fail_at(r, projection->line,
                       "focal lengths of projection_matrix must be positive, "
                       "not %g and %g",
                       out->projection.fx, out->projection.fy);
    // ROS counts from the middle of the first pixel
    lens.cx += 0.5;
    lens.cy += 0.5;
    out->lens = lens;
    imp_camera_def def = imp_default_camera_def();
    imp_camera probe;
    imp_error why = {0};
    def.lens = lens;
    if (imp_camera_init(&probe, &def, &why) != IMP_OK)
        return fail_at(r, r->fields[MATRIX].line, "%s", why.message);
    return IMP_OK;
}

imp_status imp_calibration_read(imp_calibration *out, const char *path, imp_error *err)
{
    yaml_reader r = {
        .path = path,
        .err = err,
        .fields = {[WIDTH] = {.key = "image_width", .min_count = 1, .max_count = 1},
                   [HEIGHT] = {.key = "image_height", .min_count = 1, .max_count = 1},
                   [MATRIX] = {.key = "camera_matrix", .min_count = 9, .max_count = 9},
                   [COEFFICIENTS] = {.key = "distortion_coefficients",
                                     .min_count = 4,
                                     .max_count = 5},
                   [PROJECTION] = {.key = "projection_matrix", .min_count = 12, .max_count = 12}},
    };
    char *text;
    size_t length;
    imp_status status =
        imp_file_type_expect_text(path, "a camera's calibration is a YAML file", err);
    if (status == IMP_OK)
        status = imp_file_read(&text, &length, path, BYTES_MAX, err);
    if (status != IMP_OK)
        return status;
    status = imp_yaml_check_limits(text, length, path, err);
    if (status != IMP_OK) {
        free(text);
        return status;
    }
    if (yaml_parser_initialize(&r.parser)) {
        yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, length);
        status = parse_fields(&r);
        yaml_event_delete(&r.event);
        yaml_parser_delete(&r.parser);
    } else {
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", path);
    }
    free(text);
    return status == IMP_OK ? build_calibration(&r, out) : status;
}

imp_calibration imp_calibration_duckiebot(void)
{
    return (imp_calibration){
        imp_lens_duckiebot(),
        {220.2460277141687, 238.6758484095299, 301.8668918355899, 227.0880056118307}};
}
