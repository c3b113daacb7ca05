// ROS messages are what their types say, to the last byte, or they are not read.
#include "data/rosbag/bag_writer.h"

#include "data/rosbag/ros_message.h"

// What is in a bag's only message, whose record has a header of 51 bytes.
static const uint8_t *message_content(const byte_buffer *b, size_t *length)
{
    const size_t header = 4 + b->bytes[0];
    *length = b->length - header - 4;
    return b->bytes + header + 4;
}

static void camera_info_equals_calibration_file(void **state)
{
    (void)state;
    imp_calibration found, read;
    imp_error err = {0};
    size_t length;
    byte_buffer *b = byte_buffer_create();
    put_camera_info(b, 0, 7, -0.25);
    const uint8_t *data = message_content(b, &length);
    assert_true(imp_ros_parse_camera_info(&found, data, length));
    // the same as YAML
    char path[] = "/tmp/imprint-calibration-XXXXXX";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    FILE *file = fdopen(descriptor, "w");
    fputs("image_width: 16\nimage_height: 12\ndistortion_model: plumb_bob\n"
          "camera_matrix: {data: [7.5, 0, 7.5, 0, 7.5, 5.5, 0, 0, 1]}\n"
          "distortion_coefficients: {data: [-0.25, 0.03, 0, 0, 0]}\n"
          "projection_matrix: {data: [6, 0, 7.5, 0, 0, 6, 5.5, 0, 0, 0, 1, 0]}\n",
          file);
    fclose(file);
    assert_ok(imp_calibration_read(&read, path, &err), err);
    remove(path);
    assert_int_equal(found.lens.kind, read.lens.kind);
    assert_int_equal(found.lens.width, read.lens.width);
    assert_int_equal(found.lens.height, read.lens.height);
    assert_memory_equal(&found.lens.fx, &read.lens.fx, 9 * sizeof found.lens.fx);
    assert_memory_equal(&found.projection, &read.projection, sizeof found.projection);
    for (size_t part = 0; part < length; part++)
        assert_false(imp_ros_parse_camera_info(&found, data, part));
    free(b);
}

static void commands_need_exact_length(void **state)
{
    (void)state;
    int64_t stamp;
    double numbers[2];
    size_t length;
    byte_buffer *b = byte_buffer_create();
    put_command(b, 0, 5000000007, 0.5F, -0.25F);
    put(b, "x", 1);
    const uint8_t *data = message_content(b, &length);
    assert_true(imp_ros_parse_command(&stamp, numbers, data, length - 1));
    assert_int_equal(stamp, 5000000007);
    assert_close(numbers[0], 0.5, 0);
    assert_close(numbers[1], -0.25, 0);
    assert_false(imp_ros_parse_command(&stamp, numbers, data, length));
    for (size_t part = 0; part < length - 1; part++)
        assert_false(imp_ros_parse_command(&stamp, numbers, data, part));
    b->length = 0;
    put_command(b, 0, 1, NAN, 0);
    data = message_content(b, &length);
    assert_false(imp_ros_parse_command(&stamp, numbers, data, length));
    free(b);
}

static void images_need_all_rows(void **state)
{
    (void)state;
    imp_ros_image image;
    size_t length;
    byte_buffer *b = byte_buffer_create();
    put_image(b, 0, 9, 4, 3, 17);
    const uint8_t *data = message_content(b, &length);
    assert_true(imp_ros_parse_image(&image, data, length));
    assert_int_equal(image.pixels.width, 4);
    assert_int_equal(image.pixels.height, 3);
    assert_int_equal(image.pixels.stride, 14);
    assert_string_equal(imp_ros_encoding_name(image.pixels.encoding), "rgb8");
    assert_string_equal(image.unsupported, "");
    uint8_t *copy = malloc(length);
    assert_non_null(copy);
    memcpy(copy, data, length);
    // one row more than there is: the height follows the header of 21 bytes
    copy[21]++;
    assert_false(imp_ros_parse_image(&image, copy, length));
    assert_string_equal(image.unsupported, "");
    copy[21]--;
    // an encoding that is not known
    copy[21 + 12] = 'x';
    assert_false(imp_ros_parse_image(&image, copy, length));
    assert_string_equal(image.unsupported, "xgb8");
    copy[21 + 12] = 'b';
    assert_false(imp_ros_parse_image(&image, copy, length));
    copy[21 + 14] = 'r';
    assert_true(imp_ros_parse_image(&image, copy, length));
    assert_string_equal(imp_ros_encoding_name(image.pixels.encoding), "bgr8");
    // cut off anywhere it is none
    for (size_t part = 0; part < length; part++)
        assert_false(imp_ros_parse_image(&image, data, part));
    free(copy);
    free(b);
}

