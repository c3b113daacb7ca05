// The page of a sweep: parallel coordinates of the options and figures of all candidates, the
// command of the best one, and a table in order. Values that are all numbers get an axis of
// numbers, with a logarithmic scale where they span a factor of 20 or more. Figures are means over
// the seeds of a candidate.
#include "cli/eval_commands/sweep_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/number_format.h"
#include "base/text/plural.h"
#include "cli/eval_commands/sweep_table.h"
#include "cli/output/console.h"
#include "evaluate/report/plots/parallel_plot.h"
#include "evaluate/report/report_formats/html_page.h"

// Figures behind the options, on the plot and in the table.
enum { FIGURES = 4, LOG_FACTOR = 20 };

// What the plot borrows, for at most IMP_SWEEP_CANDIDATES_MAX candidates.
typedef struct plot_data {
    imp_parallel_axis axes[IMP_SWEEP_AXES_MAX + FIGURES];
    int count;
    const char *words[IMP_SWEEP_AXES_MAX][IMP_SWEEP_CANDIDATES_MAX];
    double numbers[IMP_SWEEP_AXES_MAX + FIGURES][IMP_SWEEP_CANDIDATES_MAX];
    int order[IMP_SWEEP_CANDIDATES_MAX];
} plot_data;

// The mean over the seeds, in the unit of plot and table.
static double compute_candidate_metric(const imp_sweep_settings *s, int candidate, int figure)
{
    double sum = 0.0;
    for (int k = 0; k < s->seeds; k++) {
        const imp_sweep_row *row = imp_sweep_row_at(s, candidate, k);
        const double completed =
            row->failure[0] != '\0' ? (double)NAN : 100.0 * row->completed / row->episodes;
        const double values[FIGURES] = {row->loss, completed, 100.0 * row->progress,
                                        100.0 * row->lane_distance};
        sum += values[figure];
    }
    return sum / s->seeds;
}

// Whether numbers span so much that small ones could not be distinguished.
static bool needs_log_scale(const double *numbers, int count)
{
    double low = INFINITY, high = -INFINITY;
    for (int k = 0; k < count; k++)
        if (isfinite(numbers[k])) {
            low = fmin(low, numbers[k]);
            high = fmax(high, numbers[k]);
        }
    return low > 0.0 && high >= LOG_FACTOR * low;
}

// The axis of an option: of numbers if all values are.
static void add_option_axis(plot_data *plot, const imp_sweep_settings *s, int axis)
{
    const int count = s->space.candidate_count;
    bool numbers = true;
    for (int k = 0; k < count; k++) {
        char *end;
        const char *value = s->space.candidates[k].values[axis];
        plot->words[axis][k] = value;
        plot->numbers[axis][k] = strtod(value, &end);
        numbers = numbers && end != value && *end == '\0';
    }
    plot->axes[plot->count++] = (imp_parallel_axis){
        .name = s->space.axes[axis].name,
        .words = numbers ? NULL : plot->words[axis],
        .numbers = plot->numbers[axis],
        .log = numbers && needs_log_scale(plot->numbers[axis], count),
    };
}

// An axis for each option that differs and each figure; the order has the best first.
static void add_option_and_metric_axes(plot_data *plot, const imp_sweep_settings *s)
{
    static const char *const names[FIGURES] = {
        "loss", "completed [%]", "progress [% of the expert's]", "lane distance [cm]"};
    for (int k = 0; k < s->space.axis_count; k++)
        add_option_axis(plot, s, k);
    for (int figure = 0; figure < FIGURES; figure++) {
        double *numbers = plot->numbers[plot->count];
        for (int k = 0; k < s->space.candidate_count; k++)
            numbers[k] = compute_candidate_metric(s, k, figure);
        plot->axes[plot->count++] =
            (imp_parallel_axis){.name = names[figure],
                                .numbers = numbers,
                                .log = needs_log_scale(numbers, s->space.candidate_count)};
    }
    for (int k = 0; k < s->space.candidate_count; k++)
        plot->order[k] = k;
    imp_sweep_sort(plot->order, s->space.candidate_count, s);
}

