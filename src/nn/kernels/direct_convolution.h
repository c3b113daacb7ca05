// nn/kernels/direct_convolution.h: convolution of one image after the other, fused with the
// max-pool that follows, so that the convolution's result never leaves the first-level cache. For
// small layers the call of a oneDNN primitive costs as much as the layer.
// Also the weight gradient of a convolution over RGB images under a max-pool, where only the pool's
// winners have a gradient.
#ifndef IMP_NN_KERNELS_DIRECT_CONVOLUTION_H
#define IMP_NN_KERNELS_DIRECT_CONVOLUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IMP_DIRECT_BLOCK = 16, // channels side by side in the output
    IMP_DIRECT_GROUP = 32, // output channels computed together
    IMP_DIRECT_RGB_CHANNELS = 3,
};

// Input: (batch x planes x height x width x block) floats. A plane is a block of 16 channels, or an
// RGB image that the caller has written into `padded`.
// Output: (batch x channels / 16 x rows x columns x 16), rows and columns after the pool if there
// is one.
// All arrays belong to the caller. Nothing is allocated.
typedef struct imp_direct_conv {
    size_t batch;
    size_t planes, block, height, width; // block: IMP_DIRECT_BLOCK or IMP_DIRECT_RGB_CHANNELS
    size_t top, left, bottom, right;     // padding [px]
    size_t channels, rows, columns;      // of the convolution; channels: a multiple of the group
    size_t kernel, stride;
    size_t pool_kernel, pool_stride; // 0: no pool; the pool has no padding
    bool relu;                       // a ReLU follows the convolution
    const float *unpacked_weights;   // weights (channels x planes * block x kernel x kernel)
    const float *bias;               // (channels)
    float *weights;                  // packed (imp_direct_conv_weight_count())
    float *padded; // (imp_direct_conv_padded_count()) planes with padding; zero-initialised
    float *window; // (imp_direct_conv_window_count()) ring of rows for the pool
    uint16_t *argmax_indices; // shape of out: position of each maximum; NULL: not kept
    const float *in;          // blocked input; unused for RGB images
    // Batch norm before the convolution, for blocked input: in * scale + shift is convolved. Both
    // (planes * block), or both NULL.
    const float *scale, *shift;
    bool scaled_relu; // a ReLU follows the batch norm
    float *out;
} imp_direct_conv;

// Gradient by weights and bias. Reads the padded images and the argmax indices of a forward pass
// that kept both.
typedef struct imp_direct_conv_grad {
    imp_direct_conv forward;
    const float *gradient; // of the loss by the pool's output, same layout
    float *patches;        // (imp_direct_conv_patch_floats())
    float *sums;           // (imp_direct_conv_sum_count())
    float *weight, *bias;  // gradients, shaped as unpacked_weights and bias
} imp_direct_conv_grad;

// Whether this process can run it. It needs AVX-512 and a stride of at most 2.
bool imp_direct_conv_supported(size_t stride);
// Whether it can run the gradient too: RGB images, and kernels of 3, 5 or 7 under a pool.
bool imp_direct_conv_grad_supported(const imp_direct_conv *direct);

// Sizes of the work arrays [floats].
size_t imp_direct_conv_weight_count(const imp_direct_conv *direct);
size_t imp_direct_conv_padded_count(const imp_direct_conv *direct);
size_t imp_direct_conv_window_count(const imp_direct_conv *direct);
size_t imp_direct_conv_argmax_count(const imp_direct_conv *direct); // [indices]
size_t imp_direct_conv_patch_floats(const imp_direct_conv *direct);
size_t imp_direct_conv_sum_count(const imp_direct_conv *direct);

// Packs unpacked_weights into weights; call it after they changed.
void imp_direct_conv_pack_weights(const imp_direct_conv *direct);
void imp_direct_conv_forward(const imp_direct_conv *direct);
void imp_direct_conv_backward(const imp_direct_conv_grad *gradient);

// Size of the pool's output.
static inline size_t imp_direct_conv_pooled_rows(const imp_direct_conv *direct)
{
    return (direct->rows - direct->pool_kernel) / direct->pool_stride + 1;
}

static inline size_t imp_direct_conv_pooled_columns(const imp_direct_conv *direct)
{
    return (direct->columns - direct->pool_kernel) / direct->pool_stride + 1;
}

// Strides of a padded image [floats].
static inline size_t imp_direct_conv_padded_row(const imp_direct_conv *direct)
{
    return (direct->left + direct->width + direct->right) * direct->block;
}

static inline size_t imp_direct_conv_padded_plane(const imp_direct_conv *direct)
{
    return (direct->top + direct->height + direct->bottom) * imp_direct_conv_padded_row(direct);
}

// Position of a value in its pool window, as the distance in patches (see
// direct_convolution_gradient.c) from the window's first pixel.
static inline size_t imp_direct_conv_argmax_index(const imp_direct_conv *direct, size_t row,
                                                  size_t column)
{
    return row * direct->stride * direct->columns + column;
}

#endif
