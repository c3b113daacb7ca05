// evaluate/evaluation/evaluate.h: interface between the files that implement evaluations.
#ifndef IMP_EVALUATE_EVALUATION_EVALUATE_H
#define IMP_EVALUATE_EVALUATION_EVALUATE_H

#include "evaluate/evaluation/doubt_statistics.h"
#include "evaluate/rollout/drive_recorder.h"
#include "evaluate/rollout/episode_batch.h"
#include "evaluate/rollout/lane_progress.h"

enum { IMP_LANE_BINS = 8192, IMP_SPEED_BINS = 160 };

// Histograms of lane distances [m] reach from minus to plus this; half a tile's width is 0.29.
#define IMP_LANE_REACH 0.4096
// Histograms of speeds [m/s] reach from 0 to this; top speed is 0.6.
#define IMP_SPEED_REACH 0.8

// Counts of one worker. They are integers, so the order in which workers are summed does not
// matter.
typedef struct imp_eval_counts {
    int64_t lanes[IMP_LANE_BINS], speeds[IMP_SPEED_BINS];
    imp_doubt_counts doubts;
} imp_eval_counts;

// Checks a definition.
imp_status imp_eval_check_def(const imp_eval_def *def, imp_error *err);

// Opens the expert of an evaluation. It assumes the nominal drive dynamics, not randomised ones.
imp_status imp_eval_open_expert(imp_policy_factory **out, const imp_eval_def *def, imp_error *err);

// Creates the workers of an evaluation. progress_expert: its distance is the reference for
// progress. asks: also compute its action in every state. episodes: that will be driven. Free the
// workers with imp_rollout_workers_destroy(), also after a failure.
imp_status imp_eval_create_workers(imp_rollout_workers *workers, const imp_policy_factory *policy,
                                   const imp_policy_factory *progress_expert, bool asks,
                                   int episodes, const imp_eval_def *def,
                                   const imp_monitor *monitor, imp_error *err);

// What the observer of an episode knows. The sums become means at its end.
typedef struct imp_episode_recorder {
    imp_episode_result *result;
    imp_eval_counts *counts; // nullable
    imp_lane_progress progress;
    // of the expert's own drive from the same start
    imp_expert_progress expert;
    // steps at the start that the figures of speed and lane leave out
    int settle_steps;
    bool asks_expert;
    // sums over steps of speed [m/s], |lane distance| [m], |action - expert's action| and
    // |speed - wanted speed| [m/s]
    double speed, lane, action_error, speed_error;
    double farthest; // |lane distance| so far; off lanes is farther than anything
    imp_drive_recorder drive;
    const imp_policy *policy; // whose doubt is recorded
    double decision_time;     // of the present step [s]
    imp_doubt_watch doubts;
} imp_episode_recorder;

// Makes room for the results of so many episodes on these maps.
imp_status imp_evaluation_alloc(imp_evaluation *out, int episodes, const imp_map_set *maps,
                                imp_error *err);

// Starts an episode in a slot and describes how it is driven. The recorder stores what the result
// has memory for; counts: nullable.
imp_status imp_eval_begin_episode(imp_episode_loop_def *out, imp_episode_recorder *recorder,
                                  imp_rollout_workers *workers, int slot, int episode,
                                  const imp_eval_def *def, imp_episode_result *result,
                                  imp_eval_counts *counts, imp_error *err);

// Allocates memory for a result's trajectory, and for actions and the drive if wanted.
imp_status imp_episode_result_alloc(imp_episode_result *result, int steps, bool actions, bool drive,
                                    imp_error *err);
void imp_episode_result_release(imp_episode_result *result);

// Computes everything except results, counts and time.
imp_status imp_eval_compute_stats(imp_evaluation *out, imp_error *err);

#endif
