#include "evaluate/evaluation/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/file.h"
#include "base/text/plural.h"
#include "evaluate/evaluation/given_starts.h"
#include "evaluate/rollout/lane_progress.h"

enum { EVAL_COOKIE = 0x0E7A1 };

// What the histograms reach to: half a tile's width is 0.29 m, top speed 0.6 m/s.
static const double LANE_REACH = 0.4096, SPEED_REACH = 0.8;

imp_eval_def imp_default_eval_def(void)
{
    imp_eval_def def = {
        .map = "loop_empty",
        .episodes = 10,
        .steps = 65,
        .env = imp_default_env_def(),
        .camera = imp_default_camera_def(),
        .expert = imp_default_expert_def(),
        .randomization = imp_randomization_none(),
        .keep = 100,
        .cookie = EVAL_COOKIE,
    };
    def.env.index = 1;
    return def;
}

typedef struct eval_job {
    imp_rollout_workers workers;
    const imp_eval_def *def;
    imp_evaluation *out;
    imp_eval_counts *worker_counts; // (threads)
    struct failure {
        int episode;
        imp_error error;
    } * failures; // (threads) the first of each worker
} eval_job;

imp_status imp_episode_result_alloc(imp_episode_result *result, int steps, bool actions,
                                    imp_error *err)
{
    result->poses = calloc((size_t)steps + 1, sizeof *result->poses);
    result->lane_distances = calloc((size_t)steps, sizeof *result->lane_distances);
    if (actions)
        result->actions = calloc((size_t)steps, sizeof *result->actions);
    if (result->poses == NULL || result->lane_distances == NULL ||
        (actions && result->actions == NULL))
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an episode of %s",
                        IMP_PLURAL(steps, "step"));
    return IMP_OK;
}

void imp_episode_result_release(imp_episode_result *result)
{
    free(result->poses);
    free(result->lane_distances);
    free(result->actions);
}

// Sums over an episode that become means at its end.
typedef struct episode_sums {
    double speed, lane, action_error;
    double farthest; // |lane distance| so far; off lanes is farther than anything
} episode_sums;

static int histogram_bin(double value, double low, double high, int bins)
{
    const double place = floor((value - low) / (high - low) * bins);
    return place < 0.0 ? 0 : (place >= bins ? bins - 1 : (int)place);
}

// What a settled step adds to figures and counts.
static void record_settled_step(imp_episode_result *result, const imp_env *env,
                                imp_eval_counts *counts, episode_sums *s)
{
    result->settled++;
    s->speed += env->speed;
    if (counts != NULL)
        counts->speeds[histogram_bin(env->speed, 0.0, SPEED_REACH, IMP_SPEED_BINS)]++;
    if (!env->in_lane)
        return;
    // as it is kept, so that figures can be found again from what is kept
    const double distance = (double)(float)env->lane.distance;
    result->in_lane++;
    s->lane += fabs(distance);
    if (counts != NULL)
        counts->lanes[histogram_bin(distance, -LANE_REACH, LANE_REACH, IMP_LANE_BINS)]++;
}

// What a step adds to an episode's result.
static void record_step(imp_episode_result *result, const imp_env *env, imp_step step,
                        episode_sums *s)
{
    const double off = env->in_lane ? fabs(env->lane.distance) : INFINITY;
    if (off > s->farthest) {
        s->farthest = off;
        result->worst_step = result->steps;
    }
    if (result->lane_distances != NULL)
        result->lane_distances[result->steps] = env->in_lane ? (float)env->lane.distance : NAN;
    result->steps++;
    if (result->poses != NULL)
        result->poses[result->steps] = env->pose;
    result->reward += step.reward;
    if (env->in_lane)
        result->distance += (env->pose.x - result->end.x) * env->lane.tangent.x +
                            (env->pose.z - result->end.z) * env->lane.tangent.z;
    result->end = env->pose;
}

// Asks the driver, and the teacher if there is one.
static imp_action choose_action(imp_rollout_worker *self, imp_episode_result *result,
                                episode_sums *s)
{
    const imp_action action = imp_policy_act(self->policy, &self->env, self->observation);
    imp_action wanted = {NAN, NAN};
    if (self->label_expert != NULL) {
        wanted = imp_policy_act(self->label_expert, &self->env, NULL);
        s->action_error +=
            0.5 * (fabs(action.left - wanted.left) + fabs(action.right - wanted.right));
    }
    if (result->actions != NULL)
        result->actions[result->steps] = (imp_action_pair){(float)action.left, (float)action.right,
                                                           (float)wanted.left, (float)wanted.right};
    return action;
}

