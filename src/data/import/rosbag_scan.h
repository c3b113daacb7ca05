// data/import/rosbag_scan.h: the contents of a bag, found before its images are read: topics, times
// and commands.
#ifndef IMP_DATA_IMPORT_ROSBAG_SCAN_H
#define IMP_DATA_IMPORT_ROSBAG_SCAN_H

#include "data/rosbag/ros_message.h"
#include "data/rosbag/rosbag_reader.h"
#include "imprint/import_export.h"

// A command as recorded.
typedef struct imp_rosbag_command {
    int epoch;    // period between two jumps of the clock, from 0
    int64_t time; // [ns]
    double numbers[2];
    size_t order; // position in the bag
} imp_rosbag_command;

// Where the robot was: position [m] and heading [rad], x and z as on maps.
typedef struct imp_rosbag_pose {
    int64_t time; // [ns]
    double pose[3];
} imp_rosbag_pose;

typedef struct imp_rosbag_scan {
    char camera[256];     // topic of the images; "" if there is none
    char robot[256];      // robot of that topic; "" if unknown
    char encoding[48];    // of raw images
    char unsupported[48]; // an unsupported encoding or format that occurs; "" if none
    imp_ros_message_kind camera_kind;
    int64_t images;          // number of images on that topic
    int64_t readable;        // those that can be read, judged by their headers
    double interval;         // median time between images [s]; 0 with fewer than two
    double duration;         // total, without jumps and long pauses [s]
    char command_topic[256]; // topic of the commands; "" if there is none
    imp_ros_message_kind command_kind;
    imp_rosbag_command *commands; // (command_count) sorted by epoch and time
    size_t command_count;
    bool single_epoch;        // commands apply to images of all epochs
    bool use_receive_times;   // times of reception instead of the messages' stamps
    int64_t unreadable;       // invalid commands on that topic
    char odometry_topic[256]; // topic of the poses; "" if there is none
    imp_rosbag_pose *poses;   // (pose_count) in order of time
    size_t pose_count;
    bool has_calibration;
    imp_calibration calibration; // of the camera that took the images
    bool is_truncated, has_index;
    size_t truncated_at;
    int corrupt_chunks;
} imp_rosbag_scan;

// Reads the whole bag, which is rewound before and after. Chooses the topics named in def, else
// those of the only robot with images and commands; peculiarities are noted in the summary.
// IMP_BAD_INPUT if the choice of the robot is ambiguous, IMP_INTERRUPTED if the monitor wants to
// stop.
imp_status imp_rosbag_scan_create(imp_rosbag_scan *out, imp_rosbag *bag, const imp_import_def *def,
                                  imp_import_summary *summary, const imp_monitor *monitor,
                                  imp_error *err);
void imp_rosbag_scan_free(imp_rosbag_scan *scan);

// The pose at a time, between the two poses around it; false if there are none that are close
// enough to each other.
bool imp_rosbag_pose_at(const imp_rosbag_scan *scan, int64_t time, double pose[3]);

// Whether a clock jumped back between two messages of a topic. Small disorder is no jump.
bool imp_rosbag_time_jumps_back(int64_t before, int64_t now);

// Reports the position in the bag. Fails with IMP_INTERRUPTED if the monitor wants to stop.
imp_status imp_rosbag_report_progress(const imp_rosbag *bag, const char *task,
                                      const imp_monitor *monitor, imp_error *err);

#endif
