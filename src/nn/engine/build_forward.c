// Writes the forward program: walks the nodes in order and adds the calls that compute each node's
// output.
// oneDNN's primitives choose the layouts of their operands. Outputs keep the layout in which they
// are produced, and are converted only where the next operation wants another one.
// Activations are fused into the convolution, dense layer or batch norm before them where possible.
// A fused node's output is the output of its input.
#include "nn/engine/program_builder.h"

// Output of the i-th input of the current node.
static dnnl_memory_t input_memory_of_node(const imp_executor *e, int i)
{
    return e->states[e->def.graph->nodes[e->building].inputs[i]].out;
}

// The activation that is fused into a node, or NULL.
static const imp_graph_node *fused_activation_of(const imp_executor *e, int index)
{
    const int activation = e->states[index].activation;
    return activation < 0 ? NULL : &e->def.graph->nodes[activation];
}

// Describes the forward operation of the current node for oneDNN.
static imp_dnnl_op make_forward_dnnl_op(const imp_executor *e)
{
    const imp_graph *graph = e->def.graph;
    const imp_graph_node *node = &graph->nodes[e->building];
    return (imp_dnnl_op){
        .engine = e->engine,
        .pass = e->def.training ? IMP_PASS_TRAINING : IMP_PASS_INFERENCE,
        .batch = e->def.batch,
        .in = &graph->nodes[node->inputs[0]],
        .out = node,
        .layout = imp_dnnl_memory_layout(input_memory_of_node(e, 0)),
        .activation = fused_activation_of(e, e->building),
    };
}

// Convolution or dense layer: our own kernel if it is better, else oneDNN. The primitive chooses
// the layouts; operands are converted where they differ.
static void build_conv_or_dense(imp_executor *e, imp_node_build_state *state)
{
    if (imp_build_custom_kernel(e, state))
        return;
    const imp_dnnl_op op = make_forward_dnnl_op(e);
    state->forward = imp_build_primitive_desc(e, &op);
    if (e->status != IMP_OK)
        return;
    // the input is converted in every run, the weights only when they change
    // source: the input in the layout that the primitive wants
    state->source =
        imp_build_convert_memory(e, &e->forward, input_memory_of_node(e, 0),
                                 imp_dnnl_desc_layout(state->forward, dnnl_query_src_md));
    state->weight = imp_build_tensor_memory(e, IMP_TENSOR_WEIGHT, e->def.values, 0);
    dnnl_memory_t bias = imp_build_tensor_memory(e, IMP_TENSOR_BIAS, e->def.values, 0);
    state->packed = imp_build_convert_weight(
        e, &e->pack, state->weight, imp_dnnl_desc_layout(state->forward, dnnl_query_weights_md));
    // the output stays in the primitive's layout
    state->out = imp_build_memory(e, imp_dnnl_desc_layout(state->forward, dnnl_query_dst_md), NULL);
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, state->source},
        {DNNL_ARG_WEIGHTS, state->packed},
        {DNNL_ARG_BIAS, bias},
        {DNNL_ARG_DST, state->out},
    };
    imp_build_primitive_call(e, &e->forward, state->forward, args, 4);
}

// Adds the memory that a primitive passes from the forward to the backward pass, if it needs one.
// Returns the new number of arguments.
static int build_workspace_argument(imp_executor *e, imp_node_build_state *state,
                                    dnnl_exec_arg_t *args, int count)
{
    const imp_dnnl_layout layout = imp_dnnl_desc_layout(state->forward, dnnl_query_workspace_md);
    if (layout == NULL || dnnl_memory_desc_get_size(layout) == 0)
        return count;
    state->workspace = imp_build_memory(e, layout, NULL);
    args[count] = (dnnl_exec_arg_t){DNNL_ARG_WORKSPACE, state->workspace};
    return count + 1;
}

