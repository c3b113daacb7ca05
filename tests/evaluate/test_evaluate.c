// Evaluating: the same numbers whatever the threads, and figures that follow from the poses.
#include "evaluate/evaluation_fixture.h"

static imp_evaluation evaluate(const char *policy, const imp_eval_def *def)
{
    imp_error err = {0};
    imp_evaluation evaluation;
    imp_policy_factory *driver = open_policy_factory(policy);
    assert_ok(imp_evaluate(&evaluation, driver, def, NULL, &err), err);
    imp_policy_factory_close(driver);
    assert_int_equal(evaluation.episodes, def->episodes);
    return evaluation;
}

static void results_do_not_depend_on_threads(void **state)
{
    (void)state;
    char *model = path_of("model.safetensors");
    save_untrained_network(model, SMALL_WIDTH, SMALL_HEIGHT);
    const char *policies[] = {"expert", "reference", model};
    for (int p = 0; p < 3; p++) {
        imp_eval_def def = small_eval(11, 80);
        def.sim.map = p == 2 ? "loop_empty" : "udem1_empty";
        def.ask_expert = p > 0;
        def.sim.threads = 1;
        imp_evaluation one = evaluate(policies[p], &def);
        static const int threads[] = {2, 5};
        for (int k = 0; k < 2; k++) {
            def.sim.threads = threads[k];
            imp_evaluation other = evaluate(policies[p], &def);
            assert_same(&one, &other);
            imp_evaluation_free(&other);
        }
        imp_evaluation_free(&one);
    }
    free(model);
}

static void the_expert_survives_and_the_reference_does_not(void **state)
{
    (void)state;
    imp_eval_def def = small_eval(12, 900);
    def.settle_steps = 60;
    imp_evaluation expert = evaluate("expert", &def), reference = evaluate("reference", &def);
    assert_int_equal(expert.survived, 12);
    assert_int_equal(reference.survived, 0);
    assert_true(expert.lane_distance_mean < 0.005);
    assert_true(expert.lane_distance_p95 >= expert.lane_distance_mean);
    assert_true(expert.speed_mean > 0.5 && expert.speed_mean < 0.6);
    assert_true(expert.distance_mean > 0.5 * 900 / 30);
    for (int e = 0; e < 12; e++) {
        assert_int_equal(expert.results[e].ending, IMP_END_MAX_STEPS);
        assert_int_equal(expert.results[e].steps, 900);
        assert_int_equal(reference.results[e].ending, IMP_END_INVALID_POSE);
        assert_true(reference.results[e].steps < 900);
        // the same starts for both
        assert_memory_equal(&expert.results[e].poses[0], &reference.results[e].poses[0],
                            sizeof(imp_pose));
    }
    imp_evaluation_free(&expert);
    imp_evaluation_free(&reference);
}

static void starts_differ_from_collection(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_eval_def def = small_eval(5, 2);
    imp_collect_def collecting = small_collect(5, 2);
    assert_true(def.sim.env.seed == collecting.sim.env.seed);
    imp_evaluation evaluation = evaluate("expert", &def);
    imp_dataset *dataset;
    char *data = path_of("data");
    collect(data, &collecting);
    assert_ok(imp_dataset_open(&dataset, data, &err), err);
    for (int a = 0; a < 5; a++)
        for (int b = 0; b < 5; b++)
            assert_true(evaluation.results[a].poses[0].x !=
                        imp_dataset_episode(dataset, b)->poses[0]);
    imp_dataset_close(dataset);
    imp_evaluation_free(&evaluation);
    free(data);
}

// What the poses of an evaluation say, summed up again.
typedef struct recount {
    const imp_world *world;
    imp_env env; // of that world, in which nothing moves
    int settle;
    double reward, distance;                      // of one episode
    double speed, lane;                           // sums of one episode
    int speeds, lanes;                            // how many they are
    double all_speed, all_lane, all_lanes[20000]; // of all episodes
    int all_speeds, all_lane_count;
} recount;

