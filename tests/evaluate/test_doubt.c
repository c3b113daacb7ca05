// How well doubt predicts failure, against values computed by hand and by comparing every pair.
#include "evaluate/evaluation_fixture.h"

#include <math.h>

#include "evaluate/evaluation/doubt_statistics.h"

static imp_doubt_stats stats_of(const double *safe, int safe_count, const double *failing,
                                int failing_count, int episodes, int failed_episodes)
{
    static imp_doubt_counts counts;
    memset(&counts, 0, sizeof counts);
    for (int k = 0; k < safe_count; k++)
        counts.safe[imp_doubt_bin(safe[k])]++;
    for (int k = 0; k < failing_count; k++)
        counts.failing[imp_doubt_bin(failing[k])]++;
    return imp_doubt_compute_stats(counts.safe, counts.failing, episodes, failed_episodes);
}

static void areas_are_those_computed_by_hand(void **state)
{
    (void)state;
    // 0.2 wins against 0.1, ties twice and loses against 0.6: 2 of 4 pairs; 0.7 wins all 4
    const double safe[] = {0.1, 0.2, 0.2, 0.6}, failing[] = {0.2, 0.7};
    imp_doubt_stats s = stats_of(safe, 4, failing, 2, 3, 2);
    assert_int_equal(s.decisions, 6);
    assert_int_equal(s.failing, 2);
    assert_close(s.auroc.value, 0.75, 1e-12);
    // q1 = 0.6, q2 = 0.642857: variance (0.1875 + 0.0375 + 2 * 0.080357) / 6 = 0.0642857
    assert_close(s.auroc.low, 0.75 - 1.959964 * 0.2535463, 1e-6);
    assert_close(s.auroc.high, 1.0, 0.0);
    assert_close(s.mean, 2.0 / 6.0, 1e-3);
    // doubts on the wrong side, and equal ones
    s = stats_of(failing, 2, safe, 4, 2, 3);
    assert_close(s.auroc.value, 0.25, 1e-12);
    s = stats_of((double[]){0.3, 0.3}, 2, (double[]){0.3}, 1, 2, 1);
    assert_close(s.auroc.value, 0.5, 1e-12);
    s = stats_of((double[]){0.0, 1e-9}, 2, (double[]){1.0, NAN}, 2, 2, 2);
    assert_close(s.auroc.value, 1.0, 1e-12);
    // without one of the two kinds there is no area
    s = stats_of(safe, 4, NULL, 0, 1, 0);
    assert_true(isnan(s.auroc.value) && isnan(s.auroc.low));
    s = stats_of(NULL, 0, NULL, 0, 0, 0);
    assert_true(s.decisions == 0 && isnan(s.mean) && isnan(s.calibration_error));
}

static void areas_equal_those_of_all_pairs(void **state)
{
    (void)state;
    enum { SAFE = 400, FAILING = 70 };
    double safe[SAFE], failing[FAILING], wins = 0.0;
    uint32_t random = 7;
    for (int k = 0; k < SAFE + FAILING; k++) {
        random = random * 1664525U + 1013904223U;
        const double x = (random >> 8) / 16777216.0;
        if (k < SAFE)
            safe[k] = x * x;
        else
            failing[k - SAFE] = x;
    }
    for (int i = 0; i < FAILING; i++)
        for (int k = 0; k < SAFE; k++)
            wins += failing[i] > safe[k];
    const imp_doubt_stats s = stats_of(safe, SAFE, failing, FAILING, SAFE, FAILING);
    assert_close(s.auroc.value, wins / (SAFE * FAILING), 1e-3);
}

static void calibration_compares_doubt_with_what_happened(void **state)
{
    (void)state;
    double safe[1000], failing[1000];
    // of 900 decisions with doubt 0.1 90 fail, of 100 with doubt 0.8 80 fail
    for (int k = 0; k < 1000; k++) {
        safe[k] = k < 810 ? 0.1 : 0.8;
        failing[k] = k < 90 ? 0.1 : 0.8;
    }
    imp_doubt_stats s = stats_of(safe, 830, failing, 170, 900, 100);
    assert_close(s.mean, 0.17, 1e-3);
    assert_close(s.calibration_error, 0.0, 1e-3);
    // nothing fails: 0.9 * 0.1 + 0.1 * 0.8
    for (int k = 0; k < 1000; k++)
        safe[k] = k < 900 ? 0.1 : 0.8;
    s = stats_of(safe, 1000, NULL, 0, 900, 0);
    assert_close(s.calibration_error, 0.17, 1e-3);
}

static int64_t sum(const int64_t *counts)
{
    int64_t total = 0;
    for (int k = 0; k < IMP_DOUBT_BINS; k++)
        total += counts[k];
    return total;
}

static void decisions_fail_within_two_seconds(void **state)
{
    (void)state;
    static imp_doubt_counts counts;
    for (int terminated = 0; terminated < 2; terminated++) {
        imp_doubt_watch watch = {.count = 0};
        memset(&counts, 0, sizeof counts);
        for (int k = 0; k < 100; k++)
            imp_doubt_watch_add(&watch, &counts, k / 30.0, k < 40 ? 0.1 : 0.9);
        imp_doubt_watch_end(&watch, &counts, 100 / 30.0, terminated != 0);
        // decision 40 is two seconds before the end
        assert_int_equal(counts.safe[imp_doubt_bin(0.1)], 40);
        assert_int_equal(sum(counts.safe), 40);
        assert_int_equal(sum(counts.failing), terminated ? 60 : 0);
        assert_int_equal(counts.failing[imp_doubt_bin(0.9)], terminated ? 60 : 0);
        assert_int_equal(counts.episodes, 1);
        assert_int_equal(counts.failed_episodes, terminated);
    }
    // more decisions than there is room for: none is counted twice or on the wrong side
    imp_doubt_watch watch = {.count = 0};
    memset(&counts, 0, sizeof counts);
    for (int k = 0; k < 3000; k++)
        imp_doubt_watch_add(&watch, &counts, k / 1000.0, k < 1000 ? 0.1 : 0.9);
    imp_doubt_watch_end(&watch, &counts, 3.0, true);
    assert_int_equal(sum(counts.failing), counts.failing[imp_doubt_bin(0.9)]);
    assert_int_equal(sum(counts.safe), IMP_DOUBT_PENDING_MAX);
}

