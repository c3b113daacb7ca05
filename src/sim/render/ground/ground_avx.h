// sim/render/ground/ground_avx.h: what the paths with vectors share: how a row of groups is drawn.
#ifndef IMP_SIM_RENDER_GROUND_GROUND_AVX_H
#define IMP_SIM_RENDER_GROUND_GROUND_AVX_H

#include "sim/render/ground/ground_shading.h"
#include "sim/render/primitives/simd8.h"

#if defined(__x86_64__)

#include <assert.h>
#include <immintrin.h>
#include <string.h>

#define IMP_AVX2 __attribute__((target("avx2")))

// A picture's constants in vectors: of each axis of the cells what a position gains forward and to
// the right, where it starts and its largest value.
typedef struct imp_avx_uniforms {
    __m256 x[4], z[4];
    __m256i columns;
} imp_avx_uniforms;

IMP_AVX2 static inline imp_avx_uniforms imp_avx_uniforms_load(const imp_ground_uniforms *uniforms)
{
    return (imp_avx_uniforms){
        .x = {_mm256_set1_ps(uniforms->x_forward), _mm256_set1_ps(uniforms->x_right),
              _mm256_set1_ps(uniforms->x_start), _mm256_set1_ps(uniforms->x_end)},
        .z = {_mm256_set1_ps(uniforms->z_forward), _mm256_set1_ps(uniforms->z_right),
              _mm256_set1_ps(uniforms->z_start), _mm256_set1_ps(uniforms->z_end)},
        .columns = _mm256_set1_epi32(uniforms->columns),
    };
}

// Steps whose places are found together. Enough for any group, and few enough to stay close.
enum { IMP_AVX_SAMPLES_MAX = 128 };
static_assert(IMP_AVX_SAMPLES_MAX % 2 == 0 &&
                  (int)IMP_AVX_SAMPLES_MAX >= (int)IMP_GROUP_SAMPLES_MAX,
              "places are found two steps at a time, of whole groups");

// Of each step's eight positions: the texels at their top left, the weights of the four around each
// as bytes, and the cells (only where these have colours); and from a row of texels to the next.
typedef struct imp_avx_texel_places {
    _Alignas(64) int32_t texels[IMP_AVX_SAMPLES_MAX][IMP_LANES];
    int32_t weights[IMP_AVX_SAMPLES_MAX][IMP_LANES], cells[IMP_AVX_SAMPLES_MAX][IMP_LANES];
    int32_t strides[IMP_AVX_SAMPLES_MAX];
    bool one_cell[IMP_AVX_SAMPLES_MAX]; // whether all eight lie there
} imp_avx_texel_places;

// A group that is to be drawn.
typedef struct imp_avx_group {
    const imp_pixel_group *group;
    int sample; // its first, among the places
    int first;  // pixel of the row
    imp_row_candidates *row;
} imp_avx_group;

// Finds the places of so many steps.
typedef void imp_avx_locate_samples(const imp_ground_uniforms *uniforms,
                                    const imp_avx_uniforms *wide,
                                    const imp_ground_sample_table *table, int first, int count,
                                    imp_avx_texel_places *out);

// Draws a group as eight pixels of 32 bits each. even: light is the same everywhere; white: cells
// have no colours.
typedef void imp_avx_draw_group(const imp_ground_uniforms *uniforms,
                                const imp_ground_sample_table *table, const imp_avx_group *at,
                                const imp_avx_texel_places *places, bool even, bool white,
                                __m256i *pixels);

// Eight pixels of a colour without light or shadow, 0..255.
IMP_AVX2 static inline __m256i imp_avx_flat_pixels(const float rgb[4])
{
    const __m128 most =
        _mm_min_ps(_mm_max_ps(_mm_loadu_ps(rgb), _mm_setzero_ps()), _mm_set1_ps(255.0f));
    const __m128i whole = _mm_cvttps_epi32(_mm_add_ps(most, _mm_set1_ps(0.5f)));
    const __m128i bytes = _mm_packus_epi16(_mm_packus_epi32(whole, whole), _mm_setzero_si128());
    return _mm256_broadcastd_epi32(bytes);
}

// Writes up to eight pixels: each has 32 bits, red lowest and the highest byte unused.
IMP_AVX2 static inline void imp_avx_store_pixels(__m256i pixels, int count, uint8_t *rgb)
{
    const __m256i close = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(pixels, close),
                                                      _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    if (count >= IMP_LANES) {
        _mm_storeu_si128((__m128i *)(void *)rgb, _mm256_castsi256_si128(bytes));
        _mm_storel_epi64((__m128i *)(void *)(rgb + 16), _mm256_extracti128_si256(bytes, 1));
        return;
    }
    uint8_t all[32];
    _mm256_storeu_si256((__m256i *)(void *)all, bytes);
    memcpy(rgb, all, (size_t)count * 3);
}

// Draws the groups of a row: finds the places of as many as there is room for, then draws these. A
// group's sums then never wait for its places.
IMP_ALWAYS_INLINE IMP_AVX2 void
imp_avx_draw_groups(const imp_ground_uniforms *uniforms, const imp_ground_sample_table *table,
                    const imp_pixel_group *groups, int row, int width, uint8_t *rgb,
                    imp_avx_locate_samples *find, imp_avx_draw_group *draw, bool even, bool white)
{
    const imp_avx_uniforms wide = imp_avx_uniforms_load(uniforms);
    const __m256i sky = imp_avx_flat_pixels(uniforms->sky);
    const int count = (width + IMP_LANES - 1) / IMP_LANES;
    imp_avx_texel_places places;
    imp_row_candidates candidates;
    if (!even)
        imp_row_candidates_find(uniforms, groups, row, count, &candidates);
    for (int g = 0, end; g < count; g = end) {
        int samples = 0;
        for (end = g; end < count && samples + groups[end].count <= IMP_AVX_SAMPLES_MAX; end++)
            samples += groups[end].count;
        find(uniforms, &wide, table, groups[g].first, samples, &places);
        for (int n = g; n < end; n++) {
            const int first = n * IMP_LANES;
            const imp_avx_group at = {&groups[n], groups[n].first - groups[g].first, first,
                                      &candidates};
            __m256i pixels = sky;
            if (groups[n].kind != IMP_GROUP_ONLY_SKY)
                draw(uniforms, table, &at, &places, even, white, &pixels);
            imp_avx_store_pixels(pixels, width - first, rgb + (size_t)first * 3);
        }
    }
}

// The same, with what the frame asks for.
IMP_ALWAYS_INLINE IMP_AVX2 void imp_avx_draw_row(const imp_ground_uniforms *uniforms,
                                                 const imp_ground_sample_table *table,
                                                 const imp_pixel_group *groups, int row, int width,
                                                 uint8_t *rgb, imp_avx_locate_samples *find,
                                                 imp_avx_draw_group *draw)
{
    const bool even =
        !uniforms->lamp && uniforms->distractors.count == 0 && !uniforms->lighting->lights_ground;
    const bool white = uniforms->colours == NULL;
    if (even && white)
        imp_avx_draw_groups(uniforms, table, groups, row, width, rgb, find, draw, true, true);
    else if (even)
        imp_avx_draw_groups(uniforms, table, groups, row, width, rgb, find, draw, true, false);
    else if (white)
        imp_avx_draw_groups(uniforms, table, groups, row, width, rgb, find, draw, false, true);
    else
        imp_avx_draw_groups(uniforms, table, groups, row, width, rgb, find, draw, false, false);
}

#endif
#endif
