// Our expert gets away from every place where the robot may stand. `bench/expert.sh away` tries
// 10 000 starts on all built-in maps and on generated towns.
#include "testing.h"

#include "base/common/vector2.h"
#include "imprint/policy.h"
#include "sim/expert/escape_path.h"

enum { STEPS = 600 }; // 20 s

static const double FAR_ENOUGH = 1.0; // that the robot comes forward in that time [m]

// Any angle to the lane.
static imp_env_def any_start(void)
{
    imp_env_def def = imp_default_env_def();
    def.accept_start_angle = 2.0 * IMP_PI;
    return def;
}

// How far the robot comes along its lane in 20 s from where it stands [m].
static double drive_expert(imp_env *env, imp_policy *expert)
{
    double along = 0.0;
    imp_policy_reset(expert, env);
    for (int k = 0; k < STEPS; k++) {
        const imp_pose before = env->pose;
        const imp_vec2 tangent = env->in_lane ? env->lane.tangent : (imp_vec2){0.0, 0.0};
        if (imp_env_step(env, imp_policy_act(expert, env, NULL)).terminated)
            fail_msg("%s, episode %u: %s in frame %d", env->world->name, env->episode,
                     imp_end_reason_name(env->ending), env->frame);
        along += (env->pose.x - before.x) * tangent.x + (env->pose.z - before.z) * tangent.z;
    }
    return along;
}

// Places where it rocked to and fro for ever.
static void recovers_from_known_stuck_poses(void **state)
{
    (void)state;
    static const imp_pose poses[] = {
        {1.44457571, 2.2583746, 0.265151767},
        {0.671700, 3.339646, 0.573777},
        {3.716097, 5.690560, 1.073086},
    };
    for (int skip = 1; skip <= 3; skip += 2)
        for (int with_look_ahead = 0; with_look_ahead <= 1; with_look_ahead++) {
            imp_error err = {0};
            imp_world *world;
            imp_policy *expert;
            imp_env env;
            imp_env_def def = imp_default_env_def();
            imp_expert_def expert_def = imp_default_expert_def();
            def.frame_skip = skip;
            def.max_steps = skip * STEPS + 1;
            expert_def.look_ahead = with_look_ahead == 1;
            assert_ok(imp_world_load(&world, "ETU_autolab_track", &err), err);
            assert_ok(imp_env_init(&env, world, &def, &err), err);
            assert_ok(imp_expert_create(&expert, &expert_def, &err), err);
            for (size_t k = 0; k < sizeof poses / sizeof poses[0]; k++) {
                imp_env_reset_at(&env, 0, poses[k]);
                assert_true(imp_env_is_valid_pose(&env, poses[k], 1.3));
                assert_true(drive_expert(&env, expert) > FAR_ENOUGH);
            }
            imp_policy_destroy(expert);
            imp_world_destroy(world);
        }
}

// So many random starts, at any angle, on a map without traffic.
static void check_map(const char *name, const imp_expert_def *expert_def, uint32_t starts)
{
    imp_error err = {0};
    imp_world *world;
    imp_policy *expert;
    imp_env env;
    const imp_env_def def = any_start();
    assert_ok(imp_world_load(&world, name, &err), err);
    assert_ok(imp_env_init(&env, world, &def, &err), err);
    assert_ok(imp_expert_create(&expert, expert_def, &err), err);
    for (uint32_t episode = 0; episode < starts; episode++) {
        assert_ok(imp_env_reset(&env, episode, &err), err);
        const imp_pose start = env.pose;
        const double along = drive_expert(&env, expert);
        if (along < FAR_ENOUGH)
            fail_msg("%s, episode %u, from %.9g %.9g %.9g: %.3f m in 20 s", name, episode, start.x,
                     start.z, start.heading, along);
    }
    imp_policy_destroy(expert);
    imp_world_destroy(world);
}

static void recovers_from_random_starts(void **state)
{
    (void)state;
    static const char *const maps[] = {"ETU_autolab_track", "zigzag_dists", "Montreal_loop",
                                       "ETHZ_autolab_technical_track", "ETH_large_intersect"};
    const imp_expert_def def = imp_default_expert_def();
    for (size_t m = 0; m < sizeof maps / sizeof maps[0]; m++)
        check_map(maps[m], &def, 100);
}

