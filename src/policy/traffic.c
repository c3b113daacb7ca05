#include "policy/traffic.h"

#include "base/vector.h"
#include "policy/blocks.h"

enum { BLOCKS_MAX = 64 }; // things that count at a time

static const double SIGHT = 1.9;         // things farther away do not count [m]
static const double STOP_MARGIN = 0.10;  // kept to what one stops for [m]
static const double FOLLOW_GAP = 0.25;   // kept to who drives ahead [m]
static const double PASS_SPEED = 0.35;   // not faster while beside the lane [m/s]
static const double STOP_RATE = 2.2;     // speed for each metre that is left to a stop [1/s]
static const double ONCOMING_TIME = 3.0; // what comes towards us takes up the road for so long [s]
static const double SLOW = 0.02;         // what moves no faster along the road stands [m/s]
static const double WALKER_SIZE = 0.04;  // half of a duckie, any way round [m]
static const double WALKER_TIME = 0.5;   // between the robot's passing and a duckie's start [s]
static const double WAITING = 0.05;      // who should drive no faster waits [m/s]
static const double CLOSE = 0.12;        // actions are tried out at less than that [m]

typedef struct road {
    const imp_env *env;
    imp_path path;
    imp_block blocks[BLOCKS_MAX];
    int count;
    imp_traffic_plan plan;
} road;

static void add_block(road *r, imp_block b)
{
    if (r->count == BLOCKS_MAX || b.far < -IMP_ROBOT_REAR)
        return;
    r->blocks[r->count++] = b;
}

static bool in_sight(const road *r, imp_vec2 position, double radius)
{
    imp_vec2 gap = {position.x - r->env->pose.x, position.z - r->env->pose.z};
    double reach = SIGHT + radius;
    return imp_vec2_dot(gap, gap) < reach * reach;
}

static void add_standing(road *r, const imp_box *box)
{
    imp_block b;
    if (imp_block_of(&r->path, box, &b))
        add_block(r, b);
}

// What comes towards us also takes up the road that it is about to drive on.
static void add_moving(road *r, const imp_box *box, imp_vec2 velocity, bool lost)
{
    imp_block b;
    if (!imp_block_of(&r->path, box, &b))
        return;
    b.car = !lost;
    b.along = imp_vec2_dot(velocity, imp_path_tangent(&r->path, b.near));
    if (b.along < -SLOW)
        b.near += ONCOMING_TIME * b.along;
    add_block(r, b);
}

// A strip from one point to another.
static imp_box strip_between(imp_vec2 from, imp_vec2 to, double half_width)
{
    imp_vec2 ahead = imp_vec2_unit(imp_vec2_subtract(to, from));
    imp_vec2 aside = imp_vec2_scale(imp_vec2_right(ahead), half_width);
    imp_vec2 end = imp_vec2_scale(ahead, half_width);
    from = imp_vec2_subtract(from, end);
    to = imp_vec2_add(to, end);
    return (imp_box){
        .corner = {imp_vec2_subtract(from, aside), imp_vec2_subtract(to, aside),
                   imp_vec2_add(to, aside), imp_vec2_add(from, aside)},
        .axis = {ahead, imp_vec2_right(ahead)},
    };
}

// What a duckie walks along, or is about to before the robot would have passed.
static void add_walk(road *r, imp_vec2 position, const imp_walk *walk)
{
    imp_vec2 from = walk->active ? walk->start : position;
    double length = walk->stride < 0.0 ? -walk->distance : walk->distance;
    imp_vec2 to = imp_vec2_add(from, imp_vec2_scale(walk->direction, length));
    imp_box strip = strip_between(position, to, WALKER_SIZE);
    imp_block b;
    if (!imp_block_of(&r->path, &strip, &b))
        return;
    b.walker = true;
    double passed = (b.far + IMP_ROBOT_REAR) / PASS_SPEED + WALKER_TIME;
    if (walk->active || walk->wait < passed)
        add_block(r, b);
}

// How fast a moving duckiebot drives [m/s].
static double car_speed(const imp_car *car)
{
    const double motor_constant = 27.0;
    bool stands = car->lost || car->waiting;
    return stands ? 0.0 : car->speed * car->gain / (car->wheel_radius * motor_constant);
}

