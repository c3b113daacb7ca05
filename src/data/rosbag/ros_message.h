// data/rosbag/ros_message.h: parsers of the ROS messages that recordings of driving contain.
#ifndef IMP_DATA_ROSBAG_ROS_MESSAGE_H
#define IMP_DATA_ROSBAG_ROS_MESSAGE_H

#include "data/rosbag/ros_image.h"
#include "imprint/robot.h"

typedef enum imp_ros_message_kind {
    IMP_ROS_OTHER,
    IMP_ROS_COMPRESSED_IMAGE, // sensor_msgs/CompressedImage
    IMP_ROS_IMAGE,            // sensor_msgs/Image
    IMP_ROS_CAMERA_INFO,      // sensor_msgs/CameraInfo
    IMP_ROS_WHEELS_CMD,       // duckietown_msgs/WheelsCmdStamped
    IMP_ROS_TWIST_2D,         // duckietown_msgs/Twist2DStamped
    IMP_ROS_ODOMETRY,         // nav_msgs/Odometry
    IMP_ROS_ENCODER,          // duckietown_msgs/WheelEncoderStamped
} imp_ros_message_kind;

// The kind of a message type's name.
imp_ros_message_kind imp_ros_message_kind_of(const char *type);

// An image as it is in the message. Borrowed from the message.
typedef struct imp_ros_image {
    int64_t stamp;       // time of capture [ns]; 0 if unknown
    const uint8_t *data; // (length) JPEG or PNG, or rows
    size_t length;
    imp_ros_pixels pixels; // raw image; encoding is NULL if it is compressed
    char unsupported[48];  // unsupported encoding or format, printable; "" if supported
} imp_ros_image;

// All parsers return false if a message does not match its type to the last byte.
// Also false for formats other than JPEG and PNG.
bool imp_ros_parse_compressed_image(imp_ros_image *out, const uint8_t *data, size_t length);
// Also false for unsupported encodings.
bool imp_ros_parse_image(imp_ros_image *out, const uint8_t *data, size_t length);
// Two numbers: duty cycles (left, right), or speed [m/s] and turn rate [rad/s].
bool imp_ros_parse_command(int64_t *stamp, double numbers[2], const uint8_t *data, size_t length);
// Position and heading: x [m], y [m], counter-clockwise [rad].
bool imp_ros_parse_odometry(int64_t *stamp, double numbers[3], const uint8_t *data, size_t length);
// Ticks that were counted, from -2^31 to 2^31 - 1, and ticks of a revolution, at least 1.
bool imp_ros_parse_encoder(int64_t *stamp, double numbers[2], const uint8_t *data, size_t length);
// Also false for cameras with another lens model, or without calibration.
bool imp_ros_parse_camera_info(imp_calibration *out, const uint8_t *data, size_t length);

#endif