// The table of candidates in order.
static void add_table(imp_html_page *page, const imp_sweep_settings *s, const plot_data *plot)
{
    const char *headings[IMP_SWEEP_AXES_MAX + FIGURES + 2] = {"trial"};
    int columns = 1;
    for (int k = 0; k < s->space.axis_count; k++)
        headings[columns++] = s->space.axes[k].name;
    headings[columns++] = s->command->budget;
    for (int k = 0; k < FIGURES; k++)
        headings[columns++] = plot->axes[s->space.axis_count + k].name;
    imp_html_begin_table(page, headings, columns);
    for (int k = 0; k < s->space.candidate_count; k++) {
        const int candidate = plot->order[k];
        const imp_sweep_candidate *of = &s->space.candidates[candidate];
        char text[24];
        imp_html_begin_row(page);
        imp_html_add_cell(page, of->name, imp_sweep_row_at(s, candidate, 0)->failure);
        for (int axis = 0; axis < s->space.axis_count; axis++)
            imp_html_add_cell(page, of->values[axis], NULL);
        snprintf(text, sizeof text, "%d", of->budget);
        imp_html_add_cell(page, text, NULL);
        for (int figure = 0; figure < FIGURES; figure++)
            imp_html_add_cell(
                page,
                imp_format_real_or_dash(text, compute_candidate_metric(s, candidate, figure),
                                        figure == 0   ? 5
                                        : figure == 3 ? 2
                                                      : 1),
                NULL);
    }
    imp_html_end_table(page);
}

// What is shown, and the best run.
static void add_introduction(imp_html_page *page, const imp_sweep_settings *s)
{
    char text[1024];
    int candidate, seed;
    snprintf(text, sizeof text,
             "%s of options of imprint %s, %s each. Every policy drives %s from the same starts. "
             "They are in order by %s%s.",
             IMP_PLURAL(s->space.candidate_count, "combination"), s->command->command->name,
             IMP_PLURAL(s->seeds, "seed"), IMP_PLURAL(s->eval.episodes, "episode"),
             imp_sweep_criterion_name((int)s->rank),
             s->seeds > 1 ? ", the mean over the seeds" : "");
    imp_html_add_paragraph(page, text);
    if (!imp_sweep_find_best_trial(s, &candidate, &seed)) {
        imp_html_add_paragraph(page, "None of them has a policy.");
        return;
    }
    char *line = imp_sweep_best_command(s, candidate, seed);
    snprintf(text, sizeof text, "The best one is %s, seed %" PRIu64 ". To train it again:",
             s->space.candidates[candidate].name, s->first_seed + (uint64_t)seed);
    imp_html_add_paragraph(page, text);
    imp_html_add_paragraph(page, line != NULL ? line : "");
    free(line);
}

imp_status imp_sweep_write_report(const imp_sweep_settings *s, imp_error *err)
{
    char path[IMP_PATH_MAX], *svg = NULL;
    size_t length;
    imp_html_page page;
    plot_data *plot = calloc(1, sizeof *plot);
    if (plot == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a report");
    add_option_and_metric_axes(plot, s);
    imp_status status = imp_path_join(path, s->out, "report.html", err);
    if (status == IMP_OK)
        status = imp_parallel_plot_draw_svg(&svg, &length, plot->axes, plot->count, plot->order,
                                            s->space.candidate_count, err);
    if (status == IMP_OK)
        status = imp_html_begin(&page, "Sweep", err);
    if (status == IMP_OK) {
        add_introduction(&page, s);
        imp_html_add_heading(&page, "Options and figures");
        imp_html_begin_drawings(&page);
        imp_html_add_drawing(&page, svg,
                             "Each line is one combination, from its options at the top to its "
                             "figures at the bottom. The best one is orange. The others are the "
                             "paler the worse they are.");
        imp_html_end_drawings(&page);
        imp_html_add_heading(&page, "All combinations");
        add_table(&page, s, plot);
        status = imp_html_finish(&page, path, err);
    }
    free(svg);
    free(plot);
    return status;
}
