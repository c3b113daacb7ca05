// pipeline/rollout.h: episodes driven into memory, with what an expert would have done: what
// collecting writes to the disk, and what online training learns from at once.
#ifndef IMP_PIPELINE_ROLLOUT_H
#define IMP_PIPELINE_ROLLOUT_H

#include "pipeline/crew.h"

// The arrays of one episode (see imp_episode), as long as the longest.
typedef struct imp_rollout {
    uint32_t number; // of the episode
    int steps;
    int map_index;
    imp_ending ending;
    uint8_t *observations;
    float *actions, *expert_actions, *rewards;
    double *poses, *lane;
    uint8_t *terminations, *truncations;
    double time_step;                      // between its states [s]
    char randomization[IMP_DRAW_TEXT_MAX]; // what was drawn for it; "" if nothing is randomised
    double reward;                         // their sum
    double dispute;  // mean difference between what the driver and the expert would do
    imp_error error; // why it is not whole; status IMP_OK if it is
} imp_rollout;

// Drives episodes on all threads.
typedef struct imp_recorder {
    imp_crew crew;
    const imp_collect_def *def; // borrowed
    imp_expert_def expert;      // that drives or tells what it would do
    imp_driver *driver;         // who drives
    imp_driver *teacher;        // NULL where the driver's own action is the label
    imp_rollout *rollouts;      // (capacity)
    int capacity;
    int at, first; // of what is being driven: its place in rollouts, and its number
} imp_recorder;

// What is wrong with the settings themselves.
imp_status imp_recorder_check(const imp_collect_def *def, imp_error *err);

// Checks the settings and hires a crew. Starts as {0}; freed with imp_recorder_close(), also after
// a failure.
imp_status imp_recorder_open(imp_recorder *recorder, const imp_collect_def *def,
                             const imp_monitor *monitor, imp_error *err);
void imp_recorder_close(imp_recorder *recorder);

// Makes room for so many episodes at once; to be called once.
imp_status imp_recorder_reserve(imp_recorder *recorder, int capacity, imp_error *err);

// Lets another policy drive from now on (see imp_driver_open()).
imp_status imp_recorder_seat(imp_recorder *recorder, const char *name_or_path, imp_error *err);

// Drives `count` episodes from number `first` on into rollouts[at] and so on, whatever the threads
// do. Each tells by its error whether it is whole.
void imp_recorder_drive(imp_recorder *recorder, int at, int first, int count);

// A rollout as an episode, which borrows its arrays.
imp_episode imp_recorder_episode(const imp_recorder *recorder, int index);

// imp_collect() with lines of what the dataset follows from besides its definition.
imp_status imp_collect_more(imp_collect_summary *summary, const char *folder,
                            const imp_collect_def *def, const char *more,
                            const imp_monitor *monitor, imp_error *err);

#endif
