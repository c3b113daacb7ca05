// learn/collection/collector.h: episodes driven into memory, with what an expert would have done:
// what collecting writes to the disk, and what online training learns from at once.
#ifndef IMP_LEARN_COLLECTION_COLLECTOR_H
#define IMP_LEARN_COLLECTION_COLLECTOR_H

#include <stdio.h>

#include "evaluate/rollout/rollout_workers.h"
#include "imprint/collect.h"
#include "imprint/dataset.h"

// The arrays of one episode (see imp_episode), as long as the longest.
typedef struct imp_rollout_buffer {
    uint32_t number; // of the episode
    int steps;
    int map_index;
    imp_end_reason ending;
    uint8_t *observations;
    float *actions, *expert_actions, *rewards;
    double *poses, *lane;
    uint8_t *terminations, *truncations;
    uint8_t *commands;                       // NULL if nobody gives any
    double time_step;                        // between its states [s]
    imp_conditions conditions;               // at its beginning
    char randomization[IMP_SAMPLE_JSON_MAX]; // what was drawn for it; "" if nothing is randomised
    double reward;                           // their sum
    double disagreement; // mean difference between what the driver and the expert would do
    imp_error error;     // why it is not whole; status IMP_OK if it is
} imp_rollout_buffer;

// Drives episodes on all threads.
typedef struct imp_collector {
    imp_rollout_workers workers;
    const imp_collect_def *def;             // borrowed
    imp_expert_def expert;                  // that drives or tells what it would do
    const imp_policy_factory *policy;       // who drives
    const imp_policy_factory *label_expert; // NULL where the driver's own action is the label
    imp_policy_factory *owned_policy, *owned_label_expert; // what of these is not the caller's
    imp_network *segmenter;                                // nullable: finds what is observed
    imp_rollout_buffer *rollouts;                          // (capacity)
    struct imp_rollout_recorder *recorders;                // of the workers' slots
    int capacity;
    int at, first; // of what is being driven: its place in rollouts, and its number
} imp_collector;

// What is wrong with the settings themselves.
imp_status imp_collector_check_def(const imp_collect_def *def, imp_error *err);

// Checks the settings and creates the workers. Starts as {0}; freed with imp_collector_close(),
// also after a failure.
imp_status imp_collector_open(imp_collector *collector, const imp_collect_def *def,
                              const imp_monitor *monitor, imp_error *err);
void imp_collector_close(imp_collector *collector);

// Makes room for so many episodes at once; to be called once.
imp_status imp_collector_alloc_buffers(imp_collector *collector, int capacity, imp_error *err);

// Writes what the masks were found with as a line of settings, if with anything.
void imp_collector_write_segmenter(const imp_collector *collector, FILE *out);

// The name of whose actions are the labels where a network drives.
const char *imp_label_policy_name(const imp_collect_def *def);

// Lets another policy drive from now on (see imp_policy_factory_open()).
imp_status imp_collector_set_policy(imp_collector *collector, const char *name_or_path,
                                    imp_error *err);

// Drives `count` episodes from number `first` on into rollouts[at] and so on, whatever the threads
// do. Each tells by its error whether it is whole.
void imp_collector_run_episodes(imp_collector *collector, int at, int first, int count);

// A rollout as an episode, which borrows its arrays.
imp_episode imp_collector_episode(const imp_collector *collector,
                                  const imp_rollout_buffer *rollout);

// Frees the arrays of a rollout, of which some may be missing.
void imp_rollout_buffer_free(imp_rollout_buffer *rollout);

// imp_collect() with lines of what the dataset follows from besides its definition.
imp_status imp_collect_with_identity(imp_collect_summary *summary, const char *folder,
                                     const imp_collect_def *def, const char *more,
                                     const imp_monitor *monitor, imp_error *err);

#endif