// Drives straight on at full speed, and doubts the more the longer it drives.
static void forget(imp_policy *policy, const imp_env *env)
{
    (void)env;
    policy->has_doubt = true;
}

static imp_action drive_straight(imp_policy *policy, const imp_env *env, const uint8_t *image)
{
    (void)image;
    policy->doubt = env->frame / 1000.0;
    return (imp_action){1.0, 1.0};
}

static void destroy(imp_policy *policy)
{
    free(policy);
}

static imp_status create_straight(const void *context, imp_policy **out, imp_error *err)
{
    static const imp_policy_vtable vtable = {
        .name = "straight", .reset = forget, .act = drive_straight, .destroy = destroy};
    (void)context;
    (void)err;
    *out = calloc(1, sizeof **out);
    (*out)->vtable = &vtable;
    return IMP_OK;
}

static void evaluations_count_decisions_of_all_episodes(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_policy_factory *policy;
    imp_evaluation evaluation, other;
    imp_eval_def def = small_eval(12, 150);
    assert_ok(imp_policy_factory_open_custom(&policy, "straight", create_straight, NULL, &err),
              err);
    assert_ok(imp_evaluate(&evaluation, policy, &def, NULL, &err), err);
    // each episode again, by its length and its ending
    static imp_doubt_counts counts;
    memset(&counts, 0, sizeof counts);
    for (int e = 0; e < evaluation.episodes; e++) {
        const imp_episode_result *r = &evaluation.results[e];
        for (int k = 0; k < r->steps && k + 60 <= 150; k++)
            if (r->steps - k > 60 || (r->steps == 150 && !imp_episode_terminated(r)))
                counts.safe[imp_doubt_bin(k / 1000.0)]++;
            else if (imp_episode_terminated(r))
                counts.failing[imp_doubt_bin(k / 1000.0)]++;
        counts.episodes += r->steps > 60;
        counts.failed_episodes += imp_episode_terminated(r);
    }
    assert_memory_equal(evaluation.safe_doubts.counts, counts.safe, sizeof counts.safe);
    assert_memory_equal(evaluation.failing_doubts.counts, counts.failing, sizeof counts.failing);
    assert_int_equal(evaluation.doubt.episodes, counts.episodes);
    assert_int_equal(evaluation.doubt.failed_episodes, counts.failed_episodes);
    assert_true(evaluation.doubt.failed_episodes > 5 && evaluation.doubt.auroc.value > 0.6);
    // threads do not matter
    def.sim.threads = 1;
    assert_ok(imp_evaluate(&other, policy, &def, NULL, &err), err);
    assert_memory_equal(&evaluation.doubt, &other.doubt, sizeof other.doubt);
    imp_evaluation_free(&other);
    imp_evaluation_free(&evaluation);
    // our expert has no doubt
    imp_policy_factory_close(policy);
    policy = open_policy_factory("expert");
    assert_ok(imp_evaluate(&evaluation, policy, &def, NULL, &err), err);
    assert_int_equal(evaluation.doubt.decisions, 0);
    imp_evaluation_free(&evaluation);
    imp_policy_factory_close(policy);
}

static void parts_add_up(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_policy_factory *policy;
    imp_evaluation whole, joined;
    imp_eval_def def = small_eval(6, 120);
    char *paths[2] = {path_of("second"), path_of("first")};
    assert_ok(imp_policy_factory_open_custom(&policy, "straight", create_straight, NULL, &err),
              err);
    assert_ok(imp_evaluate(&whole, policy, &def, NULL, &err), err);
    for (int k = 0; k < 2; k++) {
        imp_eval_def part = def;
        imp_evaluation evaluation;
        part.share = k + 1;
        part.shares = 2;
        assert_ok(imp_evaluate(&evaluation, policy, &part, NULL, &err), err);
        assert_ok(imp_evaluation_write_part(&evaluation, policy, &part, paths[k], &err), err);
        imp_evaluation_free(&evaluation);
    }
    assert_ok(imp_evaluation_join_parts(&joined, (const char *const *)paths, 2, policy, &def, &err),
              err);
    assert_memory_equal(&whole.doubt, &joined.doubt, sizeof joined.doubt);
    assert_true(joined.doubt.decisions > 0);
    imp_evaluation_free(&joined);
    imp_evaluation_free(&whole);
    imp_policy_factory_close(policy);
    free(paths[0]);
    free(paths[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_are_those_computed_by_hand),
        cmocka_unit_test(areas_equal_those_of_all_pairs),
        cmocka_unit_test(calibration_compares_doubt_with_what_happened),
        cmocka_unit_test(decisions_fail_within_two_seconds),
        cmocka_unit_test(evaluations_count_decisions_of_all_episodes),
        cmocka_unit_test(parts_add_up),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
