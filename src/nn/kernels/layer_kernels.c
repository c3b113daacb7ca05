// Element-wise layers, batch norm with given statistics, and the matrix-vector product of dense
// layers at batch 1.
// Each is a plain loop that the compiler vectorises, compiled for three instruction sets
// (cpu_dispatch.h). Every lane computes its own element, so all sets give the same bits.
// Data with channels is in blocks of 16: (batch x groups x pixels x 16), the layout that oneDNN
// uses for convolutions.
#include "nn/kernels/layer_kernels.h"

#include "nn/kernels/cpu_dispatch.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

// Element-wise loops. `restrict`: the arrays do not overlap, so the compiler needs no checks.
IMP_DISPATCH_BODY imp_kernel_add_body(float *restrict out, const float *restrict a,
                                      const float *restrict b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = a[i] + b[i];
}

IMP_DISPATCH_BODY imp_kernel_multiply_body(float *restrict out, const float *restrict a,
                                           const float *restrict b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = a[i] * b[i];
}

IMP_DISPATCH_BODY imp_kernel_relu_body(float *restrict out, const float *restrict a, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = a[i] > 0.0F ? a[i] : 0.0F;
}

// The derivative of ReLU is 1 where its output b is positive, else 0.
IMP_DISPATCH_BODY imp_kernel_relu_backward_body(float *restrict out, const float *restrict a,
                                                const float *restrict b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = b[i] > 0.0F ? a[i] : 0.0F;
}

// The derivative of ELU in terms of its output b: 1 where positive, else b + alpha.
IMP_DISPATCH_BODY imp_kernel_elu_backward_body(float *restrict out, const float *restrict a,
                                               const float *restrict b, size_t count, float alpha)
{
    for (size_t i = 0; i < count; i++)
        out[i] = b[i] > 0.0F ? a[i] : a[i] * (b[i] + alpha);
}

// The exported functions: each selects the version for this process's instruction set.
#define BINARY_PARAMETERS (float *out, const float *a, const float *b, size_t count)
IMP_DISPATCH_BY_CPU(extern, imp_kernel_add, BINARY_PARAMETERS, (out, a, b, count))
IMP_DISPATCH_BY_CPU(extern, imp_kernel_multiply, BINARY_PARAMETERS, (out, a, b, count))
IMP_DISPATCH_BY_CPU(extern, imp_kernel_relu_backward, BINARY_PARAMETERS, (out, a, b, count))
#undef BINARY_PARAMETERS
IMP_DISPATCH_BY_CPU(extern, imp_kernel_relu, (float *out, const float *a, size_t count),
                    (out, a, count))
IMP_DISPATCH_BY_CPU(extern, imp_kernel_elu_backward,
                    (float *out, const float *a, const float *b, size_t count, float alpha),
                    (out, a, b, count, alpha))

// Folds statistics, gain and bias into one scale and one shift per channel. Computed in double,
// because variance + epsilon may be tiny.
void imp_frozen_norm_fold(const imp_frozen_norm *norm)
{
    for (size_t c = 0; c < norm->channels; c++) {
        const double rate = 1.0 / sqrt((double)norm->variance[c] + norm->epsilon);
        const double scale = (double)norm->gain[c] * rate;
        norm->rate[c] = (float)rate;
        norm->centre[c] = norm->mean[c];
        norm->scale[c] = (float)scale;
        norm->shift[c] = (float)((double)norm->bias[c] - (double)norm->mean[c] * scale);
    }
}

// GCC vector types of 16 floats and integers: one AVX-512 register, or several smaller ones.
typedef float lanes __attribute__((vector_size(64)));
typedef int32_t bits __attribute__((vector_size(64)));

enum { LANES = IMP_NORM_BLOCK };

// Vectors are passed by pointer, because passing them by value differs between instruction sets.
IMP_ALWAYS_INLINE void load_lanes(lanes *out, const float *from)
{
    memcpy(out, from, sizeof *out);
}

