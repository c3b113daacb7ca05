// Dense layers in training with AVX-512, directly on row-major weights.
// The plain version is three loops: out[s][r] = bias[r] + sum over i of in[s][i] * weight[r][i],
// and its two gradients.
// Each is cut into tiles whose sums fit into the 32 vector registers. Tile sizes are compile-time
// constants, so the compiler unrolls the loops and keeps the sums in registers.
// Rows that do not end at a whole vector are read and written through lane masks, so no array needs
// padding.
#include "nn/kernels/dense_layer.h"

#include "base/common/attributes.h"
#include "base/threads/cpu_features.h"

#if defined(__x86_64__)
#include <immintrin.h>

enum { VECTOR = 16, ROWS = 8, VECTORS = 3, SIDE = 4 }; // tiles that fit into the registers

bool imp_dense_supported(void)
{
    return imp_cpu_has_avx512();
}

// Mask of those lanes of a vector beginning at `at` that lie within a row of inputs.
IMP_ALWAYS_INLINE IMP_AVX512 __mmask16 valid_lane_mask(const imp_dense *d, size_t at)
{
    const size_t left = d->inputs - at;
    return left >= VECTOR ? (__mmask16)0xffff : (__mmask16)((1U << left) - 1U);
}

// Adds the contribution of one vector of inputs to a tile's sums; `in` and `weight` point to it.
// sums[r][s] holds 16 partial sums of row r and sample s.
IMP_ALWAYS_INLINE IMP_AVX512 void accumulate_forward_step(const imp_dense *d, size_t rows,
                                                          size_t samples, const float *in,
                                                          const float *weight, __mmask16 lanes,
                                                          __m512 sums[SIDE][SIDE])
{
    // load the vector of each sample once; every row uses them
    __m512 values[SIDE];
    for (size_t s = 0; s < samples; s++)
        values[s] = _mm512_maskz_loadu_ps(lanes, in + s * d->inputs);
    for (size_t r = 0; r < rows; r++) {
        const __m512 w = _mm512_maskz_loadu_ps(lanes, weight + r * d->inputs);
        for (size_t s = 0; s < samples; s++)
            sums[r][s] = _mm512_fmadd_ps(values[s], w, sums[r][s]);
    }
}

// Computes a tile of `rows` outputs for `samples` samples. Both are constants at the call, so that
// sums stay in registers.
IMP_ALWAYS_INLINE IMP_AVX512 void forward_tile(const imp_dense *d, size_t row, size_t rows,
                                               size_t sample, size_t samples)
{
    // one vector of partial sums per output and sample
    __m512 sums[SIDE][SIDE];
    const float *weight = d->weight + row * d->inputs, *in = d->in + sample * d->inputs;
    for (size_t r = 0; r < rows; r++)
        for (size_t s = 0; s < samples; s++)
            sums[r][s] = _mm512_setzero_ps();
    // whole vectors first, then the rest of the row under a mask
    size_t i = 0;
    for (; i + VECTOR <= d->inputs; i += VECTOR)
        accumulate_forward_step(d, rows, samples, in + i, weight + i, 0xffff, sums);
    if (i < d->inputs)
        accumulate_forward_step(d, rows, samples, in + i, weight + i, valid_lane_mask(d, i), sums);
    // The sums go through memory before they are reduced; reducing them in registers would make the
    // compiler spill them in the loop above.
    float lanes[SIDE][SIDE][VECTOR];
    for (size_t r = 0; r < rows; r++)
        for (size_t s = 0; s < samples; s++)
            _mm512_storeu_ps(lanes[r][s], sums[r][s]);
    // add the 16 lanes and the bias, then apply the ReLU
    for (size_t r = 0; r < rows; r++)
        for (size_t s = 0; s < samples; s++) {
            const float sum = _mm512_reduce_add_ps(_mm512_loadu_ps(lanes[r][s])) + d->bias[row + r];
            d->out[(sample + s) * d->outputs + row + r] = d->relu && !(sum > 0.0F) ? 0.0F : sum;
        }
}

// All samples of some rows: four samples at a time, then the rest one by one.
IMP_ALWAYS_INLINE IMP_AVX512 void forward_rows(const imp_dense *d, size_t row, size_t rows)
{
    size_t sample = 0;
    for (; sample + SIDE <= d->batch; sample += SIDE)
        forward_tile(d, row, rows, sample, SIDE);
    for (; sample < d->batch; sample++)
        forward_tile(d, row, rows, sample, 1);
}

