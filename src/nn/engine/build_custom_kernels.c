// Decides where our own kernels replace oneDNN and adds their calls. They are used for single
// images, where calling oneDNN takes a large part of a small layer's time. In batches they are used
// for dense layers, and for a convolution over the input image with a max-pool after it.
#include "nn/engine/program_builder.h"

// Dense layer for one sample: a matrix-vector product is limited by reading the matrix, so our
// kernel reads it packed and in order.
static void build_matrix_vector(imp_executor *e, imp_node_build_state *state)
{
    const imp_graph_node *node = &e->def.graph->nodes[e->building];
    const imp_graph_node *in = &e->def.graph->nodes[node->inputs[0]];
    // wide panels need fewer passes over the input, but small layers would waste lanes
    const int width = node->channels > 32 ? 64 : node->channels > 16 ? 32 : 16;
    // rows are padded to whole panels, columns to 16
    const size_t padded = (size_t)(node->channels + width - 1) / (size_t)width * (size_t)width *
                          (size_t)((in->channels + 15) / 16 * 16);
    // operands in plain layout; the output is plain as well
    state->source = imp_build_convert_to_plain(e, &e->forward, e->states[node->inputs[0]].out, in);
    state->weight = imp_build_tensor_memory(e, IMP_TENSOR_WEIGHT, e->def.values, 0);
    dnnl_memory_t bias = imp_build_tensor_memory(e, IMP_TENSOR_BIAS, e->def.values, 0);
    state->out = imp_build_node_memory(e, node, NULL);
    float *panels = imp_build_alloc_floats(e, padded * sizeof *panels);
    imp_kernel_call *pack = imp_build_kernel_call(e, &e->pack, IMP_CALL_PACK);
    imp_kernel_call *call = imp_build_kernel_call(e, &e->forward, IMP_CALL_MATVEC);
    if (pack == NULL || call == NULL)
        return;
    // weights are packed when they change, not in every run
    pack->rows = 1;
    pack->panels = (imp_packed_matrix){node->channels, in->channels, width};
    pack->a = imp_dnnl_memory_floats(state->weight);
    pack->out = panels;
    // the call refers to the arrays, so nothing is copied in a run
    call->matvec = (imp_matvec){.batch = (size_t)e->def.batch,
                                .rows = (size_t)node->channels,
                                .columns = (size_t)in->channels,
                                .width = (size_t)width,
                                .panels = panels,
                                .bias = imp_dnnl_memory_floats(bias),
                                .in = imp_dnnl_memory_floats(state->source),
                                .out = imp_dnnl_memory_floats(state->out),
                                .relu = state->activation >= 0};
}

// Dense layer for a batch, on row-major weights.
static void build_matrix_product(imp_executor *e, imp_node_build_state *state)
{
    const imp_graph_node *node = &e->def.graph->nodes[e->building];
    const imp_graph_node *in = &e->def.graph->nodes[node->inputs[0]];
    // operands in plain layout, the weights as they are
    state->source = imp_build_convert_to_plain(e, &e->forward, e->states[node->inputs[0]].out, in);
    state->weight = imp_build_tensor_memory(e, IMP_TENSOR_WEIGHT, e->def.values, 0);
    dnnl_memory_t bias = imp_build_tensor_memory(e, IMP_TENSOR_BIAS, e->def.values, 0);
    state->out = imp_build_node_memory(e, node, NULL);
    imp_kernel_call *call = imp_build_kernel_call(e, &e->forward, IMP_CALL_DENSE_FORWARD);
    if (call == NULL)
        return;
    call->dense = state->dense = (imp_dense){.batch = (size_t)e->def.batch,
                                             .inputs = (size_t)in->channels,
                                             .outputs = (size_t)node->channels,
                                             .weight = imp_dnnl_memory_floats(state->weight),
                                             .bias = imp_dnnl_memory_floats(bias),
                                             .relu = state->activation >= 0,
                                             .in = imp_dnnl_memory_floats(state->source),
                                             .out = imp_dnnl_memory_floats(state->out)};
}

