// Files of robots: Duckietown's three and ours, what is assumed, what is refused, and that a robot
// with other wheels drives as the usual one once its commands are corrected.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/common/vector2.h"
#include "imprint/robot_file.h"
#include "temporary_folder.h"
#include "testing.h"

static imp_status parse(imp_robot_def *robot, imp_robot_remarks *remarks, const char *text,
                        imp_error *err)
{
    return imp_robot_parse(robot, remarks, text, strlen(text), "r.yaml", err);
}

static void assert_refused(const char *text, const char *reason)
{
    imp_robot_def robot;
    imp_error err = {0};
    assert_int_equal(parse(&robot, NULL, text, &err), IMP_BAD_INPUT);
    if (strstr(err.message, reason) == NULL)
        fail_msg("wanted '%s' in '%s'", reason, err.message);
}

static void assert_remark(const imp_robot_remarks *remarks, bool fault, const char *part)
{
    for (int k = 0; k < remarks->count; k++)
        if (remarks->list[k].fault == fault && strstr(remarks->list[k].text, part) != NULL)
            return;
    fail_msg("no remark has '%s'", part);
}

#define WHEELS "gain: 0.8\ntrim: 0.05\nk: 27.0\nradius: 0.0318\nbaseline: 0.1\nlimit: 1.0\n"
static const char LENS[] =
    "image_width: 640\nimage_height: 480\n"
    "camera_matrix: {rows: 3, cols: 3, data: [330, 0, 318, 0, 331, 238, 0, 0, 1]}\n"
    "distortion_model: plumb_bob\n"
    "distortion_coefficients: {rows: 1, cols: 5, data: [-0.3, 0.07, 0.001, -0.001, 0]}\n"
    "projection_matrix: {rows: 3, cols: 4, data: [220, 0, 317, 0, 0, 255, 237, 0, 0, 0, 1, 0]}\n";

// The homography of a camera, by projecting three points and the origin: the inverse of K (r1 r2
// t).
static void make_homography(double h[9], const imp_pinhole *p, double height, double pitch,
                            double forward, double right, double turn)
{
    const double c = cos(pitch), s = sin(pitch), cy = cos(turn), sy = sin(turn);
    // camera axes in ground axes (x ahead, y left, z up): right side, down, optical axis
    const double axes[3][3] = {{sy, -cy, 0}, {-s * cy, -s * sy, -c}, {c * cy, c * sy, -s}};
    const double at[3] = {forward, -right, height};
    double m[9];
    for (int i = 0; i < 3; i++) {
        m[3 * i] = axes[i][0];
        m[3 * i + 1] = axes[i][1];
        m[3 * i + 2] = -(axes[i][0] * at[0] + axes[i][1] * at[1] + axes[i][2] * at[2]);
    }
    for (int j = 0; j < 3; j++) {
        m[j] = p->fx * m[j] + p->cx * m[6 + j];
        m[3 + j] = p->fy * m[3 + j] + p->cy * m[6 + j];
    }
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            const int a = (j + 1) % 3, b = (j + 2) % 3, e = (i + 1) % 3, f = (i + 2) % 3;
            h[3 * i + j] = m[3 * a + e] * m[3 * b + f] - m[3 * a + f] * m[3 * b + e];
        }
    // files have 1 in the last place
    for (int k = 0; k < 9; k++)
        h[k] /= h[8];
}

static void homography_gives_the_mounting(void **state)
{
    (void)state;
    const imp_pinhole p = {220.0, 255.0, 317.0, 237.0};
    double h[9], distortion;
    imp_robot_def robot = imp_default_robot_def();
    make_homography(h, &p, 0.107, 0.3, 0.061, 0.004, 0.05);
    assert_true(imp_robot_set_homography(&robot, &p, h, &distortion));
    assert_close(robot.camera.mount_height, 0.107, 1e-9);
    assert_close(robot.camera.pitch, 0.3, 1e-9);
    assert_close(robot.camera.mount_forward, 0.061, 1e-9);
    assert_close(robot.camera.mount_right, 0.004, 1e-9);
    assert_close(robot.camera_yaw, 0.05, 1e-9);
    assert_close(robot.camera_roll, 0.0, 1e-9);
    assert_close(distortion, 0.0, 1e-9);
    const double flat[9] = {1, 0, 0, 2, 0, 0, 0, 0, 1};
    assert_false(imp_robot_set_homography(&robot, &p, flat, NULL));
}

