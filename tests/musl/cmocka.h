// cmocka.h: as much of cmocka as two tests need, for tests/scripts/musl_results.sh: there is no
// cmocka for musl. Like cmocka's, it is included by testing.h only.
#ifndef IMP_TESTS_MUSL_CMOCKA_H
#define IMP_TESTS_MUSL_CMOCKA_H

#include <stdio.h>
#include <stdlib.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};

#define cmocka_unit_test(function)                                                                 \
    {                                                                                              \
#function, function                                                                        \
    }
#define cmocka_run_group_tests(cases, setup, teardown) // testing.h defines it anew
#define print_message printf
#define fail_msg(...) (printf(__VA_ARGS__), puts(""), exit(1))
#define assert_true(condition) ((condition) ? (void)0 : fail_msg("not so: %s", #condition))
#define assert_int_equal(a, b) assert_true((a) == (b))
#define skip() return

static inline int _cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests,
                                          size_t count, void *setup, void *teardown)
{
    (void)setup;
    (void)teardown;
    for (size_t k = 0; k < count; k++) {
        printf("%s: %s\n", group, tests[k].name);
        tests[k].run(NULL);
    }
    return 0;
}

#endif
