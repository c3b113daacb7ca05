// What JPEG loses: brightness and colours of 8 x 8 pixels are turned into cosines, rounded to the
// steps of ITU-T T.81's example tables scaled as the Independent JPEG Group's library scales them,
// and turned back. Nothing is coded, because coding loses nothing.
#include <math.h>
#include <string.h>

#include "base/vector.h"
#include "render/degrade_words.h"

enum { SIDE = 8, BLOCK = SIDE * SIDE };

// A vector of the compiler's, so that one source serves every processor.
typedef float eight __attribute__((vector_size(32)));

static const uint8_t STEPS[2][BLOCK] = {
    {16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
     14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
     18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
     49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99},
    {17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
     99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
     99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99},
};

// Rows of the orthonormal cosine transform: sums of opposite values make the even ones, differences
// the odd ones.
static void find_cosines(imp_jpeg_steps *steps)
{
    for (int i = 0; i < SIDE; i++)
        for (int k = 0; k < SIDE / 2; k++)
            steps->cosine[i][k] =
                (float)(cos((2 * k + 1) * i * IMP_PI / 16.0) * (i == 0 ? sqrt(0.125) : 0.5));
}

imp_jpeg_steps imp_jpeg_steps_of(int quality)
{
    const int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    imp_jpeg_steps steps;
    for (int t = 0; t < 2; t++)
        for (int k = 0; k < BLOCK; k++) {
            const int step = (STEPS[t][k] * percent + 50) / 100;
            // turned, as a block is between its transforms
            const int at = k % SIDE * SIDE + k / SIDE;
            steps.step[t][at] = (float)(step < 1 ? 1 : step > 255 ? 255 : step);
            steps.inverse[t][at] = 1.0f / steps.step[t][at];
        }
    find_cosines(&steps);
    return steps;
}

// A whole number of 16 x 16 pixels holds a picture: brightness, then colours of half the size.
static int padded(int side)
{
    return (side + 2 * SIDE - 1) / (2 * SIDE) * 2 * SIDE;
}

size_t imp_jpeg_scratch(int width, int height)
{
    // the planes, and two rows in words
    return (size_t)padded(width) * (size_t)padded(height) * 3 / 2 + 2 * (size_t)padded(width);
}

IMP_ALWAYS void transform(const imp_jpeg_steps *steps, const eight in[SIDE], eight out[SIDE])
{
    eight sum[SIDE / 2], apart[SIDE / 2];
    for (int k = 0; k < SIDE / 2; k++) {
        sum[k] = in[k] + in[SIDE - 1 - k];
        apart[k] = in[k] - in[SIDE - 1 - k];
    }
    for (int i = 0; i < SIDE; i++) {
        const eight *from = i % 2 == 0 ? sum : apart;
        const float *cosine = steps->cosine[i];
        out[i] = (cosine[0] * from[0] + cosine[1] * from[1]) +
                 (cosine[2] * from[2] + cosine[3] * from[3]);
    }
}

IMP_ALWAYS void transform_back(const imp_jpeg_steps *steps, const eight in[SIDE], eight out[SIDE])
{
    for (int k = 0; k < SIDE / 2; k++) {
        const float(*cosine)[SIDE / 2] = steps->cosine;
        const eight even = (cosine[0][k] * in[0] + cosine[2][k] * in[2]) +
                           (cosine[4][k] * in[4] + cosine[6][k] * in[6]);
        const eight odd = (cosine[1][k] * in[1] + cosine[3][k] * in[3]) +
                          (cosine[5][k] * in[5] + cosine[7][k] * in[7]);
        out[k] = even + odd;
        out[SIDE - 1 - k] = even - odd;
    }
}

// Vectors of four places each of two others.
#define MIX(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

