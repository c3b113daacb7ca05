#include "nn/engine/program_builder.h"

// Adds a gradient to what the users of a node have already given it. Never in place: a gradient may
// be shared.
static void add_gradient_to_node(imp_executor *e, int node, dnnl_memory_t gradient)
{
    imp_node_build_state *state = &e->states[node];
    if (e->status != IMP_OK)
        return;
    if (state->gradient == NULL) {
        state->gradient = gradient;
        return;
    }
    const imp_dnnl_layout layout = imp_dnnl_memory_layout(state->gradient);
    dnnl_memory_t other = imp_build_convert_memory(e, &e->backward, gradient, layout);
    dnnl_memory_t sum = imp_build_memory(e, layout, NULL);
    if (e->status == IMP_OK)
        imp_build_elementwise_call(e, &e->backward, IMP_CALL_ADD, sum, state->gradient, other);
    state->gradient = sum;
}

static imp_dnnl_op make_dnnl_op(const imp_executor *e, imp_dnnl_pass pass)
{
    const imp_graph *graph = e->def.graph;
    const imp_graph_node *node = &graph->nodes[e->building];
    return (imp_dnnl_op){
        .engine = e->engine,
        .pass = pass,
        .batch = e->def.batch,
        .in = &graph->nodes[node->inputs[0]],
        .out = node,
        .hint = e->states[e->building].forward,
    };
}

// Gradient of weight and bias, straight into the array of gradients where the layout allows it.
static void build_weight_gradient(imp_executor *e, const imp_node_build_state *state)
{
    const imp_dnnl_op op = make_dnnl_op(e, IMP_PASS_BACKWARD_WEIGHTS);
    dnnl_primitive_desc_t primitive_desc = imp_build_primitive_desc(e, &op);
    if (primitive_desc == NULL)
        return;
    dnnl_memory_t source = imp_build_convert_memory(
        e, &e->backward, state->source, imp_dnnl_desc_layout(primitive_desc, dnnl_query_src_md));
    dnnl_memory_t gradient =
        imp_build_convert_memory(e, &e->backward, state->gradient,
                                 imp_dnnl_desc_layout(primitive_desc, dnnl_query_diff_dst_md));
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
    if (weight != plain)
        imp_build_unpack_weight(e, &e->backward, weight, plain);
    dnnl_primitive_desc_destroy(primitive_desc);
}

static void build_data_gradient(imp_executor *e, const imp_node_build_state *state, int input)
{
    const imp_dnnl_op op = make_dnnl_op(e, IMP_PASS_BACKWARD_DATA);
    dnnl_primitive_desc_t primitive_desc = imp_build_primitive_desc(e, &op);
    if (primitive_desc == NULL)
        return;
    const imp_dnnl_layout wanted = imp_dnnl_desc_layout(primitive_desc, dnnl_query_weights_md);
    dnnl_memory_t weight = state->packed;
    if (!dnnl_memory_desc_equal(imp_dnnl_memory_layout(weight), wanted))
        weight = imp_build_convert_weight(e, &e->pack, state->weight, wanted);
    dnnl_memory_t gradient =
        imp_build_convert_memory(e, &e->backward, state->gradient,
                                 imp_dnnl_desc_layout(primitive_desc, dnnl_query_diff_dst_md));
    dnnl_memory_t result =
        imp_build_memory(e, imp_dnnl_desc_layout(primitive_desc, dnnl_query_diff_src_md), NULL);
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_DIFF_DST, gradient},
        {DNNL_ARG_WEIGHTS, weight},
        {DNNL_ARG_DIFF_SRC, result},
    };
    imp_build_primitive_call(e, &e->backward, primitive_desc, args, 3);
    add_gradient_to_node(e, input, result);
    dnnl_primitive_desc_destroy(primitive_desc);
}

// Memory for the gradient by what a node gives. Nobody reads what a convolution gave once the pool
// after it ran: its memory is taken, which spares the caches the largest arrays of all.
static dnnl_memory_t find_gradient_memory(imp_executor *e, int node, imp_dnnl_layout layout)
{
    const imp_graph_node *node_info = &e->def.graph->nodes[node];
    dnnl_memory_t given = e->states[node].out;
    if (e->status == IMP_OK && node_info->kind == IMP_LAYER_CONVOLUTION && node_info->users == 1 &&
        dnnl_memory_desc_equal(imp_dnnl_memory_layout(given), layout))
        return given;
    return imp_build_memory(e, layout, NULL);
}

