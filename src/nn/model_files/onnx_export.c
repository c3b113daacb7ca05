// Exports networks as ONNX models (onnx.ai): one operation per layer, weights as initialisers.
// Messages are written directly in protobuf's wire format.
// With raw pixels, operations before the network standardise the images like
// imp_standardise_image(). Operations and values are named after our layers, so that other programs
// show them.
#include "imprint/nn.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/io/file.h"
#include "base/io/protobuf_writer.h"
#include "nn/network/network.h"

// Field numbers of the messages in onnx.proto, and constants for element and attribute types.
enum { MODEL_VERSION = 1, MODEL_PRODUCER, MODEL_RELEASE, MODEL_GRAPH = 7, MODEL_OPERATORS };
enum { MODEL_METADATA = 14, OPERATORS_VERSION = 2, ENTRY_KEY = 1, ENTRY_VALUE };
enum { GRAPH_NODE = 1, GRAPH_NAME, GRAPH_INITIALISER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT };
enum { NODE_INPUT = 1, NODE_OUTPUT, NODE_NAME, NODE_OPERATOR, NODE_ATTRIBUTE };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_FLOAT, ATTRIBUTE_INTEGER, ATTRIBUTE_INTEGERS = 8 };
enum { ATTRIBUTE_TYPE = 20, TYPE_FLOAT = 1, TYPE_INTEGER, TYPE_INTEGERS = 7 };
enum { TENSOR_DIMENSION = 1, TENSOR_TYPE, TENSOR_NAME = 8, TENSOR_BYTES };
enum { ELEMENT_FLOAT = 1, ELEMENT_UINT8, ELEMENT_INT64 = 7 };
enum { VALUE_NAME = 1, VALUE_TYPE, TYPE_TENSOR = 1, ELEMENTS = 1, SHAPE, SHAPE_DIMENSION = 1 };
enum { DIMENSION_SIZE = 1, DIMENSION_NAME };

enum { FORMAT_VERSION = 7, OPSET = 13 };

// Attributes of an operation: name, value and type.
static void put_int_attribute(imp_protobuf_writer *w, const char *name, int64_t value)
{
    const size_t attribute = imp_protobuf_begin_message(w, NODE_ATTRIBUTE);
    imp_protobuf_put_string(w, ATTRIBUTE_NAME, name);
    imp_protobuf_put_int(w, ATTRIBUTE_INTEGER, value);
    imp_protobuf_put_int(w, ATTRIBUTE_TYPE, TYPE_INTEGER);
    imp_protobuf_end_message(w, attribute);
}

static void put_float_attribute(imp_protobuf_writer *w, const char *name, double value)
{
    const size_t attribute = imp_protobuf_begin_message(w, NODE_ATTRIBUTE);
    imp_protobuf_put_string(w, ATTRIBUTE_NAME, name);
    imp_protobuf_put_float(w, ATTRIBUTE_FLOAT, (float)value);
    imp_protobuf_put_int(w, ATTRIBUTE_TYPE, TYPE_FLOAT);
    imp_protobuf_end_message(w, attribute);
}

static void put_ints_attribute(imp_protobuf_writer *w, const char *name, const int *values,
                               int count)
{
    const size_t attribute = imp_protobuf_begin_message(w, NODE_ATTRIBUTE);
    imp_protobuf_put_string(w, ATTRIBUTE_NAME, name);
    // repeated fields are written one by one
    for (int i = 0; i < count; i++)
        imp_protobuf_put_int(w, ATTRIBUTE_INTEGERS, values[i]);
    imp_protobuf_put_int(w, ATTRIBUTE_TYPE, TYPE_INTEGERS);
    imp_protobuf_end_message(w, attribute);
}

