// nn/trainer/loss.h: the loss of a sample and its gradient.
#ifndef IMP_NN_TRAINER_LOSS_H
#define IMP_NN_TRAINER_LOSS_H

#include "imprint/nn.h"

// One sample. weight: factor of its loss; scale: factor of the gradient, 1 / (samples * outputs).
typedef struct imp_loss_sample {
    const float *output, *labels; // (outputs)
    float *gradient;              // (outputs) of weight * scale * loss; NULL: not needed
    int outputs;
    double weight, scale;
} imp_loss_sample;

// Adds the losses of the sample's outputs to sum and returns it.
double imp_loss_accumulate(double sum, const imp_trainer_def *def, const imp_loss_sample *sample);

#endif
