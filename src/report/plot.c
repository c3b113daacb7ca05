#include "imprint/report.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "report/canvas.h"

enum { COOKIE = 0x706c6f74, TICKS_MAX = 16 };

// One axis: values from low to high (their logarithms, if log) go to pixels from start to end.
typedef struct plot_axis {
    bool log;
    double low, high;
    double start, end;
    int tick_count;
    double ticks[TICKS_MAX]; // values
} plot_axis;

imp_plot_def imp_default_plot_def(void)
{
    return (imp_plot_def){.width = 720, .height = 420, .cookie = COOKIE};
}

static double axis_value(const plot_axis *axis, double value)
{
    return axis->log ? log10(value) : value;
}

static bool drawable(const plot_axis *axis, double value)
{
    return isfinite(value) && (!axis->log || value > 0.0);
}

static double to_pixel(const plot_axis *axis, double value)
{
    const double part = (axis_value(axis, value) - axis->low) / (axis->high - axis->low);
    return axis->start + part * (axis->end - axis->start);
}

// A step of 1, 2 or 5 times a power of ten that divides a range into about `parts`.
static double nice_step(double range, int parts)
{
    const double raw = range / parts, power = pow(10.0, floor(log10(raw)));
    const double lead = raw / power;
    return power * (lead <= 1.0 ? 1.0 : lead <= 2.0 ? 2.0 : lead <= 5.0 ? 5.0 : 10.0);
}

static void add_tick(plot_axis *axis, double value)
{
    const double at = axis_value(axis, value), slack = 1e-9 * (axis->high - axis->low);
    if (axis->tick_count < TICKS_MAX && at >= axis->low - slack && at <= axis->high + slack)
        axis->ticks[axis->tick_count++] = value;
}

// Ticks at round values; with room, the range grows outwards to the nearest of them.
static void place_ticks(plot_axis *axis, int parts, bool room)
{
    const double range = axis->high - axis->low;
    axis->tick_count = 0;
    if (axis->log && range > 0.7) {
        // decades, and 2 and 5 between them where there are few
        const int every = (int)ceil(range / parts);
        for (int e = (int)floor(axis->low); e <= axis->high; e += every) {
            add_tick(axis, pow(10.0, e));
            if (range < 2.5) {
                add_tick(axis, 2.0 * pow(10.0, e));
                add_tick(axis, 5.0 * pow(10.0, e));
            }
        }
        return;
    }
    const double low = axis->log ? pow(10.0, axis->low) : axis->low;
    const double high = axis->log ? pow(10.0, axis->high) : axis->high;
    const double step = nice_step(high - low, parts);
    const double first = floor(low / step + 1e-9) * step, last = ceil(high / step - 1e-9) * step;
    if (room && !axis->log) {
        axis->low = first;
        axis->high = last;
    }
    for (int i = 0; first + i * step <= last + 0.5 * step && i < 2 * TICKS_MAX; i++) {
        const double value = first + i * step;
        add_tick(axis, fabs(value) < 1e-9 * step ? 0.0 : value);
    }
}

// Finds the range of both axes over all points that can be drawn; false if there is none.
static bool find_ranges(plot_axis *x, plot_axis *y, const imp_series *series, int count)
{
    bool found = false;
    for (int s = 0; s < count; s++)
        for (int i = 0; i < series[s].count; i++) {
            if (!drawable(x, series[s].x[i]) || !drawable(y, series[s].y[i]))
                continue;
            const double at = axis_value(x, series[s].x[i]), up = axis_value(y, series[s].y[i]);
            x->low = found ? fmin(x->low, at) : at;
            x->high = found ? fmax(x->high, at) : at;
            y->low = found ? fmin(y->low, up) : up;
            y->high = found ? fmax(y->high, up) : up;
            found = true;
        }
    plot_axis *const both[] = {x, y};
    for (int i = 0; found && i < 2; i++) {
        // a single value still needs a range around it, wide enough for the numbers to differ
        const double middle = (both[i]->low + both[i]->high) / 2;
        if (both[i]->high - both[i]->low <= 1e-9 * fabs(middle) + 1e-300) {
            const double half = both[i]->log || middle == 0.0 ? 0.5 : fabs(middle) / 2;
            both[i]->low = middle - half;
            both[i]->high = middle + half;
        }
    }
    return found && isfinite(x->high - x->low) && isfinite(y->high - y->low);
}

static void put_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        default:
            // control characters are not allowed in XML
            fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
        }
    }
}

static void put_text(FILE *out, double x, double y, const char *attributes, const char *text)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
    put_escaped(out, text);
    fputs("</text>\n", out);
}