// A pool. If it is fused into the convolution before it, that convolution's output is its output.
static void build_pool(imp_executor *e, imp_node_build_state *state)
{
    const imp_dnnl_op op = make_forward_dnnl_op(e);
    // a fused pool passes its input on
    state->source = state->out = input_memory_of_node(e, 0);
    if (state->fused_into_convolution)
        return;
    state->forward = imp_build_primitive_desc(e, &op);
    if (e->status != IMP_OK)
        return;
    state->out = imp_build_memory(e, imp_dnnl_desc_layout(state->forward, dnnl_query_dst_md), NULL);
    dnnl_exec_arg_t args[IMP_MAX_ARGS] = {
        {DNNL_ARG_SRC, state->source},
        {DNNL_ARG_DST, state->out},
    };
    const int count = build_workspace_argument(e, state, args, 2);
    imp_build_primitive_call(e, &e->forward, state->forward, args, count);
}

// The values of a batch norm's tensor.
static float *norm_tensor_floats(imp_executor *e, imp_tensor_role role)
{
    dnnl_memory_t memory = imp_build_tensor_memory(e, role, e->def.values, 0);
    return memory == NULL ? NULL : imp_dnnl_memory_floats(memory);
}

// Batch norm with given statistics: one multiplication and one addition per value. Our kernel takes
// less time than a call of oneDNN does. Returns false if the layout does not suit it.
static bool build_frozen_norm(imp_executor *e, imp_node_build_state *state)
{
    const imp_graph_node *node = &e->def.graph->nodes[e->building];
    // the kernel works on blocks of 16 channels only
    const imp_dnnl_layout layout = imp_dnnl_memory_layout(state->source);
    const imp_dnnl_image_layout image = imp_dnnl_query_image_layout(layout);
    if (image.order != IMP_IMAGE_ORDER_NCHW16C)
        return false;
    // channels are padded to blocks of 16
    const size_t groups = (size_t)(image.channels + IMP_NORM_BLOCK - 1) / IMP_NORM_BLOCK;
    const size_t bytes = groups * IMP_NORM_BLOCK * sizeof(float);
    state->frozen = true;
    state->out = imp_build_memory(e, layout, NULL);
    // all arrays of channels are padded to whole blocks
    state->norm = (imp_frozen_norm){.batch = (size_t)image.batch,
                                    .groups = groups,
                                    .pixels = (size_t)image.pixels,
                                    .channels = (size_t)image.channels,
                                    .epsilon = node->parameter,
                                    .relu = state->activation >= 0,
                                    .gain = norm_tensor_floats(e, IMP_TENSOR_GAIN),
                                    .bias = norm_tensor_floats(e, IMP_TENSOR_BIAS),
                                    .mean = norm_tensor_floats(e, IMP_TENSOR_MEAN),
                                    .variance = norm_tensor_floats(e, IMP_TENSOR_VARIANCE),
                                    .scale = imp_build_alloc_floats(e, bytes),
                                    .shift = imp_build_alloc_floats(e, bytes),
                                    .centre = imp_build_alloc_floats(e, bytes),
                                    .rate = imp_build_alloc_floats(e, bytes)};
    // scale and shift are computed when the weights change
    imp_kernel_call *prepare = imp_build_kernel_call(e, &e->pack, IMP_CALL_NORM_PREPARE);
    imp_kernel_call *call = imp_build_kernel_call(e, &e->forward, IMP_CALL_NORM_FORWARD);
    if (prepare == NULL || call == NULL)
        return true;
    prepare->norm = call->norm = state->norm;
    call->norm.in = imp_dnnl_memory_floats(state->source);
    call->norm.out = imp_dnnl_memory_floats(state->out);
    return true;
}

