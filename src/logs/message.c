#include "logs/message.h"

#include <math.h>
#include <string.h>

#include "logs/bytes.h"

enum { LARGEST_SIDE = 8192, COEFFICIENTS_MAX = 16 };

// Reads values one after the other; once one is missing, all that follow are 0.
typedef struct reader {
    const uint8_t *at, *end;
    bool failed;
} reader;

static const uint8_t *take(reader *r, size_t length)
{
    static const uint8_t zeros[8];
    if (r->failed || length > (size_t)(r->end - r->at)) {
        r->failed = true;
        return length <= sizeof zeros ? zeros : NULL;
    }
    r->at += length;
    return r->at - length;
}

static uint32_t take_u32(reader *r)
{
    return imp_u32(take(r, 4));
}

static void take_doubles(reader *r, double *out, int count)
{
    for (int k = 0; k < count; k++)
        out[k] = imp_f64(take(r, 8));
}

// Bytes that begin with their count: a text, or an array of bytes.
static const uint8_t *take_bytes(reader *r, size_t *length)
{
    *length = take_u32(r);
    const uint8_t *bytes = take(r, *length);
    if (r->failed)
        *length = 0;
    return bytes;
}

// std_msgs/Header: a count, a time, a frame's name.
static int64_t take_stamp(reader *r)
{
    size_t length;
    take_u32(r);
    const uint32_t seconds = take_u32(r), nanoseconds = take_u32(r);
    take_bytes(r, &length);
    return (int64_t)seconds * 1000000000 + nanoseconds;
}

static bool is_done(const reader *r)
{
    return !r->failed && r->at == r->end;
}

imp_message_kind imp_message_kind_of(const char *type)
{
    static const struct {
        const char *type;
        imp_message_kind kind;
    } kinds[] = {
        {"sensor_msgs/CompressedImage", IMP_MESSAGE_COMPRESSED_IMAGE},
        {"sensor_msgs/Image", IMP_MESSAGE_IMAGE},
        {"sensor_msgs/CameraInfo", IMP_MESSAGE_CAMERA_INFO},
        {"duckietown_msgs/WheelsCmdStamped", IMP_MESSAGE_WHEELS},
        {"duckietown_msgs/Twist2DStamped", IMP_MESSAGE_CAR},
    };
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        if (strcmp(type, kinds[k].type) == 0)
            return kinds[k].kind;
    return IMP_MESSAGE_OTHER;
}

// A name in a file, as people may see it.
static void copy_name(char out[48], const uint8_t *name, size_t length)
{
    size_t k = 0;
    for (; k < length && k < 47; k++)
        out[k] = (char)(name[k] >= ' ' && name[k] <= '~' ? name[k] : '?');
    out[k] = '\0';
}

static bool holds(const uint8_t *text, size_t length, const char *word)
{
    const size_t size = strlen(word);
    for (size_t k = 0; k + size <= length; k++)
        if (memcmp(text + k, word, size) == 0)
            return true;
    return false;
}

// The bytes tell a picture; of others, the format whether they should have been one.
static bool is_compressed(const imp_ros_picture *picture, const uint8_t *format, size_t length)
{
    const uint8_t *data = picture->data;
    if (picture->length > 2 && data[0] == 0xFF && data[1] == 0xD8)
        return true;
    if (picture->length > 4 && memcmp(data, "\x89PNG", 4) == 0)
        return true;
    return !holds(format, length, "compressedDepth") &&
           (holds(format, length, "jpeg") || holds(format, length, "jpg") ||
            holds(format, length, "png"));
}

bool imp_read_compressed_image(imp_ros_picture *out, const uint8_t *data, size_t length)
{
    reader r = {data, data + length, false};
    size_t name;
    *out = (imp_ros_picture){.stamp = take_stamp(&r)};
    const uint8_t *format = take_bytes(&r, &name);
    out->data = take_bytes(&r, &out->length);
    if (!is_done(&r) || out->length == 0)
        return false;
    if (is_compressed(out, format, name))
        return true;
    copy_name(out->unread, format, name);
    if (out->unread[0] == '\0')
        copy_name(out->unread, (const uint8_t *)"(nameless)", 10);
    return false;
}

