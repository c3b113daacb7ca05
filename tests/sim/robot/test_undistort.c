// Straightening pictures: the map against the recorded one, and pictures against known places.
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "imprint/robot.h"
#include "testing.h"

enum { WIDTH = 640, HEIGHT = 480 };

// A wave of 4 per pixel that goes up and down between 0 and 252.
static double wave(double place)
{
    return 252.0 - fabs(fmod(place, 126.0) - 63.0) * 4.0;
}

// Whether a place is not where the wave turns.
static bool is_steady(double place)
{
    const double rest = fmod(place, 63.0);
    return rest > 1.0 && rest < 62.0;
}

// A picture whose red and green tell the place.
static uint8_t *ramp(int width, int height)
{
    uint8_t *rgb = calloc((size_t)width * (size_t)height, 3);
    assert_non_null(rgb);
    for (int k = 0; k < width * height; k++) {
        rgb[3 * k] = (uint8_t)wave(k % width);
        rgb[3 * k + 1] = (uint8_t)wave(floor((double)k / width));
        rgb[3 * k + 2] = 255;
    }
    return rgb;
}

static const double *read_numbers(json_t *root, const char *key, int index, double *row, int count)
{
    json_t *list = json_array_get(json_object_get(root, key), (size_t)index);
    for (int k = 0; k < count; k++)
        row[k] = json_number_value(json_array_get(list, (size_t)k));
    return row;
}

// The straightened picture shows what the recorded rectification map says.
static void follows_the_recorded_map(void **state)
{
    (void)state;
    json_error_t problem;
    json_t *root = json_load_file(IMP_TEST_DATA "/golden/lens.json", 0, &problem);
    if (root == NULL)
        fail_msg("golden/lens.json: %s", problem.text);
    imp_error err = {0};
    imp_calibration from = imp_calibration_duckiebot();
    from.projection = imp_lens_rectified_pinhole(&from.lens);
    // the recording counts from the middle of the first pixel
    from.lens.cx += 0.5;
    from.lens.cy += 0.5;
    imp_undistorter *table;
    assert_ok(imp_undistorter_create(&table, &from, WIDTH, HEIGHT, &err), err);
    uint8_t *bent = ramp(WIDTH, HEIGHT), *flat = calloc(WIDTH * HEIGHT, 3);
    assert_non_null(flat);
    imp_undistorter_apply(table, bent, flat);
    for (int j = 0; j < 24; j++) {
        double x[32], y[32];
        read_numbers(root, "mapx", j, x, 32);
        read_numbers(root, "mapy", j, y, 32);
        for (int i = 0; i < 32; i++) {
            const uint8_t *pixel = flat + (20 * j * WIDTH + 20 * i) * 3;
            assert_int_equal(pixel[2], 255);
            // half a byte of rounding, and half of 1/32 pixel
            if (is_steady(x[i]))
                assert_close(pixel[0], wave(x[i]), 0.5 + 4.5 / 64.0);
            if (is_steady(y[i]))
                assert_close(pixel[1], wave(y[i]), 0.5 + 4.5 / 64.0);
        }
    }
    json_decref(root);
    imp_undistorter_destroy(table);
    free(bent);
    free(flat);
}

// Where nothing is bent and the projection is the camera's own, nothing changes.
static void undistorted_images_stay(void **state)
{
    (void)state;
    imp_error err = {0};
    const imp_calibration from = {.lens = {.kind = IMP_LENS_CALIBRATED,
                                           .width = WIDTH,
                                           .height = HEIGHT,
                                           .fx = 300.0,
                                           .fy = 310.0,
                                           .cx = 320.5,
                                           .cy = 240.5},
                                  .projection = {300.0, 310.0, 320.0, 240.0}};
    for (int width = 40; width <= 640; width *= 4) {
        const int height = width * 3 / 4;
        const size_t size = (size_t)width * (size_t)height * 3;
        imp_undistorter *table;
        assert_ok(imp_undistorter_create(&table, &from, width, height, &err), err);
        uint8_t *rgb = ramp(width, height), *out = calloc(1, size);
        assert_non_null(out);
        imp_undistorter_apply(table, rgb, out);
        assert_memory_equal(rgb, out, size);
        imp_undistorter_destroy(table);
        free(rgb);
        free(out);
    }
}

// Beyond the lens's picture it is black, also where the model folds back into it.
static void outside_the_image_is_black(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_calibration from = imp_calibration_duckiebot();
    from.projection = (imp_pinhole){40.0, 40.0, 319.5, 239.5};
    imp_undistorter *table;
    assert_ok(imp_undistorter_create(&table, &from, 64, 48, &err), err);
    uint8_t *rgb = malloc(64 * 48 * 3), *out = malloc(64 * 48 * 3);
    assert_non_null(rgb);
    assert_non_null(out);
    memset(rgb, 200, 64 * 48 * 3);
    imp_undistorter_apply(table, rgb, out);
    assert_int_equal(out[(24 * 64 + 32) * 3], 200);
    for (int i = 0; i < 64 * 3; i++) {
        assert_int_equal(out[i], 0);
        assert_int_equal(out[47 * 64 * 3 + i], 0);
    }
    imp_undistorter_destroy(table);
    free(rgb);
    free(out);
}

static void unsound_calibrations_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_undistorter *table = NULL;
    imp_calibration from = imp_calibration_duckiebot();
    from.projection.fx = NAN;
    assert_int_equal(imp_undistorter_create(&table, &from, 64, 48, &err), IMP_USAGE);
    from = imp_calibration_duckiebot();
    from.lens = imp_lens_none();
    assert_int_equal(imp_undistorter_create(&table, &from, 64, 48, &err), IMP_USAGE);
    from = imp_calibration_duckiebot();
    assert_int_equal(imp_undistorter_create(&table, &from, 0, 48, &err), IMP_USAGE);
    assert_null(table);
    imp_undistorter_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_recorded_map),
        cmocka_unit_test(undistorted_images_stay),
        cmocka_unit_test(outside_the_image_is_black),
        cmocka_unit_test(unsound_calibrations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
