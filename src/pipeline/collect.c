#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "pipeline/crew.h"
#include "pipeline/steering.h"

enum { COLLECT_COOKIE = 0xC011EC7 };

imp_collect_def imp_default_collect_def(void)
{
    return (imp_collect_def){
        .map = "loop_empty",
        .policy = "expert",
        .episodes = 10,
        .steps = 512,
        .noise_time = 0.5,
        .mix_steps = 1,
        .env = imp_default_env_def(),
        .camera = imp_default_camera_def(),
        .expert = imp_default_expert_def(),
        .settings = "{}",
        .cookie = COLLECT_COOKIE,
    };
}

// The arrays of one episode, as long as the longest.
typedef struct buffer {
    int steps;
    int map_index;
    imp_ending ending;
    uint8_t *observations;
    float *actions, *expert_actions, *rewards;
    double *poses, *lane;
    uint8_t *terminations, *truncations;
    double reward;
    imp_error error; // how driving it ended
} buffer;

typedef struct job {
    imp_crew crew;
    const imp_collect_def *def;
    buffer *buffers; // (wave)
    int wave;        // episodes driven at once, then written in order
    int first;       // episode in buffers[0]
    imp_collect_summary *summary;
} job;

static imp_status buffer_create(buffer *b, const imp_collect_def *def, imp_error *err)
{
    size_t steps = (size_t)def->steps;
    size_t picture = (size_t)def->camera.width * (size_t)def->camera.height * 3;
    b->observations = malloc((steps + 1) * picture);
    b->actions = calloc(2 * steps, sizeof *b->actions);
    b->expert_actions = calloc(2 * steps, sizeof *b->expert_actions);
    b->rewards = calloc(steps, sizeof *b->rewards);
    b->poses = calloc(3 * (steps + 1), sizeof *b->poses);
    b->lane = calloc(2 * (steps + 1), sizeof *b->lane);
    b->terminations = calloc(steps, 1);
    b->truncations = calloc(steps, 1);
    if (b->observations == NULL || b->actions == NULL || b->expert_actions == NULL ||
        b->rewards == NULL || b->poses == NULL || b->lane == NULL || b->terminations == NULL ||
        b->truncations == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for episodes of %d steps", def->steps);
    return IMP_OK;
}

static void buffer_destroy(buffer *b)
{
    free(b->observations);
    free(b->actions);
    free(b->expert_actions);
    free(b->rewards);
    free(b->poses);
    free(b->lane);
    free(b->terminations);
    free(b->truncations);
}

// Records what is there before step k (or at the end): picture, pose, lane.
static void note_state(const imp_crew *crew, imp_crew_member *member, buffer *b, int k)
{
    const imp_env *env = &member->env;
    const imp_camera_def *camera = imp_renderer_camera(member->renderer);
    size_t picture = (size_t)camera->width * (size_t)camera->height * 3;
    imp_crew_look(crew, member, b->observations + (size_t)k * picture);
    memcpy(&b->poses[3 * k], (double[]){env->pose.x, env->pose.z, env->pose.heading},
           3 * sizeof(double));
    b->lane[2 * k] = env->in_lane ? env->lane.distance : NAN;
    b->lane[2 * k + 1] = env->in_lane ? env->lane.angle : NAN;
}

static void note_step(buffer *b, int k, imp_action executed, imp_action wanted, imp_step step)
{
    b->actions[2 * k] = (float)executed.left;
    b->actions[2 * k + 1] = (float)executed.right;
    b->expert_actions[2 * k] = (float)wanted.left;
    b->expert_actions[2 * k + 1] = (float)wanted.right;
    b->rewards[k] = (float)step.reward;
    b->terminations[k] = step.terminated;
    b->truncations[k] = step.truncated;
    b->reward += step.reward;
}

static imp_status drive_episode(job *work, buffer *b, uint32_t episode, int worker, imp_error *err)
{
    imp_crew *crew = &work->crew;
    imp_crew_member *member = &crew->members[worker];
    imp_env *env = &member->env;
    imp_status status = imp_env_reset(env, episode, err);
    if (status != IMP_OK)
        return status;
    imp_steering_place(work->def, env);
    imp_policy_begin(member->driver, env);
    if (member->teacher != NULL)
        imp_policy_begin(member->teacher, env);
    imp_steering steering = imp_steering_start(work->def, episode);
    size_t picture = (size_t)work->def->camera.width * (size_t)work->def->camera.height * 3;
    b->steps = 0;
    b->map_index = env->world_index;
    b->reward = 0.0;
    note_state(crew, member, b, 0);
    for (imp_step step = {0}; !step.terminated && !step.truncated;) {
        int k = b->steps++;
        imp_action action =
            imp_policy_act(member->driver, env, b->observations + (size_t)k * picture);
        imp_action wanted = action;
        if (member->teacher != NULL) {
            wanted = imp_policy_act(member->teacher, env, NULL);
            action = imp_steering_choose(&steering, env, action, wanted);
        }
        imp_action executed = imp_steering_disturb(&steering, action);
        step = imp_env_step(env, executed);
        note_step(b, k, executed, wanted, step);
        note_state(crew, member, b, k + 1);
        if (!imp_crew_tick(crew, worker))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    }
    b->ending = env->ending;
    return IMP_OK;
}

static void drive_one(void *context, int index, int worker)
{
    job *work = context;
    buffer *b = &work->buffers[index];
    if (atomic_load(&work->crew.stop))
        imp_fail(&b->error, IMP_INTERRUPTED, "interrupted");
    else
        drive_episode(work, b, (uint32_t)(work->first + index), worker, &b->error);
}

static imp_status write_episode(job *work, imp_dataset_writer *writer, const buffer *b, int episode,
                                imp_error *err)
{
    imp_episode record = {
        .steps = b->steps,
        .observations = b->observations,
        .actions = b->actions,
        .expert_actions = b->expert_actions,
        .poses = b->poses,
        .lane = b->lane,
        .rewards = b->rewards,
        .terminations = b->terminations,
        .truncations = b->truncations,
        .seed = work->def->env.seed,
        .number = (uint32_t)episode,
    };
    snprintf(record.map, sizeof record.map, "%s", work->crew.maps.worlds[b->map_index]->name);
    imp_status status = imp_dataset_writer_add(writer, &record, err);
    if (status != IMP_OK)
        return status;
    work->summary->episodes++;
    work->summary->frames += b->steps;
    work->summary->reward_mean += b->reward;
    work->summary->left_road += b->ending == IMP_ENDING_INVALID_POSE;
    work->summary->collided += b->ending == IMP_ENDING_COLLISION;
    return IMP_OK;
}

// Drives a wave of episodes on all threads and writes them in order; stops at the first that is not
// whole.
static imp_status drive_wave(job *work, imp_dataset_writer *writer, int count, imp_error *err)
{
    imp_pool_run(work->crew.pool, count, drive_one, work);
    for (int k = 0; k < count; k++) {
        buffer *b = &work->buffers[k];
        if (b->error.status != IMP_OK)
            return imp_fail(err, b->error.status, "%s", b->error.message);
        imp_status status = write_episode(work, writer, b, work->first + k, err);
        if (status != IMP_OK)
            return status;
    }
    return IMP_OK;
}

static imp_status drive_all(job *work, imp_dataset_writer *writer, int written, imp_error *err)
{
    const int episodes = work->def->episodes;
    imp_status status = IMP_OK;
    for (work->first = written; work->first < episodes && status == IMP_OK;
         work->first += work->wave) {
        int left = episodes - work->first;
        status = drive_wave(work, writer, left < work->wave ? left : work->wave, err);
    }
    if (status == IMP_OK)
        return imp_dataset_writer_finish(writer, err);
    // what is whole is kept, whatever stopped us; the first failure is the one to tell
    imp_error second = {0};
    imp_status flushed = imp_dataset_writer_flush(writer, &second);
    if (status == IMP_INTERRUPTED && flushed != IMP_OK)
        return imp_fail(err, flushed, "interrupted, and the last episodes are lost: %s",
                        second.message);
    return status;
}

static imp_status open_writer(imp_dataset_writer **writer, const char *folder, const job *work,
                              int *written, imp_error *err)
{
    const imp_collect_def *def = work->def;
    imp_dataset_info info = {
        .width = def->camera.width,
        .height = def->camera.height,
        .time_step = def->env.drive.time_step * def->env.frame_skip,
    };
    snprintf(info.map, sizeof info.map, "%s", imp_map_set_name(&work->crew.maps));
    snprintf(info.lens, sizeof info.lens, "%s", imp_lens_name(def->camera.lens.kind));
    snprintf(info.policy, sizeof info.policy, "%s",
             def->policy_name != NULL ? def->policy_name : def->policy);
    if ((size_t)snprintf(info.settings, sizeof info.settings, "%s", def->settings) >=
        sizeof info.settings)
        return imp_fail(err, IMP_USAGE, "settings are longer than %zu bytes", sizeof info.settings);
    return imp_dataset_writer_create(writer, folder, &info, def->resume, written, err);
}

static imp_status make_buffers(job *work, int episodes, imp_error *err)
{
    int wave = 2 * work->crew.threads;
    work->wave = episodes < wave ? episodes : wave;
    work->buffers = calloc((size_t)work->wave + 1, sizeof *work->buffers);
    imp_status status =
        work->buffers != NULL
            ? IMP_OK
            : imp_fail(err, IMP_NO_MEMORY, "out of memory for %d episodes", work->wave);
    for (int k = 0; k < work->wave && status == IMP_OK; k++)
        status = buffer_create(&work->buffers[k], work->def, err);
    return status;
}

static imp_status collect(job *work, const char *folder, imp_error *err)
{
    imp_dataset_writer *writer = NULL;
    int written = 0;
    imp_status status = open_writer(&writer, folder, work, &written, err);
    if (status == IMP_OK) {
        int left = work->def->episodes - written;
        work->summary->resumed = written;
        work->crew.progress.total = (double)left * work->def->steps;
        status = make_buffers(work, left > 0 ? left : 0, err);
    }
    if (status == IMP_OK)
        status = drive_all(work, writer, written, err);
    imp_dataset_writer_destroy(writer);
    for (int k = 0; k < work->wave && work->buffers != NULL; k++)
        buffer_destroy(&work->buffers[k]);
    free(work->buffers);
    return status;
}

static imp_status check(const imp_collect_def *def, imp_error *err)
{
    if (def->cookie != COLLECT_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "imp_collect_def was not made with imp_default_collect_def()");
    if (def->episodes < 1 || def->steps < 1)
        return imp_fail(err, IMP_USAGE, "episodes (%d) and steps (%d) must be at least 1",
                        def->episodes, def->steps);
    imp_status status = imp_crew_check_steps(def->steps, def->env.frame_skip, err);
    if (status != IMP_OK)
        return status;
    if (!(def->noise >= 0.0 && def->noise <= 1.0) || !(def->noise_time > 0.0))
        return imp_fail(err, IMP_USAGE, "noise %g must lie within 0 to 1 and its time %g s above 0",
                        def->noise, def->noise_time);
    if (!(def->start_offset >= 0.0 && def->start_offset <= 1.0))
        return imp_fail(err, IMP_USAGE, "start offset %g m is not within 0 to 1",
                        def->start_offset);
    if (!(def->speed_spread >= 0.0 && def->speed_spread <= 1.0))
        return imp_fail(err, IMP_USAGE, "speed spread %g is not within 0 to 1", def->speed_spread);
    if (!(def->expert_share >= 0.0 && def->expert_share <= 1.0) || def->mix_steps < 0)
        return imp_fail(err, IMP_USAGE,
                        "the expert's share %g must lie within 0 to 1, and the steps that one "
                        "drives, %d, must not be negative",
                        def->expert_share, def->mix_steps);
    return IMP_OK;
}

imp_status imp_collect(imp_collect_summary *summary, const char *folder, const imp_collect_def *def,
                       const imp_monitor *monitor, imp_error *err)
{
    imp_status status = check(def, err);
    if (status != IMP_OK)
        return status;
    double start = imp_clock();
    *summary = (imp_collect_summary){0};
    job work = {.def = def, .summary = summary};
    imp_driver *driver = NULL, *teacher = NULL;
    imp_env_def env = def->env;
    env.max_steps = def->steps * env.frame_skip;
    status = imp_driver_open(&driver, def->policy, &def->expert, err);
    // an expert's own action is the label; what a network drives is labelled by the expert
    if (status == IMP_OK && imp_driver_is_network(driver))
        status = imp_driver_open(&teacher, "expert", &def->expert, err);
    if (status == IMP_OK) {
        imp_crew_def crew = {def->map,     def->maps,  def->map_count, &env,
                             &def->camera, driver,     teacher,        def->threads,
                             monitor,      def->split, &def->scene};
        status = imp_crew_hire(&work.crew, &crew, err);
        work.crew.progress.task = "log";
        if (status == IMP_OK)
            status = collect(&work, folder, err);
        imp_crew_dismiss(&work.crew);
    }
    imp_driver_close(teacher);
    imp_driver_close(driver);
    if (summary->episodes > 0)
        summary->reward_mean /= summary->episodes;
    summary->seconds = imp_clock() - start;
    return status;
}
