// Benchmark of imp_sim_step_many(): 64 environments with images on all threads. The expert drives
// them once, and its actions and poses are kept. Then three things are timed in turn, so that other
// load on the machine slows all of them: (1) stepping the simulators with these actions into
// arrays; (2) rendering the same images in the same order with one renderer per thread; (3)
// stepping plain environments with the same actions. A simulator cannot do without (2) and (3); its
// efficiency is their time divided by that of (1). Of each, the fastest turn counts. The order of
// images matters: consecutive images of one drive, as in `imprint bench render`, are faster to draw
// than those of 64 environments in turn.
#include "cli/bench_commands/bench_sim.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/common/clock.h"
#include "base/common/try.h"
#include "base/text/plural.h"
#include "base/threads/thread_pool.h"
#include "cli/bench_commands/bench_result.h"
#include "imprint/sim.h"

// Environments, steps of a turn, and the least number of turns.
enum { SIMS = 64, STEPS = 32, TURNS_MIN = 3 };

// Simulators under test, and the parts that they are compared with.
typedef struct sim_bench {
    imp_sim *sims[SIMS];
    imp_thread_pool *pool;
    int threads;
    imp_renderer **renderers;    // (threads)
    imp_env *envs;               // (SIMS)
    imp_action (*actions)[SIMS]; // (STEPS)
    imp_pose (*poses)[SIMS];     // (STEPS)
    uint8_t *images;             // (SIMS, height, width, 3)
    size_t image_bytes;
    double rewards[SIMS];
    bool terminated[SIMS], truncated[SIMS];
} sim_bench;

// Allocates all arrays. close_sim_bench() frees them, also after a failure.
static imp_status alloc_sim_bench(sim_bench *b, const imp_sim_bench_def *def, imp_error *err)
{
    b->image_bytes = (size_t)def->camera->width * (size_t)def->camera->height * 3;
    b->images = malloc(SIMS * b->image_bytes);
    b->renderers = calloc((size_t)b->threads, sizeof(imp_renderer *));
    b->envs = malloc(SIMS * sizeof *b->envs);
    b->actions = calloc(STEPS, sizeof *b->actions);
    b->poses = calloc(STEPS, sizeof *b->poses);
    if (b->images == NULL || b->renderers == NULL || b->envs == NULL || b->actions == NULL ||
        b->poses == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(SIMS, "simulator"));
    return IMP_OK;
}

// Creates the renderers of (2) and the environments of (3), with the indices that the simulators'
// environments have.
static imp_status create_renderers_and_envs(sim_bench *b, const imp_sim_bench_def *def,
                                            imp_error *err)
{
    const imp_map_set *maps = imp_sim_maps(b->sims[0]);
    for (int k = 0; k < b->threads; k++)
        IMP_TRY(imp_renderer_create(&b->renderers[k], def->camera, def->backend, err));
    for (int k = 0; k < SIMS; k++) {
        imp_env_def env = *def->env;
        env.index += (uint32_t)k;
        IMP_TRY(imp_env_init(&b->envs[k], maps->worlds[0], &env, err));
    }
    return IMP_OK;
}

// Lets the expert drive other simulators with the same definition, and keeps its actions and the
// poses that it reached.
static imp_status record_expert_drive(sim_bench *b, const imp_sim_def *from, imp_error *err)
{
    imp_sim *drivers[SIMS];
    imp_sim_def def = *from;
    def.expert_actions = true;
    IMP_TRY(imp_sim_create_many(drivers, SIMS, &def, err));
    // the expert's action for a step is computed at the end of the step before
    imp_sim_buffers buffers = {.expert_actions = b->actions[0]};
    imp_status status = imp_sim_reset_many(b->pool, drivers, SIMS, NULL, NULL, &buffers, err);
    for (int step = 0; step < STEPS && status == IMP_OK; step++) {
        const imp_action *actions = b->actions[step];
        buffers.expert_actions = step + 1 < STEPS ? b->actions[step + 1] : NULL;
        status = imp_sim_step_many(b->pool, drivers, SIMS, actions, &buffers, err);
        for (int k = 0; k < SIMS; k++)
            b->poses[step][k] = imp_sim_get_state(drivers[k]).pose;
    }
    for (int k = 0; k < SIMS; k++)
        imp_sim_destroy(drivers[k]);
    return status;
}

// Creates everything before the clock runs.
static imp_status open_sim_bench(sim_bench *b, const imp_sim_bench_def *s, imp_error *err)
{
    imp_sim_def def = imp_default_sim_def();
    def.map = s->map;
    def.env = *s->env;
    def.camera = *s->camera;
    def.scene = *s->scene;
    def.expert = *s->expert;
    def.backend = s->backend;
    IMP_TRY(imp_thread_pool_create(&b->pool, s->threads, err));
    b->threads = imp_thread_pool_size(b->pool);
    def.threads = b->threads < SIMS ? b->threads : SIMS;
    IMP_TRY(alloc_sim_bench(b, s, err));
    IMP_TRY(imp_sim_create_many(b->sims, SIMS, &def, err));
    IMP_TRY(create_renderers_and_envs(b, s, err));
    return record_expert_drive(b, &def, err);
}

