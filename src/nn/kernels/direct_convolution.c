// Direct convolution of single images with AVX-512, with the max-pool that follows computed on the
// fly.
// Plain version: out[c][y][x] = bias[c] + sum over i, r, s of weight[c][i][r][s] * padded_in[i][y *
// stride + r][x * stride + s], then ReLU, then the maximum over each pool window.
// A tile is up to 13 pixels of one output row times 32 channels (two vectors): 26 sums, which fit
// into the 32 vector registers.
// With a pool, rows of the convolution go to a ring of pool_kernel rows and never leave the
// first-level cache.
#include "nn/kernels/direct_convolution.h"

#include "base/common/attributes.h"
#include "base/threads/cpu_features.h"

#include <math.h>

// Number of packed weights; packing only reorders them.
size_t imp_direct_conv_weight_count(const imp_direct_conv *d)
{
    return d->channels * d->planes * d->block * d->kernel * d->kernel;
}

// Blocked inputs are padded one image at a time. RGB inputs are padded by the caller, for the whole
// batch, because the gradient reads them again. The extra block allows reads of whole vectors at
// the end.
size_t imp_direct_conv_padded_count(const imp_direct_conv *d)
{
    const size_t images = d->block == IMP_DIRECT_BLOCK ? 1 : d->batch;
    return images * d->planes * imp_direct_conv_padded_plane(d) + IMP_DIRECT_BLOCK;
}

// Ring buffer of convolution rows for the pool: pool_kernel rows of 32 channels.
size_t imp_direct_conv_window_count(const imp_direct_conv *d)
{
    return d->pool_kernel * d->columns * IMP_DIRECT_GROUP;
}

// One argmax index per pooled value.
size_t imp_direct_conv_argmax_count(const imp_direct_conv *d)
{
    return d->batch * d->channels * imp_direct_conv_pooled_rows(d) *
           imp_direct_conv_pooled_columns(d);
}

// Packs weights in the order in which tiles use them: group of 32 channels, plane, kernel row,
// channel of the plane's block, kernel column, and last the group's channels side by side.
void imp_direct_conv_pack_weights(const imp_direct_conv *d)
{
    const size_t area = d->kernel * d->kernel, inputs = d->planes * d->block;
    float *out = d->weights;
    // this loop order is the layout
    for (size_t group = 0; group < d->channels; group += IMP_DIRECT_GROUP)
        for (size_t plane = 0; plane < d->planes; plane++)
            for (size_t row = 0; row < d->kernel; row++)
                for (size_t k = 0; k < d->block; k++)
                    for (size_t column = 0; column < d->kernel; column++)
                        for (size_t c = group; c < group + IMP_DIRECT_GROUP; c++)
                            *out++ =
                                d->unpacked_weights[(c * inputs + plane * d->block + k) * area +
                                                    row * d->kernel + column];
}

#if defined(__x86_64__)
#include <immintrin.h>

enum { TILE_PIXELS_MAX = 13 };

bool imp_direct_conv_supported(size_t stride)
{
    return stride <= 2 && imp_cpu_has_avx512();
}

// The kernel rows [first, end) that a tile uses.
typedef struct tap_rows {
    size_t first, end;
} tap_rows;

