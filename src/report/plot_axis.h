// report/plot_axis.h: where the points and numbers of a plot go, whatever it is drawn with.
#ifndef IMP_REPORT_PLOT_AXIS_H
#define IMP_REPORT_PLOT_AXIS_H

#include "imprint/report.h"

enum { IMP_TICKS_MAX = 16 };

// Space around the lines of a plot [px].
enum { IMP_PLOT_LEFT = 64, IMP_PLOT_RIGHT = 24, IMP_PLOT_TOP = 72, IMP_PLOT_BOTTOM = 54 };

// One axis: values from low to high (their logarithms, if log) go to pixels from start to end.
typedef struct imp_axis {
    bool log;
    bool whole; // ticks at whole numbers only
    double low, high;
    double start, end;
    int tick_count;
    double ticks[IMP_TICKS_MAX]; // values
} imp_axis;

// Both axes of a plot, ticks included. IMP_USAGE or IMP_BAD_INPUT if the settings are no good, or
// there is no point to draw.
imp_status imp_plot_axes(imp_axis *x, imp_axis *y, const imp_plot_def *def,
                         const imp_series *series, int count, imp_error *err);

// Whether a value can be drawn, and where it goes [px].
bool imp_axis_has(const imp_axis *axis, double value);
double imp_axis_pixel(const imp_axis *axis, double value);

// Writes the plot as PNG.
imp_status imp_plot_write_png(const char *path, const imp_plot_def *def, const imp_series *series,
                              int count, imp_error *err);

#endif
