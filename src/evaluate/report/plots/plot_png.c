// Line plots as PNG: the same layout as the SVG (plot_svg.c), drawn on a raster canvas.
// The colours equal those of the SVG.
#include <stdio.h>

#include "base/image/image.h"
#include "evaluate/report/drawing/canvas.h"
#include "evaluate/report/plots/plot_axis.h"

static const double NUMBER_SIZE = 8, TITLE_SIZE = 11; // heights of text [px]

// Draws text whose left end (anchor 0), middle (0.5) or right end (1) is at x.
static void draw_text(imp_canvas *canvas, double x, double y, double size, double anchor,
                      imp_colour colour, const char *text)
{
    imp_canvas_add_text(canvas, x - anchor * imp_canvas_text_width(size, text), y, size, text);
    imp_canvas_fill_shape(canvas, colour, 1.0);
}

// Draws a line of one pixel.
static void draw_line(imp_canvas *canvas, double x0, double y0, double x1, double y1,
                      imp_colour colour)
{
    imp_canvas_add_line(canvas, x0, y0, x1, y1, 1.0);
    imp_canvas_fill_shape(canvas, colour, 1.0);
}

// Draws grid lines, ticks with numbers, title and labels.
static void draw_axes(imp_canvas *canvas, const imp_plot_def *def, const imp_plot_axis *x,
                      const imp_plot_axis *y)
{
    // Colours of grid lines, base line and numbers.
    static const imp_colour grid = {0xe2, 0xe5, 0xe9}, line = {0x8a, 0x91, 0x9c};
    static const imp_colour numbers = {0x5b, 0x64, 0x70};
    char number[32];
    // y axis: a grid line and a number for each tick.
    for (int i = 0; i < y->tick_count; i++) {
        const double at = imp_plot_axis_to_pixel(y, y->ticks[i]);
        draw_line(canvas, x->start, at, x->end, at, grid);
        snprintf(number, sizeof number, "%.6g", y->ticks[i]);
        draw_text(canvas, x->start - 8, at + NUMBER_SIZE / 2, NUMBER_SIZE, 1.0, numbers, number);
    }
    // x axis: the base line, short ticks and numbers.
    draw_line(canvas, x->start, y->start, x->end, y->start, line);
    for (int i = 0; i < x->tick_count; i++) {
        const double at = imp_plot_axis_to_pixel(x, x->ticks[i]);
        draw_line(canvas, at, y->start, at, y->start + 5, line);
        snprintf(number, sizeof number, "%.6g", x->ticks[i]);
        draw_text(canvas, at, y->start + 19, NUMBER_SIZE, 0.5, numbers, number);
    }
    // Title and labels are optional.
    if (def->title != NULL)
        draw_text(canvas, 20, 30, TITLE_SIZE, 0.0, imp_colour_foreground, def->title);
    if (def->y_label != NULL)
        draw_text(canvas, 20, 54, NUMBER_SIZE, 0.0, imp_colour_foreground, def->y_label);
    if (def->x_label != NULL)
        draw_text(canvas, (x->start + x->end) / 2, def->height - 12.0, NUMBER_SIZE, 0.5,
                  imp_colour_foreground, def->x_label);
}

// Draws a series as one shape: connected points, or discs for a scatter plot. A line of length 0 is
// a disc, so a single point between gaps stays visible.
static void draw_series(imp_canvas *canvas, const imp_plot_series *series, int index, bool scatter,
                        const imp_plot_axis *x, const imp_plot_axis *y)
{
    double from_x = 0.0, from_y = 0.0;
    // `down` says that the last point was drawn, so that a line leads from it to the next.
    bool down = false;
    for (int i = 0; i < series->count; i++) {
        const bool draw = imp_plot_axis_can_show_value(x, series->x[i]) &&
                          imp_plot_axis_can_show_value(y, series->y[i]);
        if (draw) {
            const double to_x = imp_plot_axis_to_pixel(x, series->x[i]);
            const double to_y = imp_plot_axis_to_pixel(y, series->y[i]);
            imp_canvas_add_line(canvas, down ? from_x : to_x, down ? from_y : to_y, to_x, to_y,
                                scatter ? 3 : 2);
            from_x = to_x;
            from_y = to_y;
        }
        // A point that cannot be drawn interrupts the line.
        down = draw && !scatter;
    }
    imp_canvas_fill_shape(canvas, imp_plot_series_colour(index), scatter ? 0.5 : 1.0);
}

// Draws the legend from right to left, on the line of the y label: name and a sample of the line.
static void draw_legend(imp_canvas *canvas, const imp_plot_series *series, int count, double right)
{
    for (int s = count - 1; s >= 0; s--) {
        const char *name = series[s].name;
        if (name == NULL)
            continue;
        const imp_colour colour = imp_plot_series_colour(s);
        draw_text(canvas, right, 54, NUMBER_SIZE, 1.0, colour, name);
        right -= imp_canvas_text_width(NUMBER_SIZE, name) + 6;
        imp_canvas_add_line(canvas, right, 50, right - 18, 50, 3);
        imp_canvas_fill_shape(canvas, colour, 1.0);
        right -= 36;
    }
}

// Axes first: they check the definition before the image is allocated.
imp_status imp_plot_write_png(const char *path, const imp_plot_def *def,
                              const imp_plot_series *series, int count, imp_error *err)
{
    imp_plot_axis x, y;
    imp_canvas canvas = {0};
    imp_status status = imp_plot_axes_init(&x, &y, def, series, count, err);
    if (status == IMP_OK)
        status = imp_canvas_init(&canvas, def->width, def->height, err);
    if (status == IMP_OK) {
        draw_axes(&canvas, def, &x, &y);
        for (int s = 0; s < count; s++)
            draw_series(&canvas, &series[s], s, s < def->scatter_count, &x, &y);
        draw_legend(&canvas, series, count, x.end);
        status = imp_png_write(path, canvas.width, canvas.height, canvas.rgb, err);
    }
    imp_canvas_release(&canvas);
    return status;
}
