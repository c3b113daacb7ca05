// evaluate/report/plots/parallel_plot.h: many runs with many properties in one drawing.
#ifndef IMP_EVALUATE_REPORT_PLOTS_PARALLEL_PLOT_H
#define IMP_EVALUATE_REPORT_PLOTS_PARALLEL_PLOT_H

#include "imprint/base.h"

// An axis and the value of each run on it. Everything is borrowed.
typedef struct imp_parallel_axis {
    const char *name;
    const char *const *words; // (runs) where values are words; NULL: numbers
    const double *numbers;    // (runs) NAN leaves a gap
    bool log;                 // for numbers, which are then above 0
} imp_parallel_axis;

enum { IMP_PARALLEL_AXES_MAX = 16 };

// Draws parallel coordinates as SVG: each axis is a horizontal line, the axes stand below each
// other, and a run is a line from the first to the last one. order: indices of runs, the best one
// first, which has a colour of its own; the others are the paler the worse they are. The caller
// frees *out; *length does not count its final 0. IMP_USAGE if there are no runs, or no or too many
// axes.
imp_status imp_parallel_plot_draw_svg(char **out, size_t *length, const imp_parallel_axis *axes,
                                      int axis_count, const int *order, int runs, imp_error *err);

#endif
