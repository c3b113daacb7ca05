// evaluate/report/plots/plot_axis.h: positions of a plot's points and ticks, shared by all output
// formats.
#ifndef IMP_EVALUATE_REPORT_PLOTS_PLOT_AXIS_H
#define IMP_EVALUATE_REPORT_PLOTS_PLOT_AXIS_H

#include "imprint/report.h"

enum { IMP_PLOT_TICKS_MAX = 16 };

// Space around the lines of a plot [px].
enum { IMP_PLOT_LEFT = 64, IMP_PLOT_RIGHT = 24, IMP_PLOT_TOP = 72, IMP_PLOT_BOTTOM = 54 };

// One axis: values (logarithms of them, if log) from min to max are mapped to pixels from start to
// end.
typedef struct imp_plot_axis {
    bool log;
    bool integer; // ticks at whole numbers only
    double min, max;
    double start, end;
    int tick_count;
    double ticks[IMP_PLOT_TICKS_MAX]; // values
} imp_plot_axis;

// Initialises both axes of a plot, with ticks. IMP_USAGE or IMP_BAD_INPUT if settings are invalid
// or there is no point to draw.
imp_status imp_plot_axes_init(imp_plot_axis *x, imp_plot_axis *y, const imp_plot_def *def,
                              const imp_plot_series *series, int count, imp_error *err);

// Whether a value can be drawn on an axis, and its position [px].
bool imp_plot_axis_can_show_value(const imp_plot_axis *axis, double value);
double imp_plot_axis_to_pixel(const imp_plot_axis *axis, double value);

// Writes the plot as PNG.
imp_status imp_plot_write_png(const char *path, const imp_plot_def *def,
                              const imp_plot_series *series, int count, imp_error *err);

#endif
