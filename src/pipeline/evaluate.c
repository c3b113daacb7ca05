#include "pipeline/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/plural.h"
#include "pipeline/starts.h"
#include "pipeline/travel.h"

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

typedef struct job {
    imp_crew crew;
    const imp_eval_def *def;
    imp_evaluation *out;
    imp_tally *tallies; // (threads)
    struct failure {
        int episode;
        imp_error error;
    } * failures; // (threads) the first of each worker
} job;

imp_status imp_eval_make_room(imp_episode_result *result, int steps, bool actions, imp_error *err)
{
    result->poses = calloc((size_t)steps + 1, sizeof *result->poses);
    result->lane_distances = calloc((size_t)steps, sizeof *result->lane_distances);
    if (actions)
        result->actions = calloc((size_t)steps, sizeof *result->actions);
    if (result->poses == NULL || result->lane_distances == NULL ||
        (actions && result->actions == NULL))
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an episode of %s",
                        IMP_COUNT(steps, "step"));
    return IMP_OK;
}

void imp_eval_release(imp_episode_result *result)
{
    free(result->poses);
    free(result->lane_distances);
    free(result->actions);
}

// Sums over an episode that become means at its end.
typedef struct sums {
    double speed, lane, action_error;
    double farthest; // |lane distance| so far; off lanes is farther than anything
} sums;

static int bin_of(double value, double low, double high, int bins)
{
    const double place = floor((value - low) / (high - low) * bins);
    return place < 0.0 ? 0 : (place >= bins ? bins - 1 : (int)place);
}

// What a settled step adds to figures and counts.
static void note_settled(imp_episode_result *result, const imp_env *env, imp_tally *tally, sums *s)
{
    result->settled++;
    s->speed += env->speed;
    if (tally != NULL)
        tally->speeds[bin_of(env->speed, 0.0, SPEED_REACH, IMP_SPEED_BINS)]++;
    if (!env->in_lane)
        return;
    // as it is kept, so that figures can be found again from what is kept
    const double distance = (double)(float)env->lane.distance;
    result->in_lane++;
    s->lane += fabs(distance);
    if (tally != NULL)
        tally->lanes[bin_of(distance, -LANE_REACH, LANE_REACH, IMP_LANE_BINS)]++;
}

// What a step adds to an episode's result.
static void note_step(imp_episode_result *result, const imp_env *env, imp_step step, sums *s)
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
static imp_action decide(imp_crew_member *member, imp_episode_result *result, sums *s)
{
    const imp_action action = imp_policy_act(member->driver, &member->env, member->observation);
    imp_action wanted = {NAN, NAN};
    if (member->teacher != NULL) {
        wanted = imp_policy_act(member->teacher, &member->env, NULL);
        s->action_error +=
            0.5 * (fabs(action.left - wanted.left) + fabs(action.right - wanted.right));
    }
    if (result->actions != NULL)
        result->actions[result->steps] = (imp_action_pair){(float)action.left, (float)action.right,
                                                           (float)wanted.left, (float)wanted.right};
    return action;
}

// What the network that drives knows in this step; it is kept in place `at`.
static void keep_inputs(imp_replay *film, size_t at)
{
    const imp_inputs *inputs = imp_recall_inputs(film->recall);
    const size_t picture = (size_t)3 * (size_t)film->width * (size_t)film->height;
    const size_t frames = (size_t)inputs->frames, values = 2 * (size_t)inputs->actions;
    for (size_t k = 0; k < frames; k++)
        memcpy(film->seen + (at * frames + k) * picture, imp_recall_frames(film->recall)[k],
               picture);
    if (values > 0)
        memcpy(film->done + at * values, imp_recall_actions(film->recall),
               values * sizeof *film->done);
}

// Keeps the picture and the action of a step, if it is one of those to keep.
static void film_step(const imp_replay_def *which, imp_replay *film, int step, const uint8_t *rgb,
                      imp_action action)
{
    if (film == NULL || film->count == which->count)
        return;
    if (film->recall != NULL)
        imp_recall_see(film->recall, rgb);
    if (step >= which->first && (step - which->first) % which->every == 0) {
        const size_t picture = (size_t)3 * (size_t)film->width * (size_t)film->height;
        memcpy(film->frames + picture * (size_t)film->count, rgb, picture);
        film->actions[2 * film->count] = (float)action.left;
        film->actions[2 * film->count + 1] = (float)action.right;
        if (film->recall != NULL)
            keep_inputs(film, (size_t)film->count);
        film->count++;
    }
    if (film->recall != NULL)
        imp_recall_do(film->recall, (float)action.left, (float)action.right);
}

// What the way tells, at the end of an episode.
static void note_travel(imp_episode_result *result, const imp_travel *travel, const imp_env *env,
                        imp_expert_travel expert)
{
    result->net_distance = imp_travel_distance(travel, env);
    result->expert_net_distance = expert.distance;
    result->expert_stalled = expert.stalled;
    const bool measured = !expert.stalled && expert.distance > 0.0;
    result->progress = measured ? result->net_distance / expert.distance : NAN;
    result->stalled = imp_travel_stalled(travel, env, expert.distance);
    if (result->stalled && !travel->stalled)
        result->stalled_step = result->steps;
}

