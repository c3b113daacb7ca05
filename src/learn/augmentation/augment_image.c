// The work on one image: moved, blurred, toned, cut. Images are rows of RGB bytes. Effects apply in
// this order, each over the whole image, in integers or fixed point. The kernels are plain C loops
// that the compiler vectorises for several instruction sets.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn/augmentation/augment.h"
#include "nn/kernels/cpu_dispatch.h"

// A thread needs one, so that augmentation allocates nothing. Tone curves are repeated along a row,
// so that the kernel has no branches by channel.
struct imp_augment_workspace {
    uint8_t *moved, *blurred;          // images
    int16_t *bias, *slope, *curvature; // (3 x width) of a row
    int32_t *x, *y;                    // (width) where a row comes from [px / 64]
};

// Buffers are of the augmenter's image size; there is one row of tone curves and of places.
imp_status imp_augment_workspace_create(imp_augment_workspace **out, const imp_augmenter *augmenter,
                                        imp_error *err)
{
    const size_t width = (size_t)augmenter->width;
    const size_t image = 3 * width * (size_t)augmenter->height;
    imp_augment_workspace *workspace = calloc(1, sizeof *workspace);
    if (workspace != NULL) {
        workspace->moved = malloc(image);
        workspace->blurred = malloc(image);
        workspace->bias = malloc(3 * width * sizeof *workspace->bias);
        workspace->slope = malloc(3 * width * sizeof *workspace->slope);
        workspace->curvature = malloc(3 * width * sizeof *workspace->curvature);
        workspace->x = malloc(width * sizeof *workspace->x);
        workspace->y = malloc(width * sizeof *workspace->y);
    }
    if (workspace == NULL || workspace->moved == NULL || workspace->blurred == NULL ||
        workspace->bias == NULL || workspace->slope == NULL || workspace->curvature == NULL ||
        workspace->x == NULL || workspace->y == NULL) {
        imp_augment_workspace_destroy(workspace);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to augment");
    }
    *out = workspace;
    return IMP_OK;
}

void imp_augment_workspace_destroy(imp_augment_workspace *workspace)
{
    if (workspace == NULL)
        return;
    free(workspace->moved);
    free(workspace->blurred);
    free(workspace->bias);
    free(workspace->slope);
    free(workspace->curvature);
    free(workspace->x);
    free(workspace->y);
    free(workspace);
}

// What find_source_pixels() needs of a row: the flow, sizes [px], and the motion in metres and
// radians to the right.
typedef struct row_sources {
    const imp_camera_flow *flow;
    int row, width, height;
    float shift, turn;
} row_sources;

// The comparisons keep the loop free of branches, which the compiler needs to vectorise it.
static inline float clamp(float value, float low, float high)
{
    value = value < low ? low : value;
    return value > high ? high : value;
}

// Where the pixels of a row come from, in 64ths of a pixel; within the image, so that both
// neighbours are there. The flow is linear in the motion, which holds for small ones.
IMP_DISPATCH_BODY find_source_pixels_body(const row_sources *p, int32_t *restrict x,
                                          int32_t *restrict y)
{
    // the largest place that has a neighbour to the right, and one below
    const float right = (float)(64 * (p->width - 1) - 1), below = (float)(64 * (p->height - 1) - 1);
    const float shift = 64.0F * p->shift, turn = 64.0F * p->turn, row = 64.0F * (float)p->row;
    const size_t first = (size_t)p->row * (size_t)p->width;
    const float *shift_x = p->flow->shift_x + first, *shift_y = p->flow->shift_y + first;
    const float *turn_x = p->flow->turn_x + first, *turn_y = p->flow->turn_y + first;
    const int width = p->width;
    for (int k = 0; k < width; k++) {
        const float column = 64.0F * (float)k;
        x[k] = (int32_t)clamp(column + shift * shift_x[k] + turn * turn_x[k], 0.0F, right);
        y[k] = (int32_t)clamp(row + shift * shift_y[k] + turn * turn_y[k], 0.0F, below);
    }
}
IMP_DISPATCH_BY_CPU(static, find_source_pixels,
                    (const row_sources *p, int32_t *restrict x, int32_t *restrict y), (p, x, y))

