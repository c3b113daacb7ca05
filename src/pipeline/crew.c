#include "pipeline/crew.h"

#include "base/plural.h"
#include <stdlib.h>

// What dresses worlds and spoils pictures.
static imp_status hire_wardrobe(const imp_crew *crew, imp_crew_member *member, imp_error *err)
{
    int tiles = 0, objects = 0;
    for (int k = 0; k < crew->maps.count; k++) {
        const imp_world *world = crew->maps.worlds[k];
        const int area = world->columns * world->rows;
        tiles = area > tiles ? area : tiles;
        objects = world->object_count > objects ? world->object_count : objects;
    }
    imp_status status = imp_appearance_create(&member->appearance, tiles, objects, err);
    return status == IMP_OK ? imp_degrader_create(&member->degrader, &crew->camera, err) : status;
}

static imp_status hire_member(imp_crew *crew, imp_crew_member *member, const imp_crew_def *def,
                              imp_error *err)
{
    imp_status status = imp_env_init_maps(&member->env, (const imp_world *const *)crew->maps.worlds,
                                          crew->maps.count, def->env, err);
    if (status == IMP_OK)
        status = imp_driver_policy(def->driver, &member->driver, err);
    if (status == IMP_OK && def->teacher != NULL)
        status = imp_driver_policy(def->teacher, &member->teacher, err);
    if (status == IMP_OK && def->progress_expert != NULL)
        status = imp_driver_policy(def->progress_expert, &member->progress_expert, err);
    if (status == IMP_OK)
        status = imp_renderer_create(&member->renderer, def->camera, IMP_RENDER_AUTO, err);
    if (status == IMP_OK && def->observe == IMP_OBSERVATION_SEGMENTS)
        status = imp_labeller_create(&member->labeller, def->camera, err);
    if (status == IMP_OK && crew->randomization != NULL)
        status = hire_wardrobe(crew, member, err);
    if (status != IMP_OK)
        return status;
    member->observation = malloc((size_t)def->camera->width * (size_t)def->camera->height * 3);
    if (member->observation == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for observations");
    return IMP_OK;
}

static imp_status check_camera(const imp_crew_def *def, imp_error *err)
{
    if (!imp_driver_is_network(def->driver))
        return IMP_OK;
    int width, height;
    imp_driver_size(def->driver, &width, &height);
    if (width != def->camera->width || height != def->camera->height)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: the model wants observations of %d x %d, the camera gives %d x %d",
                        imp_driver_name(def->driver), width, height, def->camera->width,
                        def->camera->height);
    const imp_observation wanted = imp_driver_observation(def->driver);
    if (wanted != def->observe)
        return imp_fail(err, IMP_BAD_INPUT, "%s: the model was trained on %s, here it would see %s",
                        imp_driver_name(def->driver), imp_observation_word((int)wanted),
                        imp_observation_word((int)def->observe));
    return IMP_OK;
}

static void report(imp_crew *crew)
{
    crew->progress.done = (double)atomic_load(&crew->frames);
    imp_monitor_progress(crew->monitor, &crew->progress);
}

static void listen_for_stop(imp_crew *crew)
{
    if (imp_monitor_should_stop(crew->monitor))
        atomic_store(&crew->stop, true);
}

// While the caller's thread waits for the others.
static void on_idle(void *context)
{
    imp_crew *crew = context;
    report(crew);
    listen_for_stop(crew);
}

imp_status imp_crew_hire(imp_crew *crew, const imp_crew_def *def, imp_error *err)
{
    *crew = (imp_crew){.monitor = def->monitor,
                       .env = *def->env,
                       .camera = *def->camera,
                       .progress = {.unit = "frames", .total = -1}};
    if (def->randomization != NULL && imp_randomization_is_on(def->randomization))
        crew->randomization = def->randomization;
    imp_scene_def scene = def->scene != NULL ? *def->scene : imp_default_scene_def();
    if (crew->randomization != NULL)
        imp_randomization_scene(crew->randomization, def->env->seed, def->camera, &scene);
    imp_status status = check_camera(def, err);
    if (status == IMP_OK && def->map_count > 0)
        status = imp_map_set_load(&crew->maps, def->maps, def->map_count, &scene, err);
    else if (status == IMP_OK)
        status = imp_map_set_load(&crew->maps, &def->map, 1, &scene, err);
    if (status == IMP_OK)
        status = imp_map_set_keep(&crew->maps, def->split, err);
    if (status == IMP_OK)
        status = imp_pool_create(&crew->pool, def->threads, err);
    if (status != IMP_OK)
        return status;
    imp_pool_on_idle(crew->pool, on_idle, crew);
    int threads = imp_pool_threads(crew->pool);
    crew->members = calloc((size_t)threads, sizeof *crew->members);
    if (crew->members == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_COUNT(threads, "thread"));
    crew->threads = threads;
    for (int k = 0; k < threads && status == IMP_OK; k++)
        status = hire_member(crew, &crew->members[k], def, err);
    return status;
}

