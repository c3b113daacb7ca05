// Optimisers as vectorised loops over runs of weights: Adam, AdamW and SGD with momentum, and the
// moving average of the weights.
// Everything that is the same for all weights of a step is computed once. Arrays do not overlap,
// each value is updated independently, and all instruction sets give the same bits.
// Plain version: the update rules of the cited papers, in the form that PyTorch uses.
#include "nn/trainer/optimiser.h"

#include "base/common/math_functions.h"
#include "nn/kernels/cpu_dispatch.h"

#include <math.h>

static const double BETA1 = 0.9, BETA2 = 0.999;
static const float EPSILON = 1e-8F;

// Folds bias corrections and weight decay into the numbers of one step.
imp_weight_update imp_weight_update_coefficients(const imp_trainer_def *def, double rate,
                                                 double scale, int64_t step, bool decay)
{
    const bool adam = def->optimiser != IMP_OPTIMISER_SGD;
    const bool decoupled = def->optimiser == IMP_OPTIMISER_ADAMW;
    const double count = (double)step, wanted = decay ? def->weight_decay : 0.0;
    // A young average would still hold the first weights, so its decay grows with the steps.
    const double average_decay = fmin(def->ema_decay, (1.0 + count) / (10.0 + count));
    return (imp_weight_update){
        .kind = def->optimiser,
        .scale = (float)scale,
        // the bias correction of the first moment is folded into the learning rate
        .rate = (float)(adam ? rate / (1.0 - imp_pow(BETA1, count)) : rate),
        .bias_correction = (float)(1.0 / (1.0 - imp_pow(BETA2, count))),
        // AdamW shrinks the weights directly, the others add decay to the gradient
        .l2_decay = decoupled ? 0.0F : (float)wanted,
        .decoupled_decay = decoupled ? (float)(rate * wanted) : 0.0F,
        .momentum = (float)def->momentum,
        .nesterov = def->nesterov,
        .average_decay = (float)average_decay,
    };
}

// Adam: first and second moment, then a step of their ratio. `stay` applies the decoupled decay.
IMP_DISPATCH_BODY adam_step_body(const imp_weight_update *update, const imp_weight_span *w)
{
    const imp_weight_update u = *update;
    const float beta1 = (float)BETA1, beta2 = (float)BETA2, stay = 1.0F - u.decoupled_decay;
    const float *restrict gradient = w->gradient;
    float *restrict weight = w->weight, *restrict first = w->first, *restrict second = w->second;
    for (int64_t i = 0; i < w->count; i++) {
        // g: scaled gradient with L2 decay
        const float g = u.scale * gradient[i] + u.l2_decay * weight[i];
        first[i] = beta1 * first[i] + (1.0F - beta1) * g;
        second[i] = beta2 * second[i] + (1.0F - beta2) * (g * g);
        weight[i] =
            stay * weight[i] - u.rate * first[i] / (sqrtf(second[i] * u.bias_correction) + EPSILON);
    }
}

// SGD with momentum; Nesterov looks ahead by one step of the momentum.
IMP_DISPATCH_BODY sgd_step_body(const imp_weight_update *update, const imp_weight_span *w)
{
    const imp_weight_update u = *update;
    const float *restrict gradient = w->gradient;
    float *restrict weight = w->weight, *restrict first = w->first;
    for (int64_t i = 0; i < w->count; i++) {
        const float g = u.scale * gradient[i] + u.l2_decay * weight[i];
        first[i] = u.momentum * first[i] + g;
        weight[i] -= u.rate * (u.nesterov ? g + u.momentum * first[i] : first[i]);
    }
}

// Exponential moving average of the weights.
IMP_DISPATCH_BODY average_weights_body(const imp_weight_update *update, const imp_weight_span *w)
{
    const float average_decay = update->average_decay;
    const float *restrict weight = w->weight;
    float *restrict average = w->average;
    for (int64_t i = 0; i < w->count; i++)
        average[i] = average_decay * average[i] + (1.0F - average_decay) * weight[i];
}

#define UPDATE_PARAMETERS (const imp_weight_update *update, const imp_weight_span *w)
IMP_DISPATCH_BY_CPU(static, adam_step, UPDATE_PARAMETERS, (update, w))
IMP_DISPATCH_BY_CPU(static, sgd_step, UPDATE_PARAMETERS, (update, w))
IMP_DISPATCH_BY_CPU(static, average_weights, UPDATE_PARAMETERS, (update, w))
#undef UPDATE_PARAMETERS

// The weights first, then their average.
void imp_weight_update_apply(const imp_weight_update *update, const imp_weight_span *weights)
{
    if (update->kind == IMP_OPTIMISER_SGD)
        sgd_step(update, weights);
    else
        adam_step(update, weights);
    if (weights->average != NULL)
        average_weights(update, weights);
}

// Adds the gradients of another shard.
IMP_DISPATCH_BODY imp_gradient_add_body(float *restrict sum, const float *restrict part,
                                        int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        sum[i] += part[i];
}
IMP_DISPATCH_BY_CPU(extern, imp_gradient_add, (float *sum, const float *part, int64_t count),
                    (sum, part, count))

// Sixteen partial sums in a fixed order, so that the result does not depend on the instruction set.
IMP_DISPATCH_BODY imp_gradient_sum_squares_body(double *out, const float *values, int64_t count)
{
    enum { LANES = 16 };
    double lanes[LANES] = {0.0};
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int k = 0; k < LANES; k++)
            lanes[k] += (double)values[i + k] * (double)values[i + k];
    for (; i < count; i++)
        lanes[0] += (double)values[i] * (double)values[i];
    double sum = 0.0;
    for (int k = 0; k < LANES; k++)
        sum += lanes[k];
    *out = sum;
}
IMP_DISPATCH_BY_CPU(extern, imp_gradient_sum_squares,
                    (double *out, const float *values, int64_t count), (out, values, count))
