// nn/direct.h: convolution of a single picture, with the max-pool behind it, so that what the
// convolution gives never leaves the nearest cache. oneDNN's calls cost a decision as much as a
// small layer does.
#ifndef IMP_NN_DIRECT_H
#define IMP_NN_DIRECT_H

#include <stdbool.h>
#include <stddef.h>

enum {
    IMP_DIRECT_BLOCK = 16, // channels side by side in what it gives
    IMP_DIRECT_GROUP = 32, // channels that it computes at a time
};

// Input: (planes x height x width x block): blocks of 16 channels, or of 1, which is plain layout.
// Output: (channels / 16 x rows x columns x 16).
typedef struct imp_direct {
    size_t planes, block, height, width;
    size_t top, left, bottom, right; // padding [px]
    size_t channels, rows, columns;  // of the convolution; channels a multiple of the group
    size_t kernel, stride;
    size_t pool_kernel, pool_stride; // 0: no pool; it has no padding
    bool relu;                       // after the convolution
    const float *plain;              // weights (channels x planes * block x kernel x kernel)
    const float *bias;               // (channels)
    float *weights;                  // (imp_direct_weights())
    float *padded;                   // (imp_direct_padded()), zeros at first
    float *window;                   // (imp_direct_window())
    const float *in;
    float *out;
} imp_direct;

// Whether this processor can run it, which takes AVX-512, and strides up to 2.
bool imp_direct_possible(size_t stride);

// Floats of the work arrays.
size_t imp_direct_weights(const imp_direct *direct);
size_t imp_direct_padded(const imp_direct *direct);
size_t imp_direct_window(const imp_direct *direct);

// From plain to weights, after they changed.
void imp_direct_pack(const imp_direct *direct);
void imp_direct_run(const imp_direct *direct);

#endif
