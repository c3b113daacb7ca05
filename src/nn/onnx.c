// Networks as ONNX models: one operation per layer, weights as initialisers.
#include "imprint/nn.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/wire.h"
#include "nn/network.h"

// Numbers of the fields in the definitions of these messages, and of kinds in them.
enum { MODEL_VERSION = 1, MODEL_PRODUCER, MODEL_RELEASE, MODEL_GRAPH = 7, MODEL_OPERATORS };
enum { MODEL_METADATA = 14, OPERATORS_VERSION = 2, ENTRY_KEY = 1, ENTRY_VALUE };
enum { GRAPH_NODE = 1, GRAPH_NAME, GRAPH_INITIALISER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT };
enum { NODE_INPUT = 1, NODE_OUTPUT, NODE_NAME, NODE_OPERATOR, NODE_ATTRIBUTE };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_FLOAT, ATTRIBUTE_INTEGER, ATTRIBUTE_INTEGERS = 8 };
enum { ATTRIBUTE_TYPE = 20, TYPE_FLOAT = 1, TYPE_INTEGER, TYPE_INTEGERS = 7 };
enum { TENSOR_DIMENSION = 1, TENSOR_TYPE, TENSOR_NAME = 8, TENSOR_BYTES };
enum { OF_FLOATS = 1, OF_BYTES, OF_INTEGERS = 7 };
enum { VALUE_NAME = 1, VALUE_TYPE, TYPE_TENSOR = 1, ELEMENTS = 1, SHAPE, SHAPE_DIMENSION = 1 };
enum { DIMENSION_SIZE = 1, DIMENSION_NAME };

enum { FORMAT_VERSION = 7, OPSET = 13 };

static void put_integer(imp_wire *w, const char *name, int64_t value)
{
    const size_t attribute = imp_wire_begin(w, NODE_ATTRIBUTE);
    imp_wire_text(w, ATTRIBUTE_NAME, name);
    imp_wire_integer(w, ATTRIBUTE_INTEGER, value);
    imp_wire_integer(w, ATTRIBUTE_TYPE, TYPE_INTEGER);
    imp_wire_end(w, attribute);
}

static void put_float(imp_wire *w, const char *name, double value)
{
    const size_t attribute = imp_wire_begin(w, NODE_ATTRIBUTE);
    imp_wire_text(w, ATTRIBUTE_NAME, name);
    imp_wire_float(w, ATTRIBUTE_FLOAT, (float)value);
    imp_wire_integer(w, ATTRIBUTE_TYPE, TYPE_FLOAT);
    imp_wire_end(w, attribute);
}

static void put_integers(imp_wire *w, const char *name, const int *values, int count)
{
    const size_t attribute = imp_wire_begin(w, NODE_ATTRIBUTE);
    imp_wire_text(w, ATTRIBUTE_NAME, name);
    for (int i = 0; i < count; i++)
        imp_wire_integer(w, ATTRIBUTE_INTEGERS, values[i]);
    imp_wire_integer(w, ATTRIBUTE_TYPE, TYPE_INTEGERS);
    imp_wire_end(w, attribute);
}

// Begins a node of one output, which it is named after; attributes may follow.
static size_t begin_node(imp_wire *w, const char *operation, const char *name,
                         const char *const *inputs, int count)
{
    const size_t node = imp_wire_begin(w, GRAPH_NODE);
    for (int i = 0; i < count; i++)
        imp_wire_text(w, NODE_INPUT, inputs[i]);
    imp_wire_text(w, NODE_OUTPUT, name);
    imp_wire_text(w, NODE_NAME, name);
    imp_wire_text(w, NODE_OPERATOR, operation);
    return node;
}

static void put_node(imp_wire *w, const char *operation, const char *name, const char *first,
                     const char *second)
{
    const char *const inputs[] = {first, second};
    imp_wire_end(w, begin_node(w, operation, name, inputs, second == NULL ? 1 : 2));
}

