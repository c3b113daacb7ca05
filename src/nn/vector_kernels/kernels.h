// nn/vector_kernels/kernels.h: the loops of small convolutional networks: what each computes, on
// which layouts, and the table of them that each instruction set has.
//
// Layout. Images are (batch x height x width x channels), channels padded with zeros to blocks of
// 16, and stand in a border of zeros that convolutions read as their padding. Vectors are images
// of one pixel. The lanes of a vector register are neighbouring channels, so that every output is
// one chain of fused multiply-adds, in an order that depends on the shapes alone: results are the
// same bits with registers of 4, 8 or 16 floats, and in any batch. docs/engine.md explains it.
#ifndef IMP_NN_VECTOR_KERNELS_KERNELS_H
#define IMP_NN_VECTOR_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IMP_CHANNEL_BLOCK = 16,
    IMP_PEAK_CHAINS = 6,      // of imp_kernels.chain_multiply_adds_at_peak
    IMP_POOL_KERNEL_MAX = 8,  // of pools that are fused into convolutions
    IMP_POOL_TILE_ROWS = 4,   // of imp_pooled_conv_gradient
    IMP_NORM_WORK_ARRAYS = 9, // of imp_norm
};

// A batch of images: the first channel of the first pixel inside the border, and the floats from
// one image, row or pixel to the next.
typedef struct imp_image_view {
    float *data;
    size_t image, row, pixel;
} imp_image_view;

// Rows, columns, and channels padded to whole blocks.
typedef struct imp_image_size {
    size_t height, width, channels;
} imp_image_size;

// The positions of a convolution's kernel, as runs: floats of the input that lie side by side and
// belong to one output. A run is what one row of the kernel sees, or one pixel.
typedef struct imp_kernel_runs {
    size_t count, length;
    const ptrdiff_t *offsets; // (count) of the first float from an output's place in the input
} imp_kernel_runs;

// out = bias + sum over runs r and floats k of in[r][k] * weights[r][k], for a grid of outputs.
// Also the gradient by the input: then `in` is the gradient by the output, and a stride s makes
// s * s grids that interleave.
typedef struct imp_conv {
    size_t rows, columns; // of the grid
    imp_image_view in;    // of the grid's first output, with strides from one output to the next
    imp_image_view out;
    imp_image_view added; // is added to the result; data: nullable, or that of out
    imp_kernel_runs runs;
    size_t blocks;        // of output channels
    const float *weights; // (blocks x runs x length x 16)
    const float *bias;    // (blocks * 16); nullable
    bool relu;            // a ReLU follows
} imp_conv;

// Gradient by the weights of a convolution: sums[r][k] = sum over outputs of in[r][k] * gradient.
typedef struct imp_conv_gradient {
    size_t rows, columns;
    imp_image_view in, gradient;
    imp_kernel_runs runs;
    size_t blocks;
    float *sums; // layout of imp_conv.weights
} imp_conv_gradient;

// A convolution and the max-pool over it, in one: the convolution's rows stay in the first-level
// cache. conv.out is unused, conv.relu false, the pool has no padding.
typedef struct imp_conv_pool {
    imp_conv conv; // rows, columns: those that pool windows cover
    size_t kernel, stride;
    imp_image_size out_size;
    imp_image_view out;
    float *ring;     // (kernel x columns x channels) rows of the convolution
    int32_t *argmax; // (batch x out_size) position in the window, row by row; nullable
} imp_conv_pool;

// Gradient by the weights of a convolution under a max-pool, where only each window's maximum has a
// gradient. Runs are the rows of the kernel.
typedef struct imp_pooled_conv_gradient {
    imp_image_view in; // as in the convolution
    imp_kernel_runs runs;
    size_t in_row;         // floats from one run to the next: a row of the input
    size_t row_stride;     // rows of the input from one row of the convolution to the next
    size_t columns;        // of the convolution
    size_t kernel, stride; // of the pool
    imp_image_size out_size;
    imp_image_view gradient; // of the loss by the pool's output
    const int32_t *argmax;
    float *patches; // (imp_pooled_conv_gradient_patch_count())
    float *sums; // (channels x run vectors x runs x 16), see imp_pooled_conv_gradient_sum_count()
} imp_pooled_conv_gradient;

typedef struct imp_pool {
    bool average;
    size_t kernel, stride, top, left; // padding
    imp_image_size in_size, out_size;
    imp_image_view in, out;
    imp_image_view gradient, in_gradient, added; // backward; added: as in imp_conv
    int32_t *argmax; // (batch x out_size); max-pools: written forward if not NULL, read backward
} imp_pool;

