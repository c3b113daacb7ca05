// Lenses whose model folds back on itself: every camera that could exist is taken, whether the fold
// lies inside its picture or outside. What lies before the fold is undone exactly; beyond it there
// is nothing.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imprint/robot.h"
#include "testing.h"

// The squared radius up to which the distorted radius grows, looked for in small steps.
static double find_fold_radius(const imp_lens *lens)
{
    double q = 0.0;
    for (; q < 16.0; q += 1e-3)
        if (1.0 + q * (3.0 * lens->k1 + q * (5.0 * lens->k2 + q * 7.0 * lens->k3)) <= 0.0)
            break;
    return q;
}

// What is distorted before the fold comes back to where it was; and whatever a point of the picture
// is said to show lies before the fold and is distorted to that point.
static void check_inverse(const imp_lens *lens)
{
    const double fold = find_fold_radius(lens);
    for (int n = 0; n < 120; n++) {
        const double radius = 0.97 * fmin(sqrt(fold), 1.5) * (n / 12 + 1) / 10.0;
        const double angle = n % 12 * 0.5236;
        const double x = radius * cos(angle), y = radius * sin(angle);
        double u, v, back_x, back_y;
        imp_lens_distort(lens, x, y, &u, &v);
        if (!imp_lens_undistort(lens, u, v, &back_x, &back_y))
            fail_msg("k %g %g %g: nothing at radius %g of %g", lens->k1, lens->k2, lens->k3, radius,
                     sqrt(fold));
        assert_close(back_x, x, 1e-6);
        assert_close(back_y, y, 1e-6);
    }
    for (int n = 0; n < 21 * 21; n++) {
        const double u = 0.15 * (n % 21 - 10), v = 0.15 * (n / 21 - 10);
        double x, y, again_u, again_v;
        if (!imp_lens_undistort(lens, u, v, &x, &y))
            continue;
        imp_lens_distort(lens, x, y, &again_u, &again_v);
        assert_close(again_u, u, 1e-11);
        assert_close(again_v, v, 1e-11);
        if (!(x * x + y * y <= fold + 2e-3))
            fail_msg("k %g %g %g: (%g, %g) shows a ray at radius %g, beyond the fold at %g",
                     lens->k1, lens->k2, lens->k3, u, v, hypot(x, y), sqrt(fold));
    }
}

static void every_lens_is_undone_up_to_its_fold(void **state)
{
    (void)state;
    int folded = 0, count = 0;
    for (double k1 = -0.6; k1 < 0.61; k1 += 0.1)
        for (double k2 = -0.3; k2 < 0.61; k2 += 0.15)
            for (double k3 = -0.1; k3 < 0.21; k3 += 0.05) {
                const imp_lens lens = {.kind = IMP_LENS_CALIBRATED, .k1 = k1, .k2 = k2, .k3 = k3};
                check_inverse(&lens);
                folded += find_fold_radius(&lens) < 2.0;
                count++;
            }
    print_message("%d lenses, %d of them fold before radius 1.4\n", count, folded);
    assert_true(folded > count / 4);
}

