// AI-DO's challenges: episodes in worlds of their own, measured like the challenge measures them.
// Its loop notes the state every 0.05 s until a minute is over, or until 14 states after the one of
// an incident; times are added up like its own, so that they are the same floating-point numbers.
// An observer of the episode notes the states; those after the end all have the last pose.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/try.h"
#include "base/text/plural.h"
#include "evaluate/rollout/drive_recorder.h"
#include "evaluate/rollout/episode_batch.h"
#include "evaluate/rollout/lane_progress.h"
#include "sim/simulator/simulator.h"

// Constants of the challenge's own loop: 1200 steps of 0.05 s make its minute.
enum {
    CHALLENGE_EVAL_COOKIE = 0xC0E57,
    EPISODES_MAX = 1 << 20,
    STEPS = 1200,
    // Samples of the last pose that follow a collision or an exit from the road, 0.7 s in all.
    STATES_AFTER_INCIDENT = 14
};

static const double EPISODE_SECONDS = 60.0, STEP_SECONDS = 0.05;

// LF, with as many episodes as the challenge has.
imp_challenge_eval_def imp_default_challenge_eval_def(void)
{
    return (imp_challenge_eval_def){
        .challenge = IMP_CHALLENGE_LF,
        .sim = imp_default_sim_def(),
        .cookie = CHALLENGE_EVAL_COOKIE,
    };
}

// An episode under way.
// Everything in it lives for one episode and is freed by finish_episode().
typedef struct episode_run {
    imp_scenario scenario;
    imp_scene *scene; // NULL for policies that do not look
    // accumulates the metrics of the samples so far
    imp_metrics_tracker *meter;
    // how far the policy gets along the road
    imp_lane_progress progress;
    imp_drive_recorder drive;
    const imp_policy *policy;
    double time; // of the next state [s]
    imp_challenge_episode *result;
} episode_run;

// What all threads share. Each episode writes only at its own index, so no lock is needed.
typedef struct challenge_job {
    imp_rollout_workers workers;
    const imp_challenge_eval_def *def;
    imp_challenge_result *out;
    episode_run *runs;     // of the workers' slots
    imp_error *errors;     // (episodes)
    imp_metrics *metrics;  // (episodes)
    double *net_distances; // (2 * episodes) the policy's, then the expert's, where that has any
} challenge_job;

// Creates the world of an episode, moves the slot's simulator into it and resets it.
// Number and seed of the episode decide where things stand.
static imp_status create_scenario_and_reset(episode_run *d, const challenge_job *work, int episode,
                                            imp_rollout_slot *self, imp_error *err)
{
    const imp_challenge_eval_def *def = work->def;
    const imp_scenario_def wanted = {def->challenge, def->test, episode, def->sim.env.seed};
    imp_env_def env = imp_default_env_def();
    env.seed = def->sim.env.seed;
    env.index = 1;
    d->result = &work->out->results[episode];
    d->policy = self->policy;
    IMP_TRY(imp_scenario_create(&d->scenario, &wanted, err));
    if (self->policy->vtable->needs_observation)
        IMP_TRY(imp_scene_create_with_def(&d->scene, d->scenario.world, &def->sim.scene, err));
    IMP_TRY(imp_metrics_tracker_create(&d->meter, d->scenario.world, err));
    imp_scenario_configure_env(&d->scenario, &env);
    memcpy(d->result->name, d->scenario.name, sizeof d->result->name);
    // The result keeps all poses: one state more than steps.
    d->result->poses = calloc(STEPS + 1, sizeof *d->result->poses);
    d->result->times = calloc(STEPS + 1, sizeof *d->result->times);
    if (def->record_drives)
        d->result->drive = calloc(1, sizeof *d->result->drive);
    if (d->result->poses == NULL || d->result->times == NULL ||
        (def->record_drives && d->result->drive == NULL))
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an episode of %s",
                        IMP_PLURAL(STEPS, "step"));
    // Move the simulator to the new world, and begin the episode there.
    IMP_TRY(imp_sim_replace_world(self->sim, d->scenario.world, d->scene, &env, err));
    return imp_sim_reset(self->sim, (uint32_t)episode, err);
}

// Notes the present state; none after the last second.
static void record_pose_and_metrics(episode_run *d, imp_pose pose)
{
    imp_challenge_episode *result = d->result;
    if (d->time >= EPISODE_SECONDS)
        return;
    result->times[result->samples] = d->time;
    result->poses[result->samples++] = pose;
    imp_metrics_tracker_add_pose(d->meter, d->time, pose);
    d->time += STEP_SECONDS;
}

// Observer: one sample per step, before the action takes effect.
static void record_state_before_step(void *context, const imp_env *env, const uint8_t *observation)
{
    (void)observation;
    record_pose_and_metrics(context, env->pose);
}

// Observer: the drive gets the action that was given.
static void record_drive(void *context, const imp_env *env, const imp_transition *transition)
{
    (void)transition;
    imp_drive_recorder_add(&((episode_run *)context)->drive, env);
}

