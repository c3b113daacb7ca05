// Under a max-pool most of what a convolution gave has no gradient: a fifth of the work is left
// when only the winners are looked at. A patch is what the kernel sees at one pixel; it is kept as
// vectors, one per row of the kernel, that neighbours above and below share.
#include "nn/clones.h"
#include "nn/direct.h"

#include <string.h>

enum { VECTOR = 16, BAND = 2 }; // floats; rows of the pool whose patches stay in the nearest cache

// Planes whose rows of a patch fit into one vector together, and such vectors.
static size_t planes_in_vector(const imp_direct *d)
{
    return VECTOR / d->kernel;
}

static size_t vectors(const imp_direct *d)
{
    return (d->planes + planes_in_vector(d) - 1) / planes_in_vector(d);
}

static size_t picture_rows(const imp_direct *d)
{
    return (d->rows - 1) * d->stride + d->kernel;
}

size_t imp_direct_patches(const imp_direct *d)
{
    return picture_rows(d) * d->columns * VECTOR;
}

size_t imp_direct_sums(const imp_direct *d)
{
    return d->channels * vectors(d) * d->kernel * VECTOR;
}

bool imp_direct_gradient_possible(const imp_direct *d)
{
    const size_t furthest = d->pool_kernel * (d->stride * d->columns + 1);
    return imp_direct_possible(d->stride) && d->block == 1 && d->pool_kernel > 0 &&
           furthest <= UINT16_MAX && (d->kernel == 3 || d->kernel == 5 || d->kernel == 7);
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define INLINE static inline __attribute__((always_inline)) AVX512

// Rows [first, end) of a picture's patches, of planes from `plane` on.
AVX512 static void cut_patches(const imp_direct *d, const float *picture, size_t plane,
                               size_t first, size_t end, float *patches)
{
    const size_t row_size = imp_direct_padded_row(d), plane_size = imp_direct_padded_plane(d);
    const size_t left = d->planes - plane, most = planes_in_vector(d);
    const size_t count = left < most ? left : most;
    for (size_t row = first; row < end; row++) {
        const float *in = picture + plane * plane_size + row * row_size;
        float *out = patches + row * d->columns * VECTOR;
        for (size_t x = 0; x < d->columns; x++, in += d->stride, out += VECTOR) {
            __mmask16 lanes = (__mmask16)((1U << d->kernel) - 1U);
            __m512 patch = _mm512_maskz_loadu_ps(lanes, in);
            for (size_t k = 1; k < count; k++) {
                lanes = (__mmask16)(lanes << d->kernel);
                patch = _mm512_mask_loadu_ps(patch, lanes, in + k * (plane_size - d->kernel));
            }
            _mm512_storeu_ps(out, patch);
        }
    }
}

// What the pool's rows [first, end) of one picture add to the sums of two channels, the first being
// number `lane` of its block. gradient, places: of the block.
INLINE void add_pair(const imp_direct *d, size_t kernel, const float *patches,
                     const float *gradient, const uint16_t *places, size_t first, size_t end,
                     float *sums, size_t apart)
{
    const size_t columns = imp_direct_pooled_columns(d), row_size = d->columns * VECTOR;
    __m512 one[7], two[7];
    for (size_t r = 0; r < kernel; r++) {
        one[r] = _mm512_loadu_ps(sums + r * VECTOR);
        two[r] = _mm512_loadu_ps(sums + apart + r * VECTOR);
    }
    for (size_t y = first; y < end; y++) {
        const float *at = patches + y * d->pool_stride * d->stride * row_size;
        const size_t row = y * columns * VECTOR;
        for (size_t x = 0; x < columns; x++, at += d->pool_stride * VECTOR) {
            const size_t i = row + x * VECTOR;
            const __m512 slope1 = _mm512_set1_ps(gradient[i]),
                         slope2 = _mm512_set1_ps(gradient[i + 1]);
            const float *patch1 = at + (size_t)places[i] * VECTOR,
                        *patch2 = at + (size_t)places[i + 1] * VECTOR;
            for (size_t r = 0; r < kernel; r++) {
                one[r] = _mm512_fmadd_ps(_mm512_loadu_ps(patch1 + r * row_size), slope1, one[r]);
                two[r] = _mm512_fmadd_ps(_mm512_loadu_ps(patch2 + r * row_size), slope2, two[r]);
            }
        }
    }
    for (size_t r = 0; r < kernel; r++) {
        _mm512_storeu_ps(sums + r * VECTOR, one[r]);
        _mm512_storeu_ps(sums + apart + r * VECTOR, two[r]);
    }
}

#define ADD_PAIR(kernel)                                                                           \
    AVX512 static void add_pair_##kernel(const imp_direct *d, const float *patches,                \
                                         const float *gradient, const uint16_t *places,            \
                                         size_t first, size_t end, float *sums, size_t apart)      \
    {                                                                                              \
        add_pair(d, kernel, patches, gradient, places, first, end, sums, apart);                   \
    }
