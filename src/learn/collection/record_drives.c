// Records demonstrations: a policy drives, and if that is wanted our expert takes over in a
// person's place where the policy is too far from its lane. Every action is rounded to what a file
// holds before it is given, so that the file drives the same. An episode follows from the seed and
// its number alone, so files do not depend on threads.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "evaluate/rollout/drive_recorder.h"
#include "evaluate/rollout/episode_batch.h"
#include "imprint/collect.h"
#include "imprint/demonstration.h"
#include "learn/collection/drive_files.h"

enum { RECORD_COOKIE = 0x4ECD };

// A driver is handed back to only if it looks along the lane within this [rad].
#define HAND_BACK_ANGLE (IMP_PI / 18.0)

imp_drive_record_def imp_default_drive_record_def(void)
{
    return (imp_drive_record_def){
        .sim = imp_default_sim_def(),
        .policy = "expert",
        .episodes = 10,
        .steps = 512,
        .hand_back = 0.03,
        .cookie = RECORD_COOKIE,
    };
}

// The observer of an episode. Each slot has one.
typedef struct drive_recorder {
    const struct record_job *job;
    imp_demonstration drive;
    bool taken_over;
    imp_action given; // in the present step
    imp_driver driver;
    imp_error error; // of a step that could not be recorded
} drive_recorder;

// What all threads share. Episodes write to results[k] only.
typedef struct record_job {
    const imp_drive_record_def *def;
    const char *folder;
    imp_rollout_workers workers;
    imp_policy_factory *policy, *person; // person: NULL if nobody takes over
    imp_driver driver;                   // what the policy is
    char name[64], hash[32];             // of the policy
    drive_recorder *recorders;           // (slots)
    struct record_result {
        imp_error error;
        int steps, take_overs;
        bool terminated;
        int64_t driven[IMP_DRIVER_COUNT];
    } * results; // (episodes)
} record_job;

// Whether the person drives in the present state.
static bool update_take_over(const drive_recorder *r, const imp_env *env)
{
    const imp_drive_record_def *def = r->job->def;
    const double distance = env->in_lane ? fabs(env->lane.distance) : INFINITY;
    const double angle = env->in_lane ? fabs(env->lane.angle) : INFINITY;
    if (r->taken_over)
        return !(distance <= def->hand_back && angle <= HAND_BACK_ANGLE);
    return distance > def->take_over;
}

// The hook of the episode loop: who drives, and the action that a file can hold.
static imp_action choose_driver_and_action(void *context, const imp_env *env, imp_action chosen,
                                           imp_action expert)
{
    drive_recorder *r = context;
    r->taken_over = r->job->person != NULL && update_take_over(r, env);
    r->driver = r->taken_over ? IMP_DRIVER_PERSON : r->job->driver;
    r->given = imp_demonstration_round_action(r->taken_over ? expert : chosen);
    return r->given;
}

static void record_step(void *context, const imp_env *env, const imp_transition *transition)
{
    drive_recorder *r = context;
    (void)transition;
    if (r->error.status == IMP_OK)
        (void)imp_demonstration_add(&r->drive, r->given, r->driver, env, &r->error);
}

// Resets the slot, and records from its start pose on.
static imp_status begin_episode(void *context, int index, int slot, imp_episode_loop_def *out,
                                imp_error *err)
{
    record_job *job = context;
    imp_rollout_slot *self = &job->workers.slots[slot];
    drive_recorder *r = &job->recorders[slot];
    *r = (drive_recorder){.job = job};
    IMP_TRY(imp_rollout_slot_reset_sim(&job->workers, self, (uint32_t)index, err));
    IMP_TRY(imp_demonstration_begin(&r->drive, self->env, err));
    memcpy(r->drive.policy, job->name, sizeof r->drive.policy);
    memcpy(r->drive.policy_hash, job->hash, sizeof r->drive.policy_hash);
    *out = imp_episode_loop_def_of_slot(&job->workers, slot);
    out->explore = choose_driver_and_action;
    out->explore_context = r;
    imp_episode_loop_add_observer(out,
                                  (imp_episode_observer){.context = r, .after_step = record_step});
    return IMP_OK;
}

// Adds up an episode, and writes its file.
static imp_status write_drive(const record_job *job, drive_recorder *r, int index, imp_error *err)
{
    struct record_result *result = &job->results[index];
    const imp_demonstration *drive = &r->drive;
    char name[40], path[IMP_PATH_MAX];
    if (r->error.status != IMP_OK)
        return imp_fail(err, r->error.status, "%s", r->error.message);
    result->steps = drive->steps;
    imp_drive_count_drivers(result->driven, &result->take_overs, drive);
    // here, a person who drives from the first step on took over from the policy
    result->take_overs += drive->steps > 0 && drive->drivers[0] == IMP_DRIVER_PERSON;
    snprintf(name, sizeof name, "%05d" IMP_DRIVE_SUFFIX, index);
    IMP_TRY(imp_path_join(path, job->folder, name, err));
    return imp_demonstration_write(drive, path, err);
}

