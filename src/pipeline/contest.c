#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/plural.h"
#include "pipeline/crew.h"
#include "pipeline/travel.h"

enum { CONTEST_COOKIE = 0xC0E57, EPISODES_MAX = 1 << 20, STEPS = 1200, TAIL = 14 };

static const double EPISODE_SECONDS = 60.0, STEP_SECONDS = 0.05;

imp_contest_def imp_default_contest_def(void)
{
    return (imp_contest_def){
        .challenge = IMP_CHALLENGE_LF,
        .seed = 123,
        .camera = imp_default_camera_def(),
        .expert = imp_default_expert_def(),
        .cookie = CONTEST_COOKIE,
    };
}

typedef struct job {
    imp_crew crew;
    const imp_contest_def *def;
    imp_contest *out;
    imp_error *errors;     // (episodes)
    imp_metrics *metrics;  // (episodes)
    double *net_distances; // (2 * episodes) the policy's, then the expert's, where that has any
} job;

// An episode under way.
typedef struct drive {
    imp_scenario scenario;
    imp_scene *scene; // NULL for policies that do not look
    imp_meter *meter;
    imp_travel travel;
    imp_contest_episode *result;
} drive;

static imp_status set_up(drive *d, const job *work, int episode, imp_crew_member *member,
                         imp_error *err)
{
    const imp_contest_def *def = work->def;
    const imp_scenario_def wanted = {def->challenge, def->test, episode, def->seed};
    imp_env_def env = imp_default_env_def();
    env.seed = def->seed;
    env.index = 1;
    d->result = &work->out->results[episode];
    imp_status status = imp_scenario_create(&d->scenario, &wanted, err);
    if (status == IMP_OK && member->driver->class->needs_observation)
        status = imp_scene_create_with(&d->scene, d->scenario.world, &def->scene, err);
    if (status == IMP_OK)
        status = imp_meter_create(&d->meter, d->scenario.world, err);
    if (status != IMP_OK)
        return status;
    imp_scenario_prepare(&d->scenario, &env);
    memcpy(d->result->name, d->scenario.name, sizeof d->result->name);
    // one state more than steps
    d->result->poses = calloc(STEPS + 1, sizeof *d->result->poses);
    d->result->times = calloc(STEPS + 1, sizeof *d->result->times);
    if (d->result->poses == NULL || d->result->times == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an episode of %s",
                        IMP_COUNT(STEPS, "step"));
    status = imp_env_init(&member->env, d->scenario.world, &env, err);
    return status == IMP_OK ? imp_env_reset(&member->env, (uint32_t)episode, err) : status;
}

static void note(drive *d, double time, imp_pose pose)
{
    imp_contest_episode *result = d->result;
    result->times[result->samples] = time;
    result->poses[result->samples++] = pose;
    imp_meter_add(d->meter, time, pose);
}

static imp_action decide(const drive *d, imp_crew_member *member)
{
    if (d->scene != NULL)
        imp_crew_look_at(member, d->scene, member->observation);
    return imp_policy_act(member->driver, &member->env, member->observation);
}

// The challenge's loop: states are noted at times that are added up like its own, until a minute is
// over, or 14 states after the one of an incident.
static imp_status drive_through(drive *d, imp_crew *crew, int worker, imp_error *err)
{
    imp_crew_member *member = &crew->members[worker];
    imp_env *env = &member->env;
    imp_ending ending = imp_env_challenge_ending(env);
    bool incident = false;
    int last = STEPS;
    double time = 0.0;
    imp_policy_begin(member->driver, env);
    imp_travel_begin(&d->travel, env);
    for (int k = 0; k <= last && time < EPISODE_SECONDS; k++, time += STEP_SECONDS) {
        note(d, time, env->pose);
        if (!incident && ending != IMP_ENDING_NONE && ending != IMP_ENDING_MAX_STEPS) {
            incident = true;
            last = k + TAIL;
        }
        if (ending == IMP_ENDING_NONE) {
            const imp_action action = decide(d, member);
            if (member->driver->gave_up != NULL) {
                ending = IMP_ENDING_GAVE_UP;
                snprintf(d->result->reason, sizeof d->result->reason, "%s",
                         member->driver->gave_up);
                break;
            }
            imp_env_step(env, action);
            imp_travel_step(&d->travel, env);
            ending = env->ending;
        }
        if (!imp_crew_tick(crew, worker))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    }
    d->result->ending = ending;
    d->result->metrics = imp_meter_read(d->meter);
    d->result->crossings = imp_meter_crossings(d->meter);
    d->result->net_distance = imp_travel_distance(&d->travel, env);
    d->result->stalled = d->travel.stalled;
    return IMP_OK;
}

