// data/rosbag/bag_writer.h: writes ROS 1 bags, version 2.0, for the tests.
#ifndef IMP_TESTS_DATA_ROSBAG_BAG_WRITER_H
#define IMP_TESTS_DATA_ROSBAG_BAG_WRITER_H

#include "testing.h"

#include <bzlib.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Bytes under construction.
typedef struct byte_buffer {
    uint8_t bytes[1 << 21];
    size_t length;
} byte_buffer;

static inline void put(byte_buffer *b, const void *data, size_t length)
{
    assert_true(b->length + length <= sizeof b->bytes);
    memcpy(b->bytes + b->length, data, length);
    b->length += length;
}

static inline void put_u32(byte_buffer *b, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                              (uint8_t)(value >> 24)};
    put(b, bytes, sizeof bytes);
}

static inline void put_text(byte_buffer *b, const char *text)
{
    put_u32(b, (uint32_t)strlen(text));
    put(b, text, strlen(text));
}

static inline void put_f32(byte_buffer *b, float value)
{
    put(b, &value, sizeof value); // of little-endian machines
}

static inline void put_f64(byte_buffer *b, double value)
{
    put(b, &value, sizeof value);
}

static inline void put_field(byte_buffer *b, const char *name, const void *value, size_t length)
{
    put_u32(b, (uint32_t)(strlen(name) + 1 + length));
    put(b, name, strlen(name));
    put(b, "=", 1);
    put(b, value, length);
}

static inline void put_field_u32(byte_buffer *b, const char *name, uint32_t value)
{
    put_field(b, name, &value, sizeof value);
}

static inline void put_record(byte_buffer *b, const byte_buffer *header, const void *data,
                              size_t length)
{
    put_u32(b, (uint32_t)header->length);
    put(b, header->bytes, header->length);
    put_u32(b, (uint32_t)length);
    put(b, data, length);
}

static inline byte_buffer *byte_buffer_create(void)
{
    byte_buffer *made = calloc(1, sizeof *made);
    assert_non_null(made);
    return made;
}

// The first line and the bag's header.
static inline void put_start(byte_buffer *bag, uint64_t index_position)
{
    byte_buffer *header = byte_buffer_create(), *padding = byte_buffer_create();
    put(bag, "#ROSBAG V2.0\n", 13);
    put_field(header, "op", "\3", 1);
    put_field(header, "index_pos", &index_position, 8);
    put_field_u32(header, "conn_count", 0);
    put_field_u32(header, "chunk_count", 0);
    memset(padding->bytes, ' ', 100);
    put_record(bag, header, padding->bytes, 100);
    free(header);
    free(padding);
}

static inline void put_connection(byte_buffer *b, uint32_t number, const char *topic,
                                  const char *type)
{
    byte_buffer *header = byte_buffer_create(), *data = byte_buffer_create();
    put_field(header, "op", "\7", 1);
    put_field_u32(header, "conn", number);
    put_field(header, "topic", topic, strlen(topic));
    put_field(data, "topic", topic, strlen(topic));
    put_field(data, "type", type, strlen(type));
    put_field(data, "md5sum", "*", 1);
    put_field(data, "message_definition", "", 0);
    put_record(b, header, data->bytes, data->length);
    free(header);
    free(data);
}

static inline void put_message(byte_buffer *b, uint32_t number, uint64_t ns,
                               const byte_buffer *message)
{
    byte_buffer *header = byte_buffer_create();
    const uint32_t time[2] = {(uint32_t)(ns / 1000000000), (uint32_t)(ns % 1000000000)};
    put_field(header, "op", "\2", 1);
    put_field_u32(header, "conn", number);
    put_field(header, "time", time, sizeof time);
    put_record(b, header, message->bytes, message->length);
    free(header);
}

// LZ4 without matches: blocks of literals, so that one knows where each byte is.
static inline void encode_lz4(byte_buffer *out, const byte_buffer *in)
{
    // 64 kB blocks, independent, no checksums; 0x82 is that of the descriptor
    static const uint8_t head[7] = {0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82};
    put(out, head, sizeof head);
    for (size_t at = 0; at < in->length;) {
        const size_t count = in->length - at < 5000 ? in->length - at : 5000;
        const size_t extra = count < 15 ? 0 : (count - 15) / 255 + 1;
        put_u32(out, (uint32_t)(1 + extra + count));
        put(out, count < 15 ? (uint8_t[]){(uint8_t)(count << 4)} : (uint8_t[]){0xF0}, 1);
        for (size_t k = 0; k < extra; k++)
            put(out, k + 1 < extra ? (uint8_t[]){255} : (uint8_t[]){(uint8_t)((count - 15) % 255)},
                1);
        put(out, in->bytes + at, count);
        at += count;
    }
    put_u32(out, 0);
}

static inline void put_chunk(byte_buffer *bag, const byte_buffer *chunk, const char *compression)
{
    byte_buffer *header = byte_buffer_create(), *packed = byte_buffer_create();
    put_field(header, "op", "\5", 1);
    put_field(header, "compression", compression, strlen(compression));
    put_field_u32(header, "size", (uint32_t)chunk->length);
    if (strcmp(compression, "bz2") == 0) {
        unsigned length = sizeof packed->bytes;
        assert_int_equal(BZ2_bzBuffToBuffCompress((char *)packed->bytes, &length,
                                                  (char *)(uintptr_t)chunk->bytes,
                                                  (unsigned)chunk->length, 9, 0, 0),
                         BZ_OK);
        packed->length = length;
    } else if (strcmp(compression, "lz4") == 0) {
        encode_lz4(packed, chunk);
    } else {
        put(packed, chunk->bytes, chunk->length);
    }
    put_record(bag, header, packed->bytes, packed->length);
    free(header);
    free(packed);
}

