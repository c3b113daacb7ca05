// Calibration files of robots: what is read, what is refused, and what a camera with one sees.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imprint/robot.h"
#include "testing.h"

static const char GOOD[] = "image_width: 640\n"
                           "image_height: 480\n"
                           "camera_name: duckie\n"
                           "camera_matrix:\n"
                           "  rows: 3\n"
                           "  cols: 3\n"
                           "  data: [305.5, 0.0, 303.0,\n"
                           "         0.0, 308.5, 231.5, 0.0, 0.0, 1.0]\n"
                           "distortion_model: plumb_bob\n"
                           "distortion_coefficients:\n"
                           "  rows: 1\n"
                           "  cols: 5\n"
                           "  data: [-0.2, 0.03, 0.0006, -0.0007, 0.001]\n"
                           "rectification_matrix:\n"
                           "  rows: 3\n"
                           "  cols: 3\n"
                           "  data: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]\n"
                           "projection_matrix:\n"
                           "  rows: 3\n"
                           "  cols: 4\n"
                           "  data: [220.0, 0.0, 301.0, 0.0, 0.0, 238.0, 227.0, 0.0,\n"
                           "         0.0, 0.0, 1.0, 0.0]\n";

static char path[] = "/tmp/imprint-calibration-XXXXXX";

static void write_file(const char *text, size_t length)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

// The good file with one text in place of another.
static void write_changed_file(const char *from, const char *to)
{
    char text[2 * sizeof GOOD];
    const char *at = strstr(GOOD, from);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - GOOD), GOOD, to, at + strlen(from));
    write_file(text, strlen(text));
}

static void reads_what_ros_writes(void **state)
{
    (void)state;
    imp_calibration read;
    imp_error err = {0};
    write_file(GOOD, strlen(GOOD));
    assert_ok(imp_calibration_read(&read, path, &err), err);
    assert_int_equal(read.lens.kind, IMP_LENS_CALIBRATED);
    assert_int_equal(read.lens.width, 640);
    assert_int_equal(read.lens.height, 480);
    const double wanted[] = {305.5, 308.5, 303.5, 232.0, -0.2, 0.03, 0.0006, -0.0007, 0.001};
    const double got[] = {read.lens.fx, read.lens.fy, read.lens.cx, read.lens.cy, read.lens.k1,
                          read.lens.k2, read.lens.p1, read.lens.p2, read.lens.k3};
    for (int k = 0; k < 9; k++)
        assert_close(got[k], wanted[k], 0.0);
    assert_close(read.projection.fx, 220.0, 0.0);
    assert_close(read.projection.fy, 238.0, 0.0);
    assert_close(read.projection.cx, 301.0, 0.0);
    assert_close(read.projection.cy, 227.0, 0.0);
}

static void fills_in_what_may_be_missing(void **state)
{
    (void)state;
    imp_calibration read;
    imp_error err = {0};
    write_file(GOOD, (size_t)(strstr(GOOD, "projection_matrix") - GOOD));
    assert_ok(imp_calibration_read(&read, path, &err), err);
    assert_in_range(read.projection.fx, 150, 300);
    write_changed_file("0.0006, -0.0007, 0.001]", "0.0006, -0.0007]");
    assert_ok(imp_calibration_read(&read, path, &err), err);
    assert_close(read.lens.k3, 0.0, 0.0);
}

// Each change of the good file, and what the message must say after the file's name.
static const struct {
    const char *from, *to, *message;
} BAD[] = {
    {"image_width: 640", "image_width: 1", ":1: image_width must be 2 to 8192, not 1"},
    {"image_width: 640", "image_width: wide", ":1: image_width: 'wide' is not a number"},
    {"image_width: 640", "image_width: [640, 480]", ":1: image_width has more than 1 number"},
    {"image_height: 480\n", "", ": image_height is missing"},
    {"camera_matrix:", "matrix:", ": camera_matrix is missing"},
    {"305.5", "-305.5", ":4: focal lengths must be positive"},
    {"305.5", ".nan", ":7: camera_matrix: '.nan' is not a number"},
    {"305.5", "nan", ":7: camera_matrix: 'nan' is not a number"},
    {"305.5", "1e12", ":7: camera_matrix: '1e12' is not a number"},
    {"305.5, ", "", ":4: camera_matrix has 8 numbers, not 9"},
    {"plumb_bob", "omnidirectional",
     ":9: distortion_model must be plumb_bob, rational_polynomial or "
     "equidistant, not 'omnidirectional'"},
    {"plumb_bob", "equidistant", ":10: distortion_coefficients has 5 numbers, which equidistant"},
    {"-0.2, ", "-0.2, 0.0, ", ":10: distortion_coefficients has 6 numbers, which plumb_bob"},
    {"-0.2, ", "[], ", ":13: distortion_coefficients must be made of numbers"},
    {"220.0", "0.0", "focal lengths of projection_matrix must be positive"},
    {"303.0,", "-3e8,", ":4: the lens shows nothing in an image of 640 x 480 pixels"},
    {"data: [305.5", "data: {305.5", ":8: not YAML: "},
    {"camera_matrix:", "camera_matrix: 1\nm:", ":4: camera_matrix must have rows, cols and data"},
    {"image_width", "\"image_width", "not YAML"},
};

