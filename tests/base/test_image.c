#include "base/image.h"

#include <string.h>

#include "base/file.h"
#include "folder.h"

enum { WIDTH = 37, HEIGHT = 11, BYTES = WIDTH * HEIGHT * 3 };

static void fill(uint8_t rgb[BYTES])
{
    imp_random random = imp_random_stream(5, 0, 0, IMP_PURPOSE_TEST);
    for (int i = 0; i < BYTES; i++)
        rgb[i] = (uint8_t)imp_random_u32(&random);
}

static void round_trip_keeps_every_byte(void **state)
{
    (void)state;
    imp_error err = {0};
    uint8_t rgb[BYTES], *back = NULL;
    int width = 0, height = 0;
    fill(rgb);
    assert_ok(imp_png_write(in_folder("a.png"), WIDTH, HEIGHT, rgb, &err), err);
    assert_ok(imp_png_read(&back, &width, &height, in_folder("a.png"), &err), err);
    assert_int_equal(width, WIDTH);
    assert_int_equal(height, HEIGHT);
    assert_memory_equal(back, rgb, BYTES);
    free(back);
}

static void truncated_files_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    uint8_t rgb[BYTES], *png = NULL;
    size_t length = 0;
    fill(rgb);
    assert_ok(imp_png_encode(&png, &length, WIDTH, HEIGHT, rgb, &err), err);

    // the last chunk says nothing about pixels, so a file without it may be read
    const size_t end_chunk = 12;
    for (size_t cut = 0; cut < length - end_chunk - 4; cut += cut < 64 ? 1 : 17) {
        uint8_t *back = NULL;
        int width = -1, height = -1;
        assert_ok(imp_file_write(in_folder("cut.png"), png, cut, &err), err);
        assert_int_equal(imp_png_read(&back, &width, &height, in_folder("cut.png"), &err),
                         IMP_BAD_INPUT);
        assert_null(back);
        assert_int_equal(width, -1);
        assert_non_null(strstr(err.message, in_folder("cut.png")));
    }
    free(png);
}

static void foreign_files_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    uint8_t *back = NULL;
    int width, height;
    const char text[] = "tile_size: 0.585";
    assert_ok(imp_file_write(in_folder("map.png"), text, sizeof text, &err), err);
    assert_int_equal(imp_png_read(&back, &width, &height, in_folder("map.png"), &err),
                     IMP_BAD_INPUT);
    assert_int_equal(imp_png_read(&back, &width, &height, in_folder("absent.png"), &err),
                     IMP_BAD_INPUT);
    assert_int_equal(imp_png_write(in_folder("absent/a.png"), 1, 1, (uint8_t[3]){0}, &err), IMP_IO);
    assert_null(back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip_keeps_every_byte),
        cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(foreign_files_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
