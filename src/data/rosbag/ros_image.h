// data/rosbag/ros_image.h: encodings of raw ROS images (sensor_msgs/image_encodings.h), and their
// conversion to RGB with the colours of OpenCV's cvtColor().
#ifndef IMP_DATA_ROSBAG_ROS_IMAGE_H
#define IMP_DATA_ROSBAG_ROS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct imp_ros_encoding imp_ros_encoding;

// Names of all supported encodings, for messages.
#define IMP_ROS_ENCODING_NAMES                                                                     \
    "rgb8, bgr8, rgba8, bgra8, mono8, their 16-bit kinds, 8UC1, 8UC3, 8UC4, 16UC1, yuv422, "       \
    "yuv422_yuy2 and bayer_*8"

// Pixels as they are in the message; stride [bytes] from one row to the next.
typedef struct imp_ros_pixels {
    const imp_ros_encoding *encoding;
    const uint8_t *data;
    int width, height;
    size_t stride;
    bool big_endian; // byte order of 16-bit values
} imp_ros_pixels;

// NULL if the encoding is not supported.
const imp_ros_encoding *imp_ros_encoding_find(const uint8_t *name, size_t length);
const char *imp_ros_encoding_name(const imp_ros_encoding *encoding);
// The encoding that one without colour information is taken for ("bgr8"); NULL for others.
const char *imp_ros_encoding_get_assumed(const imp_ros_encoding *encoding);
// Bytes of a row without padding; 0 if an image cannot have that size.
size_t imp_ros_encoding_row_bytes(const imp_ros_encoding *encoding, int width, int height);

// Converts to RGB (height x width x 3) without gaps.
void imp_ros_pixels_to_rgb(uint8_t *out, const imp_ros_pixels *pixels);

#endif
