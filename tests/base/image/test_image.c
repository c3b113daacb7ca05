#include "base/image/image.h"

#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include "base/io/file.h"
#include "temporary_folder.h"

enum { WIDTH = 37, HEIGHT = 11, BYTES = WIDTH * HEIGHT * 3 };

static void fill_pattern(uint8_t rgb[BYTES])
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
    fill_pattern(rgb);
    assert_ok(imp_png_write(in_folder("a.png"), WIDTH, HEIGHT, rgb, &err), err);
    assert_ok(imp_image_read(&back, &width, &height, in_folder("a.png"), &err), err);
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
    fill_pattern(rgb);
    assert_ok(imp_png_encode(&png, &length, WIDTH, HEIGHT, rgb, &err), err);

    // the last chunk says nothing about pixels, so a file without it may be read
    const size_t end_chunk = 12;
    for (size_t cut = 0; cut < length - end_chunk - 4; cut += cut < 64 ? 1 : 17) {
        uint8_t *back = NULL;
        int width = -1, height = -1;
        assert_ok(imp_file_write(in_folder("cut.png"), png, cut, &err), err);
        assert_int_equal(imp_image_read(&back, &width, &height, in_folder("cut.png"), &err),
                         IMP_BAD_INPUT);
        assert_null(back);
        assert_int_equal(width, -1);
        assert_non_null(strstr(err.message, in_folder("cut.png")));
    }
    free(png);
}

static void put_big_endian(uint8_t *at, uint32_t value)
{
    for (int k = 0; k < 4; k++)
        at[k] = (uint8_t)(value >> (24 - 8 * k));
}

// Refused before memory is taken for it.
static void images_of_100_megapixels_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    // signature, header chunk with its checksum, and an empty chunk of pixels
    uint8_t png[33 + 12] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13, 'I', 'H', 'D', 'R'};
    put_big_endian(png + 16, 10000);
    put_big_endian(png + 20, 10000);
    memcpy(png + 24, (uint8_t[]){8, 2, 0, 0, 0, 0x35, 0x2c, 0xf5, 0x70}, 9);
    memcpy(png + 33, (uint8_t[]){0, 0, 0, 0, 'I', 'D', 'A', 'T', 0x35, 0xaf, 0x06, 0x1e}, 12);
    assert_ok(imp_file_write(in_folder("large.png"), png, sizeof png, &err), err);
    uint8_t *back = NULL;
    int width, height;
    assert_int_equal(imp_image_read(&back, &width, &height, in_folder("large.png"), &err),
                     IMP_BAD_INPUT);
    assert_null(back);
    assert_non_null(strstr(err.message, "10000 x 10000 pixels"));
}

static uint8_t *encode_jpeg(unsigned long *length, const uint8_t *rgb)
{
    struct jpeg_compress_struct encoder;
    struct jpeg_error_mgr callbacks;
    uint8_t *out = NULL;
    encoder.err = jpeg_std_error(&callbacks);
    jpeg_create_compress(&encoder);
    jpeg_mem_dest(&encoder, &out, length);
    encoder.image_width = WIDTH;
    encoder.image_height = HEIGHT;
    encoder.input_components = 3;
    encoder.in_color_space = JCS_RGB;
    jpeg_set_defaults(&encoder);
    jpeg_set_quality(&encoder, 100, TRUE);
    jpeg_start_compress(&encoder, TRUE);
    for (int row = 0; row < HEIGHT; row++) {
        uint8_t copy[WIDTH * 3], *line = copy;
        memcpy(copy, rgb + row * WIDTH * 3, sizeof copy);
        jpeg_write_scanlines(&encoder, &line, 1);
    }
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    return out;
}

static void jpegs_are_read_and_cut_ones_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    uint8_t rgb[BYTES], *back = NULL;
    int width = 0, height = 0;
    for (int k = 0; k < BYTES; k++)
        rgb[k] = (uint8_t)(40 + 2 * (k / 3 % WIDTH) + 60 * (k % 3));
    unsigned long length = 0;
    uint8_t *jpeg = encode_jpeg(&length, rgb);
    assert_ok(imp_image_decode(&back, &width, &height, jpeg, length, "a.jpg", &err), err);
    assert_int_equal(width, WIDTH);
    assert_int_equal(height, HEIGHT);
    for (int k = 0; k < BYTES; k++)
        assert_in_range(back[k] - rgb[k] + 8, 0, 16);
    free(back);
    for (size_t cut = 0; cut + 2 < length; cut += 7) {
        // memory of exactly that length, so that a sanitizer sees a byte read too far
        uint8_t *part = malloc(cut + 1);
        memcpy(part, jpeg, cut);
        back = NULL;
        assert_int_equal(imp_image_decode(&back, &width, &height, part, cut, "a.jpg", &err),
                         IMP_BAD_INPUT);
        assert_null(back);
        assert_int_equal(strncmp(err.message, "a.jpg: ", 7), 0);
        free(part);
    }
    free(jpeg);
}

static void foreign_files_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    uint8_t *back = NULL;
    int width, height;
    const char text[] = "tile_size: 0.585";
    assert_ok(imp_file_write(in_folder("map.png"), text, sizeof text, &err), err);
    assert_int_equal(imp_image_read(&back, &width, &height, in_folder("map.png"), &err),
                     IMP_BAD_INPUT);
    assert_int_equal(imp_image_read(&back, &width, &height, in_folder("absent.png"), &err),
                     IMP_BAD_INPUT);
    assert_int_equal(imp_png_write(in_folder("absent/a.png"), 1, 1, (uint8_t[3]){0}, &err), IMP_IO);
    assert_null(back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip_keeps_every_byte),
        cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(images_of_100_megapixels_are_refused),
        cmocka_unit_test(jpegs_are_read_and_cut_ones_refused),
        cmocka_unit_test(foreign_files_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