// (64 - part) / 64 of one and part / 64 of the other, byte by byte: every second byte of a word at
// a time has room for the products. `part` is from 0 to 64. Bytes are summed in 16-bit lanes, where
// 255 * 64 + 32 does not overflow.
static inline uint64_t blend_bytes(uint64_t one, uint64_t other, uint64_t part)
{
    // odd bytes are shifted down, so that both halves use the same lanes; half is 32, for rounding
    const uint64_t mask = 0x00ff00ff00ff00ffU, half = 0x0020002000200020U;
    const uint64_t even = (one & mask) * (64 - part) + (other & mask) * part + half;
    const uint64_t odd = (one >> 8 & mask) * (64 - part) + (other >> 8 & mask) * part + half;
    return (even >> 6 & mask) | (odd >> 6 & mask) << 8;
}

// Six bytes from a place on: two pixels. Never reads a seventh byte, which could lie after the
// image. The first byte is the lowest on any machine.
static inline uint64_t load_two_pixels(const uint8_t *at)
{
    uint32_t low;
    uint16_t upper;
    memcpy(&low, at, sizeof low);
    memcpy(&upper, at + sizeof low, sizeof upper);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    low = __builtin_bswap32(low);
    upper = __builtin_bswap16(upper);
#endif
    return low | (uint64_t)upper << 32;
}

// Moves the image into workspace->moved by bilinear interpolation, with places in 64ths of a pixel.
static void shift_and_turn_image(const imp_augmenter *a, const imp_augment_params *draw,
                                 imp_augment_workspace *workspace, const uint8_t *rgb)
{
    const size_t width = (size_t)a->width;
    uint8_t *out = workspace->moved;
    for (int row = 0; row < a->height; row++) {
        const row_sources sources = {&a->flow, row, a->width, a->height, draw->shift, draw->turn};
        find_source_pixels(&sources, workspace->x, workspace->y);
        for (size_t k = 0; k < width; k++, out += 3) {
            const uint32_t x = (uint32_t)workspace->x[k], y = (uint32_t)workspace->y[k];
            const uint8_t *at = rgb + 3 * ((size_t)(y >> 6) * width + (x >> 6));
            // between the two rows first: two pixels at a time; then between these two
            const uint64_t lines =
                blend_bytes(load_two_pixels(at), load_two_pixels(at + 3 * width), y & 63);
            const uint64_t value = blend_bytes(lines, lines >> 24, x & 63);
            out[0] = (uint8_t)value;
            out[1] = (uint8_t)(value >> 8);
            out[2] = (uint8_t)(value >> 16);
        }
    }
}

// One row of the blur: 1 2 1 in both directions, `share` of 256 of it. ends: of the row's 3 * width
// values; its outermost pixels are those of the image inside. The kernel is binomial; the sum of
// its nine weights is 16. Division by 4096 = 16 * 256 rounds to nearest.
IMP_DISPATCH_BODY blur_row_body(const uint8_t *above, const uint8_t *row, const uint8_t *below,
                                int count, int share, uint8_t *out)
{
    for (int i = 3; i < count - 3; i++) {
        const int left = above[i - 3] + 2 * row[i - 3] + below[i - 3];
        const int middle = above[i] + 2 * row[i] + below[i];
        const int right = above[i + 3] + 2 * row[i + 3] + below[i + 3];
        const int sum = left + 2 * middle + right; // 16 times the mean
        out[i] = (uint8_t)((row[i] * (256 - share) * 16 + sum * share + 2048) >> 12);
    }
}
IMP_DISPATCH_BY_CPU(static, blur_row,
                    (const uint8_t *above, const uint8_t *row, const uint8_t *below, int count,
                     int share, uint8_t *out),
                    (above, row, below, count, share, out))

// Rows outside the image repeat the outermost row. `share` is of 256; out must not be rgb.
static void blur_whole_image(const imp_augmenter *a, int share, const uint8_t *rgb, uint8_t *out)
{
    const size_t count = (size_t)a->width * 3;
    for (int row = 0; row < a->height; row++) {
        const uint8_t *here = rgb + (size_t)row * count;
        const uint8_t *above = row > 0 ? here - count : here;
        const uint8_t *below = row + 1 < a->height ? here + count : here;
        memcpy(out, here, count);
        blur_row(above, here, below, (int)count, share, out);
        out += count;
    }
}

// Whole numbers, so that a vector holds many: what becomes of a value is counted in sixteenths.
// `strength` is the factor of the noise table, times 2^12.
typedef struct tones {
    const int16_t *bias, *slope, *curvature; // (count) times 16, 2^13 and 2^22
    const int8_t *noise;                     // (count)
    int16_t strength;
    int count;
} tones;

