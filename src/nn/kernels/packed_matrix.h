// nn/kernels/packed_matrix.h: the panel layout that oneDNN's matrix products prefer for dense
// weights: `width` rows of the matrix side by side. oneDNN's own conversion reaches a fifth of the
// memory bandwidth.
#ifndef IMP_NN_KERNELS_PACKED_MATRIX_H
#define IMP_NN_KERNELS_PACKED_MATRIX_H

#include <stdint.h>

// A matrix (rows x columns), row-major or as panels. There are rows / width panels, rounded up,
// each (padded columns x width): value (column, row % width). Columns are padded to a multiple of
// 16.
typedef struct imp_packed_matrix {
    int64_t rows, columns;
    int64_t width; // a multiple of 16
} imp_packed_matrix;

// Both write only values of the matrix; padding is left unchanged.
void imp_packed_matrix_pack(const imp_packed_matrix *panels, const float *matrix, float *out);
void imp_packed_matrix_unpack(const imp_packed_matrix *panels, const float *in, float *matrix);

#endif
