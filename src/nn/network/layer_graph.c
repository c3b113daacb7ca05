// Builds the graph of a network from a table of layers: connects inputs by name, infers and checks
// the shape of every layer, lists the tensors and assigns them offsets in one array.
// Layers may only use earlier layers, so table order is a topological order and no cycle can exist.
// Every branch must lead to the last layer.
#include "nn/network/layer_graph.h"

#include "base/text/plural.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// More values than this indicate a mistake in a table or file.
static const int64_t MAX_VALUES = (int64_t)1 << 28;

enum { MAX_WINDOW = 64, MAX_CHANNELS = 65536, MAX_SIDE = 8192 };

// Names come from the same lists as the enumerations.
const char *imp_layer_kind_name(imp_layer_kind kind)
{
    static const char *const names[] = {
#define IMP_LAYER_KIND_NAME(name, word) word,
        IMP_LAYER_KIND_MAP(IMP_LAYER_KIND_NAME)
#undef IMP_LAYER_KIND_NAME
    };
    return (int)kind < IMP_LAYER_KIND_COUNT ? names[kind] : "unknown";
}

const char *imp_output_kind_name(int output_kind)
{
    static const char *const names[] = {
#define IMP_OUTPUT_KIND_NAME(name, word) word,
        IMP_OUTPUT_KIND_MAP(IMP_OUTPUT_KIND_NAME)
#undef IMP_OUTPUT_KIND_NAME
    };
    return output_kind >= 0 && output_kind <= IMP_OUTPUT_VELOCITIES ? names[output_kind] : NULL;
}

int64_t imp_node_output_size(const imp_graph_node *node)
{
    return (int64_t)node->channels * node->height * node->width;
}

// Inputs are stored from the front; -1 ends the list.
int imp_node_input_count(const imp_graph_node *node)
{
    int count = 0;
    while (count < IMP_LAYER_INPUTS_MAX && node->inputs[count] >= 0)
        count++;
    return count;
}

// The graph under construction and what it is built from.
typedef struct builder {
    imp_graph *graph;
    const imp_layer_table *table;
    int outputs;
    imp_error *err;
} builder;

