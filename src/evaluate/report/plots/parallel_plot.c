// Parallel coordinates as SVG. Axes are horizontal, because names and numbers then have room on
// narrow screens, whatever the number of axes is. Words stand at equal distances in the order in
// which they occur first. Numbers are placed between the smallest and the largest one. Ticks stand
// at values of runs, where their texts do not overlap. The worst run is drawn first, the best one
// last, so that nothing covers it.
#include "evaluate/report/plots/parallel_plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/try.h"
#include "base/text/text_stream.h"
#include "evaluate/report/drawing/xml_escape.h"

// In user units, which are pixels on a narrow screen.
enum { WIDTH = 480, SIDE = 34, TOP = 30, STEP = 78, WORD_SHOWN = 18, LETTER = 10, TICKS_MAX = 16 };

// An axis with the place of each run on it [px]; NAN where a run does not cross it.
typedef struct placed_axis {
    const imp_parallel_axis *axis;
    double *places; // (runs)
} placed_axis;

// Numbers each run by its word, equal ones alike.
static void assign_indices_to_words(double *indices, const char *const *words, int runs)
{
    int count = 0;
    for (int k = 0; k < runs; k++) {
        int same = 0;
        while (strcmp(words[same], words[k]) != 0)
            same++;
        indices[k] = same < k ? indices[same] : (double)count++;
    }
}

// Fills the places of all runs.
static void compute_run_positions_on_axis(const placed_axis *placed, int runs)
{
    const imp_parallel_axis *axis = placed->axis;
    double *places = placed->places, low = INFINITY, high = -INFINITY;
    if (axis->words != NULL)
        assign_indices_to_words(places, axis->words, runs);
    for (int k = 0; k < runs; k++) {
        const double value = axis->numbers != NULL ? axis->numbers[k] : 0.0;
        if (axis->words == NULL)
            places[k] = !axis->log ? value : value > 0.0 ? imp_log(value) : (double)NAN;
        if (isfinite(places[k])) {
            low = fmin(low, places[k]);
            high = fmax(high, places[k]);
        }
    }
    for (int k = 0; k < runs; k++) {
        const double share = high > low ? (places[k] - low) / (high - low) : 0.5;
        places[k] = isfinite(places[k]) ? SIDE + share * (WIDTH - 2 * SIDE) : (double)NAN;
    }
}

// Texts that stand below an axis already, as pairs of their ends [px].
typedef struct tick_row {
    double ends[TICKS_MAX][2];
    int count;
} tick_row;

// Claims room for a text below an axis; false if another one stands there.
static bool reserve_label_space(tick_row *row, double left, double right)
{
    for (int k = 0; k < row->count; k++)
        if (left < row->ends[k][1] && right > row->ends[k][0])
            return false;
    if (row->count == TICKS_MAX)
        return false;
    row->ends[row->count][0] = left;
    row->ends[row->count++][1] = right;
    return true;
}

