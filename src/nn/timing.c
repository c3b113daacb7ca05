// How long a network takes, by layer.
#include "nn/executor.h"
#include "nn/floats.h"
#include "nn/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// What is measured with.
typedef struct rig {
    const imp_network *network;
    imp_executor *decide, *train;
    float *gradients;
    double *seconds; // (nodes) of one run
    int batch, repeats;
} rig;

static imp_status set_up(rig *r, imp_error *err)
{
    const imp_graph *graph = &r->network->graph;
    r->gradients = imp_floats((size_t)graph->trained);
    r->seconds = calloc((size_t)graph->count, sizeof *r->seconds);
    if (r->gradients == NULL || r->seconds == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to measure a network");
    const imp_executor_def decide = {.graph = graph, .batch = 1, .values = r->network->values};
    const imp_executor_def train = {.graph = graph,
                                    .batch = r->batch,
                                    .training = true,
                                    .values = r->network->values,
                                    .gradients = r->gradients};
    const imp_status status = imp_executor_create(&r->decide, &decide, err);
    return status == IMP_OK ? imp_executor_create(&r->train, &train, err) : status;
}

static void clear(rig *r)
{
    imp_executor_destroy(r->decide);
    imp_executor_destroy(r->train);
    free(r->gradients);
    free(r->seconds);
}

// Noise for pictures and gradients: of zeros some loops make short work.
static imp_status fill(const rig *r, imp_executor *executor, int batch, imp_error *err)
{
    const imp_graph *graph = &r->network->graph;
    const imp_node *in = &graph->nodes[0], *out = &graph->nodes[graph->count - 1];
    const size_t count = (size_t)batch * (size_t)graph->inputs.frames;
    const size_t size = (size_t)in->width * (size_t)(graph->skipped + in->height) * 3;
    uint8_t *picture = malloc(size);
    const uint8_t **frames = malloc(count * sizeof *frames);
    imp_random random = imp_random_stream(1, 0, 0, IMP_PURPOSE_TEST);
    if (picture != NULL && frames != NULL) {
        for (size_t i = 0; i < size; i++)
            picture[i] = (uint8_t)imp_random_below(&random, 256);
        for (size_t i = 0; i < count; i++)
            frames[i] = picture;
        imp_executor_load(executor, frames, NULL, batch);
    }
    const bool whole = picture != NULL && frames != NULL;
    free(picture);
    free(frames);
    float *gradient = imp_executor_output_gradient(executor);
    for (int64_t i = 0; gradient != NULL && i < batch * imp_node_size(out); i++)
        gradient[i] = (float)imp_random_uniform(&random, -0.1, 0.1);
    return whole ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory to measure a network");
}

typedef enum pass { DECIDE, FORWARD, BACKWARD } pass;

static double *best_of(imp_node_time *time, pass what)
{
    return what == DECIDE ? &time->decide : what == FORWARD ? &time->forward : &time->backward;
}

// All rounds of one pass, so that each finds its data where the round before left them. False if
// oneDNN failed.
static bool measure(const rig *r, imp_node_time *times, pass what)
{
    const size_t count = (size_t)r->network->graph.count;
    const double pictures = what == DECIDE ? 1.0 : r->batch;
    for (int k = 0; k < r->repeats; k++) {
        memset(r->seconds, 0, count * sizeof *r->seconds);
        if (!(what == DECIDE    ? imp_executor_time_forward(r->decide, r->seconds)
              : what == FORWARD ? imp_executor_time_forward(r->train, r->seconds)
                                : imp_executor_time_backward(r->train, r->seconds)))
            return false;
        for (size_t i = 0; i < count; i++)
            *best_of(&times[i], what) = fmin(*best_of(&times[i], what), r->seconds[i] / pictures);
    }
    return true;
}

imp_status imp_network_time(imp_node_time *times, const imp_network *network, int batch,
                            int repeats, imp_error *err)
{
    if (batch < 1 || batch > 65536 || repeats < 1)
        return imp_fail(err, IMP_USAGE, "a batch of %d, repeats %d: 1 is the least", batch,
                        repeats);
    rig r = {.network = network, .batch = batch, .repeats = repeats};
    imp_status status = set_up(&r, err);
    if (status == IMP_OK)
        status = fill(&r, r.decide, 1, err);
    if (status == IMP_OK)
        status = fill(&r, r.train, batch, err);
    bool fine = status == IMP_OK && imp_executor_pack(r.decide) && imp_executor_pack(r.train);
    for (int i = 0; i < network->graph.count && fine; i++)
        times[i] = (imp_node_time){INFINITY, INFINITY, INFINITY, imp_executor_kernel(r.decide, i)};
    for (int what = DECIDE; what <= BACKWARD && fine; what++)
        fine = measure(&r, times, (pass)what);
    if (status == IMP_OK && !fine)
        status = imp_fail(err, IMP_INTERNAL, "oneDNN failed while a network was measured");
    clear(&r);
    return status;
}
