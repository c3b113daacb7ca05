// data/import/rosbag_topics.h: the topics of a bag that matter for driving, and the decisions of a
// scan: which robot's images go with which commands, and which clock is used.
#ifndef IMP_DATA_IMPORT_ROSBAG_TOPICS_H
#define IMP_DATA_IMPORT_ROSBAG_TOPICS_H

#include "data/import/import_summary.h"
#include "data/import/rosbag_scan.h"
#include "data/rosbag/ros_message.h"
#include "data/rosbag/rosbag_reader.h"
#include "imprint/import_export.h"

// Time of sending by the message's own stamp, time of reception, and index in the bag.
typedef struct imp_rosbag_message_time {
    int64_t stamp, received; // [ns]; stamp 0: unknown
    size_t place;
} imp_rosbag_message_time;

typedef struct imp_rosbag_topic {
    char name[256];
    char robot[256]; // the namespace of its node; "" if unknown
    imp_ros_message_kind kind;
    imp_rosbag_message_time *message_times; // (count) of readable messages, in the order of the bag
    double (*numbers)[3]; // (count) values of commands (2), odometry (3), encoders (2)
    size_t count, capacity;
    int64_t messages;     // number of messages
    int64_t unreadable;   // those that cannot be read
    char unsupported[48]; // an unsupported encoding or format that occurs; "" if none
    char encoding[48];    // of raw images, the first one
    imp_calibration calibration;
    bool has_calibration;
} imp_rosbag_topic;

enum { IMP_ROSBAG_TOPICS_MAX = 64 };

typedef struct imp_rosbag_topics {
    const char *bag; // file name, for messages
    const imp_import_def *def;
    imp_import_summary *summary; // receives notes
    imp_rosbag_topic all[IMP_ROSBAG_TOPICS_MAX];
    int count;
} imp_rosbag_topics;

bool imp_rosbag_topic_is_image(const imp_rosbag_topic *topic);
bool imp_rosbag_topic_is_command(const imp_rosbag_topic *topic);
bool imp_rosbag_topic_is_odometry(const imp_rosbag_topic *topic); // poses or ticks of an encoder

// Finds the robot of each topic.
void imp_rosbag_assign_topics_to_robots(imp_rosbag_topics *topics, const imp_rosbag *bag);

// Chooses image and command topics of one robot, or those that the definition names; NULL where
// there are none. IMP_BAD_INPUT, with a list of the robots, if the choice is ambiguous.
imp_status imp_rosbag_select_topics(imp_rosbag_topic **camera, imp_rosbag_topic **command_topic,
                                    imp_rosbag_topics *topics, imp_error *err);

// The calibration of the camera, which belongs to the same robot; NULL if there is none.
const imp_rosbag_topic *imp_rosbag_find_calibration(const imp_rosbag_topics *topics,
                                                    const imp_rosbag_topic *camera);

// Whether a topic can belong to a robot; "" stands for no robot.
bool imp_rosbag_topic_may_be_of_robot(const imp_rosbag_topic *topic, const char *robot);

// Poses of the robot that took the images, by its odometry or its wheels' encoders, on the clock
// that was chosen before; none, with a note, if there are none or their times are not sound.
imp_status imp_rosbag_find_odometry(imp_rosbag_scan *out, const imp_rosbag_topics *topics,
                                    const imp_rosbag_topic *camera, imp_error *err);

// Jumps back of a topic's clock.
int imp_rosbag_count_time_jumps(const imp_rosbag_topic *topic, bool use_receive_times);

// Decides by which times images and commands are matched. Fills in use_receive_times, commands,
// interval and duration of *out.
imp_status imp_rosbag_match_command_times(imp_rosbag_scan *out, const imp_rosbag_topics *topics,
                                          const imp_rosbag_topic *camera,
                                          const imp_rosbag_topic *command_topic, imp_error *err);

#endif