// Sets the lanes to zero where `by` is not positive, by masking their bits.
IMP_ALWAYS_INLINE void zero_unless_positive(lanes *values, const lanes *by)
{
    bits all;
    memcpy(&all, values, sizeof all);
    all &= *by > 0.0F;
    memcpy(values, &all, sizeof all);
}

// Forward pass over one image's part of a group of 16 channels.
IMP_ALWAYS_INLINE void frozen_norm_group_forward(const imp_frozen_norm *n, size_t group, size_t at,
                                                 bool relu)
{
    lanes scale, shift;
    load_lanes(&scale, n->scale + group * LANES);
    load_lanes(&shift, n->shift + group * LANES);
    for (size_t i = at; i < at + n->pixels * LANES; i += LANES) {
        lanes value;
        load_lanes(&value, n->in + i);
        value = value * scale + shift;
        if (relu)
            zero_unless_positive(&value, &value);
        memcpy(n->out + i, &value, sizeof value);
    }
}

// `relu` is passed as a constant, so that the inner loop has no branch.
IMP_DISPATCH_BODY imp_frozen_norm_forward_body(const imp_frozen_norm *n)
{
    for (size_t k = 0; k < n->batch * n->groups; k++)
        if (n->relu)
            frozen_norm_group_forward(n, k % n->groups, k * n->pixels * LANES, true);
        else
            frozen_norm_group_forward(n, k % n->groups, k * n->pixels * LANES, false);
}
IMP_DISPATCH_BY_CPU(extern, imp_frozen_norm_forward, (const imp_frozen_norm *n), (n))

// Backward pass over one image's part of a group. The sums of gain and bias gradients are kept in
// floats; an image has few enough pixels for that. The ReLU's input is recomputed, which is faster
// than reading it. `others`: gradients of other users of the input are added.
IMP_ALWAYS_INLINE void frozen_norm_group_backward(const imp_frozen_norm *n, size_t group, size_t at,
                                                  bool others, lanes sums[2])
{
    lanes scale, shift, centre;
    load_lanes(&scale, n->scale + group * LANES);
    load_lanes(&shift, n->shift + group * LANES);
    load_lanes(&centre, n->centre + group * LANES);
    const bool relu = n->relu;
    lanes gain = {0.0F}, bias = {0.0F};
    for (size_t i = at; i < at + n->pixels * LANES; i += LANES) {
        // a ReLU passes the gradient only where its output was positive
        lanes gradient, in;
        load_lanes(&gradient, n->gradient + i);
        load_lanes(&in, n->in + i);
        if (relu) {
            const lanes out = in * scale + shift;
            zero_unless_positive(&gradient, &out);
        }
        // sums for the gradients of gain and bias
        gain += gradient * (in - centre);
        bias += gradient;
        // gradient by the input
        gradient *= scale;
        if (others) {
            lanes other;
            load_lanes(&other, n->others + i);
            gradient += other;
        }
        memcpy(n->out + i, &gradient, sizeof gradient);
    }
    sums[0] = gain;
    sums[1] = bias;
}

// Sums over images in double, then writes the gradients of gain and bias per channel.
IMP_DISPATCH_BODY imp_frozen_norm_backward_body(const imp_frozen_norm *n)
{
    for (size_t group = 0; group < n->groups; group++) {
        double gain[LANES] = {0.0}, bias[LANES] = {0.0};
        for (size_t image = 0; image < n->batch; image++) {
            lanes sums[2];
            const size_t at = (image * n->groups + group) * n->pixels * LANES;
            if (n->others != NULL)
                frozen_norm_group_backward(n, group, at, true, sums);
            else
                frozen_norm_group_backward(n, group, at, false, sums);
            for (int k = 0; k < LANES; k++) {
                gain[k] += (double)sums[0][k];
                bias[k] += (double)sums[1][k];
            }
        }
        // channels above n->channels are padding
        for (size_t k = 0; k < LANES && group * LANES + k < n->channels; k++) {
            const size_t c = group * LANES + k;
            n->gain_gradient[c] = (float)(gain[k] * (double)n->rate[c]);
            n->bias_gradient[c] = (float)bias[k];
        }
    }
}
IMP_DISPATCH_BY_CPU(extern, imp_frozen_norm_backward, (const imp_frozen_norm *n), (n))