static void recount_step(recount *r, const imp_episode_result *result, int k)
{
    const imp_pose before = result->poses[k], after = result->poses[k + 1];
    const bool valid = imp_env_is_valid_pose(&r->env, after, 1.0), last = k == result->steps - 1;
    assert_int_equal(valid, !last || result->ending == IMP_END_MAX_STEPS);
    imp_lane_position lane;
    const bool in_lane = imp_world_lane_position(r->world, after, &lane);
    if (!valid)
        r->reward -= 1000;
    else if (!last)
        r->reward += (in_lane ? 1.2 * cos(lane.angle) - 10 * fabs(lane.distance) : 0) +
                     40 * imp_env_proximity_penalty(&r->env, after);
    if (in_lane)
        r->distance +=
            (after.x - before.x) * lane.tangent.x + (after.z - before.z) * lane.tangent.z;
    assert_int_equal(in_lane, !isnan(result->lane_distances[k]));
    if (in_lane)
        assert_close((double)result->lane_distances[k], lane.distance, 1e-7);
    if (k < r->settle)
        return;
    r->speed += 30 * hypot(after.x - before.x, after.z - before.z);
    r->speeds++;
    if (in_lane) {
        r->lane += fabs(lane.distance);
        r->lanes++;
        r->all_lanes[r->all_lane_count++] = fabs(lane.distance);
    }
}

