#include <math.h>

#include "base/vector.h"
#include "env/motion.h"
#include "env/obstacles.h"

enum { ENV_COOKIE = 0x0E27, SPAWN_TRIES = 5000, TILE_TRIES = 16, SUBSTEPS_MAX = 1000 };

// The reference's reward uses its configured robot speed, not the actual one.
static const double REWARD_SPEED = 1.2, REWARD_DISTANCE = 10.0, REWARD_PROXIMITY = 40.0;
static const double REWARD_INVALID = -1000.0;

const char *imp_ending_name(imp_ending ending)
{
    switch (ending) {
    case IMP_ENDING_NONE:
        return "running";
    case IMP_ENDING_INVALID_POSE:
        return "invalid pose";
    case IMP_ENDING_MAX_STEPS:
        return "max steps";
    case IMP_ENDING_COLLISION:
        return "collision";
    case IMP_ENDING_OUT_OF_TILE:
        return "left the map";
    }
    return "unknown";
}

imp_env_def imp_default_env_def(void)
{
    return (imp_env_def){
        .seed = 123,
        .max_steps = 1500,
        .frame_skip = 1,
        .accept_start_angle = 60.0 * IMP_PI / 180.0,
        .drive = imp_default_drive_def(),
        .cookie = ENV_COOKIE,
    };
}

static imp_status check_start_tile(const imp_world *world, const imp_env_def *def, imp_error *err)
{
    int i = def->start_tile[0], j = def->start_tile[1];
    if (i < 0 || j < 0 || i >= world->columns || j >= world->rows)
        return imp_fail(err, IMP_BAD_INPUT, "%s: start tile %d,%d is not on the grid of %d x %d",
                        world->name, i, j, world->columns, world->rows);
    if (!world->tiles[j * world->columns + i].drivable)
        return imp_fail(err, IMP_BAD_INPUT, "%s: start tile %d,%d is not drivable", world->name, i,
                        j);
    return IMP_OK;
}

static imp_status check_drive(const imp_drive_def *drive, imp_error *err)
{
    double delay_max = IMP_MAX_DELAY_STEPS * drive->time_step;
    if (!(drive->time_step > 0.0 && drive->delay >= 0.0 && drive->delay <= delay_max))
        return imp_fail(err, IMP_USAGE, "a command delay of %g s is not within 0 to %g s",
                        drive->delay, delay_max);
    if (drive->substeps < 1 || drive->substeps > SUBSTEPS_MAX)
        return imp_fail(err, IMP_USAGE, "%d substeps are not within 1 to %d", drive->substeps,
                        SUBSTEPS_MAX);
    return IMP_OK;
}

static imp_status check_settings(const imp_env_def *def, imp_error *err)
{
    if (def->cookie != ENV_COOKIE)
        return imp_fail(err, IMP_USAGE, "imp_env_def was not made with imp_default_env_def()");
    if (def->max_steps < 1 || def->frame_skip < 1)
        return imp_fail(err, IMP_USAGE, "max_steps (%d) and frame_skip (%d) must be at least 1",
                        def->max_steps, def->frame_skip);
    if (!(def->accept_start_angle > 0.0))
        return imp_fail(err, IMP_USAGE, "accept_start_angle must be positive");
    const imp_pose *start = &def->start_pose;
    if (def->has_start_pose &&
        !(isfinite(start->x) && isfinite(start->z) && isfinite(start->heading)))
        return imp_fail(err, IMP_USAGE, "the start pose holds what is no number");
    return check_drive(&def->drive, err);
}

// Whether there is somewhere to start on a world.
static imp_status check_start(const imp_world *world, const imp_env_def *def, imp_error *err)
{
    if (def->has_start_pose)
        return IMP_OK;
    if (def->has_start_tile)
        return check_start_tile(world, def, err);
    if (world->drivable_count == 0 && !world->has_start_tile)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: no drivable tile (straight, curve, 3way or 4way): nothing to drive on",
                        world->name);
    return IMP_OK;
}

static imp_status init_env(imp_env *env, const imp_world *const *worlds, int count,
                           const imp_env_def *def, imp_error *err)
{
    imp_status status = check_settings(def, err);
    for (int k = 0; k < count && status == IMP_OK; k++)
        status = check_start(worlds[k], def, err);
    if (status != IMP_OK)
        return status;
    *env = (imp_env){.world = worlds[0], .def = *def, .world_count = count};
    imp_drive_reset(&env->drive, &env->def.drive);
    imp_motion_reset(env);
    return IMP_OK;
}

