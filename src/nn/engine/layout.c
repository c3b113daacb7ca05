// Sizes, borders and phases of nodes. A border is the largest that any user reads. The gradient by
// a convolution's input reads the gradient by its output beyond its edges as well: a kernel that
// hangs over the edge sees zeros there.
#include "nn/engine/layout.h"

size_t imp_padded_channel_count(int64_t channels)
{
    return ((size_t)channels + IMP_CHANNEL_BLOCK - 1) / IMP_CHANNEL_BLOCK * IMP_CHANNEL_BLOCK;
}

imp_image_size imp_node_image_size(const imp_graph_node *node)
{
    if (node->flat)
        return (imp_image_size){1, 1, imp_padded_channel_count(imp_node_output_size(node))};
    return (imp_image_size){(size_t)node->height, (size_t)node->width,
                            imp_padded_channel_count(node->channels)};
}

bool imp_graph_is_input_unpadded(const imp_graph *graph)
{
    for (int i = 1; i < graph->count; i++)
        for (int k = 0; k < imp_node_input_count(&graph->nodes[i]); k++)
            if (graph->nodes[i].inputs[k] == 0 && graph->nodes[i].kind != IMP_LAYER_CONVOLUTION)
                return false;
    return true;
}

static size_t larger_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

static imp_image_border larger_border(imp_image_border a, imp_image_border b)
{
    return (imp_image_border){larger_size(a.top, b.top), larger_size(a.left, b.left),
                              larger_size(a.bottom, b.bottom), larger_size(a.right, b.right)};
}

imp_image_border imp_node_border(const imp_graph *graph, int node)
{
    imp_image_border border = {0};
    for (int i = node + 1; i < graph->count; i++) {
        const imp_graph_node *user = &graph->nodes[i];
        if (user->inputs[0] != node)
            continue;
        if (user->kind == IMP_LAYER_CONVOLUTION)
            border = larger_border(
                border, (imp_image_border){(size_t)user->before[0], (size_t)user->before[1],
                                           (size_t)user->after[0], (size_t)user->after[1]});
        // these may write into their input, or pass it on
        if (user->kind == IMP_LAYER_RELU || user->kind == IMP_LAYER_ELU ||
            user->kind == IMP_LAYER_DROPOUT)
            border = larger_border(border, imp_node_border(graph, i));
    }
    return border;
}

bool imp_node_has_data_gradient(const imp_graph *graph, int node)
{
    return graph->nodes[node].inputs[0] >= graph->first;
}

int imp_conv_tap_gradient_offset(int first, int before, int tap, int stride)
{
    // a multiple of the stride, perhaps a negative one
    return (first + before - tap) / stride;
}

imp_conv_phase imp_conv_compute_stride_phase(const imp_graph_node *conv, const imp_graph_node *in,
                                             int phase)
{
    const int s = conv->stride, row = phase / s, column = phase % s;
    return (imp_conv_phase){
        .row = (size_t)row,
        .column = (size_t)column,
        .rows = row < in->height ? (size_t)((in->height - row + s - 1) / s) : 0,
        .columns = column < in->width ? (size_t)((in->width - column + s - 1) / s) : 0,
        .first_row_tap = (row + conv->before[0]) % s,
        .first_column_tap = (column + conv->before[1]) % s,
    };
}

// Extends `before` and `after` for one axis of one phase: pixels 0..count - 1 read from
// shift to count - 1 + shift of `size` outputs, for every tap.
static void extend_border_of_axis(size_t *before, size_t *after, int first, int padding,
                                  int first_tap, size_t count, const imp_graph_node *conv, int size)
{
    for (int tap = first_tap; tap < conv->kernel && count > 0; tap += conv->stride) {
        const int shift = imp_conv_tap_gradient_offset(first, padding, tap, conv->stride);
        const int last = (int)count - 1 + shift;
        *before = larger_size(*before, shift < 0 ? (size_t)-shift : 0);
        *after = larger_size(*after, last >= size ? (size_t)(last - size + 1) : 0);
    }
}

imp_image_border imp_node_gradient_border(const imp_graph *graph, int index)
{
    const imp_graph_node *node = &graph->nodes[index];
    imp_image_border border = {0};
    // a sum hands its gradient on as it is
    if (node->kind == IMP_LAYER_ADD)
        return larger_border(imp_node_gradient_border(graph, node->inputs[0]),
                             imp_node_gradient_border(graph, node->inputs[1]));
    if (node->kind != IMP_LAYER_CONVOLUTION || !imp_node_has_data_gradient(graph, index))
        return border;
    const imp_graph_node *in = &graph->nodes[node->inputs[0]];
    for (int phase = 0; phase < node->stride * node->stride; phase++) {
        const imp_conv_phase p = imp_conv_compute_stride_phase(node, in, phase);
        extend_border_of_axis(&border.top, &border.bottom, (int)p.row, node->before[0],
                              p.first_row_tap, p.rows, node, node->height);
        extend_border_of_axis(&border.left, &border.right, (int)p.column, node->before[1],
                              p.first_column_tap, p.columns, node, node->width);
    }
    return border;
}
