// data/rosbag/ros_image.h: the encodings of raw ROS pictures (sensor_msgs/image_encodings.h), and
// what their bytes look like as RGB: the colours that OpenCV's cvtColor() gives.
#ifndef IMP_DATA_ROSBAG_ROS_IMAGE_H
#define IMP_DATA_ROSBAG_ROS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct imp_ros_encoding imp_ros_encoding;

// All names that are read, for messages.
#define IMP_ROS_ENCODING_NAMES                                                                     \
    "rgb8, bgr8, rgba8, bgra8, mono8, their 16-bit kinds, 8UC1, 8UC3, 8UC4, 16UC1, yuv422, "       \
    "yuv422_yuy2 and bayer_*8"

// Rows as they came; stride bytes from one to the next.
typedef struct imp_ros_pixels {
    const imp_ros_encoding *encoding;
    const uint8_t *data;
    int width, height;
    size_t stride;
    bool big_endian; // numbers of 16 bits
} imp_ros_pixels;

// NULL if it is none that is read.
const imp_ros_encoding *imp_ros_encoding_find(const uint8_t *name, size_t length);
const char *imp_ros_encoding_name(const imp_ros_encoding *encoding);
// How an encoding that says nothing about colours is taken, "bgr8"; NULL for the others.
const char *imp_ros_encoding_assumed(const imp_ros_encoding *encoding);
// Bytes of a row without padding; 0 if a picture cannot have that size.
size_t imp_ros_encoding_row_bytes(const imp_ros_encoding *encoding, int width, int height);

// Turns them into RGB (height x width x 3), without gaps.
void imp_ros_pixels_to_rgb(uint8_t *out, const imp_ros_pixels *pixels);

#endif
