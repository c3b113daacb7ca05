#include "report/plot_axis.h"

#include <math.h>

enum { COOKIE = 0x706c6f74 };

imp_plot_def imp_default_plot_def(void)
{
    return (imp_plot_def){.width = 720, .height = 420, .cookie = COOKIE};
}

static double axis_value(const imp_axis *axis, double value)
{
    return axis->log ? log10(value) : value;
}

bool imp_axis_has(const imp_axis *axis, double value)
{
    return isfinite(value) && (!axis->log || value > 0.0);
}

double imp_axis_pixel(const imp_axis *axis, double value)
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

static void add_tick(imp_axis *axis, double value)
{
    const double at = axis_value(axis, value), slack = 1e-9 * (axis->high - axis->low);
    if (axis->tick_count < IMP_TICKS_MAX && at >= axis->low - slack && at <= axis->high + slack)
        axis->ticks[axis->tick_count++] = value;
}

// Ticks at round values; with room, the range grows outwards to the nearest of them.
static void place_ticks(imp_axis *axis, int parts, bool room)
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
    const double nice = nice_step(high - low, parts);
    const double step = axis->whole ? fmax(nice, 1.0) : nice;
    const double first = floor(low / step + 1e-9) * step, last = ceil(high / step - 1e-9) * step;
    if (room && !axis->log) {
        axis->low = first;
        axis->high = last;
    }
    for (int i = 0; first + i * step <= last + 0.5 * step && i < 2 * IMP_TICKS_MAX; i++) {
        const double value = first + i * step;
        add_tick(axis, fabs(value) < 1e-9 * step ? 0.0 : value);
    }
}

// Finds the range of both axes over all points that can be drawn; false if there is none.
static bool find_ranges(imp_axis *x, imp_axis *y, const imp_series *series, int count)
{
    bool found = false;
    for (int s = 0; s < count; s++)
        for (int i = 0; i < series[s].count; i++) {
            if (!imp_axis_has(x, series[s].x[i]) || !imp_axis_has(y, series[s].y[i]))
                continue;
            const double at = axis_value(x, series[s].x[i]), up = axis_value(y, series[s].y[i]);
            x->low = found ? fmin(x->low, at) : at;
            x->high = found ? fmax(x->high, at) : at;
            y->low = found ? fmin(y->low, up) : up;
            y->high = found ? fmax(y->high, up) : up;
            found = true;
        }
    imp_axis *const both[] = {x, y};
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

imp_status imp_plot_axes(imp_axis *x, imp_axis *y, const imp_plot_def *def,
                         const imp_series *series, int count, imp_error *err)
{
    if (def->cookie != COOKIE)
        return imp_fail(err, IMP_USAGE, "plot settings do not come from imp_default_plot_def()");
    if (def->width < 200 || def->width > 4000 || def->height < 200 || def->height > 4000)
        return imp_fail(err, IMP_BAD_INPUT, "a plot of %d x %d pixels: 200 to 4000 are possible",
                        def->width, def->height);
    *x = (imp_axis){.start = IMP_PLOT_LEFT, .end = def->width - IMP_PLOT_RIGHT};
    *y = (imp_axis){.log = def->log_y, .start = def->height - IMP_PLOT_BOTTOM, .end = IMP_PLOT_TOP};
    if (!find_ranges(x, y, series, count))
        return imp_fail(err, IMP_BAD_INPUT, "plot \"%s\" has no point to draw",
                        def->title != NULL ? def->title : "");
    x->whole = def->whole_x;
    if (def->x_low < def->x_high) {
        x->low = def->x_low;
        x->high = def->x_high;
    }
    const bool fixed = def->y_low < def->y_high && !def->log_y;
    if (fixed) {
        y->low = def->y_low;
        y->high = def->y_high;
    }
    place_ticks(x, 8, false);
    place_ticks(y, 5, !fixed);
    return IMP_OK;
}
