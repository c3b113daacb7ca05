// nn/trainer/optimiser.h: weight updates: Adam (Kingma and Ba, 2015) with weight decay in the
// gradient or decoupled (Loshchilov and Hutter, 2019), and stochastic gradient descent with
// momentum (Sutskever et al., 2013), as in PyTorch. Also the reductions of gradients that precede
// them.
#ifndef IMP_NN_TRAINER_OPTIMISER_H
#define IMP_NN_TRAINER_OPTIMISER_H

#include "imprint/nn.h"

// Numbers of one step that are the same for all values.
typedef struct imp_weight_update {
    imp_optimiser kind;
    float scale;                     // factor of the gradient (clipping)
    float rate;                      // learning rate; Adam: / (1 - beta1^step)
    float bias_correction;           // Adam: 1 / (1 - beta2^step)
    float l2_decay, decoupled_decay; // weight decay: in the gradient, and of the weight
    float momentum;                  // SGD
    bool nesterov;
    float average_decay; // weight of the old value in the moving average
} imp_weight_update;

// A run of weights with their gradients and state. All arrays have `count` values.
typedef struct imp_weight_span {
    int64_t count;
    const float *gradient;
    float *weight;
    float *first, *second; // moments; SGD uses only the first
    float *average;        // nullable: exponential moving average of the weight
} imp_weight_span;

// step counts from 1. rate: learning rate; scale: factor of the gradient; decay: whether weight
// decay applies to these weights.
imp_weight_update imp_weight_update_coefficients(const imp_trainer_def *def, double rate,
                                                 double scale, int64_t step, bool decay);

// Updates weights, moments and average.
void imp_weight_update_apply(const imp_weight_update *update, const imp_weight_span *weights);

// sum += part, element by element.
void imp_gradient_add(float *sum, const float *part, int64_t count);
// The sum of squares in double precision and in a fixed order.
void imp_gradient_sum_squares(double *out, const float *values, int64_t count);

#endif
