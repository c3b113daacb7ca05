// nn/network/layer_graph.h: a network as data: a table of layers, and the graph that follows from
// it for one picture size.
#ifndef IMP_NN_NETWORK_LAYER_GRAPH_H
#define IMP_NN_NETWORK_LAYER_GRAPH_H

#include "imprint/nn.h"

enum { IMP_MAX_LAYERS = 96, IMP_MAX_TENSORS = 4 * IMP_MAX_LAYERS };

typedef enum imp_padding {
    IMP_PADDING_VALID, // none
    IMP_PADDING_SAME, // TensorFlow's: out = ceil(in / stride), the odd pixel goes to the bottom and
                      // right
    IMP_PADDING_EXPLICIT, // as given
} imp_padding;

enum { IMP_CHANNELS_OUTPUTS = -1, IMP_OUTPUTS_ANY = 0 };

// The epsilon of batch norms unless they say otherwise, as in the baseline.
#define IMP_BATCH_NORM_EPSILON 1e-3

// A row of a table. Inputs are names of earlier rows, "input" for the pictures, or "actions" for
// those; empty after the last. What its kind has no use for is not looked at.
typedef struct imp_layer {
    char name[IMP_LAYER_NAME_MAX];
    imp_layer_kind kind;
    char inputs[IMP_LAYER_INPUTS_MAX][IMP_LAYER_NAME_MAX];
    int channels; // of the output; IMP_CHANNELS_OUTPUTS: as many as the network has outputs
    int kernel, stride;
    imp_padding padding;
    int sides[4];     // padding at the top, bottom, left and right [px]
    double parameter; // as in imp_graph_node; 0 stands for its default (epsilon 0.001, alpha 1)
    bool frozen;      // batch norm: never takes the batch's statistics
    int line;         // in the table's source
} imp_layer;

typedef struct imp_layer_table {
    const char *name;
    const imp_layer *layers;
    int count;
    const char *source;    // nullable: the file that messages name
    imp_input_spec inputs; // frames and every: 0 stands for 1
    imp_output_kind output_kind;
} imp_layer_table;

// A table for one picture size. A plain value; the last node is the output. Tensors that are
// trained come first in the array of values, moving statistics after them.
typedef struct imp_graph {
    imp_graph_node nodes[IMP_MAX_LAYERS + 2];
    int count;
    imp_input_spec inputs;
    int skipped; // rows at the top of each picture that are not looked at
    imp_output_kind output_kind;
    int first; // node that the table lists; those before it are the inputs
    imp_tensor tensors[IMP_MAX_TENSORS];
    int tensor_count;
    int64_t trained; // values that are trained
    int64_t values;  // and all
} imp_graph;

// Infers and checks all shapes. IMP_BAD_INPUT with a message that names the layer, and its line if
// the table has a source.
imp_status imp_graph_build(imp_graph *out, const imp_layer_table *table, const imp_network_def *def,
                           imp_error *err);

// The tensor of a node, or NULL.
const imp_tensor *imp_graph_find_tensor(const imp_graph *graph, int node, imp_tensor_role role);

// How many inputs a node has.
int imp_node_input_count(const imp_graph_node *node);

// Values of one sample that a node gives.
int64_t imp_node_output_size(const imp_graph_node *node);

#endif
