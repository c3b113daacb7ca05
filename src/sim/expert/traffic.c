// Adjusts offset and speed to traffic. Objects in sight become obstacles in the frame of the route
// (road_obstacles.c). Then three rules limit the plan: pass standing obstacles at the nearest free
// lateral offset or stop; keep a distance to cars ahead and pedestrians; stop at red lights.
// Nothing is remembered between steps: the plan follows from the present state.
#include "sim/expert/traffic.h"

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "sim/expert/road_obstacles.h"

enum { OBSTACLES_MAX = 64 }; // obstacles considered at a time

static const double SIGHT_DISTANCE = 1.9;     // objects farther away are ignored [m]
static const double STOP_MARGIN = 0.10;       // distance kept when stopping [m]
static const double FOLLOW_GAP = 0.25;        // distance kept to a car ahead [m]
static const double PASS_SPEED = 0.35;        // assumed speed while passing [m/s]
static const double STOP_RATE = 2.2;          // speed per metre of distance to a stop [1/s]
static const double ONCOMING_TIME = 3.0;      // oncoming cars block their road for this time [s]
static const double STANDING_SPEED = 0.02;    // slower objects count as standing [m/s]
static const double PEDESTRIAN_RADIUS = 0.04; // half of a duckie, at any heading [m]
static const double PEDESTRIAN_TIME = 0.5; // between the robot's passing and a duckie's start [s]
static const double WAITING_SPEED = 0.05;  // a plan below this speed counts as waiting [m/s]
static const double CLOSE_DISTANCE = 0.12; // closer obstacles ask for simulated actions [m]

// The traffic around the robot while a plan is adjusted.
typedef struct road {
    const imp_env *env;
    imp_sampled_route path;
    imp_road_obstacle obstacles[OBSTACLES_MAX];
    int count;
    imp_traffic_plan plan;
} road;

// Adds an obstacle unless it lies behind the robot.
static void add_obstacle(road *r, imp_road_obstacle b)
{
    if (r->count == OBSTACLES_MAX || b.far < -IMP_ROBOT_REAR)
        return;
    r->obstacles[r->count++] = b;
}

// Whether a circle reaches into the sight distance.
static bool is_circle_within_sight_distance(const road *r, imp_vec2 position, double radius)
{
    imp_vec2 gap = {position.x - r->env->pose.x, position.z - r->env->pose.z};
    double reach = SIGHT_DISTANCE + radius;
    return imp_vec2_dot(gap, gap) < reach * reach;
}

// Adds the footprint of something that stands.
static void add_static_obstacle(road *r, const imp_box *box)
{
    imp_road_obstacle b;
    if (imp_road_obstacle_from_box(&r->path, box, &b))
        add_obstacle(r, b);
}

// Adds a car. An oncoming one also covers the road that it is about to drive.
static void add_moving_obstacle(road *r, const imp_box *box, imp_vec2 velocity, bool lost)
{
    imp_road_obstacle b;
    if (!imp_road_obstacle_from_box(&r->path, box, &b))
        return;
    b.car = !lost;
    b.along = imp_vec2_dot(velocity, imp_sampled_route_tangent(&r->path, b.near));
    if (b.along < -STANDING_SPEED)
        b.near += ONCOMING_TIME * b.along;
    add_obstacle(r, b);
}

// A rectangle around the line from one point to another.
static imp_box make_box_along_line(imp_vec2 from, imp_vec2 to, double half_width)
{
    imp_vec2 ahead = imp_vec2_normalize(imp_vec2_subtract(to, from));
    imp_vec2 aside = imp_vec2_scale(imp_vec2_turn_right(ahead), half_width);
    imp_vec2 end = imp_vec2_scale(ahead, half_width);
    from = imp_vec2_subtract(from, end);
    to = imp_vec2_add(to, end);
    return (imp_box){
        .corner = {imp_vec2_subtract(from, aside), imp_vec2_subtract(to, aside),
                   imp_vec2_add(to, aside), imp_vec2_add(from, aside)},
        .axis = {ahead, imp_vec2_turn_right(ahead)},
    };
}

