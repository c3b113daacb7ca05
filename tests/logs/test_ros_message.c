// ROS messages are what their types say, to the last byte, or they are not read.
#include "logs/bag_writer.h"

#include "logs/message.h"

// What is in a bag's only message, whose record has a header of 51 bytes.
static const uint8_t *content(const blob *b, size_t *length)
{
    const size_t header = 4 + b->bytes[0];
    *length = b->length - header - 4;
    return b->bytes + header + 4;
}

static void calibrations_are_those_of_files(void **state)
{
    (void)state;
    imp_calibration found, read;
    imp_error err = {0};
    size_t length;
    blob *b = blob_new();
    put_camera_info(b, 0, 7, -0.25);
    const uint8_t *data = content(b, &length);
    assert_true(imp_read_camera_info(&found, data, length));
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
        assert_false(imp_read_camera_info(&found, data, part));
    free(b);
}

static void commands_end_where_they_end(void **state)
{
    (void)state;
    int64_t stamp;
    double numbers[2];
    size_t length;
    blob *b = blob_new();
    put_command(b, 0, 5000000007, 0.5F, -0.25F);
    put(b, "x", 1);
    const uint8_t *data = content(b, &length);
    assert_true(imp_read_command(&stamp, numbers, data, length - 1));
    assert_int_equal(stamp, 5000000007);
    assert_close(numbers[0], 0.5, 0);
    assert_close(numbers[1], -0.25, 0);
    assert_false(imp_read_command(&stamp, numbers, data, length));
    for (size_t part = 0; part < length - 1; part++)
        assert_false(imp_read_command(&stamp, numbers, data, part));
    b->length = 0;
    put_command(b, 0, 1, NAN, 0);
    data = content(b, &length);
    assert_false(imp_read_command(&stamp, numbers, data, length));
    free(b);
}

static void pictures_have_their_rows(void **state)
{
    (void)state;
    imp_ros_picture picture;
    size_t length;
    blob *b = blob_new();
    put_image(b, 0, 9, 4, 3, 17);
    const uint8_t *data = content(b, &length);
    assert_true(imp_read_image(&picture, data, length));
    assert_int_equal(picture.width, 4);
    assert_int_equal(picture.height, 3);
    assert_int_equal(picture.stride, 14);
    assert_false(picture.blue_comes_first);
    uint8_t *copy = malloc(length);
    assert_non_null(copy);
    memcpy(copy, data, length);
    // one row more than there is: the height follows the header of 21 bytes
    copy[21]++;
    assert_false(imp_read_image(&picture, copy, length));
    copy[21]--;
    // an encoding that is not known
    copy[21 + 12] = 'x';
    assert_false(imp_read_image(&picture, copy, length));
    copy[21 + 12] = 'b';
    assert_false(imp_read_image(&picture, copy, length));
    copy[21 + 14] = 'r';
    assert_true(imp_read_image(&picture, copy, length));
    assert_true(picture.blue_comes_first);
    free(copy);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calibrations_are_those_of_files),
        cmocka_unit_test(commands_end_where_they_end),
        cmocka_unit_test(pictures_have_their_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