// Writes the file, unless the policy failed.
static void finish_episode(void *context, int index, int slot, const imp_error *error)
{
    record_job *job = context;
    drive_recorder *r = &job->recorders[slot];
    struct record_result *result = &job->results[index];
    const imp_episode_loop_def loop = imp_episode_loop_def_of_slot(&job->workers, slot);
    const char *reason = imp_episode_loop_fail_reason(&loop);
    result->error = *error;
    result->terminated = imp_end_is_failure(job->workers.slots[slot].env->ending);
    if (error->status == IMP_OK && reason != NULL)
        imp_fail(&result->error, IMP_BAD_INPUT, "%s: failed in episode %d: %s",
                 imp_policy_factory_name(job->policy), index, reason);
    else if (error->status == IMP_OK)
        (void)write_drive(job, r, index, &result->error);
    imp_demonstration_free(&r->drive);
}

// Opens who drives and who takes over, and describes the policy for the files.
static imp_status open_policies(record_job *job, imp_error *err)
{
    imp_expert_def expert = job->def->sim.expert;
    expert.assumed_drive = &job->def->sim.env.drive;
    IMP_TRY(imp_policy_factory_open(&job->policy, job->def->policy, &expert, err));
    if (job->def->take_over > 0.0)
        IMP_TRY(imp_policy_factory_open(&job->person, "expert", &expert, err));
    job->driver = imp_drive_describe_policy(job->name, job->hash, job->policy);
    return IMP_OK;
}

// Refuses what cannot be driven or stored in a file.
static imp_status check_record_def(const imp_drive_record_def *def, imp_error *err)
{
    if (def->cookie != RECORD_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "a definition must come from imp_default_drive_record_def()");
    if (def->episodes < 1 || def->episodes > 100000)
        return imp_fail(err, IMP_USAGE, "%s: must be 1 to 100000",
                        IMP_PLURAL(def->episodes, "episode"));
    if (def->steps < 1 || def->steps > IMP_DEMONSTRATION_STEPS_MAX)
        return imp_fail(err, IMP_USAGE, "%s: must be 1 to %d", IMP_PLURAL(def->steps, "step"),
                        IMP_DEMONSTRATION_STEPS_MAX);
    if (!(def->take_over >= 0.0 && def->take_over <= 1.0))
        return imp_add_hint(err, IMP_HINT_SETTING,
                            imp_fail(err, IMP_USAGE,
                                     "take_over %g m from the lane's centre: must be 0 to 1",
                                     def->take_over));
    if (def->take_over > 0.0 && !(def->hand_back > 0.0 && def->hand_back < def->take_over))
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(
                err, IMP_USAGE,
                "hand_back %g m from the lane's centre: must be above 0 and below take_over, %g",
                def->hand_back, def->take_over));
    return imp_rollout_check_length(def->steps, def->sim.env.frame_skip, err);
}

// Drives all episodes. The error of the first in their order is the one to tell.
static imp_status record_all_drives(record_job *job, const imp_monitor *monitor, imp_error *err)
{
    const imp_drive_record_def *def = job->def;
    imp_rollout_workers *workers = &job->workers;
    imp_rollout_workers_def workers_def = {.sim = def->sim,
                                           .steps = def->steps,
                                           .policy = job->policy,
                                           .label_expert = job->person,
                                           .episodes = def->episodes,
                                           .monitor = monitor};
    // observations are of the kind that the policy takes
    workers_def.sim.observation = imp_policy_factory_observation(job->policy);
    IMP_TRY(imp_rollout_workers_create(workers, &workers_def, err));
    workers->progress.task = "drive";
    workers->progress.total = (double)def->episodes * def->steps;
    // results by episode, recorders by slot
    job->results = calloc((size_t)def->episodes, sizeof *job->results);
    job->recorders =
        calloc((size_t)workers->threads * (size_t)workers->batch, sizeof *job->recorders);
    if (job->results == NULL || job->recorders == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(def->episodes, "episode"));
    IMP_TRY(imp_folder_create(job->folder, err));
    imp_run_episodes(workers, def->episodes,
                     &(imp_episode_task){job, begin_episode, finish_episode});
    // the first failure in the order of episodes, whatever thread it was on
    for (int k = 0; k < def->episodes; k++)
        if (job->results[k].error.status != IMP_OK)
            return imp_fail(err, job->results[k].error.status, "%s", job->results[k].error.message);
    return IMP_OK;
}

// What was written, also if not everything was.
static void summarize_drives(imp_drive_record_summary *out, const record_job *job)
{
    for (int k = 0; k < job->def->episodes && job->results != NULL; k++) {
        const struct record_result *result = &job->results[k];
        if (result->error.status != IMP_OK)
            continue;
        out->episodes++;
        out->steps += result->steps;
        out->take_overs += result->take_overs;
        out->terminated += result->terminated;
        for (int driver = 0; driver < IMP_DRIVER_COUNT; driver++)
            out->driven[driver] += result->driven[driver];
    }
}

imp_status imp_record_drives(imp_drive_record_summary *summary, const char *folder,
                             const imp_drive_record_def *def, const imp_monitor *monitor,
                             imp_error *err)
{
    const double start = imp_monotonic_seconds();
    *summary = (imp_drive_record_summary){0};
    record_job job = {.def = def, .folder = folder};
    imp_status status = check_record_def(def, err);
    if (status == IMP_OK)
        status = open_policies(&job, err);
    if (status == IMP_OK)
        status = record_all_drives(&job, monitor, err);
    summarize_drives(summary, &job);
    imp_rollout_workers_destroy(&job.workers);
    imp_policy_factory_close(job.person);
    imp_policy_factory_close(job.policy);
    free(job.recorders);
    free(job.results);
    summary->seconds = imp_monotonic_seconds() - start;
    return status;
}
