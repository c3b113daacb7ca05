// Blends the samples of objects over an image of the ground, and clears them for the next image. A
// pixel is the mean of its covered samples and, for the others, of what it showed.
//
// Eight pixels in a row are blended together, as pairs of pixels in a vector. One source serves all
// instruction sets; only the sum over samples and loads and stores differ.
#include <string.h>

#include "sim/render/primitives/pixel_pairs.h"
#include "sim/render/raster/rasterizer.h"

enum { PIXELS = 8, SAMPLES = IMP_RASTER_SAMPLES };

// Sums of a pixel's samples and of those of the fourth pixel after it, as a pair.
typedef void sum_samples(const uint32_t *colours, imp_i32x8 *sums);

// The operations of an instruction set.
typedef struct resolve_ops {
    sum_samples *sum;
    imp_load_pixel_pairs *load;
    imp_pack_pixel_pairs *pack;
    imp_store_pixels *store;
} resolve_ops;

// Sums the samples of two pixels, channel by channel.
static inline void sum_samples_portable(const uint32_t *colours, imp_i32x8 *sums)
{
    for (int n = 0; n < 2; n++) {
        // two channels per word
        uint32_t even = 0, odd = 0;
        for (int s = 0; s < SAMPLES; s++) {
            const uint32_t colour = colours[4 * n * SAMPLES + s];
            even += colour & 0x00ff00ffu;
            odd += colour >> 8 & 0x00ff00ffu;
        }
        (*sums)[4 * n] = (int32_t)(even & 0xffff);
        (*sums)[4 * n + 1] = (int32_t)(odd & 0xffff);
        (*sums)[4 * n + 2] = (int32_t)(even >> 16);
        (*sums)[4 * n + 3] = (int32_t)(odd >> 16);
    }
}

// Blends the sums of samples over pairs of pixels.
IMP_ALWAYS_INLINE void blend_pixel_pair(const imp_i32x8 *sums, const imp_i32x8 *before,
                                        imp_f32x8 *after)
{
    // the highest bytes add up to 255 n for n covered samples, and (255 n + 8) / 256 is n
    const imp_i32x8 marks = __builtin_shufflevector(*sums, *sums, 3, 3, 3, 3, 7, 7, 7, 7);
    const imp_i32x8 covered = (marks + SAMPLES) >> 8;
    const imp_i32x8 mixed = *sums + *before * (SAMPLES - covered) + SAMPLES / 2;
    *after = __builtin_convertvector(mixed >> 3, imp_f32x8);
}

// Blends eight pixels of a row.
IMP_ALWAYS_INLINE void resolve_eight_pixels(const uint32_t *colours, uint8_t *rgb,
                                            const resolve_ops *ops)
{
    imp_i32x8 before[PIXELS / 2], pixels;
    imp_f32x8 after[PIXELS / 2];
    ops->load(rgb, before);
    for (int k = 0; k < PIXELS / 2; k++) {
        imp_i32x8 sums;
        ops->sum(colours + (size_t)k * SAMPLES, &sums);
        blend_pixel_pair(&sums, &before[k], &after[k]);
    }
    ops->pack(after, &pixels);
    ops->store(&pixels, PIXELS, rgb);
}

// Blends `count` pixels that begin at one of the raster, at most eight, in one row or two.
IMP_ALWAYS_INLINE void resolve_up_to_eight_pixels(const imp_raster *raster, size_t first,
                                                  size_t count, uint8_t *image, size_t stride,
                                                  const resolve_ops *ops)
{
    // copies of eight, so that nothing beyond is touched
    uint32_t colours[PIXELS * SAMPLES] = {0};
    uint8_t bytes[PIXELS * 3] = {0}, *pixel[PIXELS];
    memcpy(colours, raster->colours + first * SAMPLES, count * SAMPLES * sizeof *colours);
    for (size_t k = 0; k < count; k++) {
        const size_t row = (first + k) / (size_t)raster->width;
        const size_t column = (first + k) % (size_t)raster->width;
        pixel[k] =
            image + ((size_t)raster->top + row) * stride + ((size_t)raster->left + column) * 3;
        memcpy(bytes + 3 * k, pixel[k], 3);
    }
    resolve_eight_pixels(colours, bytes, ops);
    for (size_t k = 0; k < count; k++)
        memcpy(pixel[k], bytes + 3 * k, 3);
}

// Resolves a block of 8 pixels and clears its samples.
IMP_ALWAYS_INLINE void resolve_block(imp_raster *raster, size_t block, uint8_t *image,
                                     size_t stride, const resolve_ops *ops)
{
    const size_t width = (size_t)raster->width, end = width * (size_t)raster->rows;
    const size_t first = block * PIXELS, left = end - first;
    const size_t count = left < PIXELS ? left : PIXELS, row = first / width;
    const size_t column = first - row * width;
    // a block may continue in the next row
    if (column + PIXELS <= width)
        resolve_eight_pixels(raster->colours + first * SAMPLES,
                             image + ((size_t)raster->top + row) * stride +
                                 ((size_t)raster->left + column) * 3,
                             ops);
    else
        resolve_up_to_eight_pixels(raster, first, count, image, stride, ops);
    memset(raster->colours + first * SAMPLES, 0, count * SAMPLES * sizeof *raster->colours);
    memset(raster->inverse_depth + first * SAMPLES, 0,
           count * SAMPLES * sizeof *raster->inverse_depth);
    raster->dirty_blocks[block] = 0;
}

IMP_ALWAYS_INLINE void resolve_raster(imp_raster *raster, uint8_t *image, size_t stride,
                                      const resolve_ops *ops)
{
    const size_t count = imp_raster_block_count(raster);
    for (size_t block = 0; block < count; block++)
        if (raster->dirty_blocks[block])
            resolve_block(raster, block, image, stride, ops);
}

void imp_raster_resolve_portable(imp_raster *raster, uint8_t *image, size_t stride)
{
    static const resolve_ops PORTABLE = {sum_samples_portable, imp_load_pixel_pairs_portable,
                                         imp_pack_pixel_pairs_portable, imp_store_pixels_portable};
    resolve_raster(raster, image, stride, &PORTABLE);
}

#if defined(__x86_64__)
IMP_AVX2 static inline void sum_samples_avx2(const uint32_t *colours, imp_i32x8 *sums)
{
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    const __m128i *first = (const __m128i *)(const void *)colours;
    const __m128i *second = (const __m128i *)(const void *)(colours + 4 * SAMPLES);
    __m256i sum = _mm256_setzero_si256();
    for (int n = 0; n < SAMPLES / 4; n++) {
        // four samples of each pixel, channel by channel; the products add up pairs of them
        const __m256i four = _mm256_inserti128_si256(
            _mm256_castsi128_si256(_mm_loadu_si128(first + n)), _mm_loadu_si128(second + n), 1);
        sum = _mm256_add_epi16(
            sum, _mm256_maddubs_epi16(_mm256_shuffle_epi8(four, order), _mm256_set1_epi8(1)));
    }
    *sums = (imp_i32x8)_mm256_madd_epi16(sum, _mm256_set1_epi16(1));
}

IMP_AVX2 void imp_raster_resolve_avx2(imp_raster *raster, uint8_t *image, size_t stride)
{
    static const resolve_ops AVX2 = {sum_samples_avx2, imp_load_pixel_pairs_avx2,
                                     imp_pack_pixel_pairs_avx2, imp_store_pixels_avx2};
    resolve_raster(raster, image, stride, &AVX2);
}
#endif
