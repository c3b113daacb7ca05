// The robustness section of a report: for each policy a plot and a table of completed episodes
// against the strength of each perturbation, sorted by how much it hurts.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "evaluate/evaluation_report/eval_report.h"
#include "imprint/report.h"

// Adds a cell with the share of completed episodes and its interval.
// Wilson's interval stands below the share, both in percent.
static void write_completion_cell(imp_html_page *page, const imp_eval_stats *f)
{
    char text[48], note[64];
    snprintf(text, sizeof text, "%.1f", 100.0 * f->completion.value);
    snprintf(note, sizeof note, "%.1f to %.1f", 100.0 * f->completion.low,
             100.0 * f->completion.high);
    imp_html_add_cell(page, text, note);
}

// Adds the row of a perturbation: completion at each strength, then details at full strength.
static void write_perturbation_row(imp_html_page *page, const char *name,
                                   const imp_eval_stats *plain, const imp_eval_stats *levels)
{
    // Strength 1 is the last level.
    const imp_eval_stats *last = &levels[IMP_ROBUSTNESS_LEVELS - 1];
    char text[48];
    imp_html_begin_row(page);
    imp_html_add_cell(page, name, NULL);
    write_completion_cell(page, plain);
    for (int k = 0; k < IMP_ROBUSTNESS_LEVELS; k++)
        write_completion_cell(page, &levels[k]);
    // A dash stands for unknown progress: the expert itself got nowhere.
    snprintf(text, sizeof text, "%.1f", 100.0 * last->progress.value);
    imp_html_add_cell(page, isnan(last->progress.value) ? "\xe2\x80\x93" : text, NULL);
    snprintf(text, sizeof text, "%.2f", 100.0 * last->lane_distance.value);
    imp_html_add_cell(page, text, NULL);
    snprintf(text, sizeof text, "%.3f", last->speed.value);
    imp_html_add_cell(page, text, NULL);
}

// Adds the table of a policy.
static void write_robustness_table(imp_html_page *page, const imp_robustness *r)
{
    // The columns in the middle depend on the strengths.
    char words[IMP_ROBUSTNESS_LEVELS][48];
    const char *headings[IMP_ROBUSTNESS_LEVELS + 5] = {"perturbed", "plain: completed [%]"};
    for (int k = 0; k < IMP_ROBUSTNESS_LEVELS; k++) {
        snprintf(words[k], sizeof words[k], "strength %g", imp_robustness_strengths[k]);
        headings[2 + k] = words[k];
    }
    headings[2 + IMP_ROBUSTNESS_LEVELS] = "progress at 1 [%]";
    headings[3 + IMP_ROBUSTNESS_LEVELS] = "|lane distance| at 1 [cm]";
    headings[4 + IMP_ROBUSTNESS_LEVELS] = "speed at 1 [m/s]";
    imp_html_begin_table(page, headings, IMP_ROBUSTNESS_LEVELS + 5);
    for (int k = 0; k < r->count; k++)
        write_perturbation_row(page, r->rows[k].name, &r->plain, r->rows[k].stats);
    imp_html_end_table(page);
}

// Plots completed episodes against strength, for the perturbations that hurt most.
static imp_status write_robustness_plot(imp_html_page *page, const char *policy,
                                        const imp_robustness *r, imp_error *err)
{
    enum { POINTS = IMP_ROBUSTNESS_LEVELS + 1 };
    // All series share the x values: 0 and the strengths.
    double x[POINTS] = {0.0}, y[IMP_SHOWN_POLICIES][POINTS];
    imp_plot_series series[IMP_SHOWN_POLICIES];
    const char *names[IMP_SHOWN_POLICIES];
    const int shown = r->count < IMP_SHOWN_POLICIES ? r->count : IMP_SHOWN_POLICIES;
    for (int k = 0; k < IMP_ROBUSTNESS_LEVELS; k++)
        x[k + 1] = imp_robustness_strengths[k];
    for (int s = 0; s < shown; s++) {
        // Strength 0 is the evaluation without perturbation.
        y[s][0] = 100.0 * r->plain.completion.value;
        for (int k = 0; k < IMP_ROBUSTNESS_LEVELS; k++)
            y[s][k + 1] = 100.0 * r->rows[s].stats[k].completion.value;
        series[s] = (imp_plot_series){NULL, x, y[s], POINTS};
        names[s] = r->rows[s].name;
    }
    // Draw the plot and add it to the page.
    char title[128], *svg;
    size_t length;
    snprintf(title, sizeof title, "What breaks %.80s", policy);
    imp_plot_def plot = imp_default_plot_def();
    plot.width = IMP_REPORT_PLOT_WIDTH;
    plot.height = IMP_REPORT_PLOT_HEIGHT;
    plot.title = title;
    plot.x_label = "strength";
    plot.y_label = "episodes completed [%]";
    plot.y_max = 100.0;
    IMP_TRY(imp_plot_svg(&svg, &length, &plot, series, shown, err));
    imp_html_add_legend(page, names, shown);
    imp_html_begin_drawings(page);
    imp_html_add_drawing(page, svg,
                         "The share of episodes driven to the end, at growing strength of each "
                         "perturbation. A curve that falls early is a weakness; one that stays up "
                         "does not matter to this policy.");
    imp_html_end_drawings(page);
    free(svg);
    return IMP_OK;
}

// An evaluation without perturbations has no such section.
imp_status imp_eval_write_robustness(imp_html_page *page, const imp_eval_report_def *def,
                                     imp_error *err)
{
    imp_status status = IMP_OK;
    if (def->robustness == NULL)
        return status;
    imp_html_add_heading(page, "What breaks them");
    imp_html_add_paragraph(
        page, "Each row perturbs a group of things by itself, or many at once (looks, "
              "dynamics, all), at a quarter, half and the whole of their ranges, from the "
              "same starts; the shares are of completed episodes. What breaks a policy most comes "
              "first.");
    // One plot and one table per policy; a policy without rows was not perturbed.
    for (int p = 0; p < def->count && status == IMP_OK; p++) {
        if (def->robustness[p].count == 0)
            continue;
        const char *name = imp_path_shortest_unique_tail(def->names, def->count, p);
        imp_html_add_paragraph(page, name);
        status = write_robustness_plot(page, name, &def->robustness[p], err);
        write_robustness_table(page, &def->robustness[p]);
    }
    return status;
}