imp_status imp_eval_drive(imp_crew *crew, int worker, int episode, const imp_eval_def *def,
                          imp_episode_result *result, imp_tally *tally, const imp_replay_def *which,
                          imp_replay *film, imp_error *err)
{
    imp_crew_member *member = &crew->members[worker];
    imp_env *env = &member->env;
    imp_expert_travel expert;
    imp_travel travel;
    imp_status status = imp_crew_reset(crew, member, (uint32_t)episode, err);
    if (status == IMP_OK && def->starts != NULL)
        status = imp_starts_check(env, def, episode, err);
    if (status == IMP_OK)
        status = imp_travel_of_expert(&expert, crew, worker, err);
    if (status != IMP_OK)
        return status;
    result->map_index = env->world_index;
    result->start = result->end = env->pose;
    if (result->poses != NULL)
        result->poses[0] = env->pose;
    imp_policy_begin(member->driver, env);
    if (member->teacher != NULL)
        imp_policy_begin(member->teacher, env);
    const bool looks = member->driver->class->needs_observation || film != NULL;
    sums s = {.farthest = -1.0};
    imp_travel_begin(&travel, env);
    for (imp_step step = {0}; !step.terminated && !step.truncated;) {
        if (looks)
            imp_crew_look(crew, member, member->observation);
        const imp_action action = decide(member, result, &s);
        film_step(which, film, result->steps, member->observation, action);
        step = imp_env_step(env, action);
        note_step(result, env, step, &s);
        imp_travel_step(&travel, env);
        if (travel.stalled && result->stalled_step == 0)
            result->stalled_step = result->steps;
        if (result->steps > def->settle_steps)
            note_settled(result, env, tally, &s);
        if (!imp_crew_tick(crew, worker))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    }
    result->ending = env->ending;
    note_travel(result, &travel, env, expert);
    result->speed_mean = result->settled > 0 ? s.speed / result->settled : 0.0;
    result->lane_distance_mean = result->in_lane > 0 ? s.lane / result->in_lane : 0.0;
    result->action_error = member->teacher != NULL ? s.action_error / result->steps : NAN;
    return IMP_OK;
}

static void drive_one(void *context, int index, int worker)
{
    job *work = context;
    imp_episode_result *result = &work->out->results[index];
    imp_error err = {0};
    if (atomic_load(&work->crew.stop))
        imp_fail(&err, IMP_INTERRUPTED, "interrupted");
    else if (index >= work->def->keep ||
             imp_eval_make_room(result, work->def->steps, work->def->ask_expert, &err) == IMP_OK)
        imp_eval_drive(&work->crew, worker, index, work->def, result, &work->tallies[worker], NULL,
                       NULL, &err);
    struct failure *failure = &work->failures[worker];
    if (err.status != IMP_OK && failure->error.status == IMP_OK)
        *failure = (struct failure){index, err};
}

// Workers get episodes in their order, so the first failure of all is the earliest of theirs.
static imp_status first_failure(const job *work, imp_error *err)
{
    const struct failure *first = NULL;
    for (int k = 0; k < work->crew.threads; k++) {
        const struct failure *failure = &work->failures[k];
        if (failure->error.status != IMP_OK && (first == NULL || failure->episode < first->episode))
            first = failure;
    }
    return first == NULL ? IMP_OK : imp_fail(err, first->error.status, "%s", first->error.message);
}

// Gives a crew the starts of a definition. Of a plain world it is known beforehand whether a robot
// can stand there.
static imp_status take_starts(imp_crew *crew, const imp_eval_def *def, imp_error *err)
{
    crew->starts = def->starts;
    crew->start_maps = calloc((size_t)def->episodes, sizeof *crew->start_maps);
    if (crew->start_maps == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_COUNT(def->episodes, "start"));
    imp_status status = imp_starts_resolve(crew->start_maps, &crew->maps, def, err);
    imp_crew_member *member = &crew->members[0];
    for (int k = 0; k < def->episodes && status == IMP_OK && crew->randomization == NULL; k++) {
        status = imp_crew_reset(crew, member, (uint32_t)k, err);
        if (status == IMP_OK)
            status = imp_starts_check(&member->env, def, k, err);
    }
    return status;
}

imp_status imp_eval_hire(imp_crew *crew, const imp_driver *driver,
                         const imp_driver *progress_expert, bool asks, const imp_eval_def *def,
                         const imp_monitor *monitor, imp_error *err)
{
    imp_env_def env = def->env;
    env.max_steps = def->steps * env.frame_skip;
    const imp_crew_def crew_def = {.map = def->map,
                                   .maps = def->maps,
                                   .map_count = def->map_count,
                                   .split = def->split,
                                   .env = &env,
                                   .camera = &def->camera,
                                   .scene = &def->scene,
                                   .randomization = &def->randomization,
                                   .driver = driver,
                                   .observe = imp_driver_observation(driver),
                                   .teacher = asks ? progress_expert : NULL,
                                   .progress_expert = progress_expert,
                                   .threads = def->threads,
                                   .monitor = monitor};
    const imp_status status = imp_crew_hire(crew, &crew_def, err);
    return status == IMP_OK && def->starts != NULL ? take_starts(crew, def, err) : status;
}

