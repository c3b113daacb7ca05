// Turns convolutions into calls of kernels.
//
// Forward and the gradient by the weights read the input by runs. Where channels are not padded, a
// row of the kernel is one run of (columns x channels) floats; else every position is a run.
// The gradient by the input is, for a stride of s, s * s convolutions of the gradient by the
// output: one for each remainder of row and column by s (a phase), with those positions of the
// kernel that meet it. Weights are (outputs x inputs x rows x columns).
#include "nn/engine/convolution.h"

// Arrays of indices live in the executor's arena, like floats.
static int32_t *alloc_index_array(imp_executor *e, size_t count)
{
    return (int32_t *)(void *)imp_build_alloc_floats(e, count);
}

static ptrdiff_t *alloc_offset_array(imp_executor *e, size_t count)
{
    return (ptrdiff_t *)(void *)imp_build_alloc_floats(e,
                                                       count * sizeof(ptrdiff_t) / sizeof(float));
}

// Fills in the runs of the forward pass, and where each of their floats is in the weights.
static imp_kernel_runs build_forward_kernel_runs(imp_executor *e, const imp_image_view *in,
                                                 int32_t **sources)
{
    const imp_graph_node *node = &e->def.graph->nodes[e->building];
    const size_t channels = (size_t)e->def.graph->nodes[node->inputs[0]].channels;
    const size_t kernel = (size_t)node->kernel;
    const bool merged = in->pixel == channels;
    const imp_kernel_runs runs = {.count = merged ? kernel : kernel * kernel,
                                  .length = merged ? kernel * channels : channels};
    ptrdiff_t *offsets = alloc_offset_array(e, runs.count);
    *sources = alloc_index_array(e, runs.count * runs.length);
    if (e->status != IMP_OK)
        return runs;
    for (size_t r = 0; r < runs.count; r++) {
        const size_t row = merged ? r : r / kernel, column = merged ? 0 : r % kernel;
        offsets[r] = (ptrdiff_t)(row * in->row + column * in->pixel);
    }
    for (size_t i = 0; i < kernel * kernel * channels; i++)
        (*sources)[i] = (int32_t)(i % channels * kernel * kernel + i / channels);
    return (imp_kernel_runs){runs.count, runs.length, offsets};
}

void imp_build_conv(imp_executor *e, imp_node_state *state)
{
    const imp_graph_node *node = &e->def.graph->nodes[e->building];
    const imp_graph_node *in_node = &e->def.graph->nodes[node->inputs[0]];
    const imp_image_view in = e->states[node->inputs[0]].out;
    const size_t stride = (size_t)node->stride, channels = (size_t)node->channels;
    int32_t *sources = NULL;
    imp_conv *conv = &state->conv;
    *conv = (imp_conv){.rows = (size_t)node->height,
                       .columns = (size_t)node->width,
                       .blocks = imp_padded_channel_count(node->channels) / IMP_CHANNEL_BLOCK,
                       .runs = build_forward_kernel_runs(e, &in, &sources)};
    if (e->status != IMP_OK)
        return;
    // the first output sees the padding first
    conv->in = (imp_image_view){in.data - (size_t)node->before[0] * in.row -
                                    (size_t)node->before[1] * in.pixel,
                                in.image, stride * in.row, stride * in.pixel};
    state->packing = (imp_weight_packing){.blocks = conv->blocks,
                                          .count = conv->runs.count * conv->runs.length,
                                          .lanes = channels,
                                          .lane_stride = (size_t)in_node->channels *
                                                         (size_t)(node->kernel * node->kernel),
                                          .sources = sources,
                                          .runs = conv->runs.count};
    imp_build_packed_weights(e, &state->packing);
    conv->weights = state->packing.packed;
    // the bias, padded with zeros
    float *bias = imp_build_alloc_floats(e, conv->blocks * IMP_CHANNEL_BLOCK);
    imp_build_append_copy(
        e, &e->pack, IMP_CALL_COPY,
        &(imp_pixel_copy){
            .from = {imp_build_find_tensor(e, IMP_TENSOR_BIAS, e->def.values, 0), 0, 0, 0},
            .to = {bias, 0, 0, 0},
            .size = {1, 1, channels}});
    conv->bias = bias;
}