static inline void put_header(byte_buffer *message, uint64_t ns)
{
    put_u32(message, 0);
    put_u32(message, (uint32_t)(ns / 1000000000));
    put_u32(message, (uint32_t)(ns % 1000000000));
    put_text(message, "robot");
}

// A command of two numbers, received and stamped at times of their own.
static inline void put_command_at(byte_buffer *b, uint32_t connection, uint64_t received,
                                  uint64_t stamp, float first, float second)
{
    byte_buffer *message = byte_buffer_create();
    put_header(message, stamp);
    put_f32(message, first);
    put_f32(message, second);
    put_message(b, connection, received, message);
    free(message);
}

static inline void put_command(byte_buffer *b, uint32_t connection, uint64_t ns, float first,
                               float second)
{
    put_command_at(b, connection, ns, ns, first, second);
}

// nav_msgs/Odometry: position [m], heading [rad].
static inline void put_odometry(byte_buffer *b, uint32_t connection, uint64_t ns, double x,
                                double y, double heading)
{
    byte_buffer *message = byte_buffer_create();
    const double pose[7] = {x, y, 0.0, 0.0, 0.0, sin(0.5 * heading), cos(0.5 * heading)};
    put_header(message, ns);
    put_text(message, "base");
    for (int k = 0; k < 7 + 36 + 6 + 36; k++)
        put_f64(message, k < 7 ? pose[k] : 0.0);
    put_message(b, connection, ns, message);
    free(message);
}

// duckietown_msgs/WheelEncoderStamped of 135 ticks a revolution.
static inline void put_ticks(byte_buffer *b, uint32_t connection, uint64_t ns, int32_t ticks)
{
    byte_buffer *message = byte_buffer_create();
    put_header(message, ns);
    put_u32(message, (uint32_t)ticks);
    put(message, (const uint8_t[]){135, 0, 1}, 3);
    put_message(b, connection, ns, message);
    free(message);
}

static inline void put_compressed_as(byte_buffer *b, uint32_t connection, uint64_t ns,
                                     const char *format, const void *data, size_t length)
{
    byte_buffer *message = byte_buffer_create();
    put_header(message, ns);
    put_text(message, format);
    put_u32(message, (uint32_t)length);
    put(message, data, length);
    put_message(b, connection, ns, message);
    free(message);
}

static inline void put_compressed(byte_buffer *b, uint32_t connection, uint64_t ns,
                                  const void *data, size_t length)
{
    put_compressed_as(b, connection, ns, "jpeg", data, length);
}

// A raw image of any encoding.
typedef struct raw_image {
    const char *encoding;
    uint32_t width, height, stride;
    bool big_endian;
    const uint8_t *data; // (length)
    size_t length;
} raw_image;

static inline void put_raw_image(byte_buffer *b, uint32_t connection, uint64_t received,
                                 uint64_t stamp, const raw_image *image)
{
    byte_buffer *message = byte_buffer_create();
    put_header(message, stamp);
    put_u32(message, image->height);
    put_u32(message, image->width);
    put_text(message, image->encoding);
    put(message, image->big_endian ? "\1" : "\0", 1);
    put_u32(message, image->stride);
    put_u32(message, (uint32_t)image->length);
    put(message, image->data, image->length);
    put_message(b, connection, received, message);
    free(message);
}

// A image full of one value, with rows two bytes longer than they need be.
static inline void put_image_at(byte_buffer *b, uint32_t connection, uint64_t received,
                                uint64_t stamp, uint32_t width, uint32_t height, uint8_t value)
{
    const uint32_t stride = 3 * width + 2;
    uint8_t *data = malloc((size_t)stride * height);
    assert_non_null(data);
    for (uint32_t k = 0; k < stride * height; k++)
        data[k] = k % stride < 3 * width ? value : 0xff;
    put_raw_image(
        b, connection, received, stamp,
        &(raw_image){"rgb8", width, height, stride, false, data, (size_t)stride * height});
    free(data);
}

static inline void put_image(byte_buffer *b, uint32_t connection, uint64_t ns, uint32_t width,
                             uint32_t height, uint8_t value)
{
    put_image_at(b, connection, ns, ns, width, height, value);
}

// A calibration of a lens whose first coefficient is k1.
static inline void put_camera_info(byte_buffer *b, uint32_t connection, uint64_t ns, double k1)
{
    const double bend[5] = {k1, 0.03, 0, 0, 0};
    const double matrix[9] = {7.5, 0, 7.5, 0, 7.5, 5.5, 0, 0, 1};
    const double projection[12] = {6, 0, 7.5, 0, 0, 6, 5.5, 0, 0, 0, 1, 0};
    byte_buffer *message = byte_buffer_create();
    put_header(message, ns);
    put_u32(message, 12);
    put_u32(message, 16);
    put_text(message, "plumb_bob");
    put_u32(message, 5);
    for (int k = 0; k < 5; k++)
        put_f64(message, bend[k]);
    for (int pass = 0; pass < 2; pass++)
        for (int k = 0; k < 9; k++)
            put_f64(message, matrix[k]);
    for (int k = 0; k < 12; k++)
        put_f64(message, projection[k]);
    put(message, (const uint8_t[25]){0}, 25);
    put_message(b, connection, ns, message);
    free(message);
}

static inline void write_bag(const char *path, const byte_buffer *bag)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bag->bytes, 1, bag->length, file), bag->length);
    assert_int_equal(fclose(file), 0);
}

#endif
