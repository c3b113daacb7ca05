// Pictures of one channel with 16 bits hold the very numbers that were given.
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/image.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_come_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
