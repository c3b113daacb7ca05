// Losses and their gradients: mean square or Huber error of outputs that are numbers, cross-entropy
// where outputs are classes of cells.
#include "nn/trainer/loss.h"

#include <math.h>

#include "nn/kernels/softmax.h"

// Loss of one error; *slope: its derivative.
static double regression_loss(const imp_trainer_def *def, double error, double *slope)
{
    if (def->loss == IMP_LOSS_MSE) {
        *slope = 2.0 * error;
        return error * error;
    }
    const double delta = def->huber_delta, size = fabs(error);
    *slope = size <= delta ? error : copysign(delta, error);
    return size <= delta ? 0.5 * error * error : delta * (size - 0.5 * delta);
}

// How far an output is from its label, or from all that the label stands for.
static double censored_error(const imp_trainer_def *def, double output, double label)
{
    const bool cut = def->limit > 0.0 && fabs(label) >= def->limit;
    const bool beyond = label > 0.0 ? output > label : output < label;
    return cut && beyond ? 0.0 : output - label;
}

static double add_regression_losses(double sum, const imp_trainer_def *def,
                                    const imp_loss_sample *sample)
{
    for (int k = 0; k < sample->outputs; k++) {
        double slope;
        const double error =
            censored_error(def, (double)sample->output[k], (double)sample->labels[k]);
        sum += sample->weight * regression_loss(def, error, &slope);
        if (sample->gradient != NULL)
            sample->gradient[k] = (float)(sample->weight * sample->scale * slope);
    }
    return sum;
}

// A cell's loss counts for each of its classes, so that the mean over outputs is the mean over
// cells.
static double add_cross_entropy(double sum, const imp_trainer_def *def,
                                const imp_loss_sample *sample)
{
    const int classes = def->classes, cells = sample->outputs / classes;
    const float scale = (float)(sample->weight * sample->scale * classes);
    float shares[IMP_CLASSES_MAX * IMP_SOFTMAX_BLOCK], normaliser[IMP_SOFTMAX_BLOCK];
    for (int first = 0; first < cells; first += IMP_SOFTMAX_BLOCK) {
        const int count = cells - first < IMP_SOFTMAX_BLOCK ? cells - first : IMP_SOFTMAX_BLOCK;
        imp_softmax(sample->output + first, classes, count, cells, shares, IMP_SOFTMAX_BLOCK,
                    normaliser);
        for (int c = 0; c < classes; c++) {
            const size_t row = (size_t)c * (size_t)cells + (size_t)first;
            const float *labels = sample->labels + row, *output = sample->output + row;
            float part = 0.0F;
            for (int i = 0; i < count; i++)
                part += labels[i] * (normaliser[i] - output[i]);
            sum += sample->weight * classes * (double)part;
            for (int i = 0; sample->gradient != NULL && i < count; i++)
                sample->gradient[row + (size_t)i] =
                    scale * (shares[c * IMP_SOFTMAX_BLOCK + i] - labels[i]);
        }
    }
    return sum;
}

double imp_loss_accumulate(double sum, const imp_trainer_def *def, const imp_loss_sample *sample)
{
    return def->loss == IMP_LOSS_CROSS_ENTROPY ? add_cross_entropy(sum, def, sample)
                                               : add_regression_losses(sum, def, sample);
}
