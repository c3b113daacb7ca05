// Writes the backward program: walks the nodes from the output to the inputs and adds, for each
// node, the calls that compute the gradients by its inputs and weights from the gradient by its
// output.
// A node with several users receives the sum of their gradients; it is visited after all of them,
// so the sum is complete.
// Gradients by the network's inputs are not computed.
#include "nn/engine/program_builder.h"

// Adds a gradient to the sum that the users of a node have contributed so far. Never in place,
// because a gradient's memory may be shared by several nodes.
static void add_to_node_gradient(imp_executor *e, int node, dnnl_memory_t gradient)
{
    imp_node_build_state *state = &e->states[node];
    if (e->status != IMP_OK)
        return;
    // the first contribution is taken as it is
    if (state->gradient == NULL) {
        state->gradient = gradient;
        return;
    }
    // later ones are converted to the layout of the first and added into a new memory
    const imp_dnnl_layout layout = imp_dnnl_memory_layout(state->gradient);
    // sums have the layout of the first gradient
    dnnl_memory_t other = imp_build_convert_memory(e, &e->backward, gradient, layout);
    dnnl_memory_t sum = imp_build_memory(e, layout, NULL);
    if (e->status == IMP_OK)
        imp_build_elementwise_call(e, &e->backward, IMP_CALL_ADD, sum, state->gradient, other);
    state->gradient = sum;
}

// Describes the backward operation of the current node for oneDNN. The hint is the forward
// operation, whose layouts and workspace it must match.
static imp_dnnl_op make_backward_dnnl_op(const imp_executor *e, imp_dnnl_pass pass)
{
    const imp_graph *graph = e->def.graph;
    const imp_graph_node *node = &graph->nodes[e->building];
    // forward: see imp_dnnl_op.hint
    return (imp_dnnl_op){
        .engine = e->engine,
        .pass = pass,
        .batch = e->def.batch,
        .in = &graph->nodes[node->inputs[0]],
        .out = node,
        .hint = e->states[e->building].forward,
    };
}

// Gradient of weight and bias. It is written directly into the array of gradients if oneDNN uses
// the plain layout, otherwise it is converted afterwards.
static void build_weight_gradient(imp_executor *e, const imp_node_build_state *state)
{
    const imp_dnnl_op op = make_backward_dnnl_op(e, IMP_PASS_BACKWARD_WEIGHTS);
    dnnl_primitive_desc_t primitive_desc = imp_build_primitive_desc(e, &op);
    if (primitive_desc == NULL)
        return;
    // convert input and output gradient to the layouts that oneDNN wants
    dnnl_memory_t source = imp_build_convert_memory(
        e, &e->backward, state->source, imp_dnnl_desc_layout(primitive_desc, dnnl_query_src_md));
    dnnl_memory_t gradient =
        imp_build_convert_memory(e, &e->backward, state->gradient,
                                 imp_dnnl_desc_layout(primitive_desc, dnnl_query_diff_dst_md));
    // write to the array of gradients itself, or to a temporary in oneDNN's layout
    // plain: the part of the array of gradients that belongs to this weight
    dnnl_memory_t plain = imp_build_tensor_memory(e, IMP_TENSOR_WEIGHT, e->def.gradients, 0);
    dnnl_memory_t weight = plain;
    const imp_dnnl_layout wanted = imp_dnnl_desc_layout(primitive_desc, dnnl_query_diff_weights_md);
    if (e->status == IMP_OK && !dnnl_memory_desc_equal(imp_dnnl_memory_layout(plain), wanted))
        weight = imp_build_memory(e, wanted, NULL);
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, source},
        {DNNL_ARG_DIFF_DST, gradient},
        {DNNL_ARG_DIFF_WEIGHTS, weight},
        {DNNL_ARG_DIFF_BIAS, imp_build_tensor_memory(e, IMP_TENSOR_BIAS, e->def.gradients, 0)},
    };
    imp_build_primitive_call(e, &e->backward, primitive_desc, args, 4);
    // plain weights have been written already
    if (weight != plain)
        imp_build_unpack_weight(e, &e->backward, weight, plain);
    dnnl_primitive_desc_destroy(primitive_desc);
}