imp_status imp_env_init(imp_env *env, const imp_world *world, const imp_env_def *def,
                        imp_error *err)
{
    return init_env(env, &world, 1, def, err);
}

imp_status imp_env_init_maps(imp_env *env, const imp_world *const *worlds, int count,
                             const imp_env_def *def, imp_error *err)
{
    if (count < 1)
        return imp_fail(err, IMP_USAGE, "an environment needs a map");
    imp_status status = init_env(env, worlds, count, def, err);
    if (status == IMP_OK)
        env->worlds = worlds;
    return status;
}

// Takes the world of an episode and puts its objects where they start.
static void set_scene(imp_env *env, uint32_t episode)
{
    env->episode = episode;
    if (env->worlds != NULL) {
        imp_random random =
            imp_random_stream(env->def.seed, env->def.index, episode, IMP_PURPOSE_MAP);
        env->world_index = (int)imp_random_below(&random, (uint32_t)env->world_count);
        env->world = env->worlds[env->world_index];
    }
    imp_motion_reset(env);
}

static imp_random spawn_stream(const imp_env *env)
{
    return imp_random_stream(env->def.seed, env->def.index, env->episode, IMP_PURPOSE_SPAWN);
}

static int draw_start_tile(const imp_env *env, imp_random *random)
{
    const imp_world *world = env->world;
    if (env->def.has_start_tile)
        return env->def.start_tile[1] * world->columns + env->def.start_tile[0];
    if (world->has_start_tile)
        return world->start_tile[1] * world->columns + world->start_tile[0];
    return world->drivable[imp_random_below(random, (uint32_t)world->drivable_count)];
}

// Whether one gets from a point to another, less than a tile away, without leaving the road: not if
// their tiles touch at a corner only.
static bool road_between(const imp_world *world, double x0, double z0, double x1, double z1)
{
    double size = world->tile_size;
    if (floor(x0 / size) == floor(x1 / size) || floor(z0 / size) == floor(z1 / size))
        return true;
    return imp_world_drivable_at(world, x0, z1) || imp_world_drivable_at(world, x1, z0);
}

// A pose to spawn at is valid with the safety factor 1.3. Unlike in the reference it must be so
// with every smaller one too, and no wheel may stand across a corner: the points that validity
// looks at may lie on the road while the robot straddles a corner beside it, and from there nobody
// can drive on.
static bool stands_on_road(const imp_world *world, imp_pose pose)
{
    static const double safeties[] = {1.3, 1.15, 1.0, 0.75, 0.5, 0.25};
    for (int k = 0; k < (int)(sizeof safeties / sizeof safeties[0]); k++)
        if (!imp_env_on_road(world, pose, safeties[k]))
            return false;
    imp_vec2 forward = imp_forward(pose.heading);
    imp_vec2 side = imp_vec2_scale(imp_vec2_right(forward), 0.5 * IMP_ROBOT_WIDTH * safeties[0]);
    double x = pose.x + IMP_CENTRE_FORWARD * forward.x, z = pose.z + IMP_CENTRE_FORWARD * forward.z;
    return road_between(world, x, z, x - side.x, z - side.z) &&
           road_between(world, x, z, x + side.x, z + side.z);
}

// Whether nothing stands so close that the reference would not start there.
static bool has_room(const imp_env *env, imp_pose pose)
{
    return !imp_env_crowded(env, (imp_vec2){pose.x, pose.z}) &&
           imp_env_object_met(env, pose, 2.0 * IMP_CENTRE_FORWARD) == NULL;
}

// Draws poses on a tile until one is valid and looks along the lane; false if none is.
static bool draw_pose(const imp_env *env, int tile, imp_random *random, imp_pose *pose)
{
    const imp_world *world = env->world;
    double size = world->tile_size;
    double left = tile % world->columns * size, top = tile / world->columns * size;
    for (int attempt = 0; attempt < SPAWN_TRIES; attempt++) {
        imp_pose drawn = {
            .x = imp_random_uniform(random, left, left + size),
            .z = imp_random_uniform(random, top, top + size),
            .heading = imp_random_uniform(random, -IMP_PI, IMP_PI),
        };
        imp_lane_position lane;
        if (stands_on_road(world, drawn) && imp_world_lane_position(world, drawn, &lane) &&
            fabs(lane.angle) < env->def.accept_start_angle && has_room(env, drawn)) {
            *pose = drawn;
            return true;
        }
    }
    return false;
}

