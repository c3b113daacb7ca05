// Objects in the environment: who collides, who yields, what is drawn, and that copies are forks.
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/vector2.h"
#include "imprint/env.h"

// A straight road that runs east; its lane to the east lies at z = 0.42.
#define ROAD                                                                                       \
    "tile_size: 0.6\n"                                                                             \
    "tiles: [[straight/E, straight/E, straight/E, straight/E, straight/E, straight/E, floor]]\n"

static imp_world *parse(const char *text)
{
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_parse(&world, text, strlen(text), "test.yaml", &err), err);
    return world;
}

static imp_world *load(const char *map)
{
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_load(&world, map, &err), err);
    return world;
}

static imp_env make_env(const imp_world *world, const imp_env_def *def)
{
    imp_error err = {0};
    imp_env env;
    assert_ok(imp_env_init(&env, world, def, &err), err);
    return env;
}

static void reset(imp_env *env, uint32_t episode)
{
    imp_error err = {0};
    assert_ok(imp_env_reset(env, episode, &err), err);
}

static const imp_action STAND = {0, 0}, AHEAD = {0.5, 0.5};

static void touching_an_object_is_a_collision(void **state)
{
    (void)state;
    imp_world *world = parse(ROAD "objects:\n- {kind: barrier, pose: {~SE2Transform: "
                                  "{p: [1.5, 0.18], theta_deg: 90}}, height: 0.08}\n");
    imp_env_def def = imp_default_env_def();
    imp_env env = make_env(world, &def);
    imp_env_reset_at(&env, 0, (imp_pose){0.5, 0.42, 0});
    imp_step step = {0};
    double last = 0;
    while (!step.terminated && env.frame < 300) {
        last = step.reward;
        step = imp_env_step(&env, AHEAD);
    }
    assert_true(step.terminated);
    assert_close(step.reward, -1000, 0);
    assert_true(last < 0); // coming near costs
    assert_int_equal(env.ending, IMP_END_COLLISION);
    assert_string_equal(imp_end_reason_name(env.ending), "collision");
    // its front has just come to the barrier's, which is 0.057 m thick; the footprint lies 0.048 m
    // behind the pose
    assert_close(env.pose.x - 0.048 + 0.09, 1.5 - 0.0284, 0.02);
    assert_ptr_equal(imp_env_find_collision(&env, env.pose, 2 * IMP_CENTRE_FORWARD),
                     &world->objects[0]);
    assert_null(imp_env_find_collision(&env, (imp_pose){0.5, 0.42, 0}, IMP_CENTRE_FORWARD));
    assert_ptr_equal(imp_env_find_collided_object(&env), &world->objects[0]);

    // what is hidden is not there
    env.hidden[0] = 1;
    assert_null(imp_env_find_collision(&env, env.pose, 2 * IMP_CENTRE_FORWARD));
    assert_close(imp_env_proximity_penalty(&env, env.pose), 0, 0);
    assert_true(imp_env_is_valid_pose(&env, env.pose, 1.0));
    imp_world_destroy(world);
}

static double angle_of(imp_vec2 v)
{
    return atan2(-v.z, v.x);
}

// The robot's corner k (as in imp_box) points at a corner of the object, whose centre it stands in
// line with, `gap` away; returns what is met.
static const imp_object *find_collision_at_corner(const imp_env *env, imp_vec2 centre,
                                                  imp_vec2 corner, int k, double gap)
{
    const imp_box robot = imp_robot_footprint((imp_pose){0}, 0.0);
    const imp_vec2 out = imp_vec2_subtract(corner, centre);
    const double far = imp_vec2_length(out), reach = imp_vec2_length(robot.corner[k]);
    const imp_vec2 at = imp_vec2_add(centre, imp_vec2_scale(out, (far + reach + gap) / far));
    const double heading = angle_of(out) + IMP_PI - angle_of(robot.corner[k]);
    return imp_env_find_collision(env, (imp_pose){at.x, at.z, heading}, 0.0);
}