static void lens_and_homography_are_read_together(void **state)
{
    (void)state;
    const imp_pinhole p = {220.0, 255.0, 317.0, 237.0};
    double h[9];
    char text[2048];
    imp_robot_def robot;
    imp_robot_remarks remarks;
    imp_error err = {0};
    make_homography(h, &p, 0.11, 0.25, 0.07, -0.003, 0.0);
    int at = snprintf(text, sizeof text, "homography:\n");
    for (int k = 0; k < 9; k++)
        at += snprintf(text + at, sizeof text - (size_t)at, "- %.15g\n", h[k]);
    // without the lens the mounting is only about right, and that is said
    assert_ok(parse(&robot, &remarks, text, &err), err);
    assert_remark(&remarks, false, "no camera_intrinsic");
    // the board upside down: turned by 180 degrees about a point 0.26 m ahead
    make_homography(h, &p, 0.11, 0.25, 0.45, 0.003, IMP_PI);
    at = snprintf(text, sizeof text, "homography: [");
    for (int k = 0; k < 9; k++)
        at += snprintf(text + at, sizeof text - (size_t)at, "%.15g%s", h[k], k < 8 ? ", " : "]\n");
    assert_ok(parse(&robot, &remarks, text, &err), err);
    assert_remark(&remarks, true, "upside down");
    assert_close(robot.camera.mount_forward, IMP_CAMERA_FORWARD, 0.0);
}

static void wheels_and_text_survive(void **state)
{
    (void)state;
    imp_robot_def robot, again;
    imp_robot_remarks remarks;
    imp_error err = {0};
    char text[IMP_ROBOT_TEXT_MAX];
    assert_ok(parse(&robot, &remarks, WHEELS, &err), err);
    assert_int_equal(remarks.count, 0);
    assert_int_equal(robot.known, IMP_ROBOT_WHEELS);
    assert_close(robot.wheels.gain, 0.8, 0.0);
    assert_ok(parse(&robot, &remarks, LENS, &err), err);
    assert_int_equal(robot.known, IMP_ROBOT_INTRINSIC);
    assert_int_equal(robot.camera.lens.kind, IMP_LENS_CALIBRATED);
    robot.known = 31;
    robot.delay = 0.1;
    robot.camera.pitch = 0.123456789012345678;
    imp_robot_format(&robot, text);
    assert_ok(parse(&again, NULL, text, &err), err);
    assert_true(imp_lens_equals(&robot.camera.lens, &again.camera.lens));
    assert_close(again.camera.pitch, robot.camera.pitch, 0.0);
    assert_close(again.projection.fy, 255.0, 0.0);
    assert_close(again.delay, 0.1, 0.0);
    assert_ok(parse(&robot, &remarks, "gain: 1\ntrim: 0.6\nlimit: 3\n", &err), err);
    assert_remark(&remarks, true, "trim / gain");
    assert_remark(&remarks, false, "limit is 3");
    assert_remark(&remarks, false, "baseline is missing");
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    assert_refused("gain: 0.3\ntrim: 0.4\n", "r.yaml:1: trim 0.4 with gain 0.3");
    assert_refused("gain: fast\ntrim: 0\n", "r.yaml:1: ");
    assert_refused("gain: 1\ntrim: 0\nradius: 31.8\n", "r.yaml:3: radius is 31.8");
    assert_refused("homography: [1, 2, 3]\n", "homography");
    assert_refused("homography: [0, 0, 0, 0, 0, 0, 0, 0, 0]\n", "no camera above the ground");
    // what a robot's file could not say again
    assert_refused("homography: [-4.0012, -0.0071, -0.17, 0.00099, 1.2e-06, -0.328, -0.00012, "
                   "-0.0071, 1.0]\n",
                   "which no robot has");
    assert_refused("kinematic: {gain: 1}\n", "did you mean 'kinematics'");
    assert_refused("- 1\n- 2\n", "must begin with keys");
    assert_refused("name: a b\n", "letters");
    assert_refused("delay: 3\n", "delay is 3");
}