// Begins an operation with one output, which has the same name. Attributes may follow; the caller
// ends the message.
static size_t begin_node(imp_protobuf_writer *w, const char *operation, const char *name,
                         const char *const *inputs, int count)
{
    const size_t node = imp_protobuf_begin_message(w, GRAPH_NODE);
    // inputs and outputs are names of values; the operation is named after its output
    for (int i = 0; i < count; i++)
        imp_protobuf_put_string(w, NODE_INPUT, inputs[i]);
    imp_protobuf_put_string(w, NODE_OUTPUT, name);
    imp_protobuf_put_string(w, NODE_NAME, name);
    imp_protobuf_put_string(w, NODE_OPERATOR, operation);
    return node;
}

// An operation without attributes; second may be NULL.
static void put_node(imp_protobuf_writer *w, const char *operation, const char *name,
                     const char *first, const char *second)
{
    const char *const inputs[] = {first, second};
    imp_protobuf_end_message(w, begin_node(w, operation, name, inputs, second == NULL ? 1 : 2));
}

// A constant tensor in raw bytes. Little-endian, like all supported processors.
static void put_initialiser(imp_protobuf_writer *w, const char *name, int rank, const int64_t *dims,
                            int elements, const void *bytes, size_t length)
{
    const size_t tensor = imp_protobuf_begin_message(w, GRAPH_INITIALISER);
    // dims, element type, name and bytes
    for (int i = 0; i < rank; i++)
        imp_protobuf_put_int(w, TENSOR_DIMENSION, dims[i]);
    imp_protobuf_put_int(w, TENSOR_TYPE, elements);
    imp_protobuf_put_string(w, TENSOR_NAME, name);
    imp_protobuf_put_bytes(w, TENSOR_BYTES, bytes, length);
    imp_protobuf_end_message(w, tensor);
}

static void put_float_initialiser(imp_protobuf_writer *w, const char *name, int rank,
                                  const int64_t *dims, const float *values, int64_t count)
{
    put_initialiser(w, name, rank, dims, ELEMENT_FLOAT, values, (size_t)count * sizeof *values);
}

// An input or output of the model. The first dimension is named "batch" and may have any size.
static void put_value_info(imp_protobuf_writer *w, int field, const char *name, int elements,
                           const int *dims, int rank)
{
    // nested messages: value, type, tensor type, shape, dimensions
    const size_t value = imp_protobuf_begin_message(w, field);
    imp_protobuf_put_string(w, VALUE_NAME, name);
    const size_t type = imp_protobuf_begin_message(w, VALUE_TYPE),
                 tensor = imp_protobuf_begin_message(w, TYPE_TENSOR);
    imp_protobuf_put_int(w, ELEMENTS, elements);
    const size_t shape = imp_protobuf_begin_message(w, SHAPE);
    // i == 0 is the batch
    for (int i = 0; i <= rank; i++) {
        const size_t dimension = imp_protobuf_begin_message(w, SHAPE_DIMENSION);
        if (i == 0)
            imp_protobuf_put_string(w, DIMENSION_NAME, "batch");
        else
            imp_protobuf_put_int(w, DIMENSION_SIZE, dims[i - 1]);
        imp_protobuf_end_message(w, dimension);
    }
    imp_protobuf_end_message(w, shape);
    imp_protobuf_end_message(w, tensor);
    imp_protobuf_end_message(w, type);
    imp_protobuf_end_message(w, value);
}

// The mean over one image: the last three dimensions.
static void put_reduce_mean_node(imp_protobuf_writer *w, const char *name, const char *input)
{
    // axes are counted from the end, so they suit both ranks
    const size_t node = begin_node(w, "ReduceMean", name, &input, 1);
    put_ints_attribute(w, "axes", (const int[]){-3, -2, -1}, 3);
    put_int_attribute(w, "keepdims", 1);
    imp_protobuf_end_message(w, node);
}

// These names are part of the exported model's interface.
static const char *image_input_name(const imp_network *network)
{
    return imp_network_inputs(network)->frames > 1 ? "pictures" : "picture";
}

