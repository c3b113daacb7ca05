// The environment: starts, rewards, endings, and that nothing drives it out of its numbers.
#include "testing.h"

#include <stdio.h>
#include <string.h>

#include "base/common/vector2.h"
#include "imprint/env.h"

static imp_world *load(const char *map)
{
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_load(&world, map, &err), err);
    return world;
}

static imp_world *parse_world(const char *text)
{
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_parse(&world, text, strlen(text), "test.yaml", &err), err);
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

static bool same_pose(imp_pose a, imp_pose b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void starts_are_valid_and_look_along_the_lane(void **state)
{
    (void)state;
    static const double degrees[] = {4, 60, 180};
    for (int k = 0; k < imp_builtin_map_count(); k++) {
        imp_world *world = load(imp_builtin_map_name(k));
        for (int a = 0; a < 3; a++) {
            imp_env_def def = imp_default_env_def();
            def.accept_start_angle = degrees[a] * IMP_PI / 180.0;
            imp_env env = make_env(world, &def);
            for (uint32_t episode = 0; episode < 40; episode++) {
                reset(&env, episode);
                assert_int_equal(env.episode, episode);
                assert_true(imp_env_is_valid_pose(&env, env.pose, 1.3));
                assert_true(imp_env_is_valid_pose(&env, env.pose, 1.0));
                assert_true(env.in_lane);
                assert_true(fabs(env.lane.angle) < def.accept_start_angle);
                assert_close(env.drive.speed, 0, 0);
                assert_int_equal(env.frame, 0);
                assert_int_equal(env.ending, IMP_END_NONE);
            }
        }
        imp_world_destroy(world);
    }
}

static void starts_spread_over_all_tiles(void **state)
{
    (void)state;
    imp_world *world = load("loop_empty");
    imp_env_def def = imp_default_env_def();
    imp_env env = make_env(world, &def);
    int visits[8 * 7] = {0}, tiles = 0;
    for (uint32_t episode = 0; episode < 400; episode++) {
        reset(&env, episode);
        const imp_tile *tile = imp_world_tile_at(world, env.pose.x, env.pose.z);
        tiles += visits[tile - world->tiles]++ == 0;
    }
    assert_int_equal(tiles, world->drivable_count);
    for (int k = 0; k < world->drivable_count; k++) // 22 are expected on each
        assert_in_range(visits[world->drivable[k]], 6, 44);
    imp_world_destroy(world);
}

static void starts_follow_from_seed_index_and_episode(void **state)
{
    (void)state;
    imp_world *world = load("udem1_empty");
    imp_env_def def = imp_default_env_def();
    imp_env env = make_env(world, &def);
    reset(&env, 5);
    const imp_pose start = env.pose;

    // what was driven before makes no difference
    for (int k = 0; k < 20; k++)
        imp_env_step(&env, (imp_action){1, -1});
    reset(&env, 6);
    assert_false(same_pose(env.pose, start));
    reset(&env, 5);
    assert_true(same_pose(env.pose, start));

    imp_env_def other = def;
    other.seed++;
    imp_env env_other = make_env(world, &other);
    reset(&env_other, 5);
    assert_false(same_pose(env_other.pose, start));
    other = def;
    other.index++;
    env_other = make_env(world, &other);
    reset(&env_other, 5);
    assert_false(same_pose(env_other.pose, start));
    env_other = make_env(world, &def);
    reset(&env_other, 5);
    assert_true(same_pose(env_other.pose, start));
    imp_world_destroy(world);
}

static bool on_tile(const imp_env *env, int i, int j)
{
    return imp_world_tile_at(env->world, env->pose.x, env->pose.z) ==
           &env->world->tiles[j * env->world->columns + i];
}

static void the_start_tile_is_the_user_s_or_the_map_s(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_env refused;
    imp_world *road = load("straight_road");
    imp_env_def def = imp_default_env_def();
    imp_env env = make_env(road, &def);
    for (uint32_t episode = 0; episode < 20; episode++) {
        reset(&env, episode);
        assert_true(on_tile(&env, 0, 0));
    }
    def.has_start_tile = true;
    def.start_tile[0] = 7;
    env = make_env(road, &def);
    for (uint32_t episode = 0; episode < 20; episode++) {
        reset(&env, episode);
        assert_true(on_tile(&env, 7, 0));
    }
    static const int off[][2] = {{36, 0}, {-1, 0}, {0, 1}, {0, -1}};
    for (int k = 0; k < 4; k++) {
        memcpy(def.start_tile, off[k], sizeof off[k]);
        assert_int_equal(imp_env_init(&refused, road, &def, &err), IMP_BAD_INPUT);
        assert_non_null(strstr(err.message, "not on the grid"));
    }
    imp_world_destroy(road);

    imp_world *loop = load("loop_empty");
    memcpy(def.start_tile, (int[]){0, 0}, sizeof def.start_tile);
    assert_int_equal(imp_env_init(&refused, loop, &def, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "start_tile 0,0 is not drivable"));
    imp_world_destroy(loop);

    // a map's start pose is an offset in its start tile, and gives way to the user's tile
    imp_world *posed =
        parse_world("{tile_size: 0.6, tiles: [[straight/E, straight/E, straight/E]],\n"
                    " start_tile: [1, 0], start_pose: [[0.25, 0, 0.42], 0.125]}");
    def = imp_default_env_def();
    env = make_env(posed, &def);
    reset(&env, 3);
    assert_close(env.pose.x, 0.85, 1e-12);
    assert_close(env.pose.z, 0.42, 1e-12);
    assert_close(env.pose.heading, 0.125, 0);
    def.has_start_tile = true;
    def.start_tile[0] = 2, def.start_tile[1] = 0;
    env = make_env(posed, &def);
    reset(&env, 3);
    assert_true(on_tile(&env, 2, 0));
    imp_world_destroy(posed);
}

static void maps_without_a_start_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_env env;
    imp_env_def def = imp_default_env_def();
    imp_world *world = parse_world("{tile_size: 0.6, tiles: [[floor, floor], [grass, asphalt]]}");
    assert_int_equal(imp_env_init(&env, world, &def, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "no drivable tile"));
    imp_world_destroy(world);

    // a tile too small to stand on
    world = parse_world("{tile_size: 0.05, tiles: [[straight/N]]}");
    env = make_env(world, &def);
    assert_int_equal(imp_env_reset(&env, 0, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "no episode can start on any tile, as on 0,0"));
    imp_world_destroy(world);
}