// Computes `count` pixels of one row for a group of 32 channels. The input has blocks of `block`
// channels, the convolution has stride `stride`; all three are constants at the call, so that sums
// stay in registers and addresses are immediate. The first 16 channels go to `out`, the others to
// out + apart. taps: the kernel rows that do not lie in the padding.
IMP_ALWAYS_INLINE IMP_AVX512 void convolve_tile(const imp_direct_conv *d, size_t count,
                                                size_t block, size_t stride, tap_rows taps,
                                                const float *weights, const float *in,
                                                const float *bias, float *out, size_t apart)
{
    __m512 low[TILE_PIXELS_MAX], high[TILE_PIXELS_MAX];
    const size_t row_size = imp_direct_conv_padded_row(d), plane = imp_direct_conv_padded_plane(d);
    const size_t planes = d->planes, kernel = d->kernel;
    // Without this, gcc also keeps the sums in memory for the case that no loop runs.
    if (planes == 0 || kernel == 0 || taps.first >= taps.end)
        __builtin_unreachable();
    // each sum starts with the bias
    for (size_t i = 0; i < count; i++) {
        low[i] = _mm512_loadu_ps(bias);
        high[i] = _mm512_loadu_ps(bias + IMP_DIRECT_BLOCK);
    }
    // walk the kernel in the order of the packed weights, without the rows outside of `taps`; every
    // weight vector is used for all pixels
    const size_t row_weights = block * kernel * IMP_DIRECT_GROUP;
    weights += taps.first * row_weights;
    for (size_t p = 0; p < planes; p++, weights += (kernel - taps.end + taps.first) * row_weights)
        for (size_t row = taps.first; row < taps.end; row++)
            for (size_t k = 0; k < block; k++) {
                const float *at = in + p * plane + row * row_size + k;
                for (size_t column = 0; column < kernel; column++, at += block) {
                    const __m512 w0 = _mm512_loadu_ps(weights),
                                 w1 = _mm512_loadu_ps(weights + IMP_DIRECT_BLOCK);
                    weights += IMP_DIRECT_GROUP;
                    // Hides that neighbouring columns read overlapping pixels: gcc would keep those
                    // pixels and run out of registers.
                    __asm__("" : "+r"(at));
                    for (size_t i = 0; i < count; i++) {
                        const __m512 value = _mm512_set1_ps(at[i * stride * block]);
                        low[i] = _mm512_fmadd_ps(value, w0, low[i]);
                        high[i] = _mm512_fmadd_ps(value, w1, high[i]);
                    }
                }
            }
    // the ReLU is a maximum with 0; without one, with minus infinity
    const __m512 lower_bound = _mm512_set1_ps(d->relu ? 0.0F : -INFINITY);
    for (size_t i = 0; i < count; i++) {
        _mm512_storeu_ps(out + i * IMP_DIRECT_BLOCK, _mm512_max_ps(lower_bound, low[i]));
        _mm512_storeu_ps(out + i * IMP_DIRECT_BLOCK + apart, _mm512_max_ps(lower_bound, high[i]));
    }
}

// All combinations of tile width, channel block and stride are compiled, because each needs its own
// constants.
typedef void tile_function(const imp_direct_conv *d, tap_rows taps, const float *weights,
                           const float *in, const float *bias, float *out, size_t apart);

#define TILE(count, block, stride)                                                                 \
    IMP_AVX512 static void tile_##count##_##block##_##stride(                                      \
        const imp_direct_conv *d, tap_rows taps, const float *weights, const float *in,            \
        const float *bias, float *out, size_t apart)                                               \
    {                                                                                              \
        convolve_tile(d, count, block, stride, taps, weights, in, bias, out, apart);               \
    }
#define TILES(block, stride)                                                                       \
    TILE(13, block, stride)                                                                        \
    TILE(10, block, stride)                                                                        \
    TILE(7, block, stride)                                                                         \
    TILE(4, block, stride)                                                                         \
    TILE(2, block, stride)                                                                         \
    TILE(1, block, stride)
TILES(3, 1)
TILES(3, 2)
TILES(16, 1)
TILES(16, 2)
#undef TILES
#undef TILE

// TILE_FUNCTIONS[block is 16][stride - 1][k] computes TILE_PIXELS[k] pixels
enum { TILE_SIZES = 6 };

static const size_t TILE_PIXELS[TILE_SIZES] = {13, 10, 7, 4, 2, 1};

#define TILES(block, stride)                                                                       \
    {                                                                                              \
        tile_13_##block##_##stride, tile_10_##block##_##stride, tile_7_##block##_##stride,         \
            tile_4_##block##_##stride, tile_2_##block##_##stride, tile_1_##block##_##stride        \
    }
static tile_function *const TILE_FUNCTIONS[2][2][TILE_SIZES] = {{TILES(3, 1), TILES(3, 2)},
                                                                {TILES(16, 1), TILES(16, 2)}};
#undef TILES

// The kernel rows that touch the image at an output row. Padding adds only zeros, so the other rows
// are skipped.
static tap_rows find_tap_rows(const imp_direct_conv *d, size_t row)
{
    const size_t above = row * d->stride, below = d->top + d->height;
    tap_rows taps = {.first = d->top > above ? d->top - above : 0, .end = d->kernel};
    if (above + taps.end > below)
        taps.end = below > above ? below - above : 0;
    return taps.first < taps.end ? taps : (tap_rows){0, 1}; // all in the padding: one row suffices
}

