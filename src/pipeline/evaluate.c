#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "pipeline/crew.h"

enum { EVAL_COOKIE = 0x0E7A1 };

imp_eval_def imp_default_eval_def(void)
{
    imp_eval_def def = {
        .map = "loop_empty",
        .episodes = 10,
        .steps = 65,
        .env = imp_default_env_def(),
        .camera = imp_default_camera_def(),
        .cookie = EVAL_COOKIE,
    };
    def.env.index = 1;
    return def;
}

typedef struct job {
    imp_crew crew;
    const imp_eval_def *def;
    imp_evaluation *out;
    imp_error *errors; // (episodes)
} job;

static imp_status make_room(imp_episode_result *result, int steps, imp_error *err)
{
    result->poses = calloc((size_t)steps + 1, sizeof *result->poses);
    result->lane_distances = calloc((size_t)steps, sizeof *result->lane_distances);
    if (result->poses == NULL || result->lane_distances == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an episode of %d steps", steps);
    return IMP_OK;
}

// What a step adds to an episode's result.
static void note_step(imp_episode_result *result, const imp_env *env, imp_step step)
{
    imp_pose before = result->poses[result->steps];
    result->lane_distances[result->steps] = env->in_lane ? (float)env->lane.distance : NAN;
    result->poses[++result->steps] = env->pose;
    result->reward += step.reward;
    if (env->in_lane)
        result->distance += (env->pose.x - before.x) * env->lane.tangent.x +
                            (env->pose.z - before.z) * env->lane.tangent.z;
}

static imp_status drive_episode(job *work, int episode, int worker, imp_error *err)
{
    imp_crew *crew = &work->crew;
    imp_crew_member *member = &crew->members[worker];
    imp_episode_result *result = &work->out->results[episode];
    imp_env *env = &member->env;
    imp_status status = make_room(result, work->def->steps, err);
    if (status == IMP_OK)
        status = imp_env_reset(env, (uint32_t)episode, err);
    if (status != IMP_OK)
        return status;
    result->map_index = env->world_index;
    memcpy(result->map, env->world->name, sizeof result->map);
    result->poses[0] = env->pose;
    imp_policy_begin(member->driver, env);
    const bool looks = member->driver->class->needs_observation;
    double speed = 0.0;
    int settled = 0;
    for (imp_step step = {0}; !step.terminated && !step.truncated;) {
        if (looks)
            imp_crew_look(crew, member, member->observation);
        step = imp_env_step(env, imp_policy_act(member->driver, env, member->observation));
        note_step(result, env, step);
        if (result->steps > work->def->settle_steps) {
            speed += env->speed;
            settled++;
        }
        if (!imp_crew_tick(crew, worker))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    }
    result->ending = env->ending;
    result->speed_mean = settled > 0 ? speed / settled : 0.0;
    return IMP_OK;
}

static void drive_one(void *context, int index, int worker)
{
    job *work = context;
    if (atomic_load(&work->crew.stop))
        imp_fail(&work->errors[index], IMP_INTERRUPTED, "interrupted");
    else
        drive_episode(work, index, worker, &work->errors[index]);
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// Mean and 95th percentile of |lane distance| over the settled frames of all episodes, and per
// episode.
static imp_status summarize_lanes(imp_evaluation *out, int settle_steps, imp_error *err)
{
    size_t capacity = 1, count = 0;
    for (int e = 0; e < out->episodes; e++)
        capacity += (size_t)out->results[e].steps;
    float *all = malloc(capacity * sizeof *all);
    if (all == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %zu lane distances", capacity);
    double sum = 0.0;
    for (int e = 0; e < out->episodes; e++) {
        imp_episode_result *result = &out->results[e];
        size_t first = count;
        double episode_sum = 0.0;
        for (int k = settle_steps; k < result->steps; k++)
            if (!isnan(result->lane_distances[k])) {
                all[count] = fabsf(result->lane_distances[k]);
                episode_sum += (double)all[count++];
            }
        result->lane_distance_mean = count > first ? episode_sum / (double)(count - first) : 0.0;
        sum += episode_sum;
    }
    qsort(all, count, sizeof *all, compare_floats);
    if (count > 0) {
        out->lane_distance_mean = sum / (double)count;
        out->lane_distance_p95 = (double)all[(size_t)(0.95 * (double)(count - 1))];
    }
    free(all);
    return IMP_OK;
}

static imp_status summarize(imp_evaluation *out, int settle_steps, imp_error *err)
{
    double speed = 0.0, settled = 0.0;
    for (int e = 0; e < out->episodes; e++) {
        const imp_episode_result *result = &out->results[e];
        int frames = result->steps > settle_steps ? result->steps - settle_steps : 0;
        out->survived += result->ending == IMP_ENDING_MAX_STEPS;
        out->total_reward += result->reward;
        out->distance_mean += result->distance / out->episodes;
        speed += result->speed_mean * frames;
        settled += frames;
    }
    out->mean_reward = out->total_reward / out->episodes;
    out->speed_mean = settled > 0.0 ? speed / settled : 0.0;
    return summarize_lanes(out, settle_steps, err);
}

static imp_status run(job *work, const imp_driver *driver, imp_error *err)
{
    const imp_eval_def *def = work->def;
    imp_evaluation *out = work->out;
    imp_env_def env = def->env;
    env.max_steps = def->steps * env.frame_skip;
    imp_crew_def crew = {.map = def->map,
                         .maps = def->maps,
                         .map_count = def->map_count,
                         .env = &env,
                         .camera = &def->camera,
                         .driver = driver,
                         .threads = def->threads,
                         .monitor = work->crew.monitor};
    out->results = calloc((size_t)def->episodes, sizeof *out->results);
    work->errors = calloc((size_t)def->episodes, sizeof *work->errors);
    if (out->results == NULL || work->errors == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %d episodes", def->episodes);
    out->episodes = def->episodes;
    imp_status status = imp_crew_hire(&work->crew, &crew, err);
    if (status != IMP_OK)
        return status;
    work->crew.progress.task = imp_driver_name(driver);
    work->crew.progress.total = (double)def->episodes * def->steps;
    imp_pool_run(work->crew.pool, def->episodes, drive_one, work);
    for (int e = 0; e < def->episodes; e++)
        if (work->errors[e].status != IMP_OK)
            return imp_fail(err, work->errors[e].status, "%s", work->errors[e].message);
    return summarize(out, def->settle_steps, err);
}

imp_status imp_evaluate(imp_evaluation *out, const imp_driver *driver, const imp_eval_def *def,
                        const imp_monitor *monitor, imp_error *err)
{
    if (def->cookie != EVAL_COOKIE)
        return imp_fail(err, IMP_USAGE, "imp_eval_def was not made with imp_default_eval_def()");
    if (def->episodes < 1 || def->steps < 1)
        return imp_fail(err, IMP_USAGE, "episodes (%d) and steps (%d) must be at least 1",
                        def->episodes, def->steps);
    if (def->settle_steps < 0)
        return imp_fail(err, IMP_USAGE, "settle steps (%d) must not be negative",
                        def->settle_steps);
    imp_status fits = imp_crew_check_steps(def->steps, def->env.frame_skip, err);
    if (fits != IMP_OK)
        return fits;
    double start = imp_clock();
    *out = (imp_evaluation){0};
    job work = {.def = def, .out = out, .crew = {.monitor = monitor}};
    imp_status status = run(&work, driver, err);
    imp_crew_dismiss(&work.crew);
    free(work.errors);
    out->seconds = imp_clock() - start;
    if (status != IMP_OK)
        imp_evaluation_free(out);
    return status;
}

void imp_evaluation_free(imp_evaluation *evaluation)
{
    if (evaluation == NULL)
        return;
    for (int e = 0; e < evaluation->episodes && evaluation->results != NULL; e++) {
        free(evaluation->results[e].poses);
        free(evaluation->results[e].lane_distances);
    }
    free(evaluation->results);
    *evaluation = (imp_evaluation){0};
}