// Steps two drives by the same commands and compares their speeds.
static void corrected_wheels_drive_as_usual(void **state)
{
    (void)state;
    static const imp_wheels list[] = {{0.8, 0.05, 27, 1, 0.0318, 0.1},
                                      {1.0, -0.15, 30, 1, 0.033, 0.095},
                                      {0.65, -0.08, 27, 1, 0.0318, 0.1}};
    for (size_t n = 0; n < sizeof list / sizeof list[0]; n++) {
        imp_robot_def robot = imp_default_robot_def();
        imp_drive_def other = imp_default_drive_def();
        imp_drive usual, corrected;
        imp_pose a = {0}, b = {0};
        robot.wheels = list[n];
        imp_robot_set_camera_and_drive(&robot, NULL, &other);
        imp_drive_reset(&usual, &(imp_drive_def){0});
        imp_drive_def def = imp_default_drive_def();
        imp_drive_reset(&usual, &def);
        imp_drive_reset(&corrected, &other);
        for (int k = 0; k < 90; k++) {
            const imp_action action = {0.4 + 0.2 * (k % 20 > 9), 0.5};
            imp_drive_step(&usual, &a, action);
            imp_drive_step(&corrected, &b, action);
        }
        // the trim changes the speed by its square, as the drive model has it
        assert_close(corrected.turn_rate, usual.turn_rate, 1e-9);
        assert_close(corrected.speed / usual.speed, 1.0, 0.03);
        const imp_action action = {0.3, -0.2};
        const imp_action back =
            imp_wheels_normalise_action(&list[n], imp_wheels_correct_action(&list[n], action));
        assert_close(back.left, action.left, 1e-12);
        assert_close(back.right, action.right, 1e-12);
    }
    // beyond the limit the robot keeps its curve
    const imp_wheels weak = {1.5, 0, 27, 0.8, 0.0318, IMP_WHEEL_DISTANCE};
    const imp_action fast = imp_wheels_correct_action(&weak, (imp_action){0.9, 0.6});
    assert_close(fast.left, 0.8, 1e-12);
    assert_close(fast.right / fast.left, 0.6 / 0.9, 1e-12);
}

static void write_file(const char *part, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, part);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%s", folder, part, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void folders_of_a_duckiebot_are_read(void **state)
{
    (void)state;
    char path[1024];
    imp_robot_def robot;
    imp_robot_remarks remarks;
    imp_error err = {0};
    write_file("camera_intrinsic", "default.yaml", LENS);
    write_file("kinematics", "default.yaml", "gain: 1\ntrim: 0\n");
    assert_ok(imp_robot_read(&robot, &remarks, folder, &err), err);
    assert_string_equal(robot.name, "default");
    write_file("kinematics", "duckie.yaml", WHEELS);
    assert_ok(imp_robot_read(&robot, &remarks, folder, &err), err);
    assert_string_equal(robot.name, "duckie");
    assert_close(robot.wheels.trim, 0.05, 0.0);
    assert_int_equal(robot.known, IMP_ROBOT_WHEELS | IMP_ROBOT_INTRINSIC);
    assert_remark(&remarks, false, "default.yaml is taken");
    assert_remark(&remarks, false, "camera_extrinsic/duckie.yaml");
    // several robots: one has to be chosen
    write_file("kinematics", "other.yaml", "gain: 1\ntrim: -0.02\n");
    assert_int_equal(imp_robot_read(&robot, &remarks, folder, &err), IMP_USAGE);
    snprintf(path, sizeof path, "%s/other", folder);
    assert_ok(imp_robot_read(&robot, &remarks, path, &err), err);
    assert_close(robot.wheels.trim, -0.02, 0.0);
    snprintf(path, sizeof path, "%s/nobody", folder);
    assert_int_equal(imp_robot_read(&robot, &remarks, path, &err), IMP_BAD_INPUT);
    // files with commas between them, in any order
    snprintf(path, sizeof path, "%s/kinematics/duckie.yaml,%s/camera_intrinsic/default.yaml",
             folder, folder);
    assert_ok(imp_robot_read(&robot, &remarks, path, &err), err);
    assert_int_equal(robot.known, IMP_ROBOT_WHEELS | IMP_ROBOT_INTRINSIC);
    assert_string_equal(robot.name, "duckie");
}