// Gradient by the input of a convolution or dense layer.
static void build_data_gradient(imp_executor *e, const imp_node_build_state *state, int input)
{
    const imp_dnnl_op op = make_backward_dnnl_op(e, IMP_PASS_BACKWARD_DATA);
    dnnl_primitive_desc_t primitive_desc = imp_build_primitive_desc(e, &op);
    if (primitive_desc == NULL)
        return;
    // the packed weights of the forward pass serve if the layout is the same
    const imp_dnnl_layout wanted = imp_dnnl_desc_layout(primitive_desc, dnnl_query_weights_md);
    dnnl_memory_t weight = state->packed;
    if (!dnnl_memory_desc_equal(imp_dnnl_memory_layout(weight), wanted))
        weight = imp_build_convert_weight(e, &e->pack, state->weight, wanted);
    dnnl_memory_t gradient =
        imp_build_convert_memory(e, &e->backward, state->gradient,
                                 imp_dnnl_desc_layout(primitive_desc, dnnl_query_diff_dst_md));
    // result: gradient by the input, in the layout that oneDNN chooses
    dnnl_memory_t result =
        imp_build_memory(e, imp_dnnl_desc_layout(primitive_desc, dnnl_query_diff_src_md), NULL);
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_DIFF_DST, gradient},
        {DNNL_ARG_WEIGHTS, weight},
        {DNNL_ARG_DIFF_SRC, result},
    };
    imp_build_primitive_call(e, &e->backward, primitive_desc, args, 3);
    add_to_node_gradient(e, input, result);
    dnnl_primitive_desc_destroy(primitive_desc);
}

// Memory for the gradient by a node's output. The output of a convolution is not needed any more
// once the pool after it has run, so its memory is reused. These are the largest arrays, and the
// caches profit.
static dnnl_memory_t reuse_or_build_gradient_memory(imp_executor *e, int node,
                                                    imp_dnnl_layout layout)
{
    // the convolution's output in the layout that the pool read
    const imp_graph_node *node_info = &e->def.graph->nodes[node];
    dnnl_memory_t given = e->states[node].out;
    if (e->status == IMP_OK && node_info->kind == IMP_LAYER_CONVOLUTION && node_info->users == 1 &&
        dnnl_memory_desc_equal(imp_dnnl_memory_layout(given), layout))
        return given;
    return imp_build_memory(e, layout, NULL);
}

// Gradient through a pool. oneDNN keeps in the workspace which values won.
static void build_pool(imp_executor *e, const imp_node_build_state *state, int input)
{
    // A pool that is fused into the convolution before it leaves its gradient to that convolution.
    if (state->fused_into_convolution) {
        add_to_node_gradient(e, input, state->gradient);
        return;
    }
    imp_dnnl_op op = make_backward_dnnl_op(e, IMP_PASS_BACKWARD_DATA);
    // the pool worked on the layout of its input
    op.layout = imp_dnnl_memory_layout(state->source);
    dnnl_primitive_desc_t primitive_desc = imp_build_primitive_desc(e, &op);
    if (primitive_desc == NULL)
        return;
    dnnl_memory_t gradient =
        imp_build_convert_memory(e, &e->backward, state->gradient,
                                 imp_dnnl_desc_layout(primitive_desc, dnnl_query_diff_dst_md));
    dnnl_memory_t result = reuse_or_build_gradient_memory(
        e, input, imp_dnnl_desc_layout(primitive_desc, dnnl_query_diff_src_md));
    // without a workspace (average pool) there are two arguments
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_DIFF_DST, gradient},
        {DNNL_ARG_DIFF_SRC, result},
        {DNNL_ARG_WORKSPACE, state->workspace},
    };
    imp_build_primitive_call(e, &e->backward, primitive_desc, args,
                             state->workspace == NULL ? 2 : 3);
    add_to_node_gradient(e, input, result);
    dnnl_primitive_desc_destroy(primitive_desc);
}

// Gradient through a batch norm with given statistics, by our own kernel.
static void build_frozen_norm(imp_executor *e, const imp_node_build_state *state, int input)
{
    // gradients have the layout of the values
    const imp_dnnl_layout layout = imp_dnnl_memory_layout(state->source);
    dnnl_memory_t gradient = imp_build_convert_memory(e, &e->backward, state->gradient, layout);
    dnnl_memory_t result = imp_build_memory(e, layout, NULL);
    dnnl_memory_t gain = imp_build_tensor_memory(e, IMP_TENSOR_GAIN, e->def.gradients, 0);
    dnnl_memory_t bias = imp_build_tensor_memory(e, IMP_TENSOR_BIAS, e->def.gradients, 0);
    imp_kernel_call *call = imp_build_kernel_call(e, &e->backward, IMP_CALL_NORM_BACKWARD);
    if (call == NULL)
        return;
    // a copy of the forward call's description, with arrays for the gradient
    call->norm = state->norm;
    call->norm.in = imp_dnnl_memory_floats(state->source);
    call->norm.gradient = imp_dnnl_memory_floats(gradient);
    call->norm.out = imp_dnnl_memory_floats(result);
    call->norm.gain_gradient = imp_dnnl_memory_floats(gain);
    call->norm.bias_gradient = imp_dnnl_memory_floats(bias);
    // if another user of the input has contributed already, the kernel adds that gradient itself
    imp_node_build_state *before = &e->states[input];
    if (before->gradient == NULL ||
        !dnnl_memory_desc_equal(imp_dnnl_memory_layout(before->gradient), layout)) {
        add_to_node_gradient(e, input, result);
        return;
    }
    // The kernel reads the other gradient while it writes the sum.
    call->norm.others = imp_dnnl_memory_floats(before->gradient);
    before->gradient = result;
}