// Corner to corner objects are met as far away as they can be, and no farther: no test by distance
// that comes first leaves them out.
static void corners_that_touch_are_met(void **state)
{
    (void)state;
    static const char *const ways[] = {"", ", static: false"};
    static const double places[][2] = {{1.5, 1.5}, {1.2, 1.2}, {1.79, 1.21}, {0.05, 0.05}};
    int kinds = 0, moving = 0;
    for (int n = 0; n < 2 * IMP_OBJECT_KIND_COUNT; n++)
        for (int p = 0; p < 4; p++) {
            char text[1024];
            const char *name = imp_object_class_get(n / 2)->name;
            const bool moves = n / 2 == IMP_OBJECT_DUCKIE || n / 2 == IMP_OBJECT_DUCKIEBOT ||
                               n / 2 == IMP_OBJECT_CHECKERBOARD;
            if (n % 2 == 1 && !moves)
                continue;
            snprintf(text, sizeof text,
                     "tile_size: 0.6\ntiles:\n- [floor, floor, floor, floor, floor]\n"
                     "- [floor, straight/E, floor, floor, floor]\n"
                     "- [floor, floor, floor, floor, floor]\n"
                     "objects:\n- {kind: %s, pos: [%g, %g], rotate: 20, height: 0.15%s}\n",
                     n / 2 == IMP_OBJECT_SIGN ? "sign_stop" : name, places[p][0] / 0.6,
                     places[p][1] / 0.6, ways[n % 2]);
            imp_world *world = parse(text);
            const imp_env_def def = imp_default_env_def();
            imp_env env = make_env(world, &def);
            imp_env_reset_at(&env, 0, (imp_pose){2.7, 1.5, 0});
            const imp_object *object = &world->objects[0];
            const imp_box *box =
                object->moving < 0 ? &object->box : &env.moving[object->moving].box;
            double reach = 0.0;
            for (int c = 0; c < 4; c++) {
                const imp_vec2 corner = box->corner[c];
                reach = fmax(reach, hypot(corner.x - object->position.x, //
                                          corner.z - object->position.z));
                for (int k = 0; k < 4; k++) {
                    const imp_object *wanted = object->solid ? object : NULL;
                    if (find_collision_at_corner(&env, object->position, corner, k, -1e-3) !=
                        wanted)
                        fail_msg("%s: corner %d does not meet the robot's %d", name, c, k);
                    if (find_collision_at_corner(&env, object->position, corner, k, 1e-3) != NULL)
                        fail_msg("%s: corner %d meets the robot's %d from afar", name, c, k);
                }
            }
            kinds += object->solid && fabs(reach - object->safety_radius / 1.8) < 1e-4;
            moving += object->solid && object->moving >= 0;
            imp_world_destroy(world);
        }
    assert_true(kinds >= 4 * 8 && moving >= 4 * 2);
}

static void starts_keep_away_from_objects(void **state)
{
    (void)state;
    static const char *const maps[] = {"loop_obstacles", "loop_pedestrians", "regress_4way_adam",
                                       "loop_dyn_duckiebots"};
    for (int m = 0; m < 4; m++) {
        imp_world *world = load(maps[m]);
        imp_env_def def = imp_default_env_def();
        imp_env env = make_env(world, &def);
        for (uint32_t episode = 0; episode < 200; episode++) {
            reset(&env, episode);
            assert_true(imp_env_is_valid_pose(&env, env.pose, 1.3));
            for (int k = 0; k < world->object_count; k++) {
                imp_vec2 gap = {world->objects[k].position.x - env.pose.x,
                                world->objects[k].position.z - env.pose.z};
                assert_true(imp_vec2_length(gap) >= world->objects[k].spawn_distance);
            }
        }
        imp_world_destroy(world);
    }
}

static void copied_env_continues_independently(void **state)
{
    (void)state;
    imp_world *world = load("loop_pedestrians");
    imp_env_def def = imp_default_env_def();
    def.randomize_objects = true;
    imp_env env = make_env(world, &def);
    reset(&env, 1);
    imp_random random = imp_random_stream(5, 0, 0, IMP_PURPOSE_TEST);
    for (int k = 0; k < 400; k++)
        imp_env_step(&env, STAND);
    imp_env fork = env;
    static imp_env copy;
    memset(&copy, 0xff, sizeof copy);
    imp_env_copy(&copy, &env);
    for (int k = 0; k < 900; k++) {
        imp_action action = {imp_random_uniform(&random, -1, 1),
                             imp_random_uniform(&random, -1, 1)};
        imp_step a = imp_env_step(&env, action), b = imp_env_step(&fork, action);
        assert_close(a.reward, b.reward, 0);
        assert_int_equal(a.terminated, b.terminated);
        assert_memory_equal(&env.pose, &fork.pose, sizeof env.pose);
        assert_memory_equal(env.moving, fork.moving, sizeof env.moving);
        const imp_step c = imp_env_step(&copy, action);
        assert_close(a.reward, c.reward, 0);
        for (int n = 0; n < world->moving_count; n++)
            assert_memory_equal(&env.moving[n], &copy.moving[n], sizeof env.moving[n]);
    }
    imp_world_destroy(world);
}

