// nn/kernels/layer_kernels.h: what networks compute beside convolutions and pools, on arrays as
// oneDNN lays them.
#ifndef IMP_NN_KERNELS_LAYER_KERNELS_H
#define IMP_NN_KERNELS_LAYER_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

void imp_kernel_add(float *out, const float *a, const float *b, size_t count);      // a + b
void imp_kernel_multiply(float *out, const float *a, const float *b, size_t count); // a * b
void imp_kernel_relu(float *out, const float *a, size_t count);                     // max(0, a)
// b > 0 ? a : 0
void imp_kernel_relu_backward(float *out, const float *a, const float *b, size_t count);
// b > 0 ? a : a * (b + alpha): the gradient through an ELU that gave b
void imp_kernel_elu_backward(float *out, const float *a, const float *b, size_t count, float alpha);

enum { IMP_NORM_BLOCK = 16 };

// A batch norm whose statistics are given. Arrays of values are (batch x groups x pixels x
// IMP_NORM_BLOCK): that many channels side by side. Arrays of channels marked so have groups *
// IMP_NORM_BLOCK entries, of which the first `channels` count; the others stay zero, and so does
// what belongs to them.
typedef struct imp_frozen_norm {
    size_t batch, groups, pixels, channels;
    double epsilon;
    bool relu;                                  // one follows at once
    const float *gain, *bias, *mean, *variance; // (channels)
    float *scale, *shift;                       // value * scale + shift; (groups * IMP_NORM_BLOCK)
    float *centre, *rate;                       // gain stretches (value - centre) * rate; as those
    const float *in;
    const float *gradient; // backward: by the output
    const float *others;   // backward: what other users of the input gave, added to out; nullable
    float *out;            // forward: the output; backward: the gradient by the input
    float *gain_gradient, *bias_gradient; // (channels)
} imp_frozen_norm;

// Scale, shift, centre and rate, after gain, bias or statistics changed.
void imp_frozen_norm_prepare(const imp_frozen_norm *norm);
void imp_frozen_norm_forward(const imp_frozen_norm *norm);
void imp_frozen_norm_backward(const imp_frozen_norm *norm);

// Vectors times a matrix in panels (nn/kernels/packed_matrix.h) of 16, 32 or 64 rows, plus a bias;
// relu: and a ReLU behind it. Each vector gives the same bits in a batch as alone.
typedef struct imp_matvec {
    size_t batch, rows, columns, width;
    const float *panels, *bias, *in; // in: (batch x columns)
    float *out;                      // (batch x rows)
    bool relu;
} imp_matvec;

void imp_matvec_run(const imp_matvec *product);

#endif
