#include "render/raster.h"

#include <assert.h>
#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Vectors of the compiler's, so that one source serves every processor.
typedef float four __attribute__((vector_size(16)));
typedef float eight __attribute__((vector_size(32)));
typedef int32_t mask __attribute__((vector_size(32)));
typedef int32_t whole __attribute__((vector_size(16)));
typedef uint32_t words __attribute__((vector_size(16)));
typedef uint16_t halfs __attribute__((vector_size(16)));
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

// The values of four planes at a pixel's middle, and what they change across and down it.
typedef struct plane_values {
    four at, across, down;
} plane_values;

#define ALWAYS static inline __attribute__((always_inline))

ALWAYS float least(float a, float b)
{
    return a < b ? a : b;
}

ALWAYS float most(float a, float b)
{
    return a > b ? a : b;
}

ALWAYS void evaluate(const float planes[3][4], float x, float y, const imp_pixel_turn *turn,
                     plane_values *out)
{
    four plane[3];
    memcpy(plane, planes, sizeof plane);
    out->at = plane[0] * x + plane[1] * y + plane[2];
    out->across = plane[0] * turn->across_x + plane[1] * turn->across_y;
    out->down = plane[0] * turn->down_x + plane[1] * turn->down_y;
}

// A bit for each lane of a mask, the first lowest. Compilers find no short way of their own.
typedef unsigned gather_bits(const mask *lanes);

