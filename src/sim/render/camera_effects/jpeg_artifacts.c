// Artifacts of JPEG compression without coding, since coding is lossless: colour conversion, 4:2:0
// subsampling, cosine transform of 8 x 8 blocks, quantisation, and back. Quantisation tables are
// the examples of ITU-T T.81, scaled by quality as libjpeg does.
//
// Data layout: three float planes, padded to whole 16 x 16 blocks. A row of a block is one vector
// of eight, so a transform of columns is arithmetic between vectors, and rows are transformed after
// a transposition. All instruction sets share this source and give the same bytes.
#include <math.h>
#include <string.h>

#include "base/common/attributes.h"
#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "sim/render/camera_effects/rgbx_image.h"

enum { SIDE = 8, BLOCK = SIDE * SIDE };

// Vector extension of the compiler: one source for all processors.
typedef float f32x8 __attribute__((vector_size(32)));

static const uint8_t QUANTISATION_TABLES[2][BLOCK] = {
    {16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
     14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
     18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
     49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99},
    {17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
     99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
     99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99},
};

// Coefficients of the orthonormal cosine transform. By symmetry, even rows need sums of opposite
// values and odd rows differences, so four coefficients per row suffice.
static void fill_dct_coefficients(imp_jpeg_quantisation *steps)
{
    for (int i = 0; i < SIDE; i++)
        for (int k = 0; k < SIDE / 2; k++)
            steps->cosine[i][k] =
                (float)(imp_cos((2 * k + 1) * i * IMP_PI / 16.0) * (i == 0 ? sqrt(0.125) : 0.5));
}

imp_jpeg_quantisation imp_jpeg_quantisation_create(int quality)
{
    // libjpeg's scaling of quality to per cent
    const int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    imp_jpeg_quantisation steps;
    for (int t = 0; t < 2; t++)
        for (int k = 0; k < BLOCK; k++) {
            const int step = (QUANTISATION_TABLES[t][k] * percent + 50) / 100;
            // transposed, as blocks are between the two transforms
            const int at = k % SIDE * SIDE + k / SIDE;
            steps.step[t][at] = (float)(step < 1 ? 1 : step > 255 ? 255 : step);
            steps.inverse[t][at] = 1.0f / steps.step[t][at];
        }
    fill_dct_coefficients(&steps);
    return steps;
}

// Side of an image padded to whole 16 x 16 blocks.
static int padded_side(int side)
{
    return (side + 2 * SIDE - 1) / (2 * SIDE) * 2 * SIDE;
}

size_t imp_jpeg_scratch_size(int width, int height)
{
    // three planes (1 + 1/4 + 1/4 of the pixels), and two rows of pixels
    return (size_t)padded_side(width) * (size_t)padded_side(height) * 3 / 2 +
           2 * (size_t)padded_side(width);
}

// Cosine transform of the columns of a block.
IMP_ALWAYS_INLINE void forward_dct_columns(const imp_jpeg_quantisation *steps, const f32x8 in[SIDE],
                                           f32x8 out[SIDE])
{
    // use the symmetry of cosines
    f32x8 sum[SIDE / 2], apart[SIDE / 2];
    for (int k = 0; k < SIDE / 2; k++) {
        sum[k] = in[k] + in[SIDE - 1 - k];
        apart[k] = in[k] - in[SIDE - 1 - k];
    }
    for (int i = 0; i < SIDE; i++) {
        const f32x8 *from = i % 2 == 0 ? sum : apart;
        const float *cosine = steps->cosine[i];
        out[i] = (cosine[0] * from[0] + cosine[1] * from[1]) +
                 (cosine[2] * from[2] + cosine[3] * from[3]);
    }
}

// Inverse cosine transform of the columns of a block.
IMP_ALWAYS_INLINE void inverse_dct_columns(const imp_jpeg_quantisation *steps, const f32x8 in[SIDE],
                                           f32x8 out[SIDE])
{
    for (int k = 0; k < SIDE / 2; k++) {
        const float(*cosine)[SIDE / 2] = steps->cosine;
        // even rows are symmetric, odd rows antisymmetric
        const f32x8 even = (cosine[0][k] * in[0] + cosine[2][k] * in[2]) +
                           (cosine[4][k] * in[4] + cosine[6][k] * in[6]);
        const f32x8 odd = (cosine[1][k] * in[1] + cosine[3][k] * in[3]) +
                          (cosine[5][k] * in[5] + cosine[7][k] * in[7]);
        out[k] = even + odd;
        out[SIDE - 1 - k] = even - odd;
    }
}

// Combines elements of two vectors.
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

