// Plots of an evaluation: share of episodes still under way over time, histograms of lane distance
// and speed, steering against the expert's, and training losses. Each policy is a series;
// fill_...() functions compute its points from the results.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "evaluate/evaluation_report/eval_report.h"
#include "evaluate/evaluation_report/training_history.h"
#include "imprint/report.h"

// Memory of one plot's points.
typedef struct plot_points {
    imp_plot_series series[IMP_SHOWN_POLICIES];
    // the points that series[k] refers to, as arrays that can be written
    double *x[IMP_SHOWN_POLICIES], *y[IMP_SHOWN_POLICIES];
} plot_points;

// Allocates the points of a series.
static imp_status alloc_plot_points(plot_points *p, int index, const char *name, int capacity,
                                    imp_error *err)
{
    p->x[index] = calloc((size_t)capacity, sizeof(double));
    p->y[index] = calloc((size_t)capacity, sizeof(double));
    if (p->x[index] == NULL || p->y[index] == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(capacity, "point"));
    p->series[index] = (imp_plot_series){name, p->x[index], p->y[index], 0};
    return IMP_OK;
}

// Appends a point; the series was allocated with room for it.
static void add_plot_point(plot_points *p, int index, double x, double y)
{
    const int at = p->series[index].count++;
    p->x[index][at] = x;
    p->y[index][at] = y;
}

// Series whose points were not allocated hold NULL.
static void free_plot_points(plot_points *p)
{
    for (int k = 0; k < IMP_SHOWN_POLICIES; k++) {
        free(p->x[k]);
        free(p->y[k]);
    }
}

// Adds the plot to the page; a plot without points is left out.
static imp_status write_plot(imp_html_page *page, const imp_plot_def *def, const plot_points *p,
                             int count, const char *explanation, imp_error *err)
{
    char *svg;
    size_t length;
    // Count the points of all series.
    int total = 0;
    for (int k = 0; k < count; k++)
        total += p->series[k].count;
    if (total == 0)
        return IMP_OK;
    const imp_status status = imp_plot_svg(&svg, &length, def, p->series, count, err);
    if (status == IMP_OK) {
        imp_html_add_drawing(page, svg, explanation);
        free(svg);
    }
    return status;
}

// Default plot with a title and axis labels.
static imp_plot_def make_plot_def(const char *title, const char *x_label, const char *y_label)
{
    imp_plot_def def = imp_default_plot_def();
    def.width = IMP_REPORT_PLOT_WIDTH;
    def.height = IMP_REPORT_PLOT_HEIGHT;
    def.title = title;
    def.x_label = x_label;
    def.y_label = y_label;
    return def;
}

// Returns the last step of an episode that counts as under way: its end, or its stall.
static int last_active_step(const imp_episode_result *r)
{
    return r->stalled ? r->stalled_step : r->steps;
}

// Computes the share of episodes under way over time, as a step function of at most 400 intervals.
static imp_status fill_completion_curve(plot_points *p, int k, const imp_eval_report_def *def,
                                        imp_error *err)
{
    enum { PLACES = 400 };
    const imp_evaluation *evaluation = &def->evaluations[k];
    const imp_eval_def *eval = &def->defs[k];
    const double step = eval->sim.env.drive.time_step * eval->sim.env.frame_skip;
    // Short episodes have an interval for each step.
    const int places = eval->steps < PLACES ? eval->steps : PLACES;
    // Count how many episodes end in each interval.
    int ends[PLACES + 1] = {0};
    for (int e = 0; e < evaluation->episodes; e++)
        if (!imp_episode_completed(&evaluation->results[e])) {
            const double part = (double)last_active_step(&evaluation->results[e]) / eval->steps;
            ends[(int)ceil(part * places)]++;
        }
    IMP_TRY(alloc_plot_points(p, k, NULL, 2 * places + 1, err));
    // Two points per interval with an end make a vertical step.
    int alive = evaluation->episodes;
    const double percent = 100.0 / evaluation->episodes;
    add_plot_point(p, k, 0.0, 100.0);
    for (int place = 1; place <= places; place++) {
        const double time = step * eval->steps * place / places;
        if (ends[place] > 0 || place == places)
            add_plot_point(p, k, time, percent * alive);
        alive -= ends[place];
        if (ends[place] > 0)
            add_plot_point(p, k, time, percent * alive);
    }
    return IMP_OK;
}