// A text. Pages give it a rim in the colour of the paper, so that lines behind it do not disturb.
static void write_text(FILE *out, double x, double y, const char *attributes, const char *text)
{
    fprintf(out, "<text class=\"rim\" x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
    imp_xml_write_escaped(out, text);
    fputs("</text>\n", out);
}

// A tick with its value, if there is room. Letters are estimated at the size that narrow screens
// show.
static void write_tick(FILE *out, const imp_parallel_axis *axis, int run, double x, double y,
                       tick_row *row)
{
    char text[64];
    if (axis->words != NULL)
        snprintf(text, sizeof text, "%.*s%s", WORD_SHOWN, axis->words[run],
                 strlen(axis->words[run]) > WORD_SHOWN ? "..." : "");
    else
        snprintf(text, sizeof text, "%.3g", axis->numbers[run]);
    const double width = LETTER * (double)strlen(text) + LETTER;
    const bool first = x<SIDE + 8, last = x> WIDTH - SIDE - 8;
    const double left = first ? x : last ? x - width : x - width / 2;
    if (!reserve_label_space(row, left, left + width))
        return;
    fprintf(out, "<path d=\"M%.1f %.1fv5\" stroke=\"#8a919c\"/>\n", x, y);
    write_text(out, x, y + 20,
               first  ? "text-anchor=\"start\""
               : last ? "text-anchor=\"end\""
                      : "text-anchor=\"middle\"",
               text);
}

// The line of an axis, its name, and ticks: at the ends, at the best run, then at the others.
static void write_axis(FILE *out, const placed_axis *axis, const int *order, int runs, double y)
{
    tick_row row = {.count = 0};
    fprintf(out, "<path d=\"M%d %.1fH%d\" stroke=\"#8a919c\"/>\n", SIDE, y, WIDTH - SIDE);
    write_text(out, 4, y - 12, "fill=\"#262b33\" font-weight=\"600\"", axis->axis->name);
    for (int pass = 0; pass < 2; pass++)
        for (int k = 0; k < runs; k++) {
            const double x = axis->places[order[k]];
            const bool at_end = x < SIDE + 0.5 || x > WIDTH - SIDE - 0.5;
            if (isfinite(x) && (pass == 1 || at_end))
                write_tick(out, axis->axis, order[k], x, y, &row);
        }
}

// A run as one path, interrupted where it has no value.
static void write_run(FILE *out, const placed_axis *axes, int axis_count, int run, int place,
                      int runs)
{
    const double opacity = runs > 2 ? 0.85 - 0.65 * (place - 1) / (runs - 2.0) : 0.85;
    if (place == 0)
        fputs("<path fill=\"none\" stroke=\"#d55e00\" stroke-width=\"3\" ", out);
    else
        fprintf(out,
                "<path fill=\"none\" stroke=\"#0072b2\" stroke-width=\"1.5\" "
                "stroke-opacity=\"%.2f\" ",
                opacity);
    fputs("stroke-linejoin=\"round\" stroke-linecap=\"round\" d=\"", out);
    bool down = false;
    for (int k = 0; k < axis_count; k++) {
        const double x = axes[k].places[run];
        if (isfinite(x))
            fprintf(out, "%s%.1f %d", down ? "L" : "M", x, TOP + k * STEP);
        down = isfinite(x);
    }
    fputs("\"/>\n", out);
}

// The worst run first, so that the best one lies on top.
static void write_plot(FILE *out, const placed_axis *axes, int axis_count, const int *order,
                       int runs)
{
    const int height = TOP + (axis_count - 1) * STEP + 34;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" font-family=\"system-ui, sans-serif\" font-size=\"12\" "
            "fill=\"#5b6470\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
            WIDTH, height, WIDTH, height);
    for (int k = runs - 1; k >= 0; k--)
        write_run(out, axes, axis_count, order[k], k, runs);
    for (int k = 0; k < axis_count; k++)
        write_axis(out, &axes[k], order, runs, TOP + k * STEP);
    fputs("</svg>\n", out);
}

imp_status imp_parallel_plot_draw_svg(char **out, size_t *length, const imp_parallel_axis *axes,
                                      int axis_count, const int *order, int runs, imp_error *err)
{
    placed_axis placed[IMP_PARALLEL_AXES_MAX];
    imp_text_stream text;
    if (runs < 1 || axis_count < 1 || axis_count > IMP_PARALLEL_AXES_MAX)
        return imp_fail(err, IMP_USAGE, "a plot needs at least one run, and 1 to %d axes",
                        IMP_PARALLEL_AXES_MAX);
    double *places = calloc((size_t)axis_count * (size_t)runs, sizeof *places);
    if (places == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a plot");
    for (int k = 0; k < axis_count; k++) {
        placed[k] = (placed_axis){&axes[k], places + (size_t)k * (size_t)runs};
        compute_run_positions_on_axis(&placed[k], runs);
    }
    imp_status status = imp_text_stream_open(&text, "a plot", err);
    if (status == IMP_OK) {
        write_plot(text.out, placed, axis_count, order, runs);
        status = imp_text_stream_close(&text, "a plot", err);
    }
    free(places);
    if (status == IMP_OK) {
        *out = text.bytes;
        *length = text.length;
    }
    return status;
}
