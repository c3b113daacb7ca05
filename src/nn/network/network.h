// nn/network/network.h: what a network is inside the folder.
#ifndef IMP_NN_NETWORK_NETWORK_H
#define IMP_NN_NETWORK_NETWORK_H

#include "nn/network/architecture.h"

#include <jansson.h>

struct imp_network {
    imp_network_def def;
    imp_graph graph;
    float *values;      // (graph.values) all tensors, trained ones first
    char *architecture; // text of the table; NULL if it came from a table in C
    json_t *metadata;   // the strings of the file that it was read from; NULL if it was not
};

// The network of a definition and a table, weights zero, batch norms neutral; def->architecture is
// not looked at.
imp_status imp_network_create_from_table(imp_network **out, const imp_network_def *def,
                                         const imp_layer_table *table, imp_error *err);

// The same of a description, which it keeps and is named after.
imp_status imp_network_from_architecture(imp_network **out, const imp_network_def *def,
                                         const imp_architecture *architecture, imp_error *err);

// Draws the weights: He-normal convolutions, Xavier-normal dense layers, zero biases.
void imp_network_init_weights(imp_network *network, uint64_t seed);

// A number for the weights of a network: the same for equal ones.
uint64_t imp_network_weights_hash(const imp_network *network);

#endif