// Rays through the image come back, and known values of the formulas.
static void other_lenses_are_inverted(void **state)
{
    (void)state;
    const imp_lens lenses[] = {{.kind = IMP_LENS_CALIBRATED,
                                .model = IMP_LENS_EQUIDISTANT,
                                .width = 640,
                                .height = 480,
                                .fx = 300,
                                .fy = 300,
                                .cx = 320,
                                .cy = 240,
                                .k1 = -0.02,
                                .k2 = 0.003,
                                .k3 = -0.001,
                                .k4 = 2e-4},
                               {.kind = IMP_LENS_CALIBRATED,
                                .model = IMP_LENS_RATIONAL,
                                .width = 640,
                                .height = 480,
                                .fx = 330,
                                .fy = 330,
                                .cx = 320,
                                .cy = 240,
                                .k1 = 5.2,
                                .k2 = 2.1,
                                .p1 = 5e-4,
                                .p2 = -3e-4,
                                .k3 = 0.06,
                                .k4 = 5.5,
                                .k5 = 3.9,
                                .k6 = 0.5}};
    for (int n = 0; n < 2; n++)
        for (int k = 0; k < 49; k++) {
            const double x = ((k % 7) - 3) / 3.2, y = ((k / 7) - 3) / 4.2;
            double u, v, back_x, back_y;
            imp_lens_distort(&lenses[n], x, y, &u, &v);
            assert_true(imp_lens_undistort(&lenses[n], u, v, &back_x, &back_y));
            assert_close(back_x, x, 1e-9);
            assert_close(back_y, y, 1e-9);
        }
    double u, v;
    const double angle = atan(1.0);
    imp_lens_distort(&lenses[0], 0.6, 0.8, &u, &v);
    const double q = angle * angle;
    assert_close(v, 0.8 * angle * (1 + q * (-0.02 + q * (0.003 + q * (-0.001 + q * 2e-4)))), 1e-12);
    imp_lens_distort(&lenses[1], 0.0, 1.0, &u, &v);
    assert_close(v, (1 + 5.2 + 2.1 + 0.06) / (1 + 5.5 + 3.9 + 0.5) + 3 * 5e-4, 1e-12);
    assert_close(u, -3e-4, 1e-12);
}

// A dot on the ground, drawn where one camera sees it, is found where the other would see it.
static void images_of_one_camera_become_those_of_another(void **state)
{
    (void)state;
    enum { WIDTH = 320, HEIGHT = 240 };
    static uint8_t image[HEIGHT][WIDTH][3], out[HEIGHT][WIDTH][3];
    imp_camera_def from = imp_default_camera_def(), to = imp_default_camera_def();
    imp_undistorter *table;
    imp_camera a, b;
    imp_error err = {0};
    from.pitch = 0.25;
    from.mount_height = 0.12;
    from.mount_right = 0.01;
    from.width = to.width = WIDTH;
    from.height = to.height = HEIGHT;
    assert_ok(imp_camera_init(&a, &from, &err), err);
    assert_ok(imp_camera_init(&b, &to, &err), err);
    double at[2][2];
    for (int k = 0; k < 2; k++) {
        const imp_camera_def *d = k == 0 ? &from : &to;
        const double ahead = 0.3 - d->mount_forward, right = 0.05 - d->mount_right;
        const double depth = ahead * cos(d->pitch) + d->mount_height * sin(d->pitch);
        assert_true(imp_camera_ray_to_pixel(
            k == 0 ? &a : &b, right / depth,
            (d->mount_height * cos(d->pitch) - ahead * sin(d->pitch)) / depth, &at[k][0],
            &at[k][1]));
    }
    for (int y = -3; y <= 3; y++)
        for (int x = -3; x <= 3; x++)
            image[(int)at[0][1] + y][(int)at[0][0] + x][1] = 255;
    assert_ok(imp_undistorter_create_between(&table, &from, &to, WIDTH, HEIGHT, &err), err);
    imp_undistorter_apply(table, &image[0][0][0], &out[0][0][0]);
    imp_undistorter_destroy(table);
    double sum = 0, x = 0, y = 0;
    for (int k = 0; k < WIDTH * HEIGHT; k++) {
        const double value = out[k / WIDTH][k % WIDTH][1];
        sum += value;
        x += value * (k % WIDTH + 0.5);
        y += value * (k / WIDTH + 0.5);
    }
    assert_true(sum > 0);
    assert_close(x / sum, at[1][0], 0.8);
    assert_close(y / sum, at[1][1], 0.8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(homography_gives_the_mounting),
        cmocka_unit_test(lens_and_homography_are_read_together),
        cmocka_unit_test(wheels_and_text_survive),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(corrected_wheels_drive_as_usual),
        cmocka_unit_test_setup_teardown(folders_of_a_duckiebot_are_read, make_folder,
                                        remove_folder),
        cmocka_unit_test(other_lenses_are_inverted),
        cmocka_unit_test(images_of_one_camera_become_those_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