void imp_crew_dismiss(imp_crew *crew)
{
    for (int k = 0; k < crew->threads; k++) {
        imp_policy_destroy(crew->members[k].driver);
        imp_policy_destroy(crew->members[k].teacher);
        imp_policy_destroy(crew->members[k].progress_expert);
        imp_renderer_destroy(crew->members[k].renderer);
        imp_labeller_destroy(crew->members[k].labeller);
        imp_appearance_destroy(crew->members[k].appearance);
        imp_degrader_destroy(crew->members[k].degrader);
        free(crew->members[k].observation);
    }
    free(crew->members);
    free(crew->start_maps);
    imp_pool_destroy(crew->pool);
    imp_map_set_free(&crew->maps);
    *crew = (imp_crew){0};
}

imp_status imp_crew_check_steps(int steps, int frame_skip, imp_error *err)
{
    enum { FRAMES_MAX = 1 << 24 };
    if (frame_skip < 1)
        return imp_fail(err, IMP_USAGE, "frame skip %d must be at least 1", frame_skip);
    if (steps > FRAMES_MAX / frame_skip)
        return imp_fail(err, IMP_USAGE, "%s of %s are more than %d frames",
                        IMP_COUNT(steps, "step"), IMP_COUNT(frame_skip, "frame"), FRAMES_MAX);
    return IMP_OK;
}

bool imp_crew_tick(imp_crew *crew, int worker)
{
    enum { FRAMES_BETWEEN_REPORTS = 64 };
    atomic_fetch_add(&crew->frames, 1);
    if (worker == 0)
        listen_for_stop(crew);
    // its own count, because threads in step could keep it from ever seeing a round number of all
    if (worker == 0 && ++crew->ticks == FRAMES_BETWEEN_REPORTS) {
        crew->ticks = 0;
        report(crew);
    }
    return !atomic_load(&crew->stop);
}

bool imp_crew_goes_on(imp_crew *crew, int worker)
{
    if (worker == 0)
        listen_for_stop(crew);
    return !atomic_load(&crew->stop);
}

static imp_status reset_env(const imp_crew *crew, imp_env *env, uint32_t episode, imp_error *err)
{
    if (crew->starts == NULL)
        return imp_env_reset(env, episode, err);
    imp_env_reset_on(env, episode, crew->start_maps[episode], crew->starts[episode].pose);
    return IMP_OK;
}

imp_status imp_crew_reset(const imp_crew *crew, imp_crew_member *member, uint32_t episode,
                          imp_error *err)
{
    imp_env *env = &member->env;
    if (crew->randomization == NULL)
        return reset_env(crew, env, episode, err);
    const uint64_t seed = crew->env.seed;
    const uint32_t index = crew->env.index;
    imp_camera_def camera = crew->camera;
    member->draw = imp_draw_episode(crew->randomization, seed, index, episode);
    member->degrade = imp_default_degrade_def();
    member->camera_noise = imp_random_stream(seed, index, episode, IMP_PURPOSE_CAMERA);
    env->def = crew->env;
    imp_draw_env(&member->draw, &env->def);
    imp_draw_camera(&member->draw, &camera);
    imp_draw_degrade(&member->draw, &member->degrade);
    imp_status status = reset_env(crew, env, episode, err);
    if (status == IMP_OK)
        status = imp_renderer_set_camera(member->renderer, &camera, err);
    if (status == IMP_OK && member->labeller != NULL)
        status = imp_labeller_set_camera(member->labeller, &camera, err);
    if (status == IMP_OK)
        imp_appearance_draw(member->appearance, &member->draw, env->world,
                            crew->maps.scenes[env->world_index]);
    return status;
}

void imp_crew_look_at(imp_crew_member *member, const imp_scene *scene, uint8_t *rgb)
{
    const imp_drive *drive = &member->env.drive;
    imp_view view = imp_env_view(&member->env);
    if (member->appearance != NULL)
        imp_appearance_apply(member->appearance, &view);
    if (member->labeller != NULL) {
        imp_labeller_paint(member->labeller, scene, &view, rgb);
        return;
    }
    imp_render(member->renderer, scene, &view, rgb);
    if (member->appearance != NULL)
        imp_degrade(member->degrader, &member->degrade, drive->speed, drive->turn_rate,
                    &member->camera_noise, rgb);
}

void imp_crew_look(const imp_crew *crew, imp_crew_member *member, uint8_t *rgb)
{
    imp_crew_look_at(member, crew->maps.scenes[member->env.world_index], rgb);
}
