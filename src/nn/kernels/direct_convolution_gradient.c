// Under a max-pool most of what a convolution gave has no gradient: a fifth of the work is left
// when only the winners are looked at. A patch is what the kernel sees at one pixel: a vector, or
// more, for each of its rows, which neighbours above and below share.
#include "base/common/attributes.h"
#include "base/threads/cpu_features.h"
#include "nn/kernels/direct_convolution.h"

#include <string.h>

enum {
    VECTOR = 16,          // floats
    BAND = 2,             // rows of the pool whose patches stay in the nearest cache
    CHANNELS_AT_ONCE = 4, // channels
    KERNEL_MAX = 7,
};

// Vectors that hold a row of the kernel in one plane, and in all.
static size_t kernel_row_vectors_per_plane(const imp_direct_conv *d)
{
    return (d->kernel * d->block + VECTOR - 1) / VECTOR;
}

static size_t kernel_row_vectors(const imp_direct_conv *d)
{
    return d->planes * kernel_row_vectors_per_plane(d);
}

size_t imp_direct_conv_patch_floats(const imp_direct_conv *d)
{
    return ((d->rows - 1) * d->stride + d->kernel) * d->columns * VECTOR;
}

size_t imp_direct_conv_sum_count(const imp_direct_conv *d)
{
    return d->channels * kernel_row_vectors(d) * d->kernel * VECTOR;
}

// The last of a window's places must fit.
bool imp_direct_conv_grad_supported(const imp_direct_conv *d)
{
    const size_t kernel = d->kernel;
    return imp_direct_conv_supported(d->stride) && d->block == IMP_DIRECT_RGB_CHANNELS &&
           d->pool_kernel > 0 && (kernel == 3 || kernel == 5 || kernel == 7) &&
           imp_direct_conv_argmax_index(d, d->pool_kernel, 0) <= UINT16_MAX;
}

#if defined(__x86_64__)
#include <immintrin.h>

// Rows [first, end) of the patches of one picture's plane; in: from the vector's first value on.
IMP_AVX512 static void extract_patches(const imp_direct_conv *d, const float *in, size_t first,
                                       size_t end, float *patches)
{
    float *out = patches + first * d->columns * VECTOR;
    const size_t step = d->stride * d->block;
    for (size_t row = first; row < end; row++) {
        const float *at = in + row * imp_direct_conv_padded_row(d);
        for (size_t x = 0; x < d->columns; x++, at += step, out += VECTOR)
            _mm512_storeu_ps(out, _mm512_loadu_ps(at));
    }
}

// What the pool's rows [first, end) of one picture add to the sums of some channels of a block,
// `apart` floats from one to the next. gradient, places: from the first channel on.
IMP_ALWAYS_INLINE IMP_AVX512 void accumulate_channels(const imp_direct_conv *d, size_t kernel,
                                                      const float *patches, const float *gradient,
                                                      const uint16_t *argmax_indices, size_t first,
                                                      size_t end, float *sums, size_t apart)
{
    const size_t columns = imp_direct_conv_pooled_columns(d), row_size = d->columns * VECTOR;
    __m512 all[CHANNELS_AT_ONCE][KERNEL_MAX];
    for (size_t c = 0; c < CHANNELS_AT_ONCE; c++)
        for (size_t r = 0; r < kernel; r++)
            all[c][r] = _mm512_loadu_ps(sums + c * apart + r * VECTOR);
    for (size_t y = first; y < end; y++) {
        const float *at = patches + y * d->pool_stride * d->stride * row_size;
        for (size_t x = 0; x < columns; x++, at += d->pool_stride * VECTOR) {
            const size_t i = (y * columns + x) * VECTOR;
            for (size_t c = 0; c < CHANNELS_AT_ONCE; c++) {
                const __m512 output_gradient = _mm512_set1_ps(gradient[i + c]);
                const float *patch = at + (size_t)argmax_indices[i + c] * VECTOR;
                for (size_t r = 0; r < kernel; r++)
                    all[c][r] = _mm512_fmadd_ps(_mm512_loadu_ps(patch + r * row_size),
                                                output_gradient, all[c][r]);
            }
        }
    }
    for (size_t c = 0; c < CHANNELS_AT_ONCE; c++)
        for (size_t r = 0; r < kernel; r++)
            _mm512_storeu_ps(sums + c * apart + r * VECTOR, all[c][r]);
}

typedef void accumulate_function(const imp_direct_conv *d, const float *patches,
                                 const float *gradient, const uint16_t *argmax_indices,
                                 size_t first, size_t end, float *sums, size_t apart);

