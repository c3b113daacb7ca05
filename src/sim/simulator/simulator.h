// sim/simulator/simulator.h: what simulators created together share, and what each owns.
#ifndef IMP_SIM_SIMULATOR_SIMULATOR_H
#define IMP_SIM_SIMULATOR_SIMULATOR_H

#include <stdatomic.h>

#include "imprint/sim.h"
#include "sim/render/views/ground_truth_labels.h"

// Renderers of one camera. Members that a definition does not need are NULL.
typedef struct imp_sim_views {
    imp_renderer *renderer;              // of images
    imp_label_renderer *label_renderer;  // of painted semantic classes
    imp_segmentation_pass *segmentation; // of masks and depths
} imp_sim_views;

enum { IMP_SIM_VIEWS_MAX = 64 };

// Shared by the simulators of one imp_sim_create_many() call; the last one frees it. Constant after
// creation, except the two atomic members.
typedef struct imp_sim_shared {
    atomic_int references;
    imp_sim_def def; // without texts and arrays
    bool randomized; // whether any group is on
    imp_map_set maps;
    bool own_views; // each simulator has views of its own
    // Otherwise threads take these in turns. Of more simulators than threads, that are not
    // randomised, all cameras are the same, and a few views stay in the processor's caches.
    imp_sim_views views[IMP_SIM_VIEWS_MAX];
    int view_count;
    _Atomic uint64_t free_views; // one bit per view that no thread uses
} imp_sim_shared;

struct imp_sim {
    // What a step reads and writes comes first, so that it lies on few pages: the environment ends
    // with arrays of 300 KB that only moving objects use. What steps many prefetches it.
    imp_sim_shared *shared;
    imp_policy *expert;     // NULL without expert_actions
    imp_action wanted;      // the expert's action for the present state
    const imp_scene *scene; // of a world of the caller's; NULL: of the maps'
    uint32_t next_episode;  // number of the next automatic reset
    bool begun;             // whether an episode was begun successfully
    bool observed;          // whether the present state was, so that noise is repeated
    imp_error error;        // of the last reset in a batch; IMP_OK without one
    imp_env env;
    imp_env_def env_def; // nominal settings that samples are applied to
    imp_sim_views views; // if it has its own
    // state of the present episode, if randomised
    imp_randomization_sample sample;
    imp_random_appearance *appearance;
    imp_camera_effects *effects;
    imp_camera_effects_def effects_def;
    imp_random noise,
        noise_before; // of the camera: the next draws, and those before the last image
};

// Loads maps and creates shared views. On failure nothing is left.
imp_status imp_sim_shared_create(imp_sim_shared **out, int count, const imp_sim_def *def,
                                 imp_error *err);
// Drops one reference.
void imp_sim_shared_release(imp_sim_shared *shared);

imp_status imp_sim_views_create(imp_sim_views *views, const imp_sim_def *def, imp_error *err);
void imp_sim_views_destroy(imp_sim_views *views);
imp_status imp_sim_views_set_camera(const imp_sim_views *views, const imp_camera_def *camera,
                                    imp_error *err);

// Borrows views to draw this simulator's state; return them with imp_sim_return_renderers().
const imp_sim_views *imp_sim_borrow_renderers(imp_sim *sim);
void imp_sim_return_renderers(imp_sim *sim, const imp_sim_views *views);

// Draws what the robot would see at another pose in the present state.
void imp_sim_observe_from_pose(imp_sim *sim, imp_pose pose, uint8_t *rgb);

// Starts the present episode again at another pose, valid or not, with what was drawn for it.
void imp_sim_restart_episode_at(imp_sim *sim, imp_pose pose);

// Lets a simulator without randomisation drive in a world of the caller's, with other settings,
// from the next reset on. Both must outlive its use. scene: NULL if nothing is observed. Fails as
// imp_env_init() does.
imp_status imp_sim_replace_world(imp_sim *sim, const imp_world *world, const imp_scene *scene,
                                 const imp_env_def *def, imp_error *err);

#endif
