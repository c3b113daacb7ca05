// nn/network/network.h: the members of a network, for the nn folders only.
#ifndef IMP_NN_NETWORK_NETWORK_H
#define IMP_NN_NETWORK_NETWORK_H

#include "nn/network/architecture.h"

#include <jansson.h>

struct imp_network {
    imp_network_def def;
    imp_graph graph;
    float *values;      // (graph.values) all tensors, trained ones first
    char *architecture; // text of the architecture; NULL if built from a C table
    json_t *metadata;   // strings of the model file it was loaded from, or NULL
};

// Creates a network from a definition and a table, with zero weights and neutral batch norms.
// def->architecture is ignored.
imp_status imp_network_create_from_table(imp_network **out, const imp_network_def *def,
                                         const imp_layer_table *table, imp_error *err);

// The same from an architecture, whose text and name the network keeps.
imp_status imp_network_from_architecture(imp_network **out, const imp_network_def *def,
                                         const imp_architecture *architecture, imp_error *err);

// Draws weights: He-normal for convolutions, Xavier-normal for dense layers, zero biases.
void imp_network_init_weights(imp_network *network, uint64_t seed);

// A hash of the network's weights; equal weights have equal hashes.
uint64_t imp_network_weights_hash(const imp_network *network);

#endif