// Joins the frames of a sample: their channels become those of one image.
static void put_frame_stack(imp_protobuf_writer *w, const char *name, const char *from,
                            const imp_graph_node *input)
{
    static const char SIZES[] = "standardise/sizes";
    // -1: the size of the batch
    const int64_t shape[] = {-1, input->channels, input->height, input->width}, rank = 4;
    put_node(w, "Reshape", name, from, SIZES);
    put_initialiser(w, SIZES, 1, &rank, ELEMENT_INT64, shape, sizeof shape);
}

// Selects the image rows that the network uses, from `skipped` on.
static void put_row_crop(imp_protobuf_writer *w, const char *name, const char *bytes,
                         int64_t skipped, int64_t axis)
{
    static const char FROM[] = "standardise/from", TO[] = "standardise/to";
    static const char AXES[] = "standardise/axes";
    const char *const inputs[] = {bytes, FROM, TO, AXES};
    // until the last row
    const int64_t end = INT64_MAX, one = 1;
    imp_protobuf_end_message(w, begin_node(w, "Slice", name, inputs, 4));
    put_initialiser(w, FROM, 1, &one, ELEMENT_INT64, &skipped, sizeof skipped);
    put_initialiser(w, TO, 1, &one, ELEMENT_INT64, &end, sizeof end);
    put_initialiser(w, AXES, 1, &one, ELEMENT_INT64, &axis, sizeof axis);
}

// Converts RGB bytes (channels last) to the network's standardised input: the same as
// imp_standardise_image(), in single precision.
static void put_standardisation(imp_protobuf_writer *w, const imp_network *network,
                                const imp_graph_node *input)
{
    static const char FLOATS[] = "standardise/floats", EACH[] = "standardise/each";
    static const char PLANES[] = "standardise/planes", MEAN[] = "standardise/mean";
    static const char NEAR[] = "standardise/near", REST[] = "standardise/rest";
    static const char CENTRED[] = "standardise/centred", SQUARES[] = "standardise/squares";
    static const char VARIANCE[] = "standardise/variance", DEVIATION[] = "standardise/deviation";
    static const char MIN_DEVIATION[] = "standardise/least", SCALE[] = "standardise/scale";
    static const char VIEW[] = "standardise/view";
    // several frames add a dimension after the batch
    const bool several = imp_network_inputs(network)->frames > 1;
    const char *bytes = image_input_name(network), *const floats = FLOATS;
    // cut off the skipped rows
    const int skipped = imp_network_info(network)->height - input->height;
    if (skipped > 0) {
        put_row_crop(w, VIEW, bytes, skipped, several ? 2 : 1);
        bytes = VIEW;
    }
    // bytes to floats, and channels before rows and columns
    size_t node = begin_node(w, "Cast", FLOATS, &bytes, 1);
    put_int_attribute(w, "to", ELEMENT_FLOAT);
    imp_protobuf_end_message(w, node);
    node = begin_node(w, "Transpose", PLANES, &floats, 1);
    if (several)
        put_ints_attribute(w, "perm", (const int[]){0, 1, 4, 2, 3}, 5);
    else
        put_ints_attribute(w, "perm", (const int[]){0, 3, 1, 2}, 4);
    imp_protobuf_end_message(w, node);
    // The mean is subtracted twice: in single precision it is slightly off, and an image of one
    // colour would amplify the error.
    // centre
    put_reduce_mean_node(w, MEAN, PLANES);
    put_node(w, "Sub", NEAR, PLANES, MEAN);
    put_reduce_mean_node(w, REST, NEAR);
    put_node(w, "Sub", CENTRED, NEAR, REST);
    // divide by the standard deviation, but at least by 1 / sqrt(n)
    put_node(w, "Mul", SQUARES, CENTRED, CENTRED);
    put_reduce_mean_node(w, VARIANCE, SQUARES);
    put_node(w, "Sqrt", DEVIATION, VARIANCE, NULL);
    put_node(w, "Max", SCALE, DEVIATION, MIN_DEVIATION);
    // several frames become the channels of one input
    put_node(w, "Div", several ? EACH : input->name, CENTRED, SCALE);
    if (several)
        put_frame_stack(w, input->name, EACH, input);
    // the bound depends on the number of values
    const float min_deviation = (float)(1.0 / sqrt(3.0 * input->width * input->height));
    put_float_initialiser(w, MIN_DEVIATION, 0, NULL, &min_deviation, 1);
}