// Adds the path of a duckie that walks, or will start before the robot has passed.
static void add_pedestrian(road *r, imp_vec2 position, const imp_duckie_walk *walk)
{
    // from the start of the present walk, or the next one
    imp_vec2 from = walk->active ? walk->start : position;
    double length = walk->stride < 0.0 ? -walk->distance : walk->distance;
    imp_vec2 to = imp_vec2_add(from, imp_vec2_scale(walk->direction, length));
    imp_box strip = make_box_along_line(position, to, PEDESTRIAN_RADIUS);
    imp_road_obstacle b;
    if (!imp_road_obstacle_from_box(&r->path, &strip, &b))
        return;
    b.pedestrian = true;
    double passed = (b.far + IMP_ROBOT_REAR) / PASS_SPEED + PEDESTRIAN_TIME;
    if (walk->active || walk->wait < passed)
        add_obstacle(r, b);
}

// Speed of a moving duckiebot [m/s].
static double get_car_speed(const imp_car_motion *car)
{
    const double motor_constant = 27.0;
    bool stands = car->lost || car->waiting;
    return stands ? 0.0 : car->speed * car->gain / (car->wheel_radius * motor_constant);
}

// Adds an object according to its kind.
static void add_object_as_obstacle(road *r, const imp_object *object)
{
    const imp_env *env = r->env;
    // static objects are where the map places them
    if (object->moving < 0) {
        add_static_obstacle(r, &object->box);
        return;
    }
    const imp_object_state *state = &env->moving[object->moving];
    const imp_object_motion *motion = &env->motion[object->moving];
    // moving ones depend on their kind; what does not move any more is an obstacle
    switch (object->kind) {
    case IMP_OBJECT_DUCKIE:
        add_pedestrian(r, state->position, &motion->walk);
        break;
    case IMP_OBJECT_DUCKIEBOT:
        if (motion->car.lost) { // it will not move again
            add_static_obstacle(r, &state->box);
            break;
        }
        add_moving_obstacle(
            r, &state->box,
            imp_vec2_scale(imp_heading_direction(motion->angle), get_car_speed(&motion->car)),
            motion->car.lost);
        break;
    default:
        add_static_obstacle(r, &state->box);
    }
}

// Whether any object could matter; without one the plan stays as it is.
static bool is_any_object_in_sight(const road *r)
{
    const imp_world *world = r->env->world;
    for (int k = 0; k < world->object_count; k++) {
        const imp_object *object = &world->objects[k];
        if (object->moving >= 0 ||
            is_circle_within_sight_distance(r, object->position, object->safety_radius))
            return true;
    }
    return false;
}

// Adds all solid objects in sight that exist in this episode.
static void collect_obstacles(road *r)
{
    const imp_world *world = r->env->world;
    for (int k = 0; k < world->object_count; k++) {
        const imp_object *object = &world->objects[k];
        imp_vec2 position =
            object->moving < 0 ? object->position : r->env->moving[object->moving].position;
        if (object->solid && is_circle_within_sight_distance(r, position, object->safety_radius) &&
            imp_env_is_object_present(r->env, object))
            add_object_as_obstacle(r, object);
    }
}

// Limits a value to [low, high].
static double clamp(double value, double low, double high)
{
    return fmax(low, fmin(high, value));
}

// The speed at a distance from a stop: proportional, so that the robot stops gently.
static double compute_speed_before_stop(double distance)
{
    return fmax(0.0, STOP_RATE * distance);
}

// Limits the speed for a reason; below WAITING_SPEED the robot waits for it.
static void limit_speed_and_store_reason(road *r, double speed, imp_wait_reason reason)
{
    if (speed >= r->plan.speed)
        return;
    r->plan.speed = speed;
    r->plan.slow_reason = reason;
    if (speed < WAITING_SPEED)
        r->plan.wait = reason;
}

// A style of passing an obstacle.
typedef struct passing {
    double sight;  // obstacles this far ahead are passed [m]
    double margin; // kept to obstacles and to the edge of the road [m]
    double speed;  // speed limit while passing [m/s]
} passing;

