// Motion and defocus. Motion is a filter along each pixel's own way: how the ground moves through
// the picture follows from the camera alone, so that it is found once, and works on recorded
// pictures too. Things that stand upright are smeared like the ground that they hide.
#include <math.h>

#include "render/degrade_words.h"
#include "render/eight.h"

// The flow of rays (x, y, 1) at a place of the picture.
static bool ray_flow(const imp_camera_def *def, double x, double y, double ahead[2], double turn[2])
{
    const double s = sin(def->pitch), c = cos(def->pitch);
    // 1 / distance ahead, of the ground or of something infinitely far
    const double fall = s + y * c;
    const double nearness = fall > 0.0 ? fall / def->mount_height : 0.0;
    // what is fixed moves by -forward = (0, s, -c) in camera coordinates
    ahead[0] = x * c * nearness;
    ahead[1] = (s + y * c) * nearness;
    // and turns about the vertical (0, -c, -s), the camera being ahead of the axis
    turn[0] = c - s * y + c * x * x + def->mount_forward * nearness;
    turn[1] = s * x + c * x * y;
    return isfinite(ahead[0] + ahead[1] + turn[0] + turn[1]);
}

// How a place of the picture moves [px].
typedef struct pixel_flow {
    float ahead[2], turn[2];
} pixel_flow;

// The flow of a pixel from that of its ray: the inverse of how rays change across the picture.
static pixel_flow find_flow(const imp_camera *camera, double px, double py)
{
    const double half = 0.5;
    double at[2], ahead[2], turn[2], left[2], right[2], above[2], below[2];
    if (!imp_camera_ray(camera, px, py, &at[0], &at[1]) ||
        !imp_camera_ray(camera, px - half, py, &left[0], &left[1]) ||
        !imp_camera_ray(camera, px + half, py, &right[0], &right[1]) ||
        !imp_camera_ray(camera, px, py - half, &above[0], &above[1]) ||
        !imp_camera_ray(camera, px, py + half, &below[0], &below[1]) ||
        !ray_flow(&camera->def, at[0], at[1], ahead, turn))
        return (pixel_flow){0};
    const double a = right[0] - left[0], b = below[0] - above[0];
    const double c = right[1] - left[1], d = below[1] - above[1];
    const double scale = 1.0 / (a * d - b * c);
    return (pixel_flow){
        .ahead = {(float)(scale * (d * ahead[0] - b * ahead[1])),
                  (float)(scale * (a * ahead[1] - c * ahead[0]))},
        .turn = {(float)(scale * (d * turn[0] - b * turn[1])),
                 (float)(scale * (a * turn[1] - c * turn[0]))},
    };
}

void imp_flow_find(const imp_camera *camera, imp_flow_run *flow)
{
    const int width = camera->def.width;
    size_t group = 0;
    for (int j = 0; j < camera->def.height; j++)
        for (int i = 0; i < width; i += IMP_FLOW_PIXELS, group++) {
            const int end = i + IMP_FLOW_PIXELS < width ? i + IMP_FLOW_PIXELS : width;
            const pixel_flow found = find_flow(camera, 0.5 * (i + end), j + 0.5);
            imp_flow_run *run = &flow[group / IMP_FLOW_GROUPS];
            const size_t k = group % IMP_FLOW_GROUPS;
            run->ahead_x[k] = found.ahead[0];
            run->ahead_y[k] = found.ahead[1];
            run->turn_x[k] = found.turn[0];
            run->turn_y[k] = found.turn[1];
        }
}

static inline int within(int place, int end)
{
    return place < 0 ? 0 : place >= end ? end - 1 : place;
}

enum { LONGEST_WAY = 2 * (IMP_BLUR_MARGIN - 2) };

// A way through the middle of a group's pixels, walked by whole pixels along the axis that it is
// longer in.
typedef struct way {
    int steps;         // to either side; 0: it does not move
    bool down;         // along columns
    int32_t aside;     // what a step takes along the other axis [1/65536 px]
    float share, ends; // of each pixel but the outermost, which it reaches into, and of these
} way;

// The same of eight groups.
typedef struct way_run {
    imp_eight_bits steps, down, aside;
    imp_eight share, ends;
} way_run;

