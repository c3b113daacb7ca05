// nn/kernels/dense_layer.h: dense layers in training, on weights as they are: packing them anew in
// every step takes longer than multiplying.
#ifndef IMP_NN_KERNELS_DENSE_LAYER_H
#define IMP_NN_KERNELS_DENSE_LAYER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct imp_dense {
    size_t batch, inputs, outputs;
    const float *weight;    // (outputs x inputs)
    const float *bias;      // (outputs)
    bool relu;              // after the layer
    const float *in;        // (batch x inputs)
    float *out;             // (batch x outputs)
    const float *gradient;  // by out, before the ReLU (batch x outputs)
    float *in_gradient;     // (batch x inputs)
    float *weight_gradient; // as weight
    float *bias_gradient;   // as bias
} imp_dense;

// Whether this processor can run it, which takes AVX-512.
bool imp_dense_supported(void);

void imp_dense_forward(const imp_dense *dense);
void imp_dense_backward_data(const imp_dense *dense);    // in_gradient
void imp_dense_backward_weights(const imp_dense *dense); // weight_gradient, bias_gradient

#endif
