// Writes the forward program: walks the nodes in order and adds the calls that compute each node's
// output.
//
// A ReLU is part of the convolution, dense layer or batch norm before it where that has no other
// user, an ELU writes over its input there, and a max-pool is part of the convolution before it.
// The output of such a node is that of the node that it is part of.
#include "nn/engine/convolution.h"
#include "nn/engine/program.h"

static const imp_image_border NO_BORDER = {0};

static const imp_graph_node *current_node(const imp_executor *e)
{
    return &e->def.graph->nodes[e->building];
}

static imp_node_state *get_state_of_input(const imp_executor *e, int i)
{
    return &e->states[current_node(e)->inputs[i]];
}

// A new image for the output of the current node.
static imp_image_view build_output(imp_executor *e)
{
    const imp_image_border border = imp_node_border(e->def.graph, e->building);
    return imp_build_alloc_images(e, &e->states[e->building].size, &border);
}

// The only user of a node, or -1 if there are none or several.
static int find_only_user(const imp_graph *graph, int index)
{
    if (graph->nodes[index].users != 1)
        return -1;
    for (int i = index + 1; i < graph->count; i++)
        for (int k = 0; k < imp_node_input_count(&graph->nodes[i]); k++)
            if (graph->nodes[i].inputs[k] == index)
                return i;
    return -1;
}

// The activation of that kind that can be part of a node, or -1.
static int find_fusable_activation(const imp_graph *graph, int index, imp_layer_kind kind)
{
    const imp_layer_kind of = graph->nodes[index].kind;
    const int user = find_only_user(graph, index);
    const bool possible = of == IMP_LAYER_CONVOLUTION || of == IMP_LAYER_DENSE ||
                          (of == IMP_LAYER_BATCH_NORM && kind == IMP_LAYER_RELU);
    return possible && user >= 0 && graph->nodes[user].kind == kind ? user : -1;
}

// The max-pool that can be part of a convolution: its only user, without padding; or -1.
static int find_fusable_pool(const imp_graph *graph, int index)
{
    const int user = find_only_user(graph, index);
    if (user < 0)
        return -1;
    const imp_graph_node *pool = &graph->nodes[user];
    const bool possible = pool->kind == IMP_LAYER_MAX_POOL && pool->kernel <= IMP_POOL_KERNEL_MAX &&
                          pool->before[0] == 0 && pool->before[1] == 0 && pool->after[0] == 0 &&
                          pool->after[1] == 0;
    return possible ? user : -1;
}

static int32_t *build_argmax(imp_executor *e, const imp_image_size *size)
{
    const size_t count = size->height * size->width * size->channels * (size_t)e->def.batch;
    return e->def.training ? (int32_t *)(void *)imp_build_alloc_floats(e, count) : NULL;
}

// A convolution and the max-pool after it.
static void build_conv_pool(imp_executor *e, imp_node_state *state, int pool_index)
{
    const imp_graph_node *pool = &e->def.graph->nodes[pool_index];
    imp_node_state *pooled = &e->states[pool_index];
    const imp_image_border border = imp_node_border(e->def.graph, pool_index);
    const imp_image_size size = imp_node_image_size(pool);
    imp_conv_pool p = {.conv = state->conv,
                       .kernel = (size_t)pool->kernel,
                       .stride = (size_t)pool->stride,
                       .out_size = size,
                       .out = imp_build_alloc_images(e, &size, &border),
                       .argmax = build_argmax(e, &size)};
    // rows and columns that no window covers are not computed
    p.conv.rows = (size.height - 1) * p.stride + p.kernel;
    p.conv.columns = (size.width - 1) * p.stride + p.kernel;
    p.ring = imp_build_alloc_floats(e, p.kernel * p.conv.columns * size.channels);
    pooled->fused_pool = true;
    state->pool = pool_index;
    pooled->out = p.out;
    pooled->argmax = p.argmax;
    imp_kernel_call *call = imp_build_append_call(e, &e->forward, IMP_CALL_conv_pool);
    if (call != NULL)
        call->conv_pool = p;
}

// A convolution, with the ReLU and the pool behind it where these can be fused.
static void build_conv(imp_executor *e, imp_node_state *state)
{
    const imp_graph *graph = e->def.graph;
    const int pool = find_fusable_pool(graph, e->building);
    imp_build_conv(e, state);
    state->conv.relu = state->activation >= 0;
    // the gradient below a pool is that of a first layer, by rows of the kernel
    const bool first = !imp_node_has_data_gradient(graph, e->building) &&
                       state->conv.runs.count == (size_t)current_node(e)->kernel;
    if (pool >= 0 && (first || !e->def.training)) {
        build_conv_pool(e, state, pool);
        return;
    }
    state->out = state->conv.out = build_output(e);
    imp_kernel_call *call = imp_build_append_call(e, &e->forward, IMP_CALL_conv);
    if (call != NULL)
        call->conv = state->conv;
}