static void unsound_settings_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_env env;
    imp_world *world = load("loop_empty");
    imp_env_def defs[8];
    for (int k = 0; k < 8; k++)
        defs[k] = imp_default_env_def();
    defs[0] = (imp_env_def){0};
    defs[1].max_steps = 0;
    defs[2].frame_skip = 0;
    defs[3].accept_start_angle = NAN;
    defs[4].drive.delay = -0.1;
    defs[5].drive.delay = NAN;
    defs[6].drive.delay = 0.6;
    defs[7].drive.time_step = 0;
    for (int k = 0; k < 8; k++) {
        err = (imp_error){0};
        assert_int_equal(imp_env_init(&env, world, &defs[k], &err), IMP_USAGE);
        assert_int_not_equal(strlen(err.message), 0);
    }
    imp_world_destroy(world);
}

static void rewards_and_endings_follow_the_reference_s_rules(void **state)
{
    (void)state;
    imp_world *world = load("loop_empty");
    imp_env_def def = imp_default_env_def();
    def.max_steps = 60;
    imp_env env = make_env(world, &def);
    int ended[2] = {0};
    for (uint32_t episode = 0; episode < 60; episode++) {
        reset(&env, episode);
        // half of them drive on, half turn off
        imp_action action = {0.5, episode % 2 == 0 ? 0.5 : -0.2};
        imp_step step = {0};
        for (int k = 1; !step.terminated && !step.truncated; k++) {
            step = imp_env_step(&env, action);
            assert_int_equal(env.frame, k);
            const bool valid = imp_env_is_valid_pose(&env, env.pose, 1.0);
            assert_int_equal(step.terminated, !valid);
            assert_int_equal(step.truncated, valid && k == 60);
            if (step.terminated) {
                assert_close(step.reward, -1000, 0);
                assert_int_equal(env.ending, IMP_END_INVALID_POSE);
            } else if (step.truncated) {
                assert_close(step.reward, 0, 0);
                assert_int_equal(env.ending, IMP_END_MAX_STEPS);
            } else {
                imp_lane_position lane;
                assert_true(imp_world_lane_position(world, env.pose, &lane));
                double wanted = 1.2 * cos(lane.angle) - 10.0 * fabs(lane.distance);
                assert_close(step.reward, wanted, 1e-9);
                assert_int_equal(env.ending, IMP_END_NONE);
            }
        }
        ended[step.terminated]++;
    }
    assert_true(ended[0] > 10 && ended[1] > 10);
    assert_string_equal(imp_end_reason_name(IMP_END_INVALID_POSE), "invalid pose");
    assert_string_equal(imp_end_reason_name(IMP_END_MAX_STEPS), "max steps");
    imp_world_destroy(world);
}

