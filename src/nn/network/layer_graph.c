#include "nn/network/layer_graph.h"

#include "base/text/plural.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// more values than this are a mistake in a table or a file, not a network for a Duckiebot
static const int64_t MAX_VALUES = (int64_t)1 << 28;

enum { MAX_WINDOW = 64, MAX_CHANNELS = 65536, MAX_SIDE = 8192 };

const char *imp_layer_kind_name(imp_layer_kind kind)
{
    static const char *const names[] = {
#define IMP_LAYER_KIND_NAME(name, word) word,
        IMP_LAYER_KIND_MAP(IMP_LAYER_KIND_NAME)
#undef IMP_LAYER_KIND_NAME
    };
    return kind <= IMP_LAYER_DENSE ? names[kind] : "unknown";
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

int imp_node_input_count(const imp_graph_node *node)
{
    int count = 0;
    while (count < IMP_LAYER_INPUTS_MAX && node->inputs[count] >= 0)
        count++;
    return count;
}

// The graph under construction.
typedef struct builder {
    imp_graph *graph;
    const imp_layer_table *table;
    int outputs;
    imp_error *err;
} builder;

static imp_status fail_layer(const builder *b, const imp_layer *layer, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

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

static int find_node(const imp_graph *graph, const char *name)
{
    for (int i = 0; i < graph->count; i++)
        if (strcmp(graph->nodes[i].name, name) == 0)
            return i;
    return -1;
}

static bool is_defined_later(const builder *b, const char *name)
{
    for (int i = b->graph->count - b->graph->first; i < b->table->count; i++)
        if (strcmp(b->table->layers[i].name, name) == 0)
            return true;
    return false;
}

static imp_status connect_inputs(const builder *b, imp_graph_node *node, const imp_layer *layer)
{
    const bool several = layer->kind == IMP_LAYER_CONCAT;
    const int min_inputs = several || layer->kind == IMP_LAYER_ADD ? 2 : 1;
    const int max_inputs = several ? IMP_LAYER_INPUTS_MAX : min_inputs;
    int count = 0;
    for (int i = 0; i < IMP_LAYER_INPUTS_MAX; i++) {
        node->inputs[i] = -1;
        if (layer->inputs[i][0] == '\0')
            continue;
        const int index = find_node(b->graph, layer->inputs[i]);
        if (index < 0 && is_defined_later(b, layer->inputs[i]))
            return fail_layer(b, layer,
                              "its input '%s' is not there yet: layers take what stands above "
                              "them, so that there are no cycles",
                              layer->inputs[i]);
        if (index < 0)
            return fail_layer(b, layer, "no earlier layer is called '%s'", layer->inputs[i]);
        node->inputs[count++] = index;
    }
    if (count < min_inputs || count > max_inputs)
        return fail_layer(b, layer, "takes %d%s %s, not %d", min_inputs, several ? " to 4" : "",
                          IMP_PLURAL_NOUN(max_inputs, "input"), count);
    for (int i = 0; i < count; i++)
        b->graph->nodes[node->inputs[i]].users++;
    return IMP_OK;
}

// Output size along one side (0: rows, 1: columns) and the padding that it takes; 0 if the kernel
// does not fit.
static int padded_output_size(const imp_layer *layer, imp_graph_node *node, int side, int size)
{
    int *before = &node->before[side], *after = &node->after[side];
    *before = *after = 0;
    if (layer->padding == IMP_PADDING_SAME) {
        const int out = (size + layer->stride - 1) / layer->stride;
        const int padding = (out - 1) * layer->stride + layer->kernel - size;
        *before = padding > 0 ? padding / 2 : 0;
        *after = padding > 0 ? padding - padding / 2 : 0;
        return out;
    }
    if (layer->padding == IMP_PADDING_EXPLICIT) {
        *before = layer->sides[2 * side];
        *after = layer->sides[2 * side + 1];
    }
    const int padded = size + *before + *after;
    return padded < layer->kernel ? 0 : (padded - layer->kernel) / layer->stride + 1;
}

static imp_status infer_window_shape(const builder *b, imp_graph_node *node, const imp_layer *layer)
{
    const imp_graph_node *input = &b->graph->nodes[node->inputs[0]];
    if (input->flat)
        return fail_layer(b, layer, "its input '%s' is flat", input->name);
    if (layer->kernel < 1 || layer->stride < 1 || layer->kernel > MAX_WINDOW ||
        layer->stride > MAX_WINDOW)
        return fail_layer(b, layer, "kernel and stride must lie in 1..%d", MAX_WINDOW);
    for (int i = 0; i < 4 && layer->padding == IMP_PADDING_EXPLICIT; i++)
        if (layer->sides[i] < 0 || layer->sides[i] >= layer->kernel)
            return fail_layer(b, layer, "a padding of %d must lie in 0..%d, below the kernel",
                              layer->sides[i], layer->kernel - 1);
    node->kernel = layer->kernel;
    node->stride = layer->stride;
    node->height = padded_output_size(layer, node, 0, input->height);
    node->width = padded_output_size(layer, node, 1, input->width);
    if (node->height < 1 || node->width < 1)
        return fail_layer(
            b, layer,
            "its %dx%d kernel does not fit its input of %dx%d (width x height): use larger "
            "pictures",
            layer->kernel, layer->kernel, input->width, input->height);
    return IMP_OK;
}

static imp_status check_add_shapes(const builder *b, const imp_graph_node *node,
                                   const imp_layer *layer)
{
    const imp_graph_node *one = &b->graph->nodes[node->inputs[0]];
    const imp_graph_node *other = &b->graph->nodes[node->inputs[1]];
    if (other->channels != one->channels || other->height != one->height ||
        other->width != one->width || other->flat != one->flat)
        return fail_layer(b, layer, "cannot add '%s' (%dx%dx%d) and '%s' (%dx%dx%d)", one->name,
                          one->channels, one->height, one->width, other->name, other->channels,
                          other->height, other->width);
    return IMP_OK;
}

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
        node->channels += other->channels;
    }
    return IMP_OK;
}

