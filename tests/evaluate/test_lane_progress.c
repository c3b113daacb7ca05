// Progress and stalls: who stands, rocks or drives in circles survives, and does not complete.
#include "learn/learn_fixture.h"

#include "evaluate/rollout/lane_progress.h"

enum { STEPS = 600 };

// A policy that repeats a few actions, each for some steps.
typedef struct pattern_policy {
    imp_policy policy;
    const struct pattern *pattern;
} pattern_policy;

typedef struct pattern {
    int count, steps;
    imp_action actions[4];
} pattern;

static void pattern_policy_begin(imp_policy *policy, const imp_env *env)
{
    (void)policy;
    (void)env;
}

static imp_action pattern_policy_act(imp_policy *policy, const imp_env *env,
                                     const uint8_t *observation)
{
    const pattern *p = ((pattern_policy *)policy)->pattern;
    (void)observation;
    return p->actions[env->frame / p->steps % p->count];
}

static void pattern_policy_destroy(imp_policy *policy)
{
    free(policy);
}

static imp_status make_pattern_policy(const void *context, imp_policy **out, imp_error *err)
{
    static const imp_policy_vtable vtable = {.name = "loop",
                                             .needs_observation = false,
                                             .reset = pattern_policy_begin,
                                             .act = pattern_policy_act,
                                             .destroy = pattern_policy_destroy};
    pattern_policy *self = calloc(1, sizeof *self);
    (void)err;
    assert_non_null(self);
    self->policy.vtable = &vtable;
    self->pattern = context;
    *out = &self->policy;
    return IMP_OK;
}

static const pattern standing = {1, 1, {{0.0, 0.0}}};
static const pattern rocking = {2, 20, {{0.5, 0.5}, {-0.5, -0.5}}};
static const pattern circling = {1, 1, {{0.1, 0.5}}};
static const pattern pirouette = {1, 1, {{-0.4, 0.4}}};

static imp_eval_def eval_of(int episodes, int steps)
{
    imp_eval_def def = imp_default_eval_def();
    def.episodes = episodes;
    def.steps = steps;
    def.sim.threads = 2;
    return def;
}

static imp_evaluation evaluate(const pattern *actions, const imp_eval_def *def)
{
    imp_error err = {0};
    imp_evaluation evaluation;
    imp_policy_factory *driver;
    if (actions == NULL)
        assert_ok(imp_policy_factory_open(&driver, "expert", &def->sim.expert, &err), err);
    else
        assert_ok(
            imp_policy_factory_open_custom(&driver, "loop", make_pattern_policy, actions, &err),
            err);
    assert_ok(imp_evaluate(&evaluation, driver, def, NULL, &err), err);
    imp_policy_factory_close(driver);
    return evaluation;
}

static void standing_survives_not_completes(void **state)
{
    (void)state;
    const imp_eval_def def = eval_of(12, STEPS);
    static const pattern *const patterns[] = {&standing, &rocking, &pirouette};
    for (int k = 0; k < 3; k++) {
        imp_evaluation e = evaluate(patterns[k], &def);
        assert_true(e.survived >= (k == 0 ? 12 : 8)); // the others turn or rock off the road
        assert_int_equal(e.completed, 0);
        assert_int_equal(e.stalled, e.survived);
        assert_close(e.stats.progress.value, 0.0, 0.03);
        assert_true(e.stats.completion.value == 0.0);
        for (int n = 0; n < 12; n++) {
            const imp_episode_result *r = &e.results[n];
            assert_false(imp_episode_completed(r));
            if (imp_episode_terminated(r))
                continue;
            assert_true(r->expert_net_distance > 5.0 && !r->expert_stalled);
            assert_close(r->progress, r->net_distance / r->expert_net_distance, 0.0);
            // 10 s after it was last ahead
            assert_in_range(r->stalled_step, 300, k == 0 ? 300 : STEPS);
        }
        imp_evaluation_free(&e);
    }
}

static void progress_is_relative_to_expert(void **state)
{
    (void)state;
    imp_eval_def def = eval_of(12, STEPS);
    static const char *const maps[] = {"loop_empty", "udem1", "4way", "loop_dyn_duckiebots"};
    def.sim.maps = maps;
    def.sim.map_count = 4;
    imp_evaluation e = evaluate(NULL, &def);
    assert_int_equal(e.completed, 12);
    assert_int_equal(e.stalled, 0);
    assert_close(e.stats.progress.value, 1.0, 1e-12);
    for (int n = 0; n < 12; n++)
        assert_true(e.results[n].progress == 1.0);
    imp_evaluation_free(&e);
    // a slow one, of the same way
    def.sim.map_count = 1;
    imp_expert_def slow = def.sim.expert;
    slow.speed = 0.3;
    imp_error err = {0};
    imp_policy_factory *driver;
    assert_ok(imp_policy_factory_open(&driver, "expert", &slow, &err), err);
    assert_ok(imp_evaluate(&e, driver, &def, NULL, &err), err);
    assert_int_equal(e.completed, 12);
    assert_true(e.stats.progress.value > 0.5 && e.stats.progress.value < 0.6);
    assert_close(e.stats.net_distance.value, e.distance_mean, 0.02 * e.distance_mean);
    imp_policy_factory_close(driver);
    imp_evaluation_free(&e);
}