// pads: top, left, bottom, right
static void put_window_attributes(imp_protobuf_writer *w, const imp_graph_node *node)
{
    put_ints_attribute(w, "kernel_shape", (const int[]){node->kernel, node->kernel}, 2);
    put_ints_attribute(w, "strides", (const int[]){node->stride, node->stride}, 2);
    put_ints_attribute(
        w, "pads", (const int[]){node->before[0], node->before[1], node->after[0], node->after[1]},
        4);
}

// Attributes by kind; transB: our dense weights are (outputs x inputs).
static void put_layer_attributes(imp_protobuf_writer *w, const imp_graph_node *node)
{
    switch (node->kind) {
    case IMP_LAYER_CONVOLUTION:
    case IMP_LAYER_MAX_POOL:
        put_window_attributes(w, node);
        break;
    case IMP_LAYER_AVERAGE_POOL:
        put_window_attributes(w, node);
        // a mean over what lies in the image, not over the padding
        put_int_attribute(w, "count_include_pad", 0);
        break;
    case IMP_LAYER_BATCH_NORM:
        put_float_attribute(w, "epsilon", node->parameter);
        break;
    case IMP_LAYER_ELU:
        put_float_attribute(w, "alpha", node->parameter);
        break;
    // axis 1 are the channels, axis 0 is the batch
    case IMP_LAYER_CONCAT:
    case IMP_LAYER_FLATTEN:
        put_int_attribute(w, "axis", 1);
        break;
    case IMP_LAYER_DENSE:
        put_int_attribute(w, "transB", 1);
        break;
    // nothing to say
    case IMP_LAYER_INPUT:
    case IMP_LAYER_ACTIONS:
    case IMP_LAYER_CONDITION:
    case IMP_LAYER_RELU:
    case IMP_LAYER_DROPOUT:
    case IMP_LAYER_ADD:
        break;
    }
}

// Writes a layer's weights and its operation.
static void put_layer_weights_and_node(imp_protobuf_writer *w, const imp_network *network,
                                       const imp_graph_node *node)
{
    static const char *const operators[IMP_LAYER_KIND_COUNT] = {
        [IMP_LAYER_CONVOLUTION] = "Conv",
        [IMP_LAYER_MAX_POOL] = "MaxPool",
        [IMP_LAYER_AVERAGE_POOL] = "AveragePool",
        [IMP_LAYER_BATCH_NORM] = "BatchNormalization",
        [IMP_LAYER_RELU] = "Relu",
        [IMP_LAYER_ELU] = "Elu",
        [IMP_LAYER_DROPOUT] = "Identity", // what it does in inference
        [IMP_LAYER_ADD] = "Add",
        [IMP_LAYER_CONCAT] = "Concat",
        [IMP_LAYER_FLATTEN] = "Flatten",
        [IMP_LAYER_DENSE] = "Gemm",
    };
    // inputs of the operation, at most four layers and four tensors
    const char *inputs[IMP_LAYER_INPUTS_MAX + 4];
    // inputs: the outputs of earlier layers, then the tensors
    int count = 0;
    for (int i = 0; i < IMP_LAYER_INPUTS_MAX && node->inputs[i] >= 0; i++)
        inputs[count++] = imp_network_node(network, node->inputs[i])->name;
    // Tensor order (weight or gain, bias, mean, variance) is the one that ONNX expects.
    const imp_tensor *tensor;
    for (int i = node->tensors; i >= 0 && (tensor = imp_network_tensor(network, i)) != NULL; i++) {
        if (imp_network_node(network, tensor->node) != node)
            break;
        put_float_initialiser(w, tensor->name, tensor->rank, tensor->dims,
                              imp_network_tensor_values(network, tensor), tensor->count);
        inputs[count++] = tensor->name;
    }
    // attributes follow the node's names
    const size_t mark = begin_node(w, operators[node->kind], node->name, inputs, count);
    put_layer_attributes(w, node);
    imp_protobuf_end_message(w, mark);
}