// Gradient through a batch norm: our kernel for given statistics, oneDNN for batch statistics. A
// fused ReLU is part of both.
static void build_batch_norm(imp_executor *e, const imp_node_build_state *state, int input)
{
    if (state->frozen) {
        build_frozen_norm(e, state, input);
        return;
    }
    imp_dnnl_op op = make_backward_dnnl_op(e, IMP_PASS_BACKWARD_DATA);
    op.layout = imp_dnnl_memory_layout(state->source);
    op.activation = state->activation < 0 ? NULL : &e->def.graph->nodes[state->activation];
    // the same flags as in the forward pass
    op.batch_statistics = op.out->batch_statistics;
    dnnl_primitive_desc_t primitive_desc = imp_build_primitive_desc(e, &op);
    if (primitive_desc == NULL)
        return;
    // oneDNN wants the gradient in the layout of the input
    dnnl_memory_t gradient = imp_build_convert_memory(e, &e->backward, state->gradient, op.layout);
    dnnl_memory_t result =
        imp_build_memory(e, imp_dnnl_desc_layout(primitive_desc, dnnl_query_diff_src_md), NULL);
    // input, statistics, output gradient and gain; results are the gradients of input, gain and
    // bias
    dnnl_exec_arg_t args[IMP_MAX_ARGS] = {
        {DNNL_ARG_SRC, state->source},
        {DNNL_ARG_MEAN, state->mean},
        {DNNL_ARG_VARIANCE, state->variance},
        {DNNL_ARG_DIFF_DST, gradient},
        {DNNL_ARG_SCALE, imp_build_tensor_memory(e, IMP_TENSOR_GAIN, e->def.values, 0)},
        {DNNL_ARG_DIFF_SRC, result},
        {DNNL_ARG_DIFF_SCALE, imp_build_tensor_memory(e, IMP_TENSOR_GAIN, e->def.gradients, 0)},
        {DNNL_ARG_DIFF_SHIFT, imp_build_tensor_memory(e, IMP_TENSOR_BIAS, e->def.gradients, 0)},
    };
    int count = 8;
    // optional arguments at the end
    if (state->workspace != NULL)
        args[count++] = (dnnl_exec_arg_t){DNNL_ARG_WORKSPACE, state->workspace};
    if (IMP_BATCH_NORM_NEEDS_SHIFT)
        args[count++] = (dnnl_exec_arg_t){
            DNNL_ARG_SHIFT, imp_build_tensor_memory(e, IMP_TENSOR_BIAS, e->def.values, 0)};
    imp_build_primitive_call(e, &e->backward, primitive_desc, args, count);
    add_to_node_gradient(e, input, result);
    dnnl_primitive_desc_destroy(primitive_desc);
}

// Gradient through ReLU or ELU, computed from the layer's output.
static void build_activation_gradient(imp_executor *e, const imp_node_build_state *state, int input)
{
    const imp_graph *graph = e->def.graph;
    // A batch norm with a fused ReLU applies the ReLU's gradient itself.
    if (e->states[input].activation == e->building &&
        graph->nodes[input].kind == IMP_LAYER_BATCH_NORM) {
        add_to_node_gradient(e, input, state->gradient);
        return;
    }
    const imp_kernel_call_kind kind = graph->nodes[e->building].kind == IMP_LAYER_ELU
                                          ? IMP_CALL_ELU_BACKWARD
                                          : IMP_CALL_RELU_BACKWARD;
    // the layer's output and its gradient must have the same layout
    const imp_dnnl_layout layout = imp_dnnl_memory_layout(state->out);
    dnnl_memory_t gradient = imp_build_convert_memory(e, &e->backward, state->gradient, layout);
    dnnl_memory_t result = imp_build_memory(e, layout, NULL);
    if (e->status == IMP_OK)
        imp_build_elementwise_call(e, &e->backward, kind, result, gradient, state->out);
    add_to_node_gradient(e, input, result);
}

// Gradient through dropout: multiplies by the mask of the forward pass.
static void build_dropout(imp_executor *e, const imp_node_build_state *state, int input)
{
    const imp_graph_node *node = &e->def.graph->nodes[e->building];
    dnnl_memory_t gradient = imp_build_convert_to_plain(e, &e->backward, state->gradient, node);
    dnnl_memory_t result = imp_build_node_memory(e, node, NULL);
    if (e->status == IMP_OK)
        imp_build_elementwise_call(e, &e->backward, IMP_CALL_MULTIPLY, result, gradient,
                                   state->mask);
    add_to_node_gradient(e, input, result);
}

