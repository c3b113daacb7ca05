// One simulator: an environment, the randomisation of its episodes, and the expert.
//
// A reset draws the episode's values as a function of (randomisation, seed, index, episode). It
// applies them to copies of the definitions and passes these to environment, camera and effects. A
// step uses this simulator only, so any number of them step in parallel.
#include <math.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "sim/simulator/sim_settings.h"
#include "sim/simulator/simulator.h"

enum { SIMS_MAX = 1 << 20 };

// Checks the fields of a definition that no other module checks.
static imp_status check_sim_def(const imp_sim_def *def, int count, imp_error *err)
{
    IMP_TRY(imp_struct_check_ranges(&imp_sim_members, def, err));
    if (count < 1 || count > SIMS_MAX)
        return imp_fail(err, IMP_USAGE, "%d simulators: must be 1 to %d", count, SIMS_MAX);
    if (imp_observation_kind_name((int)def->observation) == NULL)
        return imp_fail(err, IMP_USAGE, "unknown kind of observation %d", (int)def->observation);
    if ((unsigned)def->autoreset > IMP_AUTORESET_DISABLED)
        return imp_fail(err, IMP_USAGE, "unknown autoreset mode %d", (int)def->autoreset);
    if ((unsigned)def->actions > IMP_ACTION_VELOCITIES)
        return imp_fail(err, IMP_USAGE, "unknown kind of action %d", (int)def->actions);
    if ((unsigned)def->reward > IMP_REWARD_PROGRESS)
        return imp_fail(err, IMP_USAGE, "unknown kind of reward %d", (int)def->reward);
    return IMP_OK;
}

// Creates the state of a randomised simulator: appearance for the largest map, and camera effects.
static imp_status create_randomizers(imp_sim *sim, imp_error *err)
{
    const imp_map_set *maps = &sim->shared->maps;
    int tiles = 0, objects = 0;
    // the largest number of tiles and of objects over all maps
    for (int k = 0; k < maps->count; k++) {
        const int area = maps->worlds[k]->columns * maps->worlds[k]->rows;
        tiles = area > tiles ? area : tiles;
        objects = maps->worlds[k]->object_count > objects ? maps->worlds[k]->object_count : objects;
    }
    IMP_TRY(imp_random_appearance_create(&sim->appearance, tiles, objects, err));
    return imp_camera_effects_create(&sim->effects, &sim->shared->def.camera, err);
}

