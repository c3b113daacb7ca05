// Driving the challenges: the clock, the states after an incident, and that threads change nothing.
#include "testing.h"

#include <string.h>

#include "imprint/learn.h"

static imp_policy_factory *open_policy_factory(const char *name)
{
    imp_policy_factory *driver;
    imp_error err = {0};
    imp_expert_def expert = imp_default_expert_def();
    assert_ok(imp_policy_factory_open(&driver, name, &expert, &err), err);
    return driver;
}

static imp_challenge_result run_challenge(const char *policy, imp_challenge challenge, int episodes,
                                          int threads)
{
    imp_challenge_result contest;
    imp_error err = {0};
    imp_policy_factory *driver = open_policy_factory(policy);
    imp_challenge_eval_def def = imp_default_challenge_eval_def();
    def.challenge = challenge;
    def.episodes = episodes;
    def.sim.threads = threads;
    assert_ok(imp_evaluate_challenge(&contest, driver, &def, NULL, &err), err);
    imp_policy_factory_close(driver);
    return contest;
}

static void the_expert_follows_lanes_for_a_minute(void **state)
{
    (void)state;
    imp_challenge_result contest = run_challenge("expert", IMP_CHALLENGE_LF, 0, 1);
    assert_int_equal(contest.episodes, 4);
    assert_int_equal(contest.survived, 4);
    for (int e = 0; e < 4; e++) {
        const imp_challenge_episode *r = &contest.results[e];
        assert_int_equal(r->ending, IMP_END_MAX_STEPS);
        assert_int_equal(r->samples, 1201);
        assert_true(r->metrics.value[IMP_METRIC_SURVIVAL] == 59.99999999999873);
        assert_true(r->times[1200] == 59.99999999999873);
        assert_true(r->metrics.value[IMP_METRIC_NO_LANE] < 0.5);
        assert_true(r->metrics.value[IMP_METRIC_CONSECUTIVE] > 25.0);
        assert_true(r->metrics.value[IMP_METRIC_DRIVEN] <= 35.8);
    }
    assert_true(contest.aggregate.median.value[IMP_METRIC_CONSECUTIVE] > 28.0);
    imp_challenge_result_free(&contest);
}

// Drives a recorded episode again: it ends where the episode ended.
static void drive_again(const imp_challenge_episode *r)
{
    static imp_env env;
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_demonstration_load_world(&world, r->drive, &err), err);
    assert_ok(imp_env_init(&env, world, &r->drive->env, &err), err);
    assert_ok(imp_env_reset(&env, r->drive->episode, &err), err);
    for (int k = 0; k < r->drive->steps; k++) {
        const float *duty = r->drive->actions + (ptrdiff_t)2 * k;
        imp_env_step(&env, (imp_action){(double)duty[0], (double)duty[1]});
    }
    assert_ok(imp_demonstration_check_state(r->drive, r->drive->steps, &env, &err), err);
    const imp_pose end = r->poses[r->samples - 1];
    assert_true(env.pose.x == end.x && env.pose.z == end.z && env.pose.heading == end.heading);
    imp_world_destroy(world);
}

// Recording changes no figure.
static void drives_are_recorded(void **state)
{
    (void)state;
    imp_challenge_result plain = run_challenge("pure-pursuit", IMP_CHALLENGE_LFV, 2, 1);
    imp_challenge_result recorded;
    imp_error err = {0};
    imp_policy_factory *policy = open_policy_factory("pure-pursuit");
    imp_challenge_eval_def def = imp_default_challenge_eval_def();
    def.challenge = IMP_CHALLENGE_LFV;
    def.episodes = 2;
    def.sim.threads = 2;
    def.record_drives = true;
    assert_ok(imp_evaluate_challenge(&recorded, policy, &def, NULL, &err), err);
    for (int e = 0; e < 2; e++) {
        const imp_challenge_episode *r = &recorded.results[e];
        assert_null(plain.results[e].drive);
        assert_memory_equal(r->metrics.value, plain.results[e].metrics.value,
                            sizeof r->metrics.value);
        assert_non_null(r->drive);
        assert_string_equal(r->drive->map, r->name);
        assert_string_equal(r->drive->policy, "pure-pursuit");
        assert_int_equal(r->drive->env.rules, IMP_RULES_CHALLENGE);
        drive_again(r);
    }
    imp_challenge_result_free(&plain);
    imp_challenge_result_free(&recorded);
    imp_policy_factory_close(policy);
}