// The one number that some kinds have.
static imp_status set_layer_parameter(const builder *b, imp_graph_node *node,
                                      const imp_layer *layer)
{
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

// Shape of a node from its inputs' shapes.
static imp_status infer_shape(const builder *b, imp_graph_node *node, const imp_layer *layer)
{
    const imp_graph_node *input = &b->graph->nodes[node->inputs[0]];
    node->channels = input->channels;
    node->height = input->height;
    node->width = input->width;
    node->flat = input->flat || layer->kind == IMP_LAYER_FLATTEN;
    if (layer->kind == IMP_LAYER_CONVOLUTION || layer->kind == IMP_LAYER_DENSE) {
        node->channels = layer->channels == IMP_CHANNELS_OUTPUTS ? b->outputs : layer->channels;
        if (node->channels < 1 || node->channels > MAX_CHANNELS)
            return fail_layer(b, layer, "channels must lie in 1..%d", MAX_CHANNELS);
    }
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
    case IMP_LAYER_FLATTEN:
        node->channels = (int)imp_node_output_size(input);
        node->height = node->width = 1;
        return IMP_OK;
    default:
        return IMP_OK;
    }
}

// Work of one picture: what the definition of the layer takes, without the padding's zeros being
// spared.
static int64_t count_flops(const imp_graph *graph, const imp_graph_node *node)
{
    const int64_t size = imp_node_output_size(node), in = graph->nodes[node->inputs[0]].channels;
    const int64_t taps = (int64_t)node->kernel * node->kernel;
    switch (node->kind) {
    case IMP_LAYER_CONVOLUTION:
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

static void add_tensor(imp_graph *graph, int index, imp_tensor_role role, const char *word,
                       int rank, const int64_t dims[4])
{
    imp_graph_node *node = &graph->nodes[index];
    imp_tensor tensor = {.role = role, .node = index, .rank = rank, .count = 1};
    snprintf(tensor.name, sizeof tensor.name, "%s.%s", node->name, word);
    for (int i = 0; i < rank; i++) {
        tensor.dims[i] = dims[i];
        tensor.count *= dims[i];
    }
    if (node->tensors < 0)
        node->tensors = graph->tensor_count;
    graph->tensors[graph->tensor_count++] = tensor;
}

static void add_node_tensors(imp_graph *graph, int index)
{
    const imp_graph_node *node = &graph->nodes[index];
    const int64_t in = graph->nodes[node->inputs[0]].channels, side = node->kernel;
    const int64_t dims[4] = {node->channels, in, side, side};
    if (node->kind == IMP_LAYER_CONVOLUTION || node->kind == IMP_LAYER_DENSE) {
        const int rank = node->kind == IMP_LAYER_DENSE ? 2 : 4;
        add_tensor(graph, index, IMP_TENSOR_WEIGHT, "weight", rank, dims);
        add_tensor(graph, index, IMP_TENSOR_BIAS, "bias", 1, dims);
    } else if (node->kind == IMP_LAYER_BATCH_NORM) {
        add_tensor(graph, index, IMP_TENSOR_GAIN, "weight", 1, dims);
        add_tensor(graph, index, IMP_TENSOR_BIAS, "bias", 1, dims);
        add_tensor(graph, index, IMP_TENSOR_MEAN, "running_mean", 1, dims);
        add_tensor(graph, index, IMP_TENSOR_VARIANCE, "running_var", 1, dims);
    }
}

// Places the tensors in one array, trained ones first.
static imp_status assign_tensor_offsets(const builder *b)
{
    imp_graph *graph = b->graph;
    for (int moving = 0; moving < 2; moving++) {
        for (int i = 0; i < graph->tensor_count; i++) {
            imp_tensor *tensor = &graph->tensors[i];
            if ((tensor->role >= IMP_TENSOR_MEAN) != (moving == 1))
                continue;
            tensor->offset = graph->values;
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

static imp_status add_layer(const builder *b, const imp_layer *layer)
{
    imp_graph *graph = b->graph;
    imp_graph_node *node = &graph->nodes[graph->count];
    *node = (imp_graph_node){.kind = layer->kind, .tensors = -1};
    if (layer->name[0] == '\0')
        return fail_layer(b, layer, "needs a name");
    if (find_node(graph, layer->name) >= 0)
        return fail_layer(b, layer, "the name is taken");
    if (layer->kind <= IMP_LAYER_ACTIONS || layer->kind > IMP_LAYER_DENSE)
        return fail_layer(b, layer, "unknown kind %d", (int)layer->kind);
    imp_status status = connect_inputs(b, node, layer);
    if (status == IMP_OK)
        status = infer_shape(b, node, layer);
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

// Every branch must end in the output, which gives as many values as are wanted.
static imp_status check_graph_outputs(const builder *b)
{
    const imp_graph *graph = b->graph;
    const imp_layer *layers = b->table->layers;
    const imp_layer *end = &layers[b->table->count - 1];
    for (int i = graph->first; i + 1 < graph->count; i++)
        if (graph->nodes[i].users == 0)
            return fail_layer(b, &layers[i - graph->first], "nothing uses it");
    for (int i = 0; i < graph->first; i++)
        if (graph->nodes[i].users == 0)
            return fail_layer(b, end, "is the last, and no layer has used '%s'",
                              graph->nodes[i].name);
    const imp_graph_node *last = &graph->nodes[graph->count - 1];
    if (b->outputs != IMP_OUTPUTS_ANY && imp_node_output_size(last) != b->outputs)
        return fail_layer(b, end, "is the last and gives %dx%dx%d, not %s", last->channels,
                          last->height, last->width, IMP_PLURAL(b->outputs, "value"));
    return IMP_OK;
}

// The pictures, one behind the other, and the actions if they are wanted.
static void add_input_nodes(imp_graph *graph, const imp_layer_table *table,
                            const imp_network_def *def)
{
    const imp_input_spec *wanted = &table->inputs;
    graph->inputs =
        (imp_input_spec){.frames = wanted->frames > 0 ? wanted->frames : 1,
                         .frame_stride = wanted->frame_stride > 0 ? wanted->frame_stride : 1,
                         .actions = wanted->actions,
                         .skip_top = wanted->skip_top};
    // less than a whole picture, since skip_top is at most IMP_SKIP_TOP_MAX
    graph->skipped = def->height * wanted->skip_top / 100;
    graph->nodes[graph->count++] = (imp_graph_node){.name = "input",
                                                    .kind = IMP_LAYER_INPUT,
                                                    .inputs = {-1, -1, -1, -1},
                                                    .channels = 3 * graph->inputs.frames,
                                                    .height = def->height - graph->skipped,
                                                    .width = def->width,
                                                    .tensors = -1};
    if (wanted->actions > 0)
        graph->nodes[graph->count++] = (imp_graph_node){.name = "actions",
                                                        .kind = IMP_LAYER_ACTIONS,
                                                        .inputs = {-1, -1, -1, -1},
                                                        .channels = 2 * wanted->actions,
                                                        .height = 1,
                                                        .width = 1,
                                                        .flat = true,
                                                        .tensors = -1};
    graph->first = graph->count;
}

imp_status imp_graph_build(imp_graph *out, const imp_layer_table *table, const imp_network_def *def,
                           imp_error *err)
{
    const builder b = {out, table, def->outputs, err};
    if (def->outputs < IMP_OUTPUTS_ANY)
        return imp_fail(err, IMP_BAD_INPUT, "a network cannot have %s",
                        IMP_PLURAL(def->outputs, "output"));
    if (def->width < 1 || def->width > MAX_SIDE || def->height < 1 || def->height > MAX_SIDE)
        return imp_fail(err, IMP_BAD_INPUT, "a network for %dx%d pictures: sides must lie in 1..%d",
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
        out->nodes[out->first + i].batch_statistics =
            layer->kind == IMP_LAYER_BATCH_NORM && def->batch_norm && !layer->frozen;
    }
    const imp_status status = check_graph_outputs(&b);
    return status == IMP_OK ? assign_tensor_offsets(&b) : status;
}

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
