#include "render/raster.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "render/face_look.h"

enum { LANES = 8 };
static_assert((int)IMP_SAMPLES == (int)LANES && (int)IMP_RAYS_SPARE == (int)LANES,
              "samples and rays are taken a vector at a time");

// Where the samples of a pixel lie, from its middle: no two share a row or a column.
#define PLACE(k) (((float)(k)-3.5f) / 8.0f)
static const float ACROSS[LANES] = {PLACE(3), PLACE(6), PLACE(1), PLACE(4),
                                    PLACE(7), PLACE(0), PLACE(5), PLACE(2)};
static const float DOWN[LANES] = {PLACE(0), PLACE(1), PLACE(2), PLACE(3),
                                  PLACE(4), PLACE(5), PLACE(6), PLACE(7)};

bool imp_raster_set_up(imp_raster_facet *facet, const imp_raster_corner corners[3])
{
    float normal[3][3];
    for (int k = 0; k < 3; k++) {
        const float *p = corners[(k + 1) % 3].at, *q = corners[(k + 2) % 3].at;
        normal[k][0] = p[1] * q[2] - p[2] * q[1];
        normal[k][1] = p[2] * q[0] - p[0] * q[2];
        normal[k][2] = p[0] * q[1] - p[1] * q[0];
    }
    const float *a = corners[0].at;
    const float volume = a[0] * normal[0][0] + a[1] * normal[0][1] + a[2] * normal[0][2];
    // in this order what is not a number is left out too
    if (!(volume < -1e-20f))
        return false;
    const float scale = 1.0f / volume;
    for (int i = 0; i < 3; i++) {
        float *plane = facet->plane[i], *blend = facet->blend[i];
        for (int k = 0; k < 3; k++)
            plane[k] = normal[k][i] * scale;
        plane[3] = plane[0] + plane[1] + plane[2];
        blend[0] = plane[0] * corners[0].u + plane[1] * corners[1].u + plane[2] * corners[2].u;
        blend[1] = plane[0] * corners[0].v + plane[1] * corners[1].v + plane[2] * corners[2].v;
        blend[2] =
            plane[0] * corners[0].shade + plane[1] * corners[1].shade + plane[2] * corners[2].shade;
        blend[3] = plane[3];
    }
    return true;
}

static inline float least(float a, float b)
{
    return a < b ? a : b;
}

static inline float most(float a, float b)
{
    return a > b ? a : b;
}

// Which of the next runs of pixels a facet may touch. Where the lens shows nothing the rays are not
// numbers, and touch nothing.
IMP_ALWAYS_INLINE unsigned runs_touched(const float plane[3][4], const imp_raster_runs *runs,
                                        size_t first, const imp_eight_ways *ways)
{
    const imp_eight zero = {0};
    const imp_eight x = IMP_EIGHT_AT(runs->x + first), y = IMP_EIGHT_AT(runs->y + first);
    const imp_eight wide = IMP_EIGHT_AT(runs->wide + first);
    const imp_eight high = IMP_EIGHT_AT(runs->high + first);
    imp_eight_bits inside = ~(imp_eight_bits){0};
    for (int k = 0; k < 3; k++) {
        const float across = fabsf(plane[0][k]), down = fabsf(plane[1][k]);
        const imp_eight at = plane[0][k] * x + plane[1][k] * y + plane[2][k];
        inside &= at + across * wide + down * high >= zero;
    }
    return ways->bits(&inside);
}

// The rays of 8 pixels, and how they change.
typedef struct run_rays {
    imp_eight x, y, across_x, across_y, down_x, down_y;
} run_rays;

// The values of a facet's four planes at the middles of 8 pixels, and what they change across and
// down each.
typedef struct run_values {
    float at[4][LANES], across[4][LANES], down[4][LANES];
} run_values;

IMP_ALWAYS_INLINE void load_rays(const imp_pixel_rays *rays, size_t pixel, run_rays *out)
{
    out->x = IMP_EIGHT_AT(rays->x + pixel);
    out->y = IMP_EIGHT_AT(rays->y + pixel);
    out->across_x = IMP_EIGHT_AT(rays->across_x + pixel);
    out->across_y = IMP_EIGHT_AT(rays->across_y + pixel);
    out->down_x = IMP_EIGHT_AT(rays->down_x + pixel);
    out->down_y = IMP_EIGHT_AT(rays->down_y + pixel);
}

