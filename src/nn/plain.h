// nn/plain.h: the layers in plain double-precision C: slow, short, and the definition of what the
// fast ones must give.
#ifndef IMP_NN_PLAIN_H
#define IMP_NN_PLAIN_H

#include "nn/layers.h"

typedef struct imp_plain imp_plain;

// Computes as in training: batch norms that do so take the batch's statistics, dropouts drop. The
// graph must outlive it.
imp_status imp_plain_create(imp_plain **out, const imp_graph *graph, int batch, imp_error *err);
void imp_plain_destroy(imp_plain *plain); // nullable

// What dropouts draw from now on; 0 and 0 at first.
void imp_plain_set_draws(imp_plain *plain, uint64_t seed, int64_t step);

// values: (graph->values); input: (batch x channels x height x width); actions: (batch x 2
// actions), NULL if the network wants none. Returns (batch x outputs), borrowed.
const double *imp_plain_forward(imp_plain *plain, const double *values, const double *input,
                                const double *actions);

// After a forward pass with the same values: gradients (graph->trained) of the loss, given its
// gradient by the output (batch x outputs).
void imp_plain_backward(imp_plain *plain, const double *values, const double *output_gradient,
                        double *gradients);

// Mean and variance of the last batch, as in values + graph->trained.
const double *imp_plain_statistics(const imp_plain *plain);

#endif
