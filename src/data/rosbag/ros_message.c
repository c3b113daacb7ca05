// Parses serialised ROS 1 messages: little-endian fields without padding, arrays and strings with a
// 32-bit length in front.
// A message must match its type to the last byte. All lengths are checked; after the first missing
// byte the reader returns zeros, so that errors need to be checked only once at the end.
#include "data/rosbag/ros_message.h"

#include <math.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/io/little_endian.h"
#include "sim/robot/ros_calibration.h"

enum { IMAGE_SIDE_MAX = 8192, COEFFICIENTS_MAX = 16 };

// Reads values one after another. Once one is missing, all that follow are 0.
typedef struct byte_reader {
    const uint8_t *at, *end;
    bool failed;
} byte_reader;

// Returns a pointer to the next bytes. After a failure it points to zeros, or is NULL for more than
// eight bytes.
static const uint8_t *read_bytes(byte_reader *r, size_t length)
{
    static const uint8_t zeros[8];
    if (r->failed || length > (size_t)(r->end - r->at)) {
        r->failed = true;
        // eight zeros suffice for every number
        return length <= sizeof zeros ? zeros : NULL;
    }
    r->at += length;
    return r->at - length;
}

static uint32_t read_u32(byte_reader *r)
{
    return imp_load_le_u32(read_bytes(r, 4));
}

static void read_doubles(byte_reader *r, double *out, int count)
{
    for (int k = 0; k < count; k++)
        out[k] = imp_load_le_f64(read_bytes(r, 8));
}

// Bytes preceded by their count: a string or an array of bytes.
static const uint8_t *read_sized_bytes(byte_reader *r, size_t *length)
{
    *length = read_u32(r);
    const uint8_t *bytes = read_bytes(r, *length);
    // an incomplete array is empty
    if (r->failed)
        *length = 0;
    return bytes;
}

// std_msgs/Header: sequence number, time, frame name. Returns the time in nanoseconds.
static int64_t read_header_stamp(byte_reader *r)
{
    size_t length;
    read_u32(r);
    const uint32_t seconds = read_u32(r), nanoseconds = read_u32(r);
    read_sized_bytes(r, &length);
    return (int64_t)seconds * 1000000000 + nanoseconds;
}

// A message with bytes left over is not of the type that it claims.
static bool is_message_fully_read(const byte_reader *r)
{
    return !r->failed && r->at == r->end;
}

// Only types that this program uses have a kind.
imp_ros_message_kind imp_ros_message_kind_of(const char *type)
{
    static const struct {
        const char *type;
        imp_ros_message_kind kind;
    } kinds[] = {
        {"sensor_msgs/CompressedImage", IMP_ROS_COMPRESSED_IMAGE},
        {"sensor_msgs/Image", IMP_ROS_IMAGE},
        {"sensor_msgs/CameraInfo", IMP_ROS_CAMERA_INFO},
        {"duckietown_msgs/WheelsCmdStamped", IMP_ROS_WHEELS_CMD},
        {"duckietown_msgs/Twist2DStamped", IMP_ROS_TWIST_2D},
        {"nav_msgs/Odometry", IMP_ROS_ODOMETRY},
        {"duckietown_msgs/WheelEncoderStamped", IMP_ROS_ENCODER},
    };
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        if (strcmp(type, kinds[k].type) == 0)
            return kinds[k].kind;
    return IMP_ROS_OTHER;
}

// Copies a name of a file for a message, with unprintable characters replaced.
static void copy_printable(char out[48], const uint8_t *name, size_t length)
{
    size_t k = 0;
    for (; k < length && k < 47; k++)
        out[k] = (char)(name[k] >= ' ' && name[k] <= '~' ? name[k] : '?');
    out[k] = '\0';
}

static bool contains_text(const uint8_t *text, size_t length, const char *word)
{
    const size_t size = strlen(word);
    for (size_t k = 0; k + size <= length; k++)
        if (memcmp(text + k, word, size) == 0)
            return true;
    return false;
}

// Whether the bytes are a JPEG or PNG; if they are neither, whether the format says that they
// should be.
static bool is_jpeg_or_png(const imp_ros_image *image, const uint8_t *format, size_t length)
{
    const uint8_t *data = image->data;
    if (image->length > 2 && data[0] == 0xFF && data[1] == 0xD8)
        return true;
    if (image->length > 4 && memcmp(data, "\x89PNG", 4) == 0)
        return true;
    return !contains_text(format, length, "compressedDepth") &&
           (contains_text(format, length, "jpeg") || contains_text(format, length, "jpg") ||
            contains_text(format, length, "png"));
}

// An unknown format is reported by name; a message that does not fit its type is not.
bool imp_ros_parse_compressed_image(imp_ros_image *out, const uint8_t *data, size_t length)
{
    byte_reader r = {data, data + length, false};
    size_t name;
    *out = (imp_ros_image){.stamp = read_header_stamp(&r)};
    const uint8_t *format = read_sized_bytes(&r, &name);
    out->data = read_sized_bytes(&r, &out->length);
    if (!is_message_fully_read(&r) || out->length == 0)
        return false;
    // a damaged JPEG passes here and is counted when it cannot be decoded
    if (is_jpeg_or_png(out, format, name))
        return true;
    copy_printable(out->unsupported, format, name);
    if (out->unsupported[0] == '\0')
        copy_printable(out->unsupported, (const uint8_t *)"(nameless)", 10);
    return false;
}

