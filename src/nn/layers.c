#include "nn/layers.h"

#include <stdio.h>
#include <string.h>

// more values than this are a mistake in a table or a file, not a network for a Duckiebot
static const int64_t MAX_VALUES = (int64_t)1 << 28;

// The baseline's network: one residual block and three dense layers.
static const imp_layer ONE_RESIDUAL[] = {
    {"conv1", IMP_LAYER_CONVOLUTION, {"input"}, 32, 5, 2, IMP_PADDING_SAME},
    {"pool1", IMP_LAYER_MAX_POOL, {"conv1"}, 0, 3, 2, IMP_PADDING_VALID},
    {"norm1", IMP_LAYER_BATCH_NORM, {"pool1"}, 0, 0, 0, IMP_PADDING_VALID},
    {"relu1", IMP_LAYER_RELU, {"norm1"}, 0, 0, 0, IMP_PADDING_VALID},
    {"conv2", IMP_LAYER_CONVOLUTION, {"relu1"}, 32, 3, 2, IMP_PADDING_SAME},
    {"norm2", IMP_LAYER_BATCH_NORM, {"conv2"}, 0, 0, 0, IMP_PADDING_VALID},
    {"relu2", IMP_LAYER_RELU, {"norm2"}, 0, 0, 0, IMP_PADDING_VALID},
    {"conv3", IMP_LAYER_CONVOLUTION, {"relu2"}, 32, 3, 1, IMP_PADDING_SAME},
    {"shortcut", IMP_LAYER_CONVOLUTION, {"pool1"}, 32, 1, 2, IMP_PADDING_SAME},
    {"add", IMP_LAYER_ADD, {"conv3", "shortcut"}, 0, 0, 0, IMP_PADDING_VALID},
    {"flatten", IMP_LAYER_FLATTEN, {"add"}, 0, 0, 0, IMP_PADDING_VALID},
    {"dense1", IMP_LAYER_DENSE, {"flatten"}, 64, 0, 0, IMP_PADDING_VALID},
    {"relu3", IMP_LAYER_RELU, {"dense1"}, 0, 0, 0, IMP_PADDING_VALID},
    {"dense2", IMP_LAYER_DENSE, {"relu3"}, 32, 0, 0, IMP_PADDING_VALID},
    {"relu4", IMP_LAYER_RELU, {"dense2"}, 0, 0, 0, IMP_PADDING_VALID},
    {"action", IMP_LAYER_DENSE, {"relu4"}, IMP_CHANNELS_OUTPUTS, 0, 0, IMP_PADDING_VALID},
};

static const imp_layer_table TABLES[] = {
    {"one-residual", ONE_RESIDUAL, sizeof ONE_RESIDUAL / sizeof ONE_RESIDUAL[0]},
};

const imp_layer_table *imp_layer_table_find(const char *name)
{
    for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++)
        if (strcmp(TABLES[i].name, name) == 0)
            return &TABLES[i];
    return NULL;
}

int64_t imp_node_size(const imp_node *node)
{
    return (int64_t)node->channels * node->height * node->width;
}

static int find_node(const imp_graph *graph, const char *name)
{
    for (int i = 0; name != NULL && i < graph->count; i++)
        if (strcmp(graph->nodes[i].name, name) == 0)
            return i;
    return -1;
}

static imp_status connect(imp_graph *graph, imp_node *node, const imp_layer *layer, imp_error *err)
{
    const int wanted = layer->kind == IMP_LAYER_ADD ? 2 : 1;
    for (int i = 0; i < 2; i++) {
        node->inputs[i] = -1;
        if ((layer->inputs[i] != NULL) != (i < wanted))
            return imp_fail(err, IMP_BAD_INPUT, "layer %s: takes %d input%s", layer->name, wanted,
                            wanted == 1 ? "" : "s");
        if (i >= wanted)
            continue;
        node->inputs[i] = find_node(graph, layer->inputs[i]);
        if (node->inputs[i] < 0)
            return imp_fail(err, IMP_BAD_INPUT, "layer %s: no earlier layer is called %s",
                            layer->name, layer->inputs[i]);
        graph->nodes[node->inputs[i]].users++;
    }
    return IMP_OK;
}

// Output size along one side, and the padding that it takes; 0 if the kernel does not fit.
static int window_size(const imp_layer *layer, int size, int *before, int *after)
{
    *before = *after = 0;
    if (layer->padding == IMP_PADDING_VALID)
        return size < layer->kernel ? 0 : (size - layer->kernel) / layer->stride + 1;
    const int out = (size + layer->stride - 1) / layer->stride;
    int padding = (out - 1) * layer->stride + layer->kernel - size;
    if (padding < 0)
        padding = 0;
    *before = padding / 2;
    *after = padding - padding / 2;
    return out;
}

