#include "imprint/base.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "testing.h"

// Known answers of Philox4x32-10 that its authors publish with Random123.
static void known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], expected[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        imp_random random = {.used = 4};
        memcpy(random.counter, cases[c].counter, sizeof random.counter);
        memcpy(random.key, cases[c].key, sizeof random.key);
        for (int i = 0; i < 4; i++)
            assert_int_equal(imp_random_u32(&random), cases[c].expected[i]);
    }
}

static void draws_are_a_function_of_the_name(void **state)
{
    (void)state;
    imp_random first = imp_random_stream(123, 4, 5, IMP_PURPOSE_NOISE);
    imp_random again = imp_random_stream(123, 4, 5, IMP_PURPOSE_NOISE);
    for (int i = 0; i < 100; i++)
        assert_int_equal(imp_random_u32(&first), imp_random_u32(&again));

    // a copy goes its own way
    imp_random fork = first;
    uint32_t next = imp_random_u32(&first);
    imp_random_u32(&first);
    assert_int_equal(imp_random_u32(&fork), next);
}

static double correlation(imp_random a, imp_random b)
{
    enum { DRAWS = 20000 };
    double sum = 0.0;
    for (int i = 0; i < DRAWS; i++)
        sum += imp_random_uniform(&a, -1.0, 1.0) * imp_random_uniform(&b, -1.0, 1.0);
    return 3.0 * sum / DRAWS; // the variance of each is 1/3
}

static void streams_are_independent(void **state)
{
    (void)state;
    const imp_random base = imp_random_stream(7, 1, 2, IMP_PURPOSE_SPAWN);
    const imp_random others[] = {
        imp_random_stream(8, 1, 2, IMP_PURPOSE_SPAWN),
        imp_random_stream(7 + (1ULL << 32), 1, 2, IMP_PURPOSE_SPAWN),
        imp_random_stream(7, 2, 2, IMP_PURPOSE_SPAWN),
        imp_random_stream(7, 1, 3, IMP_PURPOSE_SPAWN),
        imp_random_stream(7, 1, 2, IMP_PURPOSE_ROUTE),
        imp_random_stream(7, 2, 1, IMP_PURPOSE_SPAWN),
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        // five standard errors of 20000 products
        assert_true(fabs(correlation(base, others[i])) < 5.0 / sqrt(20000.0));
        imp_random a = base, b = others[i];
        assert_int_not_equal(imp_random_u32(&a), imp_random_u32(&b));
    }
}

static void uniform_fills_its_range(void **state)
{
    (void)state;
    enum { DRAWS = 100000, BINS = 20 };
    imp_random random = imp_random_stream(1, 0, 0, IMP_PURPOSE_TEST);
    int bins[BINS] = {0};
    for (int i = 0; i < DRAWS; i++) {
        double draw = imp_random_uniform(&random, -3.0, 5.0);
        assert_true(draw >= -3.0 && draw < 5.0);
        bins[(int)((draw + 3.0) / 8.0 * BINS)]++;
    }
    double chi_squared = 0.0;
    for (int i = 0; i < BINS; i++)
        chi_squared += pow(bins[i] - DRAWS / BINS, 2) / (DRAWS / BINS);
    // 19 degrees of freedom: 5 and 44 leave out less than one run in a thousand
    assert_true(chi_squared > 5.0 && chi_squared < 44.0);
}

static void below_is_fair(void **state)
{
    (void)state;
    enum { DRAWS = 70000, BOUND = 7 };
    imp_random random = imp_random_stream(2, 0, 0, IMP_PURPOSE_TEST);
    int counts[BOUND] = {0};
    for (int i = 0; i < DRAWS; i++)
        counts[imp_random_uniform_int(&random, BOUND)]++;
    for (int i = 0; i < BOUND; i++)
        assert_true(abs(counts[i] - DRAWS / BOUND) < 500);

    // of 3 * 2^30 values every third falls into each third; a plain modulo gives the first one half
    const uint32_t bound = 3U << 30;
    int low = 0;
    for (int i = 0; i < 30000; i++)
        low += imp_random_uniform_int(&random, bound) < bound / 3;
    assert_true(abs(low - 10000) < 500);
    for (int i = 0; i < 100; i++)
        assert_int_equal(imp_random_uniform_int(&random, 1), 0);
}

static void normal_has_its_moments(void **state)
{
    (void)state;
    enum { DRAWS = 200000 };
    imp_random random = imp_random_stream(3, 0, 0, IMP_PURPOSE_TEST);
    double sum = 0.0, square = 0.0, cube = 0.0, fourth = 0.0;
    for (int i = 0; i < DRAWS; i++) {
        double draw = imp_random_normal(&random);
        assert_true(isfinite(draw));
        sum += draw;
        square += draw * draw;
        cube += draw * draw * draw;
        fourth += draw * draw * draw * draw;
    }
    assert_true(fabs(sum / DRAWS) < 0.012);
    assert_true(fabs(square / DRAWS - 1.0) < 0.016);
    assert_true(fabs(cube / DRAWS) < 0.045);
    assert_true(fabs(fourth / DRAWS - 3.0) < 0.11);
}

static void shuffle_permutes_fairly(void **state)
{
    (void)state;
    enum { COUNT = 5, ROUNDS = 25000 };
    imp_random random = imp_random_stream(4, 0, 0, IMP_PURPOSE_SHUFFLE);
    int landed[COUNT][COUNT] = {{0}};
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t indices[COUNT] = {0, 1, 2, 3, 4};
        unsigned seen = 0;
        imp_random_shuffle(&random, indices, COUNT);
        for (int i = 0; i < COUNT; i++) {
            seen |= 1U << indices[i];
            landed[indices[i]][i]++;
        }
        assert_int_equal(seen, 0x1f);
    }
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++)
            assert_true(abs(landed[i][j] - ROUNDS / COUNT) < 320);
    imp_random_shuffle(&random, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(draws_are_a_function_of_the_name),
        cmocka_unit_test(streams_are_independent),
        cmocka_unit_test(uniform_fills_its_range),
        cmocka_unit_test(below_is_fair),
        cmocka_unit_test(normal_has_its_moments),
        cmocka_unit_test(shuffle_permutes_fairly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