enum {
    MATVEC_VECTORS = 4,  // maximum of a panel
    MATVEC_TOGETHER = 8, // samples for which a block of the matrix is used before the next is read
    MATVEC_COLUMNS = 96, // of a block, even: 24 KB of the widest panel stay in the cache
};

// Sums of even and of odd columns of one sample. Two independent chains of additions, so that one
// addition need not wait for the one before.
typedef struct matvec_sums {
    lanes of[2][MATVEC_VECTORS];
} matvec_sums;

// Adds columns [first, end) of a panel, each times its input. Panel layout: column-major, vectors *
// 16 floats per column.
IMP_ALWAYS_INLINE void matvec_add_columns(const float *panel, size_t vectors, size_t first,
                                          size_t end, const float *in, matvec_sums *total)
{
    const size_t width = vectors * LANES;
    matvec_sums sums = *total;
    size_t column = first;
    for (; column + 2 <= end; column += 2)
        for (size_t odd = 0; odd < 2; odd++)
            for (size_t v = 0; v < vectors; v++) {
                lanes weights;
                memcpy(&weights, panel + (column + odd) * width + v * LANES, sizeof weights);
                sums.of[odd][v] += weights * in[column + odd];
            }
    // an odd last column
    if (column < end)
        for (size_t v = 0; v < vectors; v++) {
            lanes weights;
            memcpy(&weights, panel + column * width + v * LANES, sizeof weights);
            sums.of[0][v] += weights * in[column];
        }
    *total = sums;
}

// Multiplies one panel with `count` samples from `sample` on. The sums of each sample are added in
// the order of the columns, whatever the number of samples.
IMP_ALWAYS_INLINE void matvec_panel(const imp_matvec *p, size_t panel, size_t vectors,
                                    size_t sample, size_t count)
{
    const size_t width = vectors * LANES;
    const float *matrix = p->panels + panel * width * ((p->columns + 15) / 16 * 16);
    // a single sample needs no blocks, because nothing is used twice
    const size_t block = count == 1 ? p->columns : MATVEC_COLUMNS;
    matvec_sums sums[MATVEC_TOGETHER];
    memset(sums, 0, count * sizeof *sums);
    for (size_t first = 0; first < p->columns; first += block) {
        const size_t end = first + block < p->columns ? first + block : p->columns;
        for (size_t s = 0; s < count; s++)
            matvec_add_columns(matrix, vectors, first, end, p->in + (sample + s) * p->columns,
                               &sums[s]);
    }
    // combine the chains, add the bias and apply the ReLU; rows above p->rows are padding
    for (size_t s = 0; s < count; s++)
        for (size_t k = 0; k < width && panel * width + k < p->rows; k++) {
            const size_t row = panel * width + k, v = k / LANES;
            const float sum =
                sums[s].of[0][v][k % LANES] + sums[s].of[1][v][k % LANES] + p->bias[row];
            p->out[(sample + s) * p->rows + row] = p->relu && !(sum > 0.0F) ? 0.0F : sum;
        }
}

// The number of vectors per panel is a constant in each branch, so that sums stay in registers.
IMP_DISPATCH_BODY imp_matvec_run_body(const imp_matvec *p)
{
    for (size_t sample = 0; sample < p->batch; sample += MATVEC_TOGETHER) {
        const size_t left = p->batch - sample;
        const size_t count = left < MATVEC_TOGETHER ? left : MATVEC_TOGETHER;
        for (size_t panel = 0; panel * p->width < p->rows; panel++)
            if (p->width == 64)
                matvec_panel(p, panel, 4, sample, count);
            else if (p->width == 32)
                matvec_panel(p, panel, 2, sample, count);
            else
                matvec_panel(p, panel, 1, sample, count);
    }
}
IMP_DISPATCH_BY_CPU(extern, imp_matvec_run, (const imp_matvec *p), (p))
