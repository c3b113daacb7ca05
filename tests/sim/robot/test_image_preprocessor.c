// The agent sees what training saw: the camera's 640 x 480 pixels, averaged over each pixel's area.
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/image/jpeg_codec.h"
#include "sim/robot/image_preprocessor.h"

enum { WIDE = 640, HIGH = 480 };

// A picture with edges and colours of every kind, and soft ones.
static uint8_t *make_image(int width, int height)
{
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3);
    assert_non_null(rgb);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *p = rgb + ((size_t)y * (size_t)width + (size_t)x) * 3;
            const bool line = abs(x - y) % 97 < 9;
            p[0] = line ? 230 : (uint8_t)(60 + x * 90 / width);
            p[1] = line ? 200 : (uint8_t)(70 + y * 60 / height);
            p[2] = line && (x / 40) % 2 == 0 ? 30 : (uint8_t)(80 + (x + y) % 23);
        }
    return rgb;
}

// The mean over each pixel's area, in double precision and pixel by pixel.
static void reduce_reference(const uint8_t *rgb, int width, int height, int to_width, int to_height,
                             double *out)
{
    const double across = (double)width / to_width, down = (double)height / to_height;
    for (int y = 0; y < to_height; y++)
        for (int x = 0; x < to_width; x++)
            for (int c = 0; c < 3; c++) {
                double sum = 0.0;
                for (int v = (int)(y * down); v < height && v < (y + 1) * down; v++)
                    for (int u = (int)(x * across); u < width && u < (x + 1) * across; u++) {
                        const double w = fmin(u + 1, (x + 1) * across) - fmax(u, x * across);
                        const double h = fmin(v + 1, (y + 1) * down) - fmax(v, y * down);
                        sum += w * h * rgb[((size_t)v * (size_t)width + (size_t)u) * 3 + (size_t)c];
                    }
                out[(y * to_width + x) * 3 + c] = sum / (across * down);
            }
}

// How far what the eye sees is from the mean of the picture that it is shown: worst and mean.
static void compare(const uint8_t *jpeg, size_t length, int width, int height, double *worst,
                    double *mean)
{
    imp_error err = {0};
    imp_image_preprocessor *preprocessor;
    imp_jpeg_reader *reader;
    const uint8_t *full;
    int full_width, full_height;
    const size_t values = (size_t)width * (size_t)height * 3;
    uint8_t *seen = malloc(values);
    double *wanted = malloc(values * sizeof *wanted);
    assert_ok(imp_jpeg_reader_create(&reader, &err), err);
    assert_ok(imp_jpeg_reader_open(reader, jpeg, length, &full_width, &full_height, &err), err);
    assert_ok(imp_jpeg_reader_decode(reader, false, &full, &full_width, &full_height, &err), err);
    reduce_reference(full, full_width, full_height, width, height, wanted);
    imp_jpeg_reader_destroy(reader);
    assert_ok(imp_image_preprocessor_create(&preprocessor, width, height, NULL, &err), err);
    assert_ok(imp_image_preprocessor_run_jpeg(preprocessor, jpeg, length, seen, &err), err);
    imp_image_preprocessor_destroy(preprocessor);
    *worst = *mean = 0.0;
    for (size_t k = 0; k < values; k++) {
        *worst = fmax(*worst, fabs(seen[k] - wanted[k]));
        *mean += fabs(seen[k] - wanted[k]) / (double)values;
    }
    free(seen);
    free(wanted);
}

static void test_sizes(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_jpeg_writer *writer;
    const uint8_t *jpeg;
    size_t length;
    uint8_t *rgb = make_image(WIDE, HIGH);
    assert_ok(imp_jpeg_writer_create(&writer, WIDE, HIGH, 95, &err), err);
    assert_ok(imp_jpeg_writer_encode(writer, rgb, &jpeg, &length, &err), err);
    // exact sizes go through the means of blocks, whose colours are smoothed a little otherwise;
    // the others must be right but for rounding
    static const struct {
        int width, height;
        double worst, mean;
    } cases[] = {
        {80, 60, 12.0, 0.75}, {40, 30, 6.0, 0.75},   {160, 120, 0.51, 0.3},  {84, 84, 0.51, 0.3},
        {64, 48, 0.51, 0.3},  {640, 480, 0.01, 0.0}, {1000, 700, 0.51, 0.3},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        double worst, mean;
        compare(jpeg, length, cases[k].width, cases[k].height, &worst, &mean);
        print_message("%d x %d: worst %.2f, mean %.3f\n", cases[k].width, cases[k].height, worst,
                      mean);
        assert_true(worst <= cases[k].worst && mean <= cases[k].mean);
    }
    imp_jpeg_writer_destroy(writer);
    free(rgb);
}

static void test_decoded_images(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_image_preprocessor *preprocessor;
    uint8_t *rgb = make_image(WIDE, HIGH), seen[50 * 35 * 3];
    double wanted[50 * 35 * 3];
    reduce_reference(rgb, WIDE, HIGH, 50, 35, wanted);
    assert_ok(imp_image_preprocessor_create(&preprocessor, 50, 35, NULL, &err), err);
    assert_ok(imp_image_preprocessor_run(preprocessor, rgb, WIDE, HIGH, seen, &err), err);
    for (size_t k = 0; k < sizeof seen; k++)
        assert_close(seen[k], wanted[k], 0.51);
    imp_image_preprocessor_destroy(preprocessor);
    // a picture of the size wanted stays as it is
    assert_ok(imp_image_preprocessor_create(&preprocessor, 50, 35, NULL, &err), err);
    uint8_t same[sizeof seen];
    assert_ok(imp_image_preprocessor_run(preprocessor, seen, 50, 35, same, &err), err);
    assert_memory_equal(same, seen, sizeof seen);
    imp_image_preprocessor_destroy(preprocessor);
    free(rgb);
}