// The gradient by the bias: the sum of the gradient over images and pixels.
static void build_bias_gradient(imp_executor *e, const imp_image_view *gradient,
                                const imp_image_size *size)
{
    float *sums = imp_build_alloc_floats(e, size->channels);
    imp_kernel_call *call = imp_build_append_call(e, &e->backward, IMP_CALL_BIAS_GRADIENT);
    if (call == NULL)
        return;
    call->bias =
        (imp_bias_gradient){.gradient = *gradient,
                            .size = *size,
                            .sums = sums,
                            .out = imp_build_find_tensor(e, IMP_TENSOR_BIAS, e->def.gradients, 0),
                            .count = (size_t)e->def.graph->nodes[e->building].channels};
}

// Appends the call that brings sums in the layout of the packed weights to the array of gradients.
static void append_gradient_unpack_call(imp_executor *e, const imp_node_state *state,
                                        imp_kernel_call_kind kind, float *sums)
{
    imp_kernel_call *call = imp_build_append_call(e, &e->backward, kind);
    if (call == NULL)
        return;
    call->packing = state->packing;
    call->packing.plain = imp_build_find_tensor(e, IMP_TENSOR_WEIGHT, e->def.gradients, 0);
    call->packing.packed = sums;
}

// Gradient by the weights of a convolution under a pool. Only first layers come here, whose input
// is packed.
static void build_pooled_weight_gradient(imp_executor *e, const imp_node_state *state)
{
    const imp_node_state *pool = &e->states[state->pool];
    const imp_graph_node *pool_node = &e->def.graph->nodes[state->pool];
    const imp_graph_node *node = &e->def.graph->nodes[e->building];
    const size_t in_row = e->states[node->inputs[0]].out.row;
    // columns: those of the convolution's output that some window of the pool covers
    imp_pooled_conv_gradient g = {
        .in = state->conv.in,
        .runs = state->conv.runs,
        .in_row = in_row,
        .row_stride = (size_t)node->stride,
        .columns = (pool->size.width - 1) * (size_t)pool_node->stride + (size_t)pool_node->kernel,
        .kernel = (size_t)pool_node->kernel,
        .stride = (size_t)pool_node->stride,
        .out_size = pool->size,
        .gradient = pool->gradient,
        .argmax = pool->argmax,
    };
    // scratch of the kernel, then what brings its sums into the weights' layout
    g.patches = imp_build_alloc_floats(e, imp_pooled_conv_gradient_patch_count(&g));
    g.sums = imp_build_alloc_floats(e, imp_pooled_conv_gradient_sum_count(&g));
    imp_kernel_call *call = imp_build_append_call(e, &e->backward, IMP_CALL_pooled_conv_gradient);
    if (call != NULL)
        call->pooled_conv_gradient = g;
    append_gradient_unpack_call(e, state, IMP_CALL_UNPACK_POOLED_GRADIENT, g.sums);
    build_bias_gradient(e, &pool->gradient, &pool->size);
}

void imp_build_conv_weight_gradient(imp_executor *e, const imp_node_state *state)
{
    if (state->pool >= 0) {
        build_pooled_weight_gradient(e, state);
        return;
    }
    const imp_conv *conv = &state->conv;
    float *sums = imp_build_alloc_floats(e, imp_weight_packing_floats(&state->packing));
    imp_kernel_call *call = imp_build_append_call(e, &e->backward, IMP_CALL_conv_gradient);
    if (call == NULL)
        return;
    call->conv_gradient = (imp_conv_gradient){.rows = conv->rows,
                                              .columns = conv->columns,
                                              .in = conv->in,
                                              .gradient = state->gradient,
                                              .runs = conv->runs,
                                              .blocks = conv->blocks,
                                              .sums = sums};
    append_gradient_unpack_call(e, state, IMP_CALL_UNPACK_GRADIENT, sums);
    build_bias_gradient(e, &state->gradient, &state->size);
}

