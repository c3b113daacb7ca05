// Inference: an executor with its own copy of graph and weights, so that the network may change or
// be destroyed meanwhile. A sample gets the same bits in any batch: the kernels sum every output in
// one order.
#include "base/text/plural.h"
#include "imprint/doubt.h"
#include "nn/engine/executor.h"
#include "nn/kernels/aligned_floats.h"
#include "nn/network/doubt_head.h"

#include <stdlib.h>
#include <string.h>

struct imp_inference {
    imp_graph graph; // a copy, like the values
    float *values;
    imp_executor *executor;
    int batch; // samples of a run
    int outputs;
    imp_feature_list features;
    imp_doubt_head doubt;
};

imp_status imp_inference_create(imp_inference **out, const imp_network *network, int batch,
                                imp_error *err)
{
    if (batch < 1 || batch > 65536)
        return imp_fail(err, IMP_USAGE, "a batch of %s: 1..65536 are possible",
                        IMP_PLURAL(batch, "image"));
    imp_inference *inference = calloc(1, sizeof *inference);
    if (inference == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for inference");
    // copies of graph and values, so that the network is not needed later
    inference->graph = network->graph;
    inference->batch = batch;
    inference->outputs = network->def.outputs;
    inference->values = imp_floats_alloc((size_t)network->graph.values);
    inference->features = imp_graph_list_features(&network->graph);
    imp_status status = imp_doubt_head_read(&inference->doubt, network, err);
    if (status == IMP_OK && inference->values == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for inference");
    if (status == IMP_OK)
        memcpy(inference->values, network->values,
               (size_t)network->graph.values * sizeof *network->values);
    const imp_executor_def def = {
        .graph = &inference->graph, .batch = batch, .values = inference->values};
    if (status == IMP_OK)
        status = imp_executor_create(&inference->executor, &def, err);
    if (status != IMP_OK) {
        imp_inference_destroy(inference);
        return status;
    }
    imp_executor_pack_weights(inference->executor);
    *out = inference;
    return IMP_OK;
}

void imp_inference_destroy(imp_inference *inference)
{
    if (inference == NULL)
        return;
    imp_executor_destroy(inference->executor);
    free(inference->values);
    free(inference);
}

void imp_inference_run_partial_batch(imp_inference *inference, int count,
                                     const uint8_t *const *frames, const float *values, float *out)
{
    imp_executor_set_inputs(inference->executor, frames, values, count);
    imp_executor_forward(inference->executor);
    memcpy(out, imp_executor_output(inference->executor),
           (size_t)count * (size_t)inference->outputs * sizeof *out);
}

void imp_inference_run(imp_inference *inference, const uint8_t *const *frames, const float *values,
                       float *out)
{
    imp_inference_run_partial_batch(inference, inference->batch, frames, values, out);
}

int imp_inference_feature_count(const imp_inference *inference)
{
    return inference->features.total;
}

void imp_inference_read_features(const imp_inference *inference, int sample, float *out)
{
    const imp_feature_list *list = &inference->features;
    for (int k = 0; k < list->count; k++) {
        const float *values = imp_executor_node_vector(inference->executor, list->nodes[k], sample);
        memcpy(out, values, (size_t)list->sizes[k] * sizeof *out);
        out += list->sizes[k];
    }
}

bool imp_inference_has_doubt(const imp_inference *inference)
{
    return inference->doubt.exists;
}

double imp_inference_doubt(const imp_inference *inference, int sample)
{
    float features[IMP_FEATURES_MAX];
    if (!inference->doubt.exists)
        return 0.0;
    imp_inference_read_features(inference, sample, features);
    return imp_doubt_head_evaluate(&inference->doubt, features, inference->features.total);
}