static imp_status fail_layer(const builder *b, const imp_layer *layer, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Fails with "source:line: layer 'x': message".
static imp_status fail_layer(const builder *b, const imp_layer *layer, const char *format, ...)
{
    char message[240], place[200] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (b->table->source != NULL)
        snprintf(place, sizeof place, "%.180s:%d: ", b->table->source, layer->line);
    return imp_fail(b->err, IMP_BAD_INPUT, "%slayer '%s': %s", place, layer->name, message);
}

// Index of the node with that name, or -1. Only earlier nodes exist at this point.
static int find_node(const imp_graph *graph, const char *name)
{
    for (int i = 0; i < graph->count; i++)
        if (strcmp(graph->nodes[i].name, name) == 0)
            return i;
    return -1;
}

// Whether a later row of the table has that name; used for a better message.
static bool is_layer_defined_later(const builder *b, const char *name)
{
    for (int i = b->graph->count - b->graph->first; i < b->table->count; i++)
        if (strcmp(b->table->layers[i].name, name) == 0)
            return true;
    return false;
}

// Resolves a layer's input names to nodes and checks their number. Counts users only if all is
// well.
static imp_status connect_inputs(const builder *b, imp_graph_node *node, const imp_layer *layer)
{
    // concat takes two to four inputs, add two, all other kinds one
    const bool several = layer->kind == IMP_LAYER_CONCAT;
    const int min_inputs = several || layer->kind == IMP_LAYER_ADD ? 2 : 1;
    const int max_inputs = several ? IMP_LAYER_INPUTS_MAX : min_inputs;
    int count = 0;
    for (int i = 0; i < IMP_LAYER_INPUTS_MAX; i++) {
        node->inputs[i] = -1;
        if (layer->inputs[i][0] == '\0')
            continue;
        // look the name up among earlier layers
        const int index = find_node(b->graph, layer->inputs[i]);
        if (index < 0 && is_layer_defined_later(b, layer->inputs[i]))
            return fail_layer(b, layer,
                              "its input '%s' comes later: a layer can only use layers above "
                              "it, so that there are no cycles",
                              layer->inputs[i]);
        if (index < 0)
            return fail_layer(b, layer, "no earlier layer is called '%s'", layer->inputs[i]);
        node->inputs[count++] = index;
    }
    if (count < min_inputs || count > max_inputs)
        return fail_layer(b, layer, "takes %d%s %s, not %d", min_inputs, several ? " to 4" : "",
                          IMP_PLURAL_NOUN(max_inputs, "input"), count);
    // a node's users are counted, because only outputs with a single user can be fused
    for (int i = 0; i < count; i++)
        b->graph->nodes[node->inputs[i]].users++;
    return IMP_OK;
}

// Output size along one side (0: rows, 1: columns), with the padding stored in the node. Returns 0
// if the kernel does not fit.
static int padded_output_size(const imp_layer *layer, imp_graph_node *node, int side, int size)
{
    // padding before and after the input, along this side
    int *before = &node->before[side], *after = &node->after[side];
    *before = *after = 0;
    // TensorFlow's "same": ceil(size / stride) outputs; the odd pixel of padding goes to the end
    if (layer->padding == IMP_PADDING_SAME) {
        const int out = (size + layer->stride - 1) / layer->stride;
        const int padding = (out - 1) * layer->stride + layer->kernel - size;
        *before = padding > 0 ? padding / 2 : 0;
        *after = padding > 0 ? padding - padding / 2 : 0;
        return out;
    }
    // explicit padding: top and bottom, or left and right
    if (layer->padding == IMP_PADDING_EXPLICIT) {
        *before = layer->sides[2 * side];
        *after = layer->sides[2 * side + 1];
    }
    // the last window must lie within the padded input
    const int padded = size + *before + *after;
    return padded < layer->kernel ? 0 : (padded - layer->kernel) / layer->stride + 1;
}

// Shape of a convolution or pool. Padding must be smaller than the kernel, so that every window
// contains at least one pixel.
static imp_status infer_window_shape(const builder *b, imp_graph_node *node, const imp_layer *layer)
{
    const imp_graph_node *input = &b->graph->nodes[node->inputs[0]];
    // a vector has no rows and columns
    if (input->flat)
        return fail_layer(b, layer, "its input '%s' is flat", input->name);
    if (layer->kernel < 1 || layer->stride < 1 || layer->kernel > MAX_WINDOW ||
        layer->stride > MAX_WINDOW)
        return fail_layer(b, layer, "kernel and stride must lie in 1..%d", MAX_WINDOW);
    // a window of padding alone would have no value
    for (int i = 0; i < 4 && layer->padding == IMP_PADDING_EXPLICIT; i++)
        if (layer->sides[i] < 0 || layer->sides[i] >= layer->kernel)
            return fail_layer(b, layer, "a padding of %d must lie in 0..%d, below the kernel",
                              layer->sides[i], layer->kernel - 1);
    node->kernel = layer->kernel;
    node->stride = layer->stride;
    // rows and columns are independent
    node->height = padded_output_size(layer, node, 0, input->height);
    node->width = padded_output_size(layer, node, 1, input->width);
    if (node->height < 1 || node->width < 1)
        return fail_layer(
            b, layer,
            "its %dx%d kernel does not fit its input of %dx%d (width x height): use larger "
            "images",
            layer->kernel, layer->kernel, input->width, input->height);
    return IMP_OK;
}

// Both inputs of an add must have the same shape.
static imp_status check_add_shapes(const builder *b, const imp_graph_node *node,
                                   const imp_layer *layer)
{
    // compared in all dimensions, because broadcasting is not supported
    const imp_graph_node *one = &b->graph->nodes[node->inputs[0]];
    const imp_graph_node *other = &b->graph->nodes[node->inputs[1]];
    if (other->channels != one->channels || other->height != one->height ||
        other->width != one->width || other->flat != one->flat)
        return fail_layer(b, layer, "cannot add '%s' (%dx%dx%d) and '%s' (%dx%dx%d)", one->name,
                          one->channels, one->height, one->width, other->name, other->channels,
                          other->height, other->width);
    return IMP_OK;
}

// A concat joins channels; the other sides must agree.
static imp_status infer_concat_shape(const builder *b, imp_graph_node *node, const imp_layer *layer)
{
    const imp_graph_node *first = &b->graph->nodes[node->inputs[0]];
    for (int i = 1; i < imp_node_input_count(node); i++) {
        const imp_graph_node *other = &b->graph->nodes[node->inputs[i]];
        if (other->height != first->height || other->width != first->width ||
            other->flat != first->flat)
            return fail_layer(b, layer, "cannot join '%s' (%dx%d) and '%s' (%dx%d, width x height)",
                              first->name, first->width, first->height, other->name, other->width,
                              other->height);
        // node->channels starts as the first input's
        node->channels += other->channels;
    }
    return IMP_OK;
}

// Sets and checks the one numeric parameter that some kinds have; 0 selects its default.
static imp_status set_layer_parameter(const builder *b, imp_graph_node *node,
                                      const imp_layer *layer)
{
    // epsilon of a batch norm
    const double value = layer->parameter;
    node->parameter = value;
    if (layer->kind == IMP_LAYER_BATCH_NORM) {
        node->parameter = value == 0.0 ? IMP_BATCH_NORM_EPSILON : value;
        if (!(node->parameter >= 1e-12 && node->parameter <= 1.0))
            return fail_layer(b, layer, "epsilon must lie in 1e-12..1");
    } else if (layer->kind == IMP_LAYER_ELU) {
        node->parameter = value == 0.0 ? 1.0 : value;
        if (!(node->parameter > 0.0 && node->parameter <= 100.0))
            return fail_layer(b, layer, "alpha must lie in 0..100, without 0");
    } else if (layer->kind == IMP_LAYER_DROPOUT && !(value >= 0.0 && value < 1.0)) {
        return fail_layer(b, layer, "rate must lie in 0..1, without 1");
    }
    return IMP_OK;
}

// Infers the shape of a node from its inputs' shapes.
static imp_status infer_node_shape(const builder *b, imp_graph_node *node, const imp_layer *layer)
{
    const imp_graph_node *input = &b->graph->nodes[node->inputs[0]];
    // most kinds keep the shape of their input
    node->channels = input->channels;
    node->height = input->height;
    node->width = input->width;
    node->flat = input->flat || layer->kind == IMP_LAYER_FLATTEN;
    // convolutions and dense layers set the number of channels
    if (layer->kind == IMP_LAYER_CONVOLUTION || layer->kind == IMP_LAYER_DENSE) {
        node->channels = layer->channels == IMP_CHANNELS_OUTPUTS ? b->outputs : layer->channels;
        if (node->channels < 1 || node->channels > MAX_CHANNELS)
            return fail_layer(b, layer, "channels must lie in 1..%d", MAX_CHANNELS);
    }
    // what each kind requires, and how it changes the shape
    switch (layer->kind) {
    case IMP_LAYER_DENSE:
        return input->flat ? IMP_OK : fail_layer(b, layer, "needs a flatten layer before it");
    case IMP_LAYER_BATCH_NORM:
        return input->flat ? fail_layer(b, layer, "its input '%s' is flat", input->name) : IMP_OK;
    case IMP_LAYER_CONVOLUTION:
    case IMP_LAYER_MAX_POOL:
    case IMP_LAYER_AVERAGE_POOL:
        return infer_window_shape(b, node, layer);
    case IMP_LAYER_ADD:
        return check_add_shapes(b, node, layer);
    case IMP_LAYER_CONCAT:
        return infer_concat_shape(b, node, layer);
    // the order channel, row, column is that of the plain layout
    case IMP_LAYER_FLATTEN:
        node->channels = (int)imp_node_output_size(input);
        node->height = node->width = 1;
        return IMP_OK;
    default:
        return IMP_OK;
    }
}

// Floating-point operations for one image by the definition of the layer. Multiplications with
// padding count.
static int64_t count_flops(const imp_graph *graph, const imp_graph_node *node)
{
    const int64_t size = imp_node_output_size(node), in = graph->nodes[node->inputs[0]].channels;
    const int64_t taps = (int64_t)node->kernel * node->kernel;
    switch (node->kind) {
    case IMP_LAYER_CONVOLUTION:
        // one multiplication and one addition per tap and input channel, and the bias
        return size * (2 * in * taps + 1);
    case IMP_LAYER_DENSE:
        return size * (2 * in + 1);
    case IMP_LAYER_MAX_POOL:
    case IMP_LAYER_AVERAGE_POOL:
        return size * taps;
    case IMP_LAYER_BATCH_NORM:
        return size * 2;
    case IMP_LAYER_RELU:
    case IMP_LAYER_ELU:
    case IMP_LAYER_ADD:
        return size;
    default:
        return 0;
    }
}

// Appends a tensor of a node. A node's tensors are adjacent in the list.
static void add_tensor_of_node(imp_graph *graph, int index, imp_tensor_role role, const char *word,
                               int rank, const int64_t dims[4])
{
    imp_graph_node *node = &graph->nodes[index];
    imp_tensor tensor = {.role = role, .node = index, .rank = rank, .count = 1};
    snprintf(tensor.name, sizeof tensor.name, "%s.%s", node->name, word);
    // the number of values is the product of the dimensions
    for (int i = 0; i < rank; i++) {
        tensor.dims[i] = dims[i];
        tensor.count *= dims[i];
    }
    // the first tensor of a node is remembered for lookups
    if (node->tensors < 0)
        node->tensors = graph->tensor_count;
    graph->tensors[graph->tensor_count++] = tensor;
}

// Lists the tensors of a layer. Names and shapes are PyTorch's.
static void add_node_tensors(imp_graph *graph, int index)
{
    const imp_graph_node *node = &graph->nodes[index];
    const int64_t in = graph->nodes[node->inputs[0]].channels, side = node->kernel;
    // out x in x rows x columns; a dense layer uses the first two
    const int64_t dims[4] = {node->channels, in, side, side};
    if (node->kind == IMP_LAYER_CONVOLUTION || node->kind == IMP_LAYER_DENSE) {
        const int rank = node->kind == IMP_LAYER_DENSE ? 2 : 4;
        add_tensor_of_node(graph, index, IMP_TENSOR_WEIGHT, "weight", rank, dims);
        add_tensor_of_node(graph, index, IMP_TENSOR_BIAS, "bias", 1, dims);
    } else if (node->kind == IMP_LAYER_BATCH_NORM) {
        add_tensor_of_node(graph, index, IMP_TENSOR_GAIN, "weight", 1, dims);
        add_tensor_of_node(graph, index, IMP_TENSOR_BIAS, "bias", 1, dims);
        add_tensor_of_node(graph, index, IMP_TENSOR_MEAN, "running_mean", 1, dims);
        add_tensor_of_node(graph, index, IMP_TENSOR_VARIANCE, "running_var", 1, dims);
    }
}

// Assigns offsets in one array: trained tensors first, then moving statistics.
static imp_status assign_tensor_offsets(const builder *b)
{
    imp_graph *graph = b->graph;
    // two passes: moving == 0 trained, 1 moving statistics
    for (int moving = 0; moving < 2; moving++) {
        for (int i = 0; i < graph->tensor_count; i++) {
            imp_tensor *tensor = &graph->tensors[i];
            if ((tensor->role >= IMP_TENSOR_MEAN) != (moving == 1))
                continue;
            tensor->offset = graph->values;
            // limit single tensors as well, so that the sum cannot overflow
            graph->values += tensor->count;
            if (tensor->count > MAX_VALUES || graph->values > MAX_VALUES)
                return fail_layer(b, &b->table->layers[tensor->node - graph->first],
                                  "has too many weights");
        }
        if (moving == 0)
            graph->trained = graph->values;
    }
    return IMP_OK;
}

// Adds one layer: checks name and kind, connects, infers, then lists its tensors.
static imp_status add_layer(const builder *b, const imp_layer *layer)
{
    imp_graph *graph = b->graph;
    imp_graph_node *node = &graph->nodes[graph->count];
    // the node is only counted at the end, so that it cannot find itself by name
    *node = (imp_graph_node){.kind = layer->kind, .tensors = -1};
    if (layer->name[0] == '\0')
        return fail_layer(b, layer, "needs a name");
    if (find_node(graph, layer->name) >= 0)
        return fail_layer(b, layer, "the name is taken");
    if (layer->kind <= IMP_LAYER_ACTIONS || layer->kind > IMP_LAYER_DENSE)
        return fail_layer(b, layer, "unknown kind %d", (int)layer->kind);
    // each step needs the results of those before it
    imp_status status = connect_inputs(b, node, layer);
    if (status == IMP_OK)
        status = infer_node_shape(b, node, layer);
    if (status == IMP_OK)
        status = set_layer_parameter(b, node, layer);
    if (status == IMP_OK && imp_node_output_size(node) > MAX_VALUES)
        status = fail_layer(b, layer, "gives too many values");
    if (status != IMP_OK)
        return status;
    memcpy(node->name, layer->name, sizeof node->name);
    node->flops = count_flops(graph, node);
    add_node_tensors(graph, graph->count++);
    return IMP_OK;
}

// Every branch must end in the output, which must have the requested number of values.
static imp_status check_graph_outputs(const builder *b)
{
    const imp_graph *graph = b->graph;
    const imp_layer *layers = b->table->layers;
    const imp_layer *end = &layers[b->table->count - 1];
    // all nodes except the last must be used, inputs included
    for (int i = graph->first; i + 1 < graph->count; i++)
        if (graph->nodes[i].users == 0)
            return fail_layer(b, &layers[i - graph->first], "nothing uses it");
    for (int i = 0; i < graph->first; i++)
        if (graph->nodes[i].users == 0)
            return fail_layer(b, end, "is the last layer, but no layer uses '%s'",
                              graph->nodes[i].name);
    // the number of outputs is part of the definition, unless it says "any"
    const imp_graph_node *last = &graph->nodes[graph->count - 1];
    if (b->outputs != IMP_OUTPUTS_ANY && imp_node_output_size(last) != b->outputs)
        return fail_layer(b, end, "is the last layer and gives %dx%dx%d, not %s", last->channels,
                          last->height, last->width, IMP_PLURAL(b->outputs, "value"));
    return IMP_OK;
}

// Adds an input that is a vector.
static void add_vector_input(imp_graph *graph, const char *name, imp_layer_kind kind, int values)
{
    imp_graph_node *node = &graph->nodes[graph->count++];
    *node = (imp_graph_node){.kind = kind,
                             .inputs = {-1, -1, -1, -1},
                             .channels = values,
                             .height = 1,
                             .width = 1,
                             .flat = true,
                             .tensors = -1};
    snprintf(node->name, sizeof node->name, "%s", name);
}

// Adds the nodes of the inputs: the images, stacked as channels, and the past actions and the
// conditions that the network uses.
static void add_input_nodes(imp_graph *graph, const imp_layer_table *table,
                            const imp_network_def *def)
{
    // 0 in the table stands for 1
    const imp_input_spec *wanted = &table->inputs;
    graph->inputs = *wanted;
    graph->inputs.frames = wanted->frames > 0 ? wanted->frames : 1;
    graph->inputs.frame_stride = wanted->frame_stride > 0 ? wanted->frame_stride : 1;
    // less than the whole image, since skip_top is at most IMP_SKIP_TOP_MAX
    graph->skipped = def->height * wanted->skip_top / 100;
    graph->nodes[graph->count++] = (imp_graph_node){.name = "input",
                                                    .kind = IMP_LAYER_INPUT,
                                                    .inputs = {-1, -1, -1, -1},
                                                    .channels = 3 * graph->inputs.frames,
                                                    .height = def->height - graph->skipped,
                                                    .width = def->width,
                                                    .tensors = -1};
    if (wanted->actions > 0)
        add_vector_input(graph, "actions", IMP_LAYER_ACTIONS, 2 * wanted->actions);
    for (int k = 0; k < IMP_INPUT_COUNT; k++)
        if (wanted->takes[k])
            add_vector_input(graph, imp_input_name(k), IMP_LAYER_CONDITION,
                             imp_input_size((imp_input)k));
    graph->first = graph->count;
}

// Checks the sizes, adds input nodes, then layer by layer; offsets come last.
imp_status imp_graph_build(imp_graph *out, const imp_layer_table *table, const imp_network_def *def,
                           imp_error *err)
{
    const builder b = {out, table, def->outputs, err};
    // checks that do not depend on the layers
    if (def->outputs < IMP_OUTPUTS_ANY)
        return imp_fail(err, IMP_BAD_INPUT, "a network cannot have %s",
                        IMP_PLURAL(def->outputs, "output"));
    if (def->width < 1 || def->width > MAX_SIDE || def->height < 1 || def->height > MAX_SIDE)
        return imp_fail(err, IMP_BAD_INPUT, "a network for %dx%d images: sides must lie in 1..%d",
                        def->width, def->height, MAX_SIDE);
    if (table->count < 1 || table->count > IMP_MAX_LAYERS)
        return imp_fail(err, IMP_BAD_INPUT, "network %s: has %s, 1..%d are possible", table->name,
                        IMP_PLURAL(table->count, "layer"), IMP_MAX_LAYERS);
    memset(out, 0, sizeof *out);
    add_input_nodes(out, table, def);
    out->output_kind = table->output_kind;
    for (int i = 0; i < table->count; i++) {
        const imp_layer *layer = &table->layers[i];
        const imp_status status = add_layer(&b, layer);
        if (status != IMP_OK)
            return status;
        // batch statistics are used only if the definition asks and the layer is not frozen
        out->nodes[out->first + i].batch_statistics =
            layer->kind == IMP_LAYER_BATCH_NORM && def->batch_norm && !layer->frozen;
    }
    const imp_status status = check_graph_outputs(&b);
    return status == IMP_OK ? assign_tensor_offsets(&b) : status;
}

// A node's tensors are adjacent, starting at nodes[node].tensors.
const imp_tensor *imp_graph_find_tensor(const imp_graph *graph, int node, imp_tensor_role role)
{
    for (int i = graph->nodes[node].tensors; i >= 0 && i < graph->tensor_count; i++) {
        if (graph->tensors[i].node != node)
            break;
        if (graph->tensors[i].role == role)
            return &graph->tensors[i];
    }
    return NULL;
}
