// One simulator: its state, observations, ground truth, and what it refuses.
#include "sim/simulator/sim_fixture.h"

static imp_sim *create(const imp_sim_def *def)
{
    imp_error err = {0};
    imp_sim *sim = NULL;
    assert_ok(imp_sim_create(&sim, def, &err), err);
    return sim;
}

static void reset(imp_sim *sim, uint32_t episode)
{
    imp_error err = {0};
    assert_ok(imp_sim_reset(sim, episode, &err), err);
}

// It is an environment and a renderer, and nothing else.
static void gives_what_its_parts_give(void **state)
{
    (void)state;
    static uint8_t rgb[PIXELS * 3], wanted[PIXELS * 3], masks[PIXELS], wanted_masks[PIXELS];
    static float depths[PIXELS], wanted_depths[PIXELS];
    imp_error err = {0};
    imp_sim_def def = small_def();
    def.map = "udem1";
    def.env.seed = 9;
    def.env.index = 4;
    def.ground_truth = true;
    imp_sim *sim = create(&def);
    const imp_map_set *maps = imp_sim_maps(sim);
    imp_env env;
    imp_renderer *renderer;
    imp_segmentation_pass *segmentation;
    assert_ok(imp_env_init(&env, maps->worlds[0], &def.env, &err), err);
    assert_ok(imp_renderer_create(&renderer, &def.camera, IMP_RENDER_AUTO, &err), err);
    assert_ok(imp_segmentation_pass_create(&segmentation, &def.camera, &err), err);
    reset(sim, 3);
    assert_ok(imp_env_reset(&env, 3, &err), err);
    for (int k = 0; k < 10; k++) {
        const imp_view view = imp_env_view(&env);
        imp_sim_observe(sim, rgb);
        imp_render(renderer, maps->scenes[0], &view, wanted);
        assert_memory_equal(rgb, wanted, sizeof rgb);
        imp_sim_observe_ground_truth(sim, masks, depths);
        imp_segmentation_pass_run(segmentation, maps->scenes[0], &view, wanted_masks,
                                  wanted_depths);
        assert_memory_equal(masks, wanted_masks, sizeof masks);
        assert_memory_equal(depths, wanted_depths, sizeof depths);
        const imp_sim_state s = imp_sim_get_state(sim);
        assert_memory_equal(&s.pose, &env.pose, sizeof s.pose);
        assert_true(s.speed == env.drive.speed && s.turn_rate == env.drive.turn_rate);
        assert_int_equal(s.in_lane, env.in_lane);
        assert_true(!s.in_lane || s.lane_distance == env.lane.distance);
        assert_int_equal(s.frame, k);
        assert_int_equal(s.episode, 3);
        const imp_action action = {0.4, 0.45};
        const imp_step got = imp_sim_step(sim, action), should = imp_env_step(&env, action);
        assert_true(got.reward == should.reward);
    }
    imp_segmentation_pass_destroy(segmentation);
    imp_renderer_destroy(renderer);
    imp_sim_destroy(sim);
}

// What the expert wants is what a policy of ours would do, and (0, 0) at the end.
static void expert_acts_once_per_state(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_sim_def def = small_def();
    def.expert_actions = true;
    imp_sim *sim = create(&def);
    imp_policy *expert;
    assert_ok(imp_expert_create(&expert, &def.expert, &err), err);
    reset(sim, 0);
    imp_policy_reset(expert, imp_sim_env(sim));
    while (!imp_sim_needs_reset(sim)) {
        const imp_action wanted = imp_policy_act(expert, imp_sim_env(sim), NULL);
        for (int k = 0; k < 2; k++) {
            const imp_action action = imp_sim_expert_action(sim);
            assert_true(action.left == wanted.left && action.right == wanted.right);
        }
        imp_sim_step(sim, wanted);
    }
    assert_int_equal(imp_sim_get_state(sim).end_reason, IMP_END_MAX_STEPS);
    const imp_action last = imp_sim_expert_action(sim);
    assert_true(last.left == 0.0 && last.right == 0.0);
    imp_policy_destroy(expert);
    imp_sim_destroy(sim);
}

// A state has one image, however often it is asked for; another state has another's noise.
static void noise_is_repeated_in_one_state(void **state)
{
    (void)state;
    static uint8_t first[PIXELS * 3], again[PIXELS * 3];
    imp_error err = {0};
    imp_sim_def def = small_def();
    assert_ok(imp_randomization_parse_list(&def.randomization, "noise", &err), err);
    def.randomization.quantities[IMP_QUANTITY_NOISE] =
        (imp_distribution){.kind = IMP_DISTRIBUTION_FIXED, .low = {0.1}};
    imp_sim *sim = create(&def);
    reset(sim, 1);
    imp_sim_observe(sim, first);
    imp_sim_observe(sim, again);
    assert_memory_equal(first, again, sizeof first);
    imp_sim_step(sim, (imp_action){0.0, 0.0});
    imp_sim_observe(sim, again);
    assert_memory_not_equal(first, again, sizeof first);
    assert_non_null(imp_sim_sample(sim));
    reset(sim, 1);
    imp_sim_observe(sim, again);
    assert_memory_equal(first, again, sizeof first);
    imp_sim_destroy(sim);
}

