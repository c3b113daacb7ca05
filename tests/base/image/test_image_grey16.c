// Pictures of one channel with 16 bits hold the very numbers that were given.
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/image/image.h"
#include "testing.h"

enum { WIDTH = 17, HEIGHT = 9, COUNT = WIDTH * HEIGHT };

static void numbers_come_back(void **state)
{
    (void)state;
    imp_error err = {0};
    uint16_t values[COUNT], read[COUNT];
    for (int k = 0; k < COUNT; k++)
        values[k] = (uint16_t)(k * 65535 / (COUNT - 1));
    char path[] = "/tmp/imprint-grey-XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(close(file), 0);
    assert_ok(imp_png_write_grey16(path, WIDTH, HEIGHT, values, &err), err);
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_file(&image, path));
    assert_int_equal(image.width, WIDTH);
    assert_int_equal(image.height, HEIGHT);
    // as they stand in the file, which libpng calls linear
    assert_int_equal(image.format, PNG_FORMAT_LINEAR_Y);
    assert_true(png_image_finish_read(&image, NULL, read, 0, NULL));
    assert_memory_equal(values, read, sizeof values);
    assert_int_equal(remove(path), 0);
}

// As a camera stores it (OpenCV wrote this one): a number of 16 bits is as light as its upper 8.
static void grey16_is_not_gamma_corrected(void **state)
{
    (void)state;
    static const uint8_t png[] = {0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00,
                                  0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00,
                                  0x00, 0x01, 0x10, 0x00, 0x00, 0x00, 0x00, 0x63, 0x05, 0xe7, 0x6c,
                                  0x00, 0x00, 0x00, 0x13, 0x49, 0x44, 0x41, 0x54, 0x08, 0x1d, 0x63,
                                  0x64, 0x60, 0xe0, 0xe2, 0x8a, 0x8a, 0x4a, 0x49, 0x31, 0x37, 0x07,
                                  0x00, 0x07, 0xeb, 0x02, 0x00, 0xc7, 0xb3, 0x73, 0xc0, 0x00, 0x00,
                                  0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
    static const uint8_t wanted[] = {0, 10, 100, 200, 255};
    imp_error err = {0};
    uint8_t *rgb;
    int width, height;
    assert_ok(imp_image_decode(&rgb, &width, &height, png, sizeof png, "x.png", &err), err);
    assert_int_equal(width, 5);
    assert_int_equal(height, 1);
    for (int k = 0; k < 15; k++)
        assert_int_equal(rgb[k], wanted[k / 3]);
    free(rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_come_back),
                                       cmocka_unit_test(grey16_is_not_gamma_corrected)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