ADD_PAIR(3)
ADD_PAIR(5)
ADD_PAIR(7)
#undef ADD_PAIR

static void add_band(const imp_direct_gradient *g, size_t picture, size_t vector, size_t first,
                     size_t end)
{
    const imp_direct *d = &g->forward;
    const size_t area = imp_direct_pooled_rows(d) * imp_direct_pooled_columns(d);
    const size_t apart = vectors(d) * d->kernel * VECTOR;
    for (size_t c = 0; c < d->channels; c += 2) {
        const size_t at = (picture * d->channels + c / VECTOR * VECTOR) * area + c % VECTOR;
        float *sums = g->sums + c * apart + vector * d->kernel * VECTOR;
        const float *gradient = g->gradient + at;
        const uint16_t *places = d->places + at;
        if (d->kernel == 3)
            add_pair_3(d, g->patches, gradient, places, first, end, sums, apart);
        else if (d->kernel == 5)
            add_pair_5(d, g->patches, gradient, places, first, end, sums, apart);
        else
            add_pair_7(d, g->patches, gradient, places, first, end, sums, apart);
    }
}

static void add_picture(const imp_direct_gradient *g, size_t picture, size_t vector)
{
    const imp_direct *d = &g->forward;
    const size_t rows = imp_direct_pooled_rows(d);
    const float *in = d->padded + picture * d->planes * imp_direct_padded_plane(d);
    size_t done = 0;
    for (size_t first = 0; first < rows; first += BAND) {
        const size_t end = first + BAND < rows ? first + BAND : rows;
        const size_t needed =
            ((end - 1) * d->pool_stride + d->pool_kernel - 1) * d->stride + d->kernel;
        cut_patches(d, in, vector * planes_in_vector(d), done, needed, g->patches);
        done = needed;
        add_band(g, picture, vector, first, end);
    }
}

AVX512 static void add_biases(const imp_direct_gradient *g)
{
    const imp_direct *d = &g->forward;
    const size_t area = imp_direct_pooled_rows(d) * imp_direct_pooled_columns(d);
    for (size_t c = 0; c < d->channels; c += VECTOR) {
        __m512 all = _mm512_setzero_ps();
        for (size_t picture = 0; picture < d->batch; picture++) {
            __m512 sum = _mm512_setzero_ps();
            const float *at = g->gradient + (picture * d->channels + c) * area;
            for (size_t i = 0; i < area; i++)
                sum = _mm512_add_ps(sum, _mm512_loadu_ps(at + i * VECTOR));
            all = _mm512_add_ps(all, sum);
        }
        _mm512_storeu_ps(g->bias + c, all);
    }
}

void imp_direct_gradient_run(const imp_direct_gradient *g)
{
    const imp_direct *d = &g->forward;
    const size_t most = planes_in_vector(d), row = d->kernel;
    memset(g->sums, 0, imp_direct_sums(d) * sizeof *g->sums);
    for (size_t picture = 0; picture < d->batch; picture++)
        for (size_t vector = 0; vector < vectors(d); vector++)
            add_picture(g, picture, vector);
    add_biases(g);
    float *out = g->weight;
    for (size_t c = 0; c < d->channels; c++)
        for (size_t plane = 0; plane < d->planes; plane++)
            for (size_t r = 0; r < row; r++, out += row)
                memcpy(out,
                       g->sums + ((c * vectors(d) + plane / most) * row + r) * VECTOR +
                           plane % most * row,
                       row * sizeof *out);
}
#else

void imp_direct_gradient_run(const imp_direct_gradient *g)
{
    (void)g;
}
#endif
