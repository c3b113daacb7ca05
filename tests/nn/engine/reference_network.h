// nn/engine/reference_network.h: the layers in plain double-precision C: slow, short, and the
// definition of what the fast ones must give.
#ifndef IMP_TESTS_NN_ENGINE_REFERENCE_NETWORK_H
#define IMP_TESTS_NN_ENGINE_REFERENCE_NETWORK_H

#include "nn/network/layer_graph.h"

typedef struct imp_reference imp_reference;

// Computes as in training: batch norms that do so take the batch's statistics, dropouts drop. The
// graph must outlive it.
imp_status imp_reference_create(imp_reference **out, const imp_graph *graph, int batch,
                                imp_error *err);
void imp_reference_destroy(imp_reference *reference); // nullable

// What dropouts draw from now on; 0 and 0 at first.
void imp_reference_seed_dropout(imp_reference *reference, uint64_t seed, int64_t step);

// values: (graph->values); input: (batch x channels x height x width); actions: (batch x 2
// actions), NULL if the network wants none. Returns (batch x outputs), borrowed.
const double *imp_reference_forward(imp_reference *reference, const double *values,
                                    const double *input, const double *actions);

// After a forward pass with the same values: gradients (graph->trained) of the loss, given its
// gradient by the output (batch x outputs).
void imp_reference_backward(imp_reference *reference, const double *values,
                            const double *output_gradient, double *gradients);

// Mean and variance of the last batch, as in values + graph->trained.
const double *imp_reference_batch_statistics(const imp_reference *reference);

#endif