// Circles of 0.24 m, within a lane and across both, within a tile and across the border of two:
// the distance counts them, progress does not.
static void circling_is_no_progress(void **state)
{
    (void)state;
    imp_eval_def def = eval_of(60, STEPS);
    imp_evaluation e = evaluate(&circling, &def);
    int survived = 0;
    for (int n = 0; n < 60; n++) {
        const imp_episode_result *r = &e.results[n];
        if (imp_episode_terminated(r))
            continue;
        survived++;
        assert_true(r->stalled);
        assert_true(r->distance > 1.0);
        assert_true(fabs(r->net_distance) < 0.6);
    }
    assert_true(survived > 20);
    assert_int_equal(e.completed, 0);
    assert_int_equal(e.survived, survived);
    imp_evaluation_free(&e);
}

static void backward_counts_negative(void **state)
{
    (void)state;
    static const pattern backing = {1, 1, {{-0.3, -0.3}}};
    imp_eval_def def = eval_of(10, 60);
    def.sim.env.accept_start_angle = 0.02;
    imp_evaluation e = evaluate(&backing, &def);
    for (int n = 0; n < 10; n++)
        assert_true(e.results[n].net_distance < 0.0 && e.results[n].progress < 0.0);
    imp_evaluation_free(&e);
}

// Turning round where the road ends is no stall, however slowly it is done.
static void u_turn_is_no_stall(void **state)
{
    (void)state;
    imp_eval_def def = eval_of(6, 3000);
    def.sim.map = IMP_TEST_DATA "/../../bench/maps/lone_road.yaml";
    imp_evaluation e = evaluate(NULL, &def);
    assert_int_equal(e.completed, 6);
    assert_close(e.stats.net_distance.value, e.distance_mean, 0.1 * e.distance_mean);
    imp_evaluation_free(&e);
    def.sim.expert.speed = 0.05;
    e = evaluate(NULL, &def);
    assert_int_equal(e.completed, 6);
    imp_evaluation_free(&e);
    // two tiles, both of them ends
    FILE *file = fopen(in_folder("two.yaml"), "w");
    assert_non_null(file);
    assert_true(fputs("tiles:\n- [straight/E, straight/E]\ntile_size: 0.585\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    char *map = path_of("two.yaml");
    def.sim.map = map;
    def.sim.expert.speed = 0.4;
    def.steps = 900;
    e = evaluate(NULL, &def);
    assert_int_equal(e.completed, 6);
    assert_true(e.stats.net_distance.value > 4.0);
    imp_evaluation_free(&e);
    free(map);
}

// Episodes that are shorter than a stall are looked at as a whole, if they are long enough for the
// expert to get anywhere.
static void short_episode_stall_rule(void **state)
{
    (void)state;
    imp_eval_def def = eval_of(10, 65);
    imp_evaluation e = evaluate(&standing, &def);
    assert_int_equal(e.completed, 0);
    assert_int_equal(e.stalled, 10);
    assert_int_equal(e.results[3].stalled_step, 65);
    imp_evaluation_free(&e);
    e = evaluate(NULL, &def);
    assert_int_equal(e.completed, 10);
    imp_evaluation_free(&e);
    def.steps = 3; // no command acts yet
    e = evaluate(&standing, &def);
    assert_int_equal(e.completed, 10);
    assert_true(isnan(e.stats.progress.value) && isnan(e.results[0].progress));
    imp_evaluation_free(&e);
}

static void stalls_count_in_worst_and_compare(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_comparison c;
    const imp_eval_def def = eval_of(12, STEPS);
    imp_evaluation expert = evaluate(NULL, &def), stands = evaluate(&standing, &def);
    assert_ok(imp_evaluation_compare(&c, &stands, &expert, &err), err);
    assert_int_equal(c.survived_only_first + c.survived_only_second, 0);
    assert_int_equal(c.completed_only_first, 0);
    assert_int_equal(c.completed_only_second, 12);
    assert_true(c.completion_p < 0.001);
    assert_close(c.progress.value, -1.0, 0.01);
    imp_evaluation_free(&expert);
    imp_evaluation_free(&stands);
    // some leave the road, others go in circles: those that left come first
    imp_eval_def more = eval_of(60, STEPS);
    imp_evaluation e = evaluate(&circling, &more);
    assert_true(e.survived < 60);
    for (int k = 1; k < e.worst_count; k++) {
        const imp_episode_result *a = &e.results[e.worst[k - 1]], *b = &e.results[e.worst[k]];
        assert_true(imp_episode_terminated(a) >= imp_episode_terminated(b));
        if (!imp_episode_terminated(a) && a->stalled && b->stalled)
            assert_true(a->stalled_step <= b->stalled_step);
    }
    imp_evaluation_free(&e);
}

static bool stalls(imp_env *env, double seconds)
{
    imp_lane_progress progress;
    imp_lane_progress_begin(&progress, env);
    for (int k = 0; k < (int)(30.0 * seconds); k++) {
        imp_env_step(env, (imp_action){0.0, 0.0});
        imp_lane_progress_update(&progress, env);
    }
    return progress.stalled;
}

// Stands before a red light that stays red, and before somebody who crosses the road for ever.
static void waiting_is_no_stall(void **state)
{
    (void)state;
    static const char roads[2][400] = {
        "tiles:\n- [straight/E, straight/E, 4way, straight/E]\n"
        "objects:\n- {kind: trafficlight, pos: [2.5, 2.5], rotate: 45, height: 0.4}\n"
        "tile_size: 0.585\n",
        "tiles:\n- [straight/E, straight/E, straight/E, straight/E]\n"
        "objects:\n- {kind: duckie, pos: [2.2, 2.02], rotate: 90, height: 0.06, static: false}\n"
        "tile_size: 0.585\n"};
    for (int c = 0; c < 2; c++) {
        imp_error err = {0};
        imp_world *world;
        static imp_env env;
        imp_env_def def = imp_default_env_def();
        def.max_steps = 1 << 20;
        assert_ok(imp_world_parse(&world, roads[c], strlen(roads[c]), "road.yaml", &err), err);
        assert_ok(imp_env_init(&env, world, &def, &err), err);
        imp_env_reset_at(&env, 0, (imp_pose){2 * 0.585 - 0.15, 0.7 * 0.585, 0.0});
        assert_int_equal(world->moving_count, 1);
        if (c == 0) {
            env.motion[0].period = 1e6;
            if (imp_traffic_light_is_green(&env.moving[0], 0.0))
                env.moving[0].pattern = !env.moving[0].pattern;
            assert_false(imp_traffic_light_is_green(&env.moving[0], 0.0));
        } else {
            env.motion[0].walk.wait = 0.0;
            env.motion[0].walk.stride = 1e-6;
        }
        assert_false(stalls(&env, 30.0));
        // what it waited for is gone, and it stands on
        env.hidden[0] = 1;
        assert_false(stalls(&env, 9.5));
        assert_true(stalls(&env, 10.5));
        imp_world_destroy(world);
    }
}

// What stays in the way is nothing to wait for: between two barriers our expert stalls, and
// nobody's progress can be told.
static void expert_stalls_between_barriers(void **state)
{
    (void)state;
    static const char text[] = "tiles:\n- [straight/E, straight/E, straight/E, straight/E]\n"
                               "objects:\n"
                               "- {kind: barrier, pos: [1.5, 2.25], rotate: 90, height: 0.2}\n"
                               "- {kind: barrier, pos: [1.5, 2.75], rotate: 90, height: 0.2}\n"
                               "- {kind: barrier, pos: [2.5, 2.25], rotate: 90, height: 0.2}\n"
                               "- {kind: barrier, pos: [2.5, 2.75], rotate: 90, height: 0.2}\n"
                               "tile_size: 0.585\n";
    FILE *file = fopen(in_folder("blocked.yaml"), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    char *map = path_of("blocked.yaml");
    const imp_episode_start start = {{1.17, 0.41, 0.0}, "", 0};
    imp_eval_def def = eval_of(1, STEPS);
    def.sim.map = map;
    def.starts = &start;
    def.start_count = 1;
    imp_evaluation e = evaluate(NULL, &def);
    assert_int_equal(e.survived, 1);
    assert_int_equal(e.completed, 0);
    assert_true(e.results[0].stalled && e.results[0].expert_stalled);
    assert_true(isnan(e.results[0].progress) && isnan(e.stats.progress.value));
    imp_evaluation_free(&e);
    free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standing_survives_not_completes),
        cmocka_unit_test(progress_is_relative_to_expert),
        cmocka_unit_test(circling_is_no_progress),
        cmocka_unit_test(backward_counts_negative),
        FOLDER_TEST(u_turn_is_no_stall),
        cmocka_unit_test(short_episode_stall_rule),
        cmocka_unit_test(waiting_is_no_stall),
        FOLDER_TEST(expert_stalls_between_barriers),
        cmocka_unit_test(stalls_count_in_worst_and_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
