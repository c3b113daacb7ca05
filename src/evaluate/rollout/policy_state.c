// The state of an environment as plain numbers. The way ahead is a route of its own, which draws
// its turns from the episode's stream of routes; so it is the one that our expert drives, and the
// episode itself draws nothing. Objects are sorted by distance while they are found.
#include "evaluate/rollout/policy_state.h"

#include <math.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"

// The way is planned anew farther than this from it [m], as our expert does.
static const double REROUTE_DISTANCE = 0.25;

bool imp_find_object_place(imp_object_place *out, const imp_env *env, int index)
{
    const imp_object *object = &env->world->objects[index];
    if (!imp_env_is_object_present(env, object))
        return false;
    // an object that moves is where its state says, others where the map places them
    const bool moves = object->moving >= 0;
    const imp_object_state *state = moves ? &env->moving[object->moving] : NULL;
    const imp_vec2 at = moves ? state->position : object->position;
    const imp_box *box = moves ? &state->box : &object->box;
    // The radius reaches from the position to the farthest corner of the box.
    double radius = 0.0;
    for (int k = 0; k < 4; k++)
        radius = fmax(radius, imp_hypot(box->corner[k].x - at.x, box->corner[k].z - at.z));
    *out = (imp_object_place){at, moves ? state->heading : object->heading, radius, moves};
    return true;
}

void imp_path_ahead_reset(imp_path_ahead *path, const imp_env *env)
{
    path->on_route = false;
    path->route = (imp_route){.random = imp_random_stream(env->def.seed, env->def.index,
                                                          env->episode, IMP_PURPOSE_ROUTE)};
}

// Moves on along the way, or plans it anew where the robot has left it.
static void update_or_replan_route(imp_path_ahead *path, const imp_env *env)
{
    const imp_vec2 here = {env->pose.x, env->pose.z};
    if (path->on_route) {
        imp_route_update(&path->route, here);
        const imp_vec2 nearest = imp_route_point_ahead(&path->route, 0.0).point;
        if (imp_vec2_length(imp_vec2_subtract(nearest, here)) < REROUTE_DISTANCE)
            return;
    }
    path->on_route = imp_route_begin_at_pose(&path->route, env->world, env->pose);
}

// A difference of positions as seen from a robot: (ahead, right) [m].
static void to_robot_frame(double out[2], imp_pose robot, imp_vec2 position)
{
    const imp_vec2 gap = {position.x - robot.x, position.z - robot.z};
    const imp_vec2 forward = imp_heading_direction(robot.heading);
    out[0] = imp_vec2_dot(gap, forward);
    out[1] = imp_vec2_dot(gap, imp_vec2_turn_right(forward));
}

// Curvature and points of the way ahead; NaN past its end and off the road.
static void fill_path_ahead(imp_policy_state *out, imp_path_ahead *path, const imp_env *env)
{
    imp_route_point points[IMP_STATE_PATH_POINTS];
    update_or_replan_route(path, env);
    const int count = path->on_route ? imp_route_sample_points(&path->route, IMP_STATE_PATH_SPACING,
                                                               IMP_STATE_PATH_POINTS, points)
                                     : 0;
    for (int k = 0; k < IMP_STATE_PATH_POINTS; k++) {
        out->curvature[k] = k < count ? points[k].curvature : NAN;
        out->path[k][0] = out->path[k][1] = NAN;
        if (k < count)
            to_robot_frame(out->path[k], env->pose, points[k].point);
    }
}

// Inserts an object into the list of the nearest, which is sorted by distance.
static void insert_near_object(imp_policy_state *out, const imp_near_object *object)
{
    const double distance = imp_hypot(object->ahead, object->right);
    int at = out->object_count;
    while (at > 0 && imp_hypot(out->objects[at - 1].ahead, out->objects[at - 1].right) > distance)
        at--;
    if (at == IMP_STATE_OBJECTS)
        return;
    if (out->object_count < IMP_STATE_OBJECTS)
        out->object_count++;
    for (int k = out->object_count - 1; k > at; k--)
        out->objects[k] = out->objects[k - 1];
    out->objects[at] = *object;
}

// The objects that are present, the nearest first.
static void fill_objects(imp_policy_state *out, const imp_env *env)
{
    for (int k = 0; k < env->world->object_count; k++) {
        imp_object_place place;
        if (!imp_find_object_place(&place, env, k))
            continue;
        const imp_object *object = &env->world->objects[k];
        double at[2];
        to_robot_frame(at, env->pose, place.position);
        const imp_near_object near = {.ahead = at[0],
                                      .right = at[1],
                                      .heading = imp_wrap_angle(place.heading - env->pose.heading),
                                      .radius = place.radius,
                                      .kind = (int32_t)object->kind,
                                      .solid = object->solid,
                                      .moving = place.moving,
                                      .index = k};
        insert_near_object(out, &near);
    }
}

void imp_policy_state_set_from_env(imp_policy_state *out, imp_path_ahead *path, const imp_env *env)
{
    *out = (imp_policy_state){
        .x = env->pose.x,
        .z = env->pose.z,
        .heading = env->pose.heading,
        .speed = env->drive.speed,
        .turn_rate = env->drive.turn_rate,
        .lane_distance = env->in_lane ? env->lane.distance : NAN,
        .lane_angle = env->in_lane ? env->lane.angle : NAN,
        .last_left = env->action.left,
        .last_right = env->action.right,
        .time_step = env->def.drive.time_step * env->def.frame_skip,
        .seed = env->def.seed,
        .environment = env->def.index,
        .episode = env->episode,
        .frame = env->frame,
        .map_index = env->world_index,
        .in_lane = env->in_lane,
    };
    fill_path_ahead(out, path, env);
    fill_objects(out, env);
}