static void test_undistortion(void **state)
{
    (void)state;
    // a flat field stays one, but for the corners that the lens does not show
    imp_error err = {0};
    const imp_calibration camera = imp_calibration_duckiebot();
    imp_image_preprocessor *preprocessor;
    imp_jpeg_writer *writer;
    const uint8_t *jpeg;
    size_t length;
    uint8_t *rgb = malloc((size_t)WIDE * HIGH * 3), seen[80 * 60 * 3];
    assert_non_null(rgb);
    memset(rgb, 90, (size_t)WIDE * HIGH * 3);
    assert_ok(imp_jpeg_writer_create(&writer, WIDE, HIGH, 95, &err), err);
    assert_ok(imp_jpeg_writer_encode(writer, rgb, &jpeg, &length, &err), err);
    assert_ok(imp_image_preprocessor_create(&preprocessor, 80, 60, &camera, &err), err);
    assert_ok(imp_image_preprocessor_run_jpeg(preprocessor, jpeg, length, seen, &err), err);
    assert_in_range(seen[(30 * 80 + 40) * 3], 89, 91);
    imp_image_preprocessor_destroy(preprocessor);
    imp_jpeg_writer_destroy(writer);
    free(rgb);
}

// What is seen is the straightened picture, reduced.
static void test_undistorted_images(void **state)
{
    (void)state;
    imp_error err = {0};
    const imp_calibration camera = imp_calibration_duckiebot();
    imp_undistorter *table;
    imp_image_preprocessor *preprocessor;
    uint8_t *rgb = make_image(WIDE, HIGH), *straight = malloc((size_t)WIDE * HIGH * 3);
    uint8_t *whole = malloc((size_t)WIDE * HIGH * 3), seen[50 * 35 * 3];
    double wanted[50 * 35 * 3];
    assert_non_null(straight);
    assert_non_null(whole);
    assert_ok(imp_undistorter_create(&table, &camera, WIDE, HIGH, &err), err);
    imp_undistorter_apply(table, rgb, straight);
    imp_undistorter_destroy(table);
    assert_memory_not_equal(straight, rgb, (size_t)WIDE * HIGH * 3);
    assert_ok(imp_image_preprocessor_create(&preprocessor, WIDE, HIGH, &camera, &err), err);
    assert_ok(imp_image_preprocessor_run(preprocessor, rgb, WIDE, HIGH, whole, &err), err);
    for (size_t k = 0; k < (size_t)WIDE * HIGH * 3; k++)
        assert_in_range(whole[k] - straight[k] + 1, 0, 2);
    imp_image_preprocessor_destroy(preprocessor);
    reduce_reference(straight, WIDE, HIGH, 50, 35, wanted);
    assert_ok(imp_image_preprocessor_create(&preprocessor, 50, 35, &camera, &err), err);
    assert_ok(imp_image_preprocessor_run(preprocessor, rgb, WIDE, HIGH, seen, &err), err);
    for (size_t k = 0; k < sizeof seen; k++)
        assert_close(seen[k], wanted[k], 0.51);
    imp_image_preprocessor_destroy(preprocessor);
    free(rgb);
    free(straight);
    free(whole);
}

static void test_broken_images(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_image_preprocessor *preprocessor;
    imp_jpeg_writer *writer;
    const uint8_t *jpeg;
    size_t length;
    uint8_t *rgb = make_image(64, 48), seen[8 * 6 * 3];
    assert_ok(imp_jpeg_writer_create(&writer, 64, 48, 95, &err), err);
    assert_ok(imp_jpeg_writer_encode(writer, rgb, &jpeg, &length, &err), err);
    assert_ok(imp_image_preprocessor_create(&preprocessor, 8, 6, NULL, &err), err);
    // every beginning of it, in memory of that length; the reader is as good as new after each
    for (size_t part = 0; part < length - 2; part += part < 700 ? 1 : 13) {
        uint8_t *start = malloc(part + 1);
        assert_non_null(start);
        memcpy(start, jpeg, part);
        assert_int_equal(imp_image_preprocessor_run_jpeg(preprocessor, start, part, seen, &err),
                         IMP_BAD_INPUT);
        free(start);
    }
    assert_ok(imp_image_preprocessor_run_jpeg(preprocessor, jpeg, length, seen, &err), err);
    assert_int_equal(imp_image_preprocessor_run_jpeg(preprocessor, (const uint8_t *)"no picture",
                                                     10, seen, &err),
                     IMP_BAD_INPUT);
    imp_image_preprocessor_destroy(preprocessor);
    imp_jpeg_writer_destroy(writer);
    free(rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),         cmocka_unit_test(test_decoded_images),
        cmocka_unit_test(test_undistortion),  cmocka_unit_test(test_undistorted_images),
        cmocka_unit_test(test_broken_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
