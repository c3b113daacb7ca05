// Motion and defocus. Motion is a filter along each pixel's own way: how the ground moves through
// the picture follows from the camera alone, so that it is found once, and works on recorded
// pictures too. Things that stand upright are smeared like the ground that they hide.
#include <math.h>

#include "render/degrade.h"

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

// The flow of a pixel from that of its ray: the inverse of how rays change across the picture.
static imp_pixel_flow pixel_flow(const imp_camera *camera, double px, double py)
{
    const double half = 0.5;
    double at[2], ahead[2], turn[2], left[2], right[2], above[2], below[2];
    if (!imp_camera_ray(camera, px, py, &at[0], &at[1]) ||
        !imp_camera_ray(camera, px - half, py, &left[0], &left[1]) ||
        !imp_camera_ray(camera, px + half, py, &right[0], &right[1]) ||
        !imp_camera_ray(camera, px, py - half, &above[0], &above[1]) ||
        !imp_camera_ray(camera, px, py + half, &below[0], &below[1]) ||
        !ray_flow(&camera->def, at[0], at[1], ahead, turn))
        return (imp_pixel_flow){0};
    const double a = right[0] - left[0], b = below[0] - above[0];
    const double c = right[1] - left[1], d = below[1] - above[1];
    const double scale = 1.0 / (a * d - b * c);
    return (imp_pixel_flow){
        .ahead_x = (float)(scale * (d * ahead[0] - b * ahead[1])),
        .ahead_y = (float)(scale * (a * ahead[1] - c * ahead[0])),
        .turn_x = (float)(scale * (d * turn[0] - b * turn[1])),
        .turn_y = (float)(scale * (a * turn[1] - c * turn[0])),
    };
}

void imp_flow_find(const imp_camera *camera, imp_pixel_flow *flow)
{
    for (int j = 0; j < camera->def.height; j++)
        for (int i = 0; i < camera->def.width; i++)
            *flow++ = pixel_flow(camera, i + 0.5, j + 0.5);
}

static inline int within(int place, int end)
{
    return place < 0 ? 0 : place >= end ? end - 1 : place;
}

// A pixel's channels, far enough apart for weights of WHOLE in all.
enum { CHANNEL_BITS = 21, WHOLE = 1 << 12, LONGEST_WAY = 64 };

// A way through a pixel's middle, walked by whole pixels along the axis that it is longer in.
typedef struct way {
    int steps;         // to either side
    int share, ends;   // of WHOLE: of each pixel but the outermost, which it reaches into, and of
                       // these
    int32_t aside;     // what a step takes along the other axis [1/65536 px]
    int size[2];       // of the picture, along the way and aside
    ptrdiff_t next[2]; // from pixel to pixel, along and aside
} way;

static way plan(float along, float aside, int width, int height, bool down)
{
    const float length = fabsf(along) < LONGEST_WAY ? fabsf(along) : LONGEST_WAY;
    way w = {.steps = (int)(0.5f * length + 0.5f),
             .share = (int)(WHOLE / length),
             .aside = (int32_t)(aside / along * 65536.0f),
             .size = {down ? height : width, down ? width : height},
             .next = {down ? width : 1, down ? 1 : width}};
    w.ends = (WHOLE - w.share * (2 * w.steps - 1)) / 2;
    return w;
}

// The mean along a way through the pixel at a place (along, aside). The nearest pixels count: what
// lies between them, mixed from both, would blur across the way.
static void smear_pixel(const uint64_t *words, const way *w, int along, int aside, uint8_t *rgb)
{
    uint64_t sum = 0;
    int32_t beside = aside * 65536 + 32768 - w->aside * w->steps;
    for (int n = -w->steps; n <= w->steps; n++, beside += w->aside) {
        const uint64_t word = words[within(along + n, w->size[0]) * w->next[0] +
                                    within(beside >> 16, w->size[1]) * w->next[1]];
        sum += word * (uint64_t)(n == -w->steps || n == w->steps ? w->ends : w->share);
    }
    const float part = 1.0f / (float)(2 * w->ends + (2 * w->steps - 1) * w->share);
    for (int c = 0; c < 3; c++) {
        const int32_t channel = (int32_t)(sum >> (c * CHANNEL_BITS) & ((1 << CHANNEL_BITS) - 1));
        rgb[c] = (uint8_t)((float)channel * part + 0.5f);
    }
}

