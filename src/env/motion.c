#include "env/motion.h"

#include <string.h>

#include "base/vector.h"

static const double STRIDE = 0.02, STRIDE_SPREAD = 0.005;
// a hasty tick of the whole body, as fast as in the reference [rad/s]
static const double WIGGLE_RATE = 48.0;
// half a thousandth of a second, to which the reference rounds a light's clock
static const double LIGHT_ROUNDING = 0.0005;

static double draw_wait(imp_random *random)
{
    return 3.0 + imp_random_below(random, 17);
}

static double draw_stride(imp_random *random)
{
    return fabs(STRIDE + STRIDE_SPREAD * imp_random_normal(random));
}

static imp_walk start_walk(const imp_world *world, const imp_object *object, bool randomize,
                           imp_random *random)
{
    imp_walk walk = {
        .direction = imp_forward(object->heading),
        .start = object->position,
        .stride = STRIDE,
        .wait = 8.0,
        .distance = world->tile_size,
        .wiggle = IMP_PI / 15.0,
        .randomized = randomize,
    };
    if (randomize) {
        walk.wait = draw_wait(random);
        walk.stride = draw_stride(random);
        walk.wiggle = IMP_PI / (14.0 + imp_random_below(random, 3));
    }
    return walk;
}

static void shift_box(imp_box *box, imp_vec2 by)
{
    for (int k = 0; k < 4; k++)
        box->corner[k] = imp_vec2_add(box->corner[k], by);
}

static void turn_round(imp_walk *walk, imp_motion *motion, imp_vec2 position)
{
    double back = walk->stride < 0.0 ? 1.0 : -1.0;
    walk->start = position;
    walk->active = false;
    walk->stride = back * (walk->randomized ? draw_stride(&motion->random) : fabs(walk->stride));
    walk->wait = walk->randomized ? draw_wait(&motion->random) : 8.0;
    motion->angle = imp_wrap_angle(motion->angle + IMP_PI);
}

static void step_duckie(imp_motion *motion, imp_object_state *state, double dt)
{
    imp_walk *walk = &motion->walk;
    if (!walk->active) {
        walk->wait -= dt;
        walk->active = walk->wait <= 0.0;
        return;
    }
    imp_vec2 by = imp_vec2_scale(walk->direction, walk->stride * (dt / IMP_TIME_STEP));
    state->position = imp_vec2_add(state->position, by);
    shift_box(&state->box, by);
    if (imp_vec2_length(imp_vec2_subtract(state->position, walk->start)) > walk->distance)
        turn_round(walk, motion, state->position);
    double wiggle = walk->wiggle * sin(WIGGLE_RATE * motion->time);
    state->heading = imp_wrap_angle(motion->angle + wiggle);
}

static void step_light(imp_motion *motion, imp_object_state *state, double dt)
{
    double periods = floor((motion->time + LIGHT_ROUNDING) / motion->period);
    double before = floor((motion->time - dt + LIGHT_ROUNDING) / motion->period);
    state->pattern ^= periods > before;
}

// Part of the checkerboard's dance, up to a step, with its direction.
typedef struct figure {
    int end;
    double x, y, z;
} figure;

// As in the reference, its footprint stays where the map places it.
static void step_board(const imp_object *object, imp_motion *motion, imp_object_state *state)
{
    static const figure dance[] = {
        {0, 0, 0, 0},    {40, 1, 0, 0},  {135, -1, 0, 0}, {170, 1, 0, 0},  {200, 0, 0, 1},
        {260, 0, 0, -1}, {290, 0, 0, 1}, {310, 0, 1, 0},  {330, 0, -1, 0}, {355, -1, 0, 0},
        {370, 0, -1, 0}, {385, 0, 1, 0}, {420, 1, 0, 0},
    };
    const double length = 20.0 / 3000.0; // of a step [m]
    enum { FIGURES = sizeof dance / sizeof dance[0], FIRST_STEP = -20, STRIDES = 2 };
    for (int k = 0; k < FIGURES; k++)
        if (motion->board_step < dance[k].end) {
            state->position.x += length * dance[k].x;
            state->position.z += length * dance[k].z;
            state->y += length * dance[k].y;
            motion->board_step += STRIDES;
            return;
        }
    state->position = object->position;
    state->y = 0.0;
    motion->board_step = FIRST_STEP;
}

static imp_object_state state_at_rest(const imp_object *object)
{
    return (imp_object_state){
        .position = object->position, .heading = object->heading, .box = object->box};
}

static void start_motion(imp_env *env, int k, uint64_t seed)
{
    const imp_object *object = &env->world->objects[env->world->moving[k]];
    const bool randomize = env->def.randomize_objects;
    imp_motion *motion = &env->motion[k];
    *motion = (imp_motion){.angle = object->heading};
    motion->random = imp_random_stream(seed, env->def.index, env->episode, IMP_PURPOSE_MOTION);
    env->moving[k] = state_at_rest(object);
    switch (object->kind) {
    case IMP_OBJECT_DUCKIE:
        motion->walk = start_walk(env->world, object, randomize, &motion->random);
        break;
    case IMP_OBJECT_DUCKIEBOT:
        motion->car = imp_car_nominal();
        if (randomize)
            imp_car_randomize(&motion->car, &motion->random);
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

static void decide_presence(imp_env *env)
{
    memset(env->hidden, 0, sizeof env->hidden);
    if (!env->def.randomize_objects)
        return;
    imp_random random =
        imp_random_stream(env->def.seed, env->def.index, env->episode, IMP_PURPOSE_PRESENCE);
    for (int k = 0; k < env->world->object_count; k++)
        if (env->world->objects[k].optional)
            env->hidden[k / 64] |= (uint64_t)imp_random_below(&random, 2) << k % 64;
}

void imp_motion_reset(imp_env *env)
{
    imp_random seeds =
        imp_random_stream(env->def.seed, env->def.index, env->episode, IMP_PURPOSE_MOTION);
    decide_presence(env);
    for (int k = 0; k < env->world->moving_count; k++) {
        uint64_t high = imp_random_u32(&seeds);
        start_motion(env, k, high << 32 | imp_random_u32(&seeds));
    }
}

void imp_motion_step(imp_env *env)
{
    const double dt = env->def.drive.time_step;
    for (int k = 0; k < env->world->moving_count; k++) {
        const imp_object *object = &env->world->objects[env->world->moving[k]];
        imp_motion *motion = &env->motion[k];
        motion->time += dt;
        if (object->kind == IMP_OBJECT_DUCKIE)
            step_duckie(motion, &env->moving[k], dt);
        else if (object->kind == IMP_OBJECT_DUCKIEBOT)
            imp_car_step(env, k);
        else if (object->kind == IMP_OBJECT_TRAFFIC_LIGHT)
            step_light(motion, &env->moving[k], dt);
        else
            step_board(object, motion, &env->moving[k]);
    }
}