// Notes the last state, after an incident some more, and reads the metrics.
static void record_end_and_read_metrics(void *context, const imp_env *env,
                                        const uint8_t *observation, imp_end_reason ending)
{
    episode_run *d = context;
    imp_challenge_episode *result = d->result;
    (void)observation;
    // A policy that failed has no last state worth measuring; its message is kept instead.
    if (ending == IMP_END_POLICY_FAILED)
        snprintf(result->reason, sizeof result->reason, "%s", d->policy->failure_reason);
    else
        for (int k = 0; k <= (ending == IMP_END_MAX_STEPS ? 0 : STATES_AFTER_INCIDENT); k++)
            record_pose_and_metrics(d, env->pose);
    // Metrics are complete only here: they include the samples after an incident.
    result->ending = ending;
    result->metrics = imp_metrics_tracker_read(d->meter);
    result->crossings = imp_metrics_tracker_count_crossings(d->meter);
    result->net_distance = imp_lane_progress_distance(&d->progress, env);
    result->stalled = d->progress.stalled;
}

// Describes how an episode is driven, with two observers: progress along the lane, and samples for
// the metrics.
static imp_status set_up_episode_loop(imp_episode_loop_def *loop, episode_run *d,
                                      imp_rollout_workers *workers, int slot, imp_error *err)
{
    const imp_env *env = workers->slots[slot].env;
    *loop = imp_episode_loop_def_of_slot(workers, slot);
    IMP_TRY(imp_drive_recorder_begin(&d->drive, loop, d->result->drive, env, false, err));
    // A start that already breaks the challenge's rules ends the episode before its first step.
    loop->ending = imp_env_challenge_end_reason(env);
    imp_episode_loop_add_observer(loop, imp_lane_progress_observer(&d->progress));
    imp_episode_loop_add_observer(loop,
                                  (imp_episode_observer){.context = d,
                                                         .before_step = record_state_before_step,
                                                         .after_step = record_drive,
                                                         .end = record_end_and_read_metrics});
    return IMP_OK;
}

// What the expert makes of the episode.
// The expert drives first, in a copy of the environment, so the policy's episode is unaffected.
static imp_status measure_expert_progress_in_episode(episode_run *d, imp_rollout_workers *workers,
                                                     int slot, imp_error *err)
{
    imp_expert_progress expert;
    IMP_TRY(imp_measure_expert_progress(&expert, workers, slot, false, err));
    d->result->expert_net_distance = expert.distance;
    d->result->expert_stalled = expert.stalled;
    return IMP_OK;
}

// The scenario, what the expert does in it, then the policy.
static imp_status begin_episode(void *context, int index, int slot, imp_episode_loop_def *out,
                                imp_error *err)
{
    challenge_job *work = context;
    episode_run *d = &work->runs[slot];
    *d = (episode_run){0};
    IMP_TRY(create_scenario_and_reset(d, work, index, &work->workers.slots[slot], err));
    IMP_TRY(measure_expert_progress_in_episode(d, &work->workers, slot, err));
    return set_up_episode_loop(out, d, &work->workers, slot, err);
}

// Leaves the error at the episode's index, and frees the world. An episode that was not begun
// because of an interruption finds the slot empty.
static void finish_episode(void *context, int index, int slot, const imp_error *error)
{
    challenge_job *work = context;
    episode_run *d = &work->runs[slot];
    work->errors[index] = error->status == IMP_OK ? d->drive.error : *error;
    imp_metrics_tracker_destroy(d->meter);
    imp_scene_destroy(d->scene);
    imp_scenario_free(&d->scenario);
    *d = (episode_run){0};
}

// Adds up counts over the episodes, and estimates progress as a ratio of sums.
static void summarize_episodes(challenge_job *work)
{
    imp_challenge_result *out = work->out;
    double *const own = work->net_distances, *const experts = own + out->episodes;
    for (int e = 0; e < out->episodes; e++) {
        imp_challenge_episode *r = &out->results[e];
        const bool lasted = r->ending == IMP_END_MAX_STEPS;
        // Without a usable distance of the expert, progress is NaN and the episode has weight 0.
        const bool measured = !r->expert_stalled && r->expert_net_distance > 0.0;
        work->metrics[e] = r->metrics;
        out->crossings.count += r->crossings.count;
        out->crossings.legal += r->crossings.legal;
        out->survived += lasted;
        out->stalled += r->stalled;
        out->completed += lasted && !r->stalled;
        r->progress = measured ? r->net_distance / r->expert_net_distance : NAN;
        own[e] = r->net_distance;
        experts[e] = measured ? r->expert_net_distance : 0.0;
    }
    out->progress = imp_estimate_ratio(own, experts, out->episodes);
    out->aggregate = imp_metrics_summarise(work->metrics, out->episodes);
}

