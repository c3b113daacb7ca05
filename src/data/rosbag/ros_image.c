// Converts raw ROS images to RGB. 16-bit values are scaled to 8 bits and rounded; alpha is dropped.
// UYVY and YUYV are BT.601 with limited range, in OpenCV's fixed-point arithmetic. Bayer patterns
// are interpolated bilinearly like OpenCV's default; the border repeats its neighbours.
#include "data/rosbag/ros_image.h"

#include <string.h>

typedef enum layout { LAYOUT_CHANNELS, LAYOUT_UYVY, LAYOUT_YUYV, LAYOUT_BAYER } layout;

struct imp_ros_encoding {
    const char *name, *assumed_encoding;
    layout layout;
    uint8_t channels, size;   // channels of a pixel; bytes of a channel
    uint8_t red, green, blue; // channel index; Bayer: position in the 2 x 2 pattern
};

#define CHANNELS(name, as, channels, size, red, green, blue)                                       \
    {                                                                                              \
        name, as, LAYOUT_CHANNELS, channels, size, red, green, blue                                \
    }
#define YUV(name, layout)                                                                          \
    {                                                                                              \
        name, NULL, layout, 2, 1, 0, 0, 0                                                          \
    }
#define BAYER(name, red, blue)                                                                     \
    {                                                                                              \
        name, NULL, LAYOUT_BAYER, 1, 1, red, 0, blue                                               \
    }

// 8UCn and 16UCn say nothing about colours; `assumed_encoding` names what they are taken for.
static const imp_ros_encoding ENCODINGS[] = {
    CHANNELS("rgb8", NULL, 3, 1, 0, 1, 2),
    CHANNELS("bgr8", NULL, 3, 1, 2, 1, 0),
    CHANNELS("rgba8", NULL, 4, 1, 0, 1, 2),
    CHANNELS("bgra8", NULL, 4, 1, 2, 1, 0),
    CHANNELS("mono8", NULL, 1, 1, 0, 0, 0),
    CHANNELS("rgb16", NULL, 3, 2, 0, 1, 2),
    CHANNELS("bgr16", NULL, 3, 2, 2, 1, 0),
    CHANNELS("rgba16", NULL, 4, 2, 0, 1, 2),
    CHANNELS("bgra16", NULL, 4, 2, 2, 1, 0),
    CHANNELS("mono16", NULL, 1, 2, 0, 0, 0),
    CHANNELS("8UC1", "mono8", 1, 1, 0, 0, 0),
    CHANNELS("8UC3", "bgr8", 3, 1, 2, 1, 0),
    CHANNELS("8UC4", "bgra8", 4, 1, 2, 1, 0),
    CHANNELS("16UC1", "mono16", 1, 2, 0, 0, 0),
    CHANNELS("16UC3", "bgr16", 3, 2, 2, 1, 0),
    CHANNELS("16UC4", "bgra16", 4, 2, 2, 1, 0),
    YUV("yuv422", LAYOUT_UYVY),
    YUV("uyvy", LAYOUT_UYVY),
    YUV("yuv422_yuy2", LAYOUT_YUYV),
    YUV("yuyv", LAYOUT_YUYV),
    BAYER("bayer_rggb8", 0, 3),
    BAYER("bayer_bggr8", 3, 0),
    BAYER("bayer_gbrg8", 2, 1),
    BAYER("bayer_grbg8", 1, 2),
};

// Names must match completely; they are not terminated in messages.
const imp_ros_encoding *imp_ros_encoding_find(const uint8_t *name, size_t length)
{
    for (size_t k = 0; k < sizeof ENCODINGS / sizeof ENCODINGS[0]; k++)
        if (strlen(ENCODINGS[k].name) == length && memcmp(ENCODINGS[k].name, name, length) == 0)
            return &ENCODINGS[k];
    return NULL;
}

const char *imp_ros_encoding_name(const imp_ros_encoding *encoding)
{
    return encoding->name;
}

const char *imp_ros_encoding_get_assumed(const imp_ros_encoding *encoding)
{
    return encoding->assumed_encoding;
}

// YUV needs pairs of pixels, Bayer interpolation a neighbour on each side.
size_t imp_ros_encoding_row_bytes(const imp_ros_encoding *encoding, int width, int height)
{
    const bool pairs = encoding->layout == LAYOUT_UYVY || encoding->layout == LAYOUT_YUYV;
    const int min_side = encoding->layout == LAYOUT_BAYER ? 3 : 1;
    if (width < min_side || height < min_side || (pairs && width % 2 != 0))
        return 0;
    return (size_t)width * encoding->channels * encoding->size;
}

// ---- channels -----------------------------------------------------------------------------------

// Reads a channel as a byte; 16-bit values have the byte order of the message.
static uint8_t read_channel(const imp_ros_pixels *p, const uint8_t *pixel, int index)
{
    if (p->encoding->size == 1)
        return pixel[index];
    const uint8_t *at = pixel + 2 * (size_t)index;
    const unsigned value = p->big_endian ? at[0] << 8U | at[1] : at[1] << 8U | at[0];
    return (uint8_t)((value + 128) / 257); // 255 / 65535, rounded
}

