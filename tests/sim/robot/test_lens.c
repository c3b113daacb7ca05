// The lens: forward against inverse, and both against the recorded maps of the reference.
#include <math.h>
#include <stdio.h>

#include "imprint/robot.h"
#include "testing.h"

static void inverse_undoes_forward(void **state)
{
    (void)state;
    imp_random random = imp_random_stream(1, 0, 0, IMP_PURPOSE_TEST);
    const imp_lens duckiebot = imp_lens_duckiebot();
    for (int n = 0; n < 20000; n++) {
        // a little to both sides of the real lens, tangential parts up to ten times as strong
        imp_lens lens = duckiebot;
        lens.kind = IMP_LENS_CUSTOM;
        lens.k1 *= imp_random_uniform(&random, 0.95, 1.05);
        lens.k2 *= imp_random_uniform(&random, 0.95, 1.05);
        lens.p1 *= imp_random_uniform(&random, -10.0, 10.0);
        lens.p2 *= imp_random_uniform(&random, -10.0, 10.0);
        double x = imp_random_uniform(&random, -1.2, 1.2);
        double y = imp_random_uniform(&random, -0.9, 0.9);
        double bent_x, bent_y, back_x, back_y;
        imp_lens_distort(&lens, x, y, &bent_x, &bent_y);
        assert_true(imp_lens_undistort(&lens, bent_x, bent_y, &back_x, &back_y));
        assert_true(fabs(back_x - x) < 1e-6);
        assert_true(fabs(back_y - y) < 1e-6);
    }
}

// The largest radius up to which a lens bends without folding, 1.3 at most.
static double sound_radius(const imp_lens *lens)
{
    double r = 0.0;
    for (; r < 1.3; r += 0.01) {
        const double r2 = r * r;
        const double radial = 1.0 + r2 * (lens->k1 + r2 * (lens->k2 + r2 * lens->k3));
        const double slope =
            1.0 + r2 * (3.0 * lens->k1 + r2 * (5.0 * lens->k2 + r2 * 7.0 * lens->k3));
        if (radial < 0.2 || slope < 0.2)
            break;
    }
    return 0.9 * r;
}

static void any_sane_lens_can_be_undone(void **state)
{
    (void)state;
    imp_random random = imp_random_stream(2, 0, 0, IMP_PURPOSE_TEST);
    double worst = 0.0;
    int barrels = 0;
    for (int n = 0; n < 20000; n++) {
        const imp_lens lens = {.kind = IMP_LENS_CALIBRATED,
                               .k1 = imp_random_uniform(&random, -0.4, 0.4),
                               .k2 = imp_random_uniform(&random, -0.1, 0.2),
                               .k3 = imp_random_uniform(&random, -0.02, 0.02),
                               .p1 = imp_random_uniform(&random, -0.01, 0.01),
                               .p2 = imp_random_uniform(&random, -0.01, 0.01)};
        const double radius = sound_radius(&lens) * sqrt(imp_random_uniform(&random, 0.0, 1.0));
        const double angle = imp_random_uniform(&random, 0.0, 6.2831853);
        const double x = radius * cos(angle), y = radius * sin(angle);
        double bent_x, bent_y, back_x, back_y;
        imp_lens_distort(&lens, x, y, &bent_x, &bent_y);
        assert_true(imp_lens_undistort(&lens, bent_x, bent_y, &back_x, &back_y));
        worst = fmax(worst, hypot(back_x - x, back_y - y));
        barrels += lens.k1 < 0.0;
    }
    print_message("inverse of random lenses: worst error %.1e\n", worst);
    assert_true(worst < 1e-6);
    assert_in_range(barrels, 8000, 12000);
}

static void forward_is_opencvs(void **state)
{
    (void)state;
    // worked by hand: r2 = 0.5, radial 1 - 0.1 + 0.007625 = 0.907625
    const imp_lens lens = imp_lens_duckiebot();
    double x, y;
    imp_lens_distort(&lens, 0.5, -0.5, &x, &y);
    const double cross = 2.0 * 0.5 * -0.5, squares = 0.5 + 2.0 * 0.25;
    assert_true(fabs(x - (0.5 * 0.907625 + lens.p1 * cross + lens.p2 * squares)) < 1e-12);
    assert_true(fabs(y - (-0.5 * 0.907625 + lens.p1 * squares + lens.p2 * cross)) < 1e-12);
}

static void folded_lens_shows_nothing(void **state)
{
    (void)state;
    imp_lens lens = imp_lens_duckiebot();
    lens.k1 = -0.5;
    lens.k2 = 0.0;
    double x, y;
    // the model reaches its largest radius, 0.544, where 1 - 1.5 r2 = 0
    assert_true(imp_lens_undistort(&lens, 0.5, 0.0, &x, &y));
    assert_false(imp_lens_undistort(&lens, 0.6, 0.0, &x, &y));
    assert_false(imp_lens_undistort(&lens, NAN, 0.0, &x, &y));
}

// The mean error is the recording's own: it cuts off fractions and fills holes.
static void agrees_with_the_recording(void **state)
{
    (void)state;
    FILE *file = fopen(IMP_TEST_DATA "/lens_inverse.csv", "r");
    assert_non_null(file);
    imp_camera_def def = imp_default_camera_def();
    def.width = 640;
    def.height = 480;
    imp_camera camera;
    imp_error err = {0};
    assert_ok(imp_camera_init(&camera, &def, &err), err);

    char line[256];
    double a, b, c, d, error = 0.0, worst = 0.0;
    int rows = 0, inside = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%lf,%lf,%lf,%lf", &a, &b, &c, &d) != 4)
            continue;
        if (rows++ == 0) {
            assert_true(fabs(camera.rectified.fx - a) < 1e-3);
            assert_true(fabs(camera.rectified.fy - b) < 1e-3);
            assert_true(fabs(camera.rectified.cx - c) < 1e-3);
            assert_true(fabs(camera.rectified.cy - d) < 1e-3);
            continue;
        }
        double x, y;
        assert_true(imp_camera_pixel_to_ray(&camera, a + 0.5, b + 0.5, &x, &y));
        const double focal = 240.0 / tan(0.5 * def.field_of_view);
        const double plain_x = x * focal + 320.0 - 0.5, plain_y = y * focal + 240.0 - 0.5;
        // outside the plain picture the recording repeats its border, ours looks on
        if (plain_x < 0.0 || plain_x > 639.0 || plain_y < 0.0 || plain_y > 479.0)
            continue;
        const double distance = hypot(plain_x - c, plain_y - d);
        error += distance;
        worst = fmax(worst, distance);
        inside++;
    }
    fclose(file);
    print_message("inverse lens: mean error %.3f px, worst %.2f px at %d pixels\n", error / inside,
                  worst, inside);
    assert_int_equal(rows, 1 + 24 * 32);
    assert_true(inside > 600);
    assert_true(error / inside <= 0.5);
    assert_true(worst < 4.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inverse_undoes_forward),    cmocka_unit_test(any_sane_lens_can_be_undone),
        cmocka_unit_test(forward_is_opencvs),        cmocka_unit_test(folded_lens_shows_nothing),
        cmocka_unit_test(agrees_with_the_recording),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
