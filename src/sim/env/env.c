// The environment: checks settings, resets and steps an episode. A step moves the robot, then the
// objects, and derives end of episode and reward from the new state. Drive, objects, collisions and
// start poses have files of their own. Reward and end rules are gym-duckietown's (simulator.py). An
// environment is a plain value, so that experts can copy it and simulate ahead.
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "sim/env/env_settings.h"
#include "sim/env/navigation.h"
#include "sim/env/navigation_route.h"
#include "sim/env/object_motion.h"
#include "sim/env/start_pose.h"

// gym-duckietown's reward uses its configured robot speed (1.2), not the actual one.
static const double REWARD_SPEED = 1.2, REWARD_DISTANCE = 10.0, REWARD_PROXIMITY = 40.0;
// reward of a step that ends the episode by the rules
static const double REWARD_INVALID = -1000.0;

const char *imp_end_reason_name(imp_end_reason ending)
{
    switch (ending) {
    case IMP_END_NONE:
        return "running";
    case IMP_END_INVALID_POSE:
        return "invalid pose";
    case IMP_END_MAX_STEPS:
        return "max steps";
    case IMP_END_COLLISION:
        return "collision";
    case IMP_END_OUT_OF_TILE:
        return "left the map";
    case IMP_END_POLICY_FAILED:
        return "gave up";
    case IMP_END_ARRIVED:
        return "arrived";
    }
    return "unknown";
}

// Checks a definition by its table, and what the table cannot say: a delay that the ring of
// commands can hold, and a finite start.
static imp_status check_env_def(const imp_env_def *def, imp_error *err)
{
    const imp_pose *start = &def->start_pose;
    const double delay_max = IMP_MAX_DELAY_STEPS * def->drive.time_step;
    IMP_TRY(imp_struct_check_ranges(&imp_env_members, def, err));
    if (!(def->drive.delay >= 0.0 && def->drive.delay <= delay_max))
        return imp_fail(err, IMP_USAGE, "a command delay of %g s is not within 0 to %g s",
                        def->drive.delay, delay_max);
    const double slowest = def->wanted_speed_min, fastest = def->wanted_speed_max;
    if (slowest > fastest || (fastest > 0.0 && slowest == 0.0))
        return imp_add_hint(err, IMP_HINT_SETTING,
                            imp_fail(err, IMP_USAGE,
                                     "wanted_speed_min %g, wanted_speed_max %g: give both ends of "
                                     "the range, above 0 and in "
                                     "this order; the same number twice asks for one speed",
                                     slowest, fastest));
    // a pose that is not finite would spread through all computations
    if (def->has_start_pose &&
        !(isfinite(start->x) && isfinite(start->z) && isfinite(start->heading)))
        return imp_fail(err, IMP_USAGE, "the start pose is not finite");
    return IMP_OK;
}

// Every world must offer a start, and the route that is asked for.
static imp_status check_world(const imp_world *world, const imp_env_def *def, imp_error *err)
{
    IMP_TRY(imp_start_pose_check_def(world, def, err));
    return imp_navigation_check_route(world, def, err);
}

// Checks settings and worlds; then prepares the environment in its first world, not yet reset.
static imp_status init_env(imp_env *env, const imp_world *const *worlds, int count,
                           const imp_env_def *def, imp_error *err)
{
    // every world, since each may be drawn
    IMP_TRY(check_env_def(def, err));
    for (int k = 0; k < count; k++)
        IMP_TRY(check_world(worlds[k], def, err));
    *env = (imp_env){.world = worlds[0], .def = *def, .world_count = count};
    const imp_camera_def usual_camera = imp_default_camera_def();
    imp_env_set_camera(env, &usual_camera);
    imp_drive_reset(&env->drive, &env->def.drive);
    imp_object_motion_reset(env);
    return IMP_OK;
}

imp_status imp_env_init(imp_env *env, const imp_world *world, const imp_env_def *def,
                        imp_error *err)
{
    return init_env(env, &world, 1, def, err);
}

imp_status imp_env_init_worlds(imp_env *env, const imp_world *const *worlds, int count,
                               const imp_env_def *def, imp_error *err)
{
    // an empty list has no first world
    if (count < 1)
        return imp_fail(err, IMP_USAGE, "an environment needs a map");
    IMP_TRY(init_env(env, worlds, count, def, err));
    env->worlds = worlds;
    return IMP_OK;
}