// Margin within which something is in the robot's way [m].
#define CLEARANCE 0.050

// From the preferred style to the tightest.
static const passing PASSING_STYLES[] = {
    {0.75, CLEARANCE, 0.35}, {0.75, 0.022, 0.25}, {0.50, 0.035, 0.30},
    {0.50, 0.022, 0.25},     {0.35, 0.022, 0.20}, {0.35, 0.012, 0.15},
};
enum { PASSING_STYLE_COUNT = sizeof PASSING_STYLES / sizeof PASSING_STYLES[0] };

// Whether an obstacle is passed, if there is room, instead of followed.
static bool is_standing_obstacle_to_pass(const imp_road_obstacle *b, double sight)
{
    return !b->pedestrian && b->along <= STANDING_SPEED && b->near - IMP_ROBOT_FRONT < sight;
}

// Whether no obstacle to pass is in the way at a lateral offset.
static bool is_lateral_offset_free(const road *r, double offset, const passing *p)
{
    for (int k = 0; k < r->count; k++)
        if (is_standing_obstacle_to_pass(&r->obstacles[k], p->sight) &&
            imp_road_obstacle_overlaps(&r->obstacles[k], offset, p->margin))
            return false;
    return true;
}

// Finds the free offset nearest to the wanted one; false if there is none on the road. Only the
// wanted offset and those that just clear an obstacle need testing.
static bool find_free_lateral_offset(const road *r, const passing *p, double *offset)
{
    const double tile = r->env->world->tile_size, wanted = *offset;
    // a lane's centre is 0.2 tiles from the middle of the road; the road is as wide as the tile
    const double max_offset = 0.3 * tile - IMP_ROBOT_HALF_WIDTH - p->margin;
    const double min_offset = -0.7 * tile + IMP_ROBOT_HALF_WIDTH + p->margin;
    double best = INFINITY;
    if (is_lateral_offset_free(r, wanted, p))
        return true;
    for (int k = 0; k < r->count; k++) {
        const imp_road_obstacle *b = &r->obstacles[k];
        const double sides[] = {b->left - b->reach_right - p->margin,
                                b->right + b->reach_left + p->margin};
        for (int side = 0; side < 2; side++)
            if (sides[side] >= min_offset && sides[side] <= max_offset &&
                is_lateral_offset_free(r, sides[side], p) &&
                fabs(sides[side] - wanted) < fabs(best - wanted))
                best = sides[side];
    }
    if (!isfinite(best))
        return false;
    *offset = best;
    return true;
}

// Passes standing obstacles in the first style that finds a free offset, or stops before them.
static void plan_passing_or_stopping(road *r)
{
    const double wanted = r->plan.offset;
    for (int k = 0; k < PASSING_STYLE_COUNT; k++) {
        double offset = wanted;
        if (!find_free_lateral_offset(r, &PASSING_STYLES[k], &offset))
            continue;
        if (k > 0 || offset != wanted)
            r->plan.speed = fmin(r->plan.speed, PASSING_STYLES[k].speed);
        r->plan.offset = offset;
        return;
    }
    for (int k = 0; k < r->count; k++) {
        const imp_road_obstacle *b = &r->obstacles[k];
        if (is_standing_obstacle_to_pass(b, PASSING_STYLES[0].sight) &&
            imp_road_obstacle_overlaps(b, wanted, CLEARANCE))
            limit_speed_and_store_reason(
                r, compute_speed_before_stop(b->near - IMP_ROBOT_FRONT - STOP_MARGIN),
                b->car ? IMP_WAIT_CAR : IMP_WAIT_OBSTACLE);
    }
}

// Keeps a distance to slower cars and to pedestrians' paths.
static void limit_speed_behind_traffic(road *r)
{
    for (int k = 0; k < r->count; k++) {
        const imp_road_obstacle *b = &r->obstacles[k];
        double gap = b->near - IMP_ROBOT_FRONT;
        if (!imp_road_obstacle_overlaps(b, r->plan.offset, CLEARANCE) || gap < -IMP_ROBOT_FRONT)
            continue;
        if (b->pedestrian)
            limit_speed_and_store_reason(r, compute_speed_before_stop(gap - STOP_MARGIN),
                                         IMP_WAIT_PEDESTRIAN);
        else if (b->along > STANDING_SPEED)
            limit_speed_and_store_reason(r, clamp(b->along + 1.5 * (gap - FOLLOW_GAP), 0.0, 1.0),
                                         IMP_WAIT_CAR);
    }
}