// Transposes a block in three stages of pairs, quads and halves.
IMP_ALWAYS_INLINE void transpose_block(f32x8 r[SIDE])
{
    f32x8 s[SIDE], t[SIDE];
    for (int k = 0; k < SIDE; k += 2) {
        s[k] = SHUFFLE(r[k], r[k + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        s[k + 1] = SHUFFLE(r[k], r[k + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int k = 0; k < SIDE; k += 4)
        for (int n = 0; n < 2; n++) {
            t[k + 2 * n] = SHUFFLE(s[k + n], s[k + 2 + n], 0, 1, 8, 9, 4, 5, 12, 13);
            t[k + 2 * n + 1] = SHUFFLE(s[k + n], s[k + 2 + n], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (int k = 0; k < SIDE / 2; k++) {
        r[k] = SHUFFLE(t[k], t[k + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        r[k + 4] = SHUFFLE(t[k], t[k + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

// Transforms, quantises and restores a block in place.
IMP_ALWAYS_INLINE void dct_quantise_restore_block(const imp_jpeg_quantisation *steps, int table,
                                                  float *values, size_t stride)
{
    // adding and subtracting 1.5 * 2^23 rounds to integers
    const float whole = 12582912.0f;
    f32x8 a[SIDE], b[SIDE];
    for (int i = 0; i < SIDE; i++)
        memcpy(&a[i], values + (size_t)i * stride, sizeof a[i]);
    // columns, then the rows as columns of the transposed block
    forward_dct_columns(steps, a, b);
    transpose_block(b);
    forward_dct_columns(steps, b, a);
    for (int i = 0; i < SIDE; i++) {
        // round to multiples of the step
        f32x8 step, inverse;
        memcpy(&step, steps->step[table] + SIDE * i, sizeof step);
        memcpy(&inverse, steps->inverse[table] + SIDE * i, sizeof inverse);
        a[i] = ((a[i] * inverse + whole) - whole) * step;
    }
    inverse_dct_columns(steps, a, b);
    transpose_block(b);
    inverse_dct_columns(steps, b, a);
    for (int i = 0; i < SIDE; i++)
        memcpy(values + (size_t)i * stride, &a[i], sizeof a[i]);
}

// Quantises all blocks of a plane.
IMP_ALWAYS_INLINE void quantise_plane(const imp_jpeg_quantisation *steps, int table, float *values,
                                      int width, int height)
{
    for (int row = 0; row < height; row += SIDE)
        for (int column = 0; column < width; column += SIDE)
            dct_quantise_restore_block(steps, table, values + (size_t)row * (size_t)width + column,
                                       (size_t)width);
}

// The planes of a padded image: luma, and chroma of half the size.
typedef struct ycbcr_planes {
    int width, height; // of the luma plane
    float *light, *blue, *red;
} ycbcr_planes;

typedef int32_t i32x8 __attribute__((vector_size(32)));

// Luma of eight pixels; adds their differences of blue and red from it.
IMP_ALWAYS_INLINE void load_ycbcr_pixels(const uint32_t *rgbx, float *light, f32x8 *blue,
                                         f32x8 *red)
{
    i32x8 in;
    memcpy(&in, rgbx, sizeof in);
    const f32x8 r = __builtin_convertvector(in & 255, f32x8);
    const f32x8 g = __builtin_convertvector(in >> 8 & 255, f32x8);
    const f32x8 b = __builtin_convertvector(in >> 16 & 255, f32x8);
    // ITU-R BT.601 luma
    const f32x8 bright = 0.299f * r + 0.587f * g + 0.114f * b, level = bright - 128.0f;
    memcpy(light, &level, sizeof level);
    *blue += b - bright;
    *red += r - bright;
}

// Stores sums of neighbouring chroma values, times a factor.
IMP_ALWAYS_INLINE void store_subsampled_chroma(const f32x8 sides[2], float factor, float *out)
{
    const f32x8 sum = SHUFFLE(sides[0], sides[1], 0, 2, 4, 6, 8, 10, 12, 14) +
                      SHUFFLE(sides[0], sides[1], 1, 3, 5, 7, 9, 11, 13, 15);
    const f32x8 scaled = sum * factor;
    memcpy(out, &scaled, sizeof scaled);
}

// Loads two rows of pixels; chroma is the mean of 2 x 2. The image is padded by repeating its
// border.
IMP_ALWAYS_INLINE void load_row_pair(const ycbcr_planes *p, int row, const uint32_t *upper,
                                     const uint32_t *lower)
{
    float *light = p->light + (size_t)row * (size_t)p->width;
    const size_t colours = (size_t)(row / 2) * (size_t)(p->width / 2);
    for (int column = 0; column < p->width; column += 2 * SIDE) {
        f32x8 blue[2] = {{0}}, red[2] = {{0}};
        for (int n = 0; n < 2; n++) {
            const int at = column + SIDE * n;
            load_ycbcr_pixels(upper + at, light + at, &blue[n], &red[n]);
            load_ycbcr_pixels(lower + at, light + p->width + at, &blue[n], &red[n]);
        }
        store_subsampled_chroma(blue, 0.25f * 0.564334f, p->blue + colours + column / 2);
        store_subsampled_chroma(red, 0.25f * 0.713267f, p->red + colours + column / 2);
    }
}

// Rounds and clamps to bytes.
#define TO_BYTES(out, value)                                                                       \
    do {                                                                                           \
        const f32x8 zero = {0}, end = zero + 255.0f, from = (value);                               \
        const f32x8 above = (f32x8)((i32x8)from & (from > zero));                                  \
        const i32x8 low = above < end;                                                             \
        const f32x8 limited = (f32x8)((low & (i32x8)above) | (~low & (i32x8)end));                 \
        (out) = __builtin_convertvector(limited + 0.5f, i32x8);                                    \
    } while (0)

// Stores eight pixels; chroma is upsampled already.
IMP_ALWAYS_INLINE void store_rgbx_pixels(const float *light, const f32x8 *blue, const f32x8 *red,
                                         uint32_t *rgbx)
{
    f32x8 bright;
    memcpy(&bright, light, sizeof bright);
    bright += 128.0f;
    i32x8 r, g, b;
    TO_BYTES(r, bright + 1.402f * *red);
    TO_BYTES(g, bright - 0.344136f * *blue - 0.714136f * *red);
    TO_BYTES(b, bright + 1.772f * *blue);
    const i32x8 out = r | g << 8 | b << 16;
    memcpy(rgbx, &out, sizeof out);
}

// Stores a row; each chroma value serves two pixels.
IMP_ALWAYS_INLINE void store_row(const ycbcr_planes *p, int row, uint32_t *rgbx)
{
    const float *light = p->light + (size_t)row * (size_t)p->width;
    const size_t colours = (size_t)(row / 2) * (size_t)(p->width / 2);
    for (int column = 0; column < p->width; column += 2 * SIDE) {
        f32x8 blue, red;
        memcpy(&blue, p->blue + colours + column / 2, sizeof blue);
        memcpy(&red, p->red + colours + column / 2, sizeof red);
        // duplicate each chroma value for two neighbours
        const f32x8 near[2] = {SHUFFLE(blue, blue, 0, 0, 1, 1, 2, 2, 3, 3),
                               SHUFFLE(red, red, 0, 0, 1, 1, 2, 2, 3, 3)};
        const f32x8 far[2] = {SHUFFLE(blue, blue, 4, 4, 5, 5, 6, 6, 7, 7),
                              SHUFFLE(red, red, 4, 4, 5, 5, 6, 6, 7, 7)};
        store_rgbx_pixels(light + column, &near[0], &near[1], rgbx + column);
        store_rgbx_pixels(light + column + SIDE, &far[0], &far[1], rgbx + column + SIDE);
    }
}

// The whole image: load, quantise each plane, store.
IMP_ALWAYS_INLINE void add_jpeg_artifacts_to_image(const imp_jpeg_quantisation *steps, int width,
                                                   int height, float *values, uint8_t *rgb)
{
    // the planes follow each other in `values`, then two rows of pixels
    ycbcr_planes p = {.width = padded_side(width), .height = padded_side(height), .light = values};
    p.blue = values + (size_t)p.width * (size_t)p.height;
    p.red = p.blue + (size_t)p.width * (size_t)p.height / 4;
    uint32_t *const rgbx = (uint32_t *)(p.red + (size_t)p.width * (size_t)p.height / 4);
    const size_t line = (size_t)width * 3;
    for (int row = 0; row < p.height; row += 2) {
        for (int n = 0; n < 2; n++) {
            // rows and columns beyond the image repeat its border
            const int from = row + n < height ? row + n : height - 1;
            uint32_t *to = rgbx + n * p.width;
            imp_rgbx_row_from_rgb(rgb + (size_t)from * line, width, from + 1 < height, to);
            for (int k = width; k < p.width; k++)
                to[k] = to[width - 1];
        }
        load_row_pair(&p, row, rgbx, rgbx + p.width);
    }
    // luma with the first table, chroma with the second
    quantise_plane(steps, 0, p.light, p.width, p.height);
    quantise_plane(steps, 1, p.blue, p.width / 2, p.height / 2);
    quantise_plane(steps, 1, p.red, p.width / 2, p.height / 2);
    for (int row = 0; row < height; row++) {
        store_row(&p, row, rgbx);
        imp_rgbx_row_to_rgb(rgbx, width, row + 1 < height, rgb + (size_t)row * line);
    }
}

#if defined(__x86_64__)
IMP_AVX2 static void add_jpeg_artifacts_avx2(const imp_jpeg_quantisation *steps, int width,
                                             int height, float *values, uint8_t *rgb)
{
    add_jpeg_artifacts_to_image(steps, width, height, values, rgb);
}

// Twice the registers, so that a block and its sums stay in registers.
IMP_AVX512 static void add_jpeg_artifacts_avx512(const imp_jpeg_quantisation *steps, int width,
                                                 int height, float *values, uint8_t *rgb)
{
    add_jpeg_artifacts_to_image(steps, width, height, values, rgb);
}
#endif

void imp_jpeg_add_artifacts(const imp_jpeg_quantisation *steps, int width, int height,
                            float *values, uint8_t *rgb)
{
#if defined(__x86_64__)
    if (imp_cpu_has_avx512()) {
        add_jpeg_artifacts_avx512(steps, width, height, values, rgb);
        return;
    }
    if (imp_cpu_has_avx2()) {
        add_jpeg_artifacts_avx2(steps, width, height, values, rgb);
        return;
    }
#endif
    add_jpeg_artifacts_to_image(steps, width, height, values, rgb);
}