// Checks size, encoding and stride, so that the pixels can be converted without further checks.
bool imp_ros_parse_image(imp_ros_image *out, const uint8_t *data, size_t length)
{
    byte_reader r = {data, data + length, false};
    size_t name;
    *out = (imp_ros_image){.stamp = read_header_stamp(&r)};
    const uint32_t height = read_u32(&r), width = read_u32(&r);
    const uint8_t *encoding = read_sized_bytes(&r, &name);
    imp_ros_pixels *pixels = &out->pixels;
    pixels->big_endian = *read_bytes(&r, 1) != 0;
    pixels->stride = read_u32(&r);
    pixels->data = out->data = read_sized_bytes(&r, &out->length);
    // sizes are limited before they are multiplied
    // all fields must have been present
    if (!is_message_fully_read(&r) || width < 1 || height < 1 || width > IMAGE_SIDE_MAX ||
        height > IMAGE_SIDE_MAX)
        return false;
    pixels->width = (int)width;
    pixels->height = (int)height;
    // an unknown encoding is reported by name
    pixels->encoding = imp_ros_encoding_find(encoding, name);
    if (pixels->encoding == NULL) {
        copy_printable(out->unsupported, encoding, name);
        if (out->unsupported[0] == '\0')
            copy_printable(out->unsupported, (const uint8_t *)"(nameless)", 10);
        return false;
    }
    // rows must not overlap
    const size_t row = imp_ros_encoding_row_bytes(pixels->encoding, pixels->width, pixels->height);
    // The last row may come without its padding.
    return row > 0 && pixels->stride >= row && out->length >= pixels->stride * (height - 1) + row;
}

// NaN or infinite commands are rejected.
bool imp_ros_parse_command(int64_t *stamp, double numbers[2], const uint8_t *data, size_t length)
{
    byte_reader r = {data, data + length, false};
    *stamp = read_header_stamp(&r);
    for (int k = 0; k < 2; k++)
        numbers[k] = imp_load_le_f32(read_bytes(&r, 4));
    return is_message_fully_read(&r) && isfinite(numbers[0]) && isfinite(numbers[1]);
}

bool imp_ros_parse_odometry(int64_t *stamp, double numbers[3], const uint8_t *data, size_t length)
{
    enum { COVARIANCE = 36, TWIST = 6 };
    byte_reader r = {data, data + length, false};
    size_t frame;
    double place[3], q[4], rest[COVARIANCE];
    *stamp = read_header_stamp(&r);
    read_sized_bytes(&r, &frame);
    read_doubles(&r, place, 3);
    read_doubles(&r, q, 4); // x, y, z, w
    read_doubles(&r, rest, COVARIANCE);
    read_doubles(&r, rest, TWIST);
    read_doubles(&r, rest, COVARIANCE);
    const double size = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
    if (!is_message_fully_read(&r) || !(fabs(place[0]) + fabs(place[1]) < 1e9) ||
        !(size > 0.25 && size < 4.0))
        return false;
    numbers[0] = place[0];
    numbers[1] = place[1];
    numbers[2] = imp_atan2(2.0 * (q[3] * q[2] + q[0] * q[1]),
                           q[3] * q[3] + q[0] * q[0] - q[1] * q[1] - q[2] * q[2]);
    return true;
}

bool imp_ros_parse_encoder(int64_t *stamp, double numbers[2], const uint8_t *data, size_t length)
{
    byte_reader r = {data, data + length, false};
    *stamp = read_header_stamp(&r);
    numbers[0] = (double)(int32_t)read_u32(&r);
    const uint8_t *resolution = read_bytes(&r, 2);
    numbers[1] = (double)(resolution[0] | resolution[1] << 8);
    read_bytes(&r, 1); // kind of encoder
    return is_message_fully_read(&r) && numbers[1] >= 1.0;
}

static bool are_calibration_values_sane(const double *values, int count)
{
    for (int k = 0; k < count; k++)
        if (!(fabs(values[k]) <= 1e9))
            return false;
    return true;
}

// Accepts the lens models of imp_lens_model. The projection matrix gives the rectified camera if
// there is one.
bool imp_ros_parse_camera_info(imp_calibration *out, const uint8_t *data, size_t length)
{
    byte_reader r = {data, data + length, false};
    size_t name;
    double distortion[COEFFICIENTS_MAX] = {0}, matrix[9], rotation[9], projection[12];
    read_header_stamp(&r);
    const uint32_t height = read_u32(&r), width = read_u32(&r);
    const uint8_t *model = read_sized_bytes(&r, &name);
    const uint32_t coefficients = read_u32(&r);
    imp_lens_model lens;
    if (r.failed || coefficients > COEFFICIENTS_MAX ||
        !imp_lens_model_from_ros(&lens, (const char *)model, name, (int)coefficients))
        return false;
    // distortion D, camera matrix K, rotation R, projection P
    read_doubles(&r, distortion, (int)coefficients);
    read_doubles(&r, matrix, 9);
    read_doubles(&r, rotation, 9);
    read_doubles(&r, projection, 12);
    read_bytes(&r, 8); // binning
    read_bytes(&r, 8); // region of interest, and whether it is rectified
    read_bytes(&r, 8);
    read_bytes(&r, 1);
    // an uncalibrated camera has zeros in K
    if (!is_message_fully_read(&r) || width < 2 || height < 2 || width > IMAGE_SIDE_MAX ||
        height > IMAGE_SIDE_MAX || !are_calibration_values_sane(distortion, COEFFICIENTS_MAX) ||
        !are_calibration_values_sane(matrix, 9) || !are_calibration_values_sane(projection, 12) ||
        !(matrix[0] > 0.0 && matrix[4] > 0.0))
        return false;
    // a projection of zeros is what an uncalibrated camera publishes
    const bool projects = projection[0] > 0.0 && projection[5] > 0.0;
    *out = imp_calibration_from_ros(lens, (int)width, (int)height, matrix, distortion,
                                    projects ? projection : NULL);
    return true;
}
