// The reference implementation of all layers, in double precision and plain layout. It defines what
// the fast kernels must compute; tests compare them with it.
// Each layer is one function for both directions: with gradients == NULL it computes the output,
// otherwise it adds to the gradients by input and weights. Nothing is optimised.
#include "nn/engine/reference_network.h"

#include "nn/kernels/dropout_mask.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct imp_reference {
    const imp_graph *graph;
    int batch;
    uint64_t seed; // of dropout masks
    uint32_t step;
    double **out;       // (graph->count) arrays of (batch x channels x height x width)
    double **gradient;  // the same, of the loss by out
    double *statistics; // (graph->values - graph->trained)
    float *mask;        // of one sample, of the largest node
};

// Nullable. Also releases objects that were only partly created.
void imp_reference_destroy(imp_reference *reference)
{
    if (reference == NULL)
        return;
    for (int i = 0; i < reference->graph->count; i++) {
        if (reference->out != NULL)
            free(reference->out[i]);
        if (reference->gradient != NULL)
            free(reference->gradient[i]);
    }
    free(reference->out);
    free(reference->gradient);
    free(reference->statistics);
    free(reference->mask);
    free(reference);
}

imp_status imp_reference_create(imp_reference **out, const imp_graph *graph, int batch,
                                imp_error *err)
{
    imp_reference *reference = calloc(1, sizeof *reference);
    if (reference == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a reference network");
    *reference = (imp_reference){.graph = graph, .batch = batch};
    // per node: its output and its gradient
    const size_t count = (size_t)graph->count;
    reference->out = calloc(count, sizeof *reference->out);
    reference->gradient = calloc(count, sizeof *reference->gradient);
    reference->statistics = calloc((size_t)(graph->values - graph->trained) + 1, sizeof(double));
    bool whole =
        reference->out != NULL && reference->gradient != NULL && reference->statistics != NULL;
    // two arrays per node, and a mask for the largest one
    int64_t largest = 1;
    for (size_t i = 0; i < count && whole; i++) {
        const size_t size = (size_t)batch * (size_t)imp_node_output_size(&graph->nodes[i]);
        largest = imp_node_output_size(&graph->nodes[i]) > largest
                      ? imp_node_output_size(&graph->nodes[i])
                      : largest;
        reference->out[i] = calloc(size, sizeof(double));
        reference->gradient[i] = calloc(size, sizeof(double));
        whole = reference->out[i] != NULL && reference->gradient[i] != NULL;
    }
    reference->mask = calloc((size_t)largest, sizeof *reference->mask);
    // any failed allocation ends here
    if (!whole || reference->mask == NULL) {
        imp_reference_destroy(reference);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a reference network");
    }
    *out = reference;
    return IMP_OK;
}

void imp_reference_seed_dropout(imp_reference *reference, uint64_t seed, int64_t step)
{
    reference->seed = seed;
    reference->step = (uint32_t)step;
}

const double *imp_reference_batch_statistics(const imp_reference *reference)
{
    return reference->statistics;
}

// A layer with its input, output, gradients and the network's values.
typedef struct layer_context {
    const imp_graph *graph;
    int index, batch;
    const imp_graph_node *node, *in;
    const double *x; // input (batch x channels x height x width)
    double *dx;
    double *y; // output
    double *dy;
    const double *values;
    double *gradients; // NULL in forward
} layer_context;

// Where a tensor of the layer begins in the array of values.
static int64_t tensor_offset(const layer_context *w, imp_tensor_role role)
{
    return imp_graph_find_tensor(w->graph, w->index, role)->offset;
}

// Index of a pixel in the input, or -1 if it lies in the padding.
static int64_t pixel_index(const imp_graph_node *in, int sample, int channel, int row, int column)
{
    if (row < 0 || row >= in->height || column < 0 || column >= in->width)
        return -1;
    return (((int64_t)sample * in->channels + channel) * in->height + row) * in->width + column;
}

// Visits all taps of one output pixel of a convolution. Forward: returns the sum. Backward:
// distributes the output gradient g to weights and input.
static double convolution_taps(const layer_context *w, int64_t weight, int sample, int row,
                               int column, double g)
{
    // the weights of one output channel are in the order input channel, row, column
    const imp_graph_node *node = w->node;
    double sum = 0.0;
    for (int c = 0; c < w->in->channels; c++)
        for (int i = 0; i < node->kernel; i++)
            for (int j = 0; j < node->kernel; j++, weight++) {
                const int64_t at =
                    pixel_index(w->in, sample, c, row * node->stride + i - node->before[0],
                                column * node->stride + j - node->before[1]);
                if (at < 0)
                    continue;
                // padding contributes nothing
                sum += w->values[weight] * w->x[at];
                if (w->gradients != NULL) {
                    w->gradients[weight] += g * w->x[at];
                    w->dx[at] += g * w->values[weight];
                }
            }
    return sum;
}

// y[c] = bias[c] + sum over input channels and taps. Weights of one output channel are `taps`
// values.
static void compute_convolution(const layer_context *w)
{
    const imp_graph_node *node = w->node;
    // weights per output channel
    const int64_t taps = (int64_t)w->in->channels * node->kernel * node->kernel;
    const int64_t weight = tensor_offset(w, IMP_TENSOR_WEIGHT),
                  bias = tensor_offset(w, IMP_TENSOR_BIAS);
    int64_t at = 0;
    for (int sample = 0; sample < w->batch; sample++)
        for (int c = 0; c < node->channels; c++)
            for (int row = 0; row < node->height; row++)
                for (int column = 0; column < node->width; column++, at++) {
                    // g: gradient of this output value
                    const double g = w->gradients != NULL ? w->dy[at] : 0.0;
                    const double sum =
                        convolution_taps(w, weight + c * taps, sample, row, column, g);
                    if (w->gradients == NULL)
                        w->y[at] = sum + w->values[bias + c];
                    else
                        w->gradients[bias + c] += g;
                }
}

// Input pixel under tap k of an output pixel of a pool, or -1 in the padding.
static int64_t pool_tap_index(const layer_context *w, int sample, int channel, int row, int column,
                              int k)
{
    const imp_graph_node *node = w->node;
    return pixel_index(w->in, sample, channel,
                       row * node->stride + k / node->kernel - node->before[0],
                       column * node->stride + k % node->kernel - node->before[1]);
}

// One output pixel of a pool: the maximum of its window, or the mean of those pixels that lie in
// the image.
static void pool_pixel(const layer_context *w, int64_t at, int sample, int channel, int row,
                       int column)
{
    const int taps = w->node->kernel * w->node->kernel;
    const bool max = w->node->kind == IMP_LAYER_MAX_POOL;
    int64_t best = -1;
    int inside = 0;
    double sum = 0.0;
    // find the maximum (the first of equals), the sum and the number of pixels
    for (int k = 0; k < taps; k++) {
        const int64_t tap = pool_tap_index(w, sample, channel, row, column, k);
        if (tap < 0)
            continue;
        inside++;
        sum += w->x[tap];
        if (best < 0 || w->x[tap] > w->x[best])
            best = tap;
    }
    if (w->gradients == NULL)
        w->y[at] = max ? w->x[best] : sum / inside;
    // backward: the maximum gets the whole gradient, or all pixels get equal shares
    for (int k = 0; k < taps && w->gradients != NULL; k++) {
        const int64_t tap = pool_tap_index(w, sample, channel, row, column, k);
        if (tap >= 0 && (!max || tap == best))
            w->dx[tap] += max ? w->dy[at] : w->dy[at] / inside;
    }
}

static void compute_pool(const layer_context *w)
{
    int64_t at = 0;
    for (int sample = 0; sample < w->batch; sample++)
        for (int c = 0; c < w->node->channels; c++)
            for (int row = 0; row < w->node->height; row++)
                for (int column = 0; column < w->node->width; column++)
                    pool_pixel(w, at++, sample, c, row, column);
}

// Gradient of one channel. With batch statistics, mean and variance depend on every input, which
// adds two terms (Ioffe and Szegedy, 2015).
static void batch_norm_backward(const layer_context *w, int c, const double *m,
                                bool batch_statistics)
{
    const int64_t area = (int64_t)w->node->height * w->node->width;
    // normalised value = (x - mean) * scale
    const double mean = m[0], scale = 1.0 / sqrt(m[1] + w->node->parameter);
    const double gain = w->values[tensor_offset(w, IMP_TENSOR_GAIN) + c];
    const double count = (double)w->batch * (double)area;
    // sum: of gradients; product: of gradients and normalised values
    double sum = 0.0, product = 0.0;
    // the first pass computes the sums, the second the input gradient
    for (int pass = 0; pass < 2; pass++)
        for (int sample = 0; sample < w->batch; sample++)
            for (int64_t i = 0; i < area; i++) {
                const int64_t at = ((int64_t)sample * w->node->channels + c) * area + i;
                const double normal = (w->x[at] - mean) * scale;
                if (pass == 0) {
                    sum += w->dy[at];
                    product += w->dy[at] * normal;
                    continue;
                }
                // how far mean and variance move with this input
                const double pull = batch_statistics ? (sum + normal * product) / count : 0.0;
                w->dx[at] += gain * scale * (w->dy[at] - pull);
            }
    w->gradients[tensor_offset(w, IMP_TENSOR_GAIN) + c] += product;
    w->gradients[tensor_offset(w, IMP_TENSOR_BIAS) + c] += sum;
}

// One channel; m holds mean and variance, which are computed from the batch if batch_statistics.
static void batch_norm_forward(const layer_context *w, int c, double *m, bool batch_statistics)
{
    const int64_t area = (int64_t)w->node->height * w->node->width;
    // given statistics need only the last pass
    const double gain = w->values[tensor_offset(w, IMP_TENSOR_GAIN) + c];
    const double bias = w->values[tensor_offset(w, IMP_TENSOR_BIAS) + c];
    const double count = (double)w->batch * (double)area;
    if (batch_statistics)
        m[0] = m[1] = 0.0;
    // Three passes: mean, then variance around it, then the output.
    for (int pass = batch_statistics ? 0 : 2; pass < 3; pass++)
        for (int sample = 0; sample < w->batch; sample++)
            for (int64_t i = 0; i < area; i++) {
                const int64_t at = ((int64_t)sample * w->node->channels + c) * area + i;
                if (pass == 0)
                    m[0] += w->x[at] / count;
                else if (pass == 1)
                    m[1] += (w->x[at] - m[0]) * (w->x[at] - m[0]) / count;
                else
                    w->y[at] = gain * (w->x[at] - m[0]) / sqrt(m[1] + w->node->parameter) + bias;
            }
}

// Every channel has its own statistics; those that were used are stored for the backward pass.
static void compute_batch_norm(const imp_reference *reference, const layer_context *w)
{
    const int64_t mean = tensor_offset(w, IMP_TENSOR_MEAN),
                  variance = tensor_offset(w, IMP_TENSOR_VARIANCE);
    double *statistics = reference->statistics;
    const int64_t trained = w->graph->trained;
    for (int c = 0; c < w->node->channels; c++) {
        // m: the statistics that are used for this channel
        double m[2] = {w->values[mean + c], w->values[variance + c]};
        if (w->gradients == NULL) {
            batch_norm_forward(w, c, m, w->node->batch_statistics);
            statistics[mean - trained + c] = m[0];
            statistics[variance - trained + c] = m[1];
        } else {
            m[0] = statistics[mean - trained + c];
            m[1] = statistics[variance - trained + c];
            batch_norm_backward(w, c, m, w->node->batch_statistics);
        }
    }
}

// y[o] = bias[o] + sum over i of weight[o][i] * x[i]
static void compute_dense(const layer_context *w)
{
    const int64_t in = w->in->channels, out = w->node->channels;
    const int64_t weight = tensor_offset(w, IMP_TENSOR_WEIGHT),
                  bias = tensor_offset(w, IMP_TENSOR_BIAS);
    for (int sample = 0; sample < w->batch; sample++)
        for (int64_t o = 0; o < out; o++) {
            // a row of weights and the sample's inputs
            const double *row = w->values + weight + o * in;
            const double *x = w->x + sample * in;
            double sum = w->values[bias + o];
            const double g = w->gradients != NULL ? w->dy[sample * out + o] : 0.0;
            for (int64_t i = 0; i < in; i++) {
                sum += row[i] * x[i];
                if (w->gradients != NULL) {
                    w->gradients[weight + o * in + i] += g * x[i];
                    w->dx[sample * in + i] += g * row[i];
                }
            }
            if (w->gradients == NULL)
                w->y[sample * out + o] = sum;
            else
                w->gradients[bias + o] += g;
        }
}

// The gradient passes unchanged to both inputs.
static void compute_add(const imp_reference *reference, const layer_context *w)
{
    const int64_t count = w->batch * imp_node_output_size(w->node);
    // the second input
    const int other = w->node->inputs[1];
    for (int64_t i = 0; i < count; i++) {
        w->y[i] = w->x[i] + reference->out[other][i];
        if (w->gradients != NULL) {
            w->dx[i] += w->dy[i];
            reference->gradient[other][i] += w->dy[i];
        }
    }
}

// Copies each input behind the one before; backward adds the parts of the gradient to the inputs.
static void compute_concat(const imp_reference *reference, const layer_context *w)
{
    const int64_t stride = imp_node_output_size(w->node);
    // at: offset of this input's part in each row
    int64_t at = 0;
    for (int k = 0; k < imp_node_input_count(w->node); k++) {
        const int input = w->node->inputs[k];
        const int64_t size = imp_node_output_size(&w->graph->nodes[input]);
        for (int64_t i = 0; i < w->batch * size; i++) {
            // index in the output of value i of this input
            const int64_t to = i / size * stride + at + i % size;
            w->y[to] = reference->out[input][i];
            if (w->gradients != NULL)
                reference->gradient[input][i] += w->dy[to];
        }
        at += size;
    }
}

// Activations and flatten, which keeps the values as they are.
static void compute_elementwise(const layer_context *w)
{
    const int64_t count = w->batch * imp_node_output_size(w->node);
    const double alpha = w->node->parameter;
    // an identity unless the kind says otherwise
    for (int64_t i = 0; i < count; i++) {
        const double x = w->x[i];
        double y = x, slope = 1.0;
        if (x <= 0.0 && w->node->kind == IMP_LAYER_RELU) {
            y = slope = 0.0;
        } else if (x <= 0.0 && w->node->kind == IMP_LAYER_ELU) {
            y = alpha * expm1(x);
            // the derivative of alpha * (exp(x) - 1) in terms of the output
            slope = y + alpha;
        }
        w->y[i] = y;
        if (w->gradients != NULL)
            w->dx[i] += slope * w->dy[i];
    }
}

// Draws the same mask in both directions.
static void compute_dropout(const imp_reference *reference, const layer_context *w)
{
    const int64_t size = imp_node_output_size(w->node);
    // masks depend on the node's index, as in the executor
    const imp_dropout_key draws = {reference->seed, reference->step, w->index};
    for (int sample = 0; sample < w->batch; sample++) {
        imp_dropout_sample_mask(&draws, (uint32_t)sample, w->node->parameter, (size_t)size,
                                reference->mask);
        for (int64_t i = 0; i < size; i++) {
            const int64_t at = sample * size + i;
            w->y[at] = w->x[at] * (double)reference->mask[i];
            if (w->gradients != NULL)
                w->dx[at] += w->dy[at] * (double)reference->mask[i];
        }
    }
}

// Collects what a layer needs and calls its function.
static void compute_layer(imp_reference *reference, int index, const double *values,
                          double *gradients)
{
    const imp_graph *graph = reference->graph;
    const imp_graph_node *node = &graph->nodes[index];
    const int input = node->inputs[0];
    // pointers into the arrays of this node and of its first input
    const layer_context w = {
        .graph = graph,
        .index = index,
        .batch = reference->batch,
        .node = node,
        .in = &graph->nodes[input],
        .x = reference->out[input],
        .dx = reference->gradient[input],
        .y = reference->out[index],
        .dy = reference->gradient[index],
        .values = values,
        .gradients = gradients,
    };
    switch (node->kind) {
    case IMP_LAYER_CONVOLUTION:
        compute_convolution(&w);
        break;
    case IMP_LAYER_MAX_POOL:
    case IMP_LAYER_AVERAGE_POOL:
        compute_pool(&w);
        break;
    case IMP_LAYER_BATCH_NORM:
        compute_batch_norm(reference, &w);
        break;
    case IMP_LAYER_DENSE:
        compute_dense(&w);
        break;
    case IMP_LAYER_ADD:
        compute_add(reference, &w);
        break;
    case IMP_LAYER_CONCAT:
        compute_concat(reference, &w);
        break;
    case IMP_LAYER_DROPOUT:
        compute_dropout(reference, &w);
        break;
    default:
        compute_elementwise(&w);
    }
}

// Input nodes are copied, the others computed in order.
const double *imp_reference_forward(imp_reference *reference, const double *values,
                                    const double *input, const double *actions)
{
    const imp_graph *graph = reference->graph;
    // inputs: images, then the actions of all samples, then their commands
    for (int i = 0; i < graph->first; i++) {
        const size_t count =
            (size_t)reference->batch * (size_t)imp_node_output_size(&graph->nodes[i]);
        memcpy(reference->out[i], i == 0 ? input : actions, count * sizeof(double));
        if (i > 0)
            actions += count;
    }
    for (int i = graph->first; i < graph->count; i++)
        compute_layer(reference, i, values, NULL);
    return reference->out[graph->count - 1];
}

// All gradients start at zero, except the output's; layers are visited in reverse.
void imp_reference_backward(imp_reference *reference, const double *values,
                            const double *output_gradient, double *gradients)
{
    const imp_graph *graph = reference->graph;
    // contributions are added, so gradients start at zero
    for (int i = 0; i < graph->count; i++)
        memset(reference->gradient[i], 0,
               (size_t)reference->batch * (size_t)imp_node_output_size(&graph->nodes[i]) *
                   sizeof(double));
    memset(gradients, 0, (size_t)graph->trained * sizeof *gradients);
    memcpy(reference->gradient[graph->count - 1], output_gradient,
           (size_t)reference->batch *
               (size_t)imp_node_output_size(&graph->nodes[graph->count - 1]) * sizeof(double));
    for (int i = graph->count - 1; i >= graph->first; i--)
        compute_layer(reference, i, values, gradients);
}