IMP_ALWAYS void transpose(eight r[SIDE])
{
    eight s[SIDE], t[SIDE];
    for (int k = 0; k < SIDE; k += 2) {
        s[k] = MIX(r[k], r[k + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        s[k + 1] = MIX(r[k], r[k + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int k = 0; k < SIDE; k += 4)
        for (int n = 0; n < 2; n++) {
            t[k + 2 * n] = MIX(s[k + n], s[k + 2 + n], 0, 1, 8, 9, 4, 5, 12, 13);
            t[k + 2 * n + 1] = MIX(s[k + n], s[k + 2 + n], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (int k = 0; k < SIDE / 2; k++) {
        r[k] = MIX(t[k], t[k + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        r[k + 4] = MIX(t[k], t[k + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

IMP_ALWAYS void spoil_block(const imp_jpeg_steps *steps, int table, float *values, size_t stride)
{
    // adding and taking away 1.5 * 2^23 rounds to whole numbers
    const float whole = 12582912.0f;
    eight a[SIDE], b[SIDE];
    for (int i = 0; i < SIDE; i++)
        memcpy(&a[i], values + (size_t)i * stride, sizeof a[i]);
    // first the columns, then the transposed rows
    transform(steps, a, b);
    transpose(b);
    transform(steps, b, a);
    for (int i = 0; i < SIDE; i++) {
        eight step, inverse;
        memcpy(&step, steps->step[table] + SIDE * i, sizeof step);
        memcpy(&inverse, steps->inverse[table] + SIDE * i, sizeof inverse);
        a[i] = ((a[i] * inverse + whole) - whole) * step;
    }
    transform_back(steps, a, b);
    transpose(b);
    transform_back(steps, b, a);
    for (int i = 0; i < SIDE; i++)
        memcpy(values + (size_t)i * stride, &a[i], sizeof a[i]);
}

IMP_ALWAYS void spoil_plane(const imp_jpeg_steps *steps, int table, float *values, int width,
                            int height)
{
    for (int row = 0; row < height; row += SIDE)
        for (int column = 0; column < width; column += SIDE)
            spoil_block(steps, table, values + (size_t)row * (size_t)width + column, (size_t)width);
}

// The three planes of a padded picture.
typedef struct planes {
    int width, height; // of brightness
    float *light, *blue, *red;
} planes;

typedef int32_t eight_words __attribute__((vector_size(32)));

// Brightness of eight pixels, and how far blue and red are from it.
IMP_ALWAYS void take_eight(const uint32_t *words, float *light, eight *blue, eight *red)
{
    eight_words in;
    memcpy(&in, words, sizeof in);
    const eight r = __builtin_convertvector(in & 255, eight);
    const eight g = __builtin_convertvector(in >> 8 & 255, eight);
    const eight b = __builtin_convertvector(in >> 16 & 255, eight);
    const eight bright = 0.299f * r + 0.587f * g + 0.114f * b, level = bright - 128.0f;
    memcpy(light, &level, sizeof level);
    *blue += b - bright;
    *red += r - bright;
}

// Neighbours, added.
IMP_ALWAYS void put_colours(const eight sides[2], float factor, float *out)
{
    const eight sum = MIX(sides[0], sides[1], 0, 2, 4, 6, 8, 10, 12, 14) +
                      MIX(sides[0], sides[1], 1, 3, 5, 7, 9, 11, 13, 15);
    const eight scaled = sum * factor;
    memcpy(out, &scaled, sizeof scaled);
}

// Two rows of pixels: the colours are the mean of two by two. Beyond the picture its border goes
// on.
IMP_ALWAYS void take_rows(const planes *p, int row, const uint32_t *upper, const uint32_t *lower)
{
    float *light = p->light + (size_t)row * (size_t)p->width;
    const size_t colours = (size_t)(row / 2) * (size_t)(p->width / 2);
    for (int column = 0; column < p->width; column += 2 * SIDE) {
        eight blue[2] = {{0}}, red[2] = {{0}};
        for (int n = 0; n < 2; n++) {
            const int at = column + SIDE * n;
            take_eight(upper + at, light + at, &blue[n], &red[n]);
            take_eight(lower + at, light + p->width + at, &blue[n], &red[n]);
        }
        put_colours(blue, 0.25f * 0.564334f, p->blue + colours + column / 2);
        put_colours(red, 0.25f * 0.713267f, p->red + colours + column / 2);
    }
}

// Whole numbers of 0 to 255.
#define TO_BYTES(out, value)                                                                       \
    do {                                                                                           \
        const eight zero = {0}, end = zero + 255.0f, from = (value);                               \
        const eight above = (eight)((eight_words)from & (from > zero));                            \
        const eight_words low = above < end;                                                       \
        const eight limited = (eight)((low & (eight_words)above) | (~low & (eight_words)end));     \
        (out) = __builtin_convertvector(limited + 0.5f, eight_words);                              \
    } while (0)

// Eight pixels; blue and red are doubled already.
IMP_ALWAYS void put_eight(const float *light, const eight *blue, const eight *red, uint32_t *words)
{
    eight bright;
    memcpy(&bright, light, sizeof bright);
    bright += 128.0f;
    eight_words r, g, b;
    TO_BYTES(r, bright + 1.402f * *red);
    TO_BYTES(g, bright - 0.344136f * *blue - 0.714136f * *red);
    TO_BYTES(b, bright + 1.772f * *blue);
    const eight_words out = r | g << 8 | b << 16;
    memcpy(words, &out, sizeof out);
}

IMP_ALWAYS void put_row(const planes *p, int row, uint32_t *words)
{
    const float *light = p->light + (size_t)row * (size_t)p->width;
    const size_t colours = (size_t)(row / 2) * (size_t)(p->width / 2);
    for (int column = 0; column < p->width; column += 2 * SIDE) {
        eight blue, red;
        memcpy(&blue, p->blue + colours + column / 2, sizeof blue);
        memcpy(&red, p->red + colours + column / 2, sizeof red);
        const eight near[2] = {MIX(blue, blue, 0, 0, 1, 1, 2, 2, 3, 3),
                               MIX(red, red, 0, 0, 1, 1, 2, 2, 3, 3)};
        const eight far[2] = {MIX(blue, blue, 4, 4, 5, 5, 6, 6, 7, 7),
                              MIX(red, red, 4, 4, 5, 5, 6, 6, 7, 7)};
        put_eight(light + column, &near[0], &near[1], words + column);
        put_eight(light + column + SIDE, &far[0], &far[1], words + column + SIDE);
    }
}

IMP_ALWAYS void spoil_picture(const imp_jpeg_steps *steps, int width, int height, float *values,
                              uint8_t *rgb)
{
    planes p = {.width = padded(width), .height = padded(height), .light = values};
    p.blue = values + (size_t)p.width * (size_t)p.height;
    p.red = p.blue + (size_t)p.width * (size_t)p.height / 4;
    uint32_t *const words = (uint32_t *)(p.red + (size_t)p.width * (size_t)p.height / 4);
    const size_t line = (size_t)width * 3;
    for (int row = 0; row < p.height; row += 2) {
        for (int n = 0; n < 2; n++) {
            const int from = row + n < height ? row + n : height - 1;
            uint32_t *to = words + n * p.width;
            imp_words_widen(rgb + (size_t)from * line, width, from + 1 < height, to);
            for (int k = width; k < p.width; k++)
                to[k] = to[width - 1];
        }
        take_rows(&p, row, words, words + p.width);
    }
    spoil_plane(steps, 0, p.light, p.width, p.height);
    spoil_plane(steps, 1, p.blue, p.width / 2, p.height / 2);
    spoil_plane(steps, 1, p.red, p.width / 2, p.height / 2);
    for (int row = 0; row < height; row++) {
        put_row(&p, row, words);
        imp_words_narrow(words, width, row + 1 < height, rgb + (size_t)row * line);
    }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void spoil_avx2(const imp_jpeg_steps *steps, int width,
                                                       int height, float *values, uint8_t *rgb)
{
    spoil_picture(steps, width, height, values, rgb);
}

// With twice the registers, so that a block and its sums need not leave them.
__attribute__((target(IMP_AVX512))) static void
spoil_avx512(const imp_jpeg_steps *steps, int width, int height, float *values, uint8_t *rgb)
{
    spoil_picture(steps, width, height, values, rgb);
}
#endif

void imp_jpeg_spoil(const imp_jpeg_steps *steps, int width, int height, float *values, uint8_t *rgb)
{
#if defined(__x86_64__)
    if (imp_has_avx512()) {
        spoil_avx512(steps, width, height, values, rgb);
        return;
    }
    if (imp_has_avx2()) {
        spoil_avx2(steps, width, height, values, rgb);
        return;
    }
#endif
    spoil_picture(steps, width, height, values, rgb);
}