static void put_constant(imp_wire *w, const char *name, int rank, const int64_t *dims, int elements,
                         const void *bytes, size_t length)
{
    const size_t tensor = imp_wire_begin(w, GRAPH_INITIALISER);
    for (int i = 0; i < rank; i++)
        imp_wire_integer(w, TENSOR_DIMENSION, dims[i]);
    imp_wire_integer(w, TENSOR_TYPE, elements);
    imp_wire_text(w, TENSOR_NAME, name);
    imp_wire_bytes(w, TENSOR_BYTES, bytes, length);
    imp_wire_end(w, tensor);
}

static void put_tensor(imp_wire *w, const char *name, int rank, const int64_t *dims,
                       const float *values, int64_t count)
{
    put_constant(w, name, rank, dims, OF_FLOATS, values, (size_t)count * sizeof *values);
}

// An input or output of the model; the first dimension is the batch's, whatever it is.
static void put_value(imp_wire *w, int field, const char *name, int elements, const int *dims,
                      int rank)
{
    const size_t value = imp_wire_begin(w, field);
    imp_wire_text(w, VALUE_NAME, name);
    const size_t type = imp_wire_begin(w, VALUE_TYPE), tensor = imp_wire_begin(w, TYPE_TENSOR);
    imp_wire_integer(w, ELEMENTS, elements);
    const size_t shape = imp_wire_begin(w, SHAPE);
    for (int i = 0; i <= rank; i++) {
        const size_t dimension = imp_wire_begin(w, SHAPE_DIMENSION);
        if (i == 0)
            imp_wire_text(w, DIMENSION_NAME, "batch");
        else
            imp_wire_integer(w, DIMENSION_SIZE, dims[i - 1]);
        imp_wire_end(w, dimension);
    }
    imp_wire_end(w, shape);
    imp_wire_end(w, tensor);
    imp_wire_end(w, type);
    imp_wire_end(w, value);
}

// Over what one picture holds: the last three dimensions.
static void put_mean(imp_wire *w, const char *name, const char *input)
{
    const size_t node = begin_node(w, "ReduceMean", name, &input, 1);
    put_integers(w, "axes", (const int[]){-3, -2, -1}, 3);
    put_integer(w, "keepdims", 1);
    imp_wire_end(w, node);
}

static const char *pictures_name(const imp_network *network)
{
    return imp_network_inputs(network)->frames > 1 ? "pictures" : "picture";
}

// Pictures one behind the other: their channels become those of one.
static void put_stack(imp_wire *w, const char *name, const char *from, const imp_node *input)
{
    static const char SIZES[] = "standardise/sizes";
    const int64_t shape[] = {-1, input->channels, input->height, input->width}, rank = 4;
    put_node(w, "Reshape", name, from, SIZES);
    put_constant(w, SIZES, 1, &rank, OF_INTEGERS, shape, sizeof shape);
}

// What a network looks at of bytes with the channels last: rows from `skipped` on.
static void put_view(imp_wire *w, const char *name, const char *bytes, int64_t skipped,
                     int64_t axis)
{
    static const char FROM[] = "standardise/from", TO[] = "standardise/to";
    static const char AXES[] = "standardise/axes";
    const char *const inputs[] = {bytes, FROM, TO, AXES};
    const int64_t end = INT64_MAX, one = 1;
    imp_wire_end(w, begin_node(w, "Slice", name, inputs, 4));
    put_constant(w, FROM, 1, &one, OF_INTEGERS, &skipped, sizeof skipped);
    put_constant(w, TO, 1, &one, OF_INTEGERS, &end, sizeof end);
    put_constant(w, AXES, 1, &one, OF_INTEGERS, &axis, sizeof axis);
}

