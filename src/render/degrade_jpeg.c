// What JPEG loses: brightness and colours of 8 x 8 pixels are turned into cosines, rounded to the
// steps of ITU-T T.81's example tables scaled as the Independent JPEG Group's library scales them,
// and turned back. Nothing is coded, because coding loses nothing.
#include <math.h>
#include <string.h>

#include "base/vector.h"
#include "render/degrade.h"

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

imp_jpeg_steps imp_jpeg_steps_of(int quality)
{
    const int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    imp_jpeg_steps steps;
    for (int t = 0; t < 2; t++)
        for (int k = 0; k < BLOCK; k++) {
            const int step = (STEPS[t][k] * percent + 50) / 100;
            steps.step[t][k] = (float)(step < 1 ? 1 : step > 255 ? 255 : step);
        }
    return steps;
}

// A whole number of 16 x 16 pixels holds a picture: brightness, then colours of half the size.
static int padded(int side)
{
    return (side + 2 * SIDE - 1) / (2 * SIDE) * 2 * SIDE;
}

size_t imp_jpeg_scratch(int width, int height)
{
    return (size_t)padded(width) * (size_t)padded(height) * 3 / 2;
}

// Rows of the orthonormal cosine transform, and its transpose.
typedef struct cosines {
    float forward[SIDE][SIDE], back[SIDE][SIDE];
} cosines;

static cosines find_cosines(void)
{
    cosines c;
    for (int i = 0; i < SIDE; i++)
        for (int k = 0; k < SIDE; k++)
            c.back[k][i] = c.forward[i][k] =
                (float)(cos((2 * k + 1) * i * IMP_PI / 16.0) * (i == 0 ? sqrt(0.125) : 0.5));
    return c;
}

// out = matrix * in
IMP_ALWAYS void multiply(const float matrix[SIDE][SIDE], const eight in[SIDE], eight out[SIDE])
{
    for (int i = 0; i < SIDE; i++) {
        eight row = matrix[i][0] * in[0];
        for (int k = 1; k < SIDE; k++)
            row += matrix[i][k] * in[k];
        out[i] = row;
    }
}

IMP_ALWAYS void transpose(eight rows[SIDE])
{
    float in[SIDE][SIDE], out[SIDE][SIDE];
    memcpy(in, rows, sizeof in);
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++)
            out[j][i] = in[i][j];
    memcpy(rows, out, sizeof out);
}

IMP_ALWAYS void spoil_block(const cosines *c, const eight step[SIDE], float *values, int stride)
{
    // adding and taking away 1.5 * 2^23 rounds to whole numbers
    const float whole = 12582912.0f;
    eight a[SIDE], b[SIDE];
    for (int i = 0; i < SIDE; i++)
        memcpy(&a[i], values + (size_t)i * (size_t)stride, sizeof a[i]);
    // first the columns, then the transposed rows
    multiply(c->forward, a, b);
    transpose(b);
    multiply(c->forward, b, a);
    for (int i = 0; i < SIDE; i++)
        a[i] = ((a[i] / step[i] + whole) - whole) * step[i];
    multiply(c->back, a, b);
    transpose(b);
    multiply(c->back, b, a);
    for (int i = 0; i < SIDE; i++)
        memcpy(values + (size_t)i * (size_t)stride, &a[i], sizeof a[i]);
}

IMP_ALWAYS void spoil_plane(const cosines *c, const float step[BLOCK], float *values, int width,
                            int height)
{
    eight turned[SIDE];
    memcpy(turned, step, sizeof turned);
    transpose(turned); // as the block is between its transforms
    for (int row = 0; row < height; row += SIDE)
        for (int column = 0; column < width; column += SIDE)
            spoil_block(c, turned, values + (size_t)row * (size_t)width + column, width);
}

// The three planes of a padded picture.
typedef struct planes {
    int width, height; // of brightness
    float *light, *blue, *red;
} planes;

// Two by two pixels: the colours are their mean. Beyond the picture its border goes on.
IMP_ALWAYS void take_pixels(const planes *p, int width, int height, int row, const uint8_t *rgb)
{
    for (int column = 0; column < p->width; column += 2) {
        float blue = 0.0f, red = 0.0f;
        for (int k = 0; k < 4; k++) {
            const int x = column + (k & 1), y = row + (k >> 1);
            const int i = x < width ? x : width - 1, j = y < height ? y : height - 1;
            const uint8_t *at = rgb + ((size_t)j * (size_t)width + (size_t)i) * 3;
            const float r = at[0], g = at[1], b = at[2];
            const float light = 0.299f * r + 0.587f * g + 0.114f * b;
            p->light[(size_t)y * (size_t)p->width + (size_t)x] = light - 128.0f;
            blue += b - light;
            red += r - light;
        }
        const size_t colour = (size_t)(row / 2) * (size_t)(p->width / 2) + (size_t)(column / 2);
        p->blue[colour] = 0.25f * 0.564334f * blue;
        p->red[colour] = 0.25f * 0.713267f * red;
    }
}

IMP_ALWAYS uint8_t to_byte(float value)
{
    const float above = value > 0.0f ? value : 0.0f;
    return (uint8_t)((above < 255.0f ? above : 255.0f) + 0.5f);
}

IMP_ALWAYS void put_pixels(const planes *p, int width, int row, uint8_t *rgb)
{
    const float *light = p->light + (size_t)row * (size_t)p->width;
    const size_t colours = (size_t)(row / 2) * (size_t)(p->width / 2);
    const float *blue = p->blue + colours, *red = p->red + colours;
    for (int column = 0; column < width; column++, rgb += 3) {
        const float y = light[column] + 128.0f, b = blue[column / 2], r = red[column / 2];
        rgb[0] = to_byte(y + 1.402f * r);
        rgb[1] = to_byte(y - 0.344136f * b - 0.714136f * r);
        rgb[2] = to_byte(y + 1.772f * b);
    }
}

IMP_ALWAYS void spoil_picture(const imp_jpeg_steps *steps, int width, int height, float *values,
                              uint8_t *rgb)
{
    const cosines c = find_cosines();
    planes p = {.width = padded(width), .height = padded(height), .light = values};
    p.blue = values + (size_t)p.width * (size_t)p.height;
    p.red = p.blue + (size_t)p.width * (size_t)p.height / 4;
    for (int row = 0; row < p.height; row += 2)
        take_pixels(&p, width, height, row, rgb);
    spoil_plane(&c, steps->step[0], p.light, p.width, p.height);
    spoil_plane(&c, steps->step[1], p.blue, p.width / 2, p.height / 2);
    spoil_plane(&c, steps->step[1], p.red, p.width / 2, p.height / 2);
    for (int row = 0; row < height; row++)
        put_pixels(&p, width, row, rgb + (size_t)row * (size_t)width * 3);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void spoil_avx2(const imp_jpeg_steps *steps, int width,
                                                       int height, float *values, uint8_t *rgb)
{
    spoil_picture(steps, width, height, values, rgb);
}
#endif

void imp_jpeg_spoil(const imp_jpeg_steps *steps, int width, int height, float *values, uint8_t *rgb)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        spoil_avx2(steps, width, height, values, rgb);
        return;
    }
#endif
    spoil_picture(steps, width, height, values, rgb);
}
