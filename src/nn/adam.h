// nn/adam.h: the optimiser: Adam (Kingma and Ba, 2015) with decoupled weight decay (Loshchilov and
// Hutter, 2019).
#ifndef IMP_NN_ADAM_H
#define IMP_NN_ADAM_H

#include "imprint/base.h"

// The numbers of one step, the same for all values.
typedef struct imp_adam {
    float beta1, beta2; // 0.9, 0.999
    float rate;         // learning rate / (1 - beta1^step)
    float correction;   // 1 / (1 - beta2^step)
    float epsilon;      // 1e-8
    float shrink;       // learning rate * weight decay
} imp_adam;

// step counts from 1.
imp_adam imp_adam_step(double learning_rate, double weight_decay, int64_t step);

// Updates count weights and their moments by their gradient; decay: whether weight decay applies.
void imp_adam_update(const imp_adam *adam, bool decay, int64_t count, const float *gradient,
                     float *weight, float *first, float *second);

#endif