bool imp_read_image(imp_ros_picture *out, const uint8_t *data, size_t length)
{
    reader r = {data, data + length, false};
    size_t name;
    *out = (imp_ros_picture){.stamp = take_stamp(&r)};
    const uint32_t height = take_u32(&r), width = take_u32(&r);
    const uint8_t *encoding = take_bytes(&r, &name);
    imp_pixels *pixels = &out->pixels;
    pixels->big_endian = *take(&r, 1) != 0;
    pixels->stride = take_u32(&r);
    pixels->data = out->data = take_bytes(&r, &out->length);
    if (!is_done(&r) || width < 1 || height < 1 || width > LARGEST_SIDE || height > LARGEST_SIDE)
        return false;
    pixels->width = (int)width;
    pixels->height = (int)height;
    pixels->encoding = imp_encoding_find(encoding, name);
    if (pixels->encoding == NULL) {
        copy_name(out->unread, encoding, name);
        if (out->unread[0] == '\0')
            copy_name(out->unread, (const uint8_t *)"(nameless)", 10);
        return false;
    }
    const size_t row = imp_encoding_row(pixels->encoding, pixels->width, pixels->height);
    // the last row may come without what pads it
    return row > 0 && pixels->stride >= row && out->length >= pixels->stride * (height - 1) + row;
}

bool imp_read_command(int64_t *stamp, double numbers[2], const uint8_t *data, size_t length)
{
    reader r = {data, data + length, false};
    *stamp = take_stamp(&r);
    for (int k = 0; k < 2; k++)
        numbers[k] = imp_f32(take(&r, 4));
    return is_done(&r) && isfinite(numbers[0]) && isfinite(numbers[1]);
}

static bool are_sound(const double *values, int count)
{
    for (int k = 0; k < count; k++)
        if (!(fabs(values[k]) <= 1e9))
            return false;
    return true;
}

bool imp_read_camera_info(imp_calibration *out, const uint8_t *data, size_t length)
{
    reader r = {data, data + length, false};
    size_t name;
    double bend[COEFFICIENTS_MAX] = {0}, matrix[9], rotation[9], projection[12];
    take_stamp(&r);
    const uint32_t height = take_u32(&r), width = take_u32(&r);
    const uint8_t *model = take_bytes(&r, &name);
    const uint32_t coefficients = take_u32(&r);
    if (r.failed || coefficients < 4 || coefficients > 5 || name != strlen("plumb_bob") ||
        memcmp(model, "plumb_bob", name) != 0)
        return false;
    take_doubles(&r, bend, (int)coefficients);
    take_doubles(&r, matrix, 9);
    take_doubles(&r, rotation, 9);
    take_doubles(&r, projection, 12);
    take(&r, 8); // binning
    take(&r, 8); // region of interest, and whether it is rectified
    take(&r, 8);
    take(&r, 1);
    if (!is_done(&r) || width < 2 || height < 2 || width > LARGEST_SIDE || height > LARGEST_SIDE ||
        !are_sound(bend, 5) || !are_sound(matrix, 9) || !are_sound(projection, 12) ||
        !(matrix[0] > 0.0 && matrix[4] > 0.0))
        return false;
    imp_lens lens = {.kind = IMP_LENS_CALIBRATED,
                     .width = (int)width,
                     .height = (int)height,
                     .fx = matrix[0],
                     .fy = matrix[4],
                     .cx = matrix[2],
                     .cy = matrix[5],
                     .k1 = bend[0],
                     .k2 = bend[1],
                     .p1 = bend[2],
                     .p2 = bend[3],
                     .k3 = bend[4]};
    out->projection =
        projection[0] > 0.0 && projection[5] > 0.0
            ? (imp_pinhole){projection[0], projection[5], projection[2], projection[6]}
            : imp_lens_rectified(&lens);
    // ROS counts from the middle of the first pixel
    lens.cx += 0.5;
    lens.cy += 0.5;
    out->lens = lens;
    return true;
}
