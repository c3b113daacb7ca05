#include "env/obstacles.h"

#include "base/vector.h"
#include "world/box.h"

// Safety circles are so much larger than what they are drawn around.
static const double SAFETY_FACTOR = 1.8;
// half a diagonal of the robot, and of a duckiebot as wide and long as they get, rounded up [m]
static const double ROBOT_RADIUS = 0.1172, CAR_RADIUS = 0.125;

imp_box imp_robot_box(imp_pose pose, double forward)
{
    return imp_box_at((imp_vec2){pose.x, pose.z}, pose.heading, forward - 0.5 * IMP_ROBOT_LENGTH,
                      -0.5 * IMP_ROBOT_WIDTH, forward + 0.5 * IMP_ROBOT_LENGTH,
                      0.5 * IMP_ROBOT_WIDTH);
}

double imp_box_distance(const imp_box *box, imp_vec2 point)
{
    imp_vec2 centre = imp_vec2_scale(imp_vec2_add(box->corner[0], box->corner[2]), 0.5);
    imp_vec2 to_corner = imp_vec2_subtract(box->corner[0], centre);
    imp_vec2 to_point = imp_vec2_subtract(point, centre);
    double gap[2];
    for (int k = 0; k < 2; k++)
        gap[k] = fmax(0.0, fabs(imp_vec2_dot(to_point, box->axis[k])) -
                               fabs(imp_vec2_dot(to_corner, box->axis[k])));
    return sqrt(gap[0] * gap[0] + gap[1] * gap[1]);
}

imp_obstacles imp_obstacles_at(const imp_env *env, double x, double z)
{
    const imp_world *world = env->world;
    const imp_tile *tile = imp_world_tile_at(world, x, z);
    if (tile == NULL)
        return (imp_obstacles){.env = env};
    const int *start = &world->near_start[tile - world->tiles];
    return (imp_obstacles){
        .env = env, .next = world->near + start[0], .end = world->near + start[1]};
}

const imp_object *imp_obstacles_next(imp_obstacles *obstacles)
{
    const imp_env *env = obstacles->env;
    if (obstacles->next != NULL) {
        while (obstacles->next != obstacles->end) {
            const imp_object *object = &env->world->objects[*obstacles->next++];
            if (imp_env_object_is_there(env, object))
                return object;
        }
        return NULL;
    }
    while (obstacles->number < env->world->object_count) {
        const imp_object *object = &env->world->objects[obstacles->number++];
        if (object->solid && object->moving < 0 && imp_env_object_is_there(env, object))
            return object;
    }
    return NULL;
}

static bool closer_than(imp_vec2 a, imp_vec2 b, double distance)
{
    imp_vec2 gap = imp_vec2_subtract(a, b);
    return imp_vec2_dot(gap, gap) < distance * distance;
}

static imp_vec2 ahead_of(imp_pose pose, imp_vec2 direction, double distance)
{
    return (imp_vec2){pose.x + distance * direction.x, pose.z + distance * direction.z};
}

const imp_object *imp_env_object_met(const imp_env *env, imp_pose pose, double forward)
{
    const imp_box robot = imp_robot_box(pose, forward);
    const imp_vec2 centre = imp_vec2_scale(imp_vec2_add(robot.corner[0], robot.corner[2]), 0.5);
    imp_obstacles near = imp_obstacles_at(env, pose.x, pose.z);
    for (const imp_object *object; (object = imp_obstacles_next(&near)) != NULL;)
        if (closer_than(object->position, centre,
                        ROBOT_RADIUS + object->safety_radius / SAFETY_FACTOR) &&
            imp_boxes_overlap(&robot, &object->box))
            return object;
    for (int k = 0; k < env->world->moving_count; k++) {
        const imp_object *object = &env->world->objects[env->world->moving[k]];
        const imp_object_state *state = &env->moving[k];
        double reach = ROBOT_RADIUS + fmax(CAR_RADIUS, object->safety_radius / SAFETY_FACTOR);
        // a checkerboard's footprint stays where it is put
        imp_vec2 position =
            object->kind == IMP_OBJECT_CHECKERBOARD ? object->position : state->position;
        if (object->solid && closer_than(position, centre, reach) &&
            imp_env_object_is_there(env, object) && imp_boxes_overlap(&robot, &state->box))
            return object;
    }
    return NULL;
}

double imp_env_proximity(const imp_env *env, imp_pose pose)
{
    const double robot_radius = 0.5 * IMP_ROBOT_LENGTH * SAFETY_FACTOR;
    const imp_vec2 centre = ahead_of(pose, imp_forward(pose.heading), IMP_CENTRE_FORWARD);
    double penalty = 0.0;
    imp_obstacles near = imp_obstacles_at(env, pose.x, pose.z);
    for (const imp_object *object; (object = imp_obstacles_next(&near)) != NULL;) {
        double reach = robot_radius + object->safety_radius;
        if (closer_than(object->position, centre, reach))
            penalty += imp_vec2_length(imp_vec2_subtract(object->position, centre)) - reach;
    }
    for (int k = 0; k < env->world->moving_count; k++) {
        const imp_object *object = &env->world->objects[env->world->moving[k]];
        const imp_object_state *state = &env->moving[k];
        double reach = robot_radius + object->safety_radius;
        if (!object->solid || !closer_than(state->position, centre, reach) ||
            !imp_env_object_is_there(env, object))
            continue;
        imp_vec2 gap = imp_vec2_subtract(state->position, centre);
        penalty += fmin(0.0, sqrt(imp_vec2_dot(gap, gap) + state->y * state->y) - reach);
    }
    return penalty;
}

const imp_object *imp_env_crowded(const imp_env *env, imp_vec2 position)
{
    const imp_world *world = env->world;
    for (int k = 0; k < world->object_count; k++) {
        const imp_object *object = &world->objects[k];
        imp_vec2 at = object->moving < 0 ? object->position : env->moving[object->moving].position;
        if (closer_than(at, position, object->spawn_distance) &&
            imp_env_object_is_there(env, object))
            return object;
    }
    return NULL;
}