// Accepts a state that was opened in part.
static void close_sim_bench(sim_bench *b)
{
    for (int k = 0; k < SIMS; k++)
        imp_sim_destroy(b->sims[k]);
    for (int k = 0; k < b->threads && b->renderers != NULL; k++)
        imp_renderer_destroy(b->renderers[k]);
    imp_thread_pool_destroy(b->pool);
    free(b->renderers);
    free(b->envs);
    free(b->actions);
    free(b->poses);
    free(b->images);
}

// (1): all steps of all simulators. The reset before them is not timed.
static imp_status step_sims(sim_bench *b, double *seconds, imp_error *err)
{
    const imp_sim_buffers buffers = {.observations = b->images,
                                     .rewards = b->rewards,
                                     .terminated = b->terminated,
                                     .truncated = b->truncated};
    const uint32_t first[SIMS] = {0};
    IMP_TRY(imp_sim_reset_many(b->pool, b->sims, SIMS, NULL, first, NULL, err));
    const double start = imp_monotonic_seconds();
    for (int step = 0; step < STEPS; step++)
        IMP_TRY(imp_sim_step_many(b->pool, b->sims, SIMS, b->actions[step], &buffers, err));
    *seconds = imp_monotonic_seconds() - start;
    return IMP_OK;
}

// (2): one image. Consecutive indices are different environments, as in a step of the simulators.
static void render_recorded_image(void *context, int index, int worker)
{
    sim_bench *b = context;
    const int sim = index % SIMS;
    imp_view view = imp_env_camera_view(&b->envs[sim]);
    view.pose = b->poses[index / SIMS][sim];
    imp_render(b->renderers[worker], imp_sim_maps(b->sims[0])->scenes[0], &view,
               b->images + (size_t)sim * b->image_bytes);
}

// (3): all steps of one environment.
static void step_env(void *context, int index, int worker)
{
    sim_bench *b = context;
    (void)worker;
    for (int step = 0; step < STEPS; step++)
        b->rewards[index] = imp_env_step(&b->envs[index], b->actions[step][index]).reward;
}

// Times all three once; keeps the fastest time of each.
static imp_status time_step_render_and_env_once(sim_bench *b, double best[3], imp_error *err)
{
    double seconds[3];
    IMP_TRY(step_sims(b, &seconds[0], err));
    for (int k = 0; k < SIMS; k++)
        IMP_TRY(imp_env_reset(&b->envs[k], 0, err));
    // both parts on the same thread pool as the simulators
    double start = imp_monotonic_seconds();
    imp_thread_pool_run(b->pool, SIMS * STEPS, render_recorded_image, b);
    seconds[1] = imp_monotonic_seconds() - start;
    start = imp_monotonic_seconds();
    imp_thread_pool_run(b->pool, SIMS, step_env, b);
    seconds[2] = imp_monotonic_seconds() - start;
    for (int k = 0; k < 3; k++)
        best[k] = best[k] == 0.0 || seconds[k] < best[k] ? seconds[k] : best[k];
    return IMP_OK;
}

// Takes turns until the time is used, at least TURNS_MIN, and reports rates and efficiency.
imp_status imp_bench_sim(const imp_sim_bench_def *def, json_t *results, bool print, imp_error *err)
{
    sim_bench b = {0};
    double best[3] = {0.0, 0.0, 0.0};
    imp_status status = open_sim_bench(&b, def, err);
    const double start = imp_monotonic_seconds();
    for (int turn = 0;
         status == IMP_OK && (turn < TURNS_MIN || imp_monotonic_seconds() - start < def->seconds);
         turn++)
        status = imp_monitor_should_stop(def->monitor)
                     ? imp_fail(err, IMP_INTERRUPTED, "interrupted")
                     : time_step_render_and_env_once(&b, best, err);
    // efficiency: the time that the parts need, as a share of the simulators' time
    if (status == IMP_OK) {
        const double steps = (double)SIMS * STEPS;
        imp_bench_result_add(
            results, print, "sim", steps / best[0], 0,
            "steps/s with images, 64 environments on all threads (imp_sim_step_many)");
        imp_bench_result_add(
            results, print, "parts", steps / (best[1] + best[2]), 0,
            "steps/s if only rendering these images and stepping the states took time");
        imp_bench_result_add(results, print, "share", 100.0 * (best[1] + best[2]) / best[0], 0,
                             "% of the rate `parts` is reached by `sim`");
    }
    close_sim_bench(&b);
    return status;
}
