// Losses and their gradients by the network's outputs: squared error, Huber, and cross-entropy per
// cell.
// Sums are kept in double and in a fixed order; the caller divides by the number of outputs and
// samples.
// Cross-entropy works on blocks of cells, class by class, because outputs of one class are
// adjacent; so all inner loops vectorise.
#include "nn/trainer/loss.h"

#include <math.h>

#include "nn/kernels/softmax.h"

// Loss of one error. *slope: its derivative by the error.
static double regression_loss(const imp_trainer_def *def, double error, double *slope)
{
    if (def->loss == IMP_LOSS_MSE) {
        *slope = 2.0 * error;
        return error * error;
    }
    // Huber: quadratic up to delta, linear beyond (Huber, 1964)
    const double delta = def->huber_delta, size = fabs(error);
    *slope = size <= delta ? error : copysign(delta, error);
    return size <= delta ? 0.5 * error * error : delta * (size - 0.5 * delta);
}

// Error of an output. A label at the limit means "this or beyond", so an output beyond it has no
// error.
static double compute_limited_error(const imp_trainer_def *def, double output, double label)
{
    const bool cut = def->limit > 0.0 && fabs(label) >= def->limit;
    const bool beyond = label > 0.0 ? output > label : output < label;
    return cut && beyond ? 0.0 : output - label;
}

// Adds the losses of all outputs and writes their gradients.
static double add_regression_losses(double sum, const imp_trainer_def *def,
                                    const imp_loss_sample *sample)
{
    // outputs are independent of one another
    for (int k = 0; k < sample->outputs; k++) {
        double slope;
        const double error =
            compute_limited_error(def, (double)sample->output[k], (double)sample->labels[k]);
        sum += sample->weight * regression_loss(def, error, &slope);
        if (sample->gradient != NULL)
            sample->gradient[k] = (float)(sample->weight * sample->scale * slope);
    }
    return sum;
}

// Each cell's loss is counted once per class, so that the mean over all outputs is the mean over
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
        // labels and outputs of one class are adjacent
        for (int c = 0; c < classes; c++) {
            const size_t row = (size_t)c * (size_t)cells + (size_t)first;
            const float *labels = sample->labels + row, *output = sample->output + row;
            // loss: minus the sum of label * log(share)
            float part = 0.0F;
            for (int i = 0; i < count; i++)
                part += labels[i] * (normaliser[i] - output[i]);
            sum += sample->weight * classes * (double)part;
            // gradient of softmax and cross-entropy together: share - label
            for (int i = 0; sample->gradient != NULL && i < count; i++)
                sample->gradient[row + (size_t)i] =
                    scale * (shares[c * IMP_SOFTMAX_BLOCK + i] - labels[i]);
        }
    }
    return sum;
}

// Dispatches on the loss.
double imp_loss_accumulate(double sum, const imp_trainer_def *def, const imp_loss_sample *sample)
{
    return def->loss == IMP_LOSS_CROSS_ENTROPY ? add_cross_entropy(sum, def, sample)
                                               : add_regression_losses(sum, def, sample);
}
