// The plain network against finite differences, and the engine against the plain network.
#include "testing.h"

#include "nn/engine/executor.h"
#include "nn/engine/program.h"
#include "nn/engine/reference_network.h"
#include "nn/network/network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Every kind of layer, odd sizes and numbers of channels, activations and additions that can be
// fused and that cannot, one node with three users, all paddings.
static const char ODD[] =
    "layers:\n"
    "  - {name: conv1, kind: convolution, channels: 16, kernel: 3, stride: 2, padding: same}\n"
    "  - {name: relu1, kind: relu}\n"
    "  - {name: pool1, kind: max-pool, kernel: 3, stride: 2, padding: same}\n"
    "  - {name: norm1, kind: batch-norm, epsilon: 0.01}\n"
    "  - {name: conv2, kind: convolution, channels: 16, kernel: 1}\n"
    "  - {name: add1, kind: add, input: [conv2, norm1]}\n"
    "  - {name: relu2, kind: relu}\n"
    "  - {name: add2, kind: add, input: [relu2, pool1]}\n"
    "  - {name: add3, kind: add, input: [add2, pool1]}\n"
    "  - {name: flatten, kind: flatten}\n"
    "  - {name: dense1, kind: dense, channels: 16}\n"
    "  - {name: relu3, kind: relu}\n"
    "  - {name: action, kind: dense, channels: outputs}\n";

static const char EVEN[] =
    "name: even\n"
    "layers:\n"
    "  - {name: conv1, kind: convolution, channels: 10, kernel: 4, stride: 2, padding: [1, 0, 3, "
    "2]}\n"
    "  - {name: elu1, kind: elu, alpha: 0.5}\n"
    "  - {name: mean1, kind: average-pool, kernel: 3, stride: 2, padding: same}\n"
    "  - {name: max1, kind: max-pool, input: elu1, kernel: 3, stride: 2, padding: same}\n"
    "  - {name: both, kind: concat, input: [mean1, max1, mean1]}\n"
    "  - {name: norm1, kind: batch-norm, frozen: true}\n"
    "  - {name: elu2, kind: elu}\n"
    "  - {name: drop1, kind: dropout, rate: 0.3}\n"
    "  - {name: conv2, kind: convolution, channels: 7, kernel: 3, padding: 1}\n"
    "  - {name: norm2, kind: batch-norm}\n"
    "  - {name: mean2, kind: average-pool, kernel: 2, padding: 1}\n"
    "  - {name: flatten, kind: flatten}\n"
    "  - {name: left, kind: dense, channels: 5}\n"
    "  - {name: elu3, kind: elu, alpha: 2}\n"
    "  - {name: right, kind: dense, input: flatten, channels: 6}\n"
    "  - {name: joined, kind: concat, input: [elu3, right]}\n"
    "  - {name: elu4, kind: elu}\n"
    "  - {name: drop2, kind: dropout}\n"
    "  - {name: action, kind: dense, channels: outputs}\n";

// Pictures of the past, actions and a command: dropped, joined, and alone into a layer.
static const char PAST[] =
    "frames: 3\n"
    "every: 2\n"
    "actions: 5\n"
    "command: true\n"
    "layers:\n"
    "  - {name: conv1, kind: convolution, channels: 9, kernel: 3, stride: 2, padding: same}\n"
    "  - {name: flatten, kind: flatten}\n"
    "  - {name: forget, kind: dropout, input: actions, rate: 0.4}\n"
    "  - {name: habits, kind: dense, input: actions, channels: 4}\n"
    "  - {name: told, kind: concat, input: [actions, command]}\n"
    "  - {name: both, kind: concat, input: [flatten, forget, habits, told]}\n"
    "  - {name: dense1, kind: dense, channels: 8}\n"
    "  - {name: relu1, kind: relu}\n"
    "  - {name: action, kind: dense, channels: outputs}\n";

enum { SAMPLES_MAX = 16 };

typedef struct fixture {
    imp_network *network;
    imp_reference *plain;
    int batch;
    double *values, *input, *actions, *target, *gradients;
} fixture;