static void recount_episode(recount *r, const imp_episode_result *result)
{
    r->reward = r->distance = r->speed = r->lane = 0;
    r->speeds = r->lanes = 0;
    for (int k = 0; k < result->steps; k++)
        recount_step(r, result, k);
    assert_close(result->reward, r->reward, 1e-6);
    assert_close(result->distance, r->distance, 1e-9);
    assert_close(result->speed_mean, r->speeds > 0 ? r->speed / r->speeds : 0, 1e-9);
    assert_close(result->lane_distance_mean, r->lanes > 0 ? r->lane / r->lanes : 0, 1e-7);
    r->all_speed += r->speed;
    r->all_speeds += r->speeds;
    r->all_lane += r->lane;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void recount_all(const char *policy, const char *map, int settle)
{
    static recount r;
    imp_error err = {0};
    imp_world *world;
    imp_eval_def def = small_eval(9, 120);
    def.sim.map = map;
    def.settle_steps = settle;
    imp_evaluation evaluation = evaluate(policy, &def);
    assert_ok(imp_world_load(&world, map, &err), err);
    r = (recount){.world = world, .settle = settle};
    assert_ok(imp_env_init(&r.env, world, &def.sim.env, &err), err);
    double total = 0, distance = 0;
    int survived = 0;
    for (int e = 0; e < 9; e++) {
        recount_episode(&r, &evaluation.results[e]);
        total += r.reward;
        distance += r.distance;
        survived += evaluation.results[e].ending == IMP_END_MAX_STEPS;
    }
    assert_int_equal(evaluation.survived, survived);
    assert_close(evaluation.total_reward, total, 1e-5);
    assert_close(evaluation.mean_reward, total / 9, 1e-5);
    assert_close(evaluation.distance_mean, distance / 9, 1e-9);
    if (r.all_speeds > 0)
        assert_close(evaluation.speed_mean, r.all_speed / r.all_speeds, 1e-9);
    else
        assert_true(isnan(evaluation.speed_mean));
    if (r.all_lane_count > 0) {
        assert_close(evaluation.lane_distance_mean, r.all_lane / r.all_lane_count, 1e-7);
        qsort(r.all_lanes, (size_t)r.all_lane_count, sizeof(double), compare);
        assert_close(evaluation.lane_distance_p95, r.all_lanes[(r.all_lane_count - 1) * 19 / 20],
                     0.5001e-4);
    } else {
        assert_true(isnan(evaluation.lane_distance_mean));
    }
    imp_world_destroy(world);
    imp_evaluation_free(&evaluation);
}

static void stats_match_recount_from_poses(void **state)
{
    (void)state;
    recount_all("expert", "zigzag_dists", 0);
    recount_all("expert", "4way", 30);
    recount_all("reference", "loop_empty", 0);
    recount_all("reference", "small_loop", 60);
    recount_all("reference", "small_loop", 120); // nothing is settled
}

// Ten episodes keep nothing, and still give the figures that keeping all gives.
static void unkept_episodes_still_count(void **state)
{
    (void)state;
    imp_eval_def def = small_eval(14, 60);
    def.sim.maps = (const char *const[]){"loop_empty", "small_loop", "zigzag_dists"};
    def.sim.map_count = 3;
    imp_evaluation all = evaluate("reference", &def);
    def.plot_episodes = 4;
    imp_evaluation some = evaluate("reference", &def);
    assert_memory_equal(&all.stats, &some.stats, sizeof all.stats);
    assert_memory_equal(all.lanes.counts, some.lanes.counts, (size_t)all.lanes.bins * 8);
    int episodes = 0, survived = 0;
    assert_int_equal(some.map_count, 3);
    for (int m = 0; m < 3; m++) {
        episodes += some.maps[m].stats.episodes;
        survived += some.maps[m].stats.survived;
    }
    assert_int_equal(episodes, 14);
    assert_int_equal(survived, some.survived);
    for (int e = 0; e < 14; e++) {
        const imp_episode_result *a = &all.results[e], *b = &some.results[e];
        assert_non_null(a->poses);
        assert_int_equal(b->poses != NULL, e < 4);
        assert_string_equal(a->map, b->map);
        assert_string_equal(b->map, some.maps[b->map_index].name);
        assert_memory_equal(&a->poses[a->steps], &b->end, sizeof(imp_pose));
        assert_memory_equal(&a->poses[0], &b->start, sizeof(imp_pose));
    }
    imp_evaluation_free(&all);
    imp_evaluation_free(&some);
}

static void worst_episodes_are_sorted(void **state)
{
    (void)state;
    imp_eval_def def = small_eval(30, 120);
    def.sim.env.accept_start_angle = 1.0;
    imp_evaluation evaluation = evaluate("reference", &def);
    assert_int_equal(evaluation.worst_count, IMP_WORST_EPISODES_MAX);
    bool is_listed[30] = {false};
    for (int k = 0; k < IMP_WORST_EPISODES_MAX; k++)
        is_listed[evaluation.worst[k]] = true;
    for (int k = 1; k < IMP_WORST_EPISODES_MAX; k++) {
        const imp_episode_result *worse = &evaluation.results[evaluation.worst[k - 1]];
        const imp_episode_result *better = &evaluation.results[evaluation.worst[k]];
        assert_true(imp_episode_terminated(worse) >= imp_episode_terminated(better));
        if (imp_episode_terminated(better))
            assert_true(worse->steps <= better->steps);
    }
    const imp_episode_result *last =
        &evaluation.results[evaluation.worst[IMP_WORST_EPISODES_MAX - 1]];
    for (int e = 0; e < 30; e++)
        if (!is_listed[e] && imp_episode_terminated(&evaluation.results[e]))
            assert_true(imp_episode_terminated(last) && last->steps <= evaluation.results[e].steps);
    imp_evaluation_free(&evaluation);
}

static void replay_matches_episode(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_eval_def def = small_eval(9, 90);
    def.sim.map = "loop_pedestrians";
    def.sim.env.randomize_objects = true;
    def.ask_expert = true;
    imp_evaluation evaluation = evaluate("reference", &def);
    const imp_replay_def which[] = {{7, 0, 10, 5}, {2, 3, 1, 1000}};
    imp_replay replays[2];
    imp_policy_factory *driver = open_policy_factory("reference");
    assert_ok(imp_replay_episodes(replays, which, 2, driver, &def, NULL, &err), err);
    for (int k = 0; k < 2; k++) {
        const imp_episode_result *a = &evaluation.results[which[k].episode];
        const imp_episode_result *b = &replays[k].result;
        assert_int_equal(a->steps, b->steps);
        assert_memory_equal(&a->reward, &b->reward, 5 * sizeof(double));
        assert_memory_equal(a->poses, b->poses, ((size_t)a->steps + 1) * sizeof *a->poses);
        assert_memory_equal(a->actions, b->actions, (size_t)a->steps * sizeof *a->actions);
    }
    assert_int_equal(replays[0].count, 5);
    assert_int_equal(replays[1].count, replays[1].result.steps - 3);
    const size_t picture = (size_t)3 * SMALL_WIDTH * SMALL_HEIGHT;
    assert_memory_not_equal(replays[0].frames, replays[0].frames + 4 * picture, picture);
    assert_true(replays[1].actions[2] == replays[1].result.actions[4].left);
    imp_policy_factory_close(driver);
    imp_evaluation_free(&evaluation);
    imp_replay_free(&replays[0]);
    imp_replay_free(&replays[1]);
    assert_int_equal(
        imp_replay_episodes(replays, (imp_replay_def[]){{0, 0, 0, 1}}, 1, NULL, &def, NULL, &err),
        IMP_USAGE);
}

static void expert_has_no_action_error(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_eval_def def = small_eval(6, 100);
    def.ask_expert = true;
    imp_evaluation expert = evaluate("expert", &def), reference = evaluate("reference", &def);
    assert_close(expert.stats.action_error.value, 0.0, 0.0);
    assert_true(reference.stats.action_error.value > 0.05);
    const imp_episode_result *r = &reference.results[3];
    double sum = 0;
    for (int k = 0; k < r->steps; k++)
        sum += fabs((double)r->actions[k].left - (double)r->actions[k].expert_left) / 2 +
               fabs((double)r->actions[k].right - (double)r->actions[k].expert_right) / 2;
    assert_close(r->action_error, sum / r->steps, 1e-6);
    imp_comparison c;
    assert_ok(imp_evaluation_compare(&c, &expert, &reference, &err), err);
    assert_close(c.reward.value, expert.mean_reward - reference.mean_reward, 1e-6);
    assert_close(c.distance.value, expert.distance_mean - reference.distance_mean, 1e-9);
    assert_true(c.lane_distance.high < 0);
    assert_int_equal(c.survived_only_first - c.survived_only_second,
                     expert.survived - reference.survived);
    expert.episodes = 5;
    assert_int_equal(imp_evaluation_compare(&c, &expert, &reference, &err), IMP_USAGE);
    expert.episodes = 6;
    imp_evaluation_free(&expert);
    imp_evaluation_free(&reference);
}

static void map_splits_are_disjoint(void **state)
{
    (void)state;
    imp_error err = {0};
    const char *const names[] = {"loop_empty",   "udem1_empty",           "small_loop", "4way",
                                 "zigzag_dists", "zigzag_dists_bordered", "robotarium1"};
    imp_eval_def def = small_eval(12, 5);
    def.sim.maps = names;
    def.sim.map_count = 7;
    int count[3];
    for (int split = IMP_SPLIT_ALL; split <= IMP_SPLIT_TEST; split++) {
        def.sim.split = (imp_map_split)split;
        imp_evaluation evaluation = evaluate("expert", &def);
        count[split] = evaluation.map_count;
        for (int m = 0; m < evaluation.map_count && split != IMP_SPLIT_ALL; m++)
            assert_int_equal(imp_map_is_in_test_split(evaluation.maps[m].name),
                             split == IMP_SPLIT_TEST);
        imp_evaluation_free(&evaluation);
    }
    assert_int_equal(count[IMP_SPLIT_ALL], 7);
    assert_int_equal(count[IMP_SPLIT_TRAIN], 4);
    assert_int_equal(count[IMP_SPLIT_TEST], 3);
    // the same roads stay together
    assert_int_equal(imp_map_is_in_test_split("a"), imp_map_is_in_test_split("a_empty"));
    assert_true(imp_map_is_in_test_split("ETHZ_loop_bordered"));
    assert_false(imp_map_is_in_test_split("loop_obstacles"));
    int towns = 0;
    for (int k = 1; k <= 1000; k++) {
        char town[32];
        snprintf(town, sizeof town, "town-%04d", k);
        towns += imp_map_is_in_test_split(town);
    }
    assert_in_range(towns, 160, 240);
    imp_evaluation evaluation;
    imp_policy_factory *driver = open_policy_factory("expert");
    def.sim.split = IMP_SPLIT_TEST;
    def.sim.map_count = 3;
    assert_int_equal(imp_evaluate(&evaluation, driver, &def, NULL, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "split 'test'"));
    imp_policy_factory_close(driver);
}

static void wrong_image_size_is_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_evaluation evaluation;
    imp_eval_def def = small_eval(2, 10);
    char *model = path_of("model.safetensors");
    save_untrained_network(model, 80, 60);
    imp_policy_factory *driver = open_policy_factory(model);
    assert_int_equal(imp_evaluate(&evaluation, driver, &def, NULL, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, model));
    assert_non_null(strstr(err.message, "80 x 60"));
    assert_non_null(strstr(err.message, "40 x 30"));
    imp_policy_factory_close(driver);
    free(model);
}

