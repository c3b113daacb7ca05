// Intervals against published numbers, and against how often they cover the truth.
#include "testing.h"

#include <math.h>

#include "imprint/learn.h"

static void shares_have_wilsons_interval(void **state)
{
    (void)state;
    // Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    static const struct {
        int successes, trials;
        double low, high;
    } known[] = {
        {81, 263, 0.2553, 0.3662},
        {15, 148, 0.0624, 0.1605},
        {0, 20, 0.0, 0.1611},
        {1, 29, 0.0061, 0.1718},
    };
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        const imp_estimate e = imp_estimate_proportion(known[k].successes, known[k].trials);
        assert_close(e.value, (double)known[k].successes / known[k].trials, 1e-15);
        assert_close(e.low, known[k].low, 5.1e-5);
        assert_close(e.high, known[k].high, 5.1e-5);
        // what did not succeed failed
        const imp_estimate other =
            imp_estimate_proportion(known[k].trials - known[k].successes, known[k].trials);
        assert_close(other.low, 1.0 - e.high, 1e-12);
        assert_close(other.high, 1.0 - e.low, 1e-12);
    }
    assert_true(imp_estimate_proportion(1000, 1000).high == 1.0);
    assert_true(isnan(imp_estimate_proportion(0, 0).value));
}

static void means_have_students_interval(void **state)
{
    (void)state;
    const double values[] = {2.0, 4.0, 4.0, 5.0, 10.0};
    imp_estimate e = imp_estimate_ratio(values, NULL, 5);
    // standard deviation 3, t of 4 degrees of freedom 2.776445
    assert_close(e.value, 5.0, 1e-12);
    assert_close(e.high, 5.0 + 2.776445 * 3.0 / sqrt(5.0), 1e-5);
    assert_close(e.low, 5.0 - 2.776445 * 3.0 / sqrt(5.0), 1e-5);
    // t at 11, 30 and 1000 degrees of freedom, from tables
    static const struct {
        int count;
        double t;
    } known[] = {{12, 2.200985}, {31, 2.042272}, {1001, 1.962339}};
    static double many[1001];
    for (size_t k = 0; k < 3; k++) {
        const int n = known[k].count;
        for (int i = 0; i < n; i++)
            many[i] = i;
        const double spread = sqrt(n * (n + 1.0) / 12.0);
        e = imp_estimate_ratio(many, NULL, n);
        assert_close((e.high - e.value) * sqrt(n) / spread, known[k].t, 5e-6);
    }
    e = imp_estimate_ratio(values, NULL, 1);
    assert_true(e.value == 2.0 && isnan(e.low) && isnan(e.high));
    assert_true(isnan(imp_estimate_ratio(values, NULL, 0).value));
}

// Weighted episodes of unequal length: the interval covers the true ratio about as often as it
// says.
static void ratio_interval_has_coverage(void **state)
{
    (void)state;
    enum { TRIALS = 4000, EPISODES = 40 };
    imp_random random = imp_random_stream(7, 0, 0, IMP_PURPOSE_TEST);
    int covered = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        double values[EPISODES], weights[EPISODES];
        for (int k = 0; k < EPISODES; k++) {
            weights[k] = imp_random_uniform(&random, 0.0, 1.0) < 0.2
                             ? 0.0
                             : imp_random_uniform(&random, 100.0, 1500.0);
            values[k] = weights[k] * (0.02 + 0.005 * imp_random_normal(&random));
        }
        const imp_estimate e = imp_estimate_ratio(values, weights, EPISODES);
        covered += e.low <= 0.02 && 0.02 <= e.high;
    }
    assert_in_range(covered, (int)(0.935 * TRIALS), (int)(0.965 * TRIALS));
}

// A share over episodes with several trials each stays within 0 and 1, and is Wilson's where the
// trials are independent.
static void pooled_shares_stay_within_0_and_1(void **state)
{
    (void)state;
    // two of five: all in one episode and none in the other, which the linear interval puts at
    // 40 % +- 305 %
    const double followed[] = {2, 0}, commanded[] = {2, 3};
    imp_estimate e = imp_estimate_share(followed, commanded, 2);
    assert_close(e.value, 0.4, 1e-12);
    assert_true(e.low > 0.0 && e.low < 0.1 && e.high > 0.9 && e.high < 1.0);
    // one trial in each of 100 episodes: nearly that of 60 of 100
    double values[100], ones[100];
    for (int k = 0; k < 100; k++) {
        values[k] = k < 60;
        ones[k] = 1.0;
    }
    const imp_estimate wilson = imp_estimate_proportion(60, 100);
    e = imp_estimate_share(values, ones, 100);
    assert_close(e.low, wilson.low, 2e-3);
    assert_close(e.high, wilson.high, 2e-3);
    // without a spread: as many trials as episodes
    const double all[] = {3, 4, 2}, of[] = {3, 4, 2};
    e = imp_estimate_share(all, of, 3);
    assert_close(e.low, imp_estimate_proportion(3, 3).low, 1e-12);
    assert_close(e.high, 1.0, 0.0);
    // too few
    assert_true(isnan(imp_estimate_share(all, of, 1).low));
}

static void sign_test_is_exact(void **state)
{
    (void)state;
    assert_close(imp_sign_test(0, 0), 1.0, 0.0);
    assert_close(imp_sign_test(5, 0), 2.0 / 32, 1e-12);
    assert_close(imp_sign_test(1, 9), 2.0 * 11 / 1024, 1e-12);
    assert_close(imp_sign_test(9, 1), 2.0 * 11 / 1024, 1e-12);
    assert_close(imp_sign_test(4, 4), 1.0, 0.0);
    assert_true(imp_sign_test(600000, 400000) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_have_wilsons_interval),
        cmocka_unit_test(means_have_students_interval),
        cmocka_unit_test(ratio_interval_has_coverage),
        cmocka_unit_test(pooled_shares_stay_within_0_and_1),
        cmocka_unit_test(sign_test_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
