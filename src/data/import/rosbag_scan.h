// data/import/rosbag_scan.h: what a bag holds, found before its pictures are read: who speaks,
// when, and what was commanded.
#ifndef IMP_DATA_IMPORT_ROSBAG_SCAN_H
#define IMP_DATA_IMPORT_ROSBAG_SCAN_H

#include "data/rosbag/ros_message.h"
#include "data/rosbag/rosbag_reader.h"
#include "imprint/import_export.h"

// A command as it came.
typedef struct imp_rosbag_command {
    int epoch;    // between two jumps of the clock, from 0
    int64_t time; // [ns]
    double numbers[2];
    size_t order; // in the bag
} imp_rosbag_command;

typedef struct imp_rosbag_scan {
    char camera[256];     // topic of the pictures; "" if there is none
    char robot[256];      // whose it is; "" if nobody says
    char encoding[48];    // of raw pictures
    char unsupported[48]; // an encoding or format among them that is not read; "" if there is none
    imp_ros_message_kind camera_kind;
    int64_t images;          // on it
    int64_t readable;        // of them, as far as their heads tell
    double interval;         // between them: the median [s]; 0 if there are fewer than two
    double duration;         // of all pieces without a jump or a long pause [s]
    char command_topic[256]; // topic of the commands; "" if there is none
    imp_ros_message_kind command_kind;
    imp_rosbag_command *commands; // (command_count) sorted by era and time
    size_t command_count;
    bool single_epoch;      // commands are for pictures of all eras
    bool use_receive_times; // times are those of the bag, not the messages' own stamps
    int64_t unreadable;     // commands on that topic that are not what they should be
    bool has_calibration;
    imp_calibration calibration; // of the camera with the pictures
    bool is_truncated, has_index;
    size_t truncated_at;
    int corrupt_chunks;
} imp_rosbag_scan;

// Reads the whole bag, which is rewound before and after. Chooses the topics that def names, else
// those of the one robot that has pictures and commands; what is odd is noted in the summary.
// IMP_BAD_INPUT if it is not clear which robot is meant, IMP_INTERRUPTED if the monitor wants to
// stop.
imp_status imp_rosbag_scan_create(imp_rosbag_scan *out, imp_rosbag *bag, const imp_import_def *def,
                                  imp_import_summary *summary, const imp_monitor *monitor,
                                  imp_error *err);
void imp_rosbag_scan_free(imp_rosbag_scan *scan);

// Whether a clock jumped back between two messages of one topic, which come in their order but for
// a little.
bool imp_rosbag_time_jumps_back(int64_t before, int64_t now);

// Tells the monitor how far the reading has come. IMP_INTERRUPTED if it wants to stop.
imp_status imp_rosbag_report_progress(const imp_rosbag *bag, const char *task,
                                      const imp_monitor *monitor, imp_error *err);

#endif