static double *allocate(int64_t count)
{
    double *out = calloc((size_t)count, sizeof *out);
    assert_non_null(out);
    return out;
}

// text: a description, or the name of a built-in one.
static fixture make(const char *text, int width, int height, int batch, bool batch_norm)
{
    imp_error err = {0};
    imp_architecture *description;
    fixture f = {.batch = batch};
    imp_network_def def = imp_default_network_def();
    def.width = width;
    def.height = height;
    def.batch_norm = batch_norm;
    if (strchr(text, ':') == NULL)
        assert_ok(imp_architecture_load_builtin(&description, text, &err), err);
    else
        assert_ok(imp_architecture_parse(&description, "odd", text, strlen(text), &err), err);
    assert_ok(imp_network_from_architecture(&f.network, &def, description, &err), err);
    imp_architecture_destroy(description);
    imp_network_init_weights(f.network, 7);
    const imp_graph *graph = &f.network->graph;
    imp_random random = imp_random_stream(3, 0, 0, IMP_PURPOSE_TEST);

    // biases and gains away from 0 and 1, so that their mistakes show
    for (int i = 0; i < graph->tensor_count; i++)
        for (int64_t k = 0; k < graph->tensors[i].count; k++)
            if (graph->tensors[i].role == IMP_TENSOR_BIAS ||
                graph->tensors[i].role == IMP_TENSOR_GAIN)
                f.network->values[graph->tensors[i].offset + k] +=
                    (float)imp_random_uniform(&random, -0.3, 0.3);
    f.values = allocate(graph->values);
    f.gradients = allocate(graph->trained);
    for (int64_t i = 0; i < graph->values; i++)
        f.values[i] = f.network->values[i];
    const int64_t pixels = batch * imp_node_output_size(&graph->nodes[0]);
    f.input = allocate(pixels);
    for (int64_t i = 0; i < pixels; i++)
        f.input[i] = (float)imp_random_normal(&random);
    const int64_t actions = (int64_t)batch * imp_input_value_count(&graph->inputs);
    f.actions = allocate(actions + 1);
    for (int64_t i = 0; i < actions; i++)
        f.actions[i] = (float)imp_random_uniform(&random, -1.0, 1.0);
    f.target = allocate(batch * 2);
    for (int i = 0; i < batch * 2; i++)
        f.target[i] = (float)imp_random_uniform(&random, -1.0, 1.0);
    assert_ok(imp_reference_create(&f.plain, graph, batch, &err), err);
    imp_reference_seed_dropout(f.plain, 21, 5);
    return f;
}

static void clear(fixture *f)
{
    imp_reference_destroy(f->plain);
    imp_network_destroy(f->network);
    free(f->values);
    free(f->input);
    free(f->actions);
    free(f->target);
    free(f->gradients);
}

static double loss(const fixture *f)
{
    const double *out = imp_reference_forward(f->plain, f->values, f->input, f->actions);
    double sum = 0.0;
    for (int i = 0; i < 2 * f->batch; i++)
        sum += (out[i] - f->target[i]) * (out[i] - f->target[i]);
    return sum / (2.0 * f->batch);
}

// Gradient of the loss by the output, after a forward pass.
static void loss_gradient(const fixture *f, const double *out, double *gradient)
{
    for (int i = 0; i < 2 * f->batch; i++)
        gradient[i] = (out[i] - f->target[i]) / f->batch;
}

static double largest(const double *values, int64_t count)
{
    double maximum = 0.0;
    for (int64_t i = 0; i < count; i++)
        maximum = fmax(maximum, fabs(values[i]));
    return maximum;
}

