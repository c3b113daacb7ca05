// nn/kernels/softmax.h: converts class scores to shares (probabilities) that add up to one.
#ifndef IMP_NN_KERNELS_SOFTMAX_H
#define IMP_NN_KERNELS_SOFTMAX_H

enum { IMP_SOFTMAX_BLOCK = 256 };

// The softmax over the classes of up to IMP_SOFTMAX_BLOCK cells. Value c of cell i is
// values[c * stride + i]; its share goes to shares[c * share_stride + i], which may be the same
// place. normaliser (nullable): the logarithm of the sum of exponentials of each cell.
void imp_softmax(const float *values, int classes, int count, int stride, float *shares,
                 int share_stride, float *normaliser);

#endif
