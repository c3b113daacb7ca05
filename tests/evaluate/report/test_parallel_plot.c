// Parallel coordinates: where runs cross the axes, which one is the best, and gaps.
#include "testing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate/report/plots/parallel_plot.h"

static void draw(char **svg, const imp_parallel_axis *axes, int count, const int *order, int runs)
{
    size_t length = 0;
    imp_error err = {0};
    assert_ok(imp_parallel_plot_draw_svg(svg, &length, axes, count, order, runs, &err), err);
    assert_int_equal(strlen(*svg), length);
}

static void lines_cross_axes_at_their_values(void **state)
{
    (void)state;
    static const char *const words[] = {"b", "a", "b"};
    static const double plain[] = {1.0, 2.0, 3.0}, wide[] = {0.01, 0.1, 1.0};
    const imp_parallel_axis axes[] = {
        {.name = "word<", .words = words},
        {.name = "plain", .numbers = plain},
        {.name = "wide", .numbers = wide, .log = true},
    };
    static const int order[] = {1, 0, 2};
    char *svg = NULL;
    draw(&svg, axes, 3, order, 3);
    // the axes are 412 px long, from 34; words stand in the order in which they come
    const char *const best = strstr(svg, "stroke=\"#d55e00\"");
    assert_non_null(best);
    assert_non_null(strstr(best, "M446.0 30L240.0 108L240.0 186\""));
    assert_non_null(strstr(svg, "M34.0 30L34.0 108L34.0 186\""));
    assert_non_null(strstr(svg, "M34.0 30L446.0 108L446.0 186\""));
    assert_non_null(strstr(svg, "word&lt;"));
    // the best one is drawn last
    assert_null(strstr(best, "stroke=\"#0072b2\""));
    assert_non_null(strstr(svg, ">0.01</text>"));
    free(svg);
}

static void unknown_values_leave_gaps(void **state)
{
    (void)state;
    static const double first[] = {1.0, 1.0}, second[] = {NAN, 5.0}, third[] = {2.0, 4.0};
    const imp_parallel_axis axes[] = {
        {.name = "first", .numbers = first},
        {.name = "second", .numbers = second},
        {.name = "third", .numbers = third},
    };
    static const int order[] = {1, 0};
    char *svg = NULL;
    draw(&svg, axes, 3, order, 2);
    // equal values stand in the middle
    assert_non_null(strstr(svg, "M240.0 30M34.0 186\""));
    assert_non_null(strstr(svg, "M240.0 30L240.0 108L446.0 186\""));
    free(svg);
}

static void plots_without_runs_are_refused(void **state)
{
    (void)state;
    char *svg = NULL;
    size_t length;
    imp_error err = {0};
    const imp_parallel_axis axis = {.name = "x"};
    assert_int_equal(imp_parallel_plot_draw_svg(&svg, &length, &axis, 1, NULL, 0, &err), IMP_USAGE);
    assert_int_equal(imp_parallel_plot_draw_svg(&svg, &length, &axis, 0, NULL, 1, &err), IMP_USAGE);
    assert_null(svg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_cross_axes_at_their_values),
        cmocka_unit_test(unknown_values_leave_gaps),
        cmocka_unit_test(plots_without_runs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
