#include "testing.h"

#include "base/common/vector2.h"
#include "golden_csv.h"
#include "imprint/policy.h"

enum {
    COL_MAP = 1,
    COL_STEP,
    COL_LEFT,
    COL_RIGHT,
    COL_X,
    COL_Z,
    COL_HEADING,
    COL_REWARD,
    COL_DONE
};

static imp_pose pose_of(const csv *row)
{
    return (imp_pose){csv_number(row, COL_X), csv_number(row, COL_Z), csv_number(row, COL_HEADING)};
}

// The recorded teacher, driven by our simulator in a closed loop.
static void pure_pursuit_equals_the_recordings(void **state)
{
    (void)state;
    csv table = csv_open("expert.csv");
    imp_error err = {0};
    imp_policy *pursuit;
    assert_ok(imp_pure_pursuit_create(&pursuit, &err), err);
    imp_world *world = NULL;
    imp_env env = {0};
    int steps = 0;
    while (csv_next(&table)) {
        if (strcmp(table.field[COL_STEP], "start") == 0) {
            const char *map = table.field[COL_MAP];
            imp_world_destroy(world);
            assert_ok(imp_world_load(&world, map, &err), err);
            imp_env_def def = imp_default_env_def();
            def.max_steps = 1000000;
            assert_ok(imp_env_init(&env, world, &def, &err), err);
            imp_env_reset_at(&env, 0, pose_of(&table));
            imp_policy_reset(pursuit, &env);
            continue;
        }
        imp_action action = imp_policy_act(pursuit, &env, NULL);
        imp_step step = imp_env_step(&env, action);
        assert_close(action.left, csv_number(&table, COL_LEFT), 1e-6);
        assert_close(action.right, csv_number(&table, COL_RIGHT), 1e-6);
        assert_close(env.pose.x, csv_number(&table, COL_X), 1e-6);
        assert_close(env.pose.z, csv_number(&table, COL_Z), 1e-6);
        assert_close(imp_wrap_angle(env.pose.heading - csv_number(&table, COL_HEADING)), 0, 1e-6);
        assert_close(step.reward, csv_number(&table, COL_REWARD), 1e-6);
        assert_int_equal(step.terminated, (int)csv_number(&table, COL_DONE));
        steps++;
    }
    fclose(table.file);
    assert_int_equal(steps, 5029);
    imp_policy_destroy(pursuit);
    imp_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pure_pursuit_equals_the_recordings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
