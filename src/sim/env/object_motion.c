#include "sim/env/object_motion.h"

#include <string.h>

#include "base/common/vector2.h"

static const double STRIDE = 0.02, STRIDE_SPREAD = 0.005;
// a hasty tick of the whole body, as fast as in gym-duckietown [rad/s]
static const double WIGGLE_RATE = 48.0;
// half a thousandth of a second, to which gym-duckietown rounds a light's clock
static const double LIGHT_ROUNDING = 0.0005;

static double sample_wait_time(imp_random *random)
{
    return 3.0 + imp_random_below(random, 17);
}

static double sample_stride(imp_random *random)
{
    return fabs(STRIDE + STRIDE_SPREAD * imp_random_normal(random));
}

static imp_duckie_walk init_walk(const imp_world *world, const imp_object *object, bool randomize,
                                 imp_random *random)
{
    imp_duckie_walk walk = {
        .direction = imp_heading_direction(object->heading),
        .start = object->position,
        .stride = STRIDE,
        .wait = 8.0,
        .distance = world->tile_size,
        .wiggle = IMP_PI / 15.0,
        .randomized = randomize,
    };
    if (randomize) {
        walk.wait = sample_wait_time(random);
        walk.stride = sample_stride(random);
        walk.wiggle = IMP_PI / (14.0 + imp_random_below(random, 3));
    }
    return walk;
}

static void translate_box(imp_box *box, imp_vec2 by)
{
    for (int k = 0; k < 4; k++)
        box->corner[k] = imp_vec2_add(box->corner[k], by);
}

static void reverse_walk(imp_duckie_walk *walk, imp_object_motion *motion, imp_vec2 position)
{
    double back = walk->stride < 0.0 ? 1.0 : -1.0;
    walk->start = position;
    walk->active = false;
    walk->stride = back * (walk->randomized ? sample_stride(&motion->random) : fabs(walk->stride));
    walk->wait = walk->randomized ? sample_wait_time(&motion->random) : 8.0;
    motion->angle = imp_wrap_angle(motion->angle + IMP_PI);
}

static void step_duckie(imp_object_motion *motion, imp_object_state *state, double dt)
{
    imp_duckie_walk *walk = &motion->walk;
    if (!walk->active) {
        walk->wait -= dt;
        walk->active = walk->wait <= 0.0;
        return;
    }
    imp_vec2 by = imp_vec2_scale(walk->direction, walk->stride * (dt / IMP_TIME_STEP));
    state->position = imp_vec2_add(state->position, by);
    translate_box(&state->box, by);
    if (imp_vec2_length(imp_vec2_subtract(state->position, walk->start)) > walk->distance)
        reverse_walk(walk, motion, state->position);
    double wiggle = walk->wiggle * sin(WIGGLE_RATE * motion->time);
    state->heading = imp_wrap_angle(motion->angle + wiggle);
}

static void step_traffic_light(imp_object_motion *motion, imp_object_state *state, double dt)
{
    double periods = floor((motion->time + LIGHT_ROUNDING) / motion->period);
    double before = floor((motion->time - dt + LIGHT_ROUNDING) / motion->period);
    state->pattern ^= periods > before;
}

// Part of the checkerboard's dance, up to a step, with its direction.
typedef struct board_move {
    int end;
    double x, y, z;
} board_move;

// As in gym-duckietown, its footprint stays where the map places it.
static void step_checkerboard(const imp_object *object, imp_object_motion *motion,
                              imp_object_state *state)
{
    static const board_move dance[] = {
        {0, 0, 0, 0},    {40, 1, 0, 0},  {135, -1, 0, 0}, {170, 1, 0, 0},  {200, 0, 0, 1},
        {260, 0, 0, -1}, {290, 0, 0, 1}, {310, 0, 1, 0},  {330, 0, -1, 0}, {355, -1, 0, 0},
        {370, 0, -1, 0}, {385, 0, 1, 0}, {420, 1, 0, 0},
    };
    const double length = 20.0 / 3000.0; // of a step [m]
    enum { MOVE_COUNT = sizeof dance / sizeof dance[0], FIRST_STEP = -20, STEPS_PER_FRAME = 2 };
    for (int k = 0; k < MOVE_COUNT; k++)
        if (motion->board_step < dance[k].end) {
            state->position.x += length * dance[k].x;
            state->position.z += length * dance[k].z;
            state->y += length * dance[k].y;
            motion->board_step += STEPS_PER_FRAME;
            return;
        }
    state->position = object->position;
    state->y = 0.0;
    motion->board_step = FIRST_STEP;
}

static imp_object_state initial_object_state(const imp_object *object)
{
    return (imp_object_state){
        .position = object->position, .heading = object->heading, .box = object->box};
}

static void init_object_motion(imp_env *env, int k, uint64_t seed)
{
    const imp_object *object = &env->world->objects[env->world->moving[k]];
    const bool randomize = env->def.randomize_objects;
    imp_object_motion *motion = &env->motion[k];
    *motion = (imp_object_motion){.angle = object->heading};
    motion->random = imp_random_stream(seed, env->def.index, env->episode, IMP_PURPOSE_MOTION);
    env->moving[k] = initial_object_state(object);
    switch (object->kind) {
    case IMP_OBJECT_DUCKIE:
        motion->walk = init_walk(env->world, object, randomize, &motion->random);
        break;
    case IMP_OBJECT_DUCKIEBOT:
        motion->car = imp_car_motion_default();
        if (randomize)
            imp_car_motion_randomize(&motion->car, &motion->random);
        break;
    case IMP_OBJECT_TRAFFIC_LIGHT:
        motion->period = randomize ? 4.0 + imp_random_below(&motion->random, 3) : 5.0;
        env->moving[k].pattern = randomize && imp_random_below(&motion->random, 2) == 1;
        break;
    default:
        motion->board_step = -20;
        break;
    }
}

static void choose_optional_objects(imp_env *env)
{
    memset(env->hidden, 0, sizeof env->hidden);
    if (!env->def.randomize_objects)
        return;
    imp_random random = imp_random_stream(env->def.seed, env->def.index, env->episode,
                                          IMP_PURPOSE_OPTIONAL_OBJECTS);
    for (int k = 0; k < env->world->object_count; k++)
        if (env->world->objects[k].optional)
            env->hidden[k / 64] |= (uint64_t)imp_random_below(&random, 2) << k % 64;
}

void imp_object_motion_reset(imp_env *env)
{
    imp_random seeds =
        imp_random_stream(env->def.seed, env->def.index, env->episode, IMP_PURPOSE_MOTION);
    choose_optional_objects(env);
    for (int k = 0; k < env->world->moving_count; k++) {
        uint64_t high = imp_random_u32(&seeds);
        init_object_motion(env, k, high << 32 | imp_random_u32(&seeds));
    }
}

void imp_object_motion_step(imp_env *env)
{
    const double dt = env->def.drive.time_step;
    for (int k = 0; k < env->world->moving_count; k++) {
        const imp_object *object = &env->world->objects[env->world->moving[k]];
        imp_object_motion *motion = &env->motion[k];
        motion->time += dt;
        if (object->kind == IMP_OBJECT_DUCKIE)
            step_duckie(motion, &env->moving[k], dt);
        else if (object->kind == IMP_OBJECT_DUCKIEBOT)
            imp_car_motion_step(env, k);
        else if (object->kind == IMP_OBJECT_TRAFFIC_LIGHT)
            step_traffic_light(motion, &env->moving[k], dt);
        else
            step_checkerboard(object, motion, &env->moving[k]);
    }
}
