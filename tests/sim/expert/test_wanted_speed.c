// The speed that episodes ask for: drawn from its range, and driven at by our expert.
#include "testing.h"

#include <string.h>

#include "imprint/policy.h"

static imp_world *load(const char *map)
{
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_load(&world, map, &err), err);
    return world;
}

static imp_env_def def_with_speeds(double min, double max)
{
    imp_env_def def = imp_default_env_def();
    def.wanted_speed_min = min;
    def.wanted_speed_max = max;
    def.accept_start_angle = 0.1;
    return def;
}

static void speeds_are_drawn_from_the_range(void **state)
{
    (void)state;
    enum { EPISODES = 200 };
    imp_error err = {0};
    imp_env env;
    imp_world *world = load("loop_empty");
    imp_env_def def = def_with_speeds(0.2, 0.5);
    double sum = 0.0, first = 0.0;
    assert_ok(imp_env_init(&env, world, &def, &err), err);
    for (uint32_t e = 0; e < EPISODES; e++) {
        assert_ok(imp_env_reset(&env, e, &err), err);
        assert_true(env.wanted_speed >= 0.2 && env.wanted_speed <= 0.5);
        sum += env.wanted_speed;
        first = e == 0 ? env.wanted_speed : first;
    }
    assert_true(fabs(sum / EPISODES - 0.35) < 0.02);
    assert_ok(imp_env_reset(&env, 0, &err), err);
    assert_true(env.wanted_speed == first);
    // nothing is asked for by default
    def = imp_default_env_def();
    assert_ok(imp_env_init(&env, world, &def, &err), err);
    assert_ok(imp_env_reset(&env, 0, &err), err);
    assert_true(env.wanted_speed == 0.0);
    imp_world_destroy(world);
}

// Mean speed of the expert on a straight road, when it is under way.
static double drive_straight(imp_policy *policy, double wanted)
{
    enum { STEPS = 200, SETTLED = 60 };
    imp_error err = {0};
    imp_env env;
    imp_world *world = load("straight_road");
    const imp_env_def def = def_with_speeds(wanted, wanted);
    double sum = 0.0;
    assert_ok(imp_env_init(&env, world, &def, &err), err);
    assert_ok(imp_env_reset(&env, 1, &err), err);
    imp_policy_reset(policy, &env);
    for (int k = 0; k < STEPS; k++) {
        assert_false(imp_env_step(&env, imp_policy_act(policy, &env, NULL)).terminated);
        sum += k >= SETTLED ? env.speed : 0.0;
    }
    imp_world_destroy(world);
    return sum / (STEPS - SETTLED);
}

static void the_expert_drives_at_it(void **state)
{
    (void)state;
    static const double speeds[] = {0.15, 0.3, 0.5};
    imp_error err = {0};
    imp_policy *policy;
    const imp_expert_def expert = imp_default_expert_def();
    assert_ok(imp_expert_create(&policy, &expert, &err), err);
    for (size_t k = 0; k < sizeof speeds / sizeof speeds[0]; k++)
        assert_true(fabs(drive_straight(policy, speeds[k]) - speeds[k]) < 0.01);
    // afterwards its own speed counts again
    assert_true(fabs(drive_straight(policy, 0.0) - expert.speed) < 0.01);
    imp_policy_destroy(policy);
}

static void empty_ranges_are_refused(void **state)
{
    (void)state;
    static const double bad[][2] = {{0.0, 0.5}, {0.5, 0.4}, {0.5, 0.0}, {-0.1, 0.2}, {0.1, 3.0}};
    imp_error err = {0};
    imp_env env;
    imp_world *world = load("loop_empty");
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        const imp_env_def def = def_with_speeds(bad[k][0], bad[k][1]);
        assert_int_equal(imp_env_init(&env, world, &def, &err), IMP_USAGE);
    }
    imp_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speeds_are_drawn_from_the_range),
        cmocka_unit_test(the_expert_drives_at_it),
        cmocka_unit_test(empty_ranges_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
