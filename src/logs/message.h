// logs/message.h: the ROS messages that driving is made of.
#ifndef IMP_LOGS_MESSAGE_H
#define IMP_LOGS_MESSAGE_H

#include "imprint/robot.h"
#include "logs/pixels.h"

typedef enum imp_message_kind {
    IMP_MESSAGE_OTHER,
    IMP_MESSAGE_COMPRESSED_IMAGE, // sensor_msgs/CompressedImage
    IMP_MESSAGE_IMAGE,            // sensor_msgs/Image
    IMP_MESSAGE_CAMERA_INFO,      // sensor_msgs/CameraInfo
    IMP_MESSAGE_WHEELS,           // duckietown_msgs/WheelsCmdStamped
    IMP_MESSAGE_CAR,              // duckietown_msgs/Twist2DStamped
} imp_message_kind;

// What a type's name means.
imp_message_kind imp_message_kind_of(const char *type);

// A picture as it came. Borrowed from the message.
typedef struct imp_ros_picture {
    int64_t stamp;       // when it was taken [ns]; 0 if nobody says
    const uint8_t *data; // (length) JPEG or PNG, or rows
    size_t length;
    imp_pixels pixels; // rows; without encoding if it is compressed
    char unread[48];   // encoding or format that is not read, for people; "" if it is
} imp_ros_picture;

// All of these are false if a message is not what its type says, to the last byte.
// Also false for formats other than JPEG and PNG.
bool imp_read_compressed_image(imp_ros_picture *out, const uint8_t *data, size_t length);
// Also false for encodings that are not read.
bool imp_read_image(imp_ros_picture *out, const uint8_t *data, size_t length);
// Two numbers: duty cycles (left, right), or speed [m/s] and turn rate [rad/s].
bool imp_read_command(int64_t *stamp, double numbers[2], const uint8_t *data, size_t length);
// Also false if it describes no camera of ours, such as one that was never calibrated.
bool imp_read_camera_info(imp_calibration *out, const uint8_t *data, size_t length);

#endif
