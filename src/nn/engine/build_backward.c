// Writes the backward program: walks the nodes from the output to the inputs and adds, for each
// node, the calls that compute the gradients by its inputs and weights from the gradient by its
// output.
// A node with several users receives the sum of their gradients; it is visited after all of them,
// so the sum is complete. Gradients by the network's inputs are not computed.
#include "nn/engine/convolution.h"
#include "nn/engine/program.h"

static const imp_graph_node *current_node(const imp_executor *e)
{
    return &e->def.graph->nodes[e->building];
}

// Whether anything needs the gradient by a node's output.
static bool is_gradient_needed(const imp_executor *e, int node)
{
    return node >= e->def.graph->first;
}

// A new image for the gradient by a node's output.
static imp_image_view alloc_gradient_image(imp_executor *e, int node)
{
    const imp_image_border border = imp_node_gradient_border(e->def.graph, node);
    return imp_build_alloc_images(e, &e->states[node].size, &border);
}

// The image for the sum of a node's gradient so far, which goes to *added, and of what the caller
// computes. Both are the same image where no other node has it.
static imp_image_view build_gradient_sum(imp_executor *e, int node, imp_image_view *added)
{
    imp_node_state *state = &e->states[node];
    *added = state->gradient;
    if (!state->owns_gradient)
        state->gradient = alloc_gradient_image(e, node);
    state->owns_gradient = true;
    return state->gradient;
}

// Adds a gradient to the sum so far. The first is taken as it is.
static void add_gradient(imp_executor *e, int node, imp_image_view gradient)
{
    if (e->states[node].gradient.data == NULL) {
        e->states[node].gradient = gradient;
        return;
    }
    imp_image_view before;
    const imp_image_view sum = build_gradient_sum(e, node, &before);
    imp_build_append_elementwise(e, &e->backward,
                                 &(imp_elementwise){.kind = IMP_ELEMENTWISE_ADD,
                                                    .size = e->states[node].size,
                                                    .out = sum,
                                                    .a = before,
                                                    .b = gradient});
}

static void build_conv(imp_executor *e, const imp_node_state *state, int input)
{
    imp_build_conv_weight_gradient(e, state);
    if (!is_gradient_needed(e, input))
        return;
    imp_image_view added;
    const imp_image_view sum = build_gradient_sum(e, input, &added);
    imp_build_conv_data_gradient(e, state, sum, added);
}

// Gradient of weights and bias, then that of the input if anything below needs it.
static void build_dense(imp_executor *e, const imp_node_state *state, int input)
{
    imp_dense dense = state->dense;
    dense.gradient = state->gradient.data;
    dense.weight_gradient = imp_build_find_tensor(e, IMP_TENSOR_WEIGHT, e->def.gradients, 0);
    dense.bias_gradient = imp_build_find_tensor(e, IMP_TENSOR_BIAS, e->def.gradients, 0);
    imp_kernel_call *call = imp_build_append_call(e, &e->backward, IMP_CALL_dense_weight_gradient);
    if (call == NULL)
        return;
    call->dense_weight_gradient = dense;
    if (!is_gradient_needed(e, input))
        return;
    imp_image_view added;
    dense.in_gradient = build_gradient_sum(e, input, &added).data;
    dense.added = added.data;
    call = imp_build_append_call(e, &e->backward, IMP_CALL_dense_data_gradient);
    if (call != NULL)
        call->dense_data_gradient = dense;
}

// A pool that is fused with its convolution has its gradient there.
static void build_pool(imp_executor *e, const imp_node_state *state, int input)
{
    const imp_graph_node *node = current_node(e);
    if (state->fused_pool || !is_gradient_needed(e, input))
        return;
    imp_pool pool = {.average = node->kind == IMP_LAYER_AVERAGE_POOL,
                     .kernel = (size_t)node->kernel,
                     .stride = (size_t)node->stride,
                     .top = (size_t)node->before[0],
                     .left = (size_t)node->before[1],
                     .in_size = e->states[input].size,
                     .out_size = state->size,
                     .gradient = state->gradient,
                     .argmax = state->argmax};
    pool.in_gradient = build_gradient_sum(e, input, &pool.added);
    imp_kernel_call *call = imp_build_append_call(e, &e->backward, IMP_CALL_pool_gradient);
    if (call != NULL)
        call->pool_gradient = pool;
}

// Gain and bias, and the input. Also where nothing needs the gradient by the input, for the kernel
// computes it.
static void build_batch_norm(imp_executor *e, const imp_node_state *state, int input)
{
    imp_norm norm = state->norm;
    norm.gradient = state->gradient;
    norm.gain_gradient = imp_build_find_tensor(e, IMP_TENSOR_GAIN, e->def.gradients, 0);
    norm.bias_gradient = imp_build_find_tensor(e, IMP_TENSOR_BIAS, e->def.gradients, 0);
    norm.in_gradient = build_gradient_sum(e, input, &norm.added);
    norm.work = imp_build_alloc_floats(e, IMP_NORM_WORK_ARRAYS * norm.size.channels);
    imp_kernel_call *call = imp_build_append_call(e, &e->backward, IMP_CALL_batch_norm_gradient);
    if (call != NULL)
        call->batch_norm_gradient = norm;
}