static imp_status make_histogram(imp_histogram *out, double low, double high, int bins,
                                 imp_error *err)
{
    *out = (imp_histogram){low, high, bins, calloc((size_t)bins, sizeof *out->counts)};
    return out->counts != NULL
               ? IMP_OK
               : imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_COUNT(bins, "bin"));
}

static imp_status make_results(job *work, imp_error *err)
{
    imp_evaluation *out = work->out;
    const imp_map_set *maps = &work->crew.maps;
    const size_t threads = (size_t)work->crew.threads;
    out->results = calloc((size_t)work->def->episodes, sizeof *out->results);
    out->maps = calloc((size_t)maps->count, sizeof *out->maps);
    work->tallies = calloc(threads, sizeof *work->tallies);
    work->failures = calloc(threads, sizeof *work->failures);
    if (out->results == NULL || out->maps == NULL || work->tallies == NULL ||
        work->failures == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_COUNT(work->def->episodes, "episode"));
    out->episodes = work->def->episodes;
    out->map_count = maps->count;
    for (int k = 0; k < maps->count; k++)
        memcpy(out->maps[k].name, maps->worlds[k]->name, sizeof out->maps[k].name);
    imp_status status = make_histogram(&out->lanes, -LANE_REACH, LANE_REACH, IMP_LANE_BINS, err);
    return status == IMP_OK ? make_histogram(&out->speeds, 0.0, SPEED_REACH, IMP_SPEED_BINS, err)
                            : status;
}

static void gather(job *work)
{
    imp_evaluation *out = work->out;
    for (int k = 0; k < work->crew.threads; k++) {
        for (int bin = 0; bin < IMP_LANE_BINS; bin++)
            out->lanes.counts[bin] += work->tallies[k].lanes[bin];
        for (int bin = 0; bin < IMP_SPEED_BINS; bin++)
            out->speeds.counts[bin] += work->tallies[k].speeds[bin];
    }
    for (int e = 0; e < out->episodes; e++)
        out->results[e].map = out->maps[out->results[e].map_index].name;
}

static imp_status run(job *work, const imp_driver *driver, const imp_driver *progress_expert,
                      const imp_monitor *monitor, imp_error *err)
{
    const imp_eval_def *def = work->def;
    imp_status status =
        imp_eval_hire(&work->crew, driver, progress_expert, def->ask_expert, def, monitor, err);
    if (status == IMP_OK)
        status = make_results(work, err);
    if (status != IMP_OK)
        return status;
    work->crew.progress.task = imp_driver_name(driver);
    work->crew.progress.total = (double)def->episodes * def->steps;
    imp_pool_run(work->crew.pool, def->episodes, drive_one, work);
    status = first_failure(work, err);
    if (status != IMP_OK)
        return status;
    gather(work);
    return imp_eval_summarize(work->out, err);
}

imp_status imp_eval_progress_expert(imp_driver **out, const imp_eval_def *def, imp_error *err)
{
    imp_expert_def expert = def->expert;
    expert.believed = &def->env.drive;
    return imp_driver_open(out, "expert", &expert, err);
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
                        IMP_COUNT(def->start_count, "start"), IMP_COUNT(def->episodes, "episode"));
    if (def->settle_steps < 0 || def->keep < 0)
        return imp_fail(err, IMP_USAGE,
                        "settle steps (%d) and kept trajectories (%d) must not be negative",
                        def->settle_steps, def->keep);
    return imp_crew_check_steps(def->steps, def->env.frame_skip, err);
}

imp_status imp_evaluate(imp_evaluation *out, const imp_driver *driver, const imp_eval_def *def,
                        const imp_monitor *monitor, imp_error *err)
{
    imp_status status = imp_eval_check(def, err);
    if (status != IMP_OK)
        return status;
    const double start = imp_clock();
    *out = (imp_evaluation){0};
    job work = {.def = def, .out = out};
    imp_driver *progress_expert = NULL;
    status = imp_eval_progress_expert(&progress_expert, def, err);
    if (status == IMP_OK)
        status = run(&work, driver, progress_expert, monitor, err);
    imp_crew_dismiss(&work.crew);
    imp_driver_close(progress_expert);
    free(work.tallies);
    free(work.failures);
    out->seconds = imp_clock() - start;
    if (status != IMP_OK)
        imp_evaluation_free(out);
    return status;
}

void imp_evaluation_free(imp_evaluation *evaluation)
{
    if (evaluation == NULL)
        return;
    for (int e = 0; e < evaluation->episodes && evaluation->results != NULL; e++)
        imp_eval_release(&evaluation->results[e]);
    free(evaluation->results);
    free(evaluation->maps);
    free(evaluation->lanes.counts);
    free(evaluation->speeds.counts);
    *evaluation = (imp_evaluation){0};
}
