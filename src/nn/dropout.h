// nn/dropout.h: which values of a sample a dropout layer drops: a function of seed, step, layer,
// the sample's place in its batch and the value's place in the sample, and of nothing else.
#ifndef IMP_NN_DROPOUT_H
#define IMP_NN_DROPOUT_H

#include "imprint/base.h"

typedef struct imp_dropout {
    uint64_t seed;
    uint32_t step;
    int layer; // 0..65535
} imp_dropout;

// mask: (count) 0 in `rate` of all cases, else 1 / (1 - rate). sample: 0..65535.
void imp_dropout_draw(const imp_dropout *dropout, uint32_t sample, double rate, size_t count,
                      float *mask);

#endif