static void add_object(road *r, const imp_object *object)
{
    const imp_env *env = r->env;
    if (object->moving < 0) {
        add_standing(r, &object->box);
        return;
    }
    const imp_object_state *state = &env->moving[object->moving];
    const imp_motion *motion = &env->motion[object->moving];
    switch (object->kind) {
    case IMP_OBJECT_DUCKIE:
        add_walk(r, state->position, &motion->walk);
        break;
    case IMP_OBJECT_DUCKIEBOT:
        if (motion->car.lost) { // for good
            add_standing(r, &state->box);
            break;
        }
        add_moving(r, &state->box,
                   imp_vec2_scale(imp_forward(motion->angle), car_speed(&motion->car)),
                   motion->car.lost);
        break;
    default:
        add_standing(r, &state->box);
    }
}

// Whether there is anything that could matter.
static bool anything_in_sight(const road *r)
{
    const imp_world *world = r->env->world;
    for (int k = 0; k < world->object_count; k++) {
        const imp_object *object = &world->objects[k];
        if (object->moving >= 0 || in_sight(r, object->position, object->safety_radius))
            return true;
    }
    return false;
}

static void look_around(road *r)
{
    const imp_world *world = r->env->world;
    for (int k = 0; k < world->object_count; k++) {
        const imp_object *object = &world->objects[k];
        imp_vec2 position =
            object->moving < 0 ? object->position : r->env->moving[object->moving].position;
        if (object->solid && in_sight(r, position, object->safety_radius) &&
            imp_env_object_is_there(r->env, object))
            add_object(r, object);
    }
}

static double clamp(double value, double low, double high)
{
    return fmax(low, fmin(high, value));
}

// The speed at which a stop is reached gently.
static double speed_to_stop(double distance)
{
    return fmax(0.0, STOP_RATE * distance);
}

// Limits the speed because of something; below the speed of standing, that is waited for.
static void slow_down(road *r, double speed, imp_wait reason)
{
    if (speed >= r->plan.speed)
        return;
    r->plan.speed = speed;
    r->plan.slowed_by = reason;
    if (speed < WAITING)
        r->plan.wait = reason;
}

// How one passes what stands in the way.
typedef struct passing {
    double sight;  // that much ahead counts [m]
    double margin; // kept free to either side, and to the edge of the road [m]
    double speed;  // not faster beside the lane [m/s]
} passing;

// What stands, drives or walks this near to one's way is in it [m].
#define CLEARANCE 0.050

// From the one that is liked best to the tightest.
static const passing PASSINGS[] = {
    {0.75, CLEARANCE, 0.35}, {0.75, 0.022, 0.25}, {0.50, 0.035, 0.30},
    {0.50, 0.022, 0.25},     {0.35, 0.022, 0.20}, {0.35, 0.012, 0.15},
};
enum { PASSING_COUNT = sizeof PASSINGS / sizeof PASSINGS[0] };

// Whether one drives past a block, if there is room, rather than behind it.
static bool to_be_passed(const imp_block *b, double sight)
{
    return !b->walker && b->along <= SLOW && b->near - IMP_ROBOT_FRONT < sight;
}

static bool is_free(const road *r, double offset, const passing *p)
{
    for (int k = 0; k < r->count; k++)
        if (to_be_passed(&r->blocks[k], p->sight) &&
            imp_block_meets(&r->blocks[k], offset, p->margin))
            return false;
    return true;
}

// The offset nearest to the wanted one at which nothing stands in the way; false if there is none
// on the road.
static bool find_room(const road *r, const passing *p, double *offset)
{
    const double tile = r->env->world->tile_size, wanted = *offset;
    // lanes lie 0.2 tiles from the middle of the road, whose edges are those of the tile
    const double most = 0.3 * tile - IMP_ROBOT_HALF_WIDTH - p->margin;
    const double least = -0.7 * tile + IMP_ROBOT_HALF_WIDTH + p->margin;
    double best = INFINITY;
    if (is_free(r, wanted, p))
        return true;
    for (int k = 0; k < r->count; k++) {
        const imp_block *b = &r->blocks[k];
        const double sides[] = {b->left - b->reach_right - p->margin,
                                b->right + b->reach_left + p->margin};
        for (int side = 0; side < 2; side++)
            if (sides[side] >= least && sides[side] <= most && is_free(r, sides[side], p) &&
                fabs(sides[side] - wanted) < fabs(best - wanted))
                best = sides[side];
    }
    if (!isfinite(best))
        return false;
    *offset = best;
    return true;
}