// Computes one row of the convolution for a group of channels, covered by tiles from wide to
// narrow.
static void convolve_row(const imp_direct_conv *d, const float *padded, size_t group, size_t row,
                         float *out, size_t apart)
{
    tile_function *const *tiles = TILE_FUNCTIONS[d->block == IMP_DIRECT_BLOCK][d->stride - 1];
    const float *in = padded + row * d->stride * imp_direct_conv_padded_row(d);
    const float *weights = d->weights + group * (imp_direct_conv_weight_count(d) / d->channels);
    const tap_rows taps = find_tap_rows(d, row);
    for (size_t column = 0; column < d->columns;) {
        const size_t left = d->columns - column;
        // Rows whose length is a multiple of ten are covered by tiles of 10 without a narrow rest.
        int k = left % 10 == 0 ? 1 : 0;
        while (TILE_PIXELS[k] > left)
            k++;
        tiles[k](d, taps, weights, in + column * d->stride * d->block, d->bias + group,
                 out + column * IMP_DIRECT_BLOCK, apart);
        column += TILE_PIXELS[k];
    }
}

// Computes one row of the pool for one block of 16 channels. window: the ring of convolution rows;
// `first` is the row where the pool window begins. argmax_indices: nullable. Of equal values the
// first one wins.
IMP_ALWAYS_INLINE IMP_AVX512 void max_pool_row(const imp_direct_conv *d, size_t kernel,
                                               const float *window, size_t first, float *out,
                                               uint16_t *argmax_indices)
{
    // each lane is one channel
    const size_t columns = imp_direct_conv_pooled_columns(d);
    for (size_t x = 0; x < columns; x++) {
        // a running maximum and its index within the window
        __m512 maximum = _mm512_set1_ps(-INFINITY);
        __m512i argmax = _mm512_setzero_si512();
        for (size_t row = 0; row < kernel; row++) {
            const float *at = window + ((first + row) % kernel * d->columns + x * d->pool_stride) *
                                           IMP_DIRECT_BLOCK;
            // a strictly greater value takes over, so that the first of equals wins
            for (size_t column = 0; column < kernel; column++) {
                const __m512 value = _mm512_loadu_ps(at + column * IMP_DIRECT_BLOCK);
                const __mmask16 more = _mm512_cmp_ps_mask(value, maximum, _CMP_GT_OQ);
                maximum = _mm512_max_ps(maximum, value);
                if (argmax_indices != NULL)
                    argmax = _mm512_mask_set1_epi32(
                        argmax, more, (int)imp_direct_conv_argmax_index(d, row, column));
            }
        }
        // indices are stored as 16 bits
        _mm512_storeu_ps(out + x * IMP_DIRECT_BLOCK, maximum);
        if (argmax_indices != NULL)
            _mm256_storeu_si256((__m256i *)(void *)(argmax_indices + x * IMP_DIRECT_BLOCK),
                                _mm512_cvtepi32_epi16(argmax));
    }
}

// Pools both 16-channel blocks of a group. d->window holds the ring of each block; `at` is the
// offset of the first block's output, `apart` values before the second's. The common kernel of 3 is
// compiled with a constant.
IMP_AVX512 static void max_pool_channel_group(const imp_direct_conv *d, size_t first, size_t at,
                                              size_t apart)
{
    const size_t ring = d->pool_kernel * d->columns * IMP_DIRECT_BLOCK;
    for (size_t k = 0; k < IMP_DIRECT_GROUP / IMP_DIRECT_BLOCK; k++) {
        const float *window = d->window + k * ring;
        float *out = d->out + at + k * apart;
        if (d->argmax_indices != NULL && d->pool_kernel == 3)
            max_pool_row(d, 3, window, first, out, d->argmax_indices + at + k * apart);
        else if (d->argmax_indices != NULL)
            max_pool_row(d, d->pool_kernel, window, first, out, d->argmax_indices + at + k * apart);
        else if (d->pool_kernel == 3)
            max_pool_row(d, 3, window, first, out, NULL);
        else
            max_pool_row(d, d->pool_kernel, window, first, out, NULL);
    }
}