// A camera exists for every calibration, and shows what the calibration says.
static void check_camera(const imp_lens *lens)
{
    imp_camera_def def = imp_default_camera_def();
    imp_camera camera;
    imp_error err = {0};
    def.width = lens->width / 8;
    def.height = lens->height / 8;
    def.lens = *lens;
    if (imp_camera_init(&camera, &def, &err) != IMP_OK)
        fail_msg("k %g %g %g, focal length %g: %s", lens->k1, lens->k2, lens->k3, lens->fx,
                 err.message);
    int seen = 0;
    for (int n = 0; n < def.width * def.height; n++) {
        const double px = n % def.width + 0.5, py = n / def.width + 0.5;
        double x, y, u, v;
        if (!imp_camera_pixel_to_ray(&camera, px, py, &x, &y))
            continue;
        seen++;
        imp_lens_distort(lens, x, y, &u, &v);
        assert_close(lens->fx * u + lens->cx, 8.0 * px, 1e-7);
        assert_close(lens->fy * v + lens->cy, 8.0 * py, 1e-7);
    }
    assert_true(seen > 0);
    const imp_pinhole flat = imp_lens_rectified_pinhole(lens);
    if (!(flat.fx > 0.2 * lens->fx && flat.fx < 3.0 * lens->fx && flat.fy > 0.2 * lens->fy &&
          flat.fy < 3.0 * lens->fy && flat.cx > 0.0 && flat.cx < lens->width && flat.cy > 0.0 &&
          flat.cy < lens->height))
        fail_msg("k %g %g %g, focal length %g: straightened to %g %g %g %g", lens->k1, lens->k2,
                 lens->k3, lens->fx, flat.fx, flat.fy, flat.cx, flat.cy);
}

static void every_lens_makes_a_camera(void **state)
{
    (void)state;
    for (double focal = 240.0; focal < 500.0; focal += 40.0)
        for (double k1 = -0.6; k1 < 0.61; k1 += 0.05)
            for (int k = 0; k < 6; k++) {
                const double k2[] = {0.0, 0.03, 0.15, 0.4, -0.1, 0.1};
                const double k3[] = {0.0, 0.0, 0.0, -0.1, 0.02, -0.02};
                check_camera(&(imp_lens){.kind = IMP_LENS_CALIBRATED,
                                         .width = 640,
                                         .height = 480,
                                         .fx = focal,
                                         .fy = 1.02 * focal,
                                         .cx = 310.5,
                                         .cy = 238.0,
                                         .k1 = k1,
                                         .k2 = k2[k],
                                         .p1 = k % 2 ? 0.002 : 0.0,
                                         .p2 = -0.001 * (k / 2),
                                         .k3 = k3[k]});
            }
}

// The kinds of cameras that calibrations are published of: width, height, fx, fy, cx, cy, k1, k2,
// p1, p2, k3.
static const double PUBLISHED[][11] = {
    {640, 480, 320, 320, 320, 240, -0.2, 0, 0, 0, 0},                              // folds in it
    {640, 480, 305.57, 308.83, 303.08, 231.88, -0.2, 0.0305, 0.0006, -0.0007, 0},  // a Duckiebot
    {640, 480, 438.78, 437.35, 305.59, 243.74, -0.362, 0.1105, 0.001, 0.0005, 0},  // ROS's tutorial
    {640, 480, 322.1, 323.9, 329.2, 231.7, -0.27, 0.045, 0.0021, -0.0009, 0},      // a wide lens
    {640, 480, 290.4, 291.7, 318.3, 225.1, -0.31, 0.077, -0.001, 0.0004, -0.0075}, // 160 degrees
    {1280, 720, 580.3, 581.9, 641.2, 352.8, -0.33, 0.11, 0.0003, -0.0002, -0.017}, // the same, HD
    {1920, 1080, 872.0, 868.6, 956.5, 541.2, -0.263, 0.081, 0.0006, -0.0003, -0.011}, // action
    {640, 240, 320, 320, 318, 30, -0.25, 0.03, 0, 0, 0},                              // cropped
    {320, 240, 160, 160, 350, 120, -0.2, 0, 0, 0, 0},                     // off its axis
    {1600, 1200, 5200, 5190, 801, 590, -0.11, 2.4, 0.001, -0.002, -38.0}, // a telephoto lens
    {640, 480, 610.2, 609.9, 321.4, 243.8, 0, 0, 0, 0, 0},                // none
    {800, 600, 420, 421, 402, 297, 0.31, -0.12, 0.003, 0.001, 0.05},      // a pincushion
    {752, 480, 458.65, 457.3, 367.2, 248.4, -0.2834, 0.0739, 0.0002, 1.76e-5, 0}, // a drone
};

