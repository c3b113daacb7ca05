// testing.h: what every test includes: cmocka in the order that it wants, and what it lacks. A test
// of which a case was skipped ends with the code that ctest counts as skipped, and says why.
#ifndef IMP_TESTS_TESTING_H
#define IMP_TESTS_TESTING_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

enum { TEST_SKIPPED = 77 };

static int skipped_cases;

// In a case that cannot run here. `./run test` repeats the lines that begin with "skipped: ".
#define skip_because(why)                                                                          \
    do {                                                                                           \
        print_message("skipped: %s\n", why);                                                       \
        skipped_cases++;                                                                           \
        skip();                                                                                    \
    } while (0)

static inline int test_outcome(int failed)
{
    return failed != 0 ? 1 : skipped_cases > 0 ? TEST_SKIPPED : 0;
}

#undef cmocka_run_group_tests
#define cmocka_run_group_tests(cases, setup, teardown)                                             \
    test_outcome(_cmocka_run_group_tests(#cases, cases, sizeof(cases) / sizeof((cases)[0]), setup, \
                                         teardown))

// For a main whose cases all cannot run here.
static inline int skip_test(const char *why)
{
    print_message("skipped: %s\n", why);
    return TEST_SKIPPED;
}

// Cases that need what is not kept with the project, a file or folder beside it. CMakeLists.txt
// names their tests in `with_shared`, and ctest runs those a second time with the argument shared.
#define run_shared(path, cases, setup, teardown)                                                   \
    (access(IMP_SHARED "/" path, R_OK) == 0 ? cmocka_run_group_tests(cases, setup, teardown)       \
                                            : skip_test("no ../shared/" path))

// |a - b| <= tolerance in double precision (cmocka's own assert_float_equal compares floats); NaN
// fails.
#define assert_close(a, b, tolerance)                                                              \
    do {                                                                                           \
        const double close_a = (a), close_b = (b);                                                 \
        if (!(fabs(close_a - close_b) <= (tolerance)))                                             \
            fail_msg("%s = %.17g, wanted %.17g, off by %g", #a, close_a, close_b,                  \
                     close_a - close_b);                                                           \
    } while (0)

// Fails with the library's own message.
#define assert_ok(call, err)                                                                       \
    do {                                                                                           \
        if ((call) != IMP_OK)                                                                      \
            fail_msg("%s: %s", #call, (err).message);                                              \
    } while (0)

#endif
