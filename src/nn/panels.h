// nn/panels.h: the layout that matrix multiplications like best for dense weights: `width` rows of
// the matrix side by side. oneDNN changes into it and back at a fifth of what memory allows.
#ifndef IMP_NN_PANELS_H
#define IMP_NN_PANELS_H

#include <stdint.h>

// A matrix (rows x columns) in memory row by row, and as panels: rows / width of them, rounded up,
// each (padded columns x width), value (column, row % width); columns are padded to a multiple of
// 16.
typedef struct imp_panels {
    int64_t rows, columns;
    int64_t width; // a multiple of 16
} imp_panels;

// Both write what belongs to the matrix alone: padding stays as it is.
void imp_panels_pack(const imp_panels *panels, const float *matrix, float *out);
void imp_panels_unpack(const imp_panels *panels, const float *in, float *matrix);

#endif