// Gradient through ReLU or ELU, from what the layer gave.
static void build_activation(imp_executor *e, const imp_node_state *state, int input)
{
    const imp_graph_node *node = current_node(e);
    if (!is_gradient_needed(e, input))
        return;
    // a batch norm applies the gradient of its ReLU itself
    if (e->states[input].activation == e->building &&
        e->def.graph->nodes[input].kind == IMP_LAYER_BATCH_NORM) {
        add_gradient(e, input, state->gradient);
        return;
    }
    const imp_image_view result = alloc_gradient_image(e, input);
    imp_build_append_elementwise(e, &e->backward,
                                 &(imp_elementwise){.kind = node->kind == IMP_LAYER_ELU
                                                                ? IMP_ELEMENTWISE_ELU_GRADIENT
                                                                : IMP_ELEMENTWISE_RELU_GRADIENT,
                                                    .size = state->size,
                                                    .out = result,
                                                    .a = state->gradient,
                                                    .b = state->out,
                                                    .alpha = (float)node->parameter});
    add_gradient(e, input, result);
}

// The mask of the forward pass, once more.
static void build_dropout(imp_executor *e, const imp_node_state *state, int input)
{
    if (!is_gradient_needed(e, input))
        return;
    const imp_image_view result = alloc_gradient_image(e, input);
    imp_build_append_elementwise(e, &e->backward,
                                 &(imp_elementwise){.kind = IMP_ELEMENTWISE_MULTIPLY,
                                                    .size = state->size,
                                                    .out = result,
                                                    .a = state->gradient,
                                                    .b = state->mask});
    add_gradient(e, input, result);
}

// Cuts the gradient into the parts of the inputs.
static void build_concat(imp_executor *e, const imp_node_state *state)
{
    const imp_graph_node *node = current_node(e);
    imp_pixel_copy copy = {.from = state->gradient, .size = state->size};
    for (int i = 0; i < imp_node_input_count(node) && e->status == IMP_OK; i++) {
        const imp_graph_node *in = &e->def.graph->nodes[node->inputs[i]];
        copy.size.channels = (size_t)(in->flat ? imp_node_output_size(in) : in->channels);
        if (is_gradient_needed(e, node->inputs[i])) {
            copy.to = alloc_gradient_image(e, node->inputs[i]);
            imp_build_append_copy(e, &e->backward, IMP_CALL_COPY, &copy);
            add_gradient(e, node->inputs[i], copy.to);
        }
        copy.from.data += copy.size.channels;
    }
}

// The same numbers, back in the layout of an image.
static void build_flatten(imp_executor *e, const imp_node_state *state, int input)
{
    if (!is_gradient_needed(e, input))
        return;
    imp_pixel_copy copy = {.from = state->gradient,
                           .to = alloc_gradient_image(e, input),
                           .size = e->states[input].size};
    copy.size.channels = (size_t)e->def.graph->nodes[input].channels;
    imp_build_append_copy(e, &e->backward, IMP_CALL_UNFLATTEN, &copy);
    add_gradient(e, input, copy.to);
}

static void build_add_layer_gradient(imp_executor *e, const imp_node_state *state)
{
    for (int i = 0; i < 2; i++)
        if (is_gradient_needed(e, current_node(e)->inputs[i]))
            add_gradient(e, current_node(e)->inputs[i], state->gradient);
}

// Appends the calls of one layer.
static void build_node(imp_executor *e, const imp_node_state *state)
{
    const imp_graph_node *node = current_node(e);
    const int input = node->inputs[0];
    // inputs need no gradient
    switch (node->kind) {
    case IMP_LAYER_INPUT:
    case IMP_LAYER_ACTIONS:
    case IMP_LAYER_CONDITION:
        break;
    case IMP_LAYER_CONVOLUTION:
        build_conv(e, state, input);
        break;
    case IMP_LAYER_DENSE:
        build_dense(e, state, input);
        break;
    case IMP_LAYER_MAX_POOL:
    case IMP_LAYER_AVERAGE_POOL:
        build_pool(e, state, input);
        break;
    case IMP_LAYER_BATCH_NORM:
        build_batch_norm(e, state, input);
        break;
    case IMP_LAYER_RELU:
    case IMP_LAYER_ELU:
        build_activation(e, state, input);
        break;
    case IMP_LAYER_DROPOUT:
        build_dropout(e, state, input);
        break;
    case IMP_LAYER_CONCAT:
        build_concat(e, state);
        break;
    case IMP_LAYER_ADD:
        build_add_layer_gradient(e, state);
        break;
    case IMP_LAYER_FLATTEN:
        build_flatten(e, state, input);
        break;
    }
}

// The output gradient is the program's input; the trainer writes it, without padding, before every
// run.
void imp_build_backward(imp_executor *e)
{
    const imp_graph *graph = e->def.graph;
    if (e->status != IMP_OK)
        return;
    e->building = graph->count - 1;
    const size_t outputs = (size_t)imp_node_output_size(&graph->nodes[e->building]);
    imp_image_view gradient = alloc_gradient_image(e, e->building);
    e->output_gradient = gradient.data;
    if (e->status == IMP_OK && gradient.image != outputs) {
        e->output_gradient = imp_build_alloc_floats(e, outputs * (size_t)e->def.batch);
        imp_build_append_copy(
            e, &e->backward, IMP_CALL_COPY,
            &(imp_pixel_copy){.from = {e->output_gradient, outputs, outputs, outputs},
                              .to = gradient,
                              .size = {1, 1, outputs}});
    }
    add_gradient(e, e->building, gradient);
    for (; e->building > 0 && e->status == IMP_OK; e->building--)
        build_node(e, &e->states[e->building]);
}
