// Weight gradient of a convolution over RGB images under a max-pool, with AVX-512.
// Plain version: weight_gradient[c][i][r][s] = sum over images and pixels (y, x) of
// gradient[c][y][x] * padded_in[i][y * stride + r][x * stride + s].
// Below the pool the gradient is nonzero only at each window's maximum, so only those pixels are
// visited: about a fifth of the work.
// A patch row is the vector of input values that one kernel row sees at one pixel (kernel * 3
// values, one or more vectors of 16). Patches are copied so that each is one aligned load, and
// pixels above each other share them.
#include "base/common/attributes.h"
#include "base/threads/cpu_features.h"
#include "nn/kernels/direct_convolution.h"

#include <string.h>

enum {
    VECTOR = 16,          // floats
    BAND = 2,             // pool rows handled together; their patches stay in the first-level cache
    CHANNELS_AT_ONCE = 4, // channels whose sums share the registers
    KERNEL_MAX = 7,
};

// Number of vectors that hold one kernel row of one plane, and of all planes.
static size_t kernel_row_vectors_per_plane(const imp_direct_conv *d)
{
    return (d->kernel * d->block + VECTOR - 1) / VECTOR;
}

static size_t kernel_row_vectors(const imp_direct_conv *d)
{
    return d->planes * kernel_row_vectors_per_plane(d);
}

// Patches of one vector for all convolution pixels: one vector per kernel-row position and column.
size_t imp_direct_conv_patch_floats(const imp_direct_conv *d)
{
    return ((d->rows - 1) * d->stride + d->kernel) * d->columns * VECTOR;
}

// Sums: (channels x row vectors x kernel rows x 16).
size_t imp_direct_conv_sum_count(const imp_direct_conv *d)
{
    return d->channels * kernel_row_vectors(d) * d->kernel * VECTOR;
}

// The argmax indices are 16 bits; the largest of a window must fit.
bool imp_direct_conv_grad_supported(const imp_direct_conv *d)
{
    const size_t kernel = d->kernel;
    return imp_direct_conv_supported(d->stride) && d->block == IMP_DIRECT_RGB_CHANNELS &&
           d->pool_kernel > 0 && (kernel == 3 || kernel == 5 || kernel == 7) &&
           imp_direct_conv_argmax_index(d, d->pool_kernel, 0) <= UINT16_MAX;
}

#if defined(__x86_64__)
#include <immintrin.h>

// Copies patch rows [first, end) of one plane of one image. `in` points to the first value of the
// current vector.
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

// Adds the contribution of pool rows [first, end) of one image to the sums of four channels, which
// are `apart` floats from one another. gradient and argmax_indices point to the first channel.
IMP_ALWAYS_INLINE IMP_AVX512 void accumulate_channels(const imp_direct_conv *d, size_t kernel,
                                                      const float *patches, const float *gradient,
                                                      const uint16_t *argmax_indices, size_t first,
                                                      size_t end, float *sums, size_t apart)
{
    const size_t columns = imp_direct_conv_pooled_columns(d), row_size = d->columns * VECTOR;
    // all[c][r]: sums of channel c and kernel row r, 4 x 7 registers at most
    __m512 all[CHANNELS_AT_ONCE][KERNEL_MAX];
    for (size_t c = 0; c < CHANNELS_AT_ONCE; c++)
        for (size_t r = 0; r < kernel; r++)
            all[c][r] = _mm512_loadu_ps(sums + c * apart + r * VECTOR);
    // for each pooled pixel: take each channel's winner and add its patch, scaled by the gradient
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
    // store the sums for the next band
    for (size_t c = 0; c < CHANNELS_AT_ONCE; c++)
        for (size_t r = 0; r < kernel; r++)
            _mm512_storeu_ps(sums + c * apart + r * VECTOR, all[c][r]);
}

// One function per kernel size, so that the loops over kernel rows unroll.
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

// Adds a band of pool rows for all channels.
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
        // offset of channel c in arrays of 16-channel blocks
        const size_t at = (image * d->channels + c / VECTOR * VECTOR) * area + c % VECTOR;
        accumulate(d, g->patches, g->gradient + at, d->argmax_indices + at, first, end,
                   g->sums + c * apart + vector * d->kernel * VECTOR, apart);
    }
}

// Adds one image for one vector of the kernel rows. Works in bands, so that patches are used while
// they are in the cache.
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
        // the last patch row that this band's windows reach, plus one
        const size_t needed =
            ((end - 1) * d->pool_stride + d->pool_kernel - 1) * d->stride + d->kernel;
        extract_patches(d, in, done, needed, g->patches);
        done = needed;
        accumulate_pool_row_band(g, image, vector, first, end);
    }
}

// Bias gradient: the sum over images and pooled pixels. Sums per image first, which keeps rounding
// errors small.
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

// Reorders the sums, which have vectors of 16 lanes, to the layout of the weights.
static void reorder_weight_gradient(const imp_direct_conv_grad *g)
{
    const imp_direct_conv *d = &g->forward;
    const size_t kernel = d->kernel, in_plane = kernel_row_vectors_per_plane(d);
    float *out = g->weight;
    for (size_t c = 0; c < d->channels; c++)
        for (size_t i = 0; i < d->planes * d->block; i++)
            for (size_t row = 0; row < kernel; row++)
                for (size_t column = 0; column < kernel; column++) {
                    // lane: position within a kernel row of interleaved channels
                    const size_t lane = column * d->block + i % d->block;
                    const size_t v = i / d->block * in_plane + lane / VECTOR;
                    *out++ = g->sums[((c * kernel_row_vectors(d) + v) * kernel + row) * VECTOR +
                                     lane % VECTOR];
                }
}

// The sums start at zero in every backward pass.
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