// Batch norm: our kernel for given statistics, else oneDNN, which computes the batch's statistics
// in training.
static void build_batch_norm(imp_executor *e, imp_node_build_state *state)
{
    imp_dnnl_op op = make_forward_dnnl_op(e);
    state->source = input_memory_of_node(e, 0);
    // inference and frozen norms use the given statistics
    op.batch_statistics = e->def.training && op.out->batch_statistics;
    if (!op.batch_statistics && build_frozen_norm(e, state))
        return;
    state->forward = imp_build_primitive_desc(e, &op);
    if (e->status != IMP_OK)
        return;
    // Statistics of the batch are stored like the moving ones, in an array that begins after the
    // trained values.
    float *array = op.batch_statistics ? e->statistics : e->def.values;
    const int64_t first = op.batch_statistics ? e->def.graph->trained : 0;
    state->mean = imp_build_tensor_memory(e, IMP_TENSOR_MEAN, array, first);
    state->variance = imp_build_tensor_memory(e, IMP_TENSOR_VARIANCE, array, first);
    state->out = imp_build_memory(e, imp_dnnl_desc_layout(state->forward, dnnl_query_dst_md), NULL);
    dnnl_exec_arg_t args[IMP_MAX_ARGS] = {
        {DNNL_ARG_SRC, state->source},
        {DNNL_ARG_DST, state->out},
        {DNNL_ARG_MEAN, state->mean},
        {DNNL_ARG_VARIANCE, state->variance},
        // gain and bias as two vectors
        {DNNL_ARG_SCALE, imp_build_tensor_memory(e, IMP_TENSOR_GAIN, e->def.values, 0)},
        {DNNL_ARG_SHIFT, imp_build_tensor_memory(e, IMP_TENSOR_BIAS, e->def.values, 0)},
    };
    const int count = build_workspace_argument(e, state, args, 6);
    imp_build_primitive_call(e, &e->forward, state->forward, args, count);
}

// ReLU and ELU, unless they are fused into the node before.
static void build_activation(imp_executor *e, imp_node_build_state *state)
{
    const imp_graph_node *node = &e->def.graph->nodes[e->building];
    state->source = input_memory_of_node(e, 0);
    state->out = state->source;
    if (e->states[node->inputs[0]].activation == e->building)
        return;
    state->out = imp_build_memory(e, imp_dnnl_memory_layout(state->source), NULL);
    // ReLU is our own loop, ELU a primitive
    if (node->kind == IMP_LAYER_RELU) {
        imp_build_elementwise_call(e, &e->forward, IMP_CALL_RELU, state->out, state->source, NULL);
        return;
    }
    const imp_dnnl_op op = make_forward_dnnl_op(e);
    state->forward = imp_build_primitive_desc(e, &op);
    if (e->status != IMP_OK)
        return;
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, state->source}, {DNNL_ARG_DST, state->out}};
    imp_build_primitive_call(e, &e->forward, state->forward, args, 2);
}

// Dropout in training. It uses the plain layout, so that random draws belong to values and not to
// positions in memory.
static void build_dropout(imp_executor *e, imp_node_build_state *state)
{
    const imp_graph_node *node = &e->def.graph->nodes[e->building];
    // in inference, dropout is the identity
    state->source = state->out = input_memory_of_node(e, 0);
    if (!e->def.training)
        return;
    // the mask is kept for the backward pass
    dnnl_memory_t in = imp_build_convert_to_plain(e, &e->forward, state->source, node);
    state->out = imp_build_node_memory(e, node, NULL);
    state->mask = imp_build_node_memory(e, node, NULL);
    if (e->status != IMP_OK)
        return;
    imp_kernel_call *call =
        imp_build_elementwise_call(e, &e->forward, IMP_CALL_DROPOUT, state->out, in, NULL);
    if (call != NULL)
        call->mask = imp_dnnl_memory_floats(state->mask);
}

// Concat: copies each input's values, a row per sample, next to those of the inputs before.
static void build_concat(imp_executor *e, imp_node_build_state *state)
{
    const imp_graph *graph = e->def.graph;
    const imp_graph_node *node = &graph->nodes[e->building];
    const size_t stride = (size_t)imp_node_output_size(node);
    // the output has plain layout; at: offset within each row
    state->out = imp_build_node_memory(e, node, NULL);
    size_t at = 0;
    for (int i = 0; i < imp_node_input_count(node) && e->status == IMP_OK; i++) {
        const imp_graph_node *in = &graph->nodes[node->inputs[i]];
        const size_t size = (size_t)imp_node_output_size(in);
        dnnl_memory_t plain =
            imp_build_convert_to_plain(e, &e->forward, input_memory_of_node(e, i), in);
        if (e->status == IMP_OK)
            imp_build_copy_rows(e, &e->forward, imp_dnnl_memory_floats(state->out) + at, stride,
                                imp_dnnl_memory_floats(plain), size, size, (size_t)e->def.batch);
        at += size;
    }
}

