// pipeline/rollout.h: episodes driven into memory, with what an expert would have done: what
// collecting writes to the disk, and what online training learns from at once.
#ifndef IMP_PIPELINE_ROLLOUT_H
#define IMP_PIPELINE_ROLLOUT_H

#include "pipeline/crew.h"

// The arrays of one episode (see imp_episode), as long as the longest.
typedef struct imp_rollout {
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
    imp_error error;                       // why it is not whole; status IMP_OK if it is
} imp_rollout;

// Drives episodes on all threads.
typedef struct imp_recorder {
    imp_crew crew;
    const imp_collect_def *def; // borrowed
    imp_driver *driver;         // of def->policy
    imp_driver *teacher;        // NULL where the driver's own action is the label
    imp_rollout *rollouts;      // (capacity)
    int capacity;
    int first; // number of the episode in rollouts[0]
} imp_recorder;

// Checks the settings and hires a crew. Starts as {0}; freed with imp_recorder_close(), also after
// a failure.
imp_status imp_recorder_open(imp_recorder *recorder, const imp_collect_def *def,
                             const imp_monitor *monitor, imp_error *err);
void imp_recorder_close(imp_recorder *recorder);

// Makes room for so many episodes at once; to be called once.
imp_status imp_recorder_reserve(imp_recorder *recorder, int capacity, imp_error *err);

// Drives `count` episodes, up to the capacity, from number `first` on, into rollouts[0] and so on,
// whatever the threads do. Each tells by its error whether it is whole.
void imp_recorder_drive(imp_recorder *recorder, int first, int count);

// A rollout as an episode, which borrows its arrays.
imp_episode imp_recorder_episode(const imp_recorder *recorder, int index);

#endif