// Checks the number of episodes and allocates their results.
static imp_status alloc_results(challenge_job *work, imp_error *err)
{
    const imp_challenge_eval_def *def = work->def;
    imp_challenge_result *out = work->out;
    // 0 stands for the number of scenarios that the challenge itself has.
    const int episodes =
        def->episodes != 0 ? def->episodes : imp_challenge_episode_count(def->challenge);
    if (episodes < 1 || episodes > EPISODES_MAX)
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(err, IMP_USAGE, "episodes: %d is not within 1 to %d", episodes, EPISODES_MAX));
    // From here, imp_challenge_result_free() can free a partly filled result.
    out->episodes = episodes;
    out->results = calloc((size_t)episodes, sizeof *out->results);
    work->errors = calloc((size_t)episodes, sizeof *work->errors);
    work->metrics = calloc((size_t)episodes, sizeof *work->metrics);
    work->net_distances = calloc(2 * (size_t)episodes, sizeof *work->net_distances);
    if (out->results == NULL || work->errors == NULL || work->metrics == NULL ||
        work->net_distances == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(episodes, "episode"));
    return IMP_OK;
}

// Every slot has a simulator; each episode brings its own world. The default one only starts the
// workers.
static imp_status create_workers(challenge_job *work, const imp_policy_factory *policy,
                                 const imp_policy_factory *progress_expert, imp_error *err)
{
    const imp_challenge_eval_def *def = work->def;
    imp_rollout_workers *workers = &work->workers;
    imp_rollout_workers_def workers_def = {.sim = imp_default_sim_def(),
                                           .policy = policy,
                                           .progress_expert = progress_expert,
                                           .episodes = work->out->episodes,
                                           .monitor = workers->monitor};
    workers_def.sim.camera = def->sim.camera;
    workers_def.sim.observation = imp_policy_factory_observation(policy);
    workers_def.sim.threads = def->sim.threads;
    IMP_TRY(imp_rollout_workers_create(workers, &workers_def, err));
    workers->progress.task = imp_policy_factory_name(policy);
    workers->progress.total = (double)work->out->episodes * STEPS;
    work->runs = calloc((size_t)workers->threads * (size_t)workers->batch, sizeof *work->runs);
    return work->runs != NULL ? IMP_OK
                              : imp_fail(err, IMP_NO_MEMORY, "out of memory for a challenge");
}

// Runs all episodes on the pool, after everything is allocated.
static imp_status run_challenge(challenge_job *work, const imp_policy_factory *policy,
                                const imp_policy_factory *progress_expert, imp_error *err)
{
    imp_challenge_result *out = work->out;
    imp_status status = alloc_results(work, err);
    if (status == IMP_OK)
        status = create_workers(work, policy, progress_expert, err);
    if (status != IMP_OK)
        return status;
    imp_run_episodes(&work->workers, out->episodes,
                     &(imp_episode_task){work, begin_episode, finish_episode});
    // a driver that waited for something may have been the only one to hear of it
    if (imp_monitor_should_stop(work->workers.monitor))
        return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    // The error of the first episode in order is reported, whichever thread met one first.
    for (int e = 0; e < out->episodes; e++)
        if (work->errors[e].status != IMP_OK)
            return imp_fail(err, work->errors[e].status, "%s", work->errors[e].message);
    for (int e = 0; e < out->episodes && work->def->record_drives; e++)
        imp_drive_set_author(out->results[e].drive, policy);
    summarize_episodes(work);
    return IMP_OK;
}

imp_status imp_evaluate_challenge(imp_challenge_result *out, const imp_policy_factory *policy,
                                  const imp_challenge_eval_def *def, const imp_monitor *monitor,
                                  imp_error *err)
{
    if (def->cookie != CHALLENGE_EVAL_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "imp_contest_def was not made with imp_default_challenge_eval_def()");
    double start = imp_monotonic_seconds();
    *out = (imp_challenge_result){0};
    challenge_job work = {.def = def, .out = out, .workers = {.monitor = monitor}};
    // The expert gives the distance that progress is a share of.
    imp_policy_factory *progress_expert = NULL;
    imp_status status = imp_policy_factory_open(&progress_expert, "expert", &def->sim.expert, err);
    if (status == IMP_OK)
        status = run_challenge(&work, policy, progress_expert, err);
    imp_rollout_workers_destroy(&work.workers);
    imp_policy_factory_close(progress_expert);
    free(work.runs);
    free(work.errors);
    free(work.metrics);
    free(work.net_distances);
    out->seconds = imp_monotonic_seconds() - start;
    if (status != IMP_OK)
        imp_challenge_result_free(out);
    return status;
}

void imp_challenge_result_free(imp_challenge_result *contest)
{
    if (contest == NULL)
        return;
    for (int e = 0; e < contest->episodes && contest->results != NULL; e++) {
        free(contest->results[e].poses);
        free(contest->results[e].times);
        imp_demonstration_free(contest->results[e].drive);
        free(contest->results[e].drive);
    }
    free(contest->results);
    *contest = (imp_challenge_result){0};
}