// What the expert makes of the episode.
static imp_status measure(drive *d, imp_crew *crew, int worker, imp_error *err)
{
    imp_expert_travel expert;
    const imp_status status = imp_travel_of_expert(&expert, crew, worker, err);
    if (status != IMP_OK)
        return status;
    d->result->expert_net_distance = expert.distance;
    d->result->expert_stalled = expert.stalled;
    return IMP_OK;
}

static void drive_one(void *context, int index, int worker)
{
    job *work = context;
    imp_error *err = &work->errors[index];
    drive d = {0};
    if (atomic_load(&work->crew.stop))
        imp_fail(err, IMP_INTERRUPTED, "interrupted");
    else if (set_up(&d, work, index, &work->crew.members[worker], err) == IMP_OK &&
             measure(&d, &work->crew, worker, err) == IMP_OK)
        drive_through(&d, &work->crew, worker, err);
    imp_meter_destroy(d.meter);
    imp_scene_destroy(d.scene);
    imp_scenario_free(&d.scenario);
}

static void summarize(job *work)
{
    imp_contest *out = work->out;
    double *const own = work->net_distances, *const experts = own + out->episodes;
    for (int e = 0; e < out->episodes; e++) {
        imp_contest_episode *r = &out->results[e];
        const bool lasted = r->ending == IMP_ENDING_MAX_STEPS;
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
    out->aggregate = imp_metrics_aggregate(work->metrics, out->episodes);
}

static imp_status run(job *work, const imp_driver *driver, const imp_driver *progress_expert,
                      imp_error *err)
{
    const imp_contest_def *def = work->def;
    imp_contest *out = work->out;
    const imp_env_def env = imp_default_env_def();
    // every episode has a world of its own; this one only lets the crew begin
    imp_crew_def crew = {.map = "loop_empty",
                         .env = &env,
                         .camera = &def->camera,
                         .driver = driver,
                         .progress_expert = progress_expert,
                         .observe = imp_driver_observation(driver),
                         .threads = def->threads,
                         .monitor = work->crew.monitor};
    const int episodes =
        def->episodes != 0 ? def->episodes : imp_challenge_episodes(def->challenge);
    if (episodes < 1 || episodes > EPISODES_MAX)
        return imp_fail(err, IMP_USAGE, "episodes: %d is not within 1 to %d", episodes,
                        EPISODES_MAX);
    out->episodes = episodes;
    out->results = calloc((size_t)episodes, sizeof *out->results);
    work->errors = calloc((size_t)episodes, sizeof *work->errors);
    work->metrics = calloc((size_t)episodes, sizeof *work->metrics);
    work->net_distances = calloc(2 * (size_t)episodes, sizeof *work->net_distances);
    if (out->results == NULL || work->errors == NULL || work->metrics == NULL ||
        work->net_distances == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_COUNT(episodes, "episode"));
    imp_status status = imp_crew_hire(&work->crew, &crew, err);
    if (status != IMP_OK)
        return status;
    work->crew.progress.task = imp_driver_name(driver);
    work->crew.progress.total = (double)out->episodes * (STEPS + 1);
    imp_pool_run(work->crew.pool, out->episodes, drive_one, work);
    // a driver that waited for something may have been the only one to hear of it
    if (imp_monitor_should_stop(work->crew.monitor))
        return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    for (int e = 0; e < out->episodes; e++)
        if (work->errors[e].status != IMP_OK)
            return imp_fail(err, work->errors[e].status, "%s", work->errors[e].message);
    summarize(work);
    return IMP_OK;
}

imp_status imp_run_contest(imp_contest *out, const imp_driver *driver, const imp_contest_def *def,
                           const imp_monitor *monitor, imp_error *err)
{
    if (def->cookie != CONTEST_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "imp_contest_def was not made with imp_default_contest_def()");
    double start = imp_clock();
    *out = (imp_contest){0};
    job work = {.def = def, .out = out, .crew = {.monitor = monitor}};
    imp_driver *progress_expert = NULL;
    imp_status status = imp_driver_open(&progress_expert, "expert", &def->expert, err);
    if (status == IMP_OK)
        status = run(&work, driver, progress_expert, err);
    imp_crew_dismiss(&work.crew);
    imp_driver_close(progress_expert);
    free(work.errors);
    free(work.metrics);
    free(work.net_distances);
    out->seconds = imp_clock() - start;
    if (status != IMP_OK)
        imp_contest_free(out);
    return status;
}

void imp_contest_free(imp_contest *contest)
{
    if (contest == NULL)
        return;
    for (int e = 0; e < contest->episodes && contest->results != NULL; e++) {
        free(contest->results[e].poses);
        free(contest->results[e].times);
    }
    free(contest->results);
    *contest = (imp_contest){0};
}
