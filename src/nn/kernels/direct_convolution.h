// nn/kernels/direct_convolution.h: convolution of one picture after the other, with the max-pool
// behind it, so that what the convolution gives never leaves the nearest cache. oneDNN's calls cost
// a decision as much as a small layer does. And the gradient of a convolution that looks at the
// picture itself, of which the pool passes on only what won.
#ifndef IMP_NN_KERNELS_DIRECT_CONVOLUTION_H
#define IMP_NN_KERNELS_DIRECT_CONVOLUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IMP_DIRECT_BLOCK = 16, // channels side by side in what it gives
    IMP_DIRECT_GROUP = 32, // channels that it computes at a time
    IMP_DIRECT_RGB_CHANNELS = 3,
};

// Input: (batch x planes x height x width x block), where planes are blocks of 16 channels, or
// pictures of 3 colours that already lie in `padded`.
// Output: (batch x channels / 16 x rows x columns x 16).
typedef struct imp_direct_conv {
    size_t batch;
    size_t planes, block, height, width; // block: IMP_DIRECT_BLOCK or IMP_DIRECT_RGB_CHANNELS
    size_t top, left, bottom, right;     // padding [px]
    size_t channels, rows, columns;      // of the convolution; channels a multiple of the group
    size_t kernel, stride;
    size_t pool_kernel, pool_stride; // 0: no pool; it has no padding
    bool relu;                       // after the convolution
    const float *unpacked_weights;   // weights (channels x planes * block x kernel x kernel)
    const float *bias;               // (channels)
    float *weights;                  // (imp_direct_conv_weight_count())
    float *padded; // (imp_direct_conv_padded_count()), zeros at first: planes with their padding
    float *window; // (imp_direct_conv_window_count())
    uint16_t *argmax_indices; // as out: where the pool's winners were; NULL: not kept
    const float *in;          // of blocks
    // Of blocks, both or none: in * scale + shift is what is convolved, (planes * block) each.
    const float *scale, *shift;
    bool scaled_relu; // after that
    float *out;
} imp_direct_conv;

// The gradient by the weights and the bias. The padded pictures and the places of a forward pass
// that kept both are looked at.
typedef struct imp_direct_conv_grad {
    imp_direct_conv forward;
    const float *gradient; // by what the pool gave, laid out as that
    float *patches;        // (imp_direct_conv_patch_floats())
    float *sums;           // (imp_direct_conv_sum_count())
    float *weight, *bias;  // gradients, as plain and bias
} imp_direct_conv_grad;

// Whether this processor can run it, which takes AVX-512, and strides up to 2.
bool imp_direct_conv_supported(size_t stride);
// Whether it can run the gradient, too: of pictures, and kernels of 3, 5 or 7 under a pool.
bool imp_direct_conv_grad_supported(const imp_direct_conv *direct);

// Floats of the work arrays.
size_t imp_direct_conv_weight_count(const imp_direct_conv *direct);
size_t imp_direct_conv_padded_count(const imp_direct_conv *direct);
size_t imp_direct_conv_window_count(const imp_direct_conv *direct);
size_t imp_direct_conv_argmax_count(const imp_direct_conv *direct); // not floats, but places
size_t imp_direct_conv_patch_floats(const imp_direct_conv *direct);
size_t imp_direct_conv_sum_count(const imp_direct_conv *direct);

// From plain to weights, after they changed.
void imp_direct_conv_pack_weights(const imp_direct_conv *direct);
void imp_direct_conv_forward(const imp_direct_conv *direct);
void imp_direct_conv_backward(const imp_direct_conv_grad *gradient);

// Of what the pool gives.
static inline size_t imp_direct_conv_pooled_rows(const imp_direct_conv *direct)
{
    return (direct->rows - direct->pool_kernel) / direct->pool_stride + 1;
}

static inline size_t imp_direct_conv_pooled_columns(const imp_direct_conv *direct)
{
    return (direct->columns - direct->pool_kernel) / direct->pool_stride + 1;
}

// Of a padded picture [floats].
static inline size_t imp_direct_conv_padded_row(const imp_direct_conv *direct)
{
    return (direct->left + direct->width + direct->right) * direct->block;
}

static inline size_t imp_direct_conv_padded_plane(const imp_direct_conv *direct)
{
    return (direct->top + direct->height + direct->bottom) * imp_direct_conv_padded_row(direct);
}

// How many patches (direct_gradient.c) a pixel of the convolution is from the first one.
static inline size_t imp_direct_conv_argmax_index(const imp_direct_conv *direct, size_t row,
                                                  size_t column)
{
    return row * direct->stride * direct->columns + column;
}

#endif
