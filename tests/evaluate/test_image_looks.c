// Figures of images whose look is known.
#include "testing.h"

#include <math.h>
#include <string.h>

#include "evaluate/image_looks/image_looks.h"

enum { WIDE = IMP_LOOKS_WIDTH, HIGH = IMP_LOOKS_HEIGHT };

static void fill_rows(uint8_t *rgb, int from, int to, uint8_t r, uint8_t g, uint8_t b)
{
    for (int k = from * WIDE; k < to * WIDE; k++)
        memcpy(rgb + 3 * k, (const uint8_t[]){r, g, b}, 3);
}

static void figures_are_those_of_the_image(void **state)
{
    (void)state;
    uint8_t rgb[HIGH * WIDE * 3];
    double f[IMP_LOOK_COUNT];
    // a grey wall of stripes above row 20, a bluish road, and a black lower border
    fill_rows(rgb, 0, 20, 200, 200, 200);
    for (int y = 0; y < 20; y++)
        for (int x = 0; x < WIDE; x += 2)
            memset(rgb + 3 * (y * WIDE + x), 190, 3);
    fill_rows(rgb, 20, 54, 60, 70, 80);
    fill_rows(rgb, 54, 60, 10, 10, 10);
    imp_image_statistics_compute(f, rgb, 20.3);
    const double road = 0.299 * 60 + 0.587 * 70 + 0.114 * 80;
    assert_close(f[IMP_LOOK_LUMA_ABOVE], 195.0 - (34 * road + 6 * 10.0) / 40, 1e-9);
    assert_close(f[IMP_LOOK_GRADIENT], 10.0, 1e-9);
    assert_close(f[IMP_LOOK_ROAD_CHROMA], 20.0, 0.0);
    assert_close(f[IMP_LOOK_DARK], 10.0, 1e-9);
    assert_close(f[IMP_LOOK_ROAD_ROW], 20.0, 0.0);
    // a row of a line across the road does not end it, two rows of another colour do
    fill_rows(rgb, 28, 29, 220, 220, 220);
    imp_image_statistics_compute(f, rgb, 20.0);
    assert_close(f[IMP_LOOK_ROAD_ROW], 20.0, 0.0);
    fill_rows(rgb, 28, 30, 60, 110, 60);
    imp_image_statistics_compute(f, rgb, 20.0);
    assert_close(f[IMP_LOOK_ROAD_ROW], 30.0, 0.0);
}

static void the_horizon_is_that_of_the_camera(void **state)
{
    (void)state;
    imp_camera_def camera = imp_default_camera_def();
    imp_error err = {0};
    double row, higher;
    camera.lens = imp_lens_none();
    assert_ok(imp_image_statistics_find_horizon(&row, &camera, &err), err);
    // a pinhole: the distance from the middle is the tangent of the pitch over that of half the
    // view
    assert_close(row, 30.0 * (1.0 - tan(camera.pitch) / tan(0.5 * camera.field_of_view)), 1e-6);
    camera.pitch *= 0.5;
    assert_ok(imp_image_statistics_find_horizon(&higher, &camera, &err), err);
    assert_true(higher > row + 3.0);
    camera.pitch = 1.2;
    assert_int_equal(imp_image_statistics_find_horizon(&row, &camera, &err), IMP_USAGE);
}

static void percentiles_are_of_each_figure(void **state)
{
    (void)state;
    imp_image_statistics looks = {0};
    imp_error err = {0};
    double found[3][IMP_LOOK_COUNT];
    for (int k = 0; k <= 100; k++) {
        const double x = (double)((k * 37) % 101);
        const double values[IMP_LOOK_COUNT] = {x, -x, 2.0 * x, 0.0, 7.0};
        assert_ok(imp_image_statistics_add(&looks, values, &err), err);
    }
    const double shares[3] = {0.1, 0.5, 0.9};
    assert_ok(imp_image_statistics_percentiles(found, &looks, shares, 3, &err), err);
    assert_close(found[0][0], 10.0, 0.0);
    assert_close(found[1][1], -50.0, 0.0);
    assert_close(found[2][2], 180.0, 0.0);
    assert_close(found[2][4], 7.0, 0.0);
    imp_image_statistics_free(&looks);
    assert_ok(imp_image_statistics_percentiles(found, &looks, shares, 3, &err), err);
    assert_true(isnan(found[1][0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_the_image),
        cmocka_unit_test(the_horizon_is_that_of_the_camera),
        cmocka_unit_test(percentiles_are_of_each_figure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