// As many objects move as the map says; the reference has no limit.
static void a_thousand_duckies_walk(void **state)
{
    (void)state;
    const int count = 1000;
    char *text = malloc(100 * (size_t)count);
    assert_non_null(text);
    int length = sprintf(text, "tile_size: 0.585\ntiles:\n- [4way, 4way]\nobjects:\n");
    for (int k = 0; k < count; k++)
        length += sprintf(text + length,
                          "- {kind: duckie, pos: [0.9, %.3f], static: false, height: 0.06}\n",
                          k * 0.5 / count);
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_parse(&world, text, (size_t)length, "many.yaml", &err), err);
    free(text);
    assert_int_equal(world->moving_count, count);
    static imp_env env, copy;
    imp_env_def def = imp_default_env_def();
    assert_ok(imp_env_init(&env, world, &def, &err), err);
    imp_env_reset_at(&env, 0, (imp_pose){0.2, 0.2, 0.0});
    imp_env_copy(&copy, &env);
    for (int k = 0; k < 300; k++) { // they wait for 8 s
        imp_env_step(&env, STAND);
        imp_env_step(&copy, STAND);
    }
    for (int k = 0; k < count; k++) {
        assert_true(env.moving[k].position.x != world->objects[k].position.x);
        assert_memory_equal(&env.moving[k], &copy.moving[k], sizeof env.moving[k]);
    }
    imp_world_destroy(world);
}

static void draws_depend_on_seed_and_episode(void **state)
{
    (void)state;
    imp_world *world = load("loop_pedestrians");
    imp_env_def def = imp_default_env_def();
    imp_env nominal = make_env(world, &def);
    assert_close(nominal.motion[0].walk.stride, 0.02, 0);
    assert_close(nominal.motion[0].walk.wait, 8, 0);
    def.randomize_objects = true;
    imp_env env = make_env(world, &def);
    bool waits[20] = {false};
    double strides = 0;
    for (uint32_t episode = 0; episode < 1000; episode++) {
        reset(&env, episode);
        const imp_duckie_walk *walk = &env.motion[0].walk;
        assert_in_range((int)walk->wait, 3, 19);
        waits[(int)walk->wait] = true;
        assert_true(walk->stride > 0 && walk->stride < 0.05);
        assert_true(walk->stride != env.motion[1].walk.stride);
        strides += walk->stride / 1000;
    }
    for (int wait = 3; wait < 20; wait++)
        assert_true(waits[wait]);
    assert_close(strides, 0.02, 0.0006);
    reset(&env, 7);
    imp_env again = make_env(world, &def);
    reset(&again, 7);
    assert_memory_equal(&env.motion, &again.motion, sizeof env.motion);
    imp_world_destroy(world);
}

static void optional_objects_are_there_half_of_the_time(void **state)
{
    (void)state;
    imp_world *world = parse(ROAD "objects:\n"
                                  "- {kind: tree, pos: [6.5, 0.5], optional: true}\n"
                                  "- {kind: tree, pos: [6.5, 0.2]}\n"
                                  "- {kind: trafficlight, pos: [6.2, 0.2], optional: true}\n");
    imp_env_def def = imp_default_env_def();
    imp_env env = make_env(world, &def);
    int there[3] = {0}, together = 0;
    for (uint32_t episode = 0; episode < 50; episode++) {
        reset(&env, episode);
        for (int k = 0; k < 3; k++)
            assert_true(imp_env_is_object_present(&env, &world->objects[k]));
    }
    def.randomize_objects = true;
    env = make_env(world, &def);
    for (uint32_t episode = 0; episode < 400; episode++) {
        reset(&env, episode);
        bool is_there[3];
        for (int k = 0; k < 3; k++)
            there[k] += is_there[k] = imp_env_is_object_present(&env, &world->objects[k]);
        together += is_there[0] && is_there[2];
    }
    assert_in_range(there[0], 150, 250);
    assert_int_equal(there[1], 400);
    assert_in_range(there[2], 150, 250);
    assert_in_range(together, 60, 140);
    imp_world_destroy(world);
}

