// The axes of line plots. A range is found over all points that can be drawn, and ticks are
// placed at round values: 1, 2 or 5 times a power of ten. A linear y axis grows outwards to the
// nearest ticks. Logarithmic axes work on log10 of the values, with ticks at decades, or at
// linear steps if the range is small.
#include "evaluate/report/plots/plot_axis.h"

#include <math.h>

#include "base/common/math_functions.h"

// "plot" in ASCII; it marks definitions that imp_default_plot_def() filled in.
enum { COOKIE = 0x706c6f74 };

imp_plot_def imp_default_plot_def(void)
{
    return (imp_plot_def){.width = 720, .height = 420, .cookie = COOKIE};
}

// Converts a value to the scale of the axis: itself, or its logarithm.
static double linear_or_log10(const imp_plot_axis *axis, double value)
{
    return axis->log ? imp_log10(value) : value;
}

// NaN and infinity make gaps; so do values up to 0 on a logarithmic axis.
bool imp_plot_axis_can_show_value(const imp_plot_axis *axis, double value)
{
    return isfinite(value) && (!axis->log || value > 0.0);
}

// Linear interpolation between the pixels of both ends; y grows downwards.
double imp_plot_axis_to_pixel(const imp_plot_axis *axis, double value)
{
    const double part = (linear_or_log10(axis, value) - axis->min) / (axis->max - axis->min);
    return axis->start + part * (axis->end - axis->start);
}

// Returns the smallest step of 1, 2 or 5 times a power of ten that divides a range into at most
// `parts`.
static double round_tick_step(double range, int parts)
{
    // `lead` is the leading factor of the exact step, from 1 to 10.
    const double raw = range / parts, power = imp_pow(10.0, floor(imp_log10(raw)));
    const double lead = raw / power;
    return power * (lead <= 1.0 ? 1.0 : lead <= 2.0 ? 2.0 : lead <= 5.0 ? 5.0 : 10.0);
}

// Adds a tick if it lies in the range, with a tolerance for rounding.
static void add_tick(imp_plot_axis *axis, double value)
{
    const double at = linear_or_log10(axis, value), slack = 1e-9 * (axis->max - axis->min);
    if (axis->tick_count < IMP_PLOT_TICKS_MAX && at >= axis->min - slack && at <= axis->max + slack)
        axis->ticks[axis->tick_count++] = value;
}

// Places ticks at round values. room: the range may grow outwards to the nearest ticks.
static void place_ticks(imp_plot_axis *axis, int parts, bool room)
{
    const double range = axis->max - axis->min;
    axis->tick_count = 0;
    if (axis->log && range > 0.7) {
        // Ticks at decades; 2 and 5 between them if there are few.
        const int every = (int)ceil(range / parts);
        for (int e = (int)floor(axis->min); e <= axis->max; e += every) {
            add_tick(axis, imp_pow(10.0, e));
            if (range < 2.5) {
                add_tick(axis, 2.0 * imp_pow(10.0, e));
                add_tick(axis, 5.0 * imp_pow(10.0, e));
            }
        }
        return;
    }
    // Linear steps, also for a logarithmic axis with a small range.
    const double min = axis->log ? imp_pow(10.0, axis->min) : axis->min;
    const double max = axis->log ? imp_pow(10.0, axis->max) : axis->max;
    const double round_step = round_tick_step(max - min, parts);
    const double step = axis->integer ? fmax(round_step, 1.0) : round_step;
    const double first = floor(min / step + 1e-9) * step, last = ceil(max / step - 1e-9) * step;
    if (room && !axis->log) {
        axis->min = first;
        axis->max = last;
    }
    // Multiples of the step; values that rounding moved off 0 become 0.
    for (int i = 0; first + i * step <= last + 0.5 * step && i < 2 * IMP_PLOT_TICKS_MAX; i++) {
        const double value = first + i * step;
        add_tick(axis, fabs(value) < 1e-9 * step ? 0.0 : value);
    }
}

// Finds the range of both axes over all points that can be drawn; false if there is none.
static bool find_axis_ranges(imp_plot_axis *x, imp_plot_axis *y, const imp_plot_series *series,
                             int count)
{
    bool found = false;
    for (int s = 0; s < count; s++)
        for (int i = 0; i < series[s].count; i++) {
            if (!imp_plot_axis_can_show_value(x, series[s].x[i]) ||
                !imp_plot_axis_can_show_value(y, series[s].y[i]))
                continue;
            // Extend both ranges.
            const double at = linear_or_log10(x, series[s].x[i]),
                         up = linear_or_log10(y, series[s].y[i]);
            x->min = found ? fmin(x->min, at) : at;
            x->max = found ? fmax(x->max, at) : at;
            y->min = found ? fmin(y->min, up) : up;
            y->max = found ? fmax(y->max, up) : up;
            found = true;
        }
    imp_plot_axis *const both[] = {x, y};
    for (int i = 0; found && i < 2; i++) {
        // Widen the range around a single value, so that tick labels differ.
        const double middle = (both[i]->min + both[i]->max) / 2;
        if (both[i]->max - both[i]->min <= 1e-9 * fabs(middle) + 1e-300) {
            const double half = both[i]->log || middle == 0.0 ? 0.5 : fabs(middle) / 2;
            both[i]->min = middle - half;
            both[i]->max = middle + half;
        }
    }
    return found && isfinite(x->max - x->min) && isfinite(y->max - y->min);
}

imp_status imp_plot_axes_init(imp_plot_axis *x, imp_plot_axis *y, const imp_plot_def *def,
                              const imp_plot_series *series, int count, imp_error *err)
{
    // Check the settings.
    if (def->cookie != COOKIE)
        return imp_fail(err, IMP_USAGE, "plot settings do not come from imp_default_plot_def()");
    if (def->width < 200 || def->width > 4000 || def->height < 200 || def->height > 4000)
        return imp_fail(err, IMP_BAD_INPUT, "a plot of %d x %d pixels: sides must be 200 to 4000",
                        def->width, def->height);
    *x = (imp_plot_axis){.start = IMP_PLOT_LEFT, .end = def->width - IMP_PLOT_RIGHT};
    *y = (imp_plot_axis){
        .log = def->log_y, .start = def->height - IMP_PLOT_BOTTOM, .end = IMP_PLOT_TOP};
    if (!find_axis_ranges(x, y, series, count))
        return imp_fail(err, IMP_BAD_INPUT, "plot \"%s\" has no point to draw",
                        def->title != NULL ? def->title : "");
    // Ranges that the caller set replace those of the data.
    x->integer = def->integer_x;
    if (def->x_min < def->x_max) {
        x->min = def->x_min;
        x->max = def->x_max;
    }
    const bool fixed = def->y_min < def->y_max && !def->log_y;
    if (fixed) {
        y->min = def->y_min;
        y->max = def->y_max;
    }
    place_ticks(x, 8, false);
    place_ticks(y, 5, !fixed);
    return IMP_OK;
}