// The upper half of a product. One instruction of vector units: a * b / 65536, rounded down.
static inline int16_t multiply_high_int16(int16_t a, int16_t b)
{
    return (int16_t)((int32_t)a * b >> 16);
}

// Applies the tone curve and adds noise, then clips to a byte. Values are 16-bit, so that a vector
// register holds as many as possible.
IMP_DISPATCH_BODY apply_tone_curve_to_row_body(const tones *t, const uint8_t *restrict row,
                                               uint8_t *restrict out)
{
    const int16_t strength = t->strength;
    const int16_t *bias = t->bias, *slope = t->slope, *curvature = t->curvature;
    const int8_t *noise = t->noise;
    for (int i = 0; i < t->count; i++) {
        // x is the value times 2^7, and slope has 2^13: their high product has 2^4, that is
        // sixteenths
        const int16_t x = (int16_t)(row[i] << 7);
        const int16_t steep = (int16_t)(slope[i] + multiply_high_int16(x, curvature[i]));
        const int16_t grain = multiply_high_int16((int16_t)(noise[i] * 256), strength);
        int16_t y = (int16_t)((int16_t)(multiply_high_int16(x, steep) + bias[i] + grain + 8) >> 4);
        y = y < 0 ? 0 : y;
        out[i] = (uint8_t)(y > 255 ? 255 : y);
    }
}
IMP_DISPATCH_BY_CPU(static, apply_tone_curve_to_row,
                    (const tones *t, const uint8_t *restrict row, uint8_t *restrict out),
                    (t, row, out))

// The nearest multiple of 1 / scale, saturated to 16 bits.
static int16_t to_fixed_point(float value, double scale)
{
    const double number = rint((double)value * scale);
    return (int16_t)(number < -32767.0 ? -32767.0 : number > 32767.0 ? 32767.0 : number);
}

// Tones an image and adds noise. Each row starts at another place of the noise table, so that rows
// do not look alike.
static void apply_tone_curve_to_image(const imp_augmenter *a, const imp_augment_params *draw,
                                      const imp_augment_workspace *workspace, const uint8_t *rgb,
                                      uint8_t *out)
{
    // the curve of each channel, repeated for all pixels of a row
    const int count = 3 * a->width;
    for (int c = 0; c < 3; c++) {
        const int16_t bias = to_fixed_point(draw->bias[c], 16.0),
                      slope = to_fixed_point(draw->slope[c], 0x1p13);
        const int16_t curvature = to_fixed_point(draw->curvature[c], 0x1p22);
        for (int i = c; i < count; i += 3) {
            workspace->bias[i] = bias;
            workspace->slope[i] = slope;
            workspace->curvature[i] = curvature;
        }
    }
    // the last place of the table from which a whole row can be read
    const uint32_t last = (uint32_t)(IMP_NOISE_TABLE_SIZE - count),
                   step = 40503; // scatters the rows
    const int16_t strength = to_fixed_point(draw->noise, 0x1p12);
    for (int row = 0; row < a->height; row++) {
        const uint32_t at = (draw->noise_offset + (uint32_t)row * step) % last;
        const tones t = {workspace->bias, workspace->slope, workspace->curvature,
                         a->noise + at,   strength,         count};
        apply_tone_curve_to_row(&t, rgb + (size_t)row * (size_t)count,
                                out + (size_t)row * (size_t)count);
    }
}

// Steps that change nothing are skipped; toning always runs, and writes the result. rgb and out
// must not overlap.
void imp_augment_image(const imp_augmenter *augmenter, const imp_augment_params *draw,
                       imp_augment_workspace *workspace, const uint8_t *rgb, uint8_t *out)
{
    // each step reads the result of the one before
    if (draw->shift != 0.0F || draw->turn != 0.0F) {
        shift_and_turn_image(augmenter, draw, workspace, rgb);
        rgb = workspace->moved;
    }
    if (draw->blur > 0) {
        blur_whole_image(augmenter, draw->blur, rgb, workspace->blurred);
        rgb = workspace->blurred;
    }
    apply_tone_curve_to_image(augmenter, draw, workspace, rgb, out);
    for (int row = draw->top; row < draw->bottom; row++)
        memset(out + 3 * ((size_t)row * (size_t)augmenter->width + (size_t)draw->left),
               draw->fill_value, (size_t)3 * (size_t)(draw->right - draw->left));
}