static double gap_to_robot(const imp_env *env, int k)
{
    imp_box robot = imp_robot_footprint(env->pose, IMP_CENTRE_FORWARD);
    double gap = INFINITY;
    for (int corner = 0; corner < 4; corner++)
        gap = fmin(gap, robot.corner[corner].x - env->moving[k].box.corner[1].x);
    return gap;
}

#define CAR "pose: {~SE2Transform: {p: [0.4, 0.18], theta: 0}}, static: false, height: 0.12"

static void yielding_cars_stop_for_the_robot(void **state)
{
    (void)state;
    imp_world *world = parse(ROAD "objects:\n- {kind: duckiebot, " CAR "}\n");
    imp_env_def def = imp_default_env_def();
    for (int yields = 0; yields < 2; yields++) {
        def.cars_yield = yields == 1;
        imp_env env = make_env(world, &def);
        imp_env_reset_at(&env, 0, (imp_pose){1.6, 0.42, 0});
        for (int k = 0; k < 200; k++)
            imp_env_step(&env, STAND);
        assert_int_equal(env.motion[0].car.waiting, yields);
        if (yields == 0) {
            assert_true(gap_to_robot(&env, 0) < 0); // through and through, as in the reference
            continue;
        }
        assert_close(gap_to_robot(&env, 0), 0.33, 0.06);
        // when the robot drives on, so does the car
        double x = env.moving[0].position.x;
        for (int k = 0; k < 60; k++)
            imp_env_step(&env, (imp_action){0.7, 0.7});
        assert_true(env.moving[0].position.x > x + 0.2);
        assert_false(env.motion[0].car.waiting);
    }
    imp_world_destroy(world);
}

static void yielding_cars_pass_what_is_beside_their_lane(void **state)
{
    (void)state;
    imp_world *world = parse(
        ROAD "objects:\n- {kind: duckiebot, " CAR "}\n"
             "- {kind: duckie, pose: {~SE2Transform: {p: [1.2, 0.02], theta: 0}}, height: 0.06}\n"
             "- {kind: duckie, pose: {~SE2Transform: {p: [2.4, 0.2], theta: 0}}, height: 0.06}\n");
    imp_env_def def = imp_default_env_def();
    def.cars_yield = true;
    imp_env env = make_env(world, &def);
    imp_env_reset_at(&env, 0, (imp_pose){0.3, 0.18, IMP_PI}); // in the other lane
    for (int k = 0; k < 600; k++)
        imp_env_step(&env, STAND);
    assert_true(env.motion[0].car.waiting);
    assert_close(env.moving[0].position.x, 2.4 - 0.47, 0.03);
    assert_false(imp_boxes_overlap(&env.moving[0].box, &world->objects[2].box));
    imp_world_destroy(world);
}

static void cars_that_yield_follow_each_other_round_a_loop(void **state)
{
    (void)state;
    imp_world *world = parse(
        "tile_size: 0.585\n"
        "tiles:\n- [curve_left/W, straight/W, curve_left/N]\n- [straight/S, floor, straight/N]\n"
        "- [curve_left/S, straight/E, curve_left/E]\n"
        "objects:\n"
        "- {kind: duckiebot, place: {tile: [1, 0], relative: {~SE2Transform: "
        "{p: [0, -0.117], theta: 0}}}, static: false, height: 0.12}\n"
        "- {kind: duckiebot, place: {tile: [2, 1], relative: {~SE2Transform: "
        "{p: [0.117, 0], theta_deg: 90}}}, static: false, height: 0.12}\n");
    imp_env_def def = imp_default_env_def();
    def.cars_yield = true;
    imp_env env = make_env(world, &def);
    imp_env_reset_at(&env, 0, (imp_pose){0.8775, 0.8775, 0}); // in the middle, out of their way
    env.motion[0].car.speed = 0.15;                           // the one behind is faster
    double turned = 0;
    for (int k = 0; k < 3000; k++) {
        double before = env.motion[0].angle;
        imp_env_step(&env, STAND);
        turned += imp_wrap_angle(env.motion[0].angle - before);
        assert_false(imp_boxes_overlap(&env.moving[0].box, &env.moving[1].box));
    }
    assert_true(fabs(turned) > 2 * IMP_PI);
    imp_world_destroy(world);
}

