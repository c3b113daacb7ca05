// pipeline/crew.h: everything that a thread needs to drive episodes, made once per thread.
#ifndef IMP_PIPELINE_CREW_H
#define IMP_PIPELINE_CREW_H

#include <stdatomic.h>

#include "base/threads.h"
#include "imprint/pipeline.h"
#include "pipeline/labeller.h"

// One thread's environment, policies and renderer.
typedef struct imp_crew_member {
    imp_env env;
    imp_policy *driver;
    imp_policy *teacher;         // NULL where the driver's own action is the label
    imp_policy *progress_expert; // expert that progress is measured by; NULL where it is not
    imp_renderer *renderer;
    imp_labeller *labeller; // NULL where pictures are seen
    uint8_t *observation;   // one picture
    // of the present episode, if anything is randomised
    imp_draw draw;
    imp_appearance *appearance; // NULL if nothing is
    imp_degrader *degrader;
    imp_degrade_def degrade;
    imp_random camera_noise;
} imp_crew_member;

// What all threads share.
typedef struct imp_crew {
    imp_map_set maps;
    imp_pool *pool;
    int threads;
    imp_crew_member *members;               // (threads)
    const imp_randomization *randomization; // NULL: nothing is randomised
    const imp_start *starts;                // of the episodes; NULL: they are drawn
    int *start_maps;                        // the map of each of them, if they are given
    imp_env_def env;                        // that draws are applied to
    imp_camera_def camera;
    const imp_monitor *monitor;
    imp_progress progress; // what is reported; `done` is filled from `frames`
    atomic_llong frames;   // driven so far
    int ticks;             // of those, by the caller's thread since the last report
    atomic_bool stop;      // the monitor has asked to stop
} imp_crew;

typedef struct imp_crew_def {
    const char *map;         // see imp_map_set_load()
    const char *const *maps; // (map_count) instead of it, if there are any
    int map_count;
    const imp_env_def *env;
    const imp_camera_def *camera;
    const imp_driver *driver;
    const imp_driver *teacher;         // nullable
    const imp_driver *progress_expert; // nullable
    int threads;
    const imp_monitor *monitor;
    imp_split split;                        // which of the maps take part
    const imp_scene_def *scene;             // nullable: what they are drawn with
    imp_observation observe;                // what is seen
    const imp_randomization *randomization; // nullable; must outlive the crew
} imp_crew_def;

// Loads the maps and makes what every thread needs. Freed with imp_crew_dismiss(), also after a
// failure.
imp_status imp_crew_hire(imp_crew *crew, const imp_crew_def *def, imp_error *err);
void imp_crew_dismiss(imp_crew *crew);

// Refuses episodes longer than a dataset can hold, or a frame skip below 1.
imp_status imp_crew_check_steps(int steps, int frame_skip, imp_error *err);

// Starts an episode in a member's environment, with what is drawn for it.
imp_status imp_crew_reset(const imp_crew *crew, imp_crew_member *member, uint32_t episode,
                          imp_error *err);

// To be called after every step; reports and asks for a stop now and then, from the caller's thread
// only. Returns false when the work should end.
bool imp_crew_tick(imp_crew *crew, int worker);

// The same for steps that are not reported.
bool imp_crew_goes_on(imp_crew *crew, int worker);

// Draws what the member's robot sees into rgb: once for every state of an episode that is looked
// at, because noise is drawn anew.
void imp_crew_look(const imp_crew *crew, imp_crew_member *member, uint8_t *rgb);
// The same in a scene of the member's world that is not the crew's.
void imp_crew_look_at(imp_crew_member *member, const imp_scene *scene, uint8_t *rgb);

#endif
