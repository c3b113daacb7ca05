// Motion of objects. Duckies walk to and fro across the road, traffic lights switch, checkerboards
// follow a fixed choreography; duckiebots are in car_motion.c. Rules and constants are
// gym-duckietown's (objects.py). Each object draws from a random stream of its own, so objects do
// not influence one another's motion. All motion is per time step; durations are in seconds, so it
// does not depend on the step's length.
#include "sim/env/object_motion.h"

#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"

static const double STRIDE = 0.02, STRIDE_SPREAD = 0.005;
// angular frequency of a walking duckie's wiggle, as in gym-duckietown [rad/s]
static const double WIGGLE_RATE = 48.0;
// gym-duckietown rounds a light's clock to milliseconds: half of one [s]
static const double LIGHT_ROUNDING = 0.0005;

// Whole seconds from 3 to 19, as in gym-duckietown.
static double sample_wait_time(imp_random *random)
{
    return 3.0 + imp_random_uniform_int(random, 17);
}

// Normally distributed around 0.02 m per frame; never negative.
static double sample_walking_speed(imp_random *random)
{
    return fabs(STRIDE + STRIDE_SPREAD * imp_random_normal(random));
}

// A duckie that waits for its first walk, with default or drawn parameters.
static imp_duckie_walk make_waiting_duckie_walk(const imp_world *world, const imp_object *object,
                                                bool randomize, imp_random *random)
{
    // defaults first, so that the draws below are the only difference
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
        walk.stride = sample_walking_speed(random);
        walk.wiggle = IMP_PI / (14.0 + imp_random_uniform_int(random, 3));
    }
    return walk;
}

// Moves a rectangle without turning it.
static void translate_box(imp_box *box, imp_vec2 by)
{
    for (int k = 0; k < 4; k++)
        box->corner[k] = imp_vec2_add(box->corner[k], by);
}

// At the end of a walk: turns round and waits. The sign of the stride holds the direction.
static void end_walk_and_turn_round(imp_duckie_walk *walk, imp_object_motion *motion,
                                    imp_vec2 position)
{
    double back = walk->stride < 0.0 ? 1.0 : -1.0;
    walk->start = position;
    walk->active = false;
    walk->stride =
        back * (walk->randomized ? sample_walking_speed(&motion->random) : fabs(walk->stride));
    walk->wait = walk->randomized ? sample_wait_time(&motion->random) : 8.0;
    motion->angle = imp_wrap_angle(motion->angle + IMP_PI);
}

// Lets a duckie wait or walk for one time step.
static void step_duckie(imp_object_motion *motion, imp_object_state *state, double dt)
{
    imp_duckie_walk *walk = &motion->walk;
    // waiting: count down
    if (!walk->active) {
        walk->wait -= dt;
        walk->active = walk->wait <= 0.0;
        return;
    }
    // strides are per frame of 1/30 s, whatever the time step
    imp_vec2 by = imp_vec2_scale(walk->direction, walk->stride * (dt / IMP_TIME_STEP));
    state->position = imp_vec2_add(state->position, by);
    translate_box(&state->box, by);
    if (imp_vec2_length(imp_vec2_subtract(state->position, walk->start)) > walk->distance)
        end_walk_and_turn_round(walk, motion, state->position);
    // the heading swings while position and footprint move straight
    double wiggle = walk->wiggle * imp_sin(WIGGLE_RATE * motion->time);
    state->heading = imp_wrap_angle(motion->angle + wiggle);
}

// Switches a light whenever a multiple of its period has passed.
static void step_traffic_light(imp_object_motion *motion, imp_object_state *state, double dt)
{
    double periods = floor((motion->time + LIGHT_ROUNDING) / motion->period);
    // compare the number of full periods before and after this step
    double before = floor((motion->time - dt + LIGHT_ROUNDING) / motion->period);
    state->pattern ^= periods > before;
}

// A phase of the checkerboard's choreography: the step it ends before, and its direction.
typedef struct board_move {
    int end;
    double x, y, z;
} board_move;

// Moves a checkerboard through its choreography; at the end it starts over. As in gym-duckietown,
// its footprint stays where the map places it.
static void step_checkerboard_choreography(const imp_object *object, imp_object_motion *motion,
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

// Where the map places an object.
static imp_object_state initial_object_state(const imp_object *object)
{
    return (imp_object_state){
        .position = object->position, .heading = object->heading, .box = object->box};
}

// Sets up moving object k for an episode. With randomize_objects its parameters are drawn from a
// stream of its own, seeded with `seed`.
static void init_object_motion(imp_env *env, int k, uint64_t seed)
{
    // start as the map says, then set the parameters of the kind
    const imp_object *object = &env->world->objects[env->world->moving[k]];
    const bool randomize = env->def.randomize_objects;
    imp_object_motion *motion = &env->motion[k];
    *motion = (imp_object_motion){.angle = object->heading};
    motion->random = imp_random_stream(seed, env->def.index, env->episode, IMP_PURPOSE_MOTION);
    env->moving[k] = initial_object_state(object);
    // the order of the draws is part of the results
    switch (object->kind) {
    case IMP_OBJECT_DUCKIE:
        motion->walk = make_waiting_duckie_walk(env->world, object, randomize, &motion->random);
        break;
    case IMP_OBJECT_DUCKIEBOT:
        motion->car = imp_car_motion_default();
        if (randomize)
            imp_car_motion_randomize(&motion->car, &motion->random);
        break;
    case IMP_OBJECT_TRAFFIC_LIGHT:
        motion->period = randomize ? 4.0 + imp_random_uniform_int(&motion->random, 3) : 5.0;
        env->moving[k].pattern = randomize && imp_random_uniform_int(&motion->random, 2) == 1;
        break;
    default:
        motion->board_step = -20;
        break;
    }
}

// With randomize_objects, each optional object exists with probability 1/2; else all exist.
static void hide_optional_objects(imp_env *env)
{
    // without randomisation nothing is hidden
    memset(env->hidden, 0, sizeof env->hidden);
    if (!env->def.randomize_objects)
        return;
    imp_random random = imp_random_stream(env->def.seed, env->def.index, env->episode,
                                          IMP_PURPOSE_OPTIONAL_OBJECTS);
    for (int k = 0; k < env->world->object_count; k++)
        if (env->world->objects[k].optional)
            env->hidden[k / 64] |= (uint64_t)imp_random_uniform_int(&random, 2) << k % 64;
}

void imp_object_motion_reset(imp_env *env)
{
    imp_random seeds =
        imp_random_stream(env->def.seed, env->def.index, env->episode, IMP_PURPOSE_MOTION);
    hide_optional_objects(env);
    for (int k = 0; k < env->world->moving_count; k++) {
        // a 64-bit seed per object, drawn in the order of the map
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
            step_checkerboard_choreography(object, motion, &env->moving[k]);
    }
}