// Runs of one phase: every position of the kernel that meets it, with all output channels.
// `sources` receives where their weights are.
static imp_kernel_runs build_stride_phase_kernel_runs(imp_executor *e, const imp_conv_phase *phase,
                                                      const imp_image_view *gradient,
                                                      int32_t **sources)
{
    const imp_graph_node *node = &e->def.graph->nodes[e->building];
    const int kernel = node->kernel, stride = node->stride;
    const size_t inputs = (size_t)e->def.graph->nodes[node->inputs[0]].channels;
    const size_t outputs = (size_t)node->channels, taps = (size_t)kernel * (size_t)kernel;
    imp_kernel_runs runs = {.length = outputs};
    ptrdiff_t *offsets = alloc_offset_array(e, taps);
    int32_t *indices = *sources = alloc_index_array(e, taps * outputs);
    if (e->status != IMP_OK)
        return runs;
    for (int y = phase->first_row_tap; y < kernel; y += stride)
        for (int x = phase->first_column_tap; x < kernel; x += stride) {
            const int down =
                imp_conv_tap_gradient_offset((int)phase->row, node->before[0], y, stride);
            const int right =
                imp_conv_tap_gradient_offset((int)phase->column, node->before[1], x, stride);
            offsets[runs.count++] =
                down * (ptrdiff_t)gradient->row + right * (ptrdiff_t)gradient->pixel;
            for (size_t o = 0; o < outputs; o++)
                *indices++ = (int32_t)(o * inputs * taps) + y * kernel + x;
        }
    runs.offsets = offsets;
    return runs;
}

// The gradient by those pixels of the input that belong to one phase.
static void build_stride_phase_gradient(imp_executor *e, const imp_node_state *state, int index,
                                        imp_image_view in_gradient, imp_image_view added)
{
    const imp_graph_node *node = &e->def.graph->nodes[e->building];
    const imp_graph_node *in = &e->def.graph->nodes[node->inputs[0]];
    const size_t stride = (size_t)node->stride;
    const imp_conv_phase phase = imp_conv_compute_stride_phase(node, in, index);
    int32_t *sources = NULL;
    const imp_kernel_runs runs =
        build_stride_phase_kernel_runs(e, &phase, &state->gradient, &sources);
    imp_conv conv = {.rows = phase.rows,
                     .columns = phase.columns,
                     .blocks = imp_padded_channel_count(in->channels) / IMP_CHANNEL_BLOCK,
                     .in = state->gradient,
                     .runs = runs};
    // nothing to add to a sum that is there already
    if (runs.count == 0 && added.data != NULL && added.data == in_gradient.data)
        return;
    imp_image_view *const views[] = {&in_gradient, &added};
    for (int i = 0; i < 2; i++) {
        if (views[i]->data == NULL)
            continue;
        views[i]->data += phase.row * views[i]->row + phase.column * views[i]->pixel;
        views[i]->row *= stride;
        views[i]->pixel *= stride;
    }
    conv.out = in_gradient;
    conv.added = added;
    imp_weight_packing packing = {.blocks = conv.blocks,
                                  .count = runs.count * runs.length,
                                  .lanes = (size_t)in->channels,
                                  .lane_stride = (size_t)(node->kernel * node->kernel),
                                  .sources = sources};
    imp_build_packed_weights(e, &packing);
    conv.weights = packing.packed;
    imp_kernel_call *call = imp_build_append_call(e, &e->backward, IMP_CALL_conv);
    if (call != NULL)
        call->conv = conv;
}

void imp_build_conv_data_gradient(imp_executor *e, const imp_node_state *state,
                                  imp_image_view in_gradient, imp_image_view added)
{
    const int stride = e->def.graph->nodes[e->building].stride;
    for (int i = 0; i < stride * stride; i++)
        build_stride_phase_gradient(e, state, i, in_gradient, added);
}