// The reference gives up where there is no room on the first random tile; here others follow.
static imp_status draw_start_on_road(const imp_env *env, imp_pose *pose, imp_error *err)
{
    const imp_world *world = env->world;
    imp_random random = spawn_stream(env);
    int tile = -1;
    for (int attempt = 0; attempt < TILE_TRIES; attempt++) {
        int other = draw_start_tile(env, &random);
        if (other != tile && draw_pose(env, other, &random, pose))
            return IMP_OK;
        tile = other;
    }
    return imp_fail(err, IMP_BAD_INPUT,
                    "%s: no valid start on tile %d,%d in %d draws: allow a larger start angle or "
                    "another start tile",
                    world->name, tile % world->columns, tile / world->columns, SPAWN_TRIES);
}

static imp_status draw_start(const imp_env *env, imp_pose *pose, imp_error *err)
{
    const imp_world *world = env->world;
    if (env->def.has_start_pose) {
        *pose = env->def.start_pose;
        return IMP_OK;
    }
    if (!world->has_start_pose || env->def.has_start_tile)
        return draw_start_on_road(env, pose, err);
    imp_random random = spawn_stream(env);
    int tile = draw_start_tile(env, &random);
    *pose = world->start_pose;
    pose->x += tile % world->columns * world->tile_size;
    pose->z += tile / world->columns * world->tile_size;
    return IMP_OK;
}

// Puts the robot at rest into a scene that is set.
static void place_robot(imp_env *env, imp_pose pose)
{
    env->pose = pose;
    imp_drive_reset(&env->drive, &env->def.drive);
    env->action = (imp_action){0.0, 0.0};
    env->frame = 0;
    env->speed = 0.0;
    env->ending = IMP_ENDING_NONE;
    env->in_lane = imp_world_lane_position(env->world, pose, &env->lane);
}

imp_status imp_env_reset(imp_env *env, uint32_t episode, imp_error *err)
{
    imp_pose pose = {0};
    set_scene(env, episode);
    imp_status status = draw_start(env, &pose, err);
    if (status == IMP_OK)
        place_robot(env, pose);
    return status;
}

void imp_env_reset_at(imp_env *env, uint32_t episode, imp_pose pose)
{
    set_scene(env, episode);
    place_robot(env, pose);
}

static double lane_reward(const imp_env *env)
{
    double reward = REWARD_PROXIMITY * imp_env_proximity(env, env->pose);
    if (env->in_lane)
        reward += REWARD_SPEED * env->lane.alignment - REWARD_DISTANCE * fabs(env->lane.distance);
    return reward;
}

static imp_ending find_ending(const imp_env *env)
{
    if (env->def.rules == IMP_RULES_CHALLENGE)
        return imp_env_challenge_ending(env);
    if (imp_env_object_met(env, env->pose, 2.0 * IMP_CENTRE_FORWARD) != NULL)
        return IMP_ENDING_COLLISION;
    return imp_env_on_road(env->world, env->pose, 1.0) ? IMP_ENDING_NONE : IMP_ENDING_INVALID_POSE;
}

imp_step imp_env_step(imp_env *env, imp_action action)
{
    env->action = imp_action_clip(action);
    for (int k = 0; k < env->def.frame_skip; k++) {
        imp_pose before = env->pose;
        imp_drive_step(&env->drive, &env->pose, env->action);
        double moved = hypot(env->pose.x - before.x, env->pose.z - before.z);
        env->speed = moved / env->def.drive.time_step;
        env->frame++;
        imp_motion_step(env);
    }
    env->in_lane = imp_world_lane_position(env->world, env->pose, &env->lane);
    env->ending = find_ending(env);
    if (env->ending != IMP_ENDING_NONE) {
        if (env->def.rules == IMP_RULES_CHALLENGE)
            imp_drive_stop(&env->drive);
        return (imp_step){.reward = REWARD_INVALID, .terminated = true};
    }
    if (env->frame >= env->def.max_steps) {
        env->ending = IMP_ENDING_MAX_STEPS;
        return (imp_step){.reward = 0.0, .truncated = true};
    }
    return (imp_step){.reward = lane_reward(env)};
}

imp_view imp_env_view(const imp_env *env)
{
    imp_view view = imp_default_view();
    view.pose = env->pose;
    view.moving = env->moving;
    view.hidden = env->hidden;
    return view;
}