static void a_car_off_the_lanes_stops(void **state)
{
    (void)state;
    imp_world *world = parse("tile_size: 0.6\ntiles: [[straight/E, floor]]\n"
                             "objects:\n- {kind: duckiebot, " CAR "}\n");
    imp_env_def def = imp_default_env_def();
    imp_env env = make_env(world, &def);
    imp_env_reset_at(&env, 0, (imp_pose){0.3, 0.3, 0});
    for (int k = 0; k < 300; k++)
        imp_env_step(&env, STAND);
    assert_true(env.motion[0].car.lost);
    assert_close(env.moving[0].position.x, 0.6, 0.02);
    imp_world_destroy(world);
}

static imp_env challenge_env(const imp_world *world, imp_pose start)
{
    imp_env_def def = imp_default_env_def();
    def.rules = IMP_RULES_CHALLENGE;
    def.drive.time_step = 0.05;
    def.drive.substeps = 10;
    def.has_start_pose = true;
    def.start_pose = start;
    imp_env env = make_env(world, &def);
    reset(&env, 0);
    return env;
}

static imp_end_reason challenge_end_reason_at(const imp_world *world, double x, double z)
{
    imp_env env = challenge_env(world, (imp_pose){x, z, 0});
    return imp_env_challenge_end_reason(&env);
}

// What the challenge's rules let the robot collide with at a place.
static const char *partner_at(const imp_world *world, double x, double z)
{
    imp_env env = challenge_env(world, (imp_pose){x, z, 0});
    const imp_object *object = imp_env_find_collided_object(&env);
    return object != NULL ? imp_object_class_get(object->kind)->name : "nothing";
}

static void the_challenge_has_rules_of_its_own(void **state)
{
    (void)state;
    imp_world *world = parse(
        "tile_size: 0.6\n"
        "tiles:\n- [straight/E, straight/E, floor, empty]\n- [floor, floor, floor, floor]\n"
        "objects:\n"
        "- {kind: tree, pose: {~SE2Transform: {p: [0.6, 0.3], theta: 0}}, height: 0.3}\n"
        "- {kind: duckie, pose: {~SE2Transform: {p: [0.3, 0.8], theta: 0}}, height: 0.06}\n"
        "- {kind: duckiebot, pose: {~SE2Transform: {p: [1.0, 0.8], theta: 0}}, static: false, "
        "height: 0.12}\n");
    assert_int_equal(challenge_end_reason_at(world, 0.3, 0.8), IMP_END_NONE); // off the road
    assert_int_equal(challenge_end_reason_at(world, 0.6, 0.85), IMP_END_COLLISION);
    assert_int_equal(challenge_end_reason_at(world, 2.0, 0.3), IMP_END_OUT_OF_TILE);
    assert_int_equal(challenge_end_reason_at(world, -0.01, 0.3), IMP_END_OUT_OF_TILE);
    // their centres are too close, or not, whatever the footprints
    assert_int_equal(challenge_end_reason_at(world, 0.3 + 0.099, 0.4), IMP_END_COLLISION);
    assert_int_equal(challenge_end_reason_at(world, 0.3 + 0.101, 0.4), IMP_END_NONE);
    assert_int_equal(challenge_end_reason_at(world, 1.0 - 0.149, 0.4), IMP_END_COLLISION);
    assert_int_equal(challenge_end_reason_at(world, 1.0 - 0.151, 0.4), IMP_END_NONE);

    assert_string_equal(partner_at(world, 0.3, 0.8), "nothing");
    assert_string_equal(partner_at(world, 0.6, 0.85), "tree");
    assert_string_equal(partner_at(world, 0.3 + 0.099, 0.4), "duckie");
    assert_string_equal(partner_at(world, 0.3 + 0.101, 0.4), "nothing");
    assert_string_equal(partner_at(world, 1.0 - 0.149, 0.4), "duckiebot");

    // an incident brings the robot to rest
    imp_env env = challenge_env(world, (imp_pose){1.0, 0.85, 0});
    imp_step step = {0};
    for (int k = 0; k < 200 && !step.terminated; k++)
        step = imp_env_step(&env, (imp_action){1, 1});
    assert_true(step.terminated);
    assert_int_equal(env.ending, IMP_END_OUT_OF_TILE);
    assert_string_equal(imp_end_reason_name(env.ending), "left the map");
    imp_pose there = env.pose;
    for (int k = 0; k < 14; k++)
        imp_env_step(&env, STAND);
    assert_memory_equal(&there, &env.pose, sizeof there);
    imp_world_destroy(world);
}

