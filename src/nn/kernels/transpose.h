// nn/kernels/transpose.h: transposed copies of matrices of floats.
#ifndef IMP_NN_KERNELS_TRANSPOSE_H
#define IMP_NN_KERNELS_TRANSPOSE_H

#include <stddef.h>

// out[c * out_stride + r] = in[r * in_stride + c] for all rows r and columns c.
void imp_transpose(const float *in, size_t in_stride, float *out, size_t out_stride, size_t rows,
                   size_t columns);

#endif
