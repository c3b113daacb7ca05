// Hashes of states and map texts: the same on every machine, and another for every bit.
#include "testing.h"

#include "base/common/hash.h"
#include "imprint/env.h"

static imp_env drive(imp_world **world, const char *map, int steps)
{
    imp_error err = {0};
    imp_env env;
    const imp_env_def def = imp_default_env_def();
    assert_ok(imp_world_load(world, map, &err), err);
    assert_ok(imp_env_init(&env, *world, &def, &err), err);
    assert_ok(imp_env_reset(&env, 3, &err), err);
    for (int k = 0; k < steps; k++)
        imp_env_step(&env, (imp_action){0.25, 0.3125});
    return env;
}

static void a_drive_has_golden_hashes(void **state)
{
    (void)state;
    static const struct {
        const char *map;
        uint64_t start, end;
    } cases[] = {{"loop_empty", 0xf32a82df931c6d01U, 0x023522c1f8f7b1c0U},
                 {"loop_pedestrians", 0x3479368e850558f1U, 0xec05a43fd751a804U}};
    int wrong = 0;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        imp_world *world;
        imp_env env = drive(&world, cases[k].map, 0);
        const uint64_t start = imp_env_state_hash(&env);
        imp_world_destroy(world);
        env = drive(&world, cases[k].map, 45);
        const uint64_t end = imp_env_state_hash(&env);
        imp_world_destroy(world);
        if (start == cases[k].start && end == cases[k].end)
            continue;
        print_error("%s: 0x%016llxU, 0x%016llxU\n", cases[k].map, (unsigned long long)start,
                    (unsigned long long)end);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void every_part_of_the_state_counts(void **state)
{
    (void)state;
    imp_world *world;
    imp_env env = drive(&world, "loop_pedestrians", 30);
    assert_true(world->moving_count > 0);
    double *const numbers[] = {&env.pose.x,
                               &env.pose.z,
                               &env.pose.heading,
                               &env.drive.speed,
                               &env.drive.turn_rate,
                               &env.drive.applied.left,
                               &env.drive.applied.right,
                               &env.drive.time,
                               &env.moving[world->moving_count - 1].position.x,
                               &env.moving[world->moving_count - 1].position.z,
                               &env.moving[world->moving_count - 1].heading};
    const uint64_t hash = imp_env_state_hash(&env);
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
        const double value = *numbers[k];
        *numbers[k] = nextafter(value, 100.0);
        assert_true(imp_env_state_hash(&env) != hash);
        *numbers[k] = value;
        assert_true(imp_env_state_hash(&env) == hash);
    }
    env.frame++;
    assert_true(imp_env_state_hash(&env) != hash);
    env.frame--;
    env.moving[0].pattern ^= 1;
    assert_true(imp_env_state_hash(&env) != hash);
    imp_world_destroy(world);
}

static void the_text_of_a_map_counts(void **state)
{
    (void)state;
    static const char text[] = "tiles:\n- [straight/N]\ntile_size: 0.585\n";
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_parse(&world, text, sizeof text - 1, "a.yaml", &err), err);
    assert_true(imp_world_text_hash(world) ==
                imp_hash_bytes(IMP_HASH_START, text, sizeof text - 1));
    imp_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drive_has_golden_hashes),
        cmocka_unit_test(every_part_of_the_state_counts),
        cmocka_unit_test(the_text_of_a_map_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