static imp_status shape_window(imp_node *node, const imp_layer *layer, const imp_node *input,
                               imp_error *err)
{
    if (input->flat)
        return imp_fail(err, IMP_BAD_INPUT, "layer %s: its input %s is flat", layer->name,
                        input->name);
    if (layer->kernel < 1 || layer->stride < 1 || layer->kernel > 64 || layer->stride > 64)
        return imp_fail(err, IMP_BAD_INPUT, "layer %s: kernel and stride must lie in 1..64",
                        layer->name);
    node->kernel = layer->kernel;
    node->stride = layer->stride;
    node->height = window_size(layer, input->height, &node->before[0], &node->after[0]);
    node->width = window_size(layer, input->width, &node->before[1], &node->after[1]);
    if (node->height < 1 || node->width < 1)
        return imp_fail(err, IMP_BAD_INPUT,
                        "layer %s: its %dx%d kernel does not fit its input of %dx%d (width x "
                        "height): use larger pictures",
                        layer->name, layer->kernel, layer->kernel, input->width, input->height);
    return IMP_OK;
}

// Shape of a node from its inputs' shapes.
static imp_status shape(const imp_graph *graph, imp_node *node, const imp_layer *layer, int outputs,
                        imp_error *err)
{
    const imp_node *input = &graph->nodes[node->inputs[0]];
    node->channels = input->channels;
    node->height = input->height;
    node->width = input->width;
    node->flat = input->flat || layer->kind == IMP_LAYER_FLATTEN;
    if (layer->kind == IMP_LAYER_CONVOLUTION || layer->kind == IMP_LAYER_DENSE) {
        node->channels = layer->channels == IMP_CHANNELS_OUTPUTS ? outputs : layer->channels;
        if (node->channels < 1 || node->channels > 65536)
            return imp_fail(err, IMP_BAD_INPUT, "layer %s: channels must lie in 1..65536",
                            layer->name);
    }
    if (layer->kind == IMP_LAYER_DENSE && !input->flat)
        return imp_fail(err, IMP_BAD_INPUT, "layer %s: needs a flatten layer before it",
                        layer->name);
    if (layer->kind == IMP_LAYER_CONVOLUTION || layer->kind == IMP_LAYER_MAX_POOL)
        return shape_window(node, layer, input, err);
    if (layer->kind == IMP_LAYER_ADD) {
        const imp_node *other = &graph->nodes[node->inputs[1]];
        if (other->channels != node->channels || other->height != node->height ||
            other->width != node->width || other->flat != node->flat)
            return imp_fail(err, IMP_BAD_INPUT,
                            "layer %s: cannot add %s (%dx%dx%d) and %s (%dx%dx%d)", layer->name,
                            input->name, input->channels, input->height, input->width, other->name,
                            other->channels, other->height, other->width);
    }
    if (layer->kind == IMP_LAYER_FLATTEN) {
        const int64_t size = imp_node_size(input);
        if (size > MAX_VALUES)
            return imp_fail(err, IMP_BAD_INPUT, "layer %s: too many values", layer->name);
        node->channels = (int)size;
        node->height = node->width = 1;
    }
    return IMP_OK;
}

static void add_tensor(imp_graph *graph, int layer, imp_tensor_role role, const char *word,
                       int rank, const int64_t dims[4])
{
    imp_node *node = &graph->nodes[layer];
    imp_tensor tensor = {.role = role, .layer = layer, .rank = rank, .count = 1};
    snprintf(tensor.name, sizeof tensor.name, "%s.%s", node->name, word);
    for (int i = 0; i < rank; i++) {
        tensor.dims[i] = dims[i];
        tensor.count *= dims[i];
    }
    if (node->tensors < 0)
        node->tensors = graph->tensor_count;
    graph->tensors[graph->tensor_count++] = tensor;
}

static void add_tensors(imp_graph *graph, int layer)
{
    const imp_node *node = &graph->nodes[layer];
    if (node->kind == IMP_LAYER_INPUT)
        return;
    const int64_t in = graph->nodes[node->inputs[0]].channels, side = node->kernel;
    const int64_t dims[4] = {node->channels, in, side, side};
    if (node->kind == IMP_LAYER_CONVOLUTION || node->kind == IMP_LAYER_DENSE) {
        const int rank = node->kind == IMP_LAYER_DENSE ? 2 : 4;
        add_tensor(graph, layer, IMP_TENSOR_WEIGHT, "weight", rank, dims);
        add_tensor(graph, layer, IMP_TENSOR_BIAS, "bias", 1, dims);
    } else if (node->kind == IMP_LAYER_BATCH_NORM) {
        add_tensor(graph, layer, IMP_TENSOR_GAIN, "weight", 1, dims);
        add_tensor(graph, layer, IMP_TENSOR_BIAS, "bias", 1, dims);
        add_tensor(graph, layer, IMP_TENSOR_MEAN, "running_mean", 1, dims);
        add_tensor(graph, layer, IMP_TENSOR_VARIANCE, "running_var", 1, dims);
    }
}

