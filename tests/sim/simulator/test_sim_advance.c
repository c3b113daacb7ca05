// Simulators whose caller ends the episodes: single frames, poses and settings from outside.
#include "sim/simulator/sim_fixture.h"

#include <math.h>

static imp_sim *create_sim(const imp_sim_def *def)
{
    imp_sim *sim = NULL;
    create_sims(&sim, 1, def);
    return sim;
}

static void reset(imp_sim *sim, uint32_t episode)
{
    imp_error err = {0};
    assert_ok(imp_sim_reset(sim, episode, &err), err);
}

static bool same_pose(imp_pose a, imp_pose b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

// Frames are those of steps, and go on where steps stop.
static void frames_equal_steps_and_go_on_after_the_end(void **state)
{
    (void)state;
    imp_sim_def def = small_def();
    def.map = "loop_pedestrians";
    def.expert_actions = true;
    imp_sim *stepped = create_sim(&def), *advanced = create_sim(&def);
    imp_error err = {0};
    reset(stepped, 3);
    reset(advanced, 3);
    bool ended = false;
    for (int k = 0; k < 60; k++) {
        const imp_action action = {0.6, 1.7 - 0.05 * k};
        const imp_env *env = imp_sim_env(advanced);
        const imp_pose before = env->pose;
        const imp_step step = imp_sim_step(stepped, action);
        assert_ok(imp_sim_advance_frame(advanced, action, IMP_TIME_STEP, &err), err);
        assert_int_equal(env->frame, k + 1);
        assert_int_equal(env->ending, IMP_END_NONE);
        if (ended) {
            assert_false(same_pose(before, env->pose));
            continue;
        }
        assert_true(same_pose(env->pose, imp_sim_env(stepped)->pose));
        assert_memory_equal(&env->action, &imp_sim_env(stepped)->action, sizeof env->action);
        for (int n = 0; n < env->world->moving_count; n++) {
            const imp_object_state *moved = &imp_sim_env(stepped)->moving[n];
            assert_close(env->moving[n].position.x, moved->position.x, 0);
            assert_close(env->moving[n].position.z, moved->position.z, 0);
            assert_close(env->moving[n].heading, moved->heading, 0);
        }
        ended = step.terminated || step.truncated;
        const imp_action wanted = imp_sim_expert_action(advanced);
        if (!ended) {
            assert_close(imp_env_reward_at(env, env->pose, 1.2), step.reward, 0);
            assert_true(env->in_lane);
            assert_close(imp_env_reward_at(env, env->pose, 2.2) - step.reward, env->lane.alignment,
                         1e-12);
            const imp_action expected = imp_sim_expert_action(stepped);
            assert_memory_equal(&wanted, &expected, sizeof wanted);
        }
    }
    assert_true(ended);
    imp_sim_destroy(stepped);
    imp_sim_destroy(advanced);
}

static void time_steps_last_and_wrong_ones_move_nothing(void **state)
{
    (void)state;
    imp_sim_def def = small_def();
    imp_sim *sim = create_sim(&def);
    const imp_env *env = imp_sim_env(sim);
    imp_error err = {0};
    assert_int_equal(imp_sim_advance_frame(sim, (imp_action){1, 1}, 0.02, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "reset"));
    reset(sim, 0);
    for (int k = 0; k < 100; k++)
        assert_ok(imp_sim_advance_frame(sim, (imp_action){1, 1}, 0.02, &err), err);
    assert_close(env->drive.time, 2.0, 1e-12);
    // the motors' top speed is reached, and reported for frames of this length
    assert_close(env->drive.speed, 0.6, 1e-3);
    assert_close(env->speed, env->drive.speed, 1e-9);
    static const double wrong[] = {0.0, -0.02, 0.0099, NAN, INFINITY};
    for (int k = 0; k < 5; k++) {
        const imp_pose before = env->pose;
        assert_int_equal(imp_sim_advance_frame(sim, (imp_action){1, 1}, wrong[k], &err), IMP_USAGE);
        assert_non_null(strstr(err.message, "1/15 of the command delay of 0.15 s"));
        assert_true(same_pose(before, env->pose));
        assert_int_equal(env->frame, 100);
    }
    imp_sim_destroy(sim);
}

// Actions are of the kind that the definition says.
static void frames_take_velocities(void **state)
{
    (void)state;
    imp_sim_def def = small_def();
    def.actions = IMP_ACTION_VELOCITIES;
    imp_sim *sim = create_sim(&def);
    imp_error err = {0};
    reset(sim, 0);
    assert_ok(imp_sim_advance_frame(sim, (imp_action){0.4, 1.0}, IMP_TIME_STEP, &err), err);
    const imp_action wheels = imp_action_from_velocity(0.4, 1.0);
    assert_memory_equal(&imp_sim_env(sim)->action, &wheels, sizeof wheels);
    imp_sim_destroy(sim);
}

static void a_pose_from_outside_keeps_the_motion(void **state)
{
    (void)state;
    imp_sim_def def = small_def();
    imp_sim *sim = create_sim(&def), *there = create_sim(&def);
    const imp_env *env = imp_sim_env(sim);
    imp_error err = {0};
    const imp_pose pose = {1.3, 0.75, 3.0}, nowhere = {NAN, 0, 0};
    assert_int_equal(imp_sim_set_pose(sim, pose, &err), IMP_USAGE);
    reset(sim, 1);
    for (int k = 0; k < 20; k++)
        assert_ok(imp_sim_advance_frame(sim, (imp_action){1, 0.9}, IMP_TIME_STEP, &err), err);
    assert_int_equal(imp_sim_set_pose(sim, nowhere, &err), IMP_USAGE);
    const imp_drive drive = env->drive;
    assert_ok(imp_sim_set_pose(sim, pose, &err), err);
    assert_true(same_pose(env->pose, pose));
    assert_close(env->drive.speed, drive.speed, 0);
    assert_close(env->drive.turn_rate, drive.turn_rate, 0);
    assert_close(env->drive.time, drive.time, 0);
    assert_int_equal(env->drive.recorded, drive.recorded);
    assert_int_equal(env->frame, 20);
    // lane and image are those of the new place
    assert_ok(imp_sim_reset_at(there, 1, 0, pose, &err), err);
    assert_true(env->in_lane);
    assert_close(env->lane.distance, imp_sim_env(there)->lane.distance, 0);
    assert_close(env->lane.angle, imp_sim_env(there)->lane.angle, 0);
    uint8_t *rgb = calloc(2, (size_t)PIXELS * 3);
    assert_non_null(rgb);
    imp_sim_observe(sim, rgb);
    imp_sim_observe(there, rgb + PIXELS * 3);
    assert_memory_equal(rgb, rgb + PIXELS * 3, PIXELS * 3);
    free(rgb);
    // and the robot drives on from there
    assert_ok(imp_sim_advance_frame(sim, (imp_action){1, 1}, IMP_TIME_STEP, &err), err);
    assert_in_range((int)(1e3 * hypot(env->pose.x - pose.x, env->pose.z - pose.z)), 10, 20);
    imp_sim_destroy(sim);
    imp_sim_destroy(there);
}

static void other_settings_begin_with_the_next_reset(void **state)
{
    (void)state;
    for (int randomized = 0; randomized < 2; randomized++) {
        imp_sim_def def = small_def();
        imp_error err = {0};
        if (randomized)
            assert_ok(imp_randomization_parse_list(&def.randomization, "dynamics", &err), err);
        imp_sim *sim = create_sim(&def);
        const imp_env *env = imp_sim_env(sim);
        reset(sim, 0);
        def.env.has_start_tile = true;
        def.env.start_tile[0] = 2;
        def.env.start_tile[1] = 1;
        def.env.max_steps = 7;
        assert_ok(imp_sim_set_env_def(sim, &def.env, &err), err);
        assert_true(imp_sim_needs_reset(sim));
        reset(sim, 1);
        assert_ptr_equal(imp_world_tile_at(env->world, env->pose.x, env->pose.z),
                         &env->world->tiles[env->world->columns + 2]);
        assert_int_equal(env->def.max_steps, 7);
        // wrong settings change nothing
        def.env.start_tile[0] = 0;
        assert_int_equal(imp_sim_set_env_def(sim, &def.env, &err), IMP_BAD_INPUT);
        assert_false(imp_sim_needs_reset(sim));
        reset(sim, 2);
        assert_int_equal(env->def.start_tile[0], 2);
        imp_sim_destroy(sim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_equal_steps_and_go_on_after_the_end),
        cmocka_unit_test(time_steps_last_and_wrong_ones_move_nothing),
        cmocka_unit_test(frames_take_velocities),
        cmocka_unit_test(a_pose_from_outside_keeps_the_motion),
        cmocka_unit_test(other_settings_begin_with_the_next_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