// Batch norm: out = (in - mean) * rate * gain + bias, and perhaps a ReLU. All arrays of channels
// are padded to whole blocks.
typedef struct imp_norm {
    imp_image_size size;
    size_t channels; // without padding
    bool relu;
    bool batch_statistics; // mean and variance are those of the batch
    double epsilon;
    const float *gain, *bias; // (channels)
    float *mean, *variance;   // (channels); written forward if batch_statistics
    // padded: 1 / sqrt(variance + epsilon), and folded. Written by fold_batch_norm, which is to be
    // called when weights or given statistics change, or by norm with batch_statistics.
    float *rate, *scale, *shift;
    imp_image_view in, out;
    imp_image_view gradient, in_gradient, added; // backward; added: as in imp_conv
    float *gain_gradient, *bias_gradient;        // (channels)
    float *work; // backward: (IMP_NORM_WORK_ARRAYS x padded channels)
} imp_norm;

// Dense layer on row-major weights (outputs x inputs) as networks store them. Sums over inputs are
// kept in 16 lanes, which are added in a tree at the end.
typedef struct imp_dense {
    size_t inputs, outputs;
    size_t in_stride, out_stride; // floats from one sample to the next
    const float *weight, *bias;
    bool relu;
    const float *in;
    float *out;
    const float *gradient;  // by out, stride out_stride
    const float *added;     // is added to in_gradient, stride in_stride; nullable, or in_gradient
    float *in_gradient;     // stride in_stride
    float *weight_gradient; // shape of weight
    float *bias_gradient;   // (outputs)
} imp_dense;

// Loops over the values of images, channel by channel.
typedef enum imp_elementwise_kind {
    IMP_ELEMENTWISE_ADD,           // out = a + b
    IMP_ELEMENTWISE_MULTIPLY,      // out = a * b
    IMP_ELEMENTWISE_RELU,          // out = max(a, 0)
    IMP_ELEMENTWISE_RELU_GRADIENT, // out = b > 0 ? a : 0
    IMP_ELEMENTWISE_ELU,           // out = a > 0 ? a : alpha * (exp(a) - 1)
    IMP_ELEMENTWISE_ELU_GRADIENT,  // out = b > 0 ? a : a * (b + alpha); b: what the ELU gave
} imp_elementwise_kind;

typedef struct imp_elementwise {
    imp_elementwise_kind kind;
    imp_image_size size;
    imp_image_view out, a, b;
    float alpha;
} imp_elementwise;

// All kernels: X(name, type of the description). `batch` is the number of samples to compute.
#define IMP_KERNEL_MAP(X)                                                                          \
    X(conv, imp_conv)                                                                              \
    X(conv_pool, imp_conv_pool)                                                                    \
    X(conv_gradient, imp_conv_gradient)                                                            \
    X(pooled_conv_gradient, imp_pooled_conv_gradient)                                              \
    X(pool, imp_pool)                                                                              \
    X(pool_gradient, imp_pool)                                                                     \
    X(fold_batch_norm, imp_norm)                                                                   \
    X(batch_norm, imp_norm)                                                                        \
    X(batch_norm_gradient, imp_norm)                                                               \
    X(dense, imp_dense)                                                                            \
    X(dense_data_gradient, imp_dense)                                                              \
    X(dense_weight_gradient, imp_dense)                                                            \
    X(elementwise, imp_elementwise)

// The kernels as one instruction set has them.
typedef struct imp_kernels {
// NOLINTNEXTLINE(bugprone-macro-parentheses)
#define IMP_KERNEL_MEMBER(name, type) void (*name)(const type *description, size_t batch);
    IMP_KERNEL_MAP(IMP_KERNEL_MEMBER)
#undef IMP_KERNEL_MEMBER
    // sums[c] = sum over images and pixels of in, for all channels; floats per image, then double
    void (*channel_sums)(const imp_image_view *in, const imp_image_size *size, size_t batch,
                         float *sums);
    // softmax over the classes of cells, see nn/kernels/softmax.h
    void (*exponential)(float *values, size_t count); // values = exp(values)
    // multiply-adds on numbers that stay in registers, as a measure of the processor: `steps` on
    // each of (IMP_PEAK_CHAINS x 16) floats
    void (*chain_multiply_adds_at_peak)(float *values, size_t steps);
} imp_kernels;

// Sizes of the work arrays of imp_pooled_conv_gradient.
static inline size_t imp_pooled_conv_gradient_vectors(const imp_pooled_conv_gradient *g)
{
    return (g->runs.length + IMP_CHANNEL_BLOCK - 1) / IMP_CHANNEL_BLOCK;
}

static inline size_t imp_pooled_conv_gradient_sum_count(const imp_pooled_conv_gradient *g)
{
    return g->out_size.channels * imp_pooled_conv_gradient_vectors(g) * g->runs.count *
           IMP_CHANNEL_BLOCK;
}

static inline size_t imp_pooled_conv_gradient_patch_count(const imp_pooled_conv_gradient *g)
{
    // no tile is wider than the pool
    const size_t rows = (IMP_POOL_TILE_ROWS - 1) * g->stride + g->kernel;
    return ((rows - 1) * g->row_stride + g->runs.count) * g->columns * IMP_CHANNEL_BLOCK;
}

#endif
