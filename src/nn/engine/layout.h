// nn/engine/layout.h: how the values and gradients of nodes lie in memory: sizes with padded
// channels, borders that convolutions read as padding, and what each kernel position sees.
#ifndef IMP_NN_ENGINE_LAYOUT_H
#define IMP_NN_ENGINE_LAYOUT_H

#include "nn/network/layer_graph.h"
#include "nn/vector_kernels/kernels.h"

// Zeros around images [px].
typedef struct imp_image_border {
    size_t top, left, bottom, right;
} imp_image_border;

// Every s-th row and column of a convolution's input, of which the gradient is one convolution of
// the gradient by the output: s * s of them make the whole.
typedef struct imp_conv_phase {
    size_t row, column;                  // of the first pixel
    size_t rows, columns;                // pixels
    int first_row_tap, first_column_tap; // taps are these, and every s-th after them
} imp_conv_phase;

// Channels rounded up to whole blocks.
size_t imp_padded_channel_count(int64_t channels);
imp_image_size imp_node_image_size(const imp_graph_node *node);

// Whether the node that has the images is read by convolutions only. Its channels are not padded
// then, so that what a row of the kernel sees lies side by side.
bool imp_graph_is_input_unpadded(const imp_graph *graph);

// The border that the users of a node's output read.
imp_image_border imp_node_border(const imp_graph *graph, int node);
// The border of the gradient by a node's output that is read for the gradient by its inputs.
imp_image_border imp_node_gradient_border(const imp_graph *graph, int node);

// Whether a convolution needs the gradient by its input.
bool imp_node_has_data_gradient(const imp_graph *graph, int node);

imp_conv_phase imp_conv_compute_stride_phase(const imp_graph_node *conv, const imp_graph_node *in,
                                             int phase);
// Rows of the gradient from the phase's output row i to the one that tap `tap` reads; likewise for
// columns, with `before` padding in front.
int imp_conv_tap_gradient_offset(int first, int before, int tap, int stride);

#endif
