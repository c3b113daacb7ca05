#include "imprint/report.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/image/image.h"
#include "temporary_folder.h"

static void plot(char **svg, const imp_plot_def *def, const imp_plot_series *series, int count)
{
    imp_error err = {0};
    size_t length = 0;
    assert_ok(imp_plot_svg(svg, &length, def, series, count, &err), err);
    assert_int_equal(length, strlen(*svg));
}

static int count_occurrences(const char *text, const char *wanted)
{
    int found = 0;
    for (const char *at = strstr(text, wanted); at != NULL; at = strstr(at + 1, wanted))
        found++;
    return found;
}

static void line_passes_through_ticks(void **state)
{
    (void)state;
    const double x[] = {0, 10}, y[] = {0, 5};
    imp_plot_def def = imp_default_plot_def();
    def.title = "loss < 1 & \"falling\"";
    char *svg = NULL;
    plot(&svg, &def, &(imp_plot_series){"train", x, y, 2}, 1);

    // from the lower left to the upper right corner of the frame
    assert_non_null(strstr(svg, "M64.0 366.0h0L696.0 72.0"));
    assert_non_null(strstr(svg, "loss &lt; 1 &amp;"));
    assert_non_null(strstr(svg, ">train</text>"));
    for (int i = 0; i <= 5; i++) {
        const char label[] = {'>', (char)('0' + i), '<', '\0'};
        assert_true(count_occurrences(svg, label) >= 1);
    }
    assert_int_equal(count_occurrences(svg, "<svg"), 1);
    assert_non_null(strstr(svg, "</svg>\n"));
    free(svg);
}

static void logarithmic_axis_has_decades(void **state)
{
    (void)state;
    double x[5], y[5];
    for (int i = 0; i < 5; i++) {
        x[i] = i;
        y[i] = pow(10.0, -i);
    }
    imp_plot_def def = imp_default_plot_def();
    def.log_y = true;
    char *svg = NULL;
    plot(&svg, &def, &(imp_plot_series){"loss", x, y, 5}, 1);
    assert_non_null(strstr(svg, ">0.0001<"));
    assert_non_null(strstr(svg, ">0.01<"));
    assert_non_null(strstr(svg, ">1<"));

    // equal factors are equal distances
    assert_non_null(strstr(svg, "M64.0 72.0h0L222.0 145.5L380.0 219.0L538.0 292.5L696.0 366.0"));
    free(svg);
}

static void missing_points_leave_gaps(void **state)
{
    (void)state;
    const double x[] = {0, 1, 2, 3, 4, 5};
    const double y[] = {1, 2, NAN, 2, INFINITY, -1};
    imp_plot_def def = imp_default_plot_def();
    char *svg = NULL;
    plot(&svg, &def, &(imp_plot_series){"a", x, y, 6}, 1);
    assert_null(strstr(svg, "nan"));
    assert_null(strstr(svg, "inf"));
    assert_int_equal(count_occurrences(strstr(svg, "fill=\"none\""), "h0"), 3);
    free(svg);

    def.log_y = true;
    plot(&svg, &def, &(imp_plot_series){"a", x, y, 6}, 1);
    assert_null(strstr(svg, "nan"));
    assert_int_equal(count_occurrences(strstr(svg, "fill=\"none\""), "h0"), 2);
    free(svg);
}

static void unusual_ranges_are_drawn(void **state)
{
    (void)state;
    static const double pairs[][2] = {{0, 0},           {5, 5},         {-3, -3},
                                      {1e-300, 1e-300}, {1e300, 2e300}, {1, 1 + 1e-12},
                                      {-1e-5, 1e5},     {999, 1001},    {0.1, 0.1}};
    const double x[] = {7, 7};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (int log = 0; log < 2; log++) {
            if (log && pairs[i][0] <= 0.0 && pairs[i][1] <= 0.0)
                continue;
            imp_plot_def def = imp_default_plot_def();
            def.log_y = log != 0;
            char *svg = NULL;
            plot(&svg, &def, &(imp_plot_series){NULL, x, pairs[i], 2}, 1);
            assert_null(strstr(svg, "nan"));
            assert_null(strstr(svg, "inf"));
            assert_true(count_occurrences(svg, "<text") >= 3);
            assert_true(count_occurrences(svg, "<text") < 40);
            free(svg);
        }
}

