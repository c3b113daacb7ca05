// render/ground_wide.h: what the paths with vectors share: how a row of groups is drawn.
#ifndef IMP_RENDER_GROUND_WIDE_H
#define IMP_RENDER_GROUND_WIDE_H

#include "render/eight.h"
#include "render/ground_uneven.h"

#if defined(__x86_64__)

#include <assert.h>
#include <immintrin.h>
#include <string.h>

#define IMP_AVX2 __attribute__((target("avx2")))

// A picture's constants in vectors: of each axis of the cells what a position gains forward and to
// the right, where it starts and its largest value.
typedef struct imp_wide_frame {
    __m256 x[4], z[4];
    __m256i columns;
} imp_wide_frame;

IMP_AVX2 static inline imp_wide_frame imp_wide_frame_of(const imp_ground_frame *frame)
{
    return (imp_wide_frame){
        .x = {_mm256_set1_ps(frame->x_forward), _mm256_set1_ps(frame->x_right),
              _mm256_set1_ps(frame->x_start), _mm256_set1_ps(frame->x_end)},
        .z = {_mm256_set1_ps(frame->z_forward), _mm256_set1_ps(frame->z_right),
              _mm256_set1_ps(frame->z_start), _mm256_set1_ps(frame->z_end)},
        .columns = _mm256_set1_epi32(frame->columns),
    };
}

// Steps whose places are found together. Enough for any group, and few enough to stay close.
enum { IMP_WIDE_STEPS = 128 };
static_assert(IMP_WIDE_STEPS % 2 == 0 && (int)IMP_WIDE_STEPS >= (int)IMP_MOST_STEPS,
              "places are found two steps at a time, of whole groups");

// Of each step's eight positions: the texels at their top left, the weights of the four around each
// as bytes, and the cells (only where these have colours); and from a row of texels to the next.
typedef struct imp_wide_places {
    _Alignas(64) int32_t texels[IMP_WIDE_STEPS][IMP_LANES];
    int32_t weights[IMP_WIDE_STEPS][IMP_LANES], cells[IMP_WIDE_STEPS][IMP_LANES];
    int32_t strides[IMP_WIDE_STEPS];
    bool one_cell[IMP_WIDE_STEPS]; // whether all eight lie there
} imp_wide_places;

// A group that is to be drawn.
typedef struct imp_wide_group {
    const imp_ground_group *group;
    int step;  // its first, among the places
    int first; // pixel of the row
    imp_ground_row *row;
} imp_wide_group;

// Finds the places of so many steps.
typedef void imp_wide_find(const imp_ground_frame *frame, const imp_wide_frame *wide,
                           const imp_ground_table *table, int first, int count,
                           imp_wide_places *out);

// Draws a group as eight pixels of 32 bits each. even: light is the same everywhere; white: cells
// have no colours.
typedef void imp_wide_draw(const imp_ground_frame *frame, const imp_ground_table *table,
                           const imp_wide_group *at, const imp_wide_places *places, bool even,
                           bool white, __m256i *pixels);

// Eight pixels of a colour without light or shadow, 0..255.
IMP_AVX2 static inline __m256i imp_wide_even(const float rgb[4])
{
    const __m128 most =
        _mm_min_ps(_mm_max_ps(_mm_loadu_ps(rgb), _mm_setzero_ps()), _mm_set1_ps(255.0f));
    const __m128i whole = _mm_cvttps_epi32(_mm_add_ps(most, _mm_set1_ps(0.5f)));
    const __m128i bytes = _mm_packus_epi16(_mm_packus_epi32(whole, whole), _mm_setzero_si128());
    return _mm256_broadcastd_epi32(bytes);
}

// Writes up to eight pixels: each has 32 bits, red lowest and the highest byte unused.
IMP_AVX2 static inline void imp_wide_put(__m256i pixels, int count, uint8_t *rgb)
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
IMP_ALWAYS_INLINE IMP_AVX2 void imp_wide_draw_groups(const imp_ground_frame *frame,
                                                     const imp_ground_table *table,
                                                     const imp_ground_group *groups, int row,
                                                     int width, uint8_t *rgb, imp_wide_find *find,
                                                     imp_wide_draw *draw, bool even, bool white)
{
    const imp_wide_frame wide = imp_wide_frame_of(frame);
    const __m256i sky = imp_wide_even(frame->sky);
    const int count = (width + IMP_LANES - 1) / IMP_LANES;
    imp_wide_places places;
    imp_ground_row own;
    if (!even)
        imp_ground_row_of(frame, groups, row, count, &own);
    for (int g = 0, end; g < count; g = end) {
        int steps = 0;
        for (end = g; end < count && steps + groups[end].count <= IMP_WIDE_STEPS; end++)
            steps += groups[end].count;
        find(frame, &wide, table, groups[g].first, steps, &places);
        for (int n = g; n < end; n++) {
            const int first = n * IMP_LANES;
            const imp_wide_group at = {&groups[n], groups[n].first - groups[g].first, first, &own};
            __m256i pixels = sky;
            if (groups[n].kind != IMP_GROUND_SKY)
                draw(frame, table, &at, &places, even, white, &pixels);
            imp_wide_put(pixels, width - first, rgb + (size_t)first * 3);
        }
    }
}

// The same, with what the frame asks for.
IMP_ALWAYS_INLINE IMP_AVX2 void imp_wide_draw_row(const imp_ground_frame *frame,
                                                  const imp_ground_table *table,
                                                  const imp_ground_group *groups, int row,
                                                  int width, uint8_t *rgb, imp_wide_find *find,
                                                  imp_wide_draw *draw)
{
    const bool even = !frame->lamp && frame->patches.count == 0 && !frame->shine->shines;
    const bool white = frame->colours == NULL;
    if (even && white)
        imp_wide_draw_groups(frame, table, groups, row, width, rgb, find, draw, true, true);
    else if (even)
        imp_wide_draw_groups(frame, table, groups, row, width, rgb, find, draw, true, false);
    else if (white)
        imp_wide_draw_groups(frame, table, groups, row, width, rgb, find, draw, false, true);
    else
        imp_wide_draw_groups(frame, table, groups, row, width, rgb, find, draw, false, false);
}

#endif
#endif