static void compare_finite(const char *text, int width, int height, bool batch_norm)
{
    fixture f = make(text, width, height, 3, batch_norm);
    double gradient[6];
    loss_gradient(&f, imp_reference_forward(f.plain, f.values, f.input, f.actions), gradient);
    imp_reference_backward(f.plain, f.values, gradient, f.gradients);
    const imp_graph *graph = &f.network->graph;
    const double step = 1e-6;
    double worst = 0.0;
    for (int i = 0; i < graph->tensor_count; i++) {
        const imp_tensor *tensor = &graph->tensors[i];
        if (tensor->offset >= graph->trained)
            continue;
        const double scale = largest(f.gradients + tensor->offset, tensor->count);
        const int64_t stride = tensor->count / 12 + 1;
        for (int64_t k = 0; k < tensor->count; k += stride) {
            double *value = &f.values[tensor->offset + k];
            const double kept = *value;
            *value = kept + step;
            const double above = loss(&f);
            *value = kept - step;
            const double below = loss(&f);
            *value = kept;
            const double finite = (above - below) / (2.0 * step);
            // a bias in front of a true batch norm has no gradient: hold it to the loss's own size
            const double error = fabs(finite - f.gradients[tensor->offset + k]) / fmax(scale, 1e-3);
            worst = fmax(worst, error);
            if (error > 1e-5)
                fail_msg("%s[%lld]: finite difference %g, gradient %g", tensor->name, (long long)k,
                         finite, f.gradients[tensor->offset + k]);
        }
    }
    print_message("%s %dx%d: worst relative difference %.1e\n", f.network->def.architecture, width,
                  height, worst);
    clear(&f);
}

static void test_reference_gradients(void **state)
{
    (void)state;
    for (int batch_norm = 0; batch_norm < 2; batch_norm++) {
        compare_finite("one-residual", 32, 24, batch_norm == 1);
        compare_finite(ODD, 13, 9, batch_norm == 1);
        compare_finite(EVEN, 17, 12, batch_norm == 1);
    }
    compare_finite(PAST, 17, 12, false);
}

static void fill_executor_images(const fixture *f, imp_executor *executor)
{
    const imp_graph *graph = &f->network->graph;
    const size_t width = (size_t)graph->nodes[0].width, height = (size_t)graph->nodes[0].height;
    const double *in = f->input;
    for (int sample = 0; sample < f->batch; sample++)
        for (int frame = 0; frame < graph->inputs.frames; frame++) {
            const imp_float_image to = imp_executor_input_image(executor, sample, frame);
            for (size_t k = 0; k < 3 * height; k++)
                for (size_t x = 0; x < width; x++)
                    to.values[k / height + k % height * to.row + x * to.pixel] = (float)*in++;
        }
}

// The larger of two errors, or the one that is no number. gcc 12 for arm64 crashes on fmax() in
// loops that convert from float.
static double worse(double error, double other)
{
    return other <= error ? error : other;
}

// What the engine makes of the fixture: output (batch x 2) and, of a gradient by it, the gradients.
// The gradient is NULL for an engine that only decides.
static void run_executor(const fixture *f, const double *gradient, float *output, float *gradients)
{
    imp_error err = {0};
    const imp_graph *graph = &f->network->graph;
    imp_executor *executor = NULL;
    const imp_executor_def def = {.graph = graph,
                                  .batch = f->batch,
                                  .training = gradient != NULL,
                                  .values = f->network->values,
                                  .gradients = gradients};
    assert_ok(imp_executor_create(&executor, &def, &err), err);
    fill_executor_images(f, executor);
    const double *from = f->actions;
    for (int node = 1; node < graph->first; node++) {
        const int count = graph->nodes[node].channels;
        for (int i = 0; i < f->batch * count; i++)
            imp_executor_vector_input(executor, node, i / count)[i % count] = (float)from[i];
        from += (ptrdiff_t)f->batch * count;
    }
    imp_executor_seed_dropout(executor, 21, 5, 0);
    imp_executor_pack_weights(executor);
    imp_executor_forward(executor);
    for (int i = 0; i < 2 * f->batch; i++) {
        output[i] = imp_executor_output(executor)[i];
        if (gradient != NULL)
            imp_executor_output_gradient(executor)[i] = (float)gradient[i];
    }
    if (gradient != NULL)
        imp_executor_backward(executor);
    imp_executor_destroy(executor);
}