static void put_frame(FILE *out, const imp_plot_def *def, const plot_axis *x, const plot_axis *y)
{
    char number[32];
    for (int i = 0; i < y->tick_count; i++) {
        const double at = to_pixel(y, y->ticks[i]);
        fprintf(out, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#e2e5e9\"/>\n", x->start, at, x->end);
        snprintf(number, sizeof number, "%.6g", y->ticks[i]);
        put_text(out, x->start - 8, at + 4, "text-anchor=\"end\"", number);
    }
    fprintf(out, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#8a919c\"/>\n", x->start, y->start, x->end);
    for (int i = 0; i < x->tick_count; i++) {
        const double at = to_pixel(x, x->ticks[i]);
        fprintf(out, "<path d=\"M%.1f %.1fv5\" stroke=\"#8a919c\"/>\n", at, y->start);
        snprintf(number, sizeof number, "%.6g", x->ticks[i]);
        put_text(out, at, y->start + 19, "text-anchor=\"middle\"", number);
    }
    if (def->title != NULL)
        put_text(out, 20, 30, "font-size=\"16\" font-weight=\"600\" fill=\"#262b33\"", def->title);
    if (def->y_label != NULL)
        put_text(out, 20, 54, "fill=\"#262b33\"", def->y_label);
    if (def->x_label != NULL)
        put_text(out, (x->start + x->end) / 2, def->height - 12.0,
                 "text-anchor=\"middle\" fill=\"#262b33\"", def->x_label);
}

static void put_series(FILE *out, const imp_series *series, int index, const plot_axis *x,
                       const plot_axis *y)
{
    const imp_colour colour = imp_series_colour(index);
    fprintf(out,
            "<path fill=\"none\" stroke=\"#%02x%02x%02x\" stroke-width=\"2\" "
            "stroke-linejoin=\"round\" stroke-linecap=\"round\" d=\"",
            colour.r, colour.g, colour.b);
    bool down = false;
    for (int i = 0; i < series->count; i++) {
        const bool draw = drawable(x, series->x[i]) && drawable(y, series->y[i]);
        if (draw) {
            const double at = to_pixel(x, series->x[i]), up = to_pixel(y, series->y[i]);
            fprintf(out, "%s%.1f %.1f", down ? "L" : "M", at, up);
            // a point between gaps is a line of no length, which round caps show as a dot
            if (!down)
                fprintf(out, "h0");
        }
        down = draw;
    }
    fputs("\"/>\n", out);
}

// Names in the colours of their lines, from the right end of the line of the y label.
static void put_legend(FILE *out, const imp_series *series, int count, double right)
{
    for (int s = count - 1; s >= 0; s--) {
        const char *name = series[s].name != NULL ? series[s].name : "";
        const imp_colour colour = imp_series_colour(s);
        char attributes[96];
        snprintf(attributes, sizeof attributes, "text-anchor=\"end\" fill=\"#%02x%02x%02x\"",
                 colour.r, colour.g, colour.b);
        put_text(out, right, 54, attributes, name);

        // viewers choose the font, so widths are an estimate on the wide side
        right -= 7.2 * (double)strlen(name) + 6;
        fprintf(out, "<path d=\"M%.1f 50h-18\" stroke=\"#%02x%02x%02x\" stroke-width=\"3\"/>\n",
                right, colour.r, colour.g, colour.b);
        right -= 36;
    }
}

static void put_plot(FILE *out, const imp_plot_def *def, const imp_series *series, int count,
                     const plot_axis *x, const plot_axis *y)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" font-family=\"system-ui, sans-serif\" font-size=\"12\" "
            "fill=\"#5b6470\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
            def->width, def->height, def->width, def->height);
    put_frame(out, def, x, y);
    for (int s = 0; s < count; s++)
        put_series(out, &series[s], s, x, y);
    put_legend(out, series, count, x->end);
    fputs("</svg>\n", out);
}

imp_status imp_plot_svg(char **out, size_t *length, const imp_plot_def *def,
                        const imp_series *series, int count, imp_error *err)
{
    if (def->cookie != COOKIE)
        return imp_fail(err, IMP_USAGE, "plot settings do not come from imp_default_plot_def()");
    if (def->width < 200 || def->width > 4000 || def->height < 200 || def->height > 4000)
        return imp_fail(err, IMP_BAD_INPUT, "a plot of %d x %d pixels: 200 to 4000 are possible",
                        def->width, def->height);
    plot_axis x = {.start = 64, .end = def->width - 24.0};
    plot_axis y = {.log = def->log_y, .start = def->height - 54.0, .end = 72};
    if (!find_ranges(&x, &y, series, count))
        return imp_fail(err, IMP_BAD_INPUT, "plot \"%s\" has no point to draw",
                        def->title != NULL ? def->title : "");
    place_ticks(&x, 8, false);
    place_ticks(&y, 5, true);

    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    const locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (file == NULL || plain == (locale_t)0) {
        if (file != NULL)
            fclose(file);
        free(text);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a plot");
    }
    // SVG wants decimal points whatever the caller's language is
    const locale_t kept = uselocale(plain);
    put_plot(file, def, series, count, &x, &y);
    uselocale(kept);
    freelocale(plain);
    if (fclose(file) != 0) {
        free(text);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a plot");
    }
    *out = text;
    *length = size;
    return IMP_OK;
}

imp_status imp_plot_write(const char *path, const imp_plot_def *def, const imp_series *series,
                          int count, imp_error *err)
{
    char *text = NULL;
    size_t length = 0;
    imp_status status = imp_plot_svg(&text, &length, def, series, count, err);
    if (status != IMP_OK)
        return status;
    status = imp_file_write(path, text, length, err);
    free(text);
    return status;
}