static void write_calibration(const char *path, const double *v, bool projection)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "image_width: %g\nimage_height: %g\ndistortion_model: plumb_bob\n"
            "camera_matrix: {rows: 3, cols: 3, data: [%g, 0, %g, 0, %g, %g, 0, 0, 1]}\n"
            "distortion_coefficients: {rows: 1, cols: 5, data: [%g, %g, %g, %g, %g]}\n",
            v[0], v[1], v[2], v[4], v[3], v[5], v[6], v[7], v[8], v[9], v[10]);
    if (projection)
        fprintf(file,
                "projection_matrix: {rows: 3, cols: 4, data: "
                "[%g, 0, %g, 0, 0, %g, %g, 0, 0, 0, 1, 0]}\n",
                0.8 * v[2], 0.5 * v[0], 0.8 * v[3], 0.5 * v[1]);
    assert_int_equal(fclose(file), 0);
}

// Straightens a white picture and counts what is not black.
static int undistort_and_count(const imp_calibration *from, int width, int height)
{
    imp_undistorter *table;
    imp_error err = {0};
    assert_ok(imp_undistorter_create(&table, from, width, height, &err), err);
    const size_t size = (size_t)width * (size_t)height * 3;
    uint8_t *white = malloc(size), *flat = malloc(size);
    assert_non_null(white);
    assert_non_null(flat);
    memset(white, 255, size);
    imp_undistorter_apply(table, white, flat);
    int count = 0;
    for (size_t k = 0; k < size; k += 3)
        count += flat[k] == 255;
    imp_undistorter_destroy(table);
    free(white);
    free(flat);
    return count;
}

static void published_calibrations_work(void **state)
{
    (void)state;
    char path[] = "/tmp/imprint-lens-XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0 && close(file) == 0);
    for (size_t k = 0; k < sizeof PUBLISHED / sizeof PUBLISHED[0]; k++)
        for (int projection = 0; projection < 2; projection++) {
            const double *v = PUBLISHED[k];
            imp_calibration read;
            imp_error err = {0};
            write_calibration(path, v, projection);
            assert_ok(imp_calibration_read(&read, path, &err), err);
            const int width = (int)v[0] / 8, height = (int)v[1] / 8;
            const int shown = undistort_and_count(&read, width, height);
            print_message("calibration %zu, %d: straightened %3d%% of the picture, focal length "
                          "%g to %g\n",
                          k, projection, 100 * shown / (width * height), v[2], read.projection.fx);
            assert_true(shown > width * height / 3);
            imp_camera_def def = imp_default_camera_def();
            imp_camera camera;
            def.lens = read.lens;
            assert_ok(imp_camera_init(&camera, &def, &err), err);
        }
    assert_int_equal(remove(path), 0);
}

// Refused is what no picture could come from.
static void only_empty_images_are_refused(void **state)
{
    (void)state;
    imp_camera_def def = imp_default_camera_def();
    imp_camera camera;
    imp_error err = {0};
    def.lens = (imp_lens){.kind = IMP_LENS_CALIBRATED,
                          .width = 640,
                          .height = 480,
                          .fx = 320,
                          .fy = 320,
                          .cx = 320,
                          .cy = 240,
                          .k1 = -0.2};
    assert_ok(imp_camera_init(&camera, &def, &err), err);
    double x, y;
    assert_true(imp_camera_pixel_to_ray(&camera, 40.0, 30.0, &x, &y));
    assert_false(imp_camera_pixel_to_ray(&camera, 0.5, 0.5, &x, &y));
    def.lens.cx = -200.0; // the fold lies at 275 pixels
    assert_ok(imp_camera_init(&camera, &def, &err), err);
    def.lens.cx = -300.0;
    assert_int_equal(imp_camera_init(&camera, &def, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "principal point (-300, 240)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_lens_is_undone_up_to_its_fold),
        cmocka_unit_test(every_lens_makes_a_camera),
        cmocka_unit_test(published_calibrations_work),
        cmocka_unit_test(only_empty_images_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