// Four output rows at a time, so that each input vector that is loaded is used four times.
IMP_AVX512 void imp_dense_forward(const imp_dense *d)
{
    size_t row = 0;
    for (; row + SIDE <= d->outputs; row += SIDE)
        forward_rows(d, row, SIDE);
    for (; row < d->outputs; row++)
        forward_rows(d, row, 1);
}

// A matrix product, out[r][i] = sum over k of left(r, k) * right[k][i], with out and right
// row-major in d->inputs columns. Both gradients have this form; `left` is the output gradient or
// its transpose, selected by the two strides.
typedef struct matmul {
    const float *left, *right;
    float *out;
    size_t left_row, left_step; // strides of left [floats] along r and k
    size_t rows, depth;         // range of r, range of k
} matmul;

// Computes `rows` rows and `vectors` vectors of out, from row `row` and column `i` on.
IMP_ALWAYS_INLINE IMP_AVX512 void matmul_tile(const imp_dense *d, const matmul *p, size_t row,
                                              size_t rows, size_t i, size_t vectors)
{
    __m512 sums[ROWS][VECTORS];
    __mmask16 lanes[VECTORS];
    const float *left = p->left + row * p->left_row;
    // the last vector of a row may be partial
    for (size_t v = 0; v < vectors; v++)
        lanes[v] = valid_lane_mask(d, i + v * VECTOR);
    for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < vectors; v++)
            sums[r][v] = _mm512_setzero_ps();
    // for each k: load a piece of a row of right, and add it to every row of the tile, scaled by
    // left
    for (size_t k = 0; k < p->depth; k++) {
        __m512 values[VECTORS];
        for (size_t v = 0; v < vectors; v++)
            values[v] = _mm512_maskz_loadu_ps(lanes[v], p->right + k * d->inputs + i + v * VECTOR);
        for (size_t r = 0; r < rows; r++) {
            const __m512 factor = _mm512_set1_ps(left[r * p->left_row + k * p->left_step]);
            for (size_t v = 0; v < vectors; v++)
                sums[r][v] = _mm512_fmadd_ps(factor, values[v], sums[r][v]);
        }
    }
    // every value of out is written once
    for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < vectors; v++)
            _mm512_mask_storeu_ps(p->out + (row + r) * d->inputs + i + v * VECTOR, lanes[v],
                                  sums[r][v]);
}

// All rows of some columns. The columns of right that are read stay in the cache.
IMP_ALWAYS_INLINE IMP_AVX512 void matmul_column_block(const imp_dense *d, const matmul *p, size_t i,
                                                      size_t vectors)
{
    size_t row = 0;
    for (; row + ROWS <= p->rows; row += ROWS)
        matmul_tile(d, p, row, ROWS, i, vectors);
    for (; row < p->rows; row++)
        matmul_tile(d, p, row, 1, i, vectors);
}

// All columns: three vectors at a time, then single vectors.
IMP_AVX512 static void run_matmul(const imp_dense *d, const matmul *p)
{
    size_t i = 0;
    for (; i + (VECTORS - 1) * VECTOR < d->inputs; i += VECTORS * VECTOR)
        matmul_column_block(d, p, i, VECTORS);
    for (; i < d->inputs; i += VECTOR)
        matmul_column_block(d, p, i, 1);
}

// in_gradient (batch x inputs) = gradient (batch x outputs) * weight (outputs x inputs)
void imp_dense_backward_data(const imp_dense *d)
{
    const matmul p = {.left = d->gradient,
                      .left_row = d->outputs,
                      .left_step = 1,
                      .rows = d->batch,
                      .right = d->weight,
                      .depth = d->outputs,
                      .out = d->in_gradient};
    run_matmul(d, &p);
}

// weight_gradient (outputs x inputs) = transposed gradient * in (batch x inputs); the bias gradient
// is the sum over samples.
void imp_dense_backward_weights(const imp_dense *d)
{
    const matmul p = {.left = d->gradient,
                      .left_row = 1,
                      .left_step = d->outputs,
                      .rows = d->outputs,
                      .right = d->in,
                      .depth = d->batch,
                      .out = d->weight_gradient};
    run_matmul(d, &p);
    for (size_t k = 0; k < d->outputs; k++) {
        float sum = 0.0F;
        for (size_t sample = 0; sample < d->batch; sample++)
            sum += d->gradient[sample * d->outputs + k];
        d->bias_gradient[k] = sum;
    }
}
#else

bool imp_dense_supported(void)
{
    return false;
}

void imp_dense_forward(const imp_dense *d)
{
    (void)d;
}

void imp_dense_backward_data(const imp_dense *d)
{
    (void)d;
}

void imp_dense_backward_weights(const imp_dense *d)
{
    (void)d;
}
#endif
