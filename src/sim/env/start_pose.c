// Draws start poses: uniformly distributed poses on a random drivable tile until one is valid
// (rejection sampling, as in gym-duckietown). Where that fails, a systematic search decides
// (start_pose_search.c), so that whether an episode can start does not depend on chance. A fixed
// start tile or pose of the definition takes precedence over those of the map.
#include "sim/env/start_pose.h"

#include "base/common/vector2.h"
#include "sim/env/collision.h"

enum { POSE_ATTEMPTS = 5000, TILE_ATTEMPTS = 16 };

// safety factor of imp_env_is_valid_pose() at the start, as in gym-duckietown
#define SPAWN_SAFETY 1.3

// A start tile must be on the grid and drivable.
static imp_status check_start_tile(const imp_world *world, const imp_env_def *def, imp_error *err)
{
    int i = def->start_tile[0], j = def->start_tile[1];
    if (i < 0 || j < 0 || i >= world->columns || j >= world->rows)
        return imp_add_hint(err, IMP_HINT_SETTING,
                            imp_fail(err, IMP_BAD_INPUT,
                                     "start_tile %d,%d is not on the grid of %s, %d x %d", i, j,
                                     world->name, world->columns, world->rows));
    if (!world->tiles[j * world->columns + i].drivable)
        return imp_add_hint(err, IMP_HINT_SETTING,
                            imp_fail(err, IMP_BAD_INPUT, "start_tile %d,%d is not drivable on %s",
                                     i, j, world->name));
    return IMP_OK;
}

imp_status imp_start_pose_check_def(const imp_world *world, const imp_env_def *def, imp_error *err)
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

// The stream of an episode's start pose.
static imp_random start_pose_random_stream(const imp_env *env)
{
    return imp_random_stream(env->def.seed, env->def.index, env->episode, IMP_PURPOSE_SPAWN);
}

// The tile of the definition, else that of the map, else a random drivable one; as an index.
static int given_or_random_start_tile(const imp_env *env, imp_random *random)
{
    const imp_world *world = env->world;
    if (env->def.has_start_tile)
        return env->def.start_tile[1] * world->columns + env->def.start_tile[0];
    if (world->has_start_tile)
        return world->start_tile[1] * world->columns + world->start_tile[0];
    return world->drivable[imp_random_uniform_int(random, (uint32_t)world->drivable_count)];
}

// Whether the straight line between two points less than a tile apart stays on the road. If their
// tiles touch at a corner only, one of the two tiles beside the corner must be drivable.
static bool is_short_line_on_road(const imp_world *world, double x0, double z0, double x1,
                                  double z1)
{
    double size = world->tile_size;
    if (floor(x0 / size) == floor(x1 / size) || floor(z0 / size) == floor(z1 / size))
        return true;
    return imp_world_is_drivable_at(world, x0, z1) || imp_world_is_drivable_at(world, x1, z0);
}

// Whether the robot's outline stands on the road. A start pose is valid with the safety factor 1.3.
// Beyond gym-duckietown's rule, it must be so with smaller factors, too, and no wheel may stand
// across a corner. Otherwise the tested points may lie on the road while the robot straddles a
// corner beside it, from where no policy can drive on.
static bool is_footprint_on_road(const imp_world *world, imp_pose pose)
{
    static const double safeties[] = {SPAWN_SAFETY, 1.15, 1.0, 0.75, 0.5, 0.25};
    for (int k = 0; k < (int)(sizeof safeties / sizeof safeties[0]); k++)
        if (!imp_env_is_on_road(world, pose, safeties[k]))
            return false;
    // the line from the centre to each wheel
    imp_vec2 forward = imp_heading_direction(pose.heading);
    imp_vec2 side =
        imp_vec2_scale(imp_vec2_turn_right(forward), 0.5 * IMP_ROBOT_WIDTH * SPAWN_SAFETY);
    double x = pose.x + IMP_CENTRE_FORWARD * forward.x, z = pose.z + IMP_CENTRE_FORWARD * forward.z;
    return is_short_line_on_road(world, x, z, x - side.x, z - side.z) &&
           is_short_line_on_road(world, x, z, x + side.x, z + side.z);
}

// Whether a pose looks along its lane within `angle`.
static bool is_heading_along_lane(const imp_world *world, imp_pose pose, double angle)
{
    imp_lane_position lane;
    return imp_world_lane_position(world, pose, &lane) && fabs(lane.angle) < angle;
}

// The tests are ordered by how many poses they reject, and how cheaply.
bool imp_start_pose_is_on_lane(const imp_world *world, imp_pose pose, double angle)
{
    return imp_env_is_on_road(world, pose, SPAWN_SAFETY) &&
           is_heading_along_lane(world, pose, angle) && is_footprint_on_road(world, pose);
}

