// Converts messages of ROS 2 to those of ROS 1. CDR aligns each number to its size, counted from
// behind a header of four bytes that says the byte order; strings count their final 0. ROS 1 has
// neither, and its header begins with a sequence number. A table of letters describes each type:
// the same fields in both, in the same order.
#include "data/rosbag/cdr.h"

#include <stdio.h>
#include <string.h>

// Fields of a message: h header, s string, b bytes with their count, d doubles with their count,
// 1, 2, 4, 8: numbers of so many bytes; a digit may be preceded by '*' and a count of two digits.
typedef struct cdr_type {
    const char *name, *fields;
} cdr_type;

static const cdr_type TYPES[] = {
    {"sensor_msgs/CompressedImage", "hsb"},
    {"sensor_msgs/Image", "h44s14b"},
    // height, width, model, D, K, R, P, binning, region of interest
    {"sensor_msgs/CameraInfo", "h44sd*098*098*1284444441"},
    {"duckietown_msgs/WheelsCmdStamped", "h44"},
    {"duckietown_msgs/Twist2DStamped", "h44"},
    // child frame, pose, covariance, twist, covariance
    {"nav_msgs/Odometry", "hs*078*368*068*368"},
    {"duckietown_msgs/WheelEncoderStamped", "h421"},
};

// Input and output of a conversion. Once a byte is missing, nothing more is written.
typedef struct cdr_converter {
    const uint8_t *origin, *at, *end;
    bool swap; // numbers are big-endian
    bool failed, no_memory;
    imp_decompressed *out;
} cdr_converter;

// Appends bytes to the converted message, unless something failed before.
static void write_bytes(cdr_converter *c, const uint8_t *bytes, size_t length)
{
    if (c->failed || c->no_memory)
        return;
    if (!imp_decompressed_reserve(c->out, length)) {
        c->no_memory = true;
        return;
    }
    memcpy(c->out->bytes + c->out->length, bytes, length);
    c->out->length += length;
}

// The next bytes behind the padding to `alignment`; NULL if they are missing.
static const uint8_t *read_aligned_bytes(cdr_converter *c, size_t length, size_t alignment)
{
    const size_t offset = (size_t)(c->at - c->origin);
    const size_t padding = (alignment - offset % alignment) % alignment;
    if (c->failed || padding > (size_t)(c->end - c->at) ||
        length > (size_t)(c->end - c->at) - padding) {
        c->failed = true;
        return NULL;
    }
    c->at += padding + length;
    return c->at - length;
}

// A number in the byte order of ROS 1, little-endian.
static void read_number(cdr_converter *c, uint8_t out[8], size_t size)
{
    const uint8_t *from = read_aligned_bytes(c, size, size);
    memset(out, 0, 8);
    for (size_t k = 0; k < size && from != NULL; k++)
        out[k] = from[c->swap ? size - 1 - k : k];
}

static void copy_numbers(cdr_converter *c, size_t size, size_t count)
{
    uint8_t number[8];
    for (size_t k = 0; k < count && !c->failed && !c->no_memory; k++) {
        read_number(c, number, size);
        write_bytes(c, number, size);
    }
}

// A count of 32 bits, which is not written.
static uint32_t read_count(cdr_converter *c)
{
    uint8_t n[8];
    read_number(c, n, 4);
    return (uint32_t)n[0] | (uint32_t)n[1] << 8 | (uint32_t)n[2] << 16 | (uint32_t)n[3] << 24;
}

static void write_count(cdr_converter *c, uint32_t count)
{
    const uint8_t bytes[4] = {(uint8_t)count, (uint8_t)(count >> 8), (uint8_t)(count >> 16),
                              (uint8_t)(count >> 24)};
    write_bytes(c, bytes, 4);
}

// Bytes with their count. A string's final 0 is not copied.
static void copy_counted_bytes(cdr_converter *c, bool is_string)
{
    uint32_t count = read_count(c);
    const uint8_t *bytes = read_aligned_bytes(c, count, 1);
    if (bytes == NULL)
        return;
    if (is_string && count > 0 && bytes[count - 1] == '\0')
        count--;
    write_count(c, count);
    write_bytes(c, bytes, count);
}

// The header of ROS 1 has a sequence number, that of ROS 2 none. Times are seconds and nanoseconds.
static void copy_header(cdr_converter *c)
{
    write_count(c, 0);
    copy_numbers(c, 4, 2);
    copy_counted_bytes(c, true);
}

// Converts the fields that a text describes: h header, s string, b bytes, d array of doubles; a
// digit is a number of so many bytes; *NN is the next one NN times.
static void copy_fields(cdr_converter *c, const char *fields)
{
    for (const char *f = fields; *f != '\0' && !c->failed && !c->no_memory; f++) {
        size_t count = 1;
        if (*f == '*') {
            count = (size_t)(f[1] - '0') * 10 + (size_t)(f[2] - '0');
            f += 3;
        }
        if (*f == 'h') {
            copy_header(c);
        } else if (*f == 's' || *f == 'b') {
            copy_counted_bytes(c, *f == 's');
        } else if (*f == 'd') {
            const uint32_t numbers = read_count(c);
            write_count(c, numbers);
            copy_numbers(c, 8, numbers);
        } else {
            copy_numbers(c, (size_t)(*f - '0'), count);
        }
    }
}

void imp_cdr_type_name(char out[128], const char *type, size_t length)
{
    static const char MIDDLE[] = "/msg/";
    out[0] = '\0';
    if (length >= 128)
        return;
    char name[128];
    memcpy(name, type, length);
    name[length] = '\0';
    const char *middle = strstr(name, MIDDLE);
    if (middle == NULL)
        memcpy(out, name, length + 1);
    else
        snprintf(out, 128, "%.*s/%s", (int)(middle - name), name, middle + sizeof MIDDLE - 1);
}

bool imp_cdr_to_ros1(imp_decompressed *out, const char *type, const uint8_t *data, size_t length)
{
    enum { HEADER_BYTES = 4, BIG_ENDIAN_CDR = 0, LITTLE_ENDIAN_CDR = 1 };
    out->length = 0;
    const cdr_type *known = NULL;
    for (size_t k = 0; k < sizeof TYPES / sizeof TYPES[0]; k++)
        if (strcmp(type, TYPES[k].name) == 0)
            known = &TYPES[k];
    if (known == NULL || length < HEADER_BYTES || data[0] != 0 || data[1] > LITTLE_ENDIAN_CDR)
        return true;
    // no message grows by more than its sequence number and what doubles take
    out->limit = 2 * length + 64;
    cdr_converter c = {.origin = data + HEADER_BYTES,
                       .at = data + HEADER_BYTES,
                       .end = data + length,
                       .swap = data[1] == BIG_ENDIAN_CDR,
                       .out = out};
    copy_fields(&c, known->fields);
    // up to three bytes of padding may follow
    if (c.failed || c.end - c.at > 3)
        out->length = 0;
    return !c.no_memory;
}