// Leaving the road with the last frame is leaving the road.
static void an_invalid_pose_counts_before_the_last_step(void **state)
{
    (void)state;
    imp_world *world = load("small_loop");
    imp_env_def def = imp_default_env_def();
    imp_env env = make_env(world, &def);
    reset(&env, 0);
    const imp_pose start = env.pose;
    const imp_action hard_right = {1, -1};
    imp_step step = {0};
    int frames = 0;
    for (; !step.terminated && frames < 1000; frames++)
        step = imp_env_step(&env, (frames < 12) ? hard_right : (imp_action){1, 1});
    assert_true(step.terminated);
    def.max_steps = frames;
    env = make_env(world, &def);
    imp_env_reset_at(&env, 0, start);
    for (int k = 0; k < frames; k++)
        step = imp_env_step(&env, (k < 12) ? hard_right : (imp_action){1, 1});
    assert_true(step.terminated && !step.truncated);
    assert_close(step.reward, -1000, 0);
    imp_world_destroy(world);
}

static void frame_skip_holds_an_action(void **state)
{
    (void)state;
    imp_world *world = load("zigzag_dists");
    imp_env_def def = imp_default_env_def();
    def.max_steps = 32;
    imp_env single = make_env(world, &def);
    def.frame_skip = 3;
    imp_env skipping = make_env(world, &def);
    reset(&single, 2);
    reset(&skipping, 2);
    imp_random random = imp_random_stream(3, 0, 0, IMP_PURPOSE_TEST);
    int steps = 0;
    for (imp_step step = {0}; !step.terminated && !step.truncated; steps++) {
        imp_action action = {imp_random_uniform(&random, 0, 0.5),
                             imp_random_uniform(&random, 0, 0.5)};
        step = imp_env_step(&skipping, action);
        for (int k = 0; k < 3; k++)
            imp_env_step(&single, action);
        assert_true(same_pose(single.pose, skipping.pose));
        assert_close(single.speed, skipping.speed, 0);
        assert_int_equal(skipping.frame, 3 * (steps + 1));
    }
    assert_int_equal(steps, 11); // 33 frames: the first count of whole steps past 32
    imp_world_destroy(world);
}

static void actions_are_clipped(void **state)
{
    (void)state;
    imp_world *world = load("loop_empty");
    imp_env_def def = imp_default_env_def();
    imp_env a = make_env(world, &def), b = make_env(world, &def);
    reset(&a, 0);
    reset(&b, 0);
    for (int k = 0; k < 30; k++) {
        imp_env_step(&a, (imp_action){1e9, -INFINITY});
        imp_env_step(&b, (imp_action){1, -1});
        assert_close(a.action.left, 1, 0);
        assert_close(a.action.right, -1, 0);
        assert_true(same_pose(a.pose, b.pose));
    }
    imp_world_destroy(world);
}

// A map of random tiles, none of which need fit together; the first can be driven on.
static imp_world *random_world(imp_random *random)
{
    char text[4096];
    int used = snprintf(text, sizeof text, "tile_size: 0.585\ntiles:\n");
    const int columns = 1 + (int)imp_random_uniform_int(random, 7);
    const int rows = 1 + (int)imp_random_uniform_int(random, 7);
    for (int j = 0; j < rows; j++)
        for (int i = 0; i < columns; i++) {
            uint32_t kind = imp_random_uniform_int(random, IMP_TILE_KIND_COUNT);
            if (i + j == 0 || imp_random_uniform_int(random, 2) == 0)
                kind = IMP_TILE_STRAIGHT + imp_random_uniform_int(random, 6);
            used +=
                snprintf(text + used, sizeof text - (size_t)used, "%s%s/%c%s",
                         i == 0 ? "- [" : ", ", imp_tile_kind_name((imp_tile_kind)kind),
                         "SENW"[imp_random_uniform_int(random, 4)], i == columns - 1 ? "]\n" : "");
        }
    return parse_world(text);
}

static void assert_finite_state(const imp_env *env, imp_step step)
{
    assert_true(isfinite(env->pose.x) && isfinite(env->pose.z) && isfinite(env->pose.heading));
    assert_true(isfinite(env->speed) && env->speed >= 0 && env->speed < 1);
    assert_true(isfinite(step.reward) && step.reward >= -1000 && step.reward <= 1.2);
    if (env->in_lane) {
        assert_true(isfinite(env->lane.distance) && isfinite(env->lane.angle));
        assert_true(env->lane.alignment >= -1 && env->lane.alignment <= 1);
        assert_in_range(env->lane.curve, 0, env->world->curve_count - 1);
    }
}