IMP_ALWAYS void plan_run(const imp_flow_run *flow, float ahead, float turn, way_run *out)
{
    const imp_eight one = (imp_eight){0} + 1.0f, longest = one * (float)LONGEST_WAY;
    const imp_eight dx = ahead * IMP_EIGHT_AT(flow->ahead_x) + turn * IMP_EIGHT_AT(flow->turn_x);
    const imp_eight dy = ahead * IMP_EIGHT_AT(flow->ahead_y) + turn * IMP_EIGHT_AT(flow->turn_y);
    out->down = IMP_EIGHT_SIZE(dy) > IMP_EIGHT_SIZE(dx);
    const imp_eight longer = IMP_EIGHT_PICK(out->down, dy, dx);
    const imp_eight size = IMP_EIGHT_SIZE(longer);
    // a way within a pixel blurs nothing; in this order what is not a number stays too
    const imp_eight_bits moves = (size > one) & (size < one * 1e6f);
    const imp_eight along = IMP_EIGHT_PICK(moves, longer, one);
    const imp_eight aside = IMP_EIGHT_PICK(moves & out->down, dx, IMP_EIGHT_PICK(moves, dy, one));
    const imp_eight length = IMP_EIGHT_LEAST(IMP_EIGHT_SIZE(along), longest);
    const imp_eight_bits steps = __builtin_convertvector(0.5f * length + 0.5f, imp_eight_bits);
    out->steps = steps & moves;
    out->aside = __builtin_convertvector(aside / along * 65536.0f, imp_eight_bits);
    out->share = 1.0f / length;
    out->ends = 0.5f * (1.0f - out->share * __builtin_convertvector(2 * steps - 1, imp_eight));
}

typedef uint16_t sixteen __attribute__((vector_size(32)));

// Where step n of a way through a group leads.
IMP_ALWAYS const uint32_t *place_on(const uint32_t *words, size_t stride, int height, int row,
                                    const way *w, int n)
{
    const int beside = (n * w->aside + 32768) >> 16;
    const int j = within(row + (w->down ? n : beside), height);
    return words + (size_t)j * stride + (w->down ? beside : n);
}

IMP_ALWAYS void add_eight(const uint32_t *from, sixteen sum[2])
{
    imp_bytes half[2];
    memcpy(half, from, sizeof half);
    sum[0] += __builtin_convertvector(half[0], sixteen);
    sum[1] += __builtin_convertvector(half[1], sixteen);
}

// The mean along a way through eight pixels, words being the first column's. The nearest pixels
// count: what lies between them, mixed from both, would blur across the way.
IMP_ALWAYS void smear_eight(const uint32_t *words, size_t stride, int height, int row, const way *w,
                            uint32_t *out)
{
    sixteen inner[2] = {{0}}, outer[2] = {{0}};
    add_eight(place_on(words, stride, height, row, w, -w->steps), outer);
    add_eight(place_on(words, stride, height, row, w, w->steps), outer);
    for (int n = 1 - w->steps; n < w->steps; n++)
        add_eight(place_on(words, stride, height, row, w, n), inner);
    uint16_t in[4 * IMP_FLOW_PIXELS], ends[4 * IMP_FLOW_PIXELS];
    uint8_t bytes[4 * IMP_FLOW_PIXELS];
    memcpy(in, inner, sizeof in);
    memcpy(ends, outer, sizeof ends);
    for (int k = 0; k < 4 * IMP_FLOW_PIXELS; k++)
        bytes[k] = (uint8_t)((float)in[k] * w->share + (float)ends[k] * w->ends + 0.5f);
    memcpy(out, bytes, sizeof bytes);
}