// What the network that drives knows in this step; it is kept in place `at`.
static void keep_network_inputs(imp_replay *replay, size_t at)
{
    const imp_input_spec *inputs = imp_obs_history_input_spec(replay->history);
    const size_t image = (size_t)3 * (size_t)replay->width * (size_t)replay->height;
    const size_t frames = (size_t)inputs->frames, values = 2 * (size_t)inputs->actions;
    for (size_t k = 0; k < frames; k++)
        memcpy(replay->input_frames + (at * frames + k) * image,
               imp_obs_history_frames(replay->history)[k], image);
    if (values > 0)
        memcpy(replay->input_actions + at * values, imp_obs_history_actions(replay->history),
               values * sizeof *replay->input_actions);
}

// Keeps the picture and the action of a step, if it is one of those to keep.
static void record_replay_frame(const imp_replay_def *which, imp_replay *replay, int step,
                                const uint8_t *rgb, imp_action action)
{
    if (replay == NULL || replay->count == which->count)
        return;
    if (replay->history != NULL)
        imp_obs_history_push_frame(replay->history, rgb);
    if (step >= which->first && (step - which->first) % which->every == 0) {
        const size_t image = (size_t)3 * (size_t)replay->width * (size_t)replay->height;
        memcpy(replay->frames + image * (size_t)replay->count, rgb, image);
        replay->actions[2 * replay->count] = (float)action.left;
        replay->actions[2 * replay->count + 1] = (float)action.right;
        if (replay->history != NULL)
            keep_network_inputs(replay, (size_t)replay->count);
        replay->count++;
    }
    if (replay->history != NULL)
        imp_obs_history_push_action(replay->history, (float)action.left, (float)action.right);
}

// What the way tells, at the end of an episode.
static void record_progress(imp_episode_result *result, const imp_lane_progress *progress,
                            const imp_env *env, imp_expert_progress expert)
{
    result->net_distance = imp_lane_progress_distance(progress, env);
    result->expert_net_distance = expert.distance;
    result->expert_stalled = expert.stalled;
    const bool measured = !expert.stalled && expert.distance > 0.0;
    result->progress = measured ? result->net_distance / expert.distance : NAN;
    result->stalled = imp_lane_progress_stalled(progress, env, expert.distance);
    if (result->stalled && !progress->stalled)
        result->stalled_step = result->steps;
}

imp_status imp_eval_run_episode(imp_rollout_workers *workers, int worker, int episode,
                                const imp_eval_def *def, imp_episode_result *result,
                                imp_eval_counts *counts, const imp_replay_def *which,
                                imp_replay *replay, imp_error *err)
{
    imp_rollout_worker *self = &workers->items[worker];
    imp_env *env = &self->env;
    imp_expert_progress expert;
    imp_lane_progress progress;
    imp_status status = imp_rollout_worker_reset(workers, self, (uint32_t)episode, err);
    if (status == IMP_OK && def->starts != NULL)
        status = imp_eval_check_start(env, def, episode, err);
    if (status == IMP_OK)
        status = imp_measure_expert_progress(&expert, workers, worker, err);
    if (status != IMP_OK)
        return status;
    result->map_index = env->world_index;
    result->start = result->end = env->pose;
    if (result->poses != NULL)
        result->poses[0] = env->pose;
    imp_policy_reset(self->policy, env);
    if (self->label_expert != NULL)
        imp_policy_reset(self->label_expert, env);
    const bool looks = self->policy->vtable->needs_observation || replay != NULL;
    episode_sums s = {.farthest = -1.0};
    imp_lane_progress_begin(&progress, env);
    for (imp_step step = {0}; !step.terminated && !step.truncated;) {
        if (looks)
            imp_rollout_worker_observe(workers, self, self->observation);
        const imp_action action = choose_action(self, result, &s);
        record_replay_frame(which, replay, result->steps, self->observation, action);
        step = imp_env_step(env, action);
        record_step(result, env, step, &s);
        imp_lane_progress_update(&progress, env);
        if (progress.stalled && result->stalled_step == 0)
            result->stalled_step = result->steps;
        if (result->steps > def->settle_steps)
            record_settled_step(result, env, counts, &s);
        if (!imp_rollout_workers_count_step(workers, worker))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    }
    result->ending = env->ending;
    record_progress(result, &progress, env, expert);
    result->speed_mean = result->settled > 0 ? s.speed / result->settled : 0.0;
    result->lane_distance_mean = result->in_lane > 0 ? s.lane / result->in_lane : 0.0;
    result->action_error = self->label_expert != NULL ? s.action_error / result->steps : NAN;
    return IMP_OK;
}