#define ACCUMULATE(kernel)                                                                         \
    IMP_AVX512 static void accumulate_##kernel(                                                    \
        const imp_direct_conv *d, const float *patches, const float *gradient,                     \
        const uint16_t *argmax_indices, size_t first, size_t end, float *sums, size_t apart)       \
    {                                                                                              \
        accumulate_channels(d, kernel, patches, gradient, argmax_indices, first, end, sums,        \
                            apart);                                                                \
    }
ACCUMULATE(3)
ACCUMULATE(5)
ACCUMULATE(7)
#undef ACCUMULATE

static void accumulate_pool_row_band(const imp_direct_conv_grad *g, size_t image, size_t vector,
                                     size_t first, size_t end)
{
    const imp_direct_conv *d = &g->forward;
    const size_t area = imp_direct_conv_pooled_rows(d) * imp_direct_conv_pooled_columns(d);
    const size_t apart = kernel_row_vectors(d) * d->kernel * VECTOR;
    accumulate_function *const accumulate = d->kernel == 3   ? accumulate_3
                                            : d->kernel == 5 ? accumulate_5
                                                             : accumulate_7;
    for (size_t c = 0; c < d->channels; c += CHANNELS_AT_ONCE) {
        const size_t at = (image * d->channels + c / VECTOR * VECTOR) * area + c % VECTOR;
        accumulate(d, g->patches, g->gradient + at, d->argmax_indices + at, first, end,
                   g->sums + c * apart + vector * d->kernel * VECTOR, apart);
    }
}

static void accumulate_image(const imp_direct_conv_grad *g, size_t image, size_t vector)
{
    const imp_direct_conv *d = &g->forward;
    const size_t rows = imp_direct_conv_pooled_rows(d), in_plane = kernel_row_vectors_per_plane(d);
    const float *in = d->padded +
                      (image * d->planes + vector / in_plane) * imp_direct_conv_padded_plane(d) +
                      vector % in_plane * VECTOR;
    size_t done = 0;
    for (size_t first = 0; first < rows; first += BAND) {
        const size_t end = first + BAND < rows ? first + BAND : rows;
        const size_t needed =
            ((end - 1) * d->pool_stride + d->pool_kernel - 1) * d->stride + d->kernel;
        extract_patches(d, in, done, needed, g->patches);
        done = needed;
        accumulate_pool_row_band(g, image, vector, first, end);
    }
}

IMP_AVX512 static void accumulate_bias_gradient(const imp_direct_conv_grad *g)
{
    const imp_direct_conv *d = &g->forward;
    const size_t area = imp_direct_conv_pooled_rows(d) * imp_direct_conv_pooled_columns(d);
    for (size_t c = 0; c < d->channels; c += VECTOR) {
        __m512 all = _mm512_setzero_ps();
        for (size_t image = 0; image < d->batch; image++) {
            __m512 sum = _mm512_setzero_ps();
            const float *at = g->gradient + (image * d->channels + c) * area;
            for (size_t i = 0; i < area; i++)
                sum = _mm512_add_ps(sum, _mm512_loadu_ps(at + i * VECTOR));
            all = _mm512_add_ps(all, sum);
        }
        _mm512_storeu_ps(g->bias + c, all);
    }
}

// From sums to the weights' own order.
static void reorder_weight_gradient(const imp_direct_conv_grad *g)
{
    const imp_direct_conv *d = &g->forward;
    const size_t kernel = d->kernel, in_plane = kernel_row_vectors_per_plane(d);
    float *out = g->weight;
    for (size_t c = 0; c < d->channels; c++)
        for (size_t i = 0; i < d->planes * d->block; i++)
            for (size_t row = 0; row < kernel; row++)
                for (size_t column = 0; column < kernel; column++) {
                    const size_t lane = column * d->block + i % d->block;
                    const size_t v = i / d->block * in_plane + lane / VECTOR;
                    *out++ = g->sums[((c * kernel_row_vectors(d) + v) * kernel + row) * VECTOR +
                                     lane % VECTOR];
                }
}

void imp_direct_conv_backward(const imp_direct_conv_grad *g)
{
    const imp_direct_conv *d = &g->forward;
    memset(g->sums, 0, imp_direct_conv_sum_count(d) * sizeof *g->sums);
    for (size_t image = 0; image < d->batch; image++)
        for (size_t vector = 0; vector < kernel_row_vectors(d); vector++)
            accumulate_image(g, image, vector);
    accumulate_bias_gradient(g);
    reorder_weight_gradient(g);
}
#else

void imp_direct_conv_backward(const imp_direct_conv_grad *g)
{
    (void)g;
}
#endif
