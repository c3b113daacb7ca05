// What breaks a policy, on the page of a report.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "imprint/report.h"
#include "pipeline/eval_report.h"

static void put_share(imp_html *page, const imp_figures *f)
{
    char text[48], note[64];
    snprintf(text, sizeof text, "%.1f", 100.0 * f->completion.value);
    snprintf(note, sizeof note, "%.1f to %.1f", 100.0 * f->completion.low,
             100.0 * f->completion.high);
    imp_html_cell(page, text, note);
}

static void put_row(imp_html *page, const char *name, const imp_figures *plain,
                    const imp_figures *levels)
{
    const imp_figures *last = &levels[IMP_ROBUST_LEVELS - 1];
    char text[48];
    imp_html_row_begin(page);
    imp_html_cell(page, name, NULL);
    put_share(page, plain);
    for (int k = 0; k < IMP_ROBUST_LEVELS; k++)
        put_share(page, &levels[k]);
    snprintf(text, sizeof text, "%.1f", 100.0 * last->progress.value);
    imp_html_cell(page, isnan(last->progress.value) ? "\xe2\x80\x93" : text, NULL);
    snprintf(text, sizeof text, "%.2f", 100.0 * last->lane_distance.value);
    imp_html_cell(page, text, NULL);
    snprintf(text, sizeof text, "%.3f", last->speed.value);
    imp_html_cell(page, text, NULL);
}

static void put_table(imp_html *page, const imp_robustness *r)
{
    char words[IMP_ROBUST_LEVELS][48];
    const char *headings[IMP_ROBUST_LEVELS + 5] = {"perturbed", "plain: completed [%]"};
    for (int k = 0; k < IMP_ROBUST_LEVELS; k++) {
        snprintf(words[k], sizeof words[k], "strength %g", imp_robust_strengths[k]);
        headings[2 + k] = words[k];
    }
    headings[2 + IMP_ROBUST_LEVELS] = "progress at 1 [%]";
    headings[3 + IMP_ROBUST_LEVELS] = "|lane distance| at 1 [cm]";
    headings[4 + IMP_ROBUST_LEVELS] = "speed at 1 [m/s]";
    imp_html_table_begin(page, headings, IMP_ROBUST_LEVELS + 5);
    for (int k = 0; k < r->count; k++)
        put_row(page, r->rows[k].name, &r->plain, r->rows[k].figures);
    imp_html_table_end(page);
}

// Completed episodes against strength, of what breaks it most.
static imp_status put_plot(imp_html *page, const char *policy, const imp_robustness *r,
                           imp_error *err)
{
    enum { POINTS = IMP_ROBUST_LEVELS + 1 };
    double x[POINTS] = {0.0}, y[IMP_SHOWN_POLICIES][POINTS];
    imp_series series[IMP_SHOWN_POLICIES];
    const int shown = r->count < IMP_SHOWN_POLICIES ? r->count : IMP_SHOWN_POLICIES;
    for (int k = 0; k < IMP_ROBUST_LEVELS; k++)
        x[k + 1] = imp_robust_strengths[k];
    for (int s = 0; s < shown; s++) {
        y[s][0] = 100.0 * r->plain.completion.value;
        for (int k = 0; k < IMP_ROBUST_LEVELS; k++)
            y[s][k + 1] = 100.0 * r->rows[s].figures[k].completion.value;
        series[s] = (imp_series){r->rows[s].name, x, y[s], POINTS};
    }
    char title[128], *svg;
    size_t length;
    snprintf(title, sizeof title, "What breaks %.80s", policy);
    imp_plot_def plot = imp_default_plot_def();
    plot.title = title;
    plot.x_label = "strength";
    plot.y_label = "episodes completed [%]";
    const imp_status status = imp_plot_svg(&svg, &length, &plot, series, shown, err);
    if (status != IMP_OK)
        return status;
    imp_html_drawings_begin(page);
    imp_html_drawing(page, svg);
    imp_html_drawings_end(page);
    free(svg);
    return IMP_OK;
}

imp_status imp_eval_put_robustness(imp_html *page, const imp_eval_report_def *def, imp_error *err)
{
    imp_status status = IMP_OK;
    if (def->robustness == NULL)
        return status;
    imp_html_heading(page, "What breaks them");
    imp_html_paragraph(
        page, "Each row perturbs a group of things by itself, or many at once (looks, "
              "dynamics, all), at a quarter, half and the whole of their ranges, from the "
              "same starts; the shares are of completed episodes. What breaks a policy most comes "
              "first.");
    for (int p = 0; p < def->count && status == IMP_OK; p++) {
        if (def->robustness[p].count == 0)
            continue;
        const char *name = imp_path_short(def->names, def->count, p);
        imp_html_paragraph(page, name);
        status = put_plot(page, name, &def->robustness[p], err);
        put_table(page, &def->robustness[p]);
    }
    return status;
}
