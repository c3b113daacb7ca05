// evaluate/evaluation/evaluate.h: an evaluation as the files that make it up share it.
#ifndef IMP_EVALUATE_EVALUATION_EVALUATE_H
#define IMP_EVALUATE_EVALUATION_EVALUATE_H

#include "evaluate/rollout/lane_progress.h"

enum { IMP_LANE_BINS = 8192, IMP_SPEED_BINS = 160 };

// Histograms of lane distances [m] reach from minus to plus this; half a tile's width is 0.29.
#define IMP_LANE_REACH 0.4096
// Histograms of speeds [m/s] reach from 0 to this; top speed is 0.6.
#define IMP_SPEED_REACH 0.8

// What a worker counts. Whole numbers, so that the order does not matter in which workers add up.
typedef struct imp_eval_counts {
    int64_t lanes[IMP_LANE_BINS], speeds[IMP_SPEED_BINS];
} imp_eval_counts;

// Refuses definitions that make no sense.
imp_status imp_eval_check(const imp_eval_def *def, imp_error *err);

// The expert of an evaluation; one that goes by sight does not see what was drawn.
imp_status imp_eval_open_expert(imp_policy_factory **out, const imp_eval_def *def, imp_error *err);

// Workers for an evaluation. progress_expert: whose progress counts as whole. asks: whether it is
// also asked for its opinion. Freed with imp_rollout_workers_destroy(), also after a failure.
imp_status imp_eval_create_workers(imp_rollout_workers *workers, const imp_policy_factory *policy,
                                   const imp_policy_factory *progress_expert, bool asks,
                                   const imp_eval_def *def, const imp_monitor *monitor,
                                   imp_error *err);

// Drives one episode. What the result has room for is kept in it. counts and extra, another
// observer of the episode, are nullable.
imp_status imp_eval_run_episode(imp_rollout_workers *workers, int worker, int episode,
                                const imp_eval_def *def, imp_episode_result *result,
                                imp_eval_counts *counts, const imp_episode_observer *extra,
                                imp_error *err);

// Gives a result room for its trajectory, and actions if wanted.
imp_status imp_episode_result_alloc(imp_episode_result *result, int steps, bool actions,
                                    imp_error *err);
void imp_episode_result_release(imp_episode_result *result);

// Fills in everything but results, tallies and time.
imp_status imp_eval_compute_stats(imp_evaluation *out, imp_error *err);

#endif