// Creates one simulator of a group.
static imp_status create_sim(imp_sim **out, imp_sim_shared *shared, uint32_t index,
                             const imp_sim_def *def, imp_error *err)
{
    imp_sim *sim = calloc(1, sizeof *sim);
    if (sim == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a simulator");
    // each simulator holds a reference to the shared part
    atomic_fetch_add(&shared->references, 1);
    sim->shared = shared;
    sim->env_def = def->env;
    sim->env_def.index = index;
    const imp_world *const *worlds = (const imp_world *const *)shared->maps.worlds;
    imp_status status =
        imp_env_init_worlds(&sim->env, worlds, shared->maps.count, &sim->env_def, err);
    // only the parts that the definition asks for
    if (status == IMP_OK && shared->randomized)
        status = create_randomizers(sim, err);
    if (status == IMP_OK && shared->own_views)
        status = imp_sim_views_create(&sim->views, &shared->def, err);
    if (status == IMP_OK && def->expert_actions)
        status = imp_expert_create(&sim->expert, &def->expert, err);
    if (status == IMP_OK)
        *out = sim;
    else
        imp_sim_destroy(sim);
    return status;
}

imp_status imp_sim_create_many(imp_sim **out, int count, const imp_sim_def *def, imp_error *err)
{
    IMP_TRY(check_sim_def(def, count, err));
    // create all in an array of our own, so that *out stays untouched on failure
    imp_sim **sims = calloc((size_t)count, sizeof(imp_sim *));
    if (sims == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(count, "simulator"));
    imp_sim_shared *shared = NULL;
    imp_status status = imp_sim_shared_create(&shared, count, def, err);
    for (int k = 0; k < count && status == IMP_OK; k++) {
        // different indices give different episodes from one seed
        const uint32_t index = def->env.index + (def->same_index ? 0 : (uint32_t)k);
        status = create_sim(&sims[k], shared, index, def, err);
    }
    // release our reference; either all simulators or none become the caller's
    imp_sim_shared_release(shared);
    for (int k = 0; k < count; k++) {
        if (status == IMP_OK)
            out[k] = sims[k];
        else
            imp_sim_destroy(sims[k]);
    }
    free(sims);
    return status;
}

imp_status imp_sim_create(imp_sim **out, const imp_sim_def *def, imp_error *err)
{
    return imp_sim_create_many(out, 1, def, err);
}

void imp_sim_destroy(imp_sim *sim)
{
    if (sim == NULL)
        return;
    imp_policy_destroy(sim->expert);
    imp_sim_views_destroy(&sim->views);
    imp_random_appearance_destroy(sim->appearance);
    imp_camera_effects_destroy(sim->effects);
    imp_sim_shared_release(sim->shared);
    free(sim);
}

// Draws an episode's values and applies them to environment, camera and effects. Appearance needs
// the world and follows later.
static imp_status sample_and_apply_randomization(imp_sim *sim, uint32_t episode, imp_error *err)
{
    const imp_sim_shared *shared = sim->shared;
    const uint64_t seed = sim->env_def.seed;
    const uint32_t index = sim->env_def.index;
    // samples apply to the nominal definitions, not to those of the last episode
    imp_camera_def camera = shared->def.camera;
    imp_env_def env = sim->env_def;
    // values first; the camera's noise has a stream of its own
    sim->sample = imp_randomization_draw_sample(&shared->def.randomization, seed, index, episode);
    sim->effects_def = imp_default_camera_effects_def();
    sim->noise = imp_random_stream(seed, index, episode, IMP_PURPOSE_CAMERA);
    imp_randomization_apply_to_env(&sim->sample, &env);
    imp_randomization_apply_to_camera(&sim->sample, &camera);
    imp_randomization_apply_to_effects(&sim->sample, &sim->effects_def);
    // environment and camera check the result
    IMP_TRY(imp_env_set_def(&sim->env, &env, err));
    return imp_sim_views_set_camera(&sim->views, &camera, err);
}

// Enters a new state: it was not observed yet, and the expert acts on it.
static void compute_expert_action_of_state(imp_sim *sim)
{
    sim->observed = false;
    if (sim->expert == NULL)
        return;
    // there is no action after the end of an episode
    sim->wanted = sim->env.ending == IMP_END_NONE ? imp_policy_act(sim->expert, &sim->env, NULL)
                                                  : (imp_action){0.0, 0.0};
}

// Begins an episode. start: NULL if the start pose is drawn.
static imp_status begin_episode(imp_sim *sim, uint32_t episode, int map_index,
                                const imp_pose *start, imp_error *err)
{
    imp_env *env = &sim->env;
    // a failure leaves the simulator without an episode
    sim->begun = false;
    sim->next_episode = episode + 1;
    imp_status status =
        sim->shared->randomized ? sample_and_apply_randomization(sim, episode, err) : IMP_OK;
    // the environment's reset also chooses the world
    if (status == IMP_OK && start == NULL)
        status = imp_env_reset(env, episode, err);
    else if (status == IMP_OK)
        imp_env_reset_in_world(env, episode, map_index, *start);
    if (status != IMP_OK)
        return status;
    // appearance depends on the world that was chosen
    if (sim->shared->randomized)
        imp_random_appearance_sample(sim->appearance, &sim->sample, env->world,
                                     sim->shared->maps.scenes[env->world_index]);
    sim->begun = true;
    imp_env_set_camera(env, imp_sim_camera(sim));
    if (sim->expert != NULL)
        imp_policy_reset(sim->expert, env);
    compute_expert_action_of_state(sim);
    return IMP_OK;
}

imp_status imp_sim_reset(imp_sim *sim, uint32_t episode, imp_error *err)
{
    return begin_episode(sim, episode, 0, NULL, err);
}

imp_status imp_sim_reset_at(imp_sim *sim, uint32_t episode, int map_index, imp_pose pose,
                            imp_error *err)
{
    if (map_index < 0 || map_index >= sim->shared->maps.count)
        return imp_fail(err, IMP_USAGE, "there is no map %d among %s", map_index,
                        IMP_PLURAL(sim->shared->maps.count, "map"));
    // an invalid pose is allowed, but not NaN
    if (!(isfinite(pose.x) && isfinite(pose.z) && isfinite(pose.heading)))
        return imp_fail(err, IMP_USAGE, "a start pose must be finite");
    return begin_episode(sim, episode, map_index, &pose, err);
}

void imp_sim_restart_episode_at(imp_sim *sim, imp_pose pose)
{
    imp_env *env = &sim->env;
    // the episode's sample, appearance and world stay
    imp_env_reset_in_world(env, env->episode, env->world_index, pose);
    if (sim->expert != NULL)
        imp_policy_reset(sim->expert, env);
    compute_expert_action_of_state(sim);
}

imp_status imp_sim_replace_world(imp_sim *sim, const imp_world *world, const imp_scene *scene,
                                 const imp_env_def *def, imp_error *err)
{
    if (sim->shared->randomized)
        return imp_fail(err, IMP_USAGE, "a randomised simulator drives on its own maps only");
    // the environment forgets the maps of the definition
    IMP_TRY(imp_env_init(&sim->env, world, def, err));
    sim->env_def = *def;
    sim->scene = scene;
    sim->begun = false;
    return IMP_OK;
}

imp_status imp_sim_set_env_def(imp_sim *sim, const imp_env_def *def, imp_error *err)
{
    // with randomisation, every reset sets the definition again, with the episode's values
    IMP_TRY(imp_env_set_def(&sim->env, def, err));
    sim->env_def = *def;
    sim->begun = false;
    return IMP_OK;
}

void imp_sim_give_command(imp_sim *sim, imp_navigation_command command)
{
    imp_env_give_command(&sim->env, command);
}

imp_status imp_sim_set_seed(imp_sim *sim, uint64_t seed, uint32_t index, imp_error *err)
{
    imp_env_def def = sim->env_def;
    def.seed = seed;
    def.index = index;
    IMP_TRY(imp_sim_set_env_def(sim, &def, err));
    sim->next_episode = 0;
    return IMP_OK;
}

double imp_sim_progress_reward(const imp_env *env, imp_pose from)
{
    if (imp_end_is_failure(env->ending))
        return IMP_PROGRESS_TERMINATED;
    if (!env->in_lane)
        return 0.0;
    const double along =
        (env->pose.x - from.x) * env->lane.tangent.x + (env->pose.z - from.z) * env->lane.tangent.z;
    const double seconds = env->def.frame_skip * env->def.drive.time_step;
    const double off = env->lane.distance / IMP_PROGRESS_LANE;
    const double share = 1.0 - off * off;
    // backwards counts in full anywhere
    return along / (IMP_PROGRESS_SPEED * seconds) *
           (along < 0.0 ? 1.0 : (share > 0.0 ? share : 0.0));
}

// Duty cycles of an action of the kind that the definition says.
static imp_action convert_to_duty_cycles(const imp_sim *sim, imp_action action)
{
    return sim->shared->def.actions == IMP_ACTION_VELOCITIES
               ? imp_action_from_velocity(action.left, action.right)
               : action;
}

imp_status imp_sim_advance_frame(imp_sim *sim, imp_action action, double time_step, imp_error *err)
{
    if (!sim->begun)
        return imp_fail(err, IMP_USAGE, "no episode has begun: reset first");
    IMP_TRY(imp_env_advance_frame(&sim->env, convert_to_duty_cycles(sim, action), time_step, err));
    compute_expert_action_of_state(sim);
    return IMP_OK;
}

imp_status imp_sim_set_pose(imp_sim *sim, imp_pose pose, imp_error *err)
{
    if (!sim->begun)
        return imp_fail(err, IMP_USAGE, "no episode has begun: reset first");
    if (!(isfinite(pose.x) && isfinite(pose.z) && isfinite(pose.heading)))
        return imp_fail(err, IMP_USAGE, "a pose must be finite");
    imp_env_set_pose(&sim->env, pose);
    compute_expert_action_of_state(sim);
    return IMP_OK;
}

imp_step imp_sim_step(imp_sim *sim, imp_action action)
{
    if (imp_sim_needs_reset(sim))
        return (imp_step){.reward = 0.0, .terminated = true, .truncated = true};
    const imp_sim_def *def = &sim->shared->def;
    const imp_pose from = sim->env.pose;
    // the expert's action for the new state is computed here, not on demand
    imp_step step = imp_env_step(&sim->env, convert_to_duty_cycles(sim, action));
    if (def->reward == IMP_REWARD_PROGRESS)
        step.reward = imp_sim_progress_reward(&sim->env, from);
    compute_expert_action_of_state(sim);
    return step;
}

const imp_scene *imp_sim_scene(const imp_sim *sim)
{
    return sim->scene != NULL ? sim->scene : sim->shared->maps.scenes[sim->env.world_index];
}

imp_view imp_sim_camera_view(const imp_sim *sim)
{
    imp_view view = imp_env_camera_view(&sim->env);
    if (sim->shared->randomized)
        imp_random_appearance_apply(sim->appearance, &view);
    return view;
}

void imp_sim_render_top_down(const imp_sim *sim, int width, int height, uint8_t *rgb)
{
    const imp_view view = imp_sim_camera_view(sim);
    imp_render_top_down_view(imp_sim_scene(sim), &view, width, height, rgb);
    imp_draw_robot(sim->env.world, width, height, sim->env.pose, rgb);
}

void imp_sim_observe_from_pose(imp_sim *sim, imp_pose pose, uint8_t *rgb)
{
    // borrow views for the drawing only, so that other threads can use them
    const imp_sim_views *views = imp_sim_borrow_renderers(sim);
    imp_view view = imp_sim_camera_view(sim);
    // the camera may be elsewhere than the robot
    view.pose = pose;
    if (views->label_renderer != NULL)
        imp_label_renderer_render_rgb(views->label_renderer, imp_sim_scene(sim), &view, rgb);
    else
        imp_render(views->renderer, imp_sim_scene(sim), &view, rgb);
    // effects are a camera's: painted classes have none
    const bool has_effects = sim->shared->randomized && views->label_renderer == NULL;
    imp_sim_return_renderers(sim, views);
    if (!has_effects)
        return;
    // observing the same state again repeats its noise
    if (sim->observed)
        sim->noise = sim->noise_before;
    sim->noise_before = sim->noise;
    sim->observed = true;
    imp_camera_effects_apply(sim->effects, &sim->effects_def, sim->env.drive.speed,
                             sim->env.drive.turn_rate, &sim->noise, rgb);
}

void imp_sim_observe(imp_sim *sim, uint8_t *rgb)
{
    imp_sim_observe_from_pose(sim, sim->env.pose, rgb);
}

void imp_sim_observe_ground_truth(imp_sim *sim, uint8_t *masks, float *depths)
{
    if (!sim->shared->def.ground_truth || (masks == NULL && depths == NULL))
        return;
    const imp_sim_views *views = imp_sim_borrow_renderers(sim);
    const imp_view view = imp_sim_camera_view(sim);
    // masks follow the appearance, since wear moves markings
    imp_segmentation_pass_run(views->segmentation, imp_sim_scene(sim), &view, masks, depths);
    imp_sim_return_renderers(sim, views);
}

imp_sim_state imp_sim_get_state(const imp_sim *sim)
{
    const imp_env *env = &sim->env;
    return (imp_sim_state){
        .pose = env->pose,
        .speed = env->drive.speed,
        .turn_rate = env->drive.turn_rate,
        // NaN marks values that do not exist off the lanes
        .lane_distance = env->in_lane ? env->lane.distance : NAN,
        .lane_angle = env->in_lane ? env->lane.angle : NAN,
        .in_lane = env->in_lane,
        .frame = env->frame,
        .map_index = env->world_index,
        .episode = env->episode,
        .end_reason = env->ending,
    };
}

imp_action imp_sim_expert_action(const imp_sim *sim)
{
    imp_action action = sim->wanted;
    if (sim->shared->def.actions == IMP_ACTION_VELOCITIES)
        imp_velocity_from_action(sim->wanted, &action.left, &action.right);
    return action;
}

bool imp_sim_needs_reset(const imp_sim *sim)
{
    return !sim->begun || sim->env.ending != IMP_END_NONE;
}

const imp_env *imp_sim_env(const imp_sim *sim)
{
    return &sim->env;
}

const imp_map_set *imp_sim_maps(const imp_sim *sim)
{
    return &sim->shared->maps;
}

const imp_camera_def *imp_sim_camera(const imp_sim *sim)
{
    return sim->shared->randomized ? imp_renderer_camera(sim->views.renderer)
                                   : &sim->shared->def.camera;
}

const imp_randomization_sample *imp_sim_randomization_sample(const imp_sim *sim)
{
    return sim->shared->randomized ? &sim->sample : NULL;
}
