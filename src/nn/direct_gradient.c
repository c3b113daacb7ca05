// Under a max-pool most of what a convolution gave has no gradient, and behind the pool a ReLU
// stops half of what is left: a tenth to a fifth of the work remains when only winners that have a
// gradient are looked at. For every channel they are listed; what the kernel sees at a pixel is
// loaded in whole rows, channels of the picture lying side by side.
#include "nn/clones.h"
#include "nn/direct.h"

#include <string.h>

// floats; rows of the pool at a time, so that what they look at stays in the nearest cache
enum { VECTOR = 16, BAND = 7, MOST_PIXELS = 1024, MOST_KERNEL = 7 };

// Vectors that hold a row of the kernel in one plane, and in all.
static size_t vectors_in_plane(const imp_direct *d)
{
    return (d->kernel * d->block + VECTOR - 1) / VECTOR;
}

static size_t vectors(const imp_direct *d)
{
    return d->planes * vectors_in_plane(d);
}

size_t imp_direct_sums(const imp_direct *d)
{
    return d->channels * vectors(d) * d->kernel * VECTOR;
}

bool imp_direct_gradient_possible(const imp_direct *d)
{
    const size_t kernel = d->kernel;
    return imp_direct_possible(d->stride) && d->block == IMP_DIRECT_COLOURS && d->pool_kernel > 0 &&
           (kernel == 3 || kernel == 5 || kernel == 7) &&
           imp_direct_place(d, d->pool_kernel, 0) <= UINT16_MAX &&
           BAND * imp_direct_pooled_columns(d) <= MOST_PIXELS;
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define INLINE static inline __attribute__((always_inline)) AVX512

// Those pixels of a band that have a gradient, of every channel of a block.
typedef struct listed {
    size_t counts[VECTOR];
    float slopes[VECTOR][MOST_PIXELS + 2 * VECTOR];
    uint16_t pixels[VECTOR][MOST_PIXELS + 2 * VECTOR];
} listed;

// rows[i] lane k becomes rows[k] lane i.
INLINE void turn(__m512 rows[VECTOR])
{
    __m512 t[VECTOR];
    for (int i = 0; i < VECTOR; i += 2) {
        t[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < VECTOR; i += 4)
        for (int k = 0; k < 2; k++) {
            const __m512d low = _mm512_castps_pd(t[i + k]), high = _mm512_castps_pd(t[i + 2 + k]);
            rows[i + 2 * k] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
            rows[i + 2 * k + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
        }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_f32x4(rows[i], rows[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_f32x4(rows[i], rows[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_f32x4(rows[i + 8], rows[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_f32x4(rows[i + 8], rows[i + 12], 0xdd);
    }
    for (int i = 0; i < 8; i++) {
        rows[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
        rows[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
    }
}

// Lists `count` pixels of a block, and adds their gradients up.
AVX512 static void list_pixels(const float *gradient, size_t count, listed *out, __m512 *bias)
{
    const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    memset(out->counts, 0, sizeof out->counts);
    for (size_t first = 0; first < count; first += VECTOR) {
        __m512 rows[VECTOR];
        for (size_t i = 0; i < VECTOR; i++) {
            const bool there = first + i < count;
            rows[i] =
                there ? _mm512_loadu_ps(gradient + (first + i) * VECTOR) : _mm512_setzero_ps();
            *bias = _mm512_add_ps(*bias, rows[i]);
        }
        turn(rows);
        const __m512i pixels = _mm512_add_epi32(lanes, _mm512_set1_epi32((int)first));
        for (size_t c = 0; c < VECTOR; c++) {
            const size_t n = out->counts[c];
            const __mmask16 some = _mm512_cmp_ps_mask(rows[c], _mm512_setzero_ps(), _CMP_NEQ_UQ);
            _mm512_storeu_ps(out->slopes[c] + n, _mm512_maskz_compress_ps(some, rows[c]));
            _mm256_storeu_si256((__m256i *)(void *)(out->pixels[c] + n),
                                _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(some, pixels)));
            out->counts[c] = n + (size_t)__builtin_popcount(some);
        }
    }
}

// What one channel adds to its sums. picture, bases: where the pixels' windows begin; places: of
// the channel. Two pixels at a time: one sum would wait for itself. The list goes on with a zero.
INLINE void add_channel(const imp_direct *d, size_t kernel, const float *picture,
                        const uint32_t *bases, const uint16_t *places, const listed *list,
                        size_t channel, float *sums)
{
    const size_t row_size = imp_direct_padded_row(d), count = list->counts[channel];
    const float *slopes = list->slopes[channel];
    const uint16_t *pixels = list->pixels[channel];
    __m512 even[MOST_KERNEL], odd[MOST_KERNEL];
    for (size_t r = 0; r < kernel; r++) {
        even[r] = _mm512_loadu_ps(sums + r * VECTOR);
        odd[r] = _mm512_setzero_ps();
    }
    for (size_t i = 0; i < count; i += 2) {
        const size_t one = pixels[i], two = pixels[i + 1];
        const float *at = picture + bases[one] + places[one * VECTOR],
                    *at2 = picture + bases[two] + places[two * VECTOR];
        const __m512 slope = _mm512_set1_ps(slopes[i]), slope2 = _mm512_set1_ps(slopes[i + 1]);
        for (size_t r = 0; r < kernel; r++) {
            even[r] = _mm512_fmadd_ps(_mm512_loadu_ps(at + r * row_size), slope, even[r]);
            odd[r] = _mm512_fmadd_ps(_mm512_loadu_ps(at2 + r * row_size), slope2, odd[r]);
        }
    }
    for (size_t r = 0; r < kernel; r++)
        _mm512_storeu_ps(sums + r * VECTOR, _mm512_add_ps(even[r], odd[r]));
}

typedef void add(const imp_direct *d, const float *picture, const uint32_t *bases,
                 const uint16_t *places, const listed *list, size_t channel, float *sums);

#define ADD_CHANNEL(kernel)                                                                        \
    AVX512 static void add_channel_##kernel(const imp_direct *d, const float *picture,             \
                                            const uint32_t *bases, const uint16_t *places,         \
                                            const listed *list, size_t channel, float *sums)       \
    {                                                                                              \
        add_channel(d, kernel, picture, bases, places, list, channel, sums);                       \
    }
ADD_CHANNEL(3)
ADD_CHANNEL(5)
ADD_CHANNEL(7)
#undef ADD_CHANNEL

// Where in a plane the windows of the first `rows` rows of the pool begin.
static void find_bases(const imp_direct *d, size_t rows, uint32_t *bases)
{
    const size_t columns = imp_direct_pooled_columns(d);
    for (size_t y = 0; y < rows; y++)
        for (size_t x = 0; x < columns; x++)
            bases[y * columns + x] =
                (uint32_t)imp_direct_place(d, y * d->pool_stride, x * d->pool_stride);
}

// What the pool's rows from `first` on of one picture and of a block of channels add.
static void add_band(const imp_direct_gradient *g, const uint32_t *bases, size_t picture,
                     size_t block, size_t first, listed *list, __m512 *bias)
{
    const imp_direct *d = &g->forward;
    const size_t rows = imp_direct_pooled_rows(d), columns = imp_direct_pooled_columns(d);
    const size_t count = (rows - first < BAND ? rows - first : BAND) * columns;
    const size_t at = ((picture * d->channels + block) * rows + first * VECTOR) * columns;
    const size_t in_plane = vectors_in_plane(d);
    add *const add_one = d->kernel == 3   ? add_channel_3
                         : d->kernel == 5 ? add_channel_5
                                          : add_channel_7;
    list_pixels(g->gradient + at, count, list, bias);
    for (size_t c = 0; c < VECTOR; c++)
        for (size_t v = 0; v < vectors(d); v++) {
            const float *in =
                d->padded + (picture * d->planes + v / in_plane) * imp_direct_padded_plane(d) +
                imp_direct_place(d, first * d->pool_stride, 0) + v % in_plane * VECTOR;
            add_one(d, in, bases, d->places + at + c, list, c,
                    g->sums + ((block + c) * vectors(d) + v) * d->kernel * VECTOR);
        }
}

AVX512 static void add_block(const imp_direct_gradient *g, const uint32_t *bases, size_t block)
{
    const imp_direct *d = &g->forward;
    __m512 bias = _mm512_setzero_ps();
    listed list;
    for (size_t picture = 0; picture < d->batch; picture++)
        for (size_t first = 0; first < imp_direct_pooled_rows(d); first += BAND)
            add_band(g, bases, picture, block, first, &list, &bias);
    _mm512_storeu_ps(g->bias + block, bias);
}

// From sums to the weights' own order.
static void put_weights(const imp_direct_gradient *g)
{
    const imp_direct *d = &g->forward;
    const size_t kernel = d->kernel, in_plane = vectors_in_plane(d);
    float *out = g->weight;
    for (size_t c = 0; c < d->channels; c++)
        for (size_t i = 0; i < d->planes * d->block; i++)
            for (size_t row = 0; row < kernel; row++)
                for (size_t column = 0; column < kernel; column++) {
                    const size_t lane = column * d->block + i % d->block;
                    const size_t v = i / d->block * in_plane + lane / VECTOR;
                    *out++ =
                        g->sums[((c * vectors(d) + v) * kernel + row) * VECTOR + lane % VECTOR];
                }
}

void imp_direct_gradient_run(const imp_direct_gradient *g)
{
    const imp_direct *d = &g->forward;
    uint32_t bases[MOST_PIXELS];
    memset(g->sums, 0, imp_direct_sums(d) * sizeof *g->sums);
    find_bases(d, BAND, bases);
    for (size_t block = 0; block < d->channels; block += VECTOR)
        add_block(g, bases, block);
    put_weights(g);
}
#else

void imp_direct_gradient_run(const imp_direct_gradient *g)
{
    (void)g;
}
#endif
