// Measures the time of each layer of a network: inference of a single image, and forward and
// backward pass of a training batch. The minimum over several runs is reported, because
// disturbances only add time.
#include "base/common/clock.h"
#include "nn/engine/executor.h"
#include "nn/kernels/aligned_floats.h"
#include "nn/kernels/kernel_table.h"
#include "nn/network/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Executors and buffers of a measurement.
typedef struct profiler {
    const imp_network *network;
    imp_executor *inference, *train;
    float *gradients;
    double *seconds; // (nodes) of one run
    int batch, repeats;
} profiler;

// One executor for inference with batch 1, one for training with the given batch.
static imp_status create_executors(profiler *r, imp_error *err)
{
    const imp_graph *graph = &r->network->graph;
    r->gradients = imp_floats_alloc((size_t)graph->trained);
    r->seconds = calloc((size_t)graph->count, sizeof *r->seconds);
    if (r->gradients == NULL || r->seconds == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to measure a network");
    // inference of a single image, as an agent runs it
    const imp_executor_def inference = {.graph = graph, .batch = 1, .values = r->network->values};
    const imp_executor_def train = {.graph = graph,
                                    .batch = r->batch,
                                    .training = true,
                                    .values = r->network->values,
                                    .gradients = r->gradients};
    const imp_status status = imp_executor_create(&r->inference, &inference, err);
    return status == IMP_OK ? imp_executor_create(&r->train, &train, err) : status;
}

static void destroy_executors(profiler *r)
{
    imp_executor_destroy(r->inference);
    imp_executor_destroy(r->train);
    free(r->gradients);
    free(r->seconds);
}

// Fills images and output gradients with noise: some loops are faster on zeros.
static imp_status fill_with_noise(const profiler *r, imp_executor *executor, int batch,
                                  imp_error *err)
{
    const imp_graph *graph = &r->network->graph;
    const imp_graph_node *in = &graph->nodes[0], *out = &graph->nodes[graph->count - 1];
    // one image serves for all frames
    const size_t count = (size_t)batch * (size_t)graph->inputs.frames;
    const size_t size = (size_t)in->width * (size_t)(graph->skipped + in->height) * 3;
    uint8_t *image = malloc(size);
    const uint8_t **frames = malloc(count * sizeof *frames);
    imp_random random = imp_random_stream(1, 0, 0, IMP_PURPOSE_TEST);
    if (image != NULL && frames != NULL) {
        for (size_t i = 0; i < size; i++)
            image[i] = (uint8_t)imp_random_uniform_int(&random, 256);
        for (size_t i = 0; i < count; i++)
            frames[i] = image;
        imp_executor_set_inputs(executor, frames, NULL, batch);
    }
    const bool whole = image != NULL && frames != NULL;
    free(image);
    free(frames);
    // only training executors have an output gradient
    float *gradient = imp_executor_output_gradient(executor);
    for (int64_t i = 0; gradient != NULL && i < batch * imp_node_output_size(out); i++)
        gradient[i] = (float)imp_random_uniform(&random, -0.1, 0.1);
    return whole ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory to measure a network");
}

typedef enum pass { INFERENCE, FORWARD, BACKWARD } pass;

// The member of a node's timing that a pass fills in.
static double *time_member_of_pass(imp_node_timing *time, pass what)
{
    return what == INFERENCE ? &time->inference
           : what == FORWARD ? &time->forward
                             : &time->backward;
}

// All repetitions of one pass in a row, so that each finds the caches as the one before left them.
static void profile_pass_repeatedly(const profiler *r, imp_node_timing *times, pass what)
{
    const size_t count = (size_t)r->network->graph.count;
    const double images = what == INFERENCE ? 1.0 : r->batch;
    for (int k = 0; k < r->repeats; k++) {
        // a call adds to its node's seconds, so they start from zero
        memset(r->seconds, 0, count * sizeof *r->seconds);
        if (what == BACKWARD)
            imp_executor_profile_backward(r->train, r->seconds);
        else
            imp_executor_profile_forward(what == INFERENCE ? r->inference : r->train, r->seconds);
        for (size_t i = 0; i < count; i++)
            *time_member_of_pass(&times[i], what) =
                fmin(*time_member_of_pass(&times[i], what), r->seconds[i] / images);
    }
}

// The best of many moments of 20 microseconds or so.
double imp_measure_peak_flops(void)
{
    enum { STEPS = 5000, MOMENTS = 1000 };
    float values[IMP_PEAK_CHAINS * IMP_CHANNEL_BLOCK];
    const size_t count = sizeof values / sizeof values[0];
    for (size_t i = 0; i < count; i++)
        values[i] = (float)i;
    double best = INFINITY;
    for (int i = 0; i < MOMENTS; i++) {
        const double start = imp_monotonic_seconds();
        imp_kernels_select()->chain_multiply_adds_at_peak(values, STEPS);
        best = fmin(best, imp_monotonic_seconds() - start);
    }
    return 2.0 * (double)count * STEPS / best;
}

// Times start at infinity; each run lowers them.
imp_status imp_network_profile(imp_node_timing *times, const imp_network *network, int batch,
                               int repeats, imp_error *err)
{
    if (batch < 1 || batch > 65536 || repeats < 1)
        return imp_fail(err, IMP_USAGE, "a batch of %d, %d repeats: both must be at least 1", batch,
                        repeats);
    profiler r = {.network = network, .batch = batch, .repeats = repeats};
    // create, fill, pack, then measure the three passes
    imp_status status = create_executors(&r, err);
    if (status == IMP_OK)
        status = fill_with_noise(&r, r.inference, 1, err);
    if (status == IMP_OK)
        status = fill_with_noise(&r, r.train, batch, err);
    if (status == IMP_OK) {
        imp_executor_pack_weights(r.inference);
        imp_executor_pack_weights(r.train);
        for (int i = 0; i < network->graph.count; i++)
            times[i] = (imp_node_timing){INFINITY, INFINITY, INFINITY};
        for (int what = INFERENCE; what <= BACKWARD; what++)
            profile_pass_repeatedly(&r, times, (pass)what);
    }
    destroy_executors(&r);
    return status;
}