static void build_pool(imp_executor *e, const imp_node_build_state *state, int input)
{
    // the convolution knows what to do with it
    if (state->fused_into_convolution) {
        add_gradient_to_node(e, input, state->gradient);
        return;
    }
    imp_dnnl_op op = make_dnnl_op(e, IMP_PASS_BACKWARD_DATA);
    op.layout = imp_dnnl_memory_layout(state->source);
    dnnl_primitive_desc_t primitive_desc = imp_build_primitive_desc(e, &op);
    if (primitive_desc == NULL)
        return;
    dnnl_memory_t gradient =
        imp_build_convert_memory(e, &e->backward, state->gradient,
                                 imp_dnnl_desc_layout(primitive_desc, dnnl_query_diff_dst_md));
    dnnl_memory_t result = find_gradient_memory(
        e, input, imp_dnnl_desc_layout(primitive_desc, dnnl_query_diff_src_md));
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_DIFF_DST, gradient},
        {DNNL_ARG_DIFF_SRC, result},
        {DNNL_ARG_WORKSPACE, state->workspace},
    };
    imp_build_primitive_call(e, &e->backward, primitive_desc, args,
                             state->workspace == NULL ? 2 : 3);
    add_gradient_to_node(e, input, result);
    dnnl_primitive_desc_destroy(primitive_desc);
}

static void build_frozen_norm(imp_executor *e, const imp_node_build_state *state, int input)
{
    const imp_dnnl_layout layout = imp_dnnl_memory_layout(state->source);
    dnnl_memory_t gradient = imp_build_convert_memory(e, &e->backward, state->gradient, layout);
    dnnl_memory_t result = imp_build_memory(e, layout, NULL);
    dnnl_memory_t gain = imp_build_tensor_memory(e, IMP_TENSOR_GAIN, e->def.gradients, 0);
    dnnl_memory_t bias = imp_build_tensor_memory(e, IMP_TENSOR_BIAS, e->def.gradients, 0);
    imp_kernel_call *call = imp_build_kernel_call(e, &e->backward, IMP_CALL_NORM_BACKWARD);
    if (call == NULL)
        return;
    call->norm = state->norm;
    call->norm.in = imp_dnnl_memory_floats(state->source);
    call->norm.gradient = imp_dnnl_memory_floats(gradient);
    call->norm.out = imp_dnnl_memory_floats(result);
    call->norm.gain_gradient = imp_dnnl_memory_floats(gain);
    call->norm.bias_gradient = imp_dnnl_memory_floats(bias);
    imp_node_build_state *before = &e->states[input];
    if (before->gradient == NULL ||
        !dnnl_memory_desc_equal(imp_dnnl_memory_layout(before->gradient), layout)) {
        add_gradient_to_node(e, input, result);
        return;
    }
    // adds what others gave in passing
    call->norm.others = imp_dnnl_memory_floats(before->gradient);
    before->gradient = result;
}

static void build_batch_norm(imp_executor *e, const imp_node_build_state *state, int input)
{
    if (state->frozen) {
        build_frozen_norm(e, state, input);
        return;
    }
    imp_dnnl_op op = make_dnnl_op(e, IMP_PASS_BACKWARD_DATA);
    op.layout = imp_dnnl_memory_layout(state->source);
    op.activation = state->activation < 0 ? NULL : &e->def.graph->nodes[state->activation];
    op.batch_statistics = op.out->batch_statistics;
    dnnl_primitive_desc_t primitive_desc = imp_build_primitive_desc(e, &op);
    if (primitive_desc == NULL)
        return;
    dnnl_memory_t gradient = imp_build_convert_memory(e, &e->backward, state->gradient, op.layout);
    dnnl_memory_t result =
        imp_build_memory(e, imp_dnnl_desc_layout(primitive_desc, dnnl_query_diff_src_md), NULL);
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
    if (state->workspace != NULL)
        args[count++] = (dnnl_exec_arg_t){DNNL_ARG_WORKSPACE, state->workspace};
    if (IMP_BATCH_NORM_NEEDS_SHIFT)
        args[count++] = (dnnl_exec_arg_t){
            DNNL_ARG_SHIFT, imp_build_tensor_memory(e, IMP_TENSOR_BIAS, e->def.values, 0)};
    imp_build_primitive_call(e, &e->backward, primitive_desc, args, count);
    add_gradient_to_node(e, input, result);
    dnnl_primitive_desc_destroy(primitive_desc);
}