imp_status imp_env_set_def(imp_env *env, const imp_env_def *def, imp_error *err)
{
    IMP_TRY(check_env_def(def, err));
    // other starts must exist in every world; the search for them is skipped where nothing changed
    const imp_env_def *now = &env->def;
    const bool same_starts =
        def->has_start_pose == now->has_start_pose && def->has_start_tile == now->has_start_tile &&
        def->start_tile[0] == now->start_tile[0] && def->start_tile[1] == now->start_tile[1];
    for (int k = 0; k < env->world_count; k++) {
        const imp_world *world = env->worlds != NULL ? env->worlds[k] : env->world;
        if (!same_starts)
            IMP_TRY(imp_start_pose_check_def(world, def, err));
        IMP_TRY(imp_navigation_check_route(world, def, err));
    }
    env->def = *def;
    return IMP_OK;
}

// Draws the world of an episode.
static int sample_world_of_episode(const imp_env *env, uint32_t episode)
{
    imp_random random = imp_random_stream(env->def.seed, env->def.index, episode, IMP_PURPOSE_MAP);
    return (int)imp_random_uniform_int(&random, (uint32_t)env->world_count);
}

void imp_env_copy(imp_env *to, const imp_env *from)
{
    // everything before the two arrays, then the used part of each
    const size_t moving = (size_t)from->world->moving_count;
    memcpy(to, from, offsetof(imp_env, moving));
    memcpy(to->moving, from->moving, moving * sizeof to->moving[0]);
    memcpy(to->motion, from->motion, moving * sizeof to->motion[0]);
}

// Selects the world of an episode and puts its objects at their start.
static void set_world_and_reset_objects(imp_env *env, uint32_t episode, int world_index)
{
    env->episode = episode;
    if (env->worlds != NULL) {
        env->world_index = world_index;
        env->world = env->worlds[world_index];
    }
    imp_object_motion_reset(env);
}

// Draws the speed that an episode asks for; 0 without a range.
static double sample_wanted_speed(const imp_env *env)
{
    const imp_env_def *def = &env->def;
    if (def->wanted_speed_max == 0.0)
        return 0.0;
    imp_random random =
        imp_random_stream(def->seed, def->index, env->episode, IMP_PURPOSE_WANTED_SPEED);
    return imp_random_uniform(&random, def->wanted_speed_min, def->wanted_speed_max);
}

// Puts the robot at rest at a pose. World and objects must be set.
static void reset_robot_at_pose(imp_env *env, imp_pose pose)
{
    env->pose = pose;
    imp_drive_reset(&env->drive, &env->def.drive);
    // the streams of an episode depend on its number only, not on what came before
    env->action = (imp_action){0.0, 0.0};
    env->actuation_random =
        imp_random_stream(env->def.seed, env->def.index, env->episode, IMP_PURPOSE_ACTUATION);
    env->frame = 0;
    env->speed = 0.0;
    env->ending = IMP_END_NONE;
    env->wanted_speed = sample_wanted_speed(env);
    env->in_lane = imp_world_lane_position(env->world, pose, &env->lane);
    imp_navigation_reset(env);
}

imp_status imp_env_reset(imp_env *env, uint32_t episode, imp_error *err)
{
    // the world first: objects take part in the choice of the pose
    imp_pose pose = {0};
    set_world_and_reset_objects(env, episode, sample_world_of_episode(env, episode));
    IMP_TRY(imp_start_pose_sample(env, &pose, err));
    reset_robot_at_pose(env, pose);
    return IMP_OK;
}

void imp_env_reset_at(imp_env *env, uint32_t episode, imp_pose pose)
{
    imp_env_reset_in_world(env, episode, sample_world_of_episode(env, episode), pose);
}

void imp_env_reset_in_world(imp_env *env, uint32_t episode, int world_index, imp_pose pose)
{
    set_world_and_reset_objects(env, episode, world_index);
    reset_robot_at_pose(env, pose);
}

// Alignment with the lane, minus distance from its centre, minus proximity to objects. lane: NULL
// off the lanes, where only proximity counts.
static double compute_reward(const imp_env *env, imp_pose pose, const imp_lane_position *lane,
                             double speed)
{
    double reward = REWARD_PROXIMITY * imp_env_proximity_penalty(env, pose);
    if (lane != NULL)
        reward += speed * lane->alignment - REWARD_DISTANCE * fabs(lane->distance);
    return reward;
}

double imp_env_reward_at(const imp_env *env, imp_pose pose, double speed)
{
    imp_lane_position lane;
    const bool in_lane = imp_world_lane_position(env->world, pose, &lane);
    return compute_reward(env, pose, in_lane ? &lane : NULL, speed);
}

void imp_env_set_pose(imp_env *env, imp_pose pose)
{
    env->pose = pose;
    env->in_lane = imp_world_lane_position(env->world, pose, &env->lane);
}

