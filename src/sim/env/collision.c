// Collision and proximity of the robot with objects. Exact rectangle tests are expensive, so
// circles around the centres reject most objects first. Static objects come from the world's index
// by tile, moving ones from the environment. The proximity penalty is gym-duckietown's
// (collision.py, objects.py). Absent optional objects are skipped everywhere.
#include "sim/env/collision.h"

#include "base/common/vector2.h"
#include "sim/world/box.h"

// A safety circle has this multiple of the radius of the circle around the object.
static const double SAFETY_FACTOR = 1.8;
// half a diagonal of the robot, and of the largest randomised duckiebot, rounded up [m]
static const double ROBOT_RADIUS = 0.1172, CAR_RADIUS = 0.125;

imp_box imp_robot_footprint(imp_pose pose, double forward)
{
    return imp_box_from_pose((imp_vec2){pose.x, pose.z}, pose.heading,
                             forward - 0.5 * IMP_ROBOT_LENGTH, -0.5 * IMP_ROBOT_WIDTH,
                             forward + 0.5 * IMP_ROBOT_LENGTH, 0.5 * IMP_ROBOT_WIDTH);
}

double imp_box_point_distance(const imp_box *box, imp_vec2 point)
{
    // per axis: distance from the centre beyond half the side
    imp_vec2 centre = imp_vec2_scale(imp_vec2_add(box->corner[0], box->corner[2]), 0.5);
    imp_vec2 to_corner = imp_vec2_subtract(box->corner[0], centre);
    imp_vec2 to_point = imp_vec2_subtract(point, centre);
    double gap[2];
    for (int k = 0; k < 2; k++)
        gap[k] = fmax(0.0, fabs(imp_vec2_dot(to_point, box->axis[k])) -
                               fabs(imp_vec2_dot(to_corner, box->axis[k])));
    return sqrt(gap[0] * gap[0] + gap[1] * gap[1]);
}

imp_obstacle_iterator imp_obstacle_iterator_at(const imp_env *env, double x, double z)
{
    const imp_world *world = env->world;
    const imp_tile *tile = imp_world_tile_at(world, x, z);
    if (tile == NULL)
        return (imp_obstacle_iterator){.env = env};
    // the tile's list in the world's index
    const int *start = &world->nearby_start[tile - world->tiles];
    return (imp_obstacle_iterator){
        .env = env, .next = world->nearby + start[0], .end = world->nearby + start[1]};
}

const imp_object *imp_obstacle_iterator_next(imp_obstacle_iterator *obstacles)
{
    const imp_env *env = obstacles->env;
    // on the grid: the tile's list, without the absent objects
    if (obstacles->next != NULL) {
        while (obstacles->next != obstacles->end) {
            const imp_object *object = &env->world->objects[*obstacles->next++];
            if (imp_env_is_object_present(env, object))
                return object;
        }
        return NULL;
    }
    // off the grid: all objects of the world
    while (obstacles->number < env->world->object_count) {
        const imp_object *object = &env->world->objects[obstacles->number++];
        if (object->solid && object->moving < 0 && imp_env_is_object_present(env, object))
            return object;
    }
    return NULL;
}

// Compares squared distances; saves a square root.
static bool is_closer_than(imp_vec2 a, imp_vec2 b, double distance)
{
    imp_vec2 gap = imp_vec2_subtract(a, b);
    return imp_vec2_dot(gap, gap) < distance * distance;
}

// The point `distance` ahead of a pose in a unit direction.
static imp_vec2 point_ahead_of(imp_pose pose, imp_vec2 direction, double distance)
{
    return (imp_vec2){pose.x + distance * direction.x, pose.z + distance * direction.z};
}

const imp_object *imp_env_find_collision(const imp_env *env, imp_pose pose, double forward)
{
    // the circle around the robot's rectangle
    const imp_box robot = imp_robot_footprint(pose, forward);
    const imp_vec2 centre = imp_vec2_scale(imp_vec2_add(robot.corner[0], robot.corner[2]), 0.5);
    // static objects: bounding circles first, then the rectangles
    imp_obstacle_iterator nearby = imp_obstacle_iterator_at(env, pose.x, pose.z);
    for (const imp_object *object; (object = imp_obstacle_iterator_next(&nearby)) != NULL;)
        if (is_closer_than(object->position, centre,
                           ROBOT_RADIUS + object->safety_radius / SAFETY_FACTOR) &&
            imp_boxes_overlap(&robot, &object->box))
            return object;
    // moving objects likewise, at their present place
    for (int k = 0; k < env->world->moving_count; k++) {
        const imp_object *object = &env->world->objects[env->world->moving[k]];
        const imp_object_state *state = &env->moving[k];
        double reach = ROBOT_RADIUS + fmax(CAR_RADIUS, object->safety_radius / SAFETY_FACTOR);
        // a checkerboard's footprint stays where it is put
        imp_vec2 position =
            object->kind == IMP_OBJECT_CHECKERBOARD ? object->position : state->position;
        if (object->solid && is_closer_than(position, centre, reach) &&
            imp_env_is_object_present(env, object) && imp_boxes_overlap(&robot, &state->box))
            return object;
    }
    return NULL;
}

double imp_env_proximity_penalty(const imp_env *env, imp_pose pose)
{
    // both safety circles: half the robot's length times 1.8, and the object's own
    const double robot_radius = 0.5 * IMP_ROBOT_LENGTH * SAFETY_FACTOR;
    const imp_vec2 centre =
        point_ahead_of(pose, imp_heading_direction(pose.heading), IMP_CENTRE_FORWARD);
    // each overlap counts with its depth, as a negative number
    double penalty = 0.0;
    imp_obstacle_iterator nearby = imp_obstacle_iterator_at(env, pose.x, pose.z);
    for (const imp_object *object; (object = imp_obstacle_iterator_next(&nearby)) != NULL;) {
        double reach = robot_radius + object->safety_radius;
        if (is_closer_than(object->position, centre, reach))
            penalty += imp_vec2_length(imp_vec2_subtract(object->position, centre)) - reach;
    }
    for (int k = 0; k < env->world->moving_count; k++) {
        const imp_object *object = &env->world->objects[env->world->moving[k]];
        const imp_object_state *state = &env->moving[k];
        double reach = robot_radius + object->safety_radius;
        if (!object->solid || !is_closer_than(state->position, centre, reach) ||
            !imp_env_is_object_present(env, object))
            continue;
        imp_vec2 gap = imp_vec2_subtract(state->position, centre);
        // a checkerboard in the air is farther away by its height
        penalty += fmin(0.0, sqrt(imp_vec2_dot(gap, gap) + state->y * state->y) - reach);
    }
    return penalty;
}

const imp_object *imp_env_find_spawn_blocker(const imp_env *env, imp_vec2 position)
{
    const imp_world *world = env->world;
    for (int k = 0; k < world->object_count; k++) {
        const imp_object *object = &world->objects[k];
        imp_vec2 at = object->moving < 0 ? object->position : env->moving[object->moving].position;
        if (is_closer_than(at, position, object->spawn_distance) &&
            imp_env_is_object_present(env, object))
            return object;
    }
    return NULL;
}