static void unknown_policies_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_policy_factory *driver;
    imp_expert_def expert = imp_default_expert_def();
    assert_int_equal(imp_policy_factory_open(&driver, "no_such", &expert, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "unknown policy 'no_such'"));
    assert_int_equal(imp_policy_factory_open(&driver, folder, &expert, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "no model.safetensors in it"));
    char *model = path_of("model.safetensors");
    save_untrained_network(model, 80, 60);
    imp_policy_factory *sound = open_policy_factory(folder); // a folder with a model is one
    assert_true(imp_policy_factory_is_network(sound));
    imp_policy_factory_close(sound);
    assert_int_equal(truncate(model, 5000), 0);
    assert_int_equal(imp_policy_factory_open(&driver, model, &expert, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, model));
    free(model);
}

static void evaluating_can_be_interrupted(void **state)
{
    (void)state;
    for (int stop_at = 1; stop_at < 4; stop_at++) {
        stopper s = {.stop_at = stop_at};
        imp_monitor monitor = stopping_monitor(&s);
        imp_error err = {0};
        imp_evaluation evaluation;
        imp_eval_def def = small_eval(10, 500);
        def.sim.threads = 1;
        imp_policy_factory *driver = open_policy_factory("expert");
        assert_int_equal(imp_evaluate(&evaluation, driver, &def, &monitor, &err), IMP_INTERRUPTED);
        assert_string_equal(err.message, "interrupted");
        imp_policy_factory_close(driver);
    }
}