static void random_driving_keeps_its_numbers(void **state)
{
    (void)state;
    enum { WORLDS = 100, STEPS = 1000 };
    imp_random random = imp_random_stream(11, 0, 0, IMP_PURPOSE_TEST);
    for (int w = 0; w < WORLDS; w++) {
        imp_world *world = random_world(&random);
        imp_env_def def = imp_default_env_def();
        def.max_steps = 200;
        def.drive.delay = imp_random_uniform(&random, 0, 0.5);
        def.drive.trim = imp_random_uniform(&random, -0.2, 0.2);
        imp_env env = make_env(world, &def);
        // starts may be anywhere, off the road too, and the robot drives on whatever the ending
        imp_pose start = {imp_random_uniform(&random, -1, 5), imp_random_uniform(&random, -1, 5),
                          imp_random_uniform(&random, -10, 10)};
        uint32_t episode = 0;
        imp_env_reset_at(&env, episode, start);
        for (int k = 0; k < STEPS; k++) {
            imp_action action = {imp_random_uniform(&random, -1.5, 1.5),
                                 imp_random_uniform(&random, -1.5, 1.5)};
            imp_step step = imp_env_step(&env, action);
            assert_finite_state(&env, step);
            if (k % 200 == 199)
                (void)imp_env_reset(&env, ++episode, NULL);
        }
        imp_world_destroy(world);
    }
}

// A broken policy's NaN must not make a pose that is nowhere.
static void actions_that_are_no_numbers_leave_the_state_finite(void **state)
{
    (void)state;
    imp_world *world = load("loop_empty");
    imp_env_def def = imp_default_env_def();
    imp_env env = make_env(world, &def);
    reset(&env, 0);
    for (int k = 0; k < 10; k++)
        assert_finite_state(&env, imp_env_step(&env, (imp_action){NAN, k % 2 == 0 ? NAN : 0.5}));
    imp_world_destroy(world);
}

// New settings act as if the environment had been made with them; unsound ones change nothing.
static void settings_change_between_episodes(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world = load("loop_empty");
    imp_env_def def = imp_default_env_def();
    imp_env env = make_env(world, &def);
    reset(&env, 0);
    def.seed = 7;
    def.max_steps = 3;
    def.drive.gain = 1.25;
    assert_ok(imp_env_set_def(&env, &def, &err), err);
    reset(&env, 5);
    imp_env made = make_env(world, &def);
    reset(&made, 5);
    assert_true(same_pose(env.pose, made.pose));
    for (int k = 0; k < 3; k++) {
        const imp_step step = imp_env_step(&env, (imp_action){0.5, 0.4});
        const imp_step wanted = imp_env_step(&made, (imp_action){0.5, 0.4});
        assert_true(step.reward == wanted.reward && step.truncated == wanted.truncated);
        assert_true(same_pose(env.pose, made.pose));
    }
    assert_int_equal(env.ending, IMP_END_MAX_STEPS);
    imp_env_def bad = def;
    bad.frame_skip = 0;
    assert_int_equal(imp_env_set_def(&env, &bad, &err), IMP_USAGE);
    assert_int_equal(env.def.frame_skip, def.frame_skip);
    bad = def;
    bad.has_start_tile = true;
    bad.start_tile[0] = 99;
    assert_int_not_equal(imp_env_set_def(&env, &bad, &err), IMP_OK);
    assert_false(env.def.has_start_tile);
    imp_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_are_valid_and_look_along_the_lane),
        cmocka_unit_test(starts_spread_over_all_tiles),
        cmocka_unit_test(starts_follow_from_seed_index_and_episode),
        cmocka_unit_test(the_start_tile_is_the_user_s_or_the_map_s),
        cmocka_unit_test(maps_without_a_start_are_refused),
        cmocka_unit_test(unsound_settings_are_refused),
        cmocka_unit_test(rewards_and_endings_follow_the_reference_s_rules),
        cmocka_unit_test(an_invalid_pose_counts_before_the_last_step),
        cmocka_unit_test(frame_skip_holds_an_action),
        cmocka_unit_test(actions_are_clipped),
        cmocka_unit_test(random_driving_keeps_its_numbers),
        cmocka_unit_test(actions_that_are_no_numbers_leave_the_state_finite),
        cmocka_unit_test(settings_change_between_episodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
