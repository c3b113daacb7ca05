// nn/network/layer_graph.h: a network as data: a table of layers, and the graph that follows from
// it for one image size.
#ifndef IMP_NN_NETWORK_LAYER_GRAPH_H
#define IMP_NN_NETWORK_LAYER_GRAPH_H

#include "imprint/nn.h"

enum { IMP_MAX_LAYERS = 96, IMP_MAX_TENSORS = 4 * IMP_MAX_LAYERS };

typedef enum imp_padding {
    IMP_PADDING_VALID, // no padding
    IMP_PADDING_SAME, // TensorFlow's: out = ceil(in / stride), the odd pixel goes to the bottom and
                      // right
    IMP_PADDING_EXPLICIT, // as given
} imp_padding;

enum { IMP_CHANNELS_OUTPUTS = -1, IMP_OUTPUTS_ANY = 0 };

// Default epsilon of batch norms, as in the baseline network of gym-duckietown.
#define IMP_BATCH_NORM_EPSILON 1e-3

// A row of the table. Inputs are names of earlier rows, "input" for the images, "actions" for
// past actions or the name of an input in imprint/conditions.h; empty after the last. Members that
// the layer's kind does not use are ignored.
typedef struct imp_layer {
    char name[IMP_LAYER_NAME_MAX];
    imp_layer_kind kind;
    char inputs[IMP_LAYER_INPUTS_MAX][IMP_LAYER_NAME_MAX];
    int channels; // of the output; IMP_CHANNELS_OUTPUTS: the network's number of outputs
    int kernel, stride;
    imp_padding padding;
    int sides[4];     // padding at the top, bottom, left and right [px]
    double parameter; // as in imp_graph_node; 0: the default (epsilon 0.001, alpha 1)
    bool frozen;      // batch norm: never uses batch statistics
    int line;         // line in the table's source
} imp_layer;

typedef struct imp_layer_table {
    const char *name;
    const imp_layer *layers;
    int count;
    const char *source;    // nullable; file name for messages
    imp_input_spec inputs; // frames and every: 0 means 1
    imp_output_kind output_kind;
} imp_layer_table;

// The graph of a table for one image size. A plain value; the last node is the output. In the array
// of values, trained tensors come first, moving statistics after them.
typedef struct imp_graph {
    imp_graph_node nodes[IMP_MAX_LAYERS + 2 + IMP_INPUT_COUNT];
    int count;
    imp_input_spec inputs;
    int skipped; // rows at the top of each image that are ignored
    imp_output_kind output_kind;
    int first; // first node of the table; nodes before it are inputs
    imp_tensor tensors[IMP_MAX_TENSORS];
    int tensor_count;
    int64_t trained; // number of trained values
    int64_t values;  // number of all values
} imp_graph;

// Infers and checks all shapes. Fails with IMP_BAD_INPUT and a message that names the layer, and
// its line if the table has a source.
imp_status imp_graph_build(imp_graph *out, const imp_layer_table *table, const imp_network_def *def,
                           imp_error *err);

// The tensor of a node with that role, or NULL.
const imp_tensor *imp_graph_find_tensor(const imp_graph *graph, int node, imp_tensor_role role);

// Number of inputs of a node.
int imp_node_input_count(const imp_graph_node *node);

// Values per sample of a node's output.
int64_t imp_node_output_size(const imp_graph_node *node);

#endif
