// Line plots as SVG, one or several below each other. Everything is placed by plot_axis.c in
// pixels, which are the SVG's user units. Coordinates are written with one decimal.
// imp_plot_write() chooses SVG or PNG by the file's name.
#include "base/common/try.h"
#include "imprint/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/file.h"
#include "base/text/text_stream.h"
#include "evaluate/report/drawing/canvas.h"
#include "evaluate/report/drawing/xml_escape.h"
#include "evaluate/report/plots/plot_axis.h"

// Plots of one file.
enum { PANELS_MAX = 8 };

// Writes a text element; `attributes` are written as they are.
static void write_svg_text(FILE *out, double x, double y, const char *attributes, const char *text)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
    imp_xml_write_escaped(out, text);
    fputs("</text>\n", out);
}

// Writes grid lines, ticks with numbers, title and labels.
static void write_svg_axes(FILE *out, const imp_plot_def *def, const imp_plot_axis *x,
                           const imp_plot_axis *y)
{
    char number[32];
    // y axis: a grid line and a number for each tick.
    for (int i = 0; i < y->tick_count; i++) {
        const double at = imp_plot_axis_to_pixel(y, y->ticks[i]);
        fprintf(out, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#e2e5e9\"/>\n", x->start, at, x->end);
        snprintf(number, sizeof number, "%.6g", y->ticks[i]);
        write_svg_text(out, x->start - 8, at + 4, "text-anchor=\"end\"", number);
    }
    // x axis: the base line, short ticks and numbers.
    fprintf(out, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#8a919c\"/>\n", x->start, y->start, x->end);
    for (int i = 0; i < x->tick_count; i++) {
        const double at = imp_plot_axis_to_pixel(x, x->ticks[i]);
        fprintf(out, "<path d=\"M%.1f %.1fv5\" stroke=\"#8a919c\"/>\n", at, y->start);
        snprintf(number, sizeof number, "%.6g", x->ticks[i]);
        write_svg_text(out, at, y->start + 19, "text-anchor=\"middle\"", number);
    }
    // Title and labels are optional.
    if (def->title != NULL)
        write_svg_text(out, 20, 30, "font-size=\"16\" font-weight=\"600\" fill=\"#262b33\"",
                       def->title);
    if (def->y_label != NULL)
        write_svg_text(out, 20, 54, "fill=\"#262b33\"", def->y_label);
    if (def->x_label != NULL)
        write_svg_text(out, (x->start + x->end) / 2, def->height - 12.0,
                       "text-anchor=\"middle\" fill=\"#262b33\"", def->x_label);
}

// Writes a series as one path: "M" begins a line after a gap, "L" continues it.
static void write_svg_series(FILE *out, const imp_plot_series *series, int index, bool scatter,
                             const imp_plot_axis *x, const imp_plot_axis *y)
{
    // Half transparent points show where many of them lie.
    const imp_colour colour = imp_plot_series_colour(index);
    // One stroke for the whole series, with round ends and corners.
    fprintf(out,
            "<path fill=\"none\" stroke=\"#%02x%02x%02x\" stroke-width=\"%s\" "
            "stroke-linejoin=\"round\" stroke-linecap=\"round\" d=\"",
            colour.r, colour.g, colour.b, scatter ? "3\" stroke-opacity=\"0.5" : "2");
    bool down = false;
    for (int i = 0; i < series->count; i++) {
        const bool draw = imp_plot_axis_can_show_value(x, series->x[i]) &&
                          imp_plot_axis_can_show_value(y, series->y[i]);
        if (draw) {
            const double at = imp_plot_axis_to_pixel(x, series->x[i]),
                         up = imp_plot_axis_to_pixel(y, series->y[i]);
            fprintf(out, "%s%.1f %.1f", down ? "L" : "M", at, up);
            // a single point between gaps is a line of length 0, which round caps show as a dot
            if (!down)
                fprintf(out, "h0");
        }
        down = draw && !scatter;
    }
    fputs("\"/>\n", out);
}

// Writes the legend from right to left, on the line of the y label.
static void write_svg_legend(FILE *out, const imp_plot_series *series, int count, double right)
{
    for (int s = count - 1; s >= 0; s--) {
        const char *name = series[s].name;
        if (name == NULL)
            continue;
        const imp_colour colour = imp_plot_series_colour(s);
        char attributes[96];
        snprintf(attributes, sizeof attributes, "text-anchor=\"end\" fill=\"#%02x%02x%02x\"",
                 colour.r, colour.g, colour.b);
        write_svg_text(out, right, 54, attributes, name);

        // Viewers choose the font, so the widths are estimates, rather too wide.
        right -= 7.2 * (double)strlen(name) + 6;
        fprintf(out, "<path d=\"M%.1f 50h-18\" stroke=\"#%02x%02x%02x\" stroke-width=\"3\"/>\n",
                right, colour.r, colour.g, colour.b);
        right -= 36;
    }
}

// Writes a complete plot as an svg element, which may stand in a file or in another svg.
static void write_svg_plot(FILE *out, const imp_plot_def *def, const imp_plot_series *series,
                           int count, const imp_plot_axis *x, const imp_plot_axis *y)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" font-family=\"system-ui, sans-serif\" font-size=\"12\" "
            "fill=\"#5b6470\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
            def->width, def->height, def->width, def->height);
    // Later elements cover earlier ones: curves lie above the grid.
    write_svg_axes(out, def, x, y);
    for (int s = 0; s < count; s++)
        write_svg_series(out, &series[s], s, s < def->scatter_count, x, y);
    write_svg_legend(out, series, count, x->end);
    fputs("</svg>\n", out);
}