// Backward calls of a dense layer: weights and bias always, the input only if `input`. Returns the
// input's gradient, or NULL.
dnnl_memory_t imp_build_dense_backward(imp_executor *e, const imp_node_build_state *state,
                                       bool input)
{
    const imp_graph *graph = e->def.graph;
    const imp_graph_node *node = &graph->nodes[e->building];
    // gradients are written directly into the array of gradients
    dnnl_memory_t given = imp_build_convert_to_plain(e, &e->backward, state->gradient, node);
    dnnl_memory_t weight = imp_build_tensor_memory(e, IMP_TENSOR_WEIGHT, e->def.gradients, 0);
    dnnl_memory_t bias = imp_build_tensor_memory(e, IMP_TENSOR_BIAS, e->def.gradients, 0);
    dnnl_memory_t result =
        input ? imp_build_node_memory(e, &graph->nodes[node->inputs[0]], NULL) : NULL;
    // weights and bias
    imp_kernel_call *learn =
        imp_build_kernel_call(e, &e->backward, IMP_CALL_DENSE_BACKWARD_WEIGHTS);
    if (learn == NULL)
        return NULL;
    learn->dense = state->dense;
    learn->dense.gradient = imp_dnnl_memory_floats(given);
    learn->dense.weight_gradient = imp_dnnl_memory_floats(weight);
    learn->dense.bias_gradient = imp_dnnl_memory_floats(bias);
    // the array of calls may move when another call is added, so the struct is copied first
    const imp_dense known = learn->dense;
    // input
    imp_kernel_call *back =
        input ? imp_build_kernel_call(e, &e->backward, IMP_CALL_DENSE_BACKWARD_DATA) : NULL;
    if (back == NULL)
        return NULL;
    back->dense = known;
    back->dense.in_gradient = imp_dnnl_memory_floats(result);
    return result;
}

// Index of the max-pool that can be fused into the convolution: its only user, without padding; or
// -1.
static int find_fusable_pool(const imp_executor *e)
{
    const imp_graph *graph = e->def.graph;
    // the first node that uses the convolution
    int i = e->building + 1;
    while (i < graph->count && graph->nodes[i].inputs[0] != e->building)
        i++;
    if (i == graph->count || graph->nodes[e->building].users != 1)
        return -1;
    const imp_graph_node *pool = &graph->nodes[i];
    // the kernel knows no padding of the pool
    const bool possible = pool->kind == IMP_LAYER_MAX_POOL && pool->before[0] == 0 &&
                          pool->before[1] == 0 && pool->after[0] == 0 && pool->after[1] == 0;
    return possible ? i : -1;
}

// Describes the convolution, with its pool if there is one. Rows and columns that no pool window
// covers are not computed.
static imp_direct_conv describe_direct_conv(const imp_executor *e, size_t block, int pool_index)
{
    const imp_graph *graph = e->def.graph;
    const imp_graph_node *node = &graph->nodes[e->building], *in = &graph->nodes[node->inputs[0]];
    imp_direct_conv d = {.batch = (size_t)e->def.batch,
                         .planes = (size_t)in->channels / block,
                         .block = block,
                         .height = (size_t)in->height,
                         .width = (size_t)in->width,
                         .top = (size_t)node->before[0],
                         .left = (size_t)node->before[1],
                         .bottom = (size_t)node->after[0],
                         .right = (size_t)node->after[1],
                         .channels = (size_t)node->channels,
                         .rows = (size_t)node->height,
                         .columns = (size_t)node->width,
                         .kernel = (size_t)node->kernel,
                         .stride = (size_t)node->stride,
                         .relu = e->states[e->building].activation >= 0};
    if (pool_index < 0)
        return d;
    // with a pool, fewer rows and columns may be needed
    const imp_graph_node *pool = &graph->nodes[pool_index];
    d.pool_kernel = (size_t)pool->kernel;
    d.pool_stride = (size_t)pool->stride;
    d.rows = (size_t)(pool->height - 1) * d.pool_stride + d.pool_kernel;
    d.columns = (size_t)(pool->width - 1) * d.pool_stride + d.pool_kernel;
    return d;
}

