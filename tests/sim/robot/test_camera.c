// The camera: where pixels look, at any size, and what is refused.
#include <math.h>

#include "base/common/vector2.h"
#include "imprint/robot.h"
#include "testing.h"

static imp_camera make_camera(const imp_camera_def *def)
{
    imp_camera camera;
    imp_error err = {0};
    assert_ok(imp_camera_init(&camera, def, &err), err);
    return camera;
}

static void plain_picture_is_a_pinhole(void **state)
{
    (void)state;
    imp_camera_def def = imp_default_camera_def();
    def.lens = imp_lens_none();
    def.width = 200;
    def.height = 100;
    const imp_camera camera = make_camera(&def);
    double x, y;
    assert_true(imp_camera_pixel_to_ray(&camera, 100.0, 50.0, &x, &y));
    assert_true(fabs(x) < 1e-12 && fabs(y) < 1e-12);
    // half of 75 degrees to the lower border; square pixels
    assert_true(imp_camera_pixel_to_ray(&camera, 200.0, 100.0, &x, &y));
    assert_true(fabs(y - tan(37.5 * acos(-1.0) / 180.0)) < 1e-12);
    assert_true(fabs(x - 2.0 * y) < 1e-12);
}

static void rays_do_not_depend_on_the_size(void **state)
{
    (void)state;
    imp_camera_def def = imp_default_camera_def();
    for (int lens = 0; lens < 2; lens++) {
        def.lens = lens ? imp_lens_duckiebot() : imp_lens_none();
        def.width = 80;
        def.height = 60;
        const imp_camera small = make_camera(&def);
        def.width = 640;
        def.height = 480;
        const imp_camera large = make_camera(&def);
        for (int py = 0; py <= 60; py += 3)
            for (int px = 0; px <= 80; px += 4) {
                double ax, ay, bx, by;
                assert_true(imp_camera_pixel_to_ray(&small, px, py, &ax, &ay));
                assert_true(imp_camera_pixel_to_ray(&large, 8.0 * px, 8.0 * py, &bx, &by));
                assert_true(fabs(ax - bx) < 1e-9 && fabs(ay - by) < 1e-9);
            }
    }
}

// There and back for every lens, within the picture and somewhat beyond.
static void pixels_and_rays_are_inverse(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_lens lenses[] = {imp_lens_none(), imp_lens_duckiebot(), imp_lens_duckiebot()};
    lenses[2].kind = IMP_LENS_CALIBRATED;
    for (int k = 0; k < 3; k++) {
        imp_camera_def def = imp_default_camera_def();
        imp_camera camera;
        def.lens = lenses[k];
        def.width = 160;
        def.height = 120;
        assert_ok(imp_camera_init(&camera, &def, &err), err);
        for (int j = -10; j <= 130; j += 5)
            for (int i = -10; i <= 170; i += 5) {
                double x, y, px, py;
                if (!imp_camera_pixel_to_ray(&camera, i, j, &x, &y))
                    continue;
                assert_true(imp_camera_ray_to_pixel(&camera, x, y, &px, &py));
                assert_close(px, i, 1e-6);
                assert_close(py, j, 1e-6);
            }
        double px, py;
        assert_false(imp_camera_ray_to_pixel(&camera, NAN, 0.0, &px, &py));
        assert_int_equal(imp_camera_ray_to_pixel(&camera, 30.0, 30.0, &px, &py), k == 0);
    }
}

static void bad_cameras_are_refused(void **state)
{
    (void)state;
    const double wrong[] = {NAN, INFINITY, -INFINITY};
    enum { FIELDS = 13 };
    for (int field = 0; field < FIELDS; field++)
        for (int k = 0; k < 3; k++) {
            imp_camera_def def = imp_default_camera_def();
            imp_lens *lens = &def.lens;
            double *fields[FIELDS] = {
                &def.mount_height, &def.mount_forward, &def.pitch, &def.field_of_view, &lens->fx,
                &lens->fy,         &lens->cx,          &lens->cy,  &lens->k1,          &lens->k2,
                &lens->p1,         &lens->p2,          &lens->k3};
            *fields[field] = wrong[k];
            imp_camera camera;
            imp_error err = {0};
            assert_int_equal(imp_camera_init(&camera, &def, &err), IMP_USAGE);
            assert_true(err.message[0] != '\0');
        }
    const int sizes[][2] = {{0, 1}, {1, 0}, {-1, 5}, {8193, 1}, {1, 8193}};
    for (int k = 0; k < 5; k++) {
        imp_camera_def def = imp_default_camera_def();
        def.width = sizes[k][0];
        def.height = sizes[k][1];
        imp_camera camera;
        assert_int_equal(imp_camera_init(&camera, &def, NULL), IMP_USAGE);
    }
    imp_camera camera;
    const imp_camera_def zeroed = {.width = 80, .height = 60};
    assert_int_equal(imp_camera_init(&camera, &zeroed, NULL), IMP_USAGE);
}

// What lies at the limits is taken.
static void extreme_cameras_are_taken(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_camera camera;
    imp_camera_def extreme[6];
    for (int k = 0; k < 6; k++) {
        extreme[k] = imp_default_camera_def();
        extreme[k].lens = imp_lens_none();
    }
    extreme[0].width = 8192;
    extreme[1].height = 8192;
    extreme[2].pitch = IMP_PI / 2.0;
    extreme[3].pitch = -IMP_PI / 2.0;
    extreme[4].mount_height = 1e3;
    extreme[5].mount_forward = extreme[5].mount_right = -1e3;
    for (int k = 0; k < 6; k++)
        assert_ok(imp_camera_init(&camera, &extreme[k], &err), err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_picture_is_a_pinhole),
        cmocka_unit_test(rays_do_not_depend_on_the_size),
        cmocka_unit_test(pixels_and_rays_are_inverse),
        cmocka_unit_test(bad_cameras_are_refused),
        cmocka_unit_test(extreme_cameras_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
