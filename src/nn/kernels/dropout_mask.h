// nn/kernels/dropout_mask.h: which values of a sample a dropout layer drops. This is a function of
// seed, step, layer, the sample's index in its batch and the value's index in the sample, and of
// nothing else.
#ifndef IMP_NN_KERNELS_DROPOUT_MASK_H
#define IMP_NN_KERNELS_DROPOUT_MASK_H

#include "imprint/base.h"

typedef struct imp_dropout_key {
    uint64_t seed;
    uint32_t step;
    int layer; // 0..65535
} imp_dropout_key;

// mask: (count) 0 with probability `rate`, else 1 / (1 - rate). sample: 0..65535.
void imp_dropout_sample_mask(const imp_dropout_key *dropout, uint32_t sample, double rate,
                             size_t count, float *mask);

#endif
