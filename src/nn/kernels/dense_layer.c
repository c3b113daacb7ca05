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

// Those lanes of a vector that begins at `at` which are inputs.
IMP_ALWAYS_INLINE IMP_AVX512 __mmask16 valid_lane_mask(const imp_dense *d, size_t at)
{
    const size_t left = d->inputs - at;
    return left >= VECTOR ? (__mmask16)0xffff : (__mmask16)((1U << left) - 1U);
}

// What one vector of inputs adds. in, weight: from it on.
IMP_ALWAYS_INLINE IMP_AVX512 void forward_step(const imp_dense *d, size_t rows, size_t samples,
                                               const float *in, const float *weight,
                                               __mmask16 lanes, __m512 sums[SIDE][SIDE])
{
    __m512 values[SIDE];
    for (size_t s = 0; s < samples; s++)
        values[s] = _mm512_maskz_loadu_ps(lanes, in + s * d->inputs);
    for (size_t r = 0; r < rows; r++) {
        const __m512 w = _mm512_maskz_loadu_ps(lanes, weight + r * d->inputs);
        for (size_t s = 0; s < samples; s++)
            sums[r][s] = _mm512_fmadd_ps(values[s], w, sums[r][s]);
    }
}

// `rows` outputs of `samples` samples: both are constants, so that sums stay in registers.
IMP_ALWAYS_INLINE IMP_AVX512 void forward_tile(const imp_dense *d, size_t row, size_t rows,
                                               size_t sample, size_t samples)
{
    __m512 sums[SIDE][SIDE];
    const float *weight = d->weight + row * d->inputs, *in = d->in + sample * d->inputs;
    for (size_t r = 0; r < rows; r++)
        for (size_t s = 0; s < samples; s++)
            sums[r][s] = _mm512_setzero_ps();
    size_t i = 0;
    for (; i + VECTOR <= d->inputs; i += VECTOR)
        forward_step(d, rows, samples, in + i, weight + i, 0xffff, sums);
    if (i < d->inputs)
        forward_step(d, rows, samples, in + i, weight + i, valid_lane_mask(d, i), sums);
    // what is stored in two steps stays in registers before
    float lanes[SIDE][SIDE][VECTOR];
    for (size_t r = 0; r < rows; r++)
        for (size_t s = 0; s < samples; s++)
            _mm512_storeu_ps(lanes[r][s], sums[r][s]);
    for (size_t r = 0; r < rows; r++)
        for (size_t s = 0; s < samples; s++) {
            const float sum = _mm512_reduce_add_ps(_mm512_loadu_ps(lanes[r][s])) + d->bias[row + r];
            d->out[(sample + s) * d->outputs + row + r] = d->relu && !(sum > 0.0F) ? 0.0F : sum;
        }
}

IMP_ALWAYS_INLINE IMP_AVX512 void forward_rows(const imp_dense *d, size_t row, size_t rows)
{
    size_t sample = 0;
    for (; sample + SIDE <= d->batch; sample += SIDE)
        forward_tile(d, row, rows, sample, SIDE);
    for (; sample < d->batch; sample++)
        forward_tile(d, row, rows, sample, 1);
}

IMP_AVX512 void imp_dense_forward(const imp_dense *d)
{
    size_t row = 0;
    for (; row + SIDE <= d->outputs; row += SIDE)
        forward_rows(d, row, SIDE);
    for (; row < d->outputs; row++)
        forward_rows(d, row, 1);
}

// out[r][i] = sum over k of left(r, k) * right[k][i] for `rows` rows and `vectors` vectors from
// column i on: what both gradients are.
typedef struct matmul {
    const float *left, *right;
    float *out;
    size_t left_row, left_step; // floats from one r and k to the next
    size_t rows, depth;         // r, k
} matmul;

IMP_ALWAYS_INLINE IMP_AVX512 void matmul_tile(const imp_dense *d, const matmul *p, size_t row,
                                              size_t rows, size_t i, size_t vectors)
{
    __m512 sums[ROWS][VECTORS];
    __mmask16 lanes[VECTORS];
    const float *left = p->left + row * p->left_row;
    for (size_t v = 0; v < vectors; v++)
        lanes[v] = valid_lane_mask(d, i + v * VECTOR);
    for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < vectors; v++)
            sums[r][v] = _mm512_setzero_ps();
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
    for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < vectors; v++)
            _mm512_mask_storeu_ps(p->out + (row + r) * d->inputs + i + v * VECTOR, lanes[v],
                                  sums[r][v]);
}

IMP_ALWAYS_INLINE IMP_AVX512 void matmul_column_block(const imp_dense *d, const matmul *p, size_t i,
                                                      size_t vectors)
{
    size_t row = 0;
    for (; row + ROWS <= p->rows; row += ROWS)
        matmul_tile(d, p, row, ROWS, i, vectors);
    for (; row < p->rows; row++)
        matmul_tile(d, p, row, 1, i, vectors);
}

IMP_AVX512 static void run_matmul(const imp_dense *d, const matmul *p)
{
    size_t i = 0;
    for (; i + (VECTORS - 1) * VECTOR < d->inputs; i += VECTORS * VECTOR)
        matmul_column_block(d, p, i, VECTORS);
    for (; i < d->inputs; i += VECTOR)
        matmul_column_block(d, p, i, 1);
}

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