// Places the tensors in one array, trained ones first.
static imp_status place_tensors(imp_graph *graph, imp_error *err)
{
    for (int moving = 0; moving < 2; moving++) {
        for (int i = 0; i < graph->tensor_count; i++) {
            imp_tensor *tensor = &graph->tensors[i];
            if ((tensor->role >= IMP_TENSOR_MEAN) != (moving == 1))
                continue;
            tensor->offset = graph->values;
            graph->values += tensor->count;
            if (tensor->count > MAX_VALUES || graph->values > MAX_VALUES)
                return imp_fail(err, IMP_BAD_INPUT, "layer %s: has too many weights",
                                graph->nodes[tensor->layer].name);
        }
        if (moving == 0)
            graph->trained = graph->values;
    }
    return IMP_OK;
}

static imp_status add_layer(imp_graph *graph, const imp_layer *layer, int outputs, imp_error *err)
{
    imp_node *node = &graph->nodes[graph->count];
    *node = (imp_node){.kind = layer->kind, .tensors = -1};
    if (layer->name == NULL || layer->name[0] == '\0' || strlen(layer->name) >= sizeof node->name)
        return imp_fail(err, IMP_BAD_INPUT, "layer %d: needs a name of at most %d letters",
                        graph->count, IMP_LAYER_NAME - 1);
    if (find_node(graph, layer->name) >= 0)
        return imp_fail(err, IMP_BAD_INPUT, "layer %s: the name is taken", layer->name);
    if (layer->kind <= IMP_LAYER_INPUT || layer->kind > IMP_LAYER_DENSE)
        return imp_fail(err, IMP_BAD_INPUT, "layer %s: unknown kind %d", layer->name,
                        (int)layer->kind);
    imp_status status = connect(graph, node, layer, err);
    if (status == IMP_OK)
        status = shape(graph, node, layer, outputs, err);
    if (status == IMP_OK && imp_node_size(node) > MAX_VALUES)
        status = imp_fail(err, IMP_BAD_INPUT, "layer %s: too many values", layer->name);
    if (status != IMP_OK)
        return status;
    snprintf(node->name, sizeof node->name, "%s", layer->name);
    add_tensors(graph, graph->count++);
    return IMP_OK;
}

imp_status imp_graph_build(imp_graph *out, const imp_layer_table *table, const imp_network_def *def,
                           imp_error *err)
{
    if (def->width < 1 || def->width > 8192 || def->height < 1 || def->height > 8192)
        return imp_fail(err, IMP_BAD_INPUT,
                        "a network for %dx%d pictures: sides must lie in 1..8192", def->width,
                        def->height);
    if (table->count < 1 || table->count > IMP_MAX_LAYERS)
        return imp_fail(err, IMP_BAD_INPUT, "network %s: has %d layers, 1..%d are possible",
                        table->name, table->count, IMP_MAX_LAYERS);
    memset(out, 0, sizeof *out);
    out->nodes[0] = (imp_node){.name = "input",
                               .kind = IMP_LAYER_INPUT,
                               .inputs = {-1, -1},
                               .channels = 3,
                               .height = def->height,
                               .width = def->width,
                               .tensors = -1};
    out->count = 1;
    for (int i = 0; i < table->count; i++) {
        imp_status status = add_layer(out, &table->layers[i], def->outputs, err);
        if (status != IMP_OK)
            return status;
    }

    // every branch must end in the output, which is flat
    for (int i = 0; i + 1 < out->count; i++)
        if (out->nodes[i].users == 0)
            return imp_fail(err, IMP_BAD_INPUT, "layer %s: nothing uses it", out->nodes[i].name);
    const imp_node *last = &out->nodes[out->count - 1];
    if (imp_node_size(last) != def->outputs)
        return imp_fail(err, IMP_BAD_INPUT,
                        "layer %s: is the last and gives %dx%dx%d, not %d values", last->name,
                        last->channels, last->height, last->width, def->outputs);
    return place_tensors(out, err);
}

const imp_tensor *imp_graph_tensor(const imp_graph *graph, int node, imp_tensor_role role)
{
    for (int i = graph->nodes[node].tensors; i >= 0 && i < graph->tensor_count; i++) {
        if (graph->tensors[i].layer != node)
            break;
        if (graph->tensors[i].role == role)
            return &graph->tensors[i];
    }
    return NULL;
}
