#include "nn/adam.h"

#include <math.h>

static const double BETA1 = 0.9, BETA2 = 0.999, EPSILON = 1e-8;

imp_adam imp_adam_step(double learning_rate, double weight_decay, int64_t step)
{
    return (imp_adam){
        .beta1 = (float)BETA1,
        .beta2 = (float)BETA2,
        .rate = (float)(learning_rate / (1.0 - pow(BETA1, (double)step))),
        .correction = (float)(1.0 / (1.0 - pow(BETA2, (double)step))),
        .epsilon = (float)EPSILON,
        .shrink = (float)(learning_rate * weight_decay),
    };
}

void imp_adam_update(const imp_adam *adam, bool decay, int64_t count,
                     const float *restrict gradient, float *restrict weight, float *restrict first,
                     float *restrict second)
{
    const imp_adam a = *adam;
    const float keep = decay ? 1.0F - a.shrink : 1.0F;
    for (int64_t i = 0; i < count; i++) {
        const float g = gradient[i];
        first[i] = a.beta1 * first[i] + (1.0F - a.beta1) * g;
        second[i] = a.beta2 * second[i] + (1.0F - a.beta2) * (g * g);
        weight[i] =
            keep * weight[i] - a.rate * first[i] / (sqrtf(second[i] * a.correction) + a.epsilon);
    }
}