// Copies three channels by index; grey images use one channel three times.
static void convert_channels(uint8_t *out, const imp_ros_pixels *p)
{
    const imp_ros_encoding *e = p->encoding;
    for (int y = 0; y < p->height; y++) {
        const uint8_t *from = p->data + (size_t)y * p->stride;
        for (int x = 0; x < p->width; x++, from += e->channels * e->size, out += 3) {
            out[0] = read_channel(p, from, e->red);
            out[1] = read_channel(p, from, e->green);
            out[2] = read_channel(p, from, e->blue);
        }
    }
}

// ---- YUV ----------------------------------------------------------------------------------------

// Rounds a fixed-point number and clamps it to a byte.
static uint8_t fixed_point_to_byte(int value)
{
    enum { SHIFT = 20, HALF = 1 << (SHIFT - 1) };
    const int rounded = (value + HALF) >> SHIFT;
    return (uint8_t)(rounded < 0 ? 0 : rounded > 255 ? 255 : rounded);
}

// Limited range: luma 16..235, chroma centred at 128.
static void yuv_to_rgb(uint8_t *out, int y, int u, int v)
{
    // Coefficients of BT.601, times 2^20.
    enum { Y = 1220542, RED_V = 1673527, GREEN_V = -852492, GREEN_U = -409993, BLUE_U = 2116026 };
    const int luma = (y > 16 ? y - 16 : 0) * Y;
    out[0] = fixed_point_to_byte(luma + RED_V * (v - 128));
    out[1] = fixed_point_to_byte(luma + GREEN_V * (v - 128) + GREEN_U * (u - 128));
    out[2] = fixed_point_to_byte(luma + BLUE_U * (u - 128));
}

// Two pixels share u and v: u y v y, or y u y v.
static void convert_yuv(uint8_t *out, const imp_ros_pixels *p)
{
    const int luma = p->encoding->layout == LAYOUT_UYVY, chroma = 1 - luma;
    for (int y = 0; y < p->height; y++) {
        const uint8_t *pair = p->data + (size_t)y * p->stride;
        for (int x = 0; x < p->width; x += 2, pair += 4, out += 6) {
            yuv_to_rgb(out, pair[luma], pair[chroma], pair[chroma + 2]);
            yuv_to_rgb(out + 3, pair[luma + 2], pair[chroma], pair[chroma + 2]);
        }
    }
}

// ---- Bayer patterns -----------------------------------------------------------------------------

// Rounded means.
static int rounded_mean2(int a, int b)
{
    return (a + b + 1) >> 1;
}

static int rounded_mean4(int a, int b, int c, int d)
{
    return (a + b + c + d + 2) >> 2;
}

// Interpolates a pixel that has neighbours on all sides; `at` points to it and `place` is its
// position in the 2 x 2 pattern.
static void interpolate_bayer_pixel(uint8_t *out, const imp_ros_encoding *e, const uint8_t *at,
                                    size_t stride, int place)
{
    // means of horizontal, vertical, direct and diagonal neighbours
    const uint8_t *above = at - stride, *below = at + stride;
    const int beside = rounded_mean2(at[-1], at[1]), around = rounded_mean2(*above, *below);
    const int cross = rounded_mean4(at[-1], at[1], *above, *below);
    const int corners = rounded_mean4(above[-1], above[1], below[-1], below[1]);
    const bool red = place == e->red, blue = place == e->blue;
    // A green pixel has red neighbours either in its row or in its column.
    const bool red_beside = (e->red & 2) == (place & 2);
    out[0] = (uint8_t)(red ? *at : blue ? corners : red_beside ? beside : around);
    out[1] = (uint8_t)(red || blue ? cross : *at);
    out[2] = (uint8_t)(blue ? *at : red ? corners : red_beside ? around : beside);
}

// Interpolates the inner pixels, then copies the border from its neighbours.
static void convert_bayer(uint8_t *out, const imp_ros_pixels *p)
{
    const size_t row = 3 * (size_t)p->width;
    for (int y = 1; y < p->height - 1; y++) {
        uint8_t *line = out + (size_t)y * row;
        const uint8_t *from = p->data + (size_t)y * p->stride;
        for (int x = 1; x < p->width - 1; x++)
            interpolate_bayer_pixel(line + 3 * (size_t)x, p->encoding, from + x, p->stride,
                                    y % 2 * 2 + x % 2);
        // left and right border
        memcpy(line, line + 3, 3);
        memcpy(line + row - 3, line + row - 6, 3);
    }
    // top and bottom border
    memcpy(out, out + row, row);
    memcpy(out + (size_t)(p->height - 1) * row, out + (size_t)(p->height - 2) * row, row);
}

// Dispatches on the layout.
void imp_ros_pixels_to_rgb(uint8_t *out, const imp_ros_pixels *pixels)
{
    switch (pixels->encoding->layout) {
    case LAYOUT_CHANNELS:
        convert_channels(out, pixels);
        break;
    case LAYOUT_UYVY:
    case LAYOUT_YUYV:
        convert_yuv(out, pixels);
        break;
    case LAYOUT_BAYER:
        convert_bayer(out, pixels);
        break;
    }
}
