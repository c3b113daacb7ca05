// Inference: an executor with its own copy of graph and weights, so that the network may change or
// be destroyed meanwhile.
//
// A batch-invariant inference gives a sample the same bits in any batch. Its executor computes a
// batch with the kernels of single samples, one sample after the other, so that sums keep their
// order. The batch then gains only from weights that stay in the cache for all samples. Where
// oneDNN computes a layer, whose sums depend on the batch, samples are computed one by one instead.
#include "base/text/plural.h"
#include "nn/engine/executor.h"
#include "nn/kernels/aligned_floats.h"
#include "nn/network/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct imp_inference {
    imp_graph graph; // a copy, like the values
    float *values;
    imp_executor *executor;
    int batch;          // samples of a run
    int executor_batch; // samples that the executor computes at once: batch, or 1
    int outputs;
};

// Creates the executor for a number of samples; see imp_executor_def.as_single.
static imp_status create_executor(imp_inference *inference, int batch, bool as_single,
                                  imp_error *err)
{
    const imp_executor_def def = {.graph = &inference->graph,
                                  .batch = batch,
                                  .as_single = as_single,
                                  .values = inference->values};
    inference->executor_batch = batch;
    return imp_executor_create(&inference->executor, &def, err);
}

// Creates an executor for the whole batch if that is batch-invariant or need not be, else for one
// sample.
static imp_status create_executor_for_batch(imp_inference *inference, bool invariant,
                                            imp_error *err)
{
    // whether oneDNN computes a layer is known only after building
    imp_status status = create_executor(inference, inference->batch, invariant, err);
    if (status == IMP_OK && invariant && inference->batch > 1 &&
        !imp_executor_is_batch_invariant(inference->executor)) {
        imp_executor_destroy(inference->executor);
        inference->executor = NULL;
        status = create_executor(inference, 1, false, err);
    }
    if (status == IMP_OK && !imp_executor_pack_weights(inference->executor))
        status = imp_fail(err, IMP_INTERNAL, "oneDNN failed to copy the weights");
    return status;
}

static imp_status create_inference(imp_inference **out, const imp_network *network, int batch,
                                   bool invariant, imp_error *err)
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
    imp_status status = IMP_OK;
    inference->values = imp_floats_alloc((size_t)network->graph.values);
    if (inference->values == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for inference");
    else
        memcpy(inference->values, network->values,
               (size_t)network->graph.values * sizeof *network->values);
    if (status == IMP_OK)
        status = create_executor_for_batch(inference, invariant, err);
    if (status != IMP_OK) {
        imp_inference_destroy(inference);
        return status;
    }
    *out = inference;
    return IMP_OK;
}

imp_status imp_inference_create(imp_inference **out, const imp_network *network, int batch,
                                imp_error *err)
{
    return create_inference(out, network, batch, false, err);
}

imp_status imp_inference_create_batch_invariant(imp_inference **out, const imp_network *network,
                                                int max_batch, imp_error *err)
{
    return create_inference(out, network, max_batch, true, err);
}

void imp_inference_destroy(imp_inference *inference)
{
    if (inference == NULL)
        return;
    imp_executor_destroy(inference->executor);
    free(inference->values);
    free(inference);
}

// Computes up to executor_batch samples.
static void run_executor(imp_inference *inference, int count, const uint8_t *const *frames,
                         const float *actions, float *out)
{
    const size_t values = (size_t)count * (size_t)inference->outputs;
    imp_executor_set_inputs(inference->executor, frames, actions, count);
    if (imp_executor_forward(inference->executor)) {
        memcpy(out, imp_executor_output(inference->executor), values * sizeof *out);
        return;
    }
    // a failure of oneDNN must not look like an action
    for (size_t i = 0; i < values; i++)
        out[i] = NAN;
}

void imp_inference_run_count(imp_inference *inference, int count, const uint8_t *const *frames,
                             const float *actions, float *out)
{
    // the whole batch at once, or sample by sample
    const imp_input_spec *inputs = &inference->graph.inputs;
    if (inference->executor_batch > 1) {
        imp_executor_set_sample_count(inference->executor, count);
        run_executor(inference, count, frames, actions, out);
        return;
    }
    for (int i = 0; i < count; i++)
        run_executor(inference, 1, frames + i * inputs->frames,
                     actions == NULL ? NULL : actions + 2 * i * inputs->actions,
                     out + i * inference->outputs);
}

void imp_inference_run(imp_inference *inference, const uint8_t *const *frames, const float *actions,
                       float *out)
{
    imp_inference_run_count(inference, inference->batch, frames, actions, out);
}
