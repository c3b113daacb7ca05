// Motion blur and defocus. Motion blur averages along the optical flow of each group of 8 pixels.
// The flow of the ground follows from the camera alone, so it is computed once and works on
// recorded images, too; upright objects are blurred like the ground that they hide. Defocus is a
// separable Gaussian in 16-bit fixed point.
//
// Data layout: 32-bit pixels with margins beside each row, so that paths need no horizontal range
// checks. Eight pixels share a path. All instruction sets share this source and give the same
// bytes.
#include <math.h>

#include "base/common/math_functions.h"
#include "sim/render/camera_effects/rgbx_image.h"
#include "sim/render/primitives/simd8.h"

// Flow of a ray (x, y, 1) of the image, per metre ahead and per radian to the left; false if
// infinite.
static bool compute_optical_flow_of_ray(const imp_camera_def *def, double x, double y,
                                        double ahead[2], double turn[2])
{
    const imp_sine_cosine pitch = imp_sincos(def->pitch);
    const double s = pitch.sine, c = pitch.cosine;
    // 1 / distance ahead of the ground, or 0 for infinitely distant points
    const double fall = s + y * c;
    const double inverse_depth = fall > 0.0 ? fall / def->mount_height : 0.0;
    // driving: static points move by -forward = (0, s, -c) in camera coordinates
    ahead[0] = x * c * inverse_depth;
    ahead[1] = (s + y * c) * inverse_depth;
    // turning: rotation about the vertical (0, -c, -s), and translation, as the camera is ahead of
    // the axis
    turn[0] = c - s * y + c * x * x + def->mount_forward * inverse_depth;
    turn[1] = s * x + c * x * y;
    return isfinite(ahead[0] + ahead[1] + turn[0] + turn[1]);
}

// Flow of a pixel [px].
typedef struct pixel_flow {
    float ahead[2], turn[2];
} pixel_flow;