// A plane's value, and its changes.
IMP_ALWAYS_INLINE void evaluate(const float planes[3][4], int k, const run_rays *rays,
                                imp_eight out[3])
{
    out[0] = planes[0][k] * rays->x + planes[1][k] * rays->y + planes[2][k];
    out[1] = planes[0][k] * rays->across_x + planes[1][k] * rays->across_y;
    out[2] = planes[0][k] * rays->down_x + planes[1][k] * rays->down_y;
}

IMP_ALWAYS_INLINE void keep_values(run_values *values, int k, const imp_eight from[3])
{
    memcpy(values->at[k], &from[0], sizeof from[0]);
    memcpy(values->across[k], &from[1], sizeof from[1]);
    memcpy(values->down[k], &from[2], sizeof from[2]);
}

// Finds the values of a facet's planes at 8 pixels. Returns which of them the facet may touch; of
// `whole`, all samples lie within its edges.
IMP_ALWAYS_INLINE unsigned meet(const imp_raster_facet *facet, float farthest, const run_rays *rays,
                                run_values *values, unsigned *whole, const imp_eight_ways *ways)
{
    const imp_eight zero = {0};
    imp_eight_bits meets = ~(imp_eight_bits){0}, inside = meets;
    imp_eight plane[3];
    for (int k = 0; k < 3; k++) {
        evaluate(facet->plane, k, rays, plane);
        const imp_eight reach = farthest * (IMP_EIGHT_SIZE(plane[1]) + IMP_EIGHT_SIZE(plane[2]));
        meets &= plane[0] + reach >= zero;
        inside &= plane[0] - reach >= zero;
        keep_values(values, k, plane);
    }
    *whole = ways->bits(&inside);
    return ways->bits(&meets);
}

// Finds which samples of a pixel a facet is in front of, and puts its nearness there.
IMP_ALWAYS_INLINE void cover(const run_values *p, int k, bool whole, float nearest, float *nearness,
                             imp_eight_bits *covered)
{
    const imp_eight zero = {0}, before = IMP_EIGHT_AT(nearness);
    const imp_eight across = IMP_EIGHT_AT(ACROSS), down = IMP_EIGHT_AT(DOWN);
    const imp_eight now = p->at[3][k] + p->across[3][k] * across + p->down[3][k] * down;
    imp_eight_bits in = (now > before) & (now <= zero + nearest);
    for (int i = 0; i < 3 && !whole; i++)
        in &= p->at[i][k] + p->across[i][k] * across + p->down[i][k] * down >= zero;
    const imp_eight mixed = IMP_EIGHT_PICK(in, now, before);
    memcpy(nearness, &mixed, sizeof mixed);
    *covered = in;
}

static uint32_t pack(const float colour[3], float shade)
{
    uint32_t out = 0xff000000u;
    for (int c = 0; c < 3; c++)
        out |= (uint32_t)(least(most(colour[c] * shade, 0.0f), 255.0f) + 0.5f) << (8 * c);
    return out;
}

// The colours in the middles of 8 pixels, which may lie outside the facet. near: the nearness there
// and its changes.
IMP_ALWAYS_INLINE void find_colours(const imp_raster_facet *facet, const run_rays *rays,
                                    const imp_eight near[3], imp_eight_bits *out,
                                    const imp_eight_ways *ways)
{
    const imp_eight zero = {0};
    const imp_eight distance = 1.0f / IMP_EIGHT_MOST(near[0], zero + 1e-4f);
    imp_eight u[3], v[3], bright[3], colour[3];
    evaluate(facet->blend, 2, rays, bright);
    imp_eight shade = IMP_EIGHT_MOST(bright[0] * distance, zero + facet->shade[0]);
    shade = IMP_EIGHT_LEAST(shade, zero + facet->shade[1]);
    for (int c = 0; c < 3; c++)
        colour[c] = zero + facet->colour[c];
    if (facet->face != NULL) {
        imp_eight seen[3];
        evaluate(facet->blend, 0, rays, u);
        evaluate(facet->blend, 1, rays, v);
        const imp_eight across = distance * near[1], down = distance * near[2];
        const imp_face_places places = {.u = u[0] * distance,
                                        .v = v[0] * distance,
                                        .across_u = (u[1] - u[0] * across) * distance,
                                        .across_v = (v[1] - v[0] * across) * distance,
                                        .down_u = (u[2] - u[0] * down) * distance,
                                        .down_v = (v[2] - v[0] * down) * distance};
        imp_face_look(facet->face, &places, seen, ways);
        for (int c = 0; c < 3; c++)
            colour[c] = seen[c] * facet->colour[c];
    }
    imp_eight_bits packed = (imp_eight_bits){0} - 0x01000000;
    for (int c = 0; c < 3; c++) {
        const imp_eight value = IMP_EIGHT_MOST(colour[c] * shade, zero);
        packed |= IMP_FACE_WHOLE(IMP_EIGHT_LEAST(value, zero + 255.0f) + 0.5f) << (8 * c);
    }
    *out = packed;
}