// Computes the outline of a histogram between two bins, with `merge` bins combined to one. Heights
// are percentages of all values.
static imp_status fill_histogram_outline(plot_points *p, int k, const char *name,
                                         const imp_histogram *histogram, int first, int last,
                                         int merge, double unit, imp_error *err)
{
    // A rest of fewer than `merge` bins is left out.
    const int bins = (last - first) / merge;
    const imp_status status = alloc_plot_points(p, k, name, 2 * bins + 2, err);
    int64_t total = 0;
    for (int bin = 0; bin < histogram->bins; bin++)
        total += histogram->counts[bin];
    if (status != IMP_OK || total == 0)
        return status;
    const double width = (histogram->high - histogram->low) / histogram->bins;
    add_plot_point(p, k, unit * (histogram->low + first * width), 0.0);
    for (int bin = 0; bin < bins; bin++) {
        // Two points make the top of a bar.
        const int from = first + bin * merge;
        int64_t count = 0;
        for (int j = from; j < from + merge; j++)
            count += histogram->counts[j];
        const double share = 100.0 * (double)count / (double)total;
        add_plot_point(p, k, unit * (histogram->low + from * width), share);
        add_plot_point(p, k, unit * (histogram->low + (from + merge) * width), share);
    }
    add_plot_point(p, k, unit * (histogram->low + (first + bins * merge) * width), 0.0);
    return IMP_OK;
}

// Histogram of lane distances, with 50 bins to either side. Bins have 1, 2, 4 or 8 mm, whichever
// shows the widest policy.
static imp_status fill_lane_distances(plot_points *p, int k, const imp_eval_report_def *def,
                                      imp_error *err)
{
    enum { BINS = 50, FINE = 10, COARSEST = 80 };
    // All policies share one width of bins, so that their curves can be compared.
    double reach = 0.0;
    for (int j = 0; j < imp_eval_shown_policies(def); j++)
        reach = fmax(reach, 1.5 * def->evaluations[j].lane_distance_p95);
    int merge = FINE;
    while (merge < COARSEST && merge * BINS * 1e-4 < reach)
        merge *= 2;
    const imp_histogram *lanes = &def->evaluations[k].lanes;
    const int middle = lanes->bins / 2;
    return fill_histogram_outline(p, k, NULL, lanes, middle - BINS * merge, middle + BINS * merge,
                                  merge, 100.0, err);
}

// Histogram of speeds from 0 to UP_TO bins, with bins of twice the width.
static imp_status fill_speeds(plot_points *p, int k, const imp_eval_report_def *def, imp_error *err)
{
    enum { MERGE = 2, UP_TO = 132 }; // 10 mm/s, 0.66 m/s
    return fill_histogram_outline(p, k, NULL, &def->evaluations[k].speeds, 0, UP_TO, MERGE, 1.0,
                                  err);
}

// Scatter plot of the policy's steering against the expert's in the same states, thinned to at most
// 1200 points.
static imp_status fill_steering_scatter(plot_points *p, int k, const imp_eval_report_def *def,
                                        imp_error *err)
{
    enum { POINTS_MAX = 1200 };
    const imp_evaluation *evaluation = &def->evaluations[k];
    int64_t total = 0, number = 0;
    for (int e = 0; e < evaluation->episodes; e++)
        total += evaluation->results[e].actions != NULL ? evaluation->results[e].steps : 0;
    IMP_TRY(alloc_plot_points(p, k, NULL, POINTS_MAX, err));
    // Take every n-th step over all episodes, so that each has its share.
    const int64_t every = total / POINTS_MAX + 1;
    for (int e = 0; e < evaluation->episodes; e++) {
        const imp_episode_result *r = &evaluation->results[e];
        for (int j = 0; r->actions != NULL && j < r->steps; j++) {
            const imp_action_pair a = r->actions[j];
            if (number++ % every == 0 && !isnan(a.expert_left))
                add_plot_point(p, k, (double)(a.expert_right - a.expert_left),
                               (double)(a.right - a.left));
        }
    }
    return IMP_OK;
}

// Fills one series per policy and adds the plot.
static imp_status plot_all_policies(imp_html_page *page, const imp_eval_report_def *def,
                                    const imp_plot_def *plot, const char *explanation,
                                    // `fill` computes the points of policy k.
                                    imp_status (*fill)(plot_points *p, int k,
                                                       const imp_eval_report_def *def,
                                                       imp_error *err),
                                    imp_error *err)
{
    // The points live until the plot is written.
    plot_points p = {0};
    imp_status status = IMP_OK;
    for (int k = 0; k < imp_eval_shown_policies(def) && status == IMP_OK; k++)
        status = fill(&p, k, def, err);
    if (status == IMP_OK)
        status = write_plot(page, plot, &p, imp_eval_shown_policies(def), explanation, err);
    free_plot_points(&p);
    return status;
}