// Whether a traffic light on an intersection, or beside it, is red for a robot that enters.
static bool is_red_light_at_entry(const imp_env *env, imp_vec2 entry, imp_vec2 direction)
{
    const imp_world *world = env->world;
    const double size = world->tile_size;
    imp_vec2 inside = imp_vec2_add(entry, imp_vec2_scale(direction, 0.01 * size));
    if (!imp_tile_is_intersection(imp_world_tile_at(world, inside.x, inside.z)))
        return false;
    // find a light close to the intersection's centre
    imp_vec2 middle = {(floor(inside.x / size) + 0.5) * size,
                       (floor(inside.z / size) + 0.5) * size};
    double heading = imp_atan2(-direction.z, direction.x);
    for (int k = 0; k < world->moving_count; k++) {
        const imp_object *object = &world->objects[world->moving[k]];
        imp_vec2 gap = imp_vec2_subtract(object->position, middle);
        if (object->kind == IMP_OBJECT_TRAFFIC_LIGHT && imp_env_is_object_present(env, object) &&
            fmax(fabs(gap.x), fabs(gap.z)) < 0.75 * size)
            return !imp_traffic_light_is_green(&env->moving[k], heading);
    }
    return false;
}

// Stops before the next intersection if its light is red and there is room to stop.
static void stop_at_red_lights(road *r)
{
    const imp_sampled_route *p = &r->path;
    for (int k = IMP_ROUTE_SAMPLES_BEHIND + 1; k < p->count; k++) {
        const imp_route_point *place = &p->points[k];
        if (place->curve == p->points[k - 1].curve)
            continue;
        double gap = imp_route_sample_distance(k) - IMP_ROUTE_SAMPLE_SPACING - IMP_ROBOT_FRONT;
        // coasting distance with the motors released
        double room = r->env->speed / IMP_SPEED_DAMPING;
        if (gap > room && is_red_light_at_entry(r->env, place->point, place->tangent))
            limit_speed_and_store_reason(r, compute_speed_before_stop(gap - STOP_MARGIN),
                                         IMP_WAIT_LIGHT);
    }
}

// Whether the robot is so close to an obstacle that its actions should be simulated first.
static bool is_robot_close_to_obstacle(const road *r)
{
    const imp_route_point *here = &r->path.points[IMP_ROUTE_SAMPLES_BEHIND];
    imp_vec2 gap = {r->env->pose.x - here->point.x, r->env->pose.z - here->point.z};
    double aside = imp_vec2_dot(gap, imp_vec2_turn_right(here->tangent));
    for (int k = 0; k < r->count; k++) {
        const imp_road_obstacle *b = &r->obstacles[k];
        if (b->near - IMP_ROBOT_FRONT < 2.0 * CLOSE_DISTANCE &&
            aside > b->left - IMP_ROBOT_HALF_WIDTH - CLOSE_DISTANCE &&
            aside < b->right + IMP_ROBOT_HALF_WIDTH + CLOSE_DISTANCE)
            return true;
    }
    return false;
}

// Most steps see no objects; they return early.
imp_traffic_plan imp_traffic_adjust_plan(const imp_env *env, const imp_route *route,
                                         imp_traffic_plan wanted)
{
    road r = {.env = env, .plan = wanted};
    if (!is_any_object_in_sight(&r))
        return wanted;
    imp_sampled_route_init(&r.path, route);
    collect_obstacles(&r);
    plan_passing_or_stopping(&r);
    limit_speed_behind_traffic(&r);
    stop_at_red_lights(&r);
    r.plan.obstacle_near = is_robot_close_to_obstacle(&r);
    return r.plan;
}
