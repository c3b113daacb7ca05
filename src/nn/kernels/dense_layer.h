// nn/kernels/dense_layer.h: forward and backward pass of dense layers in training. They work on
// row-major weights, because repacking the weights in every step takes longer than the
// multiplication. All arrays are row-major.
#ifndef IMP_NN_KERNELS_DENSE_LAYER_H
#define IMP_NN_KERNELS_DENSE_LAYER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct imp_dense {
    size_t batch, inputs, outputs;
    const float *weight;    // (outputs x inputs)
    const float *bias;      // (outputs)
    bool relu;              // a ReLU follows
    const float *in;        // (batch x inputs)
    float *out;             // (batch x outputs)
    const float *gradient;  // of the loss by out, already masked by the ReLU (batch x outputs)
    float *in_gradient;     // (batch x inputs)
    float *weight_gradient; // shape of weight
    float *bias_gradient;   // shape of bias
} imp_dense;

// Whether this process can run it. It needs AVX-512; otherwise use oneDNN, the other functions do
// nothing.
bool imp_dense_supported(void);

void imp_dense_forward(const imp_dense *dense);
void imp_dense_backward_data(const imp_dense *dense);    // writes in_gradient
void imp_dense_backward_weights(const imp_dense *dense); // writes weight_gradient, bias_gradient

#endif