// Whether a image of this size in so many bytes is read.
static bool parses_raw_image(const char *encoding, uint32_t width, uint32_t height, uint32_t stride,
                             size_t length)
{
    imp_ros_image image;
    size_t size;
    static const uint8_t zeros[1 << 12];
    byte_buffer *b = byte_buffer_create();
    put_raw_image(b, 0, 1, 1, &(raw_image){encoding, width, height, stride, false, zeros, length});
    const uint8_t *data = message_content(b, &size);
    const bool read = imp_ros_parse_image(&image, data, size);
    free(b);
    return read;
}

static void image_size_must_fit_encoding(void **state)
{
    (void)state;
    static const struct {
        const char *encoding;
        uint32_t bytes; // of a pixel
    } encodings[] = {
        {"rgb8", 3},        {"bgr8", 3},        {"rgba8", 4},       {"bgra8", 4},
        {"mono8", 1},       {"8UC1", 1},        {"8UC3", 3},        {"8UC4", 4},
        {"mono16", 2},      {"16UC1", 2},       {"rgb16", 6},       {"bgra16", 8},
        {"yuv422", 2},      {"yuv422_yuy2", 2}, {"uyvy", 2},        {"yuyv", 2},
        {"bayer_rggb8", 1}, {"bayer_bggr8", 1}, {"bayer_gbrg8", 1}, {"bayer_grbg8", 1},
    };
    for (size_t k = 0; k < sizeof encodings / sizeof encodings[0]; k++) {
        const char *e = encodings[k].encoding;
        const uint32_t row = 6 * encodings[k].bytes;
        if (!parses_raw_image(e, 6, 4, row, (size_t)row * 4))
            fail_msg("%s is read", e);
        assert_true(parses_raw_image(e, 6, 4, row + 5, ((size_t)row + 5) * 4));
        // the last row may lack what pads it, but nothing of its own
        assert_true(parses_raw_image(e, 6, 4, row + 5, ((size_t)row + 5) * 4 - 5));
        assert_false(parses_raw_image(e, 6, 4, row + 5, ((size_t)row + 5) * 4 - 6));
        assert_false(parses_raw_image(e, 6, 4, row - 1, (size_t)row * 4));
        assert_false(parses_raw_image(e, 6, 0, row, 0));
        assert_false(parses_raw_image(e, 0, 4, row, (size_t)row * 4));
        assert_false(parses_raw_image(e, 6, 4, 0, (size_t)row * 4));
    }
    assert_false(parses_raw_image("yuv422", 5, 4, 10, 40)); // two pixels share a colour
    assert_false(parses_raw_image("bayer_rggb8", 2, 4, 2, 8));
    static const char *const unknown[] = {"32FC1", "8UC2",  "64FC3", "rgb", "",
                                          "RGB8",  "rgb8 ", "nv21",  "8SC3"};
    for (size_t k = 0; k < sizeof unknown / sizeof unknown[0]; k++)
        assert_false(parses_raw_image(unknown[k], 6, 4, 96, 384));
}

static void compressed_image_formats(void **state)
{
    (void)state;
    static const struct {
        const char *format, *data;
        bool read;
        const char *unsupported;
    } cases[] = {
        {"jpeg", "\xff\xd8\xff\xe0", true, ""},
        {"bgr8; jpeg compressed bgr8", "\xff\xd8\xff\xe0", true, ""},
        {"rgb8; png compressed ", "\x89PNG\r\n", true, ""},
        {"", "\xff\xd8\xff\xe0", true, ""},
        {"png", "damaged", true, ""}, // which the decoder will say
        {"16UC1; compressedDepth png", "\1\2\3\4\5\6\7\x89PNG", false,
         "16UC1; compressedDepth png"},
        {"tiff", "II*abcd", false, "tiff"},
        {"a\x1b[2J", "abcdefg", false, "a?[2J"},
        {"", "abcdefg", false, "(nameless)"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        imp_ros_image image;
        size_t length;
        byte_buffer *b = byte_buffer_create();
        put_compressed_as(b, 0, 5, cases[k].format, cases[k].data, strlen(cases[k].data));
        const uint8_t *data = message_content(b, &length);
        if (imp_ros_parse_compressed_image(&image, data, length) != cases[k].read)
            fail_msg("format \"%s\"", cases[k].format);
        assert_string_equal(image.unsupported, cases[k].unsupported);
        free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(camera_info_equals_calibration_file),
        cmocka_unit_test(commands_need_exact_length),
        cmocka_unit_test(images_need_all_rows),
        cmocka_unit_test(image_size_must_fit_encoding),
        cmocka_unit_test(compressed_image_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