static void episodes_take_place_on_all_maps(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *loop = load("loop_obstacles"), *cross = load("4way"), *small = load("small_loop");
    const imp_world *worlds[] = {loop, cross, small};
    imp_env_def def = imp_default_env_def();
    imp_env env;
    assert_ok(imp_env_init_worlds(&env, worlds, 3, &def, &err), err);
    int visits[3] = {0};
    uint8_t drawn[300];
    for (uint32_t episode = 0; episode < 300; episode++) {
        reset(&env, episode);
        assert_ptr_equal(env.world, worlds[env.world_index]);
        visits[env.world_index]++;
        drawn[episode] = (uint8_t)env.world_index;
        assert_true(imp_env_is_valid_pose(&env, env.pose, 1.0));
    }
    for (int k = 0; k < 3; k++)
        assert_in_range(visits[k], 70, 130);
    imp_env copy = env;
    reset(&copy, 17);
    assert_int_equal(copy.world_index, drawn[17]);
    imp_env_reset_at(&copy, 18, (imp_pose){0});
    assert_int_equal(copy.world_index, drawn[18]);

    imp_world *yard = parse("{tile_size: 0.6, tiles: [[floor]]}");
    worlds[1] = yard;
    assert_int_equal(imp_env_init_worlds(&env, worlds, 3, &def, &err), IMP_BAD_INPUT);
    assert_int_equal(imp_env_init_worlds(&env, worlds, 0, &def, &err), IMP_USAGE);
    imp_world_destroy(yard);
    imp_world_destroy(small);
    imp_world_destroy(cross);
    imp_world_destroy(loop);
}

// IMPRINT_TEST_POSES asks for other than the default number, e.g. a million.
static void random_poses_and_actions_keep_their_numbers(void **state)
{
    (void)state;
    const char *asked = getenv("IMPRINT_TEST_POSES");
    const int maps = imp_builtin_map_count(),
              total = asked != NULL ? (int)strtol(asked, NULL, 10) : 60000;
    imp_random random = imp_random_stream(8, 0, 0, IMP_PURPOSE_TEST);
    for (int m = 0; m < maps; m++) {
        imp_error err = {0};
        imp_world *world = load(imp_builtin_map_name(m));
        imp_env_def def = imp_default_env_def();
        def.randomize_objects = m % 2 == 0;
        def.cars_yield = m % 3 == 0;
        def.rules = m % 5 == 0 ? IMP_RULES_CHALLENGE : IMP_RULES_SIMULATOR;
        imp_env env;
        const double width = world->columns * world->tile_size + 1;
        const double depth = world->rows * world->tile_size + 1;
        if (imp_env_init(&env, world, &def, &err) != IMP_OK)
            fail_msg("%s", err.message);
        for (int k = 0; k < total / maps + 1; k++) {
            imp_pose pose = {imp_random_uniform(&random, -1, width),
                             imp_random_uniform(&random, -1, depth),
                             imp_random_uniform(&random, -10, 10)};
            if (k % 5 == 0)
                imp_env_reset_at(&env, (uint32_t)k, pose);
            imp_step step = imp_env_step(&env, (imp_action){imp_random_uniform(&random, -1.5, 1.5),
                                                            imp_random_uniform(&random, -1, 1)});
            assert_true(step.reward >= -1e6 && step.reward <= 1.2);
            assert_true(isfinite(env.pose.x + env.pose.z + env.pose.heading));
            assert_true(imp_env_proximity_penalty(&env, pose) <= 0);
            for (int o = 0; o < world->moving_count; o++)
                assert_true(isfinite(env.moving[o].position.x + env.moving[o].position.z +
                                     env.moving[o].heading + env.moving[o].box.corner[3].x));
        }
        imp_world_destroy(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(touching_an_object_is_a_collision),
        cmocka_unit_test(corners_that_touch_are_met),
        cmocka_unit_test(starts_keep_away_from_objects),
        cmocka_unit_test(copied_env_continues_independently),
        cmocka_unit_test(a_thousand_duckies_walk),
        cmocka_unit_test(draws_depend_on_seed_and_episode),
        cmocka_unit_test(optional_objects_are_there_half_of_the_time),
        cmocka_unit_test(yielding_cars_stop_for_the_robot),
        cmocka_unit_test(yielding_cars_pass_what_is_beside_their_lane),
        cmocka_unit_test(cars_that_yield_follow_each_other_round_a_loop),
        cmocka_unit_test(a_car_off_the_lanes_stops),
        cmocka_unit_test(the_challenge_has_rules_of_its_own),
        cmocka_unit_test(episodes_take_place_on_all_maps),
        cmocka_unit_test(random_poses_and_actions_keep_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
