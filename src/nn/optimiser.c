#include "nn/optimiser.h"

#include "nn/clones.h"

#include <math.h>

static const double BETA1 = 0.9, BETA2 = 0.999;
static const float EPSILON = 1e-8F;

imp_update imp_update_make(const imp_trainer_def *def, double rate, double scale, int64_t step,
                           bool decay)
{
    const bool adam = def->optimiser != IMP_OPTIMISER_SGD;
    const bool decoupled = def->optimiser == IMP_OPTIMISER_ADAMW;
    const double count = (double)step, wanted = decay ? def->weight_decay : 0.0;
    // a young average would still hold the first weights: it grows old with the steps
    const double keep = fmin(def->average, (1.0 + count) / (10.0 + count));
    return (imp_update){
        .kind = def->optimiser,
        .scale = (float)scale,
        .rate = (float)(adam ? rate / (1.0 - pow(BETA1, count)) : rate),
        .correction = (float)(1.0 / (1.0 - pow(BETA2, count))),
        .pull = decoupled ? 0.0F : (float)wanted,
        .shrink = decoupled ? (float)(rate * wanted) : 0.0F,
        .momentum = (float)def->momentum,
        .nesterov = def->nesterov,
        .keep = (float)keep,
    };
}

IMP_CLONED adam_body(const imp_update *update, const imp_weights *w)
{
    const imp_update u = *update;
    const float beta1 = (float)BETA1, beta2 = (float)BETA2, stay = 1.0F - u.shrink;
    const float *restrict gradient = w->gradient;
    float *restrict weight = w->weight, *restrict first = w->first, *restrict second = w->second;
    for (int64_t i = 0; i < w->count; i++) {
        const float g = u.scale * gradient[i] + u.pull * weight[i];
        first[i] = beta1 * first[i] + (1.0F - beta1) * g;
        second[i] = beta2 * second[i] + (1.0F - beta2) * (g * g);
        weight[i] =
            stay * weight[i] - u.rate * first[i] / (sqrtf(second[i] * u.correction) + EPSILON);
    }
}

IMP_CLONED descend_body(const imp_update *update, const imp_weights *w)
{
    const imp_update u = *update;
    const float *restrict gradient = w->gradient;
    float *restrict weight = w->weight, *restrict first = w->first;
    for (int64_t i = 0; i < w->count; i++) {
        const float g = u.scale * gradient[i] + u.pull * weight[i];
        first[i] = u.momentum * first[i] + g;
        weight[i] -= u.rate * (u.nesterov ? g + u.momentum * first[i] : first[i]);
    }
}

IMP_CLONED average_body(const imp_update *update, const imp_weights *w)
{
    const float keep = update->keep;
    const float *restrict weight = w->weight;
    float *restrict average = w->average;
    for (int64_t i = 0; i < w->count; i++)
        average[i] = keep * average[i] + (1.0F - keep) * weight[i];
}

#define PARAMETERS (const imp_update *update, const imp_weights *w)
IMP_CLONES(static, adam, PARAMETERS, (update, w))
IMP_CLONES(static, descend, PARAMETERS, (update, w))
IMP_CLONES(static, average, PARAMETERS, (update, w))
#undef PARAMETERS

void imp_update_apply(const imp_update *update, const imp_weights *weights)
{
    if (update->kind == IMP_OPTIMISER_SGD)
        descend(update, weights);
    else
        adam(update, weights);
    if (weights->average != NULL)
        average(update, weights);
}

IMP_CLONED imp_gradient_add_body(float *restrict sum, const float *restrict part, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        sum[i] += part[i];
}
IMP_CLONES(extern, imp_gradient_add, (float *sum, const float *part, int64_t count),
           (sum, part, count))

IMP_CLONED imp_gradient_squares_body(double *out, const float *values, int64_t count)
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
IMP_CLONES(extern, imp_gradient_squares, (double *out, const float *values, int64_t count),
           (out, values, count))
