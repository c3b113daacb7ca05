// data/import/rosbag_topics.h: the topics of a bag that driving is made of, and what a survey
// decides by them: which robot's pictures go with which commands, and whose clock counts.
#ifndef IMP_DATA_IMPORT_ROSBAG_TOPICS_H
#define IMP_DATA_IMPORT_ROSBAG_TOPICS_H

#include "data/import/import_summary.h"
#include "data/import/rosbag_scan.h"
#include "data/rosbag/ros_message.h"
#include "data/rosbag/rosbag_reader.h"
#include "imprint/import_export.h"

// When a message was sent, by its own stamp, and received, and its number in the bag.
typedef struct imp_rosbag_message_time {
    int64_t stamp, received; // [ns]; stamp 0: nobody says
    size_t place;
} imp_rosbag_message_time;

typedef struct imp_rosbag_topic {
    char name[256];
    char robot[256]; // whose it is: the namespace of its node; "" if nobody says
    imp_ros_message_kind kind;
    imp_rosbag_message_time
        *message_times;   // (count) of the messages that can be read, in the order of the bag
    double (*numbers)[2]; // (count) of commands
    size_t count, capacity;
    int64_t messages;     // all of them
    int64_t unreadable;   // of them
    char unsupported[48]; // an encoding or format that is not read; "" if there is none
    char encoding[48];    // of raw pictures, the first one
    imp_calibration calibration;
    bool has_calibration;
} imp_rosbag_topic;

enum { IMP_ROSBAG_TOPICS_MAX = 64 };

typedef struct imp_rosbag_topics {
    const char *bag; // the file, for messages
    const imp_import_def *def;
    imp_import_summary *summary; // takes notes
    imp_rosbag_topic all[IMP_ROSBAG_TOPICS_MAX];
    int count;
} imp_rosbag_topics;

bool imp_rosbag_topic_is_image(const imp_rosbag_topic *topic);
bool imp_rosbag_topic_is_command(const imp_rosbag_topic *topic);

// Finds whose topics they are.
void imp_rosbag_assign_robots(imp_rosbag_topics *topics, const imp_rosbag *bag);

// Chooses pictures and commands of one robot, or those that the definition names; NULL where there
// are none. IMP_BAD_INPUT, with a list of the robots, if it is not clear which.
imp_status imp_rosbag_select_topics(imp_rosbag_topic **camera, imp_rosbag_topic **command_topic,
                                    imp_rosbag_topics *topics, imp_error *err);

// The calibration of the camera with these pictures, which is of the same robot; NULL if there is
// none.
const imp_rosbag_topic *imp_rosbag_find_calibration(const imp_rosbag_topics *topics,
                                                    const imp_rosbag_topic *camera);

// Decides by which times pictures and commands are matched, and fills out->use_receive_times,
// ->commands,
// ->interval and ->duration.
imp_status imp_rosbag_match_times(imp_rosbag_scan *out, const imp_rosbag_topics *topics,
                                  const imp_rosbag_topic *camera,
                                  const imp_rosbag_topic *command_topic, imp_error *err);

#endif