// What pictures can teach, too, once it is stuck.
static void pose_only_expert_recovers(void **state)
{
    (void)state;
    imp_expert_def def = imp_default_expert_def();
    def.pose_only = true;
    def.look_ahead = false;
    def.speed = 0.3;
    def.tracking_rate = 1.4;
    def.turn_rate_gain = 5.0;
    check_map("ETU_autolab_track", &def, 100);
    check_map("ETHZ_autolab_technical_track", &def, 100);
}

// A road of one tile, where there is nothing but turning round.
static void drives_on_a_road_of_one_tile(void **state)
{
    (void)state;
    const imp_expert_def def = imp_default_expert_def();
    check_map("calibration_map_ext", &def, 1);
    check_map("regress_4way_drivable", &def, 100);
}

// A driver that stands although the expert would drive is not stuck by the expert's fault: what it
// is told stays what one should do there.
static void expert_repeats_ignored_action(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world;
    imp_policy *expert;
    imp_env env;
    const imp_env_def def = imp_default_env_def();
    const imp_expert_def expert_def = imp_default_expert_def();
    assert_ok(imp_world_load(&world, "loop_empty", &err), err);
    assert_ok(imp_env_init(&env, world, &def, &err), err);
    assert_ok(imp_expert_create(&expert, &expert_def, &err), err);
    int tried = 0;
    for (uint32_t episode = 0; episode < 10; episode++) {
        assert_ok(imp_env_reset(&env, episode, &err), err);
        imp_policy_reset(expert, &env);
        const imp_action first = imp_policy_act(expert, &env, NULL);
        if (fabs(first.left) < 0.3 && fabs(first.right) < 0.3)
            continue;
        tried++;
        for (int k = 0; k < STEPS; k++) {
            imp_env_step(&env, (imp_action){0.0, 0.0});
            const imp_action told = imp_policy_act(expert, &env, NULL);
            assert_true(told.left == first.left && told.right == first.right);
        }
    }
    assert_true(tried > 0);
    imp_policy_destroy(expert);
    imp_world_destroy(world);
}

static bool accept_all(void *context, const imp_escape_path *path)
{
    (void)context;
    return path->count > 1;
}

static bool accept_none(void *context, const imp_escape_path *path)
{
    (void)context;
    (void)path;
    return false;
}

// Every piece of a path is a straight line or a turn on the spot, on which the robot may stand.
static void check_path(const imp_env *env, const imp_escape_path *path)
{
    enum { PLACES = 40 };
    for (int k = 1; k < path->count; k++) {
        const imp_pose a = path->stops[k - 1], b = path->stops[k];
        const double turn = imp_wrap_angle(b.heading - a.heading);
        const imp_vec2 step = {b.x - a.x, b.z - a.z};
        assert_true(imp_vec2_length(step) < 1e-6 || fabs(turn) < 1e-9);
        assert_close(imp_vec2_dot(step, imp_vec2_turn_right(imp_heading_direction(a.heading))), 0.0,
                     1e-6);
        for (int n = 0; n <= PLACES; n++) {
            const double share = (double)n / PLACES;
            const imp_pose place = {a.x + share * step.x, a.z + share * step.z,
                                    a.heading + share * turn};
            assert_true(imp_env_is_valid_pose(env, place, 0.95));
        }
    }
}

static void escape_paths_are_drivable(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world;
    imp_env env;
    int found = 0;
    const imp_env_def def = any_start();
    imp_escape_search *search = imp_escape_search_create();
    assert_non_null(search);
    assert_ok(imp_world_load(&world, "loop_obstacles", &err), err);
    assert_ok(imp_env_init(&env, world, &def, &err), err);
    for (uint32_t episode = 0; episode < 50; episode++) {
        imp_escape_path path, again;
        assert_ok(imp_env_reset(&env, episode, &err), err);
        assert_false(imp_escape_path_find(search, &env, env.pose, accept_none, NULL, &path));
        if (!imp_escape_path_find(search, &env, env.pose, accept_all, NULL, &path))
            continue;
        found++;
        check_path(&env, &path);
        assert_true(imp_escape_path_find(search, &env, env.pose, accept_all, NULL, &again));
        assert_int_equal(again.count, path.count);
        assert_memory_equal(again.stops, path.stops, (size_t)path.count * sizeof path.stops[0]);
    }
    assert_true(found > 40);
    imp_escape_search_destroy(search);
    imp_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recovers_from_known_stuck_poses),
        cmocka_unit_test(recovers_from_random_starts),
        cmocka_unit_test(pose_only_expert_recovers),
        cmocka_unit_test(drives_on_a_road_of_one_tile),
        cmocka_unit_test(expert_repeats_ignored_action),
        cmocka_unit_test(escape_paths_are_drivable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