// Why the episode ends in the present state; a collision takes precedence over leaving the road.
static imp_end_reason find_end_reason(const imp_env *env)
{
    if (env->def.rules == IMP_RULES_CHALLENGE)
        return imp_env_challenge_end_reason(env);
    if (imp_env_find_collided_object(env) != NULL)
        return IMP_END_COLLISION;
    return imp_env_is_on_road(env->world, env->pose, 1.0) ? IMP_END_NONE : IMP_END_INVALID_POSE;
}

// Applies dropout and noise to an action. If either is enabled, all three numbers are drawn, so
// that the stream advances equally in every step.
static imp_action drop_or_add_noise_to_action(imp_env *env, imp_action action)
{
    // without disturbances nothing is drawn
    const imp_env_def *def = &env->def;
    if (def->action_dropout == 0.0 && def->command_noise == 0.0)
        return imp_action_clip(action);
    const bool is_dropped =
        imp_random_uniform(&env->actuation_random, 0.0, 1.0) < def->action_dropout;
    action.left += def->command_noise * imp_random_normal(&env->actuation_random);
    action.right += def->command_noise * imp_random_normal(&env->actuation_random);
    return is_dropped ? env->action : imp_action_clip(action);
}

void imp_env_set_camera(imp_env *env, const imp_camera_def *camera)
{
    env->camera_pitch = camera->pitch;
    env->camera_height = camera->mount_height;
}

imp_conditions imp_env_conditions(const imp_env *env)
{
    imp_conditions conditions = imp_usual_conditions();
    imp_conditions_set_command(&conditions, env->navigation.command);
    conditions.numbers[IMP_CONDITION_SPEED] = env->wanted_speed;
    conditions.numbers[IMP_CONDITION_TIME_STEP] = env->def.frame_skip * env->def.drive.time_step;
    imp_conditions_set_robot(&conditions, &env->def.drive, env->camera_pitch, env->camera_height);
    return conditions;
}

// One frame: robot first, then objects; speed is the displacement per time step.
static void advance_frame(imp_env *env)
{
    const imp_pose before = env->pose;
    imp_drive_step(&env->drive, &env->pose, env->action);
    const imp_vec2 moved = {env->pose.x - before.x, env->pose.z - before.z};
    env->speed = imp_vec2_length(moved) / env->def.drive.time_step;
    env->frame++;
    imp_object_motion_step(env);
}

// What follows from where the robot is now: its lane, and the command for the next intersection.
static void update_lane_and_navigation(imp_env *env)
{
    env->in_lane = imp_world_lane_position(env->world, env->pose, &env->lane);
    imp_navigation_update(env);
}

imp_status imp_env_advance_frame(imp_env *env, imp_action action, double time_step, imp_error *err)
{
    if (!(isfinite(time_step) && env->drive.def.delay <= IMP_MAX_DELAY_STEPS * time_step &&
          time_step > 0.0))
        return imp_fail(err, IMP_USAGE,
                        "frames of %g s: must be positive, and at least 1/%d of the command delay "
                        "of %g s",
                        time_step, IMP_MAX_DELAY_STEPS, env->drive.def.delay);
    env->def.drive.time_step = time_step;
    env->drive.def.time_step = time_step;
    env->action = imp_action_clip(action);
    advance_frame(env);
    update_lane_and_navigation(env);
    return IMP_OK;
}

imp_step imp_env_step(imp_env *env, imp_action action)
{
    // one action per step, even if it lasts several frames
    env->action = drop_or_add_noise_to_action(env, action);
    for (int k = 0; k < env->def.frame_skip; k++)
        advance_frame(env);
    update_lane_and_navigation(env);
    env->ending = find_end_reason(env);
    // terminated by the rules; AI-DO's simulator also stops the robot
    if (env->ending != IMP_END_NONE) {
        if (env->def.rules == IMP_RULES_CHALLENGE)
            imp_drive_stop(&env->drive);
        return (imp_step){.reward = REWARD_INVALID, .terminated = true};
    }
    // truncated at the end of the route, or by time
    if (env->navigation.arrived || env->frame >= env->def.max_steps) {
        env->ending = env->navigation.arrived ? IMP_END_ARRIVED : IMP_END_MAX_STEPS;
        return (imp_step){.reward = 0.0, .truncated = true};
    }
    const imp_lane_position *lane = env->in_lane ? &env->lane : NULL;
    return (imp_step){.reward = compute_reward(env, env->pose, lane, REWARD_SPEED)};
}

imp_view imp_env_camera_view(const imp_env *env)
{
    // only pose and objects come from the environment
    imp_view view = imp_default_view();
    view.pose = env->pose;
    view.moving = env->moving;
    view.hidden = env->hidden;
    return view;
}