// Reads the training history beside a model: in the model's folder, or in the folder of its file.
static imp_status read_training_history(imp_training_history *history, const char *model,
                                        imp_error *err)
{
    // First take the model for a folder; its history, if any, is there.
    char folder[IMP_PATH_MAX];
    IMP_TRY(imp_training_history_read(history, model, INT32_MAX, err));
    if (history->count > 0)
        return IMP_OK;
    IMP_TRY(imp_path_parent(folder, model, err));
    return imp_training_history_read(history, folder, INT32_MAX, err);
}

// Plots validation losses, or training losses if nothing was held out.
static imp_status plot_training_losses(imp_html_page *page, const imp_eval_report_def *def,
                                       imp_error *err)
{
    imp_plot_def plot = make_plot_def("Training of the networks", "epoch", "loss (validation)");
    plot.log_y = true;
    plot.integer_x = true;
    // Series refer to the histories, so these live until the plot is written.
    imp_training_history histories[IMP_SHOWN_POLICIES] = {0};
    plot_points p = {0};
    imp_status status = IMP_OK;
    for (int k = 0; k < imp_eval_shown_policies(def) && status == IMP_OK; k++) {
        // Only networks have a history, and its file may be missing. Each keeps its colour.
        imp_training_history *history = &histories[k];
        if (!imp_policy_factory_is_network(def->drivers[k]))
            continue;
        status = read_training_history(history, def->names[k], err);
        if (status != IMP_OK || history->count == 0)
            continue;
        p.series[k] = (imp_plot_series){
            NULL, history->epochs,
            isnan(history->validation_losses[0]) ? history->losses : history->validation_losses,
            history->count};
    }
    if (status == IMP_OK)
        status = write_plot(page, &plot, &p, imp_eval_shown_policies(def),
                            "How wrong each network still was after each pass over its data, on "
                            "episodes that it does not learn from. A curve that rises again shows "
                            "that it learned its data by heart.",
                            err);
    for (int k = 0; k < IMP_SHOWN_POLICIES; k++)
        imp_training_history_free(&histories[k]);
    return status;
}

imp_status imp_eval_write_plots(imp_html_page *page, const imp_eval_report_def *def, imp_error *err)
{
    // Titles and axes of the plots; only completion has a fixed range.
    imp_plot_def completion = make_plot_def("Completion", "time in the episode [s]",
                                            "episodes neither ended nor stalled [%]");
    completion.y_max = 100.0;
    const imp_plot_def lanes = make_plot_def(
        "Lateral deviation", "to the right of the lane centre [cm]", "settled steps [%]");
    const imp_plot_def speeds = make_plot_def("Speed", "speed [m/s]", "settled steps [%]");
    imp_plot_def actions =
        make_plot_def("Steering against the expert's in the same state",
                      "expert: right minus left duty cycle", "policy: right minus left duty cycle");
    // Every series is a cloud of points.
    actions.scatter_count = IMP_SHOWN_POLICIES;
    // One legend for all plots.
    const char *names[IMP_SHOWN_POLICIES];
    for (int k = 0; k < imp_eval_shown_policies(def); k++)
        names[k] = imp_path_shortest_unique_tail(def->names, def->count, k);
    imp_html_add_legend(page, names, imp_eval_shown_policies(def));
    // The order of the plots on the page.
    imp_html_begin_drawings(page);
    imp_status status = plot_all_policies(
        page, def, &completion,
        "The share of episodes that are still under way. A curve that stays at 100 % is a policy "
        "that drives to the end; each step down is an episode that ended early or came to a stall.",
        fill_completion_curve, err);
    if (status == IMP_OK)
        status = plot_all_policies(page, def, &lanes,
                                   "How far from the middle of its lane the robot was, and how "
                                   "often. A narrow peak at 0 is best; a peak beside it is a habit "
                                   "of driving to one side.",
                                   fill_lane_distances, err);
    if (status == IMP_OK)
        status = plot_all_policies(
            page, def, &speeds,
            "How fast the robot drove, and how often. A peak at 0 is a robot that stands.",
            fill_speeds, err);
    if (status == IMP_OK)
        status = plot_all_policies(
            page, def, &actions,
            "Each point is one moment: to the right what the expert would have steered, upwards "
            "what the policy did. Points on the rising diagonal agree; points high on the left, or "
            "low on the right, steer to the wrong side.",
            fill_steering_scatter, err);
    if (status == IMP_OK)
        status = plot_training_losses(page, def, err);
    imp_html_end_drawings(page);
    return status;
}