// From bytes with the channels last to what the network calls its input: the same as
// imp_standardise(), in single precision.
static void put_standardisation(imp_wire *w, const imp_network *network, const imp_node *input)
{
    static const char FLOATS[] = "standardise/floats", EACH[] = "standardise/each";
    static const char PLANES[] = "standardise/planes", MEAN[] = "standardise/mean";
    static const char NEAR[] = "standardise/near", REST[] = "standardise/rest";
    static const char CENTRED[] = "standardise/centred", SQUARES[] = "standardise/squares";
    static const char VARIANCE[] = "standardise/variance", DEVIATION[] = "standardise/deviation";
    static const char LEAST[] = "standardise/least", SCALE[] = "standardise/scale";
    static const char VIEW[] = "standardise/view";
    const bool several = imp_network_inputs(network)->frames > 1;
    const char *bytes = pictures_name(network), *const floats = FLOATS;
    const int skipped = imp_network_facts(network)->height - input->height;
    if (skipped > 0) {
        put_view(w, VIEW, bytes, skipped, several ? 2 : 1);
        bytes = VIEW;
    }
    size_t node = begin_node(w, "Cast", FLOATS, &bytes, 1);
    put_integer(w, "to", OF_FLOATS);
    imp_wire_end(w, node);
    node = begin_node(w, "Transpose", PLANES, &floats, 1);
    if (several)
        put_integers(w, "perm", (const int[]){0, 1, 4, 2, 3}, 5);
    else
        put_integers(w, "perm", (const int[]){0, 3, 1, 2}, 4);
    imp_wire_end(w, node);
    // a second time, because a mean in single precision is a little off, which a picture of one
    // colour would multiply
    put_mean(w, MEAN, PLANES);
    put_node(w, "Sub", NEAR, PLANES, MEAN);
    put_mean(w, REST, NEAR);
    put_node(w, "Sub", CENTRED, NEAR, REST);
    put_node(w, "Mul", SQUARES, CENTRED, CENTRED);
    put_mean(w, VARIANCE, SQUARES);
    put_node(w, "Sqrt", DEVIATION, VARIANCE, NULL);
    put_node(w, "Max", SCALE, DEVIATION, LEAST);
    put_node(w, "Div", several ? EACH : input->name, CENTRED, SCALE);
    if (several)
        put_stack(w, input->name, EACH, input);
    const float least = (float)(1.0 / sqrt(3.0 * input->width * input->height));
    put_tensor(w, LEAST, 0, NULL, &least, 1);
}

static void put_window(imp_wire *w, const imp_node *node)
{
    put_integers(w, "kernel_shape", (const int[]){node->kernel, node->kernel}, 2);
    put_integers(w, "strides", (const int[]){node->stride, node->stride}, 2);
    put_integers(w, "pads",
                 (const int[]){node->before[0], node->before[1], node->after[0], node->after[1]},
                 4);
}

static void put_attributes(imp_wire *w, const imp_node *node)
{
    switch (node->kind) {
    case IMP_LAYER_CONVOLUTION:
    case IMP_LAYER_MAX_POOL:
        put_window(w, node);
        break;
    case IMP_LAYER_AVERAGE_POOL:
        put_window(w, node);
        put_integer(w, "count_include_pad", 0);
        break;
    case IMP_LAYER_BATCH_NORM:
        put_float(w, "epsilon", node->parameter);
        break;
    case IMP_LAYER_ELU:
        put_float(w, "alpha", node->parameter);
        break;
    case IMP_LAYER_CONCAT:
    case IMP_LAYER_FLATTEN:
        put_integer(w, "axis", 1);
        break;
    case IMP_LAYER_DENSE:
        put_integer(w, "transB", 1);
        break;
    case IMP_LAYER_INPUT:
    case IMP_LAYER_ACTIONS:
    case IMP_LAYER_RELU:
    case IMP_LAYER_DROPOUT:
    case IMP_LAYER_ADD:
        break;
    }
}