// What is the same for all of a facet's pixels.
typedef struct plain_colour {
    bool even;       // one colour everywhere
    uint32_t colour; // which one
} plain_colour;

// Fills a facet's pixels in a run of 8 in a row.
IMP_ALWAYS_INLINE void fill_run(const imp_raster *raster, const imp_raster_facet *facet, int row,
                                int column, plain_colour plain, const imp_eight_ways *ways)
{
    const size_t first = (size_t)row * (size_t)raster->width + (size_t)column;
    run_rays rays;
    run_values values;
    imp_eight_bits covered[LANES], colours = (imp_eight_bits){0} + (int32_t)plain.colour;
    imp_eight near[3];
    unsigned whole, seen = 0;
    load_rays(&raster->rays, first, &rays);
    unsigned bits = meet(facet, raster->reach, &rays, &values, &whole, ways);
    if (facet->left > column)
        bits &= ~0u << (facet->left - column);
    if (facet->right < column + LANES)
        bits &= (1u << (facet->right - column)) - 1;
    if (bits == 0)
        return;
    evaluate(facet->plane, 3, &rays, near);
    keep_values(&values, 3, near);
    for (; bits != 0; bits &= bits - 1) {
        const int k = __builtin_ctz(bits);
        cover(&values, k, (whole >> k & 1) != 0, facet->nearest,
              raster->nearness + (first + (size_t)k) * IMP_SAMPLES, &covered[k]);
        seen |= (unsigned)(ways->bits(&covered[k]) != 0) << k;
    }
    if (seen == 0)
        return;
    if (!plain.even)
        find_colours(facet, &rays, near, &colours, ways);
    uint32_t each[LANES];
    memcpy(each, &colours, sizeof each);
    for (; seen != 0; seen &= seen - 1) {
        const int k = __builtin_ctz(seen);
        const size_t pixel = first + (size_t)k;
        imp_eight_bits before;
        memcpy(&before, raster->colours + pixel * IMP_SAMPLES, sizeof before);
        const imp_eight_bits after = ((int32_t)each[k] & covered[k]) | (before & ~covered[k]);
        memcpy(raster->colours + pixel * IMP_SAMPLES, &after, sizeof after);
        raster->marks[pixel / LANES] = 1;
    }
}

IMP_ALWAYS_INLINE void fill(const imp_raster *raster, const imp_raster_facet *facet,
                            const imp_eight_ways *ways)
{
    enum { FEW = 2 }; // runs that are not worth a look at many at once
    const bool even = facet->face == NULL && facet->shade[0] == facet->shade[1];
    const plain_colour plain = {even, even ? pack(facet->colour, facet->shade[0]) : 0};
    const int first = facet->left / LANES, end = (facet->right + LANES - 1) / LANES;
    const size_t row_runs = imp_raster_row_runs(raster);
    for (int row = facet->top; row < facet->bottom; row++)
        for (int run = first; run < end; run += LANES) {
            unsigned bits = (1u << LANES) - 1;
            if (end - first > FEW)
                bits = runs_touched(facet->plane, &raster->runs,
                                    (size_t)row * row_runs + (size_t)run, ways);
            if (end - run < LANES)
                bits &= (1u << (end - run)) - 1;
            for (; bits != 0; bits &= bits - 1)
                fill_run(raster, facet, row, (run + __builtin_ctz(bits)) * LANES, plain, ways);
        }
}