static void refuses_what_is_wrong(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof BAD / sizeof BAD[0]; k++) {
        imp_calibration read;
        imp_error err = {0};
        write_changed_file(BAD[k].from, BAD[k].to);
        if (imp_calibration_read(&read, path, &err) != IMP_BAD_INPUT ||
            strncmp(err.message, path, strlen(path)) != 0 ||
            strstr(err.message, BAD[k].message) == NULL || strchr(err.message, '\n') != NULL)
            fail_msg("'%s' for '%s': %s", BAD[k].to, BAD[k].from, err.message);
    }
    imp_calibration read;
    imp_error err = {0};
    assert_int_equal(imp_calibration_read(&read, "/nowhere/camera.yaml", &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "/nowhere/camera.yaml"));
}

static void any_beginning_of_a_file_is_survived(void **state)
{
    (void)state;
    const size_t needed = (size_t)(strstr(GOOD, "rectification_matrix") - GOOD);
    for (size_t length = 0; length < needed - 20; length++) {
        imp_calibration read;
        imp_error err = {0};
        write_file(GOOD, length);
        assert_int_equal(imp_calibration_read(&read, path, &err), IMP_BAD_INPUT);
        assert_true(err.message[0] != '\0');
    }
}

// The forward model of the file, in its own convention, leads back to every ray.
static void pixels_look_where_the_file_says(void **state)
{
    (void)state;
    imp_calibration read;
    imp_error err = {0};
    write_file(GOOD, strlen(GOOD));
    assert_ok(imp_calibration_read(&read, path, &err), err);
    imp_camera_def def = imp_default_camera_def();
    def.lens = read.lens;
    const int widths[] = {640, 320, 80};
    for (int size = 0; size < 3; size++) {
        def.width = widths[size];
        def.height = widths[size] * 3 / 4;
        imp_camera camera;
        assert_ok(imp_camera_init(&camera, &def, &err), err);
        const double scale = 640.0 / def.width;
        for (int j = 0; j < def.height; j += 7)
            for (int i = 0; i < def.width; i += 7) {
                double x, y, u, v;
                assert_true(imp_camera_pixel_to_ray(&camera, i + 0.5, j + 0.5, &x, &y));
                imp_lens_distort(&read.lens, x, y, &u, &v);
                assert_close(305.5 * u + 303.0, (i + 0.5) * scale - 0.5, 1e-6);
                assert_close(308.5 * v + 231.5, (j + 0.5) * scale - 0.5, 1e-6);
            }
    }
}

static int make_path(void **state)
{
    (void)state;
    const int file = mkstemp(path);
    return file < 0 ? -1 : close(file);
}

static int remove_path(void **state)
{
    (void)state;
    return remove(path);
}

// A Duckiebot's own: as its software straightens pictures.
static void the_duckiebot_s_is_known(void **state)
{
    (void)state;
    const imp_pinhole p = imp_calibration_duckiebot().projection;
    assert_close(p.fx, 220.246, 5e-4);
    assert_close(p.fy, 238.676, 5e-4);
    assert_close(p.cx, 301.867, 5e-4);
    assert_close(p.cy, 227.088, 5e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_duckiebot_s_is_known),
        cmocka_unit_test(reads_what_ros_writes),
        cmocka_unit_test(fills_in_what_may_be_missing),
        cmocka_unit_test(refuses_what_is_wrong),
        cmocka_unit_test(any_beginning_of_a_file_is_survived),
        cmocka_unit_test(pixels_look_where_the_file_says),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
