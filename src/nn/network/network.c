// A network: its definition, graph, values and metadata. All tensors lie in one array, trained ones
// first, so that optimisers and files handle them with single loops.
// New networks are neutral (zero weights, batch norms that pass values through); weights are then
// drawn, or loaded from a file.
#include "nn/network/network.h"

#include "base/common/hash.h"
#include "base/text/plural.h"
#include "nn/kernels/aligned_floats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NETWORK_COOKIE = 0x6e657477 };

// The defaults; the cookie detects structs that were not obtained here.
imp_network_def imp_default_network_def(void)
{
    return (imp_network_def){
        .architecture = "one-residual",
        .width = 80,
        .height = 60,
        .outputs = 2,
        .batch_norm = false,
        .cookie = NETWORK_COOKIE,
    };
}

// Builds the graph, allocates the values and sets batch norms to gain 1 and variance 1.
imp_status imp_network_create_from_table(imp_network **out, const imp_network_def *def,
                                         const imp_layer_table *table, imp_error *err)
{
    // calloc(): destroy works at any point from here on
    imp_network *network = calloc(1, sizeof *network);
    if (network == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a network");
    network->def = *def;
    const imp_status status = imp_graph_build(&network->graph, table, def, err);
    if (status != IMP_OK) {
        imp_network_destroy(network);
        return status;
    }
    const imp_graph *graph = &network->graph;
    // 0 outputs means: as many as the last layer gives
    network->def.outputs = (int)imp_node_output_size(&graph->nodes[graph->count - 1]);
    // all tensors, trained and moving, in one zeroed array
    network->values = imp_floats_alloc((size_t)graph->values);
    if (network->values == NULL) {
        imp_fail(err, IMP_NO_MEMORY, "out of memory for a network of %s",
                 IMP_PLURAL((long long)graph->values, "value"));
        imp_network_destroy(network);
        return IMP_NO_MEMORY;
    }
    // everything else stays zero
    for (int i = 0; i < graph->tensor_count; i++) {
        const imp_tensor *tensor = &graph->tensors[i];
        if (tensor->role == IMP_TENSOR_GAIN || tensor->role == IMP_TENSOR_VARIANCE)
            for (int64_t k = 0; k < tensor->count; k++)
                network->values[tensor->offset + k] = 1.0F;
    }
    *out = network;
    return IMP_OK;
}

// Keeps the text of the architecture, because it is saved with the weights.
imp_status imp_network_from_architecture(imp_network **out, const imp_network_def *def,
                                         const imp_architecture *architecture, imp_error *err)
{
    imp_network *network;
    const imp_status status =
        imp_network_create_from_table(&network, def, &architecture->table, err);
    if (status != IMP_OK)
        return status;
    // the name in the definition may have been a path
    snprintf(network->def.architecture, sizeof network->def.architecture, "%s", architecture->name);
    network->architecture = strdup(architecture->text);
    if (network->architecture == NULL) {
        imp_network_destroy(network);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a network");
    }
    *out = network;
    return IMP_OK;
}

// He et al. 2015 for convolutions (fan-in), Glorot and Bengio 2010 for dense layers (fan-in and
// fan-out), both normal.
void imp_network_init_weights(imp_network *network, uint64_t seed)
{
    const imp_graph *graph = &network->graph;
    for (int i = 0; i < graph->tensor_count; i++) {
        const imp_tensor *tensor = &graph->tensors[i];
        // biases stay zero, gains and statistics neutral
        if (tensor->role != IMP_TENSOR_WEIGHT)
            continue;
        const bool dense = tensor->rank == 2;
        // fan-in: number of inputs of one output
        const double fan_in = (double)tensor->count / (double)tensor->dims[0];
        // fan-out of a dense layer; the first dimension is the output
        const double fan_out = (double)tensor->dims[0];
        const double deviation = sqrt(2.0 / (dense ? fan_in + fan_out : fan_in));
        // One random stream per layer: a layer's weights do not depend on the layers before it.
        imp_random random = imp_random_stream(seed, (uint32_t)tensor->node, 0, IMP_PURPOSE_WEIGHTS);
        for (int64_t k = 0; k < tensor->count; k++)
            network->values[tensor->offset + k] = (float)(deviation * imp_random_normal(&random));
    }
}

// Checks the definition, loads the architecture, builds the network and draws its weights.
imp_status imp_network_create(imp_network **out, const imp_network_def *def, uint64_t seed,
                              imp_error *err)
{
    // a struct that was not made by imp_default_network_def() is caught here
    if (def->cookie != NETWORK_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "a network definition must come from imp_default_network_def()");
    if (memchr(def->architecture, '\0', sizeof def->architecture) == NULL)
        return imp_fail(err, IMP_USAGE, "the name of the architecture is not terminated");
    imp_architecture *architecture;
    imp_status status = imp_architecture_load(&architecture, def->architecture, err);
    if (status != IMP_OK)
        return status;
    status = imp_network_from_architecture(out, def, architecture, err);
    imp_architecture_destroy(architecture);
    if (status == IMP_OK)
        imp_network_init_weights(*out, seed);
    return status;
}

// Nullable.
void imp_network_destroy(imp_network *network)
{
    if (network == NULL)
        return;
    json_decref(network->metadata);
    free(network->values);
    free(network->architecture);
    free(network);
}

// Accessors: what they return is borrowed.
const imp_network_def *imp_network_info(const imp_network *network)
{
    return &network->def;
}

int64_t imp_network_parameter_count(const imp_network *network)
{
    return network->graph.trained;
}

const imp_input_spec *imp_network_inputs(const imp_network *network)
{
    return &network->graph.inputs;
}

int imp_input_value_count(const imp_input_spec *inputs)
{
    int count = 2 * inputs->actions;
    for (int k = 0; k < IMP_INPUT_COUNT; k++)
        count += inputs->takes[k] ? imp_input_size((imp_input)k) : 0;
    return count;
}

imp_output_kind imp_network_output_kind(const imp_network *network)
{
    return network->graph.output_kind;
}

const imp_graph_node *imp_network_node(const imp_network *network, int index)
{
    return index >= 0 && index < network->graph.count ? &network->graph.nodes[index] : NULL;
}

const imp_tensor *imp_network_tensor(const imp_network *network, int index)
{
    return index >= 0 && index < network->graph.tensor_count ? &network->graph.tensors[index]
                                                             : NULL;
}

const float *imp_network_tensor_values(const imp_network *network, const imp_tensor *tensor)
{
    return network->values + tensor->offset;
}

// NULL also if the network was not loaded from a file.
const char *imp_network_metadata(const imp_network *network, const char *key)
{
    return json_string_value(json_object_get(network->metadata, key));
}

// The metadata holds the time step of the training data, but only networks with a history depend on
// it, unless the time step is an input.
double imp_network_required_time_step(const imp_network *network)
{
    const imp_input_spec *inputs = imp_network_inputs(network);
    const char *text = imp_network_metadata(network, "time_step");
    const double step = text != NULL ? strtod(text, NULL) : 0.0;
    const bool depends =
        (inputs->actions > 0 || inputs->frames > 1) && !inputs->takes[IMP_INPUT_TIME_STEP];
    return depends && step > 0.0 ? step : 0.0;
}

// The caller frees the text.
char *imp_network_metadata_json(const imp_network *network)
{
    return network->metadata == NULL ? NULL : json_dumps(network->metadata, 0);
}

// Hashes the bytes of all tensors in order; the architecture is not included.
uint64_t imp_network_weights_hash(const imp_network *network)
{
    uint64_t hash = IMP_HASH_START;
    const imp_tensor *tensor;
    for (int k = 0; (tensor = imp_network_tensor(network, k)) != NULL; k++)
        hash = imp_hash_bytes(hash, imp_network_tensor_values(network, tensor),
                              (size_t)tensor->count * sizeof(float));
    return hash;
}