// Inputs are one row a sample.
static void build_dense(imp_executor *e, imp_node_state *state)
{
    const imp_graph_node *node = current_node(e), *in = &e->def.graph->nodes[node->inputs[0]];
    state->out = build_output(e);
    state->dense =
        (imp_dense){.inputs = (size_t)imp_node_output_size(in),
                    .outputs = (size_t)node->channels,
                    .in_stride = get_state_of_input(e, 0)->size.channels,
                    .out_stride = state->size.channels,
                    .weight = imp_build_find_tensor(e, IMP_TENSOR_WEIGHT, e->def.values, 0),
                    .bias = imp_build_find_tensor(e, IMP_TENSOR_BIAS, e->def.values, 0),
                    .relu = state->activation >= 0,
                    .in = get_state_of_input(e, 0)->out.data,
                    .out = state->out.data};
    imp_kernel_call *call = imp_build_append_call(e, &e->forward, IMP_CALL_dense);
    if (call != NULL)
        call->dense = state->dense;
}

// Training keeps where each maximum was.
static void build_pool(imp_executor *e, imp_node_state *state)
{
    const imp_graph_node *node = current_node(e);
    if (state->fused_pool)
        return;
    state->out = build_output(e);
    state->argmax = node->kind == IMP_LAYER_MAX_POOL ? build_argmax(e, &state->size) : NULL;
    imp_kernel_call *call = imp_build_append_call(e, &e->forward, IMP_CALL_pool);
    if (call == NULL)
        return;
    call->pool = (imp_pool){.average = node->kind == IMP_LAYER_AVERAGE_POOL,
                            .kernel = (size_t)node->kernel,
                            .stride = (size_t)node->stride,
                            .top = (size_t)node->before[0],
                            .left = (size_t)node->before[1],
                            .in_size = get_state_of_input(e, 0)->size,
                            .out_size = state->size,
                            .in = get_state_of_input(e, 0)->out,
                            .out = state->out,
                            .argmax = state->argmax};
}

// With fixed statistics, scale and shift are folded once for each set of weights.
static void build_batch_norm(imp_executor *e, imp_node_state *state)
{
    const imp_graph *graph = e->def.graph;
    const imp_graph_node *node = current_node(e);
    const size_t channels = state->size.channels;
    const bool batch_statistics = e->def.training && node->batch_statistics;
    // statistics of the batch lie like the moving ones, in an array that begins after the trained
    // values
    float *array = batch_statistics ? e->statistics : e->def.values;
    const int64_t first = batch_statistics ? graph->trained : 0;
    state->out = build_output(e);
    state->norm =
        (imp_norm){.size = state->size,
                   .channels = (size_t)node->channels,
                   .relu = state->activation >= 0,
                   .batch_statistics = batch_statistics,
                   .epsilon = node->parameter,
                   .gain = imp_build_find_tensor(e, IMP_TENSOR_GAIN, e->def.values, 0),
                   .bias = imp_build_find_tensor(e, IMP_TENSOR_BIAS, e->def.values, 0),
                   .mean = imp_build_find_tensor(e, IMP_TENSOR_MEAN, array, first),
                   .variance = imp_build_find_tensor(e, IMP_TENSOR_VARIANCE, array, first),
                   .rate = imp_build_alloc_floats(e, channels),
                   .scale = imp_build_alloc_floats(e, channels),
                   .shift = imp_build_alloc_floats(e, channels),
                   .in = get_state_of_input(e, 0)->out,
                   .out = state->out};
    imp_kernel_call *fold =
        batch_statistics ? NULL : imp_build_append_call(e, &e->pack, IMP_CALL_fold_batch_norm);
    if (fold != NULL)
        fold->fold_batch_norm = state->norm;
    imp_kernel_call *call = imp_build_append_call(e, &e->forward, IMP_CALL_batch_norm);
    if (call != NULL)
        call->batch_norm = state->norm;
}

// In place where the layer before lets it.
static void build_activation(imp_executor *e, imp_node_state *state)
{
    const imp_graph_node *node = current_node(e);
    const int input = node->inputs[0];
    const imp_image_view in = e->states[input].out;
    state->out = in;
    // a fused ReLU has been computed already
    if (e->states[input].activation == e->building)
        return;
    if (find_fusable_activation(e->def.graph, input, IMP_LAYER_ELU) != e->building)
        state->out = build_output(e);
    imp_build_append_elementwise(e, &e->forward,
                                 &(imp_elementwise){.kind = node->kind == IMP_LAYER_ELU
                                                                ? IMP_ELEMENTWISE_ELU
                                                                : IMP_ELEMENTWISE_RELU,
                                                    .size = state->size,
                                                    .out = state->out,
                                                    .a = in,
                                                    .alpha = (float)node->parameter});
}

