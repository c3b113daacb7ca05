// nn/kernels/packed_matrix.h: the layout that matrix multiplications like best for dense weights:
// `width` rows of the matrix side by side. oneDNN changes into it and back at a fifth of what
// memory allows.
#ifndef IMP_NN_KERNELS_PACKED_MATRIX_H
#define IMP_NN_KERNELS_PACKED_MATRIX_H

#include <stdint.h>

// A matrix (rows x columns) in memory row by row, and as panels: rows / width of them, rounded up,
// each (padded columns x width), value (column, row % width); columns are padded to a multiple of
// 16.
typedef struct imp_packed_matrix {
    int64_t rows, columns;
    int64_t width; // a multiple of 16
} imp_packed_matrix;

// Both write what belongs to the matrix alone: padding stays as it is.
void imp_packed_matrix_pack(const imp_packed_matrix *panels, const float *matrix, float *out);
void imp_packed_matrix_unpack(const imp_packed_matrix *panels, const float *in, float *matrix);

#endif
