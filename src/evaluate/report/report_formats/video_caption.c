// The strip below a frame: words on the left, and on the right a bar for each wheel, which grows
// from the middle to its side; backward rotation has another colour. Words shrink to fit.
#include "evaluate/report/report_formats/video_caption.h"

#include <math.h>
#include <stdio.h>

enum { HEIGHT_MIN = 16, HEIGHT_MAX = 40, FRAMES_PER_STRIP = 15 };

int imp_video_caption_height(int height)
{
    const int wanted = height / FRAMES_PER_STRIP;
    const int clamped = wanted < HEIGHT_MIN   ? HEIGHT_MIN
                        : wanted > HEIGHT_MAX ? HEIGHT_MAX
                                              : wanted;
    return clamped / 2 * 2;
}

// One wheel's bar from `middle` to a side: -1 left, 1 right.
static void draw_bar(imp_canvas *canvas, float duty, int middle, int half, int side)
{
    const int top = canvas->height / 4, bottom = canvas->height - top;
    const double size = fabs((double)duty);
    const int length = size >= 1.0 ? half : (int)(size * half + 0.5); // a NaN gives 0
    const int track = middle + side * half, tip = middle + side * length;
    imp_canvas_fill_rectangle(canvas, side < 0 ? track : middle, top, side < 0 ? middle : track,
                              bottom, imp_colour_light_grey);
    imp_canvas_fill_rectangle(canvas, side < 0 ? tip : middle, top, side < 0 ? middle : tip, bottom,
                              imp_plot_series_colour(duty < 0.0F ? 1 : 0));
}

void imp_video_caption_draw(imp_canvas *canvas, const imp_video_caption *caption)
{
    const imp_video_caption *c = caption;
    const int gap = canvas->height / 3;
    // the words take two thirds of the width at most
    const double room = canvas->width * 2.0 / 3.0 - 2 * gap;
    char text[96];
    int used = snprintf(text, sizeof text, "%.1f s  %.2f m/s", c->time, c->speed);
    if (!isnan(c->left) && used > 0)
        used += snprintf(text + used, sizeof text - (size_t)used, "  left %.2f right %.2f",
                         (double)c->left, (double)c->right);
    if (c->driver != NULL && used > 0)
        snprintf(text + used, sizeof text - (size_t)used, "  %s", c->driver);
    double size = canvas->height * 0.42;
    const double width = imp_canvas_text_width(size, text);
    size *= width > room ? room / width : 1.0;
    imp_canvas_fill_rectangle(canvas, 0, 0, canvas->width, canvas->height, imp_colour_background);
    imp_canvas_add_text(canvas, gap, 0.5 * (canvas->height + size), size, text);
    imp_canvas_fill_shape(canvas, imp_colour_foreground, 1.0);
    if (isnan(c->left))
        return;
    const int middle = canvas->width * 5 / 6, half = canvas->width / 6 - gap;
    draw_bar(canvas, c->left, middle - 1, half, -1);
    draw_bar(canvas, c->right, middle + 1, half, 1);
}
