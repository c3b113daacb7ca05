// evaluate/rollout/rollout_workers.h: everything that a thread needs to drive episodes, made once
// per thread.
#ifndef IMP_EVALUATE_ROLLOUT_ROLLOUT_WORKERS_H
#define IMP_EVALUATE_ROLLOUT_ROLLOUT_WORKERS_H

#include <stdatomic.h>

#include "base/threads/thread_pool.h"
#include "imprint/evaluate.h"
#include "sim/render/views/ground_truth_labels.h"

// One thread's environment, policies and renderer.
typedef struct imp_rollout_worker {
    imp_env env;
    imp_policy *policy;
    imp_policy *label_expert;    // NULL where the driver's own action is the label
    imp_policy *progress_expert; // expert that progress is measured by; NULL where it is not
    imp_renderer *renderer;
    imp_label_renderer *label_renderer; // NULL where pictures are seen
    uint8_t *observation;               // one picture
    // of the present episode, if anything is randomised
    imp_randomization_sample draw;
    imp_random_appearance *appearance; // NULL if nothing is
    imp_camera_effects *degrader;
    imp_camera_effects_def degrade;
    imp_random camera_noise;
} imp_rollout_worker;

// What all threads share.
typedef struct imp_rollout_workers {
    imp_map_set maps;
    imp_thread_pool *pool;
    int threads;
    imp_rollout_worker *items;              // (threads)
    const imp_randomization *randomization; // NULL: nothing is randomised
    const imp_episode_start *starts;        // of the episodes; NULL: they are drawn
    int *start_maps;                        // the map of each of them, if they are given
    imp_env_def env;                        // that draws are applied to
    imp_camera_def camera;
    const imp_monitor *monitor;
    imp_progress progress; // what is reported; `done` is filled from `frames`
    atomic_llong frames;   // driven so far
    int unreported_steps;  // of those, by the caller's thread since the last report
    atomic_bool stop;      // the monitor has asked to stop
} imp_rollout_workers;

typedef struct imp_rollout_workers_def {
    const char *map;         // see imp_map_set_load()
    const char *const *maps; // (map_count) instead of it, if there are any
    int map_count;
    const imp_env_def *env;
    const imp_camera_def *camera;
    const imp_policy_factory *policy;
    const imp_policy_factory *label_expert;    // nullable
    const imp_policy_factory *progress_expert; // nullable
    int threads;
    const imp_monitor *monitor;
    imp_map_split split;                    // which of the maps take part
    const imp_scene_def *scene;             // nullable: what they are drawn with
    imp_observation_kind observe;           // what is seen
    const imp_randomization *randomization; // nullable; must outlive the crew
} imp_rollout_workers_def;

// Loads the maps and makes what every thread needs. Freed with imp_rollout_workers_destroy(), also
// after a failure.
imp_status imp_rollout_workers_create(imp_rollout_workers *workers,
                                      const imp_rollout_workers_def *def, imp_error *err);
void imp_rollout_workers_destroy(imp_rollout_workers *workers);

// Fails with IMP_BAD_INPUT if a policy needs images of another size than the camera gives.
imp_status imp_rollout_check_image_size(const imp_policy_factory *policy,
                                        const imp_camera_def *camera, imp_error *err);

// Refuses episodes longer than a dataset can hold, or a frame skip below 1.
imp_status imp_rollout_check_length(int steps, int frame_skip, imp_error *err);

// Starts an episode in a member's environment, with what is drawn for it.
imp_status imp_rollout_worker_reset(const imp_rollout_workers *workers, imp_rollout_worker *self,
                                    uint32_t episode, imp_error *err);

// To be called after every step; reports and asks for a stop now and then, from the caller's thread
// only. Returns false when the work should end.
bool imp_rollout_workers_count_step(imp_rollout_workers *workers, int worker);

// The same for steps that are not reported.
bool imp_rollout_workers_continue(imp_rollout_workers *workers, int worker);

// Draws what the member's robot sees into rgb: once for every state of an episode that is looked
// at, because noise is drawn anew.
void imp_rollout_worker_observe(const imp_rollout_workers *workers, imp_rollout_worker *self,
                                uint8_t *rgb);
// The same in a scene of the member's world that is not the crew's.
void imp_rollout_worker_observe_in(imp_rollout_worker *self, const imp_scene *scene, uint8_t *rgb);

#endif