IMP_ALWAYS void smear_picture(const imp_flow_run *flow, const imp_smear *s, uint8_t *rgb)
{
    const size_t stride = imp_words_stride(s->width);
    way_run run;
    int next = 0; // group of the run
    imp_words_take(rgb, s->width, s->height, IMP_BLUR_MARGIN, s->words[0]);
    for (int row = 0; row < s->height; row++) {
        const size_t first = (size_t)row * stride + IMP_BLUR_MARGIN;
        for (int k = 0; k < s->width; k += IMP_FLOW_PIXELS) {
            if (next == 0)
                plan_run(flow++, s->ahead, s->turn, &run);
            const way w = {run.steps[next], run.down[next] != 0, run.aside[next], run.share[next],
                           run.ends[next]};
            uint32_t *out = s->words[1] + first + k;
            if (w.steps > 0)
                smear_eight(s->words[0] + IMP_BLUR_MARGIN + k, stride, s->height, row, &w, out);
            else
                memcpy(out, s->words[0] + first + k, IMP_FLOW_PIXELS * sizeof *out);
            next = (next + 1) % IMP_FLOW_GROUPS;
        }
    }
    imp_words_give(s->words[1], s->width, s->height, rgb);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void smear_avx2(const imp_flow_run *flow, const imp_smear *s,
                                                       uint8_t *rgb)
{
    smear_picture(flow, s, rgb);
}

__attribute__((target(IMP_AVX512))) static void smear_avx512(const imp_flow_run *flow,
                                                             const imp_smear *s, uint8_t *rgb)
{
    smear_picture(flow, s, rgb);
}
#endif

void imp_flow_smear(const imp_flow_run *flow, const imp_smear *smear, uint8_t *rgb)
{
#if defined(__x86_64__)
    if (imp_has_avx512()) {
        smear_avx512(flow, smear, rgb);
        return;
    }
    if (imp_has_avx2()) {
        smear_avx2(flow, smear, rgb);
        return;
    }
#endif
    smear_picture(flow, smear, rgb);
}

// Shares of 32768 in all.
typedef struct blur_kernel {
    int reach;
    int16_t share[IMP_BLUR_REACH + 1]; // of neighbours at a distance
} blur_kernel;

static blur_kernel kernel_of(double deviation)
{
    blur_kernel kernel = {.reach = (int)ceil(2.5 * deviation)};
    double sum = 1.0;
    int rest = 32768;
    for (int k = 1; k <= kernel.reach; k++)
        sum += 2.0 * exp(-0.5 * k * k / (deviation * deviation));
    for (int k = 1; k <= kernel.reach; k++) {
        const double share = exp(-0.5 * k * k / (deviation * deviation)) / sum;
        kernel.share[k] = (int16_t)lround(32768.0 * share);
        rest -= 2 * kernel.share[k];
    }
    kernel.share[0] = (int16_t)(rest < 32767 ? rest : 32767);
    return kernel;
}

// A product of 1/32768, rounded; compilers know it as an instruction.
IMP_ALWAYS int16_t share_of(int16_t value, int16_t share)
{
    return (int16_t)((((int32_t)value * share >> 14) + 1) >> 1);
}

// Adds a share of two lines to a line.
IMP_ALWAYS void add_lines(const int16_t *a, const int16_t *b, int16_t share, int count,
                          int16_t *restrict to)
{
    for (int k = 0; k < count; k++)
        to[k] = (int16_t)(to[k] + share_of((int16_t)(a[k] + b[k]), share));
}

IMP_ALWAYS void blur_line(const blur_kernel *kernel, const int16_t *middle, int count,
                          int16_t *restrict to)
{
    for (int k = 0; k < count; k++)
        to[k] = share_of(middle[k], kernel->share[0]);
    for (int n = 1; n <= kernel->reach; n++)
        add_lines(middle - 4 * n, middle + 4 * n, kernel->share[n], count, to);
}

// Values are 64 times a byte.
IMP_ALWAYS void blur_picture(const blur_kernel *kernel, const imp_smear *s, int16_t *values,
                             int16_t *line, uint8_t *rgb)
{
    const int count = (s->width + 7) / 8 * 32, reach = 4 * kernel->reach;
    const size_t stride = imp_words_stride(s->width), across = (size_t)count;
    imp_words_take(rgb, s->width, s->height, kernel->reach, s->words[0]);
    for (int row = 0; row < s->height; row++) {
        const uint8_t *from =
            (const uint8_t *)(s->words[0] + (size_t)row * stride + IMP_BLUR_MARGIN) - reach;
        for (int k = 0; k < count + 2 * reach; k++)
            line[k] = (int16_t)(from[k] << 6);
        blur_line(kernel, line + reach, count, values + (size_t)row * across);
    }
    for (int row = 0; row < s->height; row++) {
        uint8_t *to = (uint8_t *)(s->words[0] + (size_t)row * stride + IMP_BLUR_MARGIN);
        const int16_t *middle = values + (size_t)row * across;
        for (int k = 0; k < count; k++)
            line[k] = (int16_t)(32 + share_of(middle[k], kernel->share[0]));
        for (int n = 1; n <= kernel->reach; n++)
            add_lines(values + (size_t)within(row - n, s->height) * across,
                      values + (size_t)within(row + n, s->height) * across, kernel->share[n], count,
                      line);
        for (int k = 0; k < count; k++)
            to[k] = (uint8_t)((line[k] < 16383 ? line[k] : 16383) >> 6);
    }
    imp_words_give(s->words[0], s->width, s->height, rgb);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void blur_avx2(const blur_kernel *kernel, const imp_smear *s,
                                                      int16_t *values, int16_t *line, uint8_t *rgb)
{
    blur_picture(kernel, s, values, line, rgb);
}

__attribute__((target(IMP_AVX512))) static void blur_avx512(const blur_kernel *kernel,
                                                            const imp_smear *s, int16_t *values,
                                                            int16_t *line, uint8_t *rgb)
{
    blur_picture(kernel, s, values, line, rgb);
}
#endif

void imp_blur(const imp_smear *smear, double deviation, int16_t *values, int16_t *line,
              uint8_t *rgb)
{
    const blur_kernel kernel = kernel_of(deviation);
#if defined(__x86_64__)
    if (imp_has_avx512()) {
        blur_avx512(&kernel, smear, values, line, rgb);
        return;
    }
    if (imp_has_avx2()) {
        blur_avx2(&kernel, smear, values, line, rgb);
        return;
    }
#endif
    blur_picture(&kernel, smear, values, line, rgb);
}