// Passes what stands in the way, or stops before it.
static void pass_or_stop(road *r)
{
    const double wanted = r->plan.offset;
    for (int k = 0; k < PASSING_COUNT; k++) {
        double offset = wanted;
        if (!find_room(r, &PASSINGS[k], &offset))
            continue;
        if (k > 0 || offset != wanted)
            r->plan.speed = fmin(r->plan.speed, PASSINGS[k].speed);
        r->plan.offset = offset;
        return;
    }
    for (int k = 0; k < r->count; k++) {
        const imp_block *b = &r->blocks[k];
        if (to_be_passed(b, PASSINGS[0].sight) && imp_block_meets(b, wanted, CLEARANCE))
            slow_down(r, speed_to_stop(b->near - IMP_ROBOT_FRONT - STOP_MARGIN),
                      b->car ? IMP_WAIT_CAR : IMP_WAIT_OBSTACLE);
    }
}

// Keeps behind what drives ahead, and before those who walk across.
static void keep_distance(road *r)
{
    for (int k = 0; k < r->count; k++) {
        const imp_block *b = &r->blocks[k];
        double gap = b->near - IMP_ROBOT_FRONT;
        if (!imp_block_meets(b, r->plan.offset, CLEARANCE) || gap < -IMP_ROBOT_FRONT)
            continue;
        if (b->walker)
            slow_down(r, speed_to_stop(gap - STOP_MARGIN), IMP_WAIT_WALKER);
        else if (b->along > SLOW)
            slow_down(r, clamp(b->along + 1.5 * (gap - FOLLOW_GAP), 0.0, 1.0), IMP_WAIT_CAR);
    }
}

// Whether a light on a crossing, or at its side, tells who drives onto it to wait.
static bool is_red(const imp_env *env, imp_vec2 entry, imp_vec2 direction)
{
    const imp_world *world = env->world;
    const double size = world->tile_size;
    imp_vec2 inside = imp_vec2_add(entry, imp_vec2_scale(direction, 0.01 * size));
    if (!imp_tile_is_crossing(imp_world_tile_at(world, inside.x, inside.z)))
        return false;
    imp_vec2 middle = {(floor(inside.x / size) + 0.5) * size,
                       (floor(inside.z / size) + 0.5) * size};
    double heading = atan2(-direction.z, direction.x);
    for (int k = 0; k < world->moving_count; k++) {
        const imp_object *object = &world->objects[world->moving[k]];
        imp_vec2 gap = imp_vec2_subtract(object->position, middle);
        if (object->kind == IMP_OBJECT_TRAFFIC_LIGHT && imp_env_object_is_there(env, object) &&
            fmax(fabs(gap.x), fabs(gap.z)) < 0.75 * size)
            return !imp_traffic_light_is_green(&env->moving[k], heading);
    }
    return false;
}

// Stops before the next crossing on the route if its light is red and there is still room to.
static void wait_at_lights(road *r)
{
    const imp_path *p = &r->path;
    for (int k = IMP_PATH_BEHIND + 1; k < p->count; k++) {
        const imp_route_point *place = &p->places[k];
        if (place->curve == p->places[k - 1].curve)
            continue;
        double gap = imp_place_distance(k) - IMP_PATH_SPACING - IMP_ROBOT_FRONT;
        // motors that are let go coast to a stop in this
        double room = r->env->speed / IMP_SPEED_DAMPING;
        if (gap > room && is_red(r->env, place->point, place->tangent))
            slow_down(r, speed_to_stop(gap - STOP_MARGIN), IMP_WAIT_LIGHT);
    }
}

// Whether the robot is so near to something that it should look what its action would lead to.
static bool is_close(const road *r)
{
    const imp_route_point *here = &r->path.places[IMP_PATH_BEHIND];
    imp_vec2 gap = {r->env->pose.x - here->point.x, r->env->pose.z - here->point.z};
    double aside = imp_vec2_dot(gap, imp_vec2_right(here->tangent));
    for (int k = 0; k < r->count; k++) {
        const imp_block *b = &r->blocks[k];
        if (b->near - IMP_ROBOT_FRONT < 2.0 * CLOSE &&
            aside > b->left - IMP_ROBOT_HALF_WIDTH - CLOSE &&
            aside < b->right + IMP_ROBOT_HALF_WIDTH + CLOSE)
            return true;
    }
    return false;
}

imp_traffic_plan imp_traffic_mind(const imp_env *env, const imp_route *route,
                                  imp_traffic_plan wanted)
{
    road r = {.env = env, .plan = wanted};
    if (!anything_in_sight(&r))
        return wanted;
    imp_path_sample(&r.path, route);
    look_around(&r);
    pass_or_stop(&r);
    keep_distance(&r);
    wait_at_lights(&r);
    r.plan.close = is_close(&r);
    return r.plan;
}
