// evaluate/rollout/episode_batch.h: drives numbered episodes on all threads, each thread as many in
// lock step as it has slots.
#ifndef IMP_EVALUATE_ROLLOUT_EPISODE_BATCH_H
#define IMP_EVALUATE_ROLLOUT_EPISODE_BATCH_H

#include "evaluate/rollout/episode_loop.h"

// What episodes are driven for. Both functions are called on the thread that the slot belongs to
// (slot / workers->batch), and at most one episode at a time is in a slot.
typedef struct imp_episode_task {
    void *context;
    // Starts episode `index` in the simulator of the slot and describes how it is driven. What the
    // description refers to must hold until finish().
    imp_status (*begin)(void *context, int index, int slot, imp_episode_loop_def *out,
                        imp_error *err);
    // The episode is over; or it is not whole, and `error` has the reason: that of begin(), or
    // IMP_INTERRUPTED. Called once for every index.
    void (*finish)(void *context, int index, int slot, const imp_error *error);
} imp_episode_task;

// Drives episodes 0 to count - 1. They are begun in this order, and finished in any. Returns when
// all are finished.
void imp_run_episodes(imp_rollout_workers *workers, int count, const imp_episode_task *task);

#endif
