// Other motors and wheels, decisions that get lost, noise on commands.
#include "imprint/env.h"
#include "testing.h"

static imp_world *world;

static int load_world(void **state)
{
    (void)state;
    return imp_world_load(&world, "loop_empty", NULL);
}

static int destroy_world(void **state)
{
    (void)state;
    imp_world_destroy(world);
    return 0;
}

static imp_env create_env(const imp_env_def *def)
{
    imp_env env;
    imp_error err = {0};
    assert_ok(imp_env_init(&env, world, def, &err), err);
    assert_ok(imp_env_reset(&env, 3, &err), err);
    return env;
}

// The drive's velocities after long enough at a command.
static void settle(imp_drive_def def, imp_action command, double *speed, double *turn_rate)
{
    imp_drive drive;
    imp_pose pose = {0};
    imp_drive_reset(&drive, &def);
    for (int k = 0; k < 300; k++)
        imp_drive_step(&drive, &pose, command);
    *speed = drive.speed;
    *turn_rate = drive.turn_rate;
}

static void test_motors_and_wheels(void **state)
{
    (void)state;
    double speed, turn_rate;
    imp_drive_def def = imp_default_drive_def();
    settle(def, (imp_action){0.5, 1.0}, &speed, &turn_rate);
    assert_close(speed, 0.45, 1e-9);
    assert_close(turn_rate, 1.875, 1e-9);
    def.gain = 0.8;
    def.wheel_radius *= 1.1;
    def.wheel_distance *= 1.25;
    settle(def, (imp_action){0.5, 1.0}, &speed, &turn_rate);
    assert_close(speed, 0.45 * 0.88, 1e-9);
    assert_close(turn_rate, 1.875 * 0.88 / 1.25, 1e-9);
}

static void test_refused(void **state)
{
    (void)state;
    const imp_env_def good = imp_default_env_def();
    imp_env_def bad[] = {good, good, good, good, good};
    bad[0].action_dropout = 1.0;
    bad[1].command_noise = -0.1;
    bad[2].drive.gain = 0.0;
    bad[3].drive.wheel_distance = NAN;
    bad[4].action_dropout = NAN;
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        imp_env env;
        imp_error err = {0};
        assert_int_equal(imp_env_init(&env, world, &bad[k], &err), IMP_USAGE);
    }
}

// What is lost leaves the last action; how much is lost is what was asked for, and the same again.
static void test_dropped(void **state)
{
    (void)state;
    enum { STEPS = 4000 };
    imp_env_def def = imp_default_env_def();
    def.max_steps = STEPS;
    def.action_dropout = 0.3;
    imp_env env = create_env(&def), again = create_env(&def);
    int lost = 0;
    for (int k = 0; k < STEPS; k++) {
        const imp_action given = {0.001 * (k % 7), 0.0}, before = env.action;
        imp_env_step(&env, given);
        imp_env_step(&again, given);
        assert_true(env.action.left == again.action.left);
        if (env.action.left != given.left) {
            assert_true(env.action.left == before.left);
            lost++;
        }
    }
    // one in seven actions is the one before it, which cannot be told from what is not lost
    assert_close(lost / (double)STEPS, 0.3, 0.03);
}

static void test_noise(void **state)
{
    (void)state;
    enum { STEPS = 4000 };
    imp_env_def def = imp_default_env_def();
    def.max_steps = STEPS;
    def.command_noise = 0.1;
    imp_env env = create_env(&def);
    double sum = 0.0, squares = 0.0;
    for (int k = 0; k < STEPS; k++) {
        imp_env_step(&env, (imp_action){0.2, -0.2});
        sum += env.action.left - 0.2 + env.action.right + 0.2;
        squares += (env.action.left - 0.2) * (env.action.left - 0.2);
    }
    assert_close(sum / (2 * STEPS), 0.0, 0.01);
    assert_close(sqrt(squares / STEPS), 0.1, 0.01);
}

// A robot without either draws nothing and does as it is told.
static void test_no_disturbance(void **state)
{
    (void)state;
    const imp_env_def def = imp_default_env_def();
    imp_env env = create_env(&def);
    const imp_random before = env.actuation_random;
    imp_env_step(&env, (imp_action){0.3, 2.0});
    assert_memory_equal(&before, &env.actuation_random, sizeof before);
    assert_true(env.action.left == 0.3 && env.action.right == 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_motors_and_wheels), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_dropped),           cmocka_unit_test(test_noise),
        cmocka_unit_test(test_no_disturbance),
    };
    return cmocka_run_group_tests(tests, load_world, destroy_world);
}