// In training: draws the mask, and multiplies with it. In inference dropout is the identity.
static void build_dropout(imp_executor *e, imp_node_state *state)
{
    const imp_graph_node *node = current_node(e);
    state->out = get_state_of_input(e, 0)->out;
    if (!e->def.training)
        return;
    // the mask is kept for the backward pass; drawn values are scratch
    const imp_image_view in = state->out;
    state->out = build_output(e);
    state->mask = imp_build_alloc_images(e, &state->size, &NO_BORDER);
    float *plain = imp_build_alloc_floats(e, (size_t)imp_node_output_size(node));
    imp_kernel_call *call = imp_build_append_call(e, &e->forward, IMP_CALL_DROPOUT_MASK);
    if (call == NULL)
        return;
    call->dropout = (imp_dropout_draw){
        .mask = state->mask,
        .size = state->size,
        .channels = (size_t)(node->flat ? imp_node_output_size(node) : node->channels),
        .rate = node->parameter,
        .plain = plain};
    // the mask holds 0 or 1 / (1 - rate), so a product is all
    imp_build_append_elementwise(e, &e->forward,
                                 &(imp_elementwise){.kind = IMP_ELEMENTWISE_MULTIPLY,
                                                    .size = state->size,
                                                    .out = state->out,
                                                    .a = in,
                                                    .b = state->mask});
}

// Copies the channels of each input next to those of the inputs before.
static void build_concat(imp_executor *e, imp_node_state *state)
{
    const imp_graph_node *node = current_node(e);
    state->out = build_output(e);
    imp_pixel_copy copy = {.to = state->out, .size = state->size};
    for (int i = 0; i < imp_node_input_count(node) && e->status == IMP_OK; i++) {
        const imp_graph_node *in = &e->def.graph->nodes[node->inputs[i]];
        copy.from = get_state_of_input(e, i)->out;
        copy.size.channels = (size_t)(in->flat ? imp_node_output_size(in) : in->channels);
        imp_build_append_copy(e, &e->forward, IMP_CALL_COPY, &copy);
        copy.to.data += copy.size.channels;
    }
}

static void build_add_layer(imp_executor *e, imp_node_state *state)
{
    state->out = build_output(e);
    imp_build_append_elementwise(e, &e->forward,
                                 &(imp_elementwise){.kind = IMP_ELEMENTWISE_ADD,
                                                    .size = state->size,
                                                    .out = state->out,
                                                    .a = get_state_of_input(e, 0)->out,
                                                    .b = get_state_of_input(e, 1)->out});
}

static void build_flatten(imp_executor *e, imp_node_state *state)
{
    const imp_graph_node *in = &e->def.graph->nodes[current_node(e)->inputs[0]];
    state->out = build_output(e);
    imp_pixel_copy copy = {.from = get_state_of_input(e, 0)->out,
                           .to = state->out,
                           .size = get_state_of_input(e, 0)->size};
    copy.size.channels = (size_t)in->channels;
    imp_build_append_copy(e, &e->forward, IMP_CALL_FLATTEN, &copy);
}

// The images. What reads them decides whether their channels are padded.
static void build_input(imp_executor *e, imp_node_state *state)
{
    if (imp_graph_is_input_unpadded(e->def.graph))
        state->size.channels = (size_t)current_node(e)->channels;
    e->input = state->out = build_output(e);
}

// Appends the calls of one layer.
static void build_node(imp_executor *e, imp_node_state *state)
{
    switch (current_node(e)->kind) {
    case IMP_LAYER_INPUT:
        build_input(e, state);
        break;
    // past actions and conditions are copied into these outputs before each run
    case IMP_LAYER_ACTIONS:
    case IMP_LAYER_CONDITION:
        state->out = build_output(e);
        break;
    case IMP_LAYER_CONVOLUTION:
        build_conv(e, state);
        break;
    case IMP_LAYER_DENSE:
        build_dense(e, state);
        break;
    case IMP_LAYER_MAX_POOL:
    case IMP_LAYER_AVERAGE_POOL:
        build_pool(e, state);
        break;
    case IMP_LAYER_BATCH_NORM:
        build_batch_norm(e, state);
        break;
    case IMP_LAYER_RELU:
    case IMP_LAYER_ELU:
        build_activation(e, state);
        break;
    case IMP_LAYER_DROPOUT:
        build_dropout(e, state);
        break;
    case IMP_LAYER_CONCAT:
        build_concat(e, state);
        break;
    case IMP_LAYER_ADD:
        build_add_layer(e, state);
        break;
    case IMP_LAYER_FLATTEN:
        build_flatten(e, state);
        break;
    }
}

// At the end, the output is copied without padding for the caller.
void imp_build_forward(imp_executor *e)
{
    const imp_graph *graph = e->def.graph;
    for (int i = 0; i < graph->count && e->status == IMP_OK; i++) {
        e->building = i;
        imp_node_state *state = &e->states[i];
        state->size = imp_node_image_size(&graph->nodes[i]);
        state->activation = find_fusable_activation(graph, i, IMP_LAYER_RELU);
        state->pool = -1;
        build_node(e, state);
    }
    const imp_graph_node *last = &graph->nodes[graph->count - 1];
    const size_t outputs = (size_t)imp_node_output_size(last);
    const imp_image_view from = e->states[graph->count - 1].out;
    e->output = from.data;
    if (e->status != IMP_OK || from.image == outputs)
        return;
    e->output = imp_build_alloc_floats(e, outputs * (size_t)e->def.batch);
    imp_build_append_copy(e, &e->forward, IMP_CALL_COPY,
                          &(imp_pixel_copy){.from = from,
                                            .to = {e->output, outputs, outputs, outputs},
                                            .size = {1, 1, outputs}});
}