static void compare_with_reference(const char *text, int width, int height, int batch,
                                   bool batch_norm)
{
    fixture f = make(text, width, height, batch, batch_norm);
    const imp_graph *graph = &f.network->graph;
    const double *out = imp_reference_forward(f.plain, f.values, f.input, f.actions);
    double *gradient = allocate(2 * batch);
    loss_gradient(&f, out, gradient);
    imp_reference_backward(f.plain, f.values, gradient, f.gradients);

    float *gradients = calloc((size_t)graph->trained, sizeof *gradients);
    float output[2 * SAMPLES_MAX];
    run_executor(&f, gradient, output, gradients);
    const double scale = largest(out, 2 * batch);
    double worst_out = 0.0, worst = 0.0;
    for (int i = 0; i < 2 * batch; i++)
        worst_out = worse(worst_out, fabs(output[i] - out[i]) / scale);
    for (int i = 0; i < graph->tensor_count; i++) {
        const imp_tensor *tensor = &graph->tensors[i];
        if (tensor->offset >= graph->trained)
            continue;
        const double size = fmax(largest(f.gradients + tensor->offset, tensor->count), 1e-3);
        for (int64_t k = tensor->offset; k < tensor->offset + tensor->count; k++) {
            const double error = fabs(gradients[k] - f.gradients[k]) / size;
            worst = fmax(worst, error);
            // a max-pool that cannot tell two nearly equal pixels apart moves a gradient
            if (!(error < 1e-2))
                fail_msg("%s[%lld]: engine %g, plain %g", tensor->name,
                         (long long)(k - tensor->offset), gradients[k], f.gradients[k]);
        }
    }
    print_message("%s %dx%d batch %d%s: relative error output %.1e, gradients %.1e\n",
                  f.network->def.architecture, width, height, batch,
                  batch_norm ? " batch norm" : "", worst_out, worst);
    assert_true(worst_out < 1e-5);
    free(gradients);
    free(gradient);
    clear(&f);
}

static void test_executor_against_reference(void **state)
{
    (void)state;
    for (int batch_norm = 0; batch_norm < 2; batch_norm++) {
        compare_with_reference("one-residual", 80, 60, 4, batch_norm == 1);
        compare_with_reference("one-residual", 47, 33, 3, batch_norm == 1);
        compare_with_reference(ODD, 27, 19, 5, batch_norm == 1);
        compare_with_reference(ODD, 27, 19, 1, batch_norm == 1);
        compare_with_reference(EVEN, 27, 19, 5, batch_norm == 1);
        compare_with_reference(EVEN, 30, 21, 1, batch_norm == 1);
        compare_with_reference("small", 80, 60, 3, batch_norm == 1);
        compare_with_reference("pilotnet-like", 80, 60, 3, batch_norm == 1);
        compare_with_reference("dronet-like", 80, 60, 3, batch_norm == 1);
    }
    compare_with_reference(PAST, 27, 19, 5, false);
    compare_with_reference(PAST, 30, 21, 1, false);
}

