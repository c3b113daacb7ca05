// nn/layers.h: a network as data: a table of layers, and the graph that follows from it for one
// picture size.
#ifndef IMP_NN_LAYERS_H
#define IMP_NN_LAYERS_H

#include "imprint/nn.h"

enum { IMP_MAX_LAYERS = 96, IMP_MAX_TENSORS = 4 * IMP_MAX_LAYERS, IMP_LAYER_NAME = 24 };

// Kinds of layer. Convolution, max-pool and batch norm take (channels x height x width); dense
// takes what flatten or dense gives.
typedef enum imp_layer_kind {
    IMP_LAYER_INPUT,       // the standardised picture; always layer 0 of a graph, never in a table
    IMP_LAYER_CONVOLUTION, // channels, kernel, stride, padding; with bias
    IMP_LAYER_MAX_POOL,    // kernel, stride, padding
    IMP_LAYER_BATCH_NORM,  // per channel
    IMP_LAYER_RELU,        // max(0, x)
    IMP_LAYER_ADD,         // sum of two inputs of the same shape
    IMP_LAYER_FLATTEN,     // to channels x 1 x 1, in the order channel, row, column
    IMP_LAYER_DENSE,       // channels; with bias
} imp_layer_kind;

typedef enum imp_padding {
    IMP_PADDING_VALID, // none
    IMP_PADDING_SAME, // TensorFlow's: out = ceil(in / stride), the odd pixel goes to the bottom and
                      // right
} imp_padding;

// A row of a table. Inputs are names of earlier rows, or "input" for the picture.
typedef struct imp_layer {
    const char *name;
    imp_layer_kind kind;
    const char *inputs[2]; // the second for ADD alone
    int channels; // of the output; IMP_CHANNELS_OUTPUTS: as many as the network has outputs
    int kernel, stride;
    imp_padding padding;
} imp_layer;

enum { IMP_CHANNELS_OUTPUTS = -1 };

typedef struct imp_layer_table {
    const char *name;
    const imp_layer *layers;
    int count;
} imp_layer_table;

// The table of an architecture by name, or NULL.
const imp_layer_table *imp_layer_table_find(const char *name);

// What a tensor of a network is for.
typedef enum imp_tensor_role {
    IMP_TENSOR_WEIGHT, // convolution (out x in x kernel x kernel) or dense (out x in)
    IMP_TENSOR_BIAS,   // of a convolution, dense or batch norm
    IMP_TENSOR_GAIN,   // of a batch norm
    IMP_TENSOR_MEAN,   // of a batch norm: moving statistics, not trained
    IMP_TENSOR_VARIANCE,
} imp_tensor_role;

// A named tensor: a piece of the network's one array of values.
typedef struct imp_tensor {
    char name[IMP_LAYER_NAME + 16]; // "<layer>.weight", ".bias", ".running_mean", ".running_var"
    imp_tensor_role role;
    int layer;
    int rank;
    int64_t dims[4];
    int64_t offset, count; // in values
} imp_tensor;

// A layer with its shape.
typedef struct imp_node {
    char name[IMP_LAYER_NAME];
    imp_layer_kind kind;
    int inputs[2]; // indices of earlier nodes, -1 for none
    int channels, height, width;
    bool flat; // a vector of channels: what flatten and dense give
    int kernel, stride;
    int before[2], after[2]; // padding [px]: rows, columns
    int users;               // how many nodes take this one's output
    int tensors; // index of its first tensor in the order of imp_tensor_role, -1 for none
} imp_node;

// A table for one picture size. A plain value; the last node is the output. Tensors that are
// trained come first in the array of values, moving statistics after them.
typedef struct imp_graph {
    imp_node nodes[IMP_MAX_LAYERS + 1];
    int count;
    imp_tensor tensors[IMP_MAX_TENSORS];
    int tensor_count;
    int64_t trained; // values that are trained
    int64_t values;  // and all
} imp_graph;

// Infers and checks all shapes. IMP_BAD_INPUT with a message that names the layer.
imp_status imp_graph_build(imp_graph *out, const imp_layer_table *table, const imp_network_def *def,
                           imp_error *err);

// The tensor of a node, or NULL.
const imp_tensor *imp_graph_tensor(const imp_graph *graph, int node, imp_tensor_role role);

// Values of one sample that a node gives.
int64_t imp_node_size(const imp_node *node);

#endif