// Lets input images be written directly into the convolution's padded input, as interleaved RGB.
static void write_input_into_padding(imp_executor *e, const imp_direct_conv *d)
{
    // the first pixel inside the padding
    const size_t row = imp_direct_conv_padded_row(d);
    e->input = (imp_float_image){d->padded + d->top * row + d->left * d->block, row, 1};
    e->frame_size = imp_direct_conv_padded_plane(d);
}

// Fuses a batch norm that only this convolution uses: its scale and shift are applied while the
// input is padded, and its own call is dropped. Not in training, where the norm's output is needed
// for the gradient.
static void fuse_preceding_norm(imp_executor *e, imp_direct_conv *d)
{
    const imp_graph *graph = e->def.graph;
    // the norm's call must be the last one and must write this convolution's input
    const int count = e->forward.count;
    const imp_kernel_call *last = count > 0 ? &e->forward.calls[count - 1] : NULL;
    if (e->def.training || last == NULL || last->kind != IMP_CALL_NORM_FORWARD ||
        last->norm.out != d->in || graph->nodes[graph->nodes[e->building].inputs[0]].users != 1)
        return;
    // read the norm's input instead of its output
    d->in = last->norm.in;
    d->scale = last->norm.scale;
    d->shift = last->norm.shift;
    d->scaled_relu = last->norm.relu;
    e->forward.count--;
}

// Adds the calls that pack the weights and run the convolution, and allocates its work arrays.
static void build_convolution(imp_executor *e, imp_node_build_state *state, imp_direct_conv d,
                              int pool)
{
    const imp_graph_node *node = &e->def.graph->nodes[e->building];
    dnnl_memory_t bias = imp_build_tensor_memory(e, IMP_TENSOR_BIAS, e->def.values, 0);
    state->source = e->states[node->inputs[0]].out;
    state->weight = imp_build_tensor_memory(e, IMP_TENSOR_WEIGHT, e->def.values, 0);
    // the output is that of the pool if it is fused
    state->out = imp_build_node_memory_blocked(e, pool < 0 ? node : &e->def.graph->nodes[pool]);
    // training needs to know which values the pool selected
    if (e->def.training)
        d.argmax_indices = (void *)imp_build_alloc_floats(e, imp_direct_conv_argmax_count(&d) *
                                                                 sizeof *d.argmax_indices);
    // work arrays of the kernel
    d.weights = imp_build_alloc_floats(e, imp_direct_conv_weight_count(&d) * sizeof(float));
    d.padded = imp_build_alloc_floats(e, imp_direct_conv_padded_count(&d) * sizeof(float));
    d.window = imp_build_alloc_floats(e, imp_direct_conv_window_count(&d) * sizeof(float));
    if (e->status != IMP_OK)
        return;
    d.in = imp_dnnl_memory_floats(state->source);
    fuse_preceding_norm(e, &d);
    imp_kernel_call *pack = imp_build_kernel_call(e, &e->pack, IMP_CALL_CONV_PACK);
    imp_kernel_call *call = imp_build_kernel_call(e, &e->forward, IMP_CALL_CONV_FORWARD);
    if (pack == NULL || call == NULL)
        return;
    if (pool >= 0)
        e->states[pool].fused_into_convolution = true;
    // RGB input needs no copy at all
    if (d.block == IMP_DIRECT_RGB_CHANNELS)
        write_input_into_padding(e, &d);
    d.unpacked_weights = imp_dnnl_memory_floats(state->weight);
    d.bias = imp_dnnl_memory_floats(bias);
    d.out = imp_dnnl_memory_floats(state->out);
    pack->direct = call->direct = state->direct = d;
}