void imp_raster_fill_plain(const imp_raster *raster, const imp_raster_facet *facet)
{
    fill(raster, facet, &IMP_WAYS_PLAIN);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void imp_raster_fill_avx2(const imp_raster *raster,
                                                          const imp_raster_facet *facet)
{
    fill(raster, facet, &IMP_WAYS_WIDE);
}

__attribute__((target(IMP_AVX512))) void imp_raster_fill_avx512(const imp_raster *raster,
                                                                const imp_raster_facet *facet)
{
    fill(raster, facet, &IMP_WAYS_WIDE);
}
#endif

// So that rounding leaves nothing out.
static const float SLACK = 1.0001f;

// Finds where a run of pixels looks. What is not a number counts for nothing.
static void measure_run(imp_raster *raster, size_t run, size_t first, int pixels)
{
    const imp_pixel_rays *rays = &raster->rays;
    const float *const at[2] = {rays->x, rays->y};
    const float *const across[2] = {rays->across_x, rays->across_y};
    const float *const down[2] = {rays->down_x, rays->down_y};
    float *const middle[2] = {raster->runs.x, raster->runs.y};
    float *const reach[2] = {raster->runs.wide, raster->runs.high};
    for (int k = 0; k < 2; k++) {
        float low = INFINITY, high = -INFINITY;
        for (size_t n = first; n < first + (size_t)pixels; n++) {
            const float sample = PLACE(7) * (fabsf(across[k][n]) + fabsf(down[k][n]));
            low = least(at[k][n] - sample, low);
            high = most(at[k][n] + sample, high);
        }
        middle[k][run] = 0.5f * (low + high);
        reach[k][run] = SLACK * 0.5f * (high - low);
    }
}

void imp_raster_measure(imp_raster *raster)
{
    size_t run = 0;
    raster->reach = SLACK * PLACE(7);
    for (int row = 0; row < raster->rows; row++)
        for (int column = 0; column < raster->width; column += LANES) {
            const int left = raster->width - column;
            measure_run(raster, run++, (size_t)row * (size_t)raster->width + (size_t)column,
                        left < LANES ? left : LANES);
        }
}

// Lays a pixel's samples over its colour.
static void resolve_pixel(const uint32_t *colours, uint8_t rgb[3])
{
    uint32_t even = 0, odd = 0;
    for (int s = 0; s < IMP_SAMPLES; s++) {
        even += colours[s] & 0x00ff00ffu;
        odd += colours[s] >> 8 & 0x00ff00ffu;
    }
    const uint32_t covered = (odd >> 16) / 255u;
    if (covered == 0)
        return;
    const uint32_t sum[3] = {even & 0xffff, odd & 0xffff, even >> 16};
    for (int c = 0; c < 3; c++)
        rgb[c] =
            (uint8_t)((sum[c] + rgb[c] * (IMP_SAMPLES - covered) + IMP_SAMPLES / 2) / IMP_SAMPLES);
}

// Lays 8 pixels over the picture and makes them empty.
static void resolve_block(imp_raster *raster, size_t block, uint8_t *picture, size_t stride)
{
    const size_t width = (size_t)raster->width, end = width * (size_t)raster->rows;
    const size_t first = block * LANES, last = first + LANES < end ? first + LANES : end;
    size_t row = first / width, column = first % width;
    for (size_t pixel = first; pixel < last; pixel++) {
        resolve_pixel(raster->colours + pixel * IMP_SAMPLES,
                      picture + ((size_t)raster->top + row) * stride +
                          ((size_t)raster->left + column) * 3);
        if (++column == width) {
            column = 0;
            row++;
        }
    }
    const size_t count = (last - first) * IMP_SAMPLES;
    memset(raster->colours + first * IMP_SAMPLES, 0, count * sizeof *raster->colours);
    memset(raster->nearness + first * IMP_SAMPLES, 0, count * sizeof *raster->nearness);
    raster->marks[block] = 0;
}

void imp_raster_resolve(imp_raster *raster, uint8_t *picture, size_t stride)
{
    const size_t count = imp_raster_mark_count(raster);
    for (size_t block = 0; block < count; block++)
        if (raster->marks[block])
            resolve_block(raster, block, picture, stride);
}
