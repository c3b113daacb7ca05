#include "evaluate/rollout/rollout_workers.h"

#include "base/text/plural.h"
#include <stdlib.h>

// What dresses worlds and spoils pictures.
static imp_status create_randomizers(const imp_rollout_workers *workers, imp_rollout_worker *self,
                                     imp_error *err)
{
    int tiles = 0, objects = 0;
    for (int k = 0; k < workers->maps.count; k++) {
        const imp_world *world = workers->maps.worlds[k];
        const int area = world->columns * world->rows;
        tiles = area > tiles ? area : tiles;
        objects = world->object_count > objects ? world->object_count : objects;
    }
    imp_status status = imp_random_appearance_create(&self->appearance, tiles, objects, err);
    return status == IMP_OK ? imp_camera_effects_create(&self->degrader, &workers->camera, err)
                            : status;
}

static imp_status create_worker(imp_rollout_workers *workers, imp_rollout_worker *self,
                                const imp_rollout_workers_def *def, imp_error *err)
{
    imp_status status =
        imp_env_init_worlds(&self->env, (const imp_world *const *)workers->maps.worlds,
                            workers->maps.count, def->env, err);
    if (status == IMP_OK)
        status = imp_policy_factory_create(def->policy, &self->policy, err);
    if (status == IMP_OK && def->label_expert != NULL)
        status = imp_policy_factory_create(def->label_expert, &self->label_expert, err);
    if (status == IMP_OK && def->progress_expert != NULL)
        status = imp_policy_factory_create(def->progress_expert, &self->progress_expert, err);
    if (status == IMP_OK)
        status = imp_renderer_create(&self->renderer, def->camera, IMP_RENDER_AUTO, err);
    if (status == IMP_OK && def->observe == IMP_OBSERVATION_SEGMENTATION)
        status = imp_label_renderer_create(&self->label_renderer, def->camera, err);
    if (status == IMP_OK && workers->randomization != NULL)
        status = create_randomizers(workers, self, err);
    if (status != IMP_OK)
        return status;
    self->observation = malloc((size_t)def->camera->width * (size_t)def->camera->height * 3);
    if (self->observation == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for observations");
    return IMP_OK;
}

imp_status imp_rollout_check_image_size(const imp_policy_factory *policy,
                                        const imp_camera_def *camera, imp_error *err)
{
    int width, height;
    imp_policy_factory_image_size(policy, &width, &height);
    if (width == 0 || (width == camera->width && height == camera->height))
        return IMP_OK;
    return imp_fail(err, IMP_BAD_INPUT,
                    "%s: the %s wants observations of %d x %d, the camera gives %d x %d",
                    imp_policy_factory_name(policy),
                    imp_policy_factory_is_network(policy) ? "model" : "plug-in", width, height,
                    camera->width, camera->height);
}

static imp_status check_policy_input(const imp_rollout_workers_def *def, imp_error *err)
{
    imp_status status = imp_rollout_check_image_size(def->policy, def->camera, err);
    if (status == IMP_OK && def->label_expert != NULL)
        status = imp_rollout_check_image_size(def->label_expert, def->camera, err);
    if (status != IMP_OK || !imp_policy_factory_is_network(def->policy))
        return status;
    const imp_observation_kind wanted = imp_policy_factory_observation(def->policy);
    if (wanted != def->observe)
        return imp_fail(err, IMP_BAD_INPUT, "%s: the model was trained on %s, here it would see %s",
                        imp_policy_factory_name(def->policy),
                        imp_observation_kind_name((int)wanted),
                        imp_observation_kind_name((int)def->observe));
    return IMP_OK;
}

static void report_progress(imp_rollout_workers *workers)
{
    workers->progress.done = (double)atomic_load(&workers->frames);
    imp_monitor_progress(workers->monitor, &workers->progress);
}

static void poll_stop_request(imp_rollout_workers *workers)
{
    if (imp_monitor_should_stop(workers->monitor))
        atomic_store(&workers->stop, true);
}

// While the caller's thread waits for the others.
static void on_pool_idle(void *context)
{
    imp_rollout_workers *workers = context;
    report_progress(workers);
    poll_stop_request(workers);
}

imp_status imp_rollout_workers_create(imp_rollout_workers *workers,
                                      const imp_rollout_workers_def *def, imp_error *err)
{
    *workers = (imp_rollout_workers){.monitor = def->monitor,
                                     .env = *def->env,
                                     .camera = *def->camera,
                                     .progress = {.unit = "frames", .total = -1}};
    if (def->randomization != NULL && imp_randomization_is_on(def->randomization))
        workers->randomization = def->randomization;
    imp_scene_def scene = def->scene != NULL ? *def->scene : imp_default_scene_def();
    if (workers->randomization != NULL)
        imp_randomization_apply_scene(workers->randomization, def->env->seed, def->camera, &scene);
    imp_status status = check_policy_input(def, err);
    if (status == IMP_OK && def->map_count > 0)
        status = imp_map_set_load(&workers->maps, def->maps, def->map_count, &scene, err);
    else if (status == IMP_OK)
        status = imp_map_set_load(&workers->maps, &def->map, 1, &scene, err);
    if (status == IMP_OK)
        status = imp_map_set_filter(&workers->maps, def->split, err);
    if (status == IMP_OK)
        status = imp_thread_pool_create(&workers->pool, def->threads, err);
    if (status != IMP_OK)
        return status;
    imp_thread_pool_set_idle(workers->pool, on_pool_idle, workers);
    int threads = imp_thread_pool_size(workers->pool);
    workers->items = calloc((size_t)threads, sizeof *workers->items);
    if (workers->items == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(threads, "thread"));
    workers->threads = threads;
    for (int k = 0; k < threads && status == IMP_OK; k++)
        status = create_worker(workers, &workers->items[k], def, err);
    return status;
}

void imp_rollout_workers_destroy(imp_rollout_workers *workers)
{
    for (int k = 0; k < workers->threads; k++) {
        imp_policy_destroy(workers->items[k].policy);
        imp_policy_destroy(workers->items[k].label_expert);
        imp_policy_destroy(workers->items[k].progress_expert);
        imp_renderer_destroy(workers->items[k].renderer);
        imp_label_renderer_destroy(workers->items[k].label_renderer);
        imp_random_appearance_destroy(workers->items[k].appearance);
        imp_camera_effects_destroy(workers->items[k].degrader);
        free(workers->items[k].observation);
    }
    free(workers->items);
    free(workers->start_maps);
    imp_thread_pool_destroy(workers->pool);
    imp_map_set_free(&workers->maps);
    *workers = (imp_rollout_workers){0};
}

imp_status imp_rollout_check_length(int steps, int frame_skip, imp_error *err)
{
    enum { FRAMES_MAX = 1 << 24 };
    if (frame_skip < 1)
        return imp_fail(err, IMP_USAGE, "frame skip %d must be at least 1", frame_skip);
    if (steps > FRAMES_MAX / frame_skip)
        return imp_fail(err, IMP_USAGE, "%s of %s are more than %d frames",
                        IMP_PLURAL(steps, "step"), IMP_PLURAL(frame_skip, "frame"), FRAMES_MAX);
    return IMP_OK;
}

bool imp_rollout_workers_count_step(imp_rollout_workers *workers, int worker)
{
    enum { FRAMES_BETWEEN_REPORTS = 64 };
    atomic_fetch_add(&workers->frames, 1);
    if (worker == 0)
        poll_stop_request(workers);
    // its own count, because threads in step could keep it from ever seeing a round number of all
    if (worker == 0 && ++workers->unreported_steps == FRAMES_BETWEEN_REPORTS) {
        workers->unreported_steps = 0;
        report_progress(workers);
    }
    return !atomic_load(&workers->stop);
}

bool imp_rollout_workers_continue(imp_rollout_workers *workers, int worker)
{
    if (worker == 0)
        poll_stop_request(workers);
    return !atomic_load(&workers->stop);
}

static imp_status reset_env(const imp_rollout_workers *workers, imp_env *env, uint32_t episode,
                            imp_error *err)
{
    if (workers->starts == NULL)
        return imp_env_reset(env, episode, err);
    imp_env_reset_in_world(env, episode, workers->start_maps[episode],
                           workers->starts[episode].pose);
    return IMP_OK;
}

imp_status imp_rollout_worker_reset(const imp_rollout_workers *workers, imp_rollout_worker *self,
                                    uint32_t episode, imp_error *err)
{
    imp_env *env = &self->env;
    if (workers->randomization == NULL)
        return reset_env(workers, env, episode, err);
    const uint64_t seed = workers->env.seed;
    const uint32_t index = workers->env.index;
    imp_camera_def camera = workers->camera;
    self->draw = imp_randomization_draw_sample(workers->randomization, seed, index, episode);
    self->degrade = imp_default_camera_effects_def();
    self->camera_noise = imp_random_stream(seed, index, episode, IMP_PURPOSE_CAMERA);
    env->def = workers->env;
    imp_randomization_apply_env(&self->draw, &env->def);
    imp_randomization_apply_camera(&self->draw, &camera);
    imp_randomization_apply_effects(&self->draw, &self->degrade);
    imp_status status = reset_env(workers, env, episode, err);
    if (status == IMP_OK)
        status = imp_renderer_set_camera(self->renderer, &camera, err);
    if (status == IMP_OK && self->label_renderer != NULL)
        status = imp_label_renderer_set_camera(self->label_renderer, &camera, err);
    if (status == IMP_OK)
        imp_random_appearance_sample(self->appearance, &self->draw, env->world,
                                     workers->maps.scenes[env->world_index]);
    return status;
}

void imp_rollout_worker_observe_in(imp_rollout_worker *self, const imp_scene *scene, uint8_t *rgb)
{
    const imp_drive *drive = &self->env.drive;
    imp_view view = imp_env_view(&self->env);
    if (self->appearance != NULL)
        imp_random_appearance_apply(self->appearance, &view);
    if (self->label_renderer != NULL) {
        imp_label_renderer_render_rgb(self->label_renderer, scene, &view, rgb);
        return;
    }
    imp_render(self->renderer, scene, &view, rgb);
    if (self->appearance != NULL)
        imp_camera_effects_apply(self->degrader, &self->degrade, drive->speed, drive->turn_rate,
                                 &self->camera_noise, rgb);
}

void imp_rollout_worker_observe(const imp_rollout_workers *workers, imp_rollout_worker *self,
                                uint8_t *rgb)
{
    imp_rollout_worker_observe_in(self, workers->maps.scenes[self->env.world_index], rgb);
}