static void log_axis_skips_zeros(void **state)
{
    (void)state;
    const double x[] = {0, 1, 2, 3}, y[] = {1, 0, 10, 100};
    imp_plot_def def = imp_default_plot_def();
    def.log_y = true;
    char *svg = NULL;
    plot(&svg, &def, &(imp_plot_series){"a", x, y, 4}, 1);
    assert_int_equal(count_occurrences(strstr(svg, "fill=\"none\""), "h0"), 2);
    free(svg);
}

static void invalid_sizes_are_refused(void **state)
{
    (void)state;
    static const struct {
        int width, height;
        imp_status status;
    } cases[] = {
        {200, 200, IMP_OK},         {4000, 4000, IMP_OK},      {199, 300, IMP_BAD_INPUT},
        {4001, 300, IMP_BAD_INPUT}, {300, 199, IMP_BAD_INPUT}, {300, 4001, IMP_BAD_INPUT},
    };
    const double x[] = {0, 1};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        imp_plot_def def = imp_default_plot_def();
        imp_error err = {0};
        char *svg = NULL;
        size_t length = 0;
        def.width = cases[c].width;
        def.height = cases[c].height;
        assert_int_equal(
            imp_plot_svg(&svg, &length, &def, &(imp_plot_series){"a", x, x, 2}, 1, &err),
            cases[c].status);
        free(svg);
    }
}

// A single value lies in the middle of an axis that reaches half of it to both sides, or half a
// decade, or half a unit around 0.
static void single_values_are_centred(void **state)
{
    (void)state;
    static const struct {
        double x, y;
        bool log;
        const char *first, *last; // the labels at the ends of the upright axis
        double part;              // how far up the value lies
    } cases[] = {
        {8, 5, false, ">2<", ">8<", 0.5},      {-8, -5, false, ">-8<", ">-2<", 0.5},
        {0, 0, false, ">-0.6<", ">0.6<", 0.5}, {8, 100, true, ">50<", ">200<", 0.5},
        {8, 1, true, ">0.5<", ">2<", 0.5},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        imp_plot_def def = imp_default_plot_def();
        def.log_y = cases[c].log;
        char *svg = NULL, point[64];
        plot(&svg, &def, &(imp_plot_series){"a", &cases[c].x, &cases[c].y, 1}, 1);
        // the frame is from 64 to 696 and from 366 up to 72
        snprintf(point, sizeof point, "M380.0 %.1fh0", 366.0 - cases[c].part * 294.0);
        if (strstr(svg, point) == NULL || strstr(svg, cases[c].first) == NULL ||
            strstr(svg, cases[c].last) == NULL)
            fail_msg("case %zu: %s", c, svg);
        free(svg);
    }
}

static void integer_axis_has_integer_ticks(void **state)
{
    (void)state;
    const double x[] = {0, 1, 2}, y[] = {1, 2, 3};
    imp_plot_def def = imp_default_plot_def();
    char *svg = NULL;
    plot(&svg, &def, &(imp_plot_series){"a", x, y, 3}, 1);
    assert_non_null(strstr(svg, "middle\">0.5<"));
    free(svg);
    def.integer_x = true;
    for (int count = 1; count <= 3; count++) {
        plot(&svg, &def, &(imp_plot_series){"a", x, y, count}, 1);
        assert_int_equal(count_occurrences(svg, "text-anchor=\"middle\""), count);
        free(svg);
    }
}

static void panels_are_stacked(void **state)
{
    (void)state;
    const double x[] = {0, 1}, y[] = {40, 60}, nothing[] = {NAN, NAN};
    imp_plot_def def = imp_default_plot_def();
    def.height = 300;
    def.y_max = 100.0;
    const imp_plot_series series = {"a", x, y, 2}, empty = {"b", x, nothing, 2};
    def.x_max = 2.0; // so that what begins later begins farther right
    imp_plot_panel panels[9] = {{&def, &series, 1}, {&def, &series, 1}};
    imp_error err = {0};
    char path[512], svg[8192] = "";
    snprintf(path, sizeof path, "%s", in_folder("panels.svg"));
    assert_ok(imp_plot_write_panels(path, panels, 2, &err), err);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(svg, 1, sizeof svg - 1, file) > 0);
    fclose(file);
    assert_int_equal(count_occurrences(svg, "<svg"), 3);
    assert_int_equal(count_occurrences(svg, "</svg>"), 3);
    assert_non_null(strstr(svg, "height=\"600\""));
    assert_non_null(strstr(svg, "translate(0 300)"));
    assert_int_equal(count_occurrences(svg, " 176.4h0L380.0 141.6"), 2);
    // 40 of 0 to 100 is at two fifths of the way up from 246 to 72
    assert_int_equal(count_occurrences(svg, "M64.0 176.4h0"), 2);
    assert_int_equal(count_occurrences(svg, ">100<"), 2);

    panels[1].series = &empty;
    assert_int_equal(imp_plot_write_panels(path, panels, 2, &err), IMP_BAD_INPUT);
    assert_int_equal(imp_plot_write_panels(path, panels, 9, &err), IMP_USAGE);
}

