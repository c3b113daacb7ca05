// nn/direct.h: convolution of one picture after the other, with the max-pool behind it, so that
// what the convolution gives never leaves the nearest cache. oneDNN's calls cost a decision as much
// as a small layer does. And the gradient of a convolution that looks at the picture itself, of
// which the pool passes on only what won.
#ifndef IMP_NN_DIRECT_H
#define IMP_NN_DIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IMP_DIRECT_BLOCK = 16, // channels side by side in what it gives
    IMP_DIRECT_GROUP = 32, // channels that it computes at a time
    IMP_DIRECT_COLOURS = 3,
};

// Input: (batch x planes x height x width x block), where planes are blocks of 16 channels, or
// pictures of 3 colours that already lie in `padded`.
// Output: (batch x channels / 16 x rows x columns x 16).
typedef struct imp_direct {
    size_t batch;
    size_t planes, block, height, width; // block: IMP_DIRECT_BLOCK or IMP_DIRECT_COLOURS
    size_t top, left, bottom, right;     // padding [px]
    size_t channels, rows, columns;      // of the convolution; channels a multiple of the group
    size_t kernel, stride;
    size_t pool_kernel, pool_stride; // 0: no pool; it has no padding
    bool relu;                       // after the convolution
    const float *plain;              // weights (channels x planes * block x kernel x kernel)
    const float *bias;               // (channels)
    float *weights;                  // (imp_direct_weights())
    float *padded;    // (imp_direct_padded()), zeros at first: planes with their padding
    float *window;    // (imp_direct_window())
    uint16_t *places; // as out: where the pool's winners were; NULL: not kept
    const float *in;  // of blocks
    // Of blocks, both or none: in * scale + shift is what is convolved, (planes * block) each.
    const float *scale, *shift;
    bool scaled_relu; // after that
    float *out;
} imp_direct;

// The gradient by the weights and the bias. The padded pictures and the places of a forward pass
// that kept both are looked at.
typedef struct imp_direct_gradient {
    imp_direct forward;
    const float *gradient; // by what the pool gave, laid out as that
    float *patches;        // (imp_direct_patches())
    float *sums;           // (imp_direct_sums())
    float *weight, *bias;  // gradients, as plain and bias
} imp_direct_gradient;

// Whether this processor can run it, which takes AVX-512, and strides up to 2.
bool imp_direct_possible(size_t stride);
// Whether it can run the gradient, too: of pictures, and kernels of 3, 5 or 7 under a pool.
bool imp_direct_gradient_possible(const imp_direct *direct);

// Floats of the work arrays.
size_t imp_direct_weights(const imp_direct *direct);
size_t imp_direct_padded(const imp_direct *direct);
size_t imp_direct_window(const imp_direct *direct);
size_t imp_direct_places(const imp_direct *direct); // not floats, but places
size_t imp_direct_patches(const imp_direct *direct);
size_t imp_direct_sums(const imp_direct *direct);

// From plain to weights, after they changed.
void imp_direct_pack(const imp_direct *direct);
void imp_direct_run(const imp_direct *direct);
void imp_direct_gradient_run(const imp_direct_gradient *gradient);

// Of what the pool gives.
static inline size_t imp_direct_pooled_rows(const imp_direct *direct)
{
    return (direct->rows - direct->pool_kernel) / direct->pool_stride + 1;
}

static inline size_t imp_direct_pooled_columns(const imp_direct *direct)
{
    return (direct->columns - direct->pool_kernel) / direct->pool_stride + 1;
}

// Of a padded picture [floats].
static inline size_t imp_direct_padded_row(const imp_direct *direct)
{
    return (direct->left + direct->width + direct->right) * direct->block;
}

static inline size_t imp_direct_padded_plane(const imp_direct *direct)
{
    return (direct->top + direct->height + direct->bottom) * imp_direct_padded_row(direct);
}

// How many patches (direct_gradient.c) a pixel of the convolution is from the first one.
static inline size_t imp_direct_place(const imp_direct *direct, size_t row, size_t column)
{
    return row * direct->stride * direct->columns + column;
}

#endif