// Layers whose values are all positive are sums of positive terms, gradients included: nothing
// cancels, so that every value is as exact as the order of its additions makes it. Kernels add up
// gradients of convolutions over all pixels of all samples in one chain.
#define SAME "padding: same}\n"
static const struct {
    const char *name, *text;
    int width, height;
    double bar; // relative error of gradients
} SUMS[] = {
    {"odd dense",
     "layers:\n"
     "  - {name: flatten, kind: flatten}\n"
     "  - {name: wide, kind: dense, channels: 37}\n"
     "  - {name: relu, kind: relu}\n"
     "  - {name: again, kind: dense, channels: 300}\n"
     "  - {name: elu, kind: elu}\n"
     "  - {name: action, kind: dense, channels: outputs}\n",
     61, 47, 2e-6},
    {"even dense",
     "layers:\n"
     "  - {name: flatten, kind: flatten}\n"
     "  - {name: wide, kind: dense, channels: 64}\n"
     "  - {name: elu, kind: elu}\n"
     "  - {name: again, kind: dense, channels: 32}\n"
     "  - {name: relu, kind: relu}\n"
     "  - {name: action, kind: dense, channels: outputs}\n",
     64, 48, 2e-6},
    {"even convolutions",
     "layers:\n"
     "  - {name: first, kind: convolution, channels: 32, kernel: 5, stride: 2, " SAME
     "  - {name: second, kind: convolution, channels: 32, kernel: 3, stride: 2}\n"
     "  - {name: mean, kind: average-pool, kernel: 3, stride: 2, " SAME
     "  - {name: third, kind: convolution, channels: 64, kernel: 3, " SAME
     "  - {name: relu, kind: relu}\n"
     "  - {name: fourth, kind: convolution, channels: 64, kernel: 1, stride: 2}\n"
     "  - {name: flatten, kind: flatten}\n"
     "  - {name: action, kind: dense, channels: outputs}\n",
     61, 47, 1e-5},
    {"odd convolutions",
     "layers:\n"
     "  - {name: first, kind: convolution, channels: 9, kernel: 3, stride: 2}\n"
     "  - {name: elu, kind: elu}\n"
     "  - {name: second, kind: convolution, channels: 21, kernel: 4, padding: [1, 0, 3, 2]}\n"
     "  - {name: third, kind: convolution, channels: 7, kernel: 3, padding: 1}\n"
     "  - {name: joined, kind: concat, input: [third, second]}\n"
     "  - {name: more, kind: add, input: [joined, joined]}\n"
     "  - {name: flatten, kind: flatten}\n"
     "  - {name: action, kind: dense, channels: outputs}\n",
     61, 47, 1e-5},
};

static void make_positive(fixture *f)
{
    const imp_graph *graph = &f->network->graph;
    for (int64_t i = 0; i < graph->values; i++)
        f->values[i] = f->network->values[i] = fabsf(f->network->values[i]);
    for (int64_t i = 0; i < f->batch * imp_node_output_size(&graph->nodes[0]); i++)
        f->input[i] = fabs(f->input[i]);
}

static double worst_relative(const float *values, const double *exact, int64_t count)
{
    double worst = 0.0;
    for (int64_t i = 0; i < count; i++)
        worst = worse(worst, fabs(values[i] - exact[i]) / fmax(exact[i], 1e-30));
    return worst;
}

static void compare_sums(int k, int batch, bool training)
{
    fixture f = make(SUMS[k].text, SUMS[k].width, SUMS[k].height, batch, false);
    make_positive(&f);
    const imp_graph *graph = &f.network->graph;
    double gradient[2 * SAMPLES_MAX], out[2 * SAMPLES_MAX];
    memcpy(out, imp_reference_forward(f.plain, f.values, f.input, f.actions),
           2 * (size_t)batch * sizeof *out);
    for (int i = 0; i < 2 * batch; i++)
        gradient[i] = (float)(1.0 + fabs(f.target[i]));
    float output[2 * SAMPLES_MAX];
    float *gradients = calloc((size_t)graph->trained, sizeof *gradients);
    run_executor(&f, training ? gradient : NULL, output, gradients);
    const double error = worst_relative(output, out, 2 * batch);
    double worst = 0.0;
    if (training) {
        imp_reference_backward(f.plain, f.values, gradient, f.gradients);
        worst = worst_relative(gradients, f.gradients, graph->trained);
    }
    print_message("%s, batch %d%s: relative error output %.1e, gradients %.1e\n", SUMS[k].name,
                  batch, training ? ", training" : "", error, worst);
    // a single decision adds up in two chains
    assert_true(error < (batch == 1 && !training ? 2e-6 : 1e-6));
    assert_true(worst < SUMS[k].bar);
    free(gradients);
    clear(&f);
}

static void test_sums_keep_their_digits(void **state)
{
    (void)state;
    for (int k = 0; k < (int)(sizeof SUMS / sizeof SUMS[0]); k++)
        for (int training = 0; training < 2; training++) {
            compare_sums(k, 1, training == 1);
            compare_sums(k, 5, training == 1);
            compare_sums(k, SAMPLES_MAX, training == 1);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_gradients),
        cmocka_unit_test(test_executor_against_reference),
        cmocka_unit_test(test_sums_keep_their_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
