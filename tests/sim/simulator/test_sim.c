// One simulator: its state, observations, ground truth, and what it refuses.
#include "sim/simulator/sim_fixture.h"

#include <math.h>

#include "base/common/vector2.h"

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
        const imp_view view = imp_env_camera_view(&env);
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
    assert_non_null(imp_sim_randomization_sample(sim));
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

// Forward speed and turn rate are what imp_action_from_velocity() makes duty cycles of.
static void actions_can_be_velocities(void **state)
{
    (void)state;
    imp_sim_def def = small_def();
    def.expert_actions = true;
    imp_sim *wheels = create(&def);
    def.actions = IMP_ACTION_VELOCITIES;
    imp_sim *velocities = create(&def);
    reset(wheels, 2);
    reset(velocities, 2);
    for (int k = 0; k < 20; k++) {
        const imp_action duty = imp_sim_expert_action(wheels);
        const imp_action wanted = imp_sim_expert_action(velocities);
        double speed, turn_rate;
        imp_velocity_from_action(duty, &speed, &turn_rate);
        assert_true(wanted.left == speed && wanted.right == turn_rate);
        imp_sim_step(wheels, imp_action_from_velocity(0.3, 0.1 * k));
        imp_sim_step(velocities, (imp_action){0.3, 0.1 * k});
        const imp_pose a = imp_sim_get_state(wheels).pose, b = imp_sim_get_state(velocities).pose;
        assert_memory_equal(&a, &b, sizeof a);
    }
    imp_sim_destroy(velocities);
    imp_sim_destroy(wheels);
}

// Drives with an action until the episode ends and returns the last reward; *sum gets the others.
static double drive(imp_sim *sim, imp_action action, double *sum)
{
    imp_step step;
    *sum = 0.0;
    for (;;) {
        const imp_pose from = imp_sim_env(sim)->pose;
        step = imp_sim_step(sim, action);
        assert_true(step.reward == imp_sim_progress_reward(imp_sim_env(sim), from));
        if (imp_sim_needs_reset(sim))
            return step.reward;
        *sum += step.reward;
    }
}

// Top speed in the middle of the lane earns 1, and leaving the road costs.
static void progress_is_rewarded(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_sim_def def = small_def();
    def.reward = IMP_REWARD_PROGRESS;
    def.env.max_steps = 60;
    imp_sim *sim = create(&def);
    double sum;
    // the loop's upper side leads to the left
    imp_lane_position lane;
    const imp_world *world = imp_sim_maps(sim)->worlds[0];
    imp_pose start = {3.2, 0.76, IMP_PI};
    assert_true(imp_world_lane_position(world, start, &lane));
    start.z = lane.point.z;
    assert_ok(imp_sim_reset_at(sim, 0, 0, start, &err), err);
    // it stands still until the first command acts
    for (int k = 0; k < 4; k++)
        assert_true(imp_sim_step(sim, (imp_action){1.0, 1.0}).reward == 0.0);
    double last = 0.0;
    for (int k = 0; k < 26; k++) {
        const double reward = imp_sim_step(sim, (imp_action){1.0, 1.0}).reward;
        assert_true(reward > last && reward < 1.0);
        last = reward;
    }
    assert_true(last > 0.98);
    // backwards it is negative
    assert_ok(imp_sim_reset_at(sim, 0, 0, start, &err), err);
    const double end = drive(sim, (imp_action){-0.3, -0.3}, &sum);
    assert_true(sum < -5.0 && end < 0.0 && end > -1.0);
    assert_int_equal(imp_sim_get_state(sim).end_reason, IMP_END_MAX_STEPS);
    // at the lane's edge nothing is earned
    imp_pose edge = start;
    edge.z += IMP_PROGRESS_LANE;
    assert_true(imp_world_lane_position(world, edge, &lane) && fabs(lane.distance) > 0.1199);
    assert_ok(imp_sim_reset_at(sim, 0, 0, edge, &err), err);
    for (int k = 0; k < 20; k++)
        assert_true(fabs(imp_sim_step(sim, (imp_action){0.5, 0.5}).reward) < 1e-9);
    // off the road
    assert_ok(imp_sim_reset_at(sim, 0, 0, start, &err), err);
    assert_true(drive(sim, (imp_action){1.0, 0.5}, &sum) == IMP_PROGRESS_TERMINATED);
    imp_sim_destroy(sim);
}

// Another seed and index give what simulators created with them give.
static void the_seed_can_be_changed(void **state)
{
    (void)state;
    imp_error err = {0};
    static const char *const randomized[] = {"none", "dynamics,mounting"};
    for (int r = 0; r < 2; r++) {
        imp_sim_def def = small_def();
        assert_ok(imp_randomization_parse_list(&def.randomization, randomized[r], &err), err);
        imp_sim *sim = create(&def);
        reset(sim, 5);
        assert_ok(imp_sim_set_seed(sim, 77, 3, &err), err);
        assert_true(imp_sim_needs_reset(sim));
        def.env.seed = 77;
        def.env.index = 3;
        imp_sim *other = create(&def);
        // the first episode of a batch is 0
        assert_ok(imp_sim_reset_many(NULL, &sim, 1, NULL, NULL, NULL, &err), err);
        assert_int_equal(imp_sim_get_state(sim).episode, 0);
        reset(other, 0);
        for (int k = 0; k < 10; k++) {
            const imp_action action = {0.4, 0.45};
            imp_sim_step(sim, action);
            imp_sim_step(other, action);
            const imp_pose a = imp_sim_get_state(sim).pose, b = imp_sim_get_state(other).pose;
            assert_memory_equal(&a, &b, sizeof a);
        }
        imp_sim_destroy(other);
        imp_sim_destroy(sim);
    }
}

// The view and the scene give what is observed, also with what is drawn for an episode.
static void views_can_be_drawn_by_others(void **state)
{
    (void)state;
    static uint8_t rgb[PIXELS * 3], wanted[PIXELS * 3];
    imp_error err = {0};
    imp_sim_def def = small_def();
    assert_ok(imp_randomization_parse_list(&def.randomization, "light,materials", &err), err);
    imp_sim *sim = create(&def);
    imp_renderer *renderer;
    assert_ok(imp_renderer_create(&renderer, &def.camera, IMP_RENDER_AUTO, &err), err);
    for (uint32_t episode = 0; episode < 3; episode++) {
        reset(sim, episode);
        const imp_view view = imp_sim_camera_view(sim);
        imp_render(renderer, imp_sim_scene(sim), &view, rgb);
        imp_sim_observe(sim, wanted);
        assert_memory_equal(rgb, wanted, sizeof rgb);
        imp_sim_render_top_down(sim, WIDTH, HEIGHT, rgb);
        imp_render_top_down_view(imp_sim_scene(sim), &view, WIDTH, HEIGHT, wanted);
        assert_memory_not_equal(rgb, wanted, sizeof rgb);
        imp_draw_robot(imp_sim_env(sim)->world, WIDTH, HEIGHT, view.pose, wanted);
        assert_memory_equal(rgb, wanted, sizeof rgb);
    }
    imp_renderer_destroy(renderer);
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
    def.actions = (imp_action_kind)2;
    assert_int_equal(try_create(&def, 2, &err), IMP_USAGE);
    def = small_def();
    def.reward = (imp_reward_kind)2;
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
        cmocka_unit_test(actions_can_be_velocities),
        cmocka_unit_test(progress_is_rewarded),
        cmocka_unit_test(the_seed_can_be_changed),
        cmocka_unit_test(views_can_be_drawn_by_others),
        cmocka_unit_test(bad_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
