#include "base/text/plural.h"
#include "nn/engine/executor.h"
#include "nn/kernels/aligned_floats.h"
#include "nn/network/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct imp_inference {
    imp_graph graph; // its own, like the values: the network may change or go
    float *values;
    imp_executor *executor;
    int batch, outputs;
};

imp_status imp_inference_create(imp_inference **out, const imp_network *network, int batch,
                                imp_error *err)
{
    if (batch < 1 || batch > 65536)
        return imp_fail(err, IMP_USAGE, "a batch of %s: 1..65536 are possible",
                        IMP_PLURAL(batch, "picture"));
    imp_inference *inference = calloc(1, sizeof *inference);
    if (inference == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to decide");
    const imp_network_def *def = &network->def;
    inference->graph = network->graph;
    inference->batch = batch;
    inference->outputs = def->outputs;
    const size_t bytes = (size_t)network->graph.values * sizeof *network->values;
    inference->values = imp_floats_alloc((size_t)network->graph.values);
    imp_status status = IMP_OK;
    if (inference->values == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory to decide");
    else
        memcpy(inference->values, network->values, bytes);
    const imp_executor_def wanted = {
        .graph = &inference->graph, .batch = batch, .values = inference->values};
    if (status == IMP_OK)
        status = imp_executor_create(&inference->executor, &wanted, err);
    if (status == IMP_OK && !imp_executor_pack_weights(inference->executor))
        status = imp_fail(err, IMP_INTERNAL, "oneDNN failed to copy the weights");
    if (status != IMP_OK) {
        imp_inference_destroy(inference);
        return status;
    }
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

void imp_inference_run(imp_inference *inference, const uint8_t *const *frames, const float *actions,
                       float *out)
{
    const size_t count = (size_t)inference->batch * (size_t)inference->outputs;
    imp_executor_set_inputs(inference->executor, frames, actions, inference->batch);
    if (imp_executor_forward(inference->executor)) {
        memcpy(out, imp_executor_output(inference->executor), count * sizeof *out);
        return;
    }
    for (size_t i = 0; i < count; i++)
        out[i] = NAN;
}
