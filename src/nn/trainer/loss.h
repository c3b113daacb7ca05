// nn/trainer/loss.h: what training makes small.
#ifndef IMP_NN_TRAINER_LOSS_H
#define IMP_NN_TRAINER_LOSS_H

#include "imprint/nn.h"

// A sample's place in the sum that is minimised.
typedef struct imp_loss_sample {
    const float *output, *labels; // (outputs)
    float *gradient;              // (outputs) of weight * scale * loss by output; NULL: not wanted
    int outputs;
    double weight, scale;
} imp_loss_sample;

// sum and the sample's losses, one for each output; their mean is what counts.
double imp_loss_accumulate(double sum, const imp_trainer_def *def, const imp_loss_sample *sample);

#endif