// On AI-DO's own lanes it is closer to their middle than the simulator's curves ever come.
static void the_expert_can_follow_the_challenges_lanes(void **state)
{
    (void)state;
    imp_challenge_result contest;
    imp_error err = {0};
    imp_policy_factory *driver;
    imp_expert_def expert = imp_default_expert_def();
    imp_challenge_eval_def def = imp_default_challenge_eval_def();
    expert.challenge_lanes = true;
    assert_ok(imp_policy_factory_open(&driver, "expert", &expert, &err), err);
    assert_ok(imp_evaluate_challenge(&contest, driver, &def, NULL, &err), err);
    const imp_metrics *median = &contest.aggregate.median;
    assert_int_equal(contest.survived, 4);
    assert_true(median->value[IMP_METRIC_CONSECUTIVE] > 30.0);
    assert_true(median->value[IMP_METRIC_LATERAL] < 0.45);
    assert_true(median->value[IMP_METRIC_NO_LANE] == 0.0);
    imp_challenge_result_free(&contest);
    imp_policy_factory_close(driver);
    contest = run_challenge("expert", IMP_CHALLENGE_LF, 0, 1);
    assert_true(contest.aggregate.median.value[IMP_METRIC_LATERAL] > 1.0);
    imp_challenge_result_free(&contest);
}

static void states_continue_after_incident(void **state)
{
    (void)state;
    enum { TAIL = 14 };
    imp_challenge_result contest = run_challenge("reference", IMP_CHALLENGE_LFI, 8, 2);
    int incidents = 0;
    for (int e = 0; e < contest.episodes; e++) {
        const imp_challenge_episode *r = &contest.results[e];
        if (r->ending == IMP_END_MAX_STEPS || r->samples >= 1201)
            continue;
        incidents++;
        const imp_pose *last = &r->poses[r->samples - 1];
        for (int k = 1; k <= TAIL; k++)
            assert_memory_equal(last, last - k, sizeof *last);
        assert_memory_not_equal(last, last - TAIL - 1, sizeof *last);
        assert_true(r->metrics.value[IMP_METRIC_SURVIVAL] == r->times[r->samples - 1]);
    }
    assert_true(incidents > 0);
    assert_int_equal(contest.survived + incidents, contest.episodes);
    imp_challenge_result_free(&contest);
}

static void compare_threads(const char *policy, imp_challenge challenge, int episodes)
{
    imp_challenge_result one = run_challenge(policy, challenge, episodes, 1);
    imp_challenge_result three = run_challenge(policy, challenge, episodes, 3);
    assert_memory_equal(&one.aggregate, &three.aggregate, sizeof one.aggregate);
    for (int e = 0; e < episodes; e++) {
        const imp_challenge_episode *a = &one.results[e], *b = &three.results[e];
        assert_string_equal(a->name, b->name);
        assert_int_equal(a->samples, b->samples);
        assert_memory_equal(a->poses, b->poses, (size_t)a->samples * sizeof *a->poses);
    }
    imp_challenge_result_free(&one);
    imp_challenge_result_free(&three);
}

static void results_do_not_depend_on_threads(void **state)
{
    (void)state;
    for (int c = 0; c < IMP_CHALLENGE_COUNT; c++)
        compare_threads("reference", (imp_challenge)c, 6);
    compare_threads("expert", IMP_CHALLENGE_LFV, 3);
}

static bool stop_at_once(void *context)
{
    (void)context;
    return true;
}

static void stops_on_request(void **state)
{
    (void)state;
    imp_challenge_result contest = {0};
    imp_error err = {0};
    imp_policy_factory *driver = open_policy_factory("expert");
    imp_challenge_eval_def def = imp_default_challenge_eval_def();
    const imp_monitor monitor = {.should_stop = stop_at_once};
    assert_int_equal(imp_evaluate_challenge(&contest, driver, &def, &monitor, &err),
                     IMP_INTERRUPTED);
    assert_null(contest.results);
    def.episodes = -1;
    assert_int_equal(imp_evaluate_challenge(&contest, driver, &def, NULL, &err), IMP_USAGE);
    imp_policy_factory_close(driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_expert_follows_lanes_for_a_minute),
        cmocka_unit_test(drives_are_recorded),
        cmocka_unit_test(the_expert_can_follow_the_challenges_lanes),
        cmocka_unit_test(states_continue_after_incident),
        cmocka_unit_test(results_do_not_depend_on_threads),
        cmocka_unit_test(stops_on_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
