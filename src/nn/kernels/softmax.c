// Softmax of a block of cells. Values lie class by class, so all loops run over cells; the maximum
// of a cell is taken off its values first, so that no exponential overflows.
#include "nn/kernels/softmax.h"

#include <math.h>
#include <stddef.h>

void imp_softmax(const float *values, int classes, int count, int stride, float *shares,
                 int share_stride, float *normaliser)
{
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
    for (int c = 0; c < classes; c++)
        for (int i = 0; i < count; i++) {
            const float share = expf(values[c * stride + i] - maximum[i]);
            shares[c * share_stride + i] = share;
            total[i] += share;
        }
    for (int c = 0; c < classes; c++)
        for (int i = 0; i < count; i++)
            shares[c * share_stride + i] /= total[i];
    for (int i = 0; normaliser != NULL && i < count; i++)
        normaliser[i] = maximum[i] + logf(total[i]);
}