// Channels that lie side by side in the convolution's input: 3 for the image if nothing else uses
// it, 16 for blocked layouts, 0 if our kernel cannot read the layout.
static size_t input_channel_block_size(const imp_executor *e)
{
    const int input = e->def.graph->nodes[e->building].inputs[0];
    // the kernel reads blocks of 16 channels or RGB
    const imp_dnnl_image_layout in =
        imp_dnnl_query_image_layout(imp_dnnl_memory_layout(e->states[input].out));
    if (input == 0)
        return e->def.graph->nodes[0].users == 1 ? IMP_DIRECT_RGB_CHANNELS : 0;
    return in.order == IMP_IMAGE_ORDER_NCHW16C && in.channels % IMP_DIRECT_BLOCK == 0
               ? IMP_DIRECT_BLOCK
               : 0;
}

// Whether our convolution is used for batches too: over the input image, under a pool, and, in
// training, if it can compute the gradient.
static bool use_direct_conv_for_batches(const imp_executor *e, const imp_direct_conv *d)
{
    // other convolutions in batches are faster with oneDNN
    const bool of_picture = e->def.graph->nodes[e->building].inputs[0] == 0;
    return of_picture && d->pool_kernel > 0 &&
           (!e->def.training || imp_direct_conv_grad_supported(d));
}

// Our kernels know no activation but ReLU.
bool imp_build_custom_kernel(imp_executor *e, imp_node_build_state *state)
{
    const imp_graph *graph = e->def.graph;
    const imp_graph_node *node = &graph->nodes[e->building];
    const bool single = (e->def.batch == 1 || e->def.as_single) && !e->def.training;
    if (e->status != IMP_OK ||
        (state->activation >= 0 && graph->nodes[state->activation].kind != IMP_LAYER_RELU))
        return false;
    // dense layers
    if (node->kind == IMP_LAYER_DENSE) {
        if (single)
            build_matrix_vector(e, state);
        else if (imp_dense_supported())
            build_matrix_product(e, state);
        return single || imp_dense_supported();
    }
    // convolutions: input layout, stride and channel count must suit the kernel
    const size_t block = input_channel_block_size(e);
    if (block == 0 || !imp_direct_conv_supported((size_t)node->stride) ||
        node->channels % IMP_DIRECT_GROUP != 0)
        return false;
    const int pool = find_fusable_pool(e);
    const imp_direct_conv d = describe_direct_conv(e, block, pool);
    if (!single && !use_direct_conv_for_batches(e, &d))
        return false;
    build_convolution(e, state, d, pool);
    return true;
}

// Backward call of a convolution: gradient of weight and bias. It is always the first layer, so
// there is no input gradient.
void imp_build_direct_conv_backward(imp_executor *e, const imp_node_build_state *state)
{
    // the gradient must have the layout of the output (blocks of 16)
    dnnl_memory_t gradient = imp_build_convert_memory(e, &e->backward, state->gradient,
                                                      imp_dnnl_memory_layout(state->out));
    dnnl_memory_t weight = imp_build_tensor_memory(e, IMP_TENSOR_WEIGHT, e->def.gradients, 0);
    dnnl_memory_t bias = imp_build_tensor_memory(e, IMP_TENSOR_BIAS, e->def.gradients, 0);
    imp_direct_conv_grad g = {
        .forward = state->direct,
        .patches =
            imp_build_alloc_floats(e, imp_direct_conv_patch_floats(&state->direct) * sizeof(float)),
        .sums =
            imp_build_alloc_floats(e, imp_direct_conv_sum_count(&state->direct) * sizeof(float)),
    };
    imp_kernel_call *call = imp_build_kernel_call(e, &e->backward, IMP_CALL_CONV_BACKWARD);
    if (call == NULL)
        return;
    g.gradient = imp_dnnl_memory_floats(gradient);
    g.weight = imp_dnnl_memory_floats(weight);
    g.bias = imp_dnnl_memory_floats(bias);
    call->direct_gradient = g;
}
