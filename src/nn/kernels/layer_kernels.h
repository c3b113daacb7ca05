// nn/kernels/layer_kernels.h: layers other than convolutions and pools, on arrays in oneDNN's
// layouts.
#ifndef IMP_NN_KERNELS_LAYER_KERNELS_H
#define IMP_NN_KERNELS_LAYER_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

void imp_kernel_add(float *out, const float *a, const float *b, size_t count);      // a + b
void imp_kernel_multiply(float *out, const float *a, const float *b, size_t count); // a * b
void imp_kernel_relu(float *out, const float *a, size_t count);                     // max(0, a)
// b > 0 ? a : 0
void imp_kernel_relu_backward(float *out, const float *a, const float *b, size_t count);
// b > 0 ? a : a * (b + alpha): the gradient through an ELU whose output is b
void imp_kernel_elu_backward(float *out, const float *a, const float *b, size_t count, float alpha);

enum { IMP_NORM_BLOCK = 16 };

// A batch norm with given (not batch) statistics. Arrays of values are (batch x groups x pixels x
// IMP_NORM_BLOCK), with that many channels side by side. Arrays of channels marked "padded" have
// groups * IMP_NORM_BLOCK entries. Only the first `channels` count; the others stay zero, and so do
// the values that belong to them.
typedef struct imp_frozen_norm {
    size_t batch, groups, pixels, channels;
    double epsilon;
    bool relu;                                  // a ReLU follows
    const float *gain, *bias, *mean, *variance; // (channels)
    float *scale, *shift;                       // out = in * scale + shift; padded
    float *centre, *rate;                       // out = (in - centre) * rate * gain + bias; padded
    const float *in;
    const float *gradient; // backward: of the loss by the output
    const float *others;   // backward: gradients from other users of the input, added; nullable
    float *out;            // forward: the output; backward: the gradient by the input
    float *gain_gradient, *bias_gradient; // (channels)
} imp_frozen_norm;

// Computes scale, shift, centre and rate. Call it after gain, bias or statistics changed.
void imp_frozen_norm_fold(const imp_frozen_norm *norm);
void imp_frozen_norm_forward(const imp_frozen_norm *norm);
void imp_frozen_norm_backward(const imp_frozen_norm *norm);

// Products of a matrix in panels (nn/kernels/packed_matrix.h) of 16, 32 or 64 rows with vectors,
// plus a bias, and a ReLU if `relu`. Each vector gives the same bits in a batch as alone.
typedef struct imp_matvec {
    size_t batch, rows, columns, width;
    const float *panels, *bias, *in; // in: (batch x columns)
    float *out;                      // (batch x rows)
    bool relu;
} imp_matvec;

void imp_matvec_run(const imp_matvec *product);

#endif
