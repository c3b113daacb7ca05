// data/rosbag/cdr.h: messages of ROS 2, which are serialised as CDR (OMG's Common Data
// Representation), as the bytes that ROS 1 would write.
#ifndef IMP_DATA_ROSBAG_CDR_H
#define IMP_DATA_ROSBAG_CDR_H

#include "data/rosbag/decompress.h"

// The type's name in ROS 1 ("sensor_msgs/Image" for "sensor_msgs/msg/Image"); "" if it is too long.
void imp_cdr_type_name(char out[128], const char *type, size_t length);

// Converts a message of a type that recordings of driving have (ros_message.h) to the bytes of ROS
// 1, replacing those in out. Other types, and messages that do not match their type, become empty,
// which no parser takes. False without memory.
bool imp_cdr_to_ros1(imp_decompressed *out, const char *type, const uint8_t *data, size_t length);

#endif