static void build_activation_gradient(imp_executor *e, const imp_node_build_state *state, int input)
{
    const imp_graph *graph = e->def.graph;
    // a batch norm takes the gradient of the ReLU that it computes
    if (e->states[input].activation == e->building &&
        graph->nodes[input].kind == IMP_LAYER_BATCH_NORM) {
        add_gradient_to_node(e, input, state->gradient);
        return;
    }
    const imp_kernel_call_kind kind = graph->nodes[e->building].kind == IMP_LAYER_ELU
                                          ? IMP_CALL_ELU_BACKWARD
                                          : IMP_CALL_RELU_BACKWARD;
    const imp_dnnl_layout layout = imp_dnnl_memory_layout(state->out);
    dnnl_memory_t gradient = imp_build_convert_memory(e, &e->backward, state->gradient, layout);
    dnnl_memory_t result = imp_build_memory(e, layout, NULL);
    if (e->status == IMP_OK)
        imp_build_elementwise_call(e, &e->backward, kind, result, gradient, state->out);
    add_gradient_to_node(e, input, result);
}

static void build_dropout(imp_executor *e, const imp_node_build_state *state, int input)
{
    const imp_graph_node *node = &e->def.graph->nodes[e->building];
    dnnl_memory_t gradient = imp_build_convert_to_plain(e, &e->backward, state->gradient, node);
    dnnl_memory_t result = imp_build_node_memory(e, node, NULL);
    if (e->status == IMP_OK)
        imp_build_elementwise_call(e, &e->backward, IMP_CALL_MULTIPLY, result, gradient,
                                   state->mask);
    add_gradient_to_node(e, input, result);
}

static void build_concat(imp_executor *e, const imp_node_build_state *state)
{
    const imp_graph *graph = e->def.graph;
    const imp_graph_node *node = &graph->nodes[e->building];
    const size_t stride = (size_t)imp_node_output_size(node);
    dnnl_memory_t gradient = imp_build_convert_to_plain(e, &e->backward, state->gradient, node);
    size_t at = 0;
    for (int i = 0; i < imp_node_input_count(node) && e->status == IMP_OK; i++) {
        const imp_graph_node *in = &graph->nodes[node->inputs[i]];
        const size_t size = (size_t)imp_node_output_size(in);
        dnnl_memory_t part =
            node->inputs[i] < graph->first ? NULL : imp_build_node_memory(e, in, NULL);
        if (e->status == IMP_OK && part != NULL) {
            imp_build_copy_rows(e, &e->backward, imp_dnnl_memory_floats(part), size,
                                imp_dnnl_memory_floats(gradient) + at, stride, size,
                                (size_t)e->def.batch);
            add_gradient_to_node(e, node->inputs[i], part);
        }
        at += size;
    }
}

// The gradient as the flattened node's output lies: its makers would each convert it otherwise.
static void build_flatten(imp_executor *e, const imp_node_build_state *state, int input)
{
    const imp_graph_node *node = &e->def.graph->nodes[input];
    dnnl_memory_t gradient = imp_build_convert_memory(e, &e->backward, state->gradient,
                                                      imp_dnnl_memory_layout(state->out));
    if (e->status != IMP_OK)
        return;
    dnnl_memory_t plain = imp_build_node_memory(e, node, imp_dnnl_memory_floats(gradient));
    if (e->status != IMP_OK)
        return;
    add_gradient_to_node(e, input,
                         imp_build_convert_memory(e, &e->backward, plain,
                                                  imp_dnnl_memory_layout(e->states[input].out)));
}

static void build_conv_or_dense(imp_executor *e, const imp_node_build_state *state, int input)
{
    if (state->direct.weights != NULL) {
        imp_build_direct_conv_backward(e, state);
        return;
    }
    if (state->dense.weight != NULL) {
        const bool wanted = input >= e->def.graph->first;
        dnnl_memory_t gradient = imp_build_dense_backward(e, state, wanted);
        if (wanted)
            add_gradient_to_node(e, input, gradient);
        return;
    }
    build_weight_gradient(e, state);
    // nobody asks for the gradient of pictures and actions
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
        add_gradient_to_node(e, input, state->gradient);
        add_gradient_to_node(e, node->inputs[1], state->gradient);
        break;
    case IMP_LAYER_FLATTEN:
        build_flatten(e, state, input);
        break;
    }
}

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
    add_gradient_to_node(e, e->building, gradient);
    for (; e->building > 0 && e->status == IMP_OK; e->building--)
        build_node(e, &e->states[e->building]);
}