// Gradient through concat: cuts the gradient, a row per sample, into the parts of the inputs.
static void build_concat(imp_executor *e, const imp_node_build_state *state)
{
    const imp_graph *graph = e->def.graph;
    const imp_graph_node *node = &graph->nodes[e->building];
    const size_t stride = (size_t)imp_node_output_size(node);
    dnnl_memory_t gradient = imp_build_convert_to_plain(e, &e->backward, state->gradient, node);
    // at: offset of the input's part in each row
    size_t at = 0;
    for (int i = 0; i < imp_node_input_count(node) && e->status == IMP_OK; i++) {
        const imp_graph_node *in = &graph->nodes[node->inputs[i]];
        const size_t size = (size_t)imp_node_output_size(in);
        // inputs of the network need no gradient
        dnnl_memory_t part =
            node->inputs[i] < graph->first ? NULL : imp_build_node_memory(e, in, NULL);
        if (e->status == IMP_OK && part != NULL) {
            imp_build_copy_rows(e, &e->backward, imp_dnnl_memory_floats(part), size,
                                imp_dnnl_memory_floats(gradient) + at, stride, size,
                                (size_t)e->def.batch);
            add_to_node_gradient(e, node->inputs[i], part);
        }
        at += size;
    }
}

// Gradient through flatten: reinterprets the vector as an image. It is converted to the layout of
// the input's output, so that all users of that node agree.
static void build_flatten(imp_executor *e, const imp_node_build_state *state, int input)
{
    const imp_graph_node *node = &e->def.graph->nodes[input];
    dnnl_memory_t gradient = imp_build_convert_memory(e, &e->backward, state->gradient,
                                                      imp_dnnl_memory_layout(state->out));
    if (e->status != IMP_OK)
        return;
    dnnl_memory_t plain = imp_build_node_memory(e, node, imp_dnnl_memory_floats(gradient));
    // the same floats, seen as an image
    if (e->status != IMP_OK)
        return;
    add_to_node_gradient(e, input,
                         imp_build_convert_memory(e, &e->backward, plain,
                                                  imp_dnnl_memory_layout(e->states[input].out)));
}

// Convolution or dense layer: our kernel if the forward pass used it, else oneDNN.
static void build_conv_or_dense(imp_executor *e, const imp_node_build_state *state, int input)
{
    // state->direct and state->dense are set by the custom kernels of the forward pass
    if (state->direct.weights != NULL) {
        imp_build_direct_conv_backward(e, state);
        return;
    }
    if (state->dense.weight != NULL) {
        const bool wanted = input >= e->def.graph->first;
        dnnl_memory_t gradient = imp_build_dense_backward(e, state, wanted);
        if (wanted)
            add_to_node_gradient(e, input, gradient);
        return;
    }
    build_weight_gradient(e, state);
    // Images and past actions need no gradient.
    if (input >= e->def.graph->first)
        build_data_gradient(e, state, input);
}

static void build_node(imp_executor *e, const imp_node_build_state *state)
{
    const imp_graph_node *node = &e->def.graph->nodes[e->building];
    const int input = node->inputs[0];
    switch (node->kind) {
    case IMP_LAYER_INPUT:
    case IMP_LAYER_ACTIONS:
        break;
    case IMP_LAYER_CONVOLUTION:
    case IMP_LAYER_DENSE:
        build_conv_or_dense(e, state, input);
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
        build_activation_gradient(e, state, input);
        break;
    case IMP_LAYER_DROPOUT:
        build_dropout(e, state, input);
        break;
    case IMP_LAYER_CONCAT:
        build_concat(e, state);
        break;
    case IMP_LAYER_ADD:
        add_to_node_gradient(e, input, state->gradient);
        add_to_node_gradient(e, node->inputs[1], state->gradient);
        break;
    case IMP_LAYER_FLATTEN:
        build_flatten(e, state, input);
        break;
    }
}

// The output gradient is the program's input; the trainer writes it before every run.
void imp_build_backward(imp_executor *e)
{
    const imp_graph *graph = e->def.graph;
    e->building = graph->count - 1;
    if (e->status != IMP_OK)
        return;
    dnnl_memory_t gradient = imp_build_node_memory(e, &graph->nodes[e->building], NULL);
    if (e->status != IMP_OK)
        return;
    e->output_gradient = imp_dnnl_memory_floats(gradient);
    add_to_node_gradient(e, e->building, gradient);
    for (; e->building > 0 && e->status == IMP_OK; e->building--)
        build_node(e, &e->states[e->building]);
}
