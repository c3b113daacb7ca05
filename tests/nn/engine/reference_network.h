// nn/engine/reference_network.h: all layers in plain double-precision C. Slow and short, it defines
// what the fast kernels must compute.
#ifndef IMP_TESTS_NN_ENGINE_REFERENCE_NETWORK_H
#define IMP_TESTS_NN_ENGINE_REFERENCE_NETWORK_H

#include "nn/network/layer_graph.h"

typedef struct imp_reference imp_reference;

// Computes as in training: batch norms with batch statistics use them, dropouts drop values. The
// graph must outlive it.
imp_status imp_reference_create(imp_reference **out, const imp_graph *graph, int batch,
                                imp_error *err);
void imp_reference_destroy(imp_reference *reference); // nullable

// Selects the draws of dropouts from here on; initially seed 0 and step 0.
void imp_reference_seed_dropout(imp_reference *reference, uint64_t seed, int64_t step);

// values: (graph->values); input: (batch x channels x height x width); actions: (batch x 2
// actions), NULL if the network takes none. Returns (batch x outputs), borrowed.
const double *imp_reference_forward(imp_reference *reference, const double *values,
                                    const double *input, const double *actions);

// After a forward pass with the same values: computes gradients (graph->trained) of the loss from
// its gradient by the output (batch x outputs).
void imp_reference_backward(imp_reference *reference, const double *values,
                            const double *output_gradient, double *gradients);

// Mean and variance of the last batch, laid out like values + graph->trained.
const double *imp_reference_batch_statistics(const imp_reference *reference);

#endif