// Writes one plot, or several below each other as groups of one SVG.
static void write_svg_panels(FILE *out, const imp_plot_panel *panels, int count,
                             const imp_plot_axis (*axes)[2])
{
    // A single plot is the page itself.
    int width = 0, height = 0, down = 0;
    if (count == 1) {
        write_svg_plot(out, panels->def, panels->series, panels->count, &axes[0][0], &axes[0][1]);
        return;
    }
    // The page is as wide as the widest plot.
    for (int k = 0; k < count; k++) {
        width = panels[k].def->width > width ? panels[k].def->width : width;
        height += panels[k].def->height;
    }
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\">\n",
            width, height, width, height);
    for (int k = 0; k < count; k++) {
        fprintf(out, "<g transform=\"translate(0 %d)\">\n", down);
        write_svg_plot(out, panels[k].def, panels[k].series, panels[k].count, &axes[k][0],
                       &axes[k][1]);
        fputs("</g>\n", out);
        down += panels[k].def->height;
    }
    fputs("</svg>\n", out);
}

// Writes the plots to memory; the caller frees *out.
static imp_status plot_panels_to_svg(char **out, size_t *length, const imp_plot_panel *panels,
                                     int count, imp_error *err)
{
    // Initialise all axes first, so that an invalid plot writes nothing.
    imp_plot_axis axes[PANELS_MAX][2];
    if (count < 1 || count > PANELS_MAX)
        return imp_fail(err, IMP_USAGE, "%d plots in one file: must be 1 to %d", count, PANELS_MAX);
    for (int k = 0; k < count; k++) {
        const imp_status status = imp_plot_axes_init(&axes[k][0], &axes[k][1], panels[k].def,
                                                     panels[k].series, panels[k].count, err);
        if (status != IMP_OK)
            return status;
    }
    // Collect the text in memory.
    imp_text_stream text;
    IMP_TRY(imp_text_stream_open(&text, "a plot", err));
    write_svg_panels(text.out, panels, count, (const imp_plot_axis(*)[2])axes);
    const imp_status status = imp_text_stream_close(&text, "a plot", err);
    if (status == IMP_OK) {
        *out = text.bytes;
        *length = text.length;
    }
    return status;
}

imp_status imp_plot_svg(char **out, size_t *length, const imp_plot_def *def,
                        const imp_plot_series *series, int count, imp_error *err)
{
    // A single plot is a list of one.
    const imp_plot_panel panel = {def, series, count};
    return plot_panels_to_svg(out, length, &panel, 1, err);
}

// The file is written in one step, so that a viewer never sees a part.
imp_status imp_plot_write_panels(const char *path, const imp_plot_panel *panels, int count,
                                 imp_error *err)
{
    char *text = NULL;
    size_t length;
    imp_status status = plot_panels_to_svg(&text, &length, panels, count, err);
    if (status == IMP_OK)
        status = imp_file_write(path, text, length, err);
    free(text);
    return status;
}

imp_status imp_plot_write(const char *path, const imp_plot_def *def, const imp_plot_series *series,
                          int count, imp_error *err)
{
    if (imp_path_has_suffix(path, ".png"))
        return imp_plot_write_png(path, def, series, count, err);
    const imp_plot_panel panel = {def, series, count};
    return imp_plot_write_panels(path, &panel, 1, err);
}
