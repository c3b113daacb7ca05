// Moving pictures: the file is read chunk by chunk as the specifications of PNG and APNG say, and
// its frames are put together again with libpng.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "base/image/image.h"
#include "base/io/file.h"
#include "imprint/report.h"
#include "testing.h"

enum { WIDTH = 40, HEIGHT = 30, SIZE = WIDTH * HEIGHT * 3, FRAMES = 12 };

static char path[] = "/tmp/imprint-animation-XXXXXX";

static uint32_t read_be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

// A box that walks over noise; frames 4 and 5 are the same.
static void draw_test_frame(int frame, uint8_t rgb[SIZE])
{
    imp_random random = imp_random_stream(3, 0, 0, IMP_PURPOSE_TEST);
    for (int k = 0; k < SIZE; k++)
        rgb[k] = (uint8_t)imp_random_u32(&random);
    const int left = 3 * (frame == 5 ? 4 : frame);
    for (int row = 10; row < 14; row++)
        memset(rgb + (row * WIDTH + left) * 3, 255, 12);
}

// A PNG in the making, of the data of one frame.
typedef struct png {
    uint8_t bytes[3 * SIZE];
    size_t length;
} png;

static void append_chunk(png *out, const char *type, const uint8_t *data, uint32_t length)
{
    uint8_t head[8] = {(uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8),
                       (uint8_t)length};
    memcpy(head + 4, type, 4);
    assert_true(out->length + length + 12 <= sizeof out->bytes);
    uint8_t *at = out->bytes + out->length;
    memcpy(at, head, 8);
    if (length > 0)
        memcpy(at + 8, data, length);
    const uint32_t sum = (uint32_t)crc32(0, at + 4, length + 4);
    for (int k = 0; k < 4; k++)
        at[8 + length + (uint32_t)k] = (uint8_t)(sum >> (24 - 8 * k));
    out->length += length + 12;
}

// Decodes what was collected for a frame and lays it over the picture.
static void compose_frame(png *frame, const uint8_t control[26], uint8_t screen[SIZE])
{
    imp_error err = {0};
    uint8_t *rgb;
    int width, height;
    append_chunk(frame, "IEND", NULL, 0);
    assert_ok(imp_image_decode(&rgb, &width, &height, frame->bytes, frame->length, "frame", &err),
              err);
    assert_int_equal(width, read_be32(control + 4));
    assert_int_equal(height, read_be32(control + 8));
    const int left = (int)read_be32(control + 12), top = (int)read_be32(control + 16);
    assert_true(left + width <= WIDTH && top + height <= HEIGHT);
    for (int row = 0; row < height; row++)
        memcpy(screen + ((top + row) * WIDTH + left) * 3, rgb + row * width * 3, (size_t)width * 3);
    free(rgb);
}

static void begin_png(png *frame, const uint8_t *header, const uint8_t control[26])
{
    uint8_t own[13];
    memcpy(own, header, 13);
    memcpy(own, control + 4, 8);
    memcpy(frame->bytes, "\x89PNG\r\n\x1a\n", 8);
    frame->length = 8;
    append_chunk(frame, "IHDR", own, 13);
}

// Plays a file; returns its frames.
static int decode_animation(const uint8_t *file, size_t length)
{
    static png frame;
    uint8_t screen[SIZE], wanted[SIZE], control[26];
    const uint8_t *header = file + 16;
    int shown = 0, announced = 0;
    uint32_t number = 0;
    bool open = false;
    assert_memory_equal(file, "\x89PNG\r\n\x1a\n", 8);
    for (size_t at = 8; at < length;) {
        const uint32_t size = read_be32(file + at);
        const uint8_t *type = file + at + 4, *data = file + at + 8;
        assert_true(at + 12 + size <= length);
        assert_int_equal(crc32(0, type, size + 4), read_be32(data + size));
        if (memcmp(type, "acTL", 4) == 0)
            announced = (int)read_be32(data);
        if ((memcmp(type, "fcTL", 4) == 0 || memcmp(type, "IEND", 4) == 0) && open) {
            compose_frame(&frame, control, screen);
            draw_test_frame(shown++, wanted);
            assert_memory_equal(screen, wanted, SIZE);
            open = false;
        }
        if (memcmp(type, "fcTL", 4) == 0) {
            assert_int_equal(size, 26);
            assert_int_equal(read_be32(data), number++);
            assert_int_equal(data[20] * 256 + data[21], 50);
            assert_int_equal(data[22] * 256 + data[23], 1000);
            memcpy(control, data, 26);
            begin_png(&frame, header, control);
            open = true;
        } else if (memcmp(type, "IDAT", 4) == 0) {
            assert_int_equal(shown, 0);
            append_chunk(&frame, "IDAT", data, size);
        } else if (memcmp(type, "fdAT", 4) == 0) {
            assert_int_equal(read_be32(data), number++);
            append_chunk(&frame, "IDAT", data + 4, size - 4);
        }
        at += 12 + size;
    }
    assert_int_equal(announced, shown);
    return shown;
}

static void decoded_frames_are_equal(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_animation *animation;
    uint8_t rgb[SIZE];
    assert_ok(imp_animation_create(&animation, WIDTH, HEIGHT, 0.05, &err), err);
    assert_int_equal(imp_animation_write(animation, path, &err), IMP_USAGE);
    for (int k = 0; k < FRAMES; k++) {
        draw_test_frame(k, rgb);
        assert_ok(imp_animation_add_frame(animation, rgb, &err), err);
        // it may be written at any time, and again
        char *file;
        size_t length;
        assert_ok(imp_animation_write(animation, path, &err), err);
        assert_ok(imp_file_read(&file, &length, path, 1 << 20, &err), err);
        assert_int_equal(decode_animation((const uint8_t *)file, length), k + 1);
        // what did not change is not stored again
        assert_true(length < 8000 + 700 * (size_t)k);
        free(file);
    }
    imp_animation_destroy(animation);
    int width, height;
    uint8_t *first;
    assert_ok(imp_image_read(&first, &width, &height, path, &err), err);
    assert_int_equal(width, WIDTH);
    free(first);
}

static void invalid_sizes_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_animation *animation = NULL;
    assert_int_equal(imp_animation_create(&animation, 0, 10, 0.1, &err), IMP_USAGE);
    assert_int_equal(imp_animation_create(&animation, 10, 10, NAN, &err), IMP_USAGE);
    assert_null(animation);
    imp_animation_destroy(NULL);
}

static int make_path(void **state)
{
    (void)state;
    const int file = mkstemp(path);
    return file < 0 ? -1 : close(file);
}

static int remove_path(void **state)
{
    (void)state;
    return remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoded_frames_are_equal),
        cmocka_unit_test(invalid_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