static void bad_definitions_are_refused(void **state)
{
    (void)state;
    imp_eval_def defs[6];
    for (int k = 0; k < 6; k++)
        defs[k] = small_eval(2, 10);
    defs[0].cookie = 0;
    defs[1].episodes = 0;
    defs[2].steps = 0;
    defs[3].sim.camera.height = -1;
    defs[4].sim.env.frame_skip = 0;
    defs[5].sim.map = "no_such_map";
    imp_policy_factory *driver = open_policy_factory("expert");
    for (int k = 0; k < 6; k++) {
        imp_error err = {0};
        imp_evaluation evaluation;
        assert_int_equal(imp_evaluate(&evaluation, driver, &defs[k], NULL, &err),
                         k == 5 ? IMP_BAD_INPUT : IMP_USAGE);
        assert_int_not_equal(strlen(err.message), 0);
    }
    imp_policy_factory_close(driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(results_do_not_depend_on_threads),
        cmocka_unit_test(the_expert_survives_and_the_reference_does_not),
        FOLDER_TEST(starts_differ_from_collection),
        cmocka_unit_test(stats_match_recount_from_poses),
        cmocka_unit_test(unkept_episodes_still_count),
        cmocka_unit_test(worst_episodes_are_sorted),
        cmocka_unit_test(replay_matches_episode),
        cmocka_unit_test(expert_has_no_action_error),
        cmocka_unit_test(map_splits_are_disjoint),
        FOLDER_TEST(wrong_image_size_is_refused),
        FOLDER_TEST(unknown_policies_are_refused),
        cmocka_unit_test(evaluating_can_be_interrupted),
        cmocka_unit_test(bad_definitions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
