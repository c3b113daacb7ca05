// evaluate/rollout/rollout_workers.h: everything that threads need to drive episodes: a simulator
// and policies for each episode that is driven at a time, and what they share.
#ifndef IMP_EVALUATE_ROLLOUT_ROLLOUT_WORKERS_H
#define IMP_EVALUATE_ROLLOUT_ROLLOUT_WORKERS_H

#include <stdatomic.h>

#include "base/threads/thread_pool.h"
#include "imprint/evaluate.h"
#include "imprint/segmentation.h"
#include "imprint/sim.h"

// What one episode is driven with.
typedef struct imp_rollout_slot {
    imp_sim *sim;
    const imp_env *env; // inside it
    imp_policy *policy;
    imp_policy *label_expert; // NULL where the policy's own action is the label
    uint8_t *observation;     // one image
} imp_rollout_slot;

// What all threads share.
typedef struct imp_rollout_workers {
    const imp_map_set *maps; // of the simulators
    imp_thread_pool *pool;
    int threads;
    int batch;                       // episodes that a thread drives in lock step
    imp_rollout_slot *slots;         // (threads * batch); those of thread t begin at t * batch
    imp_policy **progress_experts;   // (threads) progress is measured by them; NULL: it is not
    uint8_t *observations;           // (threads * batch) images, of the slots
    imp_segmenter **segmenters;      // (threads) find the masks; NULL: observations are rendered
    uint8_t *camera_images;          // (threads) what the segmenters look at
    size_t image_bytes;              // of one image
    const imp_episode_start *starts; // of the episodes; NULL: they are drawn
    int *start_maps;                 // the map of each of them, if they are given
    const imp_monitor *monitor;
    imp_progress progress; // what is reported; `done` is filled from `frames`
    atomic_llong frames;   // driven so far
    int unreported_steps;  // of those, by the caller's thread since the last report
    atomic_bool stop;      // the monitor has asked to stop
} imp_rollout_workers;

typedef struct imp_rollout_workers_def {
    imp_sim_def sim; // where and how is driven
    int steps;       // of the longest episode; 0: sim.env.max_steps counts
    const imp_policy_factory *policy;
    const imp_policy_factory *label_expert;    // nullable
    const imp_policy_factory *progress_expert; // nullable
    // Nullable: finds the masks in camera images that are observed instead of those of the ground
    // truth; for observations of that kind. Borrowed.
    const imp_network *segmenter;
    int episodes;  // of which a thread drives its share in lock step at most; 0: any number
    int batch_max; // drives no more in lock step, although a policy asks for it; 0: any number
    const imp_monitor *monitor;
} imp_rollout_workers_def;

// Makes what every thread needs. A thread has as many slots as episodes are driven in lock step:
// the larger of what policy and label expert ask for. Freed with imp_rollout_workers_destroy(),
// also after a failure.
imp_status imp_rollout_workers_create(imp_rollout_workers *workers,
                                      const imp_rollout_workers_def *def, imp_error *err);
void imp_rollout_workers_destroy(imp_rollout_workers *workers);

// Fails with IMP_BAD_INPUT if a policy needs images of another size than the camera gives.
imp_status imp_rollout_check_image_size(const imp_policy_factory *policy,
                                        const imp_camera_def *camera, imp_error *err);

// Refuses episodes longer than a dataset can hold, or a frame skip below 1.
imp_status imp_rollout_check_length(int steps, int frame_skip, imp_error *err);

// Creates the policies of all slots, for threads that have none.
imp_status imp_rollout_workers_create_policies(imp_rollout_workers *workers,
                                               const imp_policy_factory *policy,
                                               const imp_policy_factory *label_expert,
                                               imp_error *err);
void imp_rollout_workers_destroy_policies(imp_rollout_workers *workers);

// Starts an episode in a slot's simulator, with what is drawn for it; at its given start if the
// workers have starts.
imp_status imp_rollout_slot_reset_sim(const imp_rollout_workers *workers, imp_rollout_slot *self,
                                      uint32_t episode, imp_error *err);

// Draws the observation of a simulator's present state, on thread `worker`: (height, width, 3).
void imp_rollout_workers_render_observation(const imp_rollout_workers *workers, int worker,
                                            imp_sim *sim, uint8_t *out);

// To be called after every step, or once for `steps` in lock step; reports now and then and asks
// for a stop, from the caller's thread only. Returns false when the work should end.
bool imp_rollout_workers_count_steps(imp_rollout_workers *workers, int worker, int steps);

// The same for steps that are not reported.
bool imp_rollout_workers_poll_stop(imp_rollout_workers *workers, int worker);

#endif