static void put_layer(imp_wire *w, const imp_network *network, const imp_node *node)
{
    static const char *const operators[IMP_LAYER_KIND_COUNT] = {
        [IMP_LAYER_CONVOLUTION] = "Conv",
        [IMP_LAYER_MAX_POOL] = "MaxPool",
        [IMP_LAYER_AVERAGE_POOL] = "AveragePool",
        [IMP_LAYER_BATCH_NORM] = "BatchNormalization",
        [IMP_LAYER_RELU] = "Relu",
        [IMP_LAYER_ELU] = "Elu",
        [IMP_LAYER_DROPOUT] = "Identity", // what it does when deciding
        [IMP_LAYER_ADD] = "Add",
        [IMP_LAYER_CONCAT] = "Concat",
        [IMP_LAYER_FLATTEN] = "Flatten",
        [IMP_LAYER_DENSE] = "Gemm",
    };
    const char *inputs[IMP_LAYER_INPUTS + 4];
    int count = 0;
    for (int i = 0; i < IMP_LAYER_INPUTS && node->inputs[i] >= 0; i++)
        inputs[count++] = imp_network_node(network, node->inputs[i])->name;
    // weight or gain, bias, mean, variance: the order that ONNX wants is ours
    const imp_tensor *tensor;
    for (int i = node->tensors; i >= 0 && (tensor = imp_network_tensor(network, i)) != NULL; i++) {
        if (imp_network_node(network, tensor->node) != node)
            break;
        put_tensor(w, tensor->name, tensor->rank, tensor->dims, imp_network_values(network, tensor),
                   tensor->count);
        inputs[count++] = tensor->name;
    }
    const size_t mark = begin_node(w, operators[node->kind], node->name, inputs, count);
    put_attributes(w, node);
    imp_wire_end(w, mark);
}

static void put_graph(imp_wire *w, const imp_network *network, bool raw_pixels)
{
    const imp_node *input = imp_network_node(network, 0), *last = input, *node;
    const size_t graph = imp_wire_begin(w, MODEL_GRAPH);
    imp_wire_text(w, GRAPH_NAME, imp_network_facts(network)->architecture);
    if (raw_pixels) {
        const int frames = imp_network_inputs(network)->frames;
        const int dims[] = {frames, imp_network_facts(network)->height, input->width, 3};
        put_value(w, GRAPH_INPUT, pictures_name(network), OF_BYTES, dims + (frames == 1),
                  frames == 1 ? 3 : 4);
        put_standardisation(w, network, input);
    } else {
        put_value(w, GRAPH_INPUT, input->name, OF_FLOATS,
                  (const int[]){input->channels, input->height, input->width}, 3);
    }
    for (int i = 1; (node = imp_network_node(network, i)) != NULL; i++) {
        if (node->kind == IMP_LAYER_ACTIONS)
            put_value(w, GRAPH_INPUT, node->name, OF_FLOATS, &node->channels, 1);
        else
            put_layer(w, network, node);
        last = node;
    }
    put_value(w, GRAPH_OUTPUT, last->name, OF_FLOATS, &last->channels, 1);
    imp_wire_end(w, graph);
}

static void put_entry(imp_wire *w, const char *key, const char *value)
{
    const size_t entry = imp_wire_begin(w, MODEL_METADATA);
    imp_wire_text(w, ENTRY_KEY, key);
    imp_wire_text(w, ENTRY_VALUE, value);
    imp_wire_end(w, entry);
}

imp_status imp_network_export_onnx(const imp_network *network, const char *path, bool raw_pixels,
                                   imp_error *err)
{
    imp_wire model = {0};
    imp_wire_integer(&model, MODEL_VERSION, FORMAT_VERSION);
    imp_wire_text(&model, MODEL_PRODUCER, "imprint");
    imp_wire_text(&model, MODEL_RELEASE, imp_version());
    put_graph(&model, network, raw_pixels);
    const size_t operators = imp_wire_begin(&model, MODEL_OPERATORS);
    imp_wire_integer(&model, OPERATORS_VERSION, OPSET);
    imp_wire_end(&model, operators);
    const char *key;
    json_t *value;
    json_object_foreach(network->metadata, key, value)
        put_entry(&model, key, json_string_value(value));
    const imp_status status = model.failed ? imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path)
                                           : imp_file_write(path, model.bytes, model.length, err);
    imp_wire_free(&model);
    return status;
}