// Flow of a pixel: flow of its ray, times the inverse of the derivative of rays with respect to
// pixels.
static pixel_flow find_pixel_flow(const imp_camera *camera, double px, double py)
{
    const double half = 0.5;
    double at[2], ahead[2], turn[2], left[2], right[2], above[2], below[2];
    if (!imp_camera_pixel_to_ray(camera, px, py, &at[0], &at[1]) ||
        !imp_camera_pixel_to_ray(camera, px - half, py, &left[0], &left[1]) ||
        !imp_camera_pixel_to_ray(camera, px + half, py, &right[0], &right[1]) ||
        !imp_camera_pixel_to_ray(camera, px, py - half, &above[0], &above[1]) ||
        !imp_camera_pixel_to_ray(camera, px, py + half, &below[0], &below[1]) ||
        !compute_optical_flow_of_ray(&camera->def, at[0], at[1], ahead, turn))
        return (pixel_flow){0};
    // invert the 2 x 2 Jacobian
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

void imp_camera_motion_flow_fill(const imp_camera *camera, imp_flow_block *flow)
{
    const int width = camera->def.width;
    size_t group = 0;
    for (int j = 0; j < camera->def.height; j++)
        for (int i = 0; i < width; i += IMP_FLOW_PIXELS, group++) {
            // the flow at the centre of each group stands for its pixels
            const int end = i + IMP_FLOW_PIXELS < width ? i + IMP_FLOW_PIXELS : width;
            const pixel_flow found = find_pixel_flow(camera, 0.5 * (i + end), j + 0.5);
            imp_flow_block *run = &flow[group / IMP_FLOW_GROUPS];
            const size_t k = group % IMP_FLOW_GROUPS;
            run->ahead_x[k] = found.ahead[0];
            run->ahead_y[k] = found.ahead[1];
            run->turn_x[k] = found.turn[0];
            run->turn_y[k] = found.turn[1];
        }
}

// Clamps an index to [0, end).
static inline int clamp_index(int place, int end)
{
    return place < 0 ? 0 : place >= end ? end - 1 : place;
}

enum { BLUR_LENGTH_MAX = 2 * (IMP_BLUR_MARGIN - 2) };

// A blur path through the centre of a group's pixels, in whole steps along its longer axis.
typedef struct blur_path {
    int steps;         // steps to either side; 0: no motion
    bool down;         // the longer axis is vertical
    int32_t aside;     // shift along the other axis per step [1/65536 px]
    float share, ends; // weight of inner pixels, and of the two ends
} blur_path;

// The same for eight groups.
typedef struct blur_paths8 {
    imp_i32x8 steps, down, aside;
    imp_f32x8 share, ends;
} blur_paths8;

// Plans the paths of eight groups from flow and motion.
IMP_ALWAYS_INLINE void compute_blur_paths(const imp_flow_block *flow, float ahead, float turn,
                                          blur_paths8 *out)
{
    const imp_f32x8 one = (imp_f32x8){0} + 1.0f, longest = one * (float)BLUR_LENGTH_MAX;
    const imp_f32x8 dx =
        ahead * IMP_F32X8_LOAD(flow->ahead_x) + turn * IMP_F32X8_LOAD(flow->turn_x);
    const imp_f32x8 dy =
        ahead * IMP_F32X8_LOAD(flow->ahead_y) + turn * IMP_F32X8_LOAD(flow->turn_y);
    out->down = IMP_F32X8_ABS(dy) > IMP_F32X8_ABS(dx);
    const imp_f32x8 longer = IMP_F32X8_SELECT(out->down, dy, dx);
    const imp_f32x8 size = IMP_F32X8_ABS(longer);
    // a path within one pixel blurs nothing; NaN does not move, either
    const imp_i32x8 moves = (size > one) & (size < one * 1e6f);
    const imp_f32x8 along = IMP_F32X8_SELECT(moves, longer, one);
    const imp_f32x8 aside =
        IMP_F32X8_SELECT(moves & out->down, dx, IMP_F32X8_SELECT(moves, dy, one));
    // the path covers `length` pixels; the ends get what is left of the total weight
    const imp_f32x8 length = IMP_F32X8_MIN(IMP_F32X8_ABS(along), longest);
    const imp_i32x8 steps = __builtin_convertvector(0.5f * length + 0.5f, imp_i32x8);
    out->steps = steps & moves;
    out->aside = __builtin_convertvector(aside / along * 65536.0f, imp_i32x8);
    out->share = 1.0f / length;
    out->ends = 0.5f * (1.0f - out->share * __builtin_convertvector(2 * steps - 1, imp_f32x8));
}

typedef uint16_t u16x16 __attribute__((vector_size(32)));

// The pixel at step n of a path.
IMP_ALWAYS_INLINE const uint32_t *pixel_on_path(const uint32_t *rgbx, size_t stride, int height,
                                                int row, const blur_path *w, int n)
{
    const int beside = (n * w->aside + 32768) >> 16;
    const int j = clamp_index(row + (w->down ? n : beside), height);
    return rgbx + (size_t)j * stride + (w->down ? beside : n);
}

// Adds eight pixels to 16-bit sums.
IMP_ALWAYS_INLINE void add_eight_pixels(const uint32_t *from, u16x16 sum[2])
{
    imp_u8x16 half[2];
    memcpy(half, from, sizeof half);
    sum[0] += __builtin_convertvector(half[0], u16x16);
    sum[1] += __builtin_convertvector(half[1], u16x16);
}

// Averages along a path for eight pixels. Nearest pixels are used, since interpolation would blur
// across the path.
IMP_ALWAYS_INLINE void blur_eight_pixels(const uint32_t *rgbx, size_t stride, int height, int row,
                                         const blur_path *w, uint32_t *out)
{
    // sums of up to 108 bytes fit 16 bits
    u16x16 inner[2] = {{0}}, outer[2] = {{0}};
    add_eight_pixels(pixel_on_path(rgbx, stride, height, row, w, -w->steps), outer);
    add_eight_pixels(pixel_on_path(rgbx, stride, height, row, w, w->steps), outer);
    for (int n = 1 - w->steps; n < w->steps; n++)
        add_eight_pixels(pixel_on_path(rgbx, stride, height, row, w, n), inner);
    // weighted sum of inner pixels and ends
    uint16_t in[4 * IMP_FLOW_PIXELS], ends[4 * IMP_FLOW_PIXELS];
    uint8_t bytes[4 * IMP_FLOW_PIXELS];
    memcpy(in, inner, sizeof in);
    memcpy(ends, outer, sizeof ends);
    for (int k = 0; k < 4 * IMP_FLOW_PIXELS; k++)
        bytes[k] = (uint8_t)((float)in[k] * w->share + (float)ends[k] * w->ends + 0.5f);
    memcpy(out, bytes, sizeof bytes);
}

// Blurs an image; paths are planned for eight groups at a time.
IMP_ALWAYS_INLINE void motion_blur_image(const imp_flow_block *flow, const imp_blur_context *s,
                                         uint8_t *rgb)
{
    const size_t stride = imp_rgbx_stride(s->width);
    blur_paths8 run;
    int next = 0; // group of the run
    imp_rgbx_from_rgb(rgb, s->width, s->height, IMP_BLUR_MARGIN, s->rgbx[0]);
    for (int row = 0; row < s->height; row++) {
        const size_t first = (size_t)row * stride + IMP_BLUR_MARGIN;
        for (int k = 0; k < s->width; k += IMP_FLOW_PIXELS) {
            if (next == 0)
                compute_blur_paths(flow++, s->ahead, s->turn, &run);
            const blur_path w = {run.steps[next], run.down[next] != 0, run.aside[next],
                                 run.share[next], run.ends[next]};
            uint32_t *out = s->rgbx[1] + first + k;
            // pixels without motion are copied
            if (w.steps > 0)
                blur_eight_pixels(s->rgbx[0] + IMP_BLUR_MARGIN + k, stride, s->height, row, &w,
                                  out);
            else
                memcpy(out, s->rgbx[0] + first + k, IMP_FLOW_PIXELS * sizeof *out);
            next = (next + 1) % IMP_FLOW_GROUPS;
        }
    }
    imp_rgbx_to_rgb(s->rgbx[1], s->width, s->height, rgb);
}

#if defined(__x86_64__)
IMP_AVX2 static void motion_blur_avx2(const imp_flow_block *flow, const imp_blur_context *s,
                                      uint8_t *rgb)
{
    motion_blur_image(flow, s, rgb);
}

IMP_AVX512 static void motion_blur_avx512(const imp_flow_block *flow, const imp_blur_context *s,
                                          uint8_t *rgb)
{
    motion_blur_image(flow, s, rgb);
}
#endif

void imp_motion_blur(const imp_flow_block *flow, const imp_blur_context *blur_context, uint8_t *rgb)
{
#if defined(__x86_64__)
    if (imp_cpu_has_avx512()) {
        motion_blur_avx512(flow, blur_context, rgb);
        return;
    }
    if (imp_cpu_has_avx2()) {
        motion_blur_avx2(flow, blur_context, rgb);
        return;
    }
#endif
    motion_blur_image(flow, blur_context, rgb);
}

// A symmetric kernel with weights that add up to 32768.
typedef struct blur_kernel {
    int reach;
    int16_t share[IMP_BLUR_RADIUS_MAX + 1]; // weight of the neighbours at a distance
} blur_kernel;

// Gaussian weights up to 2.5 standard deviations; the centre gets the rounding error.
static blur_kernel make_gaussian_kernel(double deviation)
{
    blur_kernel kernel = {.reach = (int)ceil(2.5 * deviation)};
    double sum = 1.0;
    int rest = 32768;
    for (int k = 1; k <= kernel.reach; k++)
        sum += 2.0 * imp_exp(-0.5 * k * k / (deviation * deviation));
    for (int k = 1; k <= kernel.reach; k++) {
        const double share = imp_exp(-0.5 * k * k / (deviation * deviation)) / sum;
        kernel.share[k] = (int16_t)lround(32768.0 * share);
        rest -= 2 * kernel.share[k];
    }
    kernel.share[0] = (int16_t)(rest < 32767 ? rest : 32767);
    return kernel;
}

// Rounded product in units of 1/32768, in the form that compilers translate to one instruction
// (pmulhrsw).
IMP_ALWAYS_INLINE int16_t multiply_q15_rounded(int16_t value, int16_t share)
{
    return (int16_t)((((int32_t)value * share >> 14) + 1) >> 1);
}

// Adds a weighted sum of two rows to a row.
IMP_ALWAYS_INLINE void add_weighted_rows(const int16_t *a, const int16_t *b, int16_t share,
                                         int count, int16_t *restrict to)
{
    for (int k = 0; k < count; k++)
        to[k] = (int16_t)(to[k] + multiply_q15_rounded((int16_t)(a[k] + b[k]), share));
}

// Horizontal pass of one row.
IMP_ALWAYS_INLINE void blur_row(const blur_kernel *kernel, const int16_t *middle, int count,
                                int16_t *restrict to)
{
    for (int k = 0; k < count; k++)
        to[k] = multiply_q15_rounded(middle[k], kernel->share[0]);
    for (int n = 1; n <= kernel->reach; n++)
        add_weighted_rows(middle - 4 * n, middle + 4 * n, kernel->share[n], count, to);
}

// Both passes; values are 64 times a byte.
IMP_ALWAYS_INLINE void gaussian_blur_image(const blur_kernel *kernel, const imp_blur_context *s,
                                           int16_t *values, int16_t *line, uint8_t *rgb)
{
    // horizontal pass: rows with margins to `values`
    const int count = (s->width + 7) / 8 * 32, reach = 4 * kernel->reach;
    const size_t stride = imp_rgbx_stride(s->width), across = (size_t)count;
    imp_rgbx_from_rgb(rgb, s->width, s->height, kernel->reach, s->rgbx[0]);
    for (int row = 0; row < s->height; row++) {
        const uint8_t *from =
            (const uint8_t *)(s->rgbx[0] + (size_t)row * stride + IMP_BLUR_MARGIN) - reach;
        for (int k = 0; k < count + 2 * reach; k++)
            line[k] = (int16_t)(from[k] << 6);
        blur_row(kernel, line + reach, count, values + (size_t)row * across);
    }
    for (int row = 0; row < s->height; row++) {
        // vertical pass: rows are clamped at the top and bottom
        uint8_t *to = (uint8_t *)(s->rgbx[0] + (size_t)row * stride + IMP_BLUR_MARGIN);
        const int16_t *middle = values + (size_t)row * across;
        for (int k = 0; k < count; k++)
            line[k] = (int16_t)(32 + multiply_q15_rounded(middle[k], kernel->share[0]));
        for (int n = 1; n <= kernel->reach; n++)
            add_weighted_rows(values + (size_t)clamp_index(row - n, s->height) * across,
                              values + (size_t)clamp_index(row + n, s->height) * across,
                              kernel->share[n], count, line);
        for (int k = 0; k < count; k++)
            to[k] = (uint8_t)((line[k] < 16383 ? line[k] : 16383) >> 6);
    }
    imp_rgbx_to_rgb(s->rgbx[0], s->width, s->height, rgb);
}

#if defined(__x86_64__)
IMP_AVX2 static void gaussian_blur_avx2(const blur_kernel *kernel, const imp_blur_context *s,
                                        int16_t *values, int16_t *line, uint8_t *rgb)
{
    gaussian_blur_image(kernel, s, values, line, rgb);
}

IMP_AVX512 static void gaussian_blur_avx512(const blur_kernel *kernel, const imp_blur_context *s,
                                            int16_t *values, int16_t *line, uint8_t *rgb)
{
    gaussian_blur_image(kernel, s, values, line, rgb);
}
#endif

void imp_gaussian_blur(const imp_blur_context *blur_context, double deviation, int16_t *values,
                       int16_t *line, uint8_t *rgb)
{
    const blur_kernel kernel = make_gaussian_kernel(deviation);
#if defined(__x86_64__)
    if (imp_cpu_has_avx512()) {
        gaussian_blur_avx512(&kernel, blur_context, values, line, rgb);
        return;
    }
    if (imp_cpu_has_avx2()) {
        gaussian_blur_avx2(&kernel, blur_context, values, line, rgb);
        return;
    }
#endif
    gaussian_blur_image(&kernel, blur_context, values, line, rgb);
}