static void run_episode_job(void *context, int index, int worker)
{
    eval_job *work = context;
    imp_episode_result *result = &work->out->results[index];
    imp_error err = {0};
    if (atomic_load(&work->workers.stop))
        imp_fail(&err, IMP_INTERRUPTED, "interrupted");
    else if (index >= work->def->keep ||
             imp_episode_result_alloc(result, work->def->steps, work->def->ask_expert, &err) ==
                 IMP_OK)
        imp_eval_run_episode(&work->workers, worker, index, work->def, result,
                             &work->worker_counts[worker], NULL, NULL, &err);
    struct failure *failure = &work->failures[worker];
    if (err.status != IMP_OK && failure->error.status == IMP_OK)
        *failure = (struct failure){index, err};
}

// Workers get episodes in their order, so the first failure of all is the earliest of theirs.
static imp_status find_first_failure(const eval_job *work, imp_error *err)
{
    const struct failure *first = NULL;
    for (int k = 0; k < work->workers.threads; k++) {
        const struct failure *failure = &work->failures[k];
        if (failure->error.status != IMP_OK && (first == NULL || failure->episode < first->episode))
            first = failure;
    }
    return first == NULL ? IMP_OK : imp_fail(err, first->error.status, "%s", first->error.message);
}

// Gives a crew the starts of a definition. Of a plain world it is known beforehand whether a robot
// can stand there.
static imp_status set_given_starts(imp_rollout_workers *workers, const imp_eval_def *def,
                                   imp_error *err)
{
    workers->starts = def->starts;
    workers->start_maps = calloc((size_t)def->episodes, sizeof *workers->start_maps);
    if (workers->start_maps == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(def->episodes, "start"));
    imp_status status = imp_eval_find_start_maps(workers->start_maps, &workers->maps, def, err);
    imp_rollout_worker *self = &workers->items[0];
    for (int k = 0; k < def->episodes && status == IMP_OK && workers->randomization == NULL; k++) {
        status = imp_rollout_worker_reset(workers, self, (uint32_t)k, err);
        if (status == IMP_OK)
            status = imp_eval_check_start(&self->env, def, k, err);
    }
    return status;
}

imp_status imp_eval_create_workers(imp_rollout_workers *workers, const imp_policy_factory *policy,
                                   const imp_policy_factory *progress_expert, bool asks,
                                   const imp_eval_def *def, const imp_monitor *monitor,
                                   imp_error *err)
{
    imp_env_def env = def->env;
    env.max_steps = def->steps * env.frame_skip;
    const imp_rollout_workers_def workers_def = {.map = def->map,
                                                 .maps = def->maps,
                                                 .map_count = def->map_count,
                                                 .split = def->split,
                                                 .env = &env,
                                                 .camera = &def->camera,
                                                 .scene = &def->scene,
                                                 .randomization = &def->randomization,
                                                 .policy = policy,
                                                 .observe = imp_policy_factory_observation(policy),
                                                 .label_expert = asks ? progress_expert : NULL,
                                                 .progress_expert = progress_expert,
                                                 .threads = def->threads,
                                                 .monitor = monitor};
    const imp_status status = imp_rollout_workers_create(workers, &workers_def, err);
    return status == IMP_OK && def->starts != NULL ? set_given_starts(workers, def, err) : status;
}

static imp_status create_histogram(imp_histogram *out, double low, double high, int bins,
                                   imp_error *err)
{
    *out = (imp_histogram){low, high, bins, calloc((size_t)bins, sizeof *out->counts)};
    return out->counts != NULL
               ? IMP_OK
               : imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(bins, "bin"));
}

static imp_status alloc_results(eval_job *work, imp_error *err)
{
    imp_evaluation *out = work->out;
    const imp_map_set *maps = &work->workers.maps;
    const size_t threads = (size_t)work->workers.threads;
    out->results = calloc((size_t)work->def->episodes, sizeof *out->results);
    out->maps = calloc((size_t)maps->count, sizeof *out->maps);
    work->worker_counts = calloc(threads, sizeof *work->worker_counts);
    work->failures = calloc(threads, sizeof *work->failures);
    if (out->results == NULL || out->maps == NULL || work->worker_counts == NULL ||
        work->failures == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(work->def->episodes, "episode"));
    out->episodes = work->def->episodes;
    out->map_count = maps->count;
    for (int k = 0; k < maps->count; k++)
        memcpy(out->maps[k].name, maps->worlds[k]->name, sizeof out->maps[k].name);
    imp_status status = create_histogram(&out->lanes, -LANE_REACH, LANE_REACH, IMP_LANE_BINS, err);
    return status == IMP_OK ? create_histogram(&out->speeds, 0.0, SPEED_REACH, IMP_SPEED_BINS, err)
                            : status;
}

