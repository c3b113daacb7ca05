// Raw images have the colours that OpenCV's cvtColor() gives: the numbers here are its answers.
#include "testing.h"

#include "data/rosbag/ros_image.h"

#include <string.h>

enum { WIDE = 5, HIGH = 4 };

static void check_conversion(const char *encoding, int width, int height, size_t stride,
                             bool big_endian, const uint8_t *data, const uint8_t *wanted)
{
    uint8_t rgb[256];
    const imp_ros_pixels pixels = {
        .encoding = imp_ros_encoding_find((const uint8_t *)encoding, strlen(encoding)),
        .data = data,
        .width = width,
        .height = height,
        .stride = stride,
        .big_endian = big_endian};
    assert_non_null(pixels.encoding);
    imp_ros_pixels_to_rgb(rgb, &pixels);
    for (int k = 0; k < 3 * width * height; k++)
        if (rgb[k] != wanted[k])
            fail_msg("%s: pixel %d, channel %d: %d, wanted %d", encoding, k / 3, k % 3, rgb[k],
                     wanted[k]);
}

// Two pixels above two others, in rows that are longer than they need be.
static void channels_are_reordered(void **state)
{
    (void)state;
    static const uint8_t rgb[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    static const uint8_t three[] = {1, 2, 3, 4, 5, 6, 99, 7, 8, 9, 10, 11, 12, 99};
    static const uint8_t back[] = {3, 2, 1, 6, 5, 4, 99, 9, 8, 7, 12, 11, 10, 99};
    static const uint8_t four[] = {1, 2, 3, 90, 4, 5, 6, 91, 99, 7, 8, 9, 92, 10, 11, 12, 93, 99};
    static const uint8_t four_back[] = {3, 2, 1, 90, 6,  5,  4,  91, 99,
                                        9, 8, 7, 92, 12, 11, 10, 93, 99};
    static const uint8_t grey[] = {1, 2, 99, 3, 4, 99};
    static const uint8_t grey_rgb[] = {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4};
    check_conversion("rgb8", 2, 2, 7, false, three, rgb);
    check_conversion("bgr8", 2, 2, 7, false, back, rgb);
    check_conversion("8UC3", 2, 2, 7, false, back, rgb);
    check_conversion("rgba8", 2, 2, 9, false, four, rgb);
    check_conversion("bgra8", 2, 2, 9, false, four_back, rgb);
    check_conversion("8UC4", 2, 2, 9, false, four_back, rgb);
    check_conversion("mono8", 2, 2, 3, false, grey, grey_rgb);
    check_conversion("8UC1", 2, 2, 3, false, grey, grey_rgb);
    assert_string_equal(
        imp_ros_encoding_get_assumed(imp_ros_encoding_find((const uint8_t *)"8UC3", 4)), "bgr8");
    assert_null(imp_ros_encoding_get_assumed(imp_ros_encoding_find((const uint8_t *)"bgr8", 4)));
}

// 255 / 65535 of each, rounded, of either order of bytes.
static void sixteen_bit_values_are_scaled(void **state)
{
    (void)state;
    static const uint8_t little[] = {0xff, 0xff, 128, 0, 129, 0, 0, 0x80, 0xff, 0};
    static const uint8_t big[] = {0xff, 0xff, 0, 128, 0, 129, 0x80, 0, 0, 0xff};
    static const uint8_t wanted[] = {255, 255, 255, 0, 0, 0, 1, 1, 1, 128, 128, 128, 1, 1, 1};
    static const uint8_t colour[] = {0, 10, 0, 20, 0, 30};
    static const uint8_t rgb[] = {10, 20, 30}, bgr[] = {30, 20, 10};
    check_conversion("mono16", 5, 1, 10, false, little, wanted);
    check_conversion("16UC1", 5, 1, 10, true, big, wanted);
    check_conversion("rgb16", 1, 1, 6, false, colour, rgb);
    check_conversion("bgr16", 1, 1, 6, false, colour, bgr);
}

static void bayer_patterns_are_interpolated(void **state)
{
    (void)state;
    static const uint8_t raw[] = {5,  96,  113, 56,  181, 42,  146, 176, 132, 14,
                                  79, 196, 239, 208, 103, 116, 246, 46,  28,  192};
    static const struct {
        const char *encoding;
        uint8_t rgb[3 * WIDE * HIGH];
    } cases[] = {
        {"bayer_rggb8", {109, 128, 146, 109, 128, 146, 176, 176, 139, 159, 114, 132, 159, 114, 132,
                         109, 128, 146, 109, 128, 146, 176, 176, 139, 159, 114, 132, 159, 114, 132,
                         159, 196, 196, 159, 196, 196, 239, 157, 138, 171, 208, 80,  171, 208, 80,
                         159, 196, 196, 159, 196, 196, 239, 157, 138, 171, 208, 80,  171, 208, 80}},
        {"bayer_bggr8",
         {146, 128, 109, 146, 128, 109, 139, 176, 176, 132, 114, 159, 132, 114, 159,
          146, 128, 109, 146, 128, 109, 139, 176, 176, 132, 114, 159, 132, 114, 159,
          196, 196, 159, 196, 196, 159, 138, 157, 239, 80,  208, 171, 80,  208, 171,
          196, 196, 159, 196, 196, 159, 138, 157, 239, 80,  208, 171, 80,  208, 171}},
        {"bayer_gbrg8",
         {109, 146, 146, 109, 146, 146, 176, 158, 139, 95,  132, 132, 95,  132, 132,
          109, 146, 146, 109, 146, 146, 176, 158, 139, 95,  132, 132, 95,  132, 132,
          95,  178, 196, 95,  178, 196, 111, 239, 202, 107, 126, 208, 107, 126, 208,
          95,  178, 196, 95,  178, 196, 111, 239, 202, 107, 126, 208, 107, 126, 208}},
        {"bayer_grbg8",
         {146, 146, 109, 146, 146, 109, 139, 158, 176, 132, 132, 95,  132, 132, 95,
          146, 146, 109, 146, 146, 109, 139, 158, 176, 132, 132, 95,  132, 132, 95,
          196, 178, 95,  196, 178, 95,  202, 239, 111, 208, 126, 107, 208, 126, 107,
          196, 178, 95,  196, 178, 95,  202, 239, 111, 208, 126, 107, 208, 126, 107}},
    };
    for (size_t k = 0; k < 4; k++) {
        uint8_t padded[(WIDE + 2) * HIGH];
        memset(padded, 255, sizeof padded);
        for (int y = 0; y < HIGH; y++)
            memcpy(padded + y * (WIDE + 2), raw + y * WIDE, WIDE);
        check_conversion(cases[k].encoding, WIDE, HIGH, WIDE, false, raw, cases[k].rgb);
        check_conversion(cases[k].encoding, WIDE, HIGH, WIDE + 2, false, padded, cases[k].rgb);
    }
}

static void yuv_pairs_share_chroma(void **state)
{
    (void)state;
    static const uint8_t raw[] = {0, 45, 67, 112, 134, 179, 201, 246, 12, 57, 79, 124};
    static const uint8_t uyvy[] = {0,   133, 0,   14, 211, 0, 255, 128, 202,
                                   255, 206, 255, 0,  133, 0, 48,  211, 0};
    static const uint8_t yuyv[] = {0,   45, 0,   34, 105, 0, 255, 21,  240,
                                   255, 99, 255, 0,  31,  0, 67,  104, 0};
    check_conversion("yuv422", 6, 1, 12, false, raw, uyvy);
    check_conversion("uyvy", 6, 1, 12, false, raw, uyvy);
    check_conversion("yuv422_yuy2", 6, 1, 12, false, raw, yuyv);
    check_conversion("yuyv", 6, 1, 12, false, raw, yuyv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels_are_reordered),
        cmocka_unit_test(sixteen_bit_values_are_scaled),
        cmocka_unit_test(bayer_patterns_are_interpolated),
        cmocka_unit_test(yuv_pairs_share_chroma),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