static void empty_plot_is_an_error(void **state)
{
    (void)state;
    imp_error err = {0};
    char *svg = NULL;
    size_t length = 0;
    const double x[] = {1, 2}, y[] = {NAN, -1};
    imp_plot_def def = imp_default_plot_def();
    def.log_y = true;
    assert_int_equal(imp_plot_svg(&svg, &length, &def, &(imp_plot_series){"a", x, y, 2}, 1, &err),
                     IMP_BAD_INPUT);
    assert_int_equal(imp_plot_svg(&svg, &length, &def, NULL, 0, &err), IMP_BAD_INPUT);
    def.width = 10;
    assert_int_equal(imp_plot_svg(&svg, &length, &def, NULL, 0, &err), IMP_BAD_INPUT);
    def = (imp_plot_def){.width = 500, .height = 300};
    assert_int_equal(imp_plot_svg(&svg, &length, &def, NULL, 0, &err), IMP_USAGE);
    assert_null(svg);
}

// SVG has decimal points in every language. Machines without that language have nothing to check.
static void locale_is_ignored(void **state)
{
    (void)state;
    const double x[] = {0, 1}, y[] = {0.5, 0.25};
    imp_plot_def def = imp_default_plot_def();
    char *plain = NULL;
    plot(&plain, &def, &(imp_plot_series){"a", x, y, 2}, 1);
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL) {
        free(plain);
        skip_because("no locale de_DE.UTF-8");
    }
    char *german = NULL;
    plot(&german, &def, &(imp_plot_series){"a", x, y, 2}, 1);
    setlocale(LC_NUMERIC, "C");
    assert_string_equal(plain, german);
    free(plain);
    free(german);
}

// The same plot as pixels: a line where its points are, in its colour, and paper elsewhere.
static void png_matches_svg(void **state)
{
    (void)state;
    const double x[] = {0, 10}, y[] = {0, 0};
    imp_plot_def def = imp_default_plot_def();
    imp_error err = {0};
    uint8_t *rgb;
    int width, height;
    char path[512];
    snprintf(path, sizeof path, "%s", in_folder("plot.png"));
    assert_ok(imp_plot_write(path, &def, &(imp_plot_series){"a", x, y, 2}, 1, &err), err);
    assert_ok(imp_image_read(&rgb, &width, &height, path, &err), err);
    assert_int_equal(width, 720);
    assert_int_equal(height, 420);
    int blue = 0;
    for (int row = 72; row < height - 54; row++)
        blue += memcmp(&rgb[3 * (row * width + 300)], "\x00\x72\xb2", 3) == 0;
    assert_in_range(blue, 1, 3);
    assert_memory_equal(&rgb[3 * (80 * width + 300)], "\xff\xff\xff", 3);
    free(rgb);
    const double nothing = NAN;
    assert_int_equal(imp_plot_write(path, &def, &(imp_plot_series){"a", x, &nothing, 1}, 1, &err),
                     IMP_BAD_INPUT);
    assert_int_equal(
        imp_plot_write("/nowhere/a.png", &def, &(imp_plot_series){"a", x, y, 2}, 1, &err), IMP_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_passes_through_ticks),
        cmocka_unit_test(logarithmic_axis_has_decades),
        cmocka_unit_test(missing_points_leave_gaps),
        cmocka_unit_test(unusual_ranges_are_drawn),
        cmocka_unit_test(log_axis_skips_zeros),
        cmocka_unit_test(invalid_sizes_are_refused),
        cmocka_unit_test(single_values_are_centred),
        cmocka_unit_test(integer_axis_has_integer_ticks),
        cmocka_unit_test(panels_are_stacked),
        cmocka_unit_test(empty_plot_is_an_error),
        cmocka_unit_test(locale_is_ignored),
        cmocka_unit_test_setup_teardown(png_matches_svg, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