static void merge_worker_counts(eval_job *work)
{
    imp_evaluation *out = work->out;
    for (int k = 0; k < work->workers.threads; k++) {
        for (int bin = 0; bin < IMP_LANE_BINS; bin++)
            out->lanes.counts[bin] += work->worker_counts[k].lanes[bin];
        for (int bin = 0; bin < IMP_SPEED_BINS; bin++)
            out->speeds.counts[bin] += work->worker_counts[k].speeds[bin];
    }
    for (int e = 0; e < out->episodes; e++)
        out->results[e].map = out->maps[out->results[e].map_index].name;
}

static imp_status run_evaluation(eval_job *work, const imp_policy_factory *policy,
                                 const imp_policy_factory *progress_expert,
                                 const imp_monitor *monitor, imp_error *err)
{
    const imp_eval_def *def = work->def;
    imp_status status = imp_eval_create_workers(&work->workers, policy, progress_expert,
                                                def->ask_expert, def, monitor, err);
    if (status == IMP_OK)
        status = alloc_results(work, err);
    if (status != IMP_OK)
        return status;
    work->workers.progress.task = imp_policy_factory_name(policy);
    work->workers.progress.total = (double)def->episodes * def->steps;
    imp_thread_pool_run(work->workers.pool, def->episodes, run_episode_job, work);
    status = find_first_failure(work, err);
    if (status != IMP_OK)
        return status;
    merge_worker_counts(work);
    return imp_eval_compute_stats(work->out, err);
}

imp_status imp_eval_open_expert(imp_policy_factory **out, const imp_eval_def *def, imp_error *err)
{
    imp_expert_def expert = def->expert;
    expert.assumed_drive = &def->env.drive;
    return imp_policy_factory_open(out, "expert", &expert, err);
}

imp_status imp_eval_check(const imp_eval_def *def, imp_error *err)
{
    if (def->cookie != EVAL_COOKIE)
        return imp_fail(err, IMP_USAGE, "imp_eval_def was not made with imp_default_eval_def()");
    if (def->episodes < 1 || def->steps < 1)
        return imp_fail(err, IMP_USAGE, "episodes (%d) and steps (%d) must be at least 1",
                        def->episodes, def->steps);
    if (def->starts != NULL && def->start_count < def->episodes)
        return imp_fail(err, IMP_USAGE, "%s holds %s, too few for %s",
                        def->starts_name != NULL ? def->starts_name : "the list",
                        IMP_PLURAL(def->start_count, "start"),
                        IMP_PLURAL(def->episodes, "episode"));
    if (def->settle_steps < 0 || def->keep < 0)
        return imp_fail(err, IMP_USAGE,
                        "settle steps (%d) and kept trajectories (%d) must not be negative",
                        def->settle_steps, def->keep);
    return imp_rollout_check_length(def->steps, def->env.frame_skip, err);
}

imp_status imp_evaluate(imp_evaluation *out, const imp_policy_factory *policy,
                        const imp_eval_def *def, const imp_monitor *monitor, imp_error *err)
{
    imp_status status = imp_eval_check(def, err);
    if (status != IMP_OK)
        return status;
    const double start = imp_monotonic_seconds();
    *out = (imp_evaluation){0};
    eval_job work = {.def = def, .out = out};
    imp_policy_factory *progress_expert = NULL;
    status = imp_eval_open_expert(&progress_expert, def, err);
    if (status == IMP_OK)
        status = run_evaluation(&work, policy, progress_expert, monitor, err);
    imp_rollout_workers_destroy(&work.workers);
    imp_policy_factory_close(progress_expert);
    free(work.worker_counts);
    free(work.failures);
    out->seconds = imp_monotonic_seconds() - start;
    if (status != IMP_OK)
        imp_evaluation_free(out);
    return status;
}

void imp_evaluation_free(imp_evaluation *evaluation)
{
    if (evaluation == NULL)
        return;
    for (int e = 0; e < evaluation->episodes && evaluation->results != NULL; e++)
        imp_episode_result_release(&evaluation->results[e]);
    free(evaluation->results);
    free(evaluation->maps);
    free(evaluation->lanes.counts);
    free(evaluation->speeds.counts);
    *evaluation = (imp_evaluation){0};
}
