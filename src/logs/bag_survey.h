// logs/bag_survey.h: what a bag holds, found before its pictures are read: who speaks, when, and
// what was commanded.
#ifndef IMP_LOGS_BAG_SURVEY_H
#define IMP_LOGS_BAG_SURVEY_H

#include "imprint/logs.h"
#include "logs/bag.h"
#include "logs/message.h"

// A command as it came.
typedef struct imp_bag_command {
    int era;      // between two jumps of the clock, from 0
    int64_t time; // [ns]
    double numbers[2];
    size_t order; // in the bag
} imp_bag_command;

typedef struct imp_bag_survey {
    char camera[256];  // topic of the pictures; "" if there is none
    char robot[256];   // whose it is; "" if nobody says
    char encoding[48]; // of raw pictures
    char unread[48];   // an encoding or format among them that is not read; "" if there is none
    imp_message_kind camera_kind;
    int64_t pictures;    // on it
    int64_t readable;    // of them, as far as their heads tell
    double interval;     // between them: the median [s]; 0 if there are fewer than two
    double duration;     // of all pieces without a jump or a long pause [s]
    char commander[256]; // topic of the commands; "" if there is none
    imp_message_kind command_kind;
    imp_bag_command *commands; // (command_count) sorted by era and time
    size_t command_count;
    bool one_era;       // commands are for pictures of all eras
    bool by_receipt;    // times are those of the bag, not the messages' own stamps
    int64_t unreadable; // commands on that topic that are not what they should be
    bool has_calibration;
    imp_calibration calibration; // of the camera with the pictures
    bool is_cut, has_index;
    size_t cut_at;
    int damaged_chunks;
} imp_bag_survey;

// Reads the whole bag, which is rewound before and after. Chooses the topics that def names, else
// those of the one robot that has pictures and commands; what is odd is noted in the summary.
// IMP_BAD_INPUT if it is not clear which robot is meant, IMP_INTERRUPTED if the monitor wants to
// stop.
imp_status imp_bag_survey_make(imp_bag_survey *out, imp_bag *bag, const imp_import_def *def,
                               imp_import_summary *summary, const imp_monitor *monitor,
                               imp_error *err);
void imp_bag_survey_free(imp_bag_survey *survey);

// Whether a clock jumped back between two messages of one topic, which come in their order but for
// a little.
bool imp_bag_jumps(int64_t before, int64_t now);

// Tells the monitor how far the reading has come. IMP_INTERRUPTED if it wants to stop.
imp_status imp_bag_watch(const imp_bag *bag, const char *task, const imp_monitor *monitor,
                         imp_error *err);

#endif