// Writes the graph: image input, with or without standardisation, then all layers, then the output.
static void put_onnx_graph(imp_protobuf_writer *w, const imp_network *network, bool raw_pixels)
{
    const imp_graph_node *input = imp_network_node(network, 0), *last = input, *node;
    const size_t graph = imp_protobuf_begin_message(w, MODEL_GRAPH);
    // the graph is named after the architecture
    imp_protobuf_put_string(w, GRAPH_NAME, imp_network_info(network)->architecture);
    if (raw_pixels) {
        const int frames = imp_network_inputs(network)->frames;
        const int dims[] = {frames, imp_network_info(network)->height, input->width, 3};
        put_value_info(w, GRAPH_INPUT, image_input_name(network), ELEMENT_UINT8,
                       dims + (frames == 1), frames == 1 ? 3 : 4);
        // standardisation ends in the value that the first layer reads
        put_standardisation(w, network, input);
    } else {
        put_value_info(w, GRAPH_INPUT, input->name, ELEMENT_FLOAT,
                       (const int[]){input->channels, input->height, input->width}, 3);
    }
    for (int i = 1; (node = imp_network_node(network, i)) != NULL; i++) {
        // past actions and conditions are inputs, too
        if (node->kind == IMP_LAYER_ACTIONS || node->kind == IMP_LAYER_CONDITION)
            put_value_info(w, GRAPH_INPUT, node->name, ELEMENT_FLOAT, &node->channels, 1);
        else
            put_layer_weights_and_node(w, network, node);
        last = node;
    }
    put_value_info(w, GRAPH_OUTPUT, last->name, ELEMENT_FLOAT, &last->channels, 1);
    imp_protobuf_end_message(w, graph);
}

// Metadata of the model file are kept as they are.
static void put_metadata_entry(imp_protobuf_writer *w, const char *key, const char *value)
{
    const size_t entry = imp_protobuf_begin_message(w, MODEL_METADATA);
    imp_protobuf_put_string(w, ENTRY_KEY, key);
    imp_protobuf_put_string(w, ENTRY_VALUE, value);
    imp_protobuf_end_message(w, entry);
}

// The protobuf writer collects memory failures, so only the end is checked.
imp_status imp_network_export_onnx(const imp_network *network, const char *path, bool raw_pixels,
                                   imp_error *err)
{
    imp_protobuf_writer model = {0};
    // file version, producer, graph
    imp_protobuf_put_int(&model, MODEL_VERSION, FORMAT_VERSION);
    imp_protobuf_put_string(&model, MODEL_PRODUCER, "imprint");
    imp_protobuf_put_string(&model, MODEL_RELEASE, imp_version());
    put_onnx_graph(&model, network, raw_pixels);
    // the set of operations that the file uses
    const size_t operators = imp_protobuf_begin_message(&model, MODEL_OPERATORS);
    imp_protobuf_put_int(&model, OPERATORS_VERSION, OPSET);
    imp_protobuf_end_message(&model, operators);
    // metadata
    const char *key;
    json_t *value;
    json_object_foreach(network->metadata, key, value)
        put_metadata_entry(&model, key, json_string_value(value));
    const imp_status status = model.failed ? imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path)
                                           : imp_file_write(path, model.bytes, model.length, err);
    imp_protobuf_free(&model);
    return status;
}
