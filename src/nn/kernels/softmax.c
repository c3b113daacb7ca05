// Softmax of a block of cells. Plain version: share[c] = exp(value[c]) / sum over classes of exp().
// Values lie class by class, so all inner loops run over cells and vectorise. The maximum of a cell
// is subtracted from its values first, so that no exponential overflows.
#include "nn/kernels/softmax.h"

#include "base/common/math_functions.h"
#include "nn/kernels/kernel_table.h"

#include <stddef.h>

void imp_softmax(const float *values, int classes, int count, int stride, float *shares,
                 int share_stride, float *normaliser)
{
    // the maximum of each cell
    float maximum[IMP_SOFTMAX_BLOCK], total[IMP_SOFTMAX_BLOCK];
    for (int i = 0; i < count; i++) {
        maximum[i] = values[i];
        total[i] = 0.0F;
    }
    for (int c = 1; c < classes; c++)
        for (int i = 0; i < count; i++) {
            const float value = values[c * stride + i];
            maximum[i] = value > maximum[i] ? value : maximum[i];
        }
    // exponentials and their sum
    for (int c = 0; c < classes; c++) {
        float *share = shares + c * share_stride;
        for (int i = 0; i < count; i++)
            share[i] = values[c * stride + i] - maximum[i];
        imp_kernels_select()->exponential(share, (size_t)count);
        for (int i = 0; i < count; i++)
            total[i] += share[i];
    }
    // normalise
    for (int c = 0; c < classes; c++)
        for (int i = 0; i < count; i++)
            shares[c * share_stride + i] /= total[i];
    for (int i = 0; normaliser != NULL && i < count; i++)
        normaliser[i] = maximum[i] + imp_logf(total[i]);
}
