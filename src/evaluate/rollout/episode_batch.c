// Episodes on all threads, several in lock step on each. A thread takes the next episode whenever
// one of its slots is free, so that batches stay full until no episode is left. Of few episodes all
// threads get equally many: the number in lock step is such that the last round is as full as the
// others.
#include "evaluate/rollout/episode_batch.h"

// What all threads share.
typedef struct episode_batches {
    imp_rollout_workers *workers;
    const imp_episode_task *task;
    int count;
    int lanes;       // episodes that a thread drives in lock step
    atomic_int next; // episode that is not begun yet
} episode_batches;

// What one thread drives: the episodes of its slots.
typedef struct thread_batch {
    imp_episode_run runs[IMP_POLICY_BATCH_MAX];
    int indices[IMP_POLICY_BATCH_MAX]; // the episode in each slot
    int lanes[IMP_POLICY_BATCH_MAX];   // lanes in use, `active` of them, then those that are free
    int active;
    int first_slot;
} thread_batch;

// Calls the observers of an episode that is over, and hands it back.
static void notify_and_finish_episode(const episode_batches *all, thread_batch *batch, int lane)
{
    const imp_error none = {0};
    imp_episode_run_end(&batch->runs[lane]);
    all->task->finish(all->task->context, batch->indices[lane], batch->first_slot + lane, &none);
}

// Begins an episode in the first free lane. One that cannot be begun, or is over before its first
// step, leaves the lane free.
static void begin_next_episode(const episode_batches *all, thread_batch *batch, int index)
{
    const int lane = batch->lanes[batch->active], slot = batch->first_slot + lane;
    imp_episode_run *run = &batch->runs[lane];
    imp_error err = {0};
    if (atomic_load(&all->workers->stop))
        imp_fail(&err, IMP_INTERRUPTED, "interrupted");
    else
        (void)all->task->begin(all->task->context, index, slot, &run->def, &err);
    if (err.status != IMP_OK) {
        all->task->finish(all->task->context, index, slot, &err);
        return;
    }
    batch->indices[lane] = index;
    imp_episode_run_begin(run);
    if (run->ending == IMP_END_NONE)
        batch->active++;
    else
        notify_and_finish_episode(all, batch, lane);
}

// Makes a step of all episodes, and hands back those that are over; after an interruption, all.
static void step_all_episodes(const episode_batches *all, thread_batch *batch)
{
    imp_episode_run *runs[IMP_POLICY_BATCH_MAX];
    imp_error err = {0};
    for (int k = 0; k < batch->active; k++)
        runs[k] = &batch->runs[batch->lanes[k]];
    (void)imp_episode_run_step_many(runs, batch->active, &err);
    for (int k = batch->active; k-- > 0;) {
        const int lane = batch->lanes[k];
        if (err.status != IMP_OK)
            all->task->finish(all->task->context, batch->indices[lane], batch->first_slot + lane,
                              &err);
        else if (batch->runs[lane].ending != IMP_END_NONE)
            notify_and_finish_episode(all, batch, lane);
        else
            continue;
        // the lane changes places with the last one in use
        batch->lanes[k] = batch->lanes[--batch->active];
        batch->lanes[batch->active] = lane;
    }
}

// Job of the thread pool, one for each thread: drives until no episode is left.
static void run_episodes_on_thread(void *context, int index, int worker)
{
    episode_batches *all = context;
    thread_batch batch;
    (void)index;
    batch.active = 0;
    batch.first_slot = worker * all->workers->batch;
    for (int k = 0; k < all->lanes; k++)
        batch.lanes[k] = k;
    for (bool left = true; left || batch.active > 0;) {
        while (left && batch.active < all->lanes) {
            const int next = atomic_fetch_add(&all->next, 1);
            left = next < all->count;
            if (left)
                begin_next_episode(all, &batch, next);
        }
        if (batch.active > 0)
            step_all_episodes(all, &batch);
    }
}

void imp_run_episodes(imp_rollout_workers *workers, int count, const imp_episode_task *task)
{
    const int slots = workers->threads * workers->batch;
    const int rounds = count > 0 ? (count + slots - 1) / slots : 1;
    const int in_lock_step = workers->threads * rounds;
    episode_batches all = {.workers = workers,
                           .task = task,
                           .count = count,
                           .lanes = count > 0 ? (count + in_lock_step - 1) / in_lock_step : 1};
    imp_thread_pool_run(workers->pool, workers->threads, run_episodes_on_thread, &all);
}