// Add: converts the second input to the layout of the first.
static void build_add(imp_executor *e, imp_node_build_state *state)
{
    const imp_dnnl_layout layout = imp_dnnl_memory_layout(input_memory_of_node(e, 0));
    dnnl_memory_t other =
        imp_build_convert_memory(e, &e->forward, input_memory_of_node(e, 1), layout);
    state->out = imp_build_memory(e, layout, NULL);
    imp_build_elementwise_call(e, &e->forward, IMP_CALL_ADD, state->out, input_memory_of_node(e, 0),
                               other);
}

// Flatten: converts to the plain layout, which is the vector, and reinterprets it.
static void build_flatten(imp_executor *e, imp_node_build_state *state)
{
    const imp_graph_node *node = &e->def.graph->nodes[e->building];
    const imp_graph_node *input = &e->def.graph->nodes[node->inputs[0]];
    dnnl_memory_t plain = imp_build_node_memory(e, input, NULL);
    if (e->status != IMP_OK)
        return;
    imp_build_reorder(e, &e->forward, input_memory_of_node(e, 0), plain);
    state->out = imp_build_node_memory(e, node, imp_dnnl_memory_floats(plain));
}

// Index of the activation that can be fused into a node, or -1. It must be the node's only user. A
// batch norm can only be fused with ReLU.
static int find_fusable_activation(const imp_graph *graph, int index)
{
    const imp_graph_node *node = &graph->nodes[index];
    // only these kinds can have an activation fused
    const bool norm = node->kind == IMP_LAYER_BATCH_NORM;
    if (node->users != 1 ||
        (!norm && node->kind != IMP_LAYER_CONVOLUTION && node->kind != IMP_LAYER_DENSE))
        return -1;
    // the first user is the only one
    for (int i = index + 1; i < graph->count; i++)
        if (graph->nodes[i].inputs[0] == index)
            return graph->nodes[i].kind == IMP_LAYER_RELU ||
                           (graph->nodes[i].kind == IMP_LAYER_ELU && !norm)
                       ? i
                       : -1;
    return -1;
}

// Memory of an input node; its floats are filled before every run.
static float *build_input_memory(imp_executor *e, imp_node_build_state *state)
{
    state->out = imp_build_node_memory(e, &e->def.graph->nodes[e->building], NULL);
    return e->status == IMP_OK ? imp_dnnl_memory_floats(state->out) : NULL;
}

// Images are stored as planes, unless a convolution of ours sets another layout.
static void allocate_planar_input(imp_executor *e, imp_node_build_state *state)
{
    const imp_graph_node *node = &e->def.graph->nodes[0];
    const size_t row = (size_t)node->width, plane = row * (size_t)node->height;
    e->input = (imp_float_image){build_input_memory(e, state), row, plane};
    e->frame_size = IMP_DIRECT_RGB_CHANNELS * plane;
}

// Dispatches on the kind of the node.
static void build_node(imp_executor *e, imp_node_build_state *state)
{
    switch (e->def.graph->nodes[e->building].kind) {
    case IMP_LAYER_INPUT:
        allocate_planar_input(e, state);
        break;
    case IMP_LAYER_ACTIONS:
        e->actions = build_input_memory(e, state);
        break;
    case IMP_LAYER_CONVOLUTION:
    case IMP_LAYER_DENSE:
        build_conv_or_dense(e, state);
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
        build_add(e, state);
        break;
    case IMP_LAYER_FLATTEN:
        build_flatten(e, state);
        break;
    }
}

// At the end, the output is converted to the plain layout for the caller.
void imp_build_forward(imp_executor *e)
{
    const imp_graph *graph = e->def.graph;
    for (int i = 0; i < graph->count && e->status == IMP_OK; i++) {
        // the node under construction, for messages and tensors
        e->building = i;
        e->states[i].activation = find_fusable_activation(graph, i);
        build_node(e, &e->states[i]);
    }
    if (e->status != IMP_OK)
        return;
    dnnl_memory_t plain = imp_build_convert_to_plain(
        e, &e->forward, e->states[graph->count - 1].out, &graph->nodes[graph->count - 1]);
    if (e->status == IMP_OK)
        e->output = imp_dnnl_memory_floats(plain);
}