const imp_object *imp_start_pose_find_blocker(const imp_env *env, imp_pose pose)
{
    const imp_object *near = imp_env_find_spawn_blocker(env, (imp_vec2){pose.x, pose.z});
    return near != NULL ? near : imp_env_find_collision(env, pose, 2.0 * IMP_CENTRE_FORWARD);
}

// Whether a pose suits as a start, objects included.
static bool is_valid_start_pose(const imp_env *env, imp_pose pose)
{
    return imp_start_pose_is_on_lane(env->world, pose, env->def.accept_start_angle) &&
           imp_start_pose_find_blocker(env, pose) == NULL;
}

// Whether one static object's spawn distance covers a whole tile; then no draw can succeed.
static bool is_whole_tile_blocked(const imp_env *env, int tile)
{
    const imp_world *world = env->world;
    // centre of the tile
    const double half = 0.5 * world->tile_size;
    const double x = (tile % world->columns + 0.5) * world->tile_size;
    const double z = (tile / world->columns + 0.5) * world->tile_size;
    for (int k = 0; k < world->object_count; k++) {
        const imp_object *object = &world->objects[k];
        // distance to the tile's farthest corner
        imp_vec2 to_corner = {fabs(object->position.x - x) + half,
                              fabs(object->position.z - z) + half};
        if (object->moving < 0 && imp_vec2_length(to_corner) < object->spawn_distance &&
            imp_env_is_object_present(env, object))
            return true;
    }
    return false;
}

// Draws poses on a tile until one is valid; false after POSE_ATTEMPTS.
static bool sample_valid_pose_on_tile(const imp_env *env, int tile, imp_random *random,
                                      imp_pose *pose)
{
    const imp_world *world = env->world;
    double size = world->tile_size;
    if (is_whole_tile_blocked(env, tile))
        return false;
    // three uniform draws per attempt: x, z and heading
    double left = tile % world->columns * size, top = tile / world->columns * size;
    for (int attempt = 0; attempt < POSE_ATTEMPTS; attempt++) {
        imp_pose drawn = {
            .x = imp_random_uniform(random, left, left + size),
            .z = imp_random_uniform(random, top, top + size),
            .heading = imp_random_uniform(random, -IMP_PI, IMP_PI),
        };
        if (is_valid_start_pose(env, drawn)) {
            *pose = drawn;
            return true;
        }
    }
    return false;
}

// Searches systematically after all draws failed: on the start tile, or on all drivable tiles
// beginning at a drawn one, up to a limit that bounds the time.
static bool search_start_pose_on_grid(const imp_env *env, imp_random *random, imp_pose *pose)
{
    enum { TILES_MAX = 2048 };
    const imp_world *world = env->world;
    const double angle = env->def.accept_start_angle;
    if (env->def.has_start_tile || world->has_start_tile)
        return imp_start_pose_search_tile(env, given_or_random_start_tile(env, random), angle,
                                          random, pose);
    // all tiles, in a cycle from a drawn one
    const int first = (int)imp_random_uniform_int(random, (uint32_t)world->drivable_count);
    for (int k = 0; k < world->drivable_count && k < TILES_MAX; k++) {
        const int tile = world->drivable[(first + k) % world->drivable_count];
        if (!is_whole_tile_blocked(env, tile) &&
            imp_start_pose_search_tile(env, tile, angle, random, pose))
            return true;
    }
    return false;
}

// Draws a start on the road. gym-duckietown fails if the first random tile has no room; here up to
// TILE_ATTEMPTS tiles are tried, then the systematic search.
static imp_status sample_start_on_road(const imp_env *env, imp_pose *pose, imp_error *err)
{
    imp_random random = start_pose_random_stream(env);
    // a tile that was drawn twice in a row was searched already
    int tile = -1;
    for (int attempt = 0; attempt < TILE_ATTEMPTS; attempt++) {
        int other = given_or_random_start_tile(env, &random);
        if (other != tile && sample_valid_pose_on_tile(env, other, &random, pose))
            return IMP_OK;
        tile = other;
    }
    return search_start_pose_on_grid(env, &random, pose) ? IMP_OK
                                                         : imp_start_pose_explain_failure(env, err);
}

imp_status imp_start_pose_sample(const imp_env *env, imp_pose *pose, imp_error *err)
{
    const imp_world *world = env->world;
    if (env->def.has_start_pose) {
        *pose = env->def.start_pose;
        return IMP_OK;
    }
    if (!world->has_start_pose || env->def.has_start_tile)
        return sample_start_on_road(env, pose, err);
    imp_random random = start_pose_random_stream(env);
    int tile = given_or_random_start_tile(env, &random);
    // the map's start pose is relative to its start tile, or to a random one
    *pose = world->start_pose;
    pose->x += tile % world->columns * world->tile_size;
    pose->z += tile / world->columns * world->tile_size;
    return IMP_OK;
}