static void episodes_start_where_told(void **state)
{
    (void)state;
    imp_error err = {0};
    static const char *const maps[] = {"loop_empty", "zigzag_dists"};
    imp_sim_def def = small_def();
    def.maps = maps;
    def.map_count = 2;
    imp_sim *sim = create(&def);
    const imp_pose pose = {1.5, 0.9, 0.25};
    assert_ok(imp_sim_reset_at(sim, 6, 1, pose, &err), err);
    const imp_sim_state s = imp_sim_get_state(sim);
    assert_int_equal(s.map_index, 1);
    assert_int_equal(s.episode, 6);
    assert_memory_equal(&s.pose, &pose, sizeof pose);
    assert_string_equal(imp_sim_env(sim)->world->name, "zigzag_dists");
    assert_int_equal(imp_sim_reset_at(sim, 6, 2, pose, &err), IMP_USAGE);
    assert_int_equal(imp_sim_reset_at(sim, 6, 0, (imp_pose){NAN, 0, 0}, &err), IMP_USAGE);
    imp_sim_destroy(sim);
}

// Nothing happens before an episode has begun, or after it is over.
static void steps_need_an_episode(void **state)
{
    (void)state;
    imp_sim_def def = small_def();
    def.env.max_steps = 2;
    imp_sim *sim = create(&def);
    assert_true(imp_sim_needs_reset(sim));
    imp_step step = imp_sim_step(sim, (imp_action){1.0, 1.0});
    assert_true(step.terminated && step.truncated && step.reward == 0.0);
    reset(sim, 0);
    assert_false(imp_sim_needs_reset(sim));
    imp_sim_step(sim, (imp_action){0.1, 0.1});
    step = imp_sim_step(sim, (imp_action){0.1, 0.1});
    assert_true(step.truncated && imp_sim_needs_reset(sim));
    const imp_sim_state before = imp_sim_get_state(sim);
    step = imp_sim_step(sim, (imp_action){1.0, 1.0});
    assert_true(step.terminated && step.truncated && step.reward == 0.0);
    assert_int_equal(imp_sim_get_state(sim).frame, before.frame);
    imp_sim_destroy(sim);
}

static imp_status try_create(const imp_sim_def *def, int count, imp_error *err)
{
    imp_sim *sims[2] = {NULL, NULL};
    const imp_status status = imp_sim_create_many(sims, count, def, err);
    assert_int_not_equal(status, IMP_OK);
    assert_true(sims[0] == NULL && sims[1] == NULL);
    assert_int_equal(err->status, status);
    // what a caller of the library cannot know
    assert_null(strstr(err->message, "--"));
    return status;
}

static void bad_settings_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_sim_def def = {0};
    assert_int_equal(try_create(&def, 2, &err), IMP_USAGE);
    def = small_def();
    assert_int_equal(try_create(&def, 0, &err), IMP_USAGE);
    assert_int_equal(try_create(&def, -1, &err), IMP_USAGE);
    def.map = "no such map";
    assert_int_not_equal(try_create(&def, 2, &err), IMP_OK);
    def = small_def();
    def.camera.width = 0;
    assert_int_equal(try_create(&def, 2, &err), IMP_USAGE);
    def = small_def();
    def.env.frame_skip = 0;
    assert_int_equal(try_create(&def, 2, &err), IMP_USAGE);
    def = small_def();
    def.observation = (imp_observation_kind)7;
    assert_int_equal(try_create(&def, 2, &err), IMP_USAGE);
    def = small_def();
    def.autoreset = (imp_autoreset_mode)3;
    assert_int_equal(try_create(&def, 2, &err), IMP_USAGE);
    def = small_def();
    def.threads = -1;
    assert_int_equal(try_create(&def, 2, &err), IMP_USAGE);
    def = small_def();
    def.expert_actions = true;
    def.expert.speed = -1.0;
    assert_int_equal(try_create(&def, 2, &err), IMP_USAGE);
    def = small_def();
    def.split = IMP_SPLIT_TEST;
    assert_int_equal(try_create(&def, 2, &err), IMP_USAGE);
    imp_sim_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_its_parts_give),
        cmocka_unit_test(expert_acts_once_per_state),
        cmocka_unit_test(noise_is_repeated_in_one_state),
        cmocka_unit_test(episodes_start_where_told),
        cmocka_unit_test(steps_need_an_episode),
        cmocka_unit_test(bad_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
