// Whether a pose is valid. gym-duckietown tests four points of the robot against drivable tiles and
// its footprint against objects. AI-DO's challenges use other rules: distances to duckies and cars,
// footprints for the rest, and tiles instead of roads. Both rule sets use the world's index of
// nearby objects, so a test looks at few objects only.
#include "base/common/vector2.h"
#include "sim/env/collision.h"

bool imp_env_is_on_road(const imp_world *world, imp_pose pose, double safety)
{
    // four points: geometric centre, both wheels, front
    imp_vec2 forward = imp_heading_direction(pose.heading);
    imp_vec2 side = imp_vec2_scale(imp_vec2_turn_right(forward), 0.5 * IMP_ROBOT_WIDTH * safety);
    imp_vec2 ahead = imp_vec2_scale(forward, 0.5 * IMP_ROBOT_LENGTH * safety);
    imp_vec2 centre = {pose.x + IMP_CENTRE_FORWARD * forward.x,
                       pose.z + IMP_CENTRE_FORWARD * forward.z};
    return imp_world_is_drivable_at(world, centre.x, centre.z) &&
           imp_world_is_drivable_at(world, centre.x - side.x, centre.z - side.z) &&
           imp_world_is_drivable_at(world, centre.x + side.x, centre.z + side.z) &&
           imp_world_is_drivable_at(world, centre.x + ahead.x, centre.z + ahead.z);
}

bool imp_env_is_valid_pose(const imp_env *env, imp_pose pose, double safety)
{
    return imp_env_is_on_road(env->world, pose, safety) &&
           imp_env_find_collision(env, pose, 2.0 * IMP_CENTRE_FORWARD) == NULL;
}

// Distances between centres below which AI-DO's simulator sees a collision [m].
static const double DUCKIE_DISTANCE = 0.10, CAR_DISTANCE = 0.15;

// Objects that AI-DO tests by the distance of centres instead of footprints.
static bool is_collision_tested_by_distance(const imp_object *object)
{
    return object->kind == IMP_OBJECT_DUCKIE ||
           (object->kind == IMP_OBJECT_DUCKIEBOT && object->moving >= 0);
}

// The static object that counts by footprint and that the true footprint overlaps, or NULL.
static const imp_object *find_static_hit(const imp_env *env)
{
    const imp_box robot = imp_robot_footprint(env->pose, IMP_CENTRE_FORWARD);
    imp_obstacle_iterator near = imp_obstacle_iterator_at(env, env->pose.x, env->pose.z);
    for (const imp_object *object; (object = imp_obstacle_iterator_next(&near)) != NULL;)
        if (!is_collision_tested_by_distance(object) && imp_boxes_overlap(&robot, &object->box))
            return object;
    return NULL;
}

// Whether the robot's pose is closer to an object's centre than the limit of its kind.
static bool is_within_collision_distance(const imp_env *env, imp_object_kind kind,
                                         imp_vec2 position)
{
    double distance = kind == IMP_OBJECT_DUCKIE ? DUCKIE_DISTANCE : CAR_DISTANCE;
    imp_vec2 gap = {env->pose.x - position.x, env->pose.z - position.z};
    return imp_vec2_length(gap) < distance;
}

// A duckie or a moving duckiebot that is closer than its limit, or NULL.
static const imp_object *find_duckie_or_car_hit(const imp_env *env)
{
    imp_obstacle_iterator near = imp_obstacle_iterator_at(env, env->pose.x, env->pose.z);
    for (const imp_object *object; (object = imp_obstacle_iterator_next(&near)) != NULL;)
        if (is_collision_tested_by_distance(object) &&
            is_within_collision_distance(env, object->kind, object->position))
            return object;
    // moving objects at their present place
    for (int k = 0; k < env->world->moving_count; k++) {
        const imp_object *object = &env->world->objects[env->world->moving[k]];
        if (is_collision_tested_by_distance(object) && imp_env_is_object_present(env, object) &&
            is_within_collision_distance(env, object->kind, env->moving[k].position))
            return object;
    }
    return NULL;
}

const imp_object *imp_env_find_collided_object(const imp_env *env)
{
    // the offset counts twice, as in imp_env_is_valid_pose()
    if (env->def.rules == IMP_RULES_SIMULATOR)
        return imp_env_find_collision(env, env->pose, 2.0 * IMP_CENTRE_FORWARD);
    const imp_object *object = find_static_hit(env);
    return object != NULL ? object : find_duckie_or_car_hit(env);
}

imp_end_reason imp_env_challenge_end_reason(const imp_env *env)
{
    if (find_static_hit(env) != NULL)
        return IMP_END_COLLISION;
    // an empty tile is outside the map, too
    const imp_tile *tile = imp_world_tile_at(env->world, env->pose.x, env->pose.z);
    if (tile == NULL || tile->kind == IMP_TILE_EMPTY)
        return IMP_END_OUT_OF_TILE;
    return find_duckie_or_car_hit(env) != NULL ? IMP_END_COLLISION : IMP_END_NONE;
}
