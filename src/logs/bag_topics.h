// logs/bag_topics.h: the topics of a bag that driving is made of, and what a survey decides by
// them: which robot's pictures go with which commands, and whose clock counts.
#ifndef IMP_LOGS_BAG_TOPICS_H
#define IMP_LOGS_BAG_TOPICS_H

#include "imprint/logs.h"
#include "logs/bag.h"
#include "logs/bag_survey.h"
#include "logs/message.h"
#include "logs/summary.h"

// When a message was sent, by its own stamp, and received, and its number in the bag.
typedef struct imp_bag_moment {
    int64_t stamp, received; // [ns]; stamp 0: nobody says
    size_t place;
} imp_bag_moment;

typedef struct imp_bag_topic {
    char name[256];
    char robot[256]; // whose it is: the namespace of its node; "" if nobody says
    imp_message_kind kind;
    imp_bag_moment *moments; // (count) of the messages that can be read, in the order of the bag
    double (*numbers)[2];    // (count) of commands
    size_t count, capacity;
    int64_t messages;   // all of them
    int64_t unreadable; // of them
    char unread[48];    // an encoding or format that is not read; "" if there is none
    char encoding[48];  // of raw pictures, the first one
    imp_calibration calibration;
    bool has_calibration;
} imp_bag_topic;

enum { IMP_BAG_TOPICS_MAX = 64 };

typedef struct imp_bag_topics {
    const char *bag; // the file, for messages
    const imp_import_def *def;
    imp_import_summary *summary; // takes notes
    imp_bag_topic all[IMP_BAG_TOPICS_MAX];
    int count;
} imp_bag_topics;

bool imp_bag_is_picture(const imp_bag_topic *topic);
bool imp_bag_is_command(const imp_bag_topic *topic);

// Finds whose topics they are.
void imp_bag_name_robots(imp_bag_topics *topics, const imp_bag *bag);

// Chooses pictures and commands of one robot, or those that the definition names; NULL where there
// are none. IMP_BAD_INPUT, with a list of the robots, if it is not clear which.
imp_status imp_bag_choose(imp_bag_topic **camera, imp_bag_topic **commander, imp_bag_topics *topics,
                          imp_error *err);

// The calibration of the camera with these pictures, which is of the same robot; NULL if there is
// none.
const imp_bag_topic *imp_bag_find_calibration(const imp_bag_topics *topics,
                                              const imp_bag_topic *camera);

// Decides by which times pictures and commands are matched, and fills out->by_receipt, ->commands,
// ->interval and ->duration.
imp_status imp_bag_choose_times(imp_bag_survey *out, const imp_bag_topics *topics,
                                const imp_bag_topic *camera, const imp_bag_topic *commander,
                                imp_error *err);

#endif