void imp_flow_smear(const imp_pixel_flow *flow, int width, int height, float ahead, float turn,
                    uint64_t *words, uint8_t *rgb)
{
    const int count = width * height;
    for (int k = 0; k < count; k++)
        words[k] = rgb[3 * k] | (uint64_t)rgb[3 * k + 1] << CHANNEL_BITS |
                   (uint64_t)rgb[3 * k + 2] << (2 * CHANNEL_BITS);
    for (int row = 0; row < height; row++)
        for (int column = 0; column < width; column++, flow++, rgb += 3) {
            const float dx = ahead * flow->ahead_x + turn * flow->turn_x;
            const float dy = ahead * flow->ahead_y + turn * flow->turn_y;
            const bool down = fabsf(dy) > fabsf(dx);
            const float along = down ? dy : dx, aside = down ? dx : dy;
            // a way within a pixel blurs nothing; in this order what is not a number stays too
            if (!(fabsf(along) > 1.0f && fabsf(along) < 1e6f))
                continue;
            const way w = plan(along, aside, width, height, down);
            smear_pixel(words, &w, down ? row : column, down ? column : row, rgb);
        }
}

// Adds a share of a line to a row.
IMP_ALWAYS void add_line(const float *from, float share, int count, float *to)
{
    for (int k = 0; k < count; k++)
        to[k] += from[k] * share;
}

typedef struct blur_kernel {
    int reach;
    float share[IMP_BLUR_REACH + 1]; // of neighbours at a distance
} blur_kernel;

static blur_kernel kernel_of(double deviation)
{
    blur_kernel kernel = {.reach = (int)ceil(2.5 * deviation)};
    double sum = 0.0;
    for (int k = 0; k <= kernel.reach; k++) {
        const double share = exp(-0.5 * k * k / (deviation * deviation));
        kernel.share[k] = (float)share;
        sum += k == 0 ? share : 2.0 * share;
    }
    for (int k = 0; k <= kernel.reach; k++)
        kernel.share[k] /= (float)sum;
    return kernel;
}

// Blurs along a row: line is the row with its ends repeated.
IMP_ALWAYS void blur_row(const blur_kernel *kernel, const float *line, int count, float *out)
{
    for (int k = 0; k < count; k++)
        out[k] = line[k] * kernel->share[0];
    for (int n = 1; n <= kernel->reach; n++) {
        add_line(line + 3 * n, kernel->share[n], count, out);
        add_line(line - 3 * n, kernel->share[n], count, out);
    }
}

IMP_ALWAYS void blur_picture(const blur_kernel *kernel, int width, int height, float *values,
                             float *line, uint8_t *rgb)
{
    const int count = 3 * width, reach = 3 * kernel->reach;
    for (int row = 0; row < height; row++) {
        const uint8_t *from = rgb + (size_t)row * (size_t)count;
        float *middle = line + reach;
        for (int k = 0; k < count; k++)
            middle[k] = from[k];
        for (int k = 1; k <= reach; k++) {
            middle[-k] = from[2 - (k - 1) % 3];
            middle[count - 1 + k] = from[count - 3 + (k - 1) % 3];
        }
        blur_row(kernel, middle, count, values + (size_t)row * (size_t)count);
    }
    for (int row = 0; row < height; row++) {
        uint8_t *to = rgb + (size_t)row * (size_t)count;
        for (int k = 0; k < count; k++)
            line[k] = 0.5f;
        for (int n = -kernel->reach; n <= kernel->reach; n++)
            add_line(values + (size_t)within(row + n, height) * (size_t)count,
                     kernel->share[n < 0 ? -n : n], count, line);
        for (int k = 0; k < count; k++)
            to[k] = (uint8_t)(line[k] < 255.0f ? line[k] : 255.0f);
    }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void blur_avx2(const blur_kernel *kernel, int width,
                                                      int height, float *values, float *line,
                                                      uint8_t *rgb)
{
    blur_picture(kernel, width, height, values, line, rgb);
}
#endif

void imp_blur(int width, int height, double deviation, float *values, float *line, uint8_t *rgb)
{
    const blur_kernel kernel = kernel_of(deviation);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        blur_avx2(&kernel, width, height, values, line, rgb);
        return;
    }
#endif
    blur_picture(&kernel, width, height, values, line, rgb);
}