// Convolves and pools one image for a group of channels. Convolution row n is stored in slot n %
// pool_kernel of the ring.
static void convolve_and_max_pool(const imp_direct_conv *d, const float *padded, size_t image,
                                  size_t group)
{
    const size_t kernel = d->pool_kernel;
    const size_t rows = imp_direct_conv_pooled_rows(d), columns = imp_direct_conv_pooled_columns(d);
    const size_t row_size = d->columns * IMP_DIRECT_BLOCK;
    const size_t start = (image * d->channels + group) * rows * columns;
    // convolution rows computed so far
    size_t done = 0;
    for (size_t y = 0; y < rows; y++) {
        const size_t first = y * d->pool_stride;
        // a pool with a stride above its kernel skips rows
        done = done < first ? first : done;
        for (; done < first + kernel; done++)
            convolve_row(d, padded, group, done, d->window + done % kernel * row_size,
                         kernel * row_size);
        max_pool_channel_group(d, first, start + y * columns * IMP_DIRECT_BLOCK,
                               rows * columns * IMP_DIRECT_BLOCK);
    }
}

// Copies a short row: a call of memcpy() takes longer than the copy.
IMP_AVX512 static void copy_short_row(float *out, const float *in, size_t count)
{
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
        _mm512_storeu_ps(out + i, _mm512_loadu_ps(in + i));
    const __mmask16 rest = (__mmask16)((1U << (count - i)) - 1U);
    _mm512_mask_storeu_ps(out + i, rest, _mm512_maskz_loadu_ps(rest, in + i));
}

// Copies a row of blocks of 16 channels while applying a batch norm (scale and shift per channel)
// and possibly a ReLU.
IMP_AVX512 static void scale_and_shift_row(const imp_direct_conv *d, size_t plane, float *out,
                                           const float *in, size_t count)
{
    const __m512 scale = _mm512_loadu_ps(d->scale + plane * IMP_DIRECT_BLOCK),
                 shift = _mm512_loadu_ps(d->shift + plane * IMP_DIRECT_BLOCK),
                 lower_bound = _mm512_set1_ps(d->scaled_relu ? 0.0F : -INFINITY);
    for (size_t i = 0; i < count; i += IMP_DIRECT_BLOCK) {
        const __m512 product = _mm512_mul_ps(_mm512_loadu_ps(in + i), scale);
        _mm512_storeu_ps(out + i, _mm512_max_ps(_mm512_add_ps(product, shift), lower_bound));
    }
}

// Copies an image into the middle of d->padded, whose border stays zero, and applies the batch norm
// before the convolution, if there is one.
static void pad_image(const imp_direct_conv *d, const float *in)
{
    const size_t size = d->width * d->block, row_size = imp_direct_conv_padded_row(d);
    float *out = d->padded + d->top * row_size + d->left * d->block;
    for (size_t plane = 0; plane < d->planes; plane++, out += imp_direct_conv_padded_plane(d))
        for (size_t row = 0; row < d->height; row++, in += size)
            if (d->scale != NULL)
                scale_and_shift_row(d, plane, out + row * row_size, in, size);
            else
                copy_short_row(out + row * row_size, in, size);
}

// Convolves one image: finds or makes its padded form, then computes 32 channels at a time.
static void convolve_image(const imp_direct_conv *d, size_t image)
{
    const size_t area = d->rows * d->columns, size = d->planes * d->height * d->width * d->block;
    const float *padded = d->padded;
    // RGB images are padded already; blocked ones need a copy only if they have padding or a batch
    // norm
    if (d->block != IMP_DIRECT_BLOCK)
        padded += image * d->planes * imp_direct_conv_padded_plane(d);
    else if (d->scale == NULL && d->top + d->left + d->bottom + d->right == 0)
        padded = d->in + image * size;
    else
        pad_image(d, d->in + image * size);
    // without a pool, rows go directly to the output
    for (size_t group = 0; group < d->channels; group += IMP_DIRECT_GROUP) {
        if (d->pool_kernel > 0) {
            convolve_and_max_pool(d, padded, image, group);
            continue;
        }
        float *out = d->out + (image * d->channels + group) * area;
        for (size_t row = 0; row < d->rows; row++)
            convolve_row(d, padded, group, row, out + row * d->columns * IMP_DIRECT_BLOCK,
                         area * IMP_DIRECT_BLOCK);
    }
}

void imp_direct_conv_forward(const imp_direct_conv *d)
{
    for (size_t image = 0; image < d->batch; image++)
        convolve_image(d, image);
}
#else

bool imp_direct_conv_supported(size_t stride)
{
    (void)stride;
    return false;
}

void imp_direct_conv_forward(const imp_direct_conv *d)
{
    (void)d;
}
#endif
