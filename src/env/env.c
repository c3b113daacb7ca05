#include <math.h>

#include "base/vector.h"
#include "imprint/env.h"

enum { ENV_COOKIE = 0x0E27, SPAWN_TRIES = 5000 };

// The reference's reward uses its configured robot speed, not the actual one.
static const double REWARD_SPEED = 1.2, REWARD_DISTANCE = 10.0, REWARD_INVALID = -1000.0;

const char *imp_ending_name(imp_ending ending)
{
    switch (ending) {
    case IMP_ENDING_NONE:
        return "running";
    case IMP_ENDING_INVALID_POSE:
        return "invalid pose";
    case IMP_ENDING_MAX_STEPS:
        return "max steps";
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

imp_status imp_env_init(imp_env *env, const imp_world *world, const imp_env_def *def,
                        imp_error *err)
{
    if (def->cookie != ENV_COOKIE)
        return imp_fail(err, IMP_USAGE, "imp_env_def was not made with imp_default_env_def()");
    if (def->max_steps < 1 || def->frame_skip < 1)
        return imp_fail(err, IMP_USAGE, "max_steps (%d) and frame_skip (%d) must be at least 1",
                        def->max_steps, def->frame_skip);
    if (!(def->accept_start_angle > 0.0))
        return imp_fail(err, IMP_USAGE, "accept_start_angle must be positive");
    double delay_max = IMP_MAX_DELAY_STEPS * def->drive.time_step;
    if (!(def->drive.time_step > 0.0 && def->drive.delay >= 0.0 && def->drive.delay <= delay_max))
        return imp_fail(err, IMP_USAGE, "a command delay of %g s is not within 0 to %g s",
                        def->drive.delay, delay_max);
    if (world->drivable_count == 0)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: no drivable tile (straight, curve, 3way or 4way): nothing to drive on",
                        world->name);
    if (def->has_start_tile) {
        imp_status status = check_start_tile(world, def, err);
        if (status != IMP_OK)
            return status;
    }
    *env = (imp_env){.world = world, .def = *def};
    imp_drive_reset(&env->drive, &env->def.drive);
    return IMP_OK;
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
        if (!imp_env_valid_pose(world, pose, safeties[k]))
            return false;
    imp_vec2 forward = imp_forward(pose.heading);
    imp_vec2 side = imp_vec2_scale(imp_vec2_right(forward), 0.5 * IMP_ROBOT_WIDTH * safeties[0]);
    double x = pose.x + IMP_CENTRE_FORWARD * forward.x, z = pose.z + IMP_CENTRE_FORWARD * forward.z;
    return road_between(world, x, z, x - side.x, z - side.z) &&
           road_between(world, x, z, x + side.x, z + side.z);
}

// Draws a pose on a tile until one is valid and looks along the lane.
static imp_status draw_pose(const imp_env *env, int tile, imp_random *random, imp_pose *pose,
                            imp_error *err)
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
            fabs(lane.angle) < env->def.accept_start_angle) {
            *pose = drawn;
            return IMP_OK;
        }
    }
    return imp_fail(err, IMP_BAD_INPUT,
                    "%s: no valid start on tile %d,%d in %d draws: allow a larger start angle or "
                    "another start tile",
                    world->name, tile % world->columns, tile / world->columns, SPAWN_TRIES);
}

imp_status imp_env_reset(imp_env *env, uint32_t episode, imp_error *err)
{
    const imp_world *world = env->world;
    imp_random random =
        imp_random_stream(env->def.seed, env->def.index, episode, IMP_PURPOSE_SPAWN);
    int tile = draw_start_tile(env, &random);
    imp_pose pose = world->start_pose;
    if (world->has_start_pose && !env->def.has_start_tile) {
        pose.x += tile % world->columns * world->tile_size;
        pose.z += tile / world->columns * world->tile_size;
    } else {
        imp_status status = draw_pose(env, tile, &random, &pose, err);
        if (status != IMP_OK)
            return status;
    }
    imp_env_reset_at(env, episode, pose);
    return IMP_OK;
}

void imp_env_reset_at(imp_env *env, uint32_t episode, imp_pose pose)
{
    env->episode = episode;
    env->pose = pose;
    imp_drive_reset(&env->drive, &env->def.drive);
    env->action = (imp_action){0.0, 0.0};
    env->frame = 0;
    env->speed = 0.0;
    env->ending = IMP_ENDING_NONE;
    env->in_lane = imp_world_lane_position(env->world, pose, &env->lane);
}

static double lane_reward(const imp_env *env)
{
    if (!env->in_lane)
        return 0.0;
    return REWARD_SPEED * env->lane.alignment - REWARD_DISTANCE * fabs(env->lane.distance);
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
    }
    env->in_lane = imp_world_lane_position(env->world, env->pose, &env->lane);
    if (!imp_env_valid_pose(env->world, env->pose, 1.0)) {
        env->ending = IMP_ENDING_INVALID_POSE;
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
    return view;
}