static inline unsigned gather_bits_plain(const mask *lanes)
{
    unsigned bits = 0;
    for (int k = 0; k < LANES; k++)
        bits |= (unsigned)((*lanes)[k] & 1) << k;
    return bits;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static inline unsigned gather_bits_avx2(const mask *lanes)
{
    return (unsigned)_mm256_movemask_ps((__m256)*lanes);
}
#endif

// Which of the next pixels a facet may touch. Where the lens shows nothing the rays are not
// numbers, and touch nothing.
ALWAYS unsigned touched(const float plane[3][4], const float *rays_x, const float *rays_y,
                        gather_bits *gather)
{
    const eight zero = {0};
    eight x, y;
    memcpy(&x, rays_x, sizeof x);
    memcpy(&y, rays_y, sizeof y);
    const eight w0 = plane[0][0] * x + plane[1][0] * y + plane[2][0];
    const eight w1 = plane[0][1] * x + plane[1][1] * y + plane[2][1];
    const eight w2 = plane[0][2] * x + plane[1][2] * y + plane[2][2];
    const mask inside = (w0 >= zero) & (w1 >= zero) & (w2 >= zero);
    return gather(&inside);
}

// Which of the next runs of pixels a facet may touch.
ALWAYS unsigned runs_touched(const float plane[3][4], const imp_raster_runs *runs, size_t first,
                             gather_bits *gather)
{
    const eight zero = {0};
    eight x, y, wide, high;
    mask inside = ~(mask){0};
    memcpy(&x, runs->x + first, sizeof x);
    memcpy(&y, runs->y + first, sizeof y);
    memcpy(&wide, runs->wide + first, sizeof wide);
    memcpy(&high, runs->high + first, sizeof high);
    for (int k = 0; k < 3; k++) {
        const float across = fabsf(plane[0][k]), down = fabsf(plane[1][k]);
        const eight most = plane[0][k] * x + plane[1][k] * y + plane[2][k];
        inside &= most + across * wide + down * high >= zero;
    }
    return gather(&inside);
}

// Finds the samples that a facet is in front of, and puts its nearness there. False if none.
ALWAYS bool cover(const plane_values *p, float nearest, float *nearness, mask *covered,
                  gather_bits *gather)
{
    const eight zero = {0};
    eight across, down, before;
    memcpy(&across, ACROSS, sizeof across);
    memcpy(&down, DOWN, sizeof down);
    memcpy(&before, nearness, sizeof before);
    const eight w0 = p->at[0] + p->across[0] * across + p->down[0] * down;
    const eight w1 = p->at[1] + p->across[1] * across + p->down[1] * down;
    const eight w2 = p->at[2] + p->across[2] * across + p->down[2] * down;
    const eight now = p->at[3] + p->across[3] * across + p->down[3] * down;
    const mask in =
        (w0 >= zero) & (w1 >= zero) & (w2 >= zero) & (now > before) & (now <= zero + nearest);
    if (gather(&in) == 0)
        return false;
    const mask mixed = ((mask)now & in) | ((mask)before & ~in);
    memcpy(nearness, &mixed, sizeof mixed);
    *covered = in;
    return true;
}

// Up to four looks at a picture: one in each lane, so that nothing depends on how many there are.
typedef struct looks {
    four x, y;          // where, in texels
    whole left, right;  // columns of the texels around it
    whole upper, lower; // the first texels of their rows
} looks;

ALWAYS four within(four value, float low, float high)
{
    const four lows = low - (four){0}, highs = high - (four){0};
    const whole over = value > lows;
    const four raised = (four)(((whole)value & over) | ((whole)lows & ~over));
    const whole under = raised < highs;
    return (four)(((whole)raised & under) | ((whole)highs & ~under));
}

// Places in 1/8 of a texel, in a picture that repeats itself: raised above 0 by whole pictures, and
// limited so that they fit.
ALWAYS void place_repeated(int width, int height, four u, four v, looks *at)
{
    at->x = (within(u, -64.0f, 64.0f) + 64.0f) * (float)width - 0.5f;
    at->y = (within(v, -64.0f, 64.0f) + 64.0f) * (float)height - 0.5f;
    const whole i = __builtin_convertvector(at->x * 8.0f, whole) >> 3;
    const whole j = __builtin_convertvector(at->y * 8.0f, whole) >> 3;
    at->left = i & (width - 1);
    at->right = (i + 1) & (width - 1);
    at->upper = (j & (height - 1)) * width;
    at->lower = ((j + 1) & (height - 1)) * width;
}

// The same, never before the first texel's middle or beyond the last's.
ALWAYS void place_once(int width, int height, four u, four v, looks *at)
{
    at->x = within(u * (float)width - 0.5f, 0.0f, (float)(width - 1));
    at->y = within(v * (float)height - 0.5f, 0.0f, (float)(height - 1));
    const whole i = __builtin_convertvector(at->x * 8.0f, whole);
    const whole j = __builtin_convertvector(at->y * 8.0f, whole);
    at->left = i >> 3;
    at->right = at->left - ((i & 7) > 0);
    at->upper = (j >> 3) * width;
    at->lower = at->upper + (((j & 7) > 0) & width);
}

// Texels of four lanes, with weights of up to 64, as 16 bits each of red and blue, and of green.
ALWAYS void add_texels(const uint32_t *texels, whole at, whole weight, halfs *red_blue,
                       halfs *green)
{
    const words texel = {texels[at[0]], texels[at[1]], texels[at[2]], texels[at[3]]};
    const halfs twice = (halfs)(weight | weight << 16);
    *red_blue += (halfs)(texel & 0x00ff00ffu) * twice;
    *green += (halfs)(texel >> 8 & 0x00ff00ffu) * twice;
}

// The sum of `count` bilinear looks at one level of a picture: red, blue and green from the lowest,
// each 64 times a byte in 16 bits. Four of them add up without running over.
ALWAYS uint64_t sample_face(const imp_face_picture *face, int level, four u, four v, int count)
{
    const int width = face->width >> level, height = face->height >> level;
    const whole lane = {0, 1, 2, 3}, live = lane < count;
    looks at;
    if (face->repeats)
        place_repeated(width, height, u, v, &at);
    else
        place_once(width, height, u, v, &at);
    const whole fx = __builtin_convertvector(at.x * 8.0f, whole) & 7;
    const whole fy = __builtin_convertvector(at.y * 8.0f, whole) & 7;
    const whole both = fx * fy;
    const uint32_t *texels = face->texels + face->offset[level];
    halfs red_blue = {0}, green = {0};
    add_texels(texels, at.upper + at.left, (64 - 8 * (fx + fy) + both) & live, &red_blue, &green);
    add_texels(texels, at.upper + at.right, (8 * fx - both) & live, &red_blue, &green);
    add_texels(texels, at.lower + at.left, (8 * fy - both) & live, &red_blue, &green);
    add_texels(texels, at.lower + at.right, both & live, &red_blue, &green);
    const words rb = (words)red_blue, g = (words)green & 0xffffu;
    return (rb[0] + rb[1] + rb[2] + rb[3]) | (uint64_t)(g[0] + g[1] + g[2] + g[3]) << 32;
}

// The level whose texels are about `texels` of level 0 wide.
ALWAYS int level_of(const imp_face_picture *face, float texels)
{
    uint32_t bits;
    const float rounded = most(texels, 1.0f) * 1.4142f;
    memcpy(&bits, &rounded, sizeof bits);
    const int level = (int)(bits >> 23) - 127;
    return level < face->levels ? level : face->levels - 1;
}

// The mean colour of a face's picture over a pixel, times the facet's colour. p holds what blends.
ALWAYS void look_at_face(const imp_raster_facet *facet, const plane_values *p, float distance,
                         float colour[3])
{
    enum { MOST_LOOKS = 4 };
    static const float PART[MOST_LOOKS + 1] = {1.0f, 1.0f, 1.0f / 2.0f, 1.0f / 3.0f, 1.0f / 4.0f};
    static const float SHARE[MOST_LOOKS + 1] = {1.0f / 16320.0f, 1.0f / 16320.0f, 0.5f / 16320.0f,
                                                (1.0f / 3.0f) / 16320.0f, 0.25f / 16320.0f};
    const imp_face_picture *face = facet->face;
    const float u = p->at[0] * distance, v = p->at[1] * distance;
    const four across = (p->across - p->at * (distance * p->across[3])) * distance;
    const four down = (p->down - p->at * (distance * p->down[3])) * distance;
    const float width = (float)face->width, height = (float)face->height;
    const float size[2] = {most(fabsf(across[0]) * width, fabsf(across[1]) * height),
                           most(fabsf(down[0]) * width, fabsf(down[1]) * height)};
    const int longer = size[1] > size[0];
    const float wide = most(size[1 - longer], 0.5f);
    const float ratio = size[longer] / wide + 0.75f;
    const int count = ratio > MOST_LOOKS ? MOST_LOOKS : ratio > 1.0f ? (int)ratio : 1;
    const int level = level_of(face, 0.75f * most(wide, size[longer] * PART[count]));
    const float du = longer ? down[0] : across[0], dv = longer ? down[1] : across[1];
    const four t = (four){0.5f, 1.5f, 2.5f, 3.5f} * PART[count] - 0.5f;
    const uint64_t sum = sample_face(face, level, u + t * du, v + t * dv, count);
    const float share = SHARE[count]; // of 255 times 64
    colour[0] = (float)(uint32_t)(sum & 0xffff) * share * facet->colour[0];
    colour[1] = (float)(uint32_t)(sum >> 32) * share * facet->colour[1];
    colour[2] = (float)(uint32_t)(sum >> 16 & 0xffff) * share * facet->colour[2];
}

ALWAYS uint32_t pack(const float colour[3], float shade)
{
    uint32_t out = 0xff000000u;
    for (int c = 0; c < 3; c++)
        out |= (uint32_t)(least(most(colour[c] * shade, 0.0f), 255.0f) + 0.5f) << (8 * c);
    return out;
}

// The colour in a pixel's middle, which may lie outside the facet.
ALWAYS uint32_t colour_of(const imp_raster_facet *facet, float x, float y,
                          const imp_pixel_turn *turn)
{
    plane_values p;
    evaluate(facet->blend, x, y, turn, &p);
    const float distance = 1.0f / most(p.at[3], 1e-4f);
    const float shade = least(most(p.at[2] * distance, facet->shade[0]), facet->shade[1]);
    if (facet->face == NULL)
        return pack(facet->colour, shade);
    float colour[3];
    look_at_face(facet, &p, distance, colour);
    return pack(colour, shade);
}

// What is the same for all of a facet's pixels.
typedef struct plain_colour {
    bool even;       // one colour everywhere
    uint32_t colour; // which one
} plain_colour;

ALWAYS void fill_pixel(const imp_raster *raster, const imp_raster_facet *facet, size_t pixel,
                       plain_colour plain, gather_bits *gather)
{
    plane_values p;
    mask covered, before;
    const float x = raster->rays.x[pixel], y = raster->rays.y[pixel];
    const imp_pixel_turn *turn = &raster->rays.turns[pixel];
    evaluate(facet->plane, x, y, turn, &p);
    if (!cover(&p, facet->nearest, raster->nearness + pixel * IMP_SAMPLES, &covered, gather))
        return;
    const uint32_t colour = plain.even ? plain.colour : colour_of(facet, x, y, turn);
    uint32_t *colours = raster->colours + pixel * IMP_SAMPLES;
    memcpy(&before, colours, sizeof before);
    const mask after = ((int32_t)colour & covered) | (before & ~covered);
    memcpy(colours, &after, sizeof after);
    raster->marks[pixel / LANES] = 1;
}

// Fills a facet's pixels in a run of 8 in a row, by its raised planes.
ALWAYS void fill_run(const imp_raster *raster, const imp_raster_facet *facet,
                     const float raised[3][4], int row, int column, plain_colour plain,
                     gather_bits *gather)
{
    const size_t pixel = (size_t)row * (size_t)raster->width + (size_t)column;
    unsigned bits = touched(raised, raster->rays.x + pixel, raster->rays.y + pixel, gather);
    if (facet->left > column)
        bits &= ~0u << (facet->left - column);
    if (facet->right < column + LANES)
        bits &= (1u << (facet->right - column)) - 1;
    for (; bits != 0; bits &= bits - 1)
        fill_pixel(raster, facet, pixel + (size_t)__builtin_ctz(bits), plain, gather);
}

ALWAYS void fill(const imp_raster *raster, const imp_raster_facet *facet, gather_bits *gather)
{
    enum { FEW = 2 }; // runs that are not worth a look at many at once
    const bool even = facet->face == NULL && facet->shade[0] == facet->shade[1];
    const plain_colour plain = {even, even ? pack(facet->colour, facet->shade[0]) : 0};
    // the planes, raised by the most that they rise within a pixel
    float raised[3][4];
    memcpy(raised, facet->plane, sizeof raised);
    for (int k = 0; k < 3; k++)
        raised[2][k] +=
            fabsf(raised[0][k]) * raster->reach[0] + fabsf(raised[1][k]) * raster->reach[1];
    const float(*planes)[4] = (const float(*)[4])raised;
    const int first = facet->left / LANES, end = (facet->right + LANES - 1) / LANES;
    const size_t row_runs = imp_raster_row_runs(raster);
    for (int row = facet->top; row < facet->bottom; row++)
        for (int run = first; run < end; run += LANES) {
            unsigned bits = (1u << LANES) - 1;
            if (end - first > FEW)
                bits = runs_touched(planes, &raster->runs, (size_t)row * row_runs + (size_t)run,
                                    gather);
            if (end - run < LANES)
                bits &= (1u << (end - run)) - 1;
            for (; bits != 0; bits &= bits - 1)
                fill_run(raster, facet, planes, row, (run + __builtin_ctz(bits)) * LANES, plain,
                         gather);
        }
}

void imp_raster_fill_plain(const imp_raster *raster, const imp_raster_facet *facet)
{
    fill(raster, facet, gather_bits_plain);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void imp_raster_fill_avx2(const imp_raster *raster,
                                                          const imp_raster_facet *facet)
{
    fill(raster, facet, gather_bits_avx2);
}

__attribute__((target(IMP_AVX512))) void imp_raster_fill_avx512(const imp_raster *raster,
                                                                const imp_raster_facet *facet)
{
    fill(raster, facet, gather_bits_avx2);
}
#endif

// Finds where a run of pixels looks. What is not a number counts for nothing.
static void measure_run(imp_raster *raster, size_t run, size_t first, int pixels)
{
    // so that rounding leaves nothing out
    const float slack = 1.0001f;
    const float *const rays[2] = {raster->rays.x, raster->rays.y};
    float *const middle[2] = {raster->runs.x, raster->runs.y};
    float *const reach[2] = {raster->runs.wide, raster->runs.high};
    for (int k = 0; k < 2; k++) {
        float low = INFINITY, high = -INFINITY;
        for (int n = 0; n < pixels; n++) {
            low = least(rays[k][first + (size_t)n], low);
            high = most(rays[k][first + (size_t)n], high);
        }
        middle[k][run] = 0.5f * (low + high);
        reach[k][run] = slack * 0.5f * (high - low);
    }
}

void imp_raster_measure(imp_raster *raster)
{
    raster->reach[0] = raster->reach[1] = 0.0f;
    for (int k = 0; k < raster->rows * raster->width; k++) {
        const imp_pixel_turn *turn = &raster->rays.turns[k];
        const float x = PLACE(7) * (fabsf(turn->across_x) + fabsf(turn->down_x));
        const float y = PLACE(7) * (fabsf(turn->across_y) + fabsf(turn->down_y));
        raster->reach[0] = most(x, raster->reach[0]);
        raster->reach[1] = most(y, raster->reach[1]);
    }
    size_t run = 0;
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
