#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/eval_report.h"

typedef struct box {
    int left, top, right, bottom;
} box;

// What a patch becomes: its own mean colour, which takes away what is to be seen in it and nothing
// else. A grey one would be something to see.
static void mean_colour(const uint8_t *rgb, int width, box at, uint8_t out[3])
{
    uint64_t sums[3] = {0};
    for (int row = at.top; row < at.bottom; row++)
        for (int column = at.left; column < at.right; column++)
            for (size_t k = 0; k < 3; k++)
                sums[k] += rgb[3 * ((size_t)row * (size_t)width + (size_t)column) + k];
    const uint64_t pixels = (uint64_t)(at.right - at.left) * (uint64_t)(at.bottom - at.top);
    for (int k = 0; k < 3; k++)
        out[k] = (uint8_t)(sums[k] / pixels);
}

static void cover(uint8_t *rgb, int width, box at, const uint8_t colour[3])
{
    for (int row = at.top; row < at.bottom; row++)
        for (int column = at.left; column < at.right; column++)
            memcpy(rgb + 3 * ((size_t)row * (size_t)width + (size_t)column), colour, 3);
}

static void uncover(uint8_t *rgb, const uint8_t *original, int width, box at)
{
    for (int row = at.top; row < at.bottom; row++) {
        const size_t first = 3 * ((size_t)row * (size_t)width + (size_t)at.left);
        memcpy(rgb + first, original + first, (size_t)3 * (size_t)(at.right - at.left));
    }
}

static float steering(imp_inference *inference, const uint8_t *rgb)
{
    float out[2];
    imp_inference_run(inference, rgb, out);
    return out[1] - out[0];
}

// Moves the patch over the picture; hits counts how often a pixel was covered.
static void probe(float *heat, float *hits, imp_inference *inference, uint8_t *scratch,
                  const uint8_t *rgb, int width, int height)
{
    const int patch = width / 10 > 2 ? width / 10 : 2, stride = patch / 2;
    const float before = steering(inference, rgb);
    for (int top = stride - patch; top < height; top += stride)
        for (int left = stride - patch; left < width; left += stride) {
            const box at = {left < 0 ? 0 : left, top < 0 ? 0 : top,
                            left + patch > width ? width : left + patch,
                            top + patch > height ? height : top + patch};
            uint8_t colour[3];
            mean_colour(rgb, width, at, colour);
            cover(scratch, width, at, colour);
            const float change = fabsf(steering(inference, scratch) - before);
            uncover(scratch, rgb, width, at);
            for (int row = at.top; row < at.bottom; row++)
                for (int column = at.left; column < at.right; column++) {
                    const size_t pixel = (size_t)row * (size_t)width + (size_t)column;
                    heat[pixel] += change;
                    hits[pixel] += 1.0F;
                }
        }
}

imp_status imp_saliency(float *heat, imp_inference *inference, const uint8_t *rgb, int width,
                        int height, imp_error *err)
{
    const size_t pixels = (size_t)width * (size_t)height;
    uint8_t *scratch = malloc(3 * pixels);
    float *hits = calloc(pixels, sizeof *hits);
    imp_status status = IMP_OK;
    if (scratch == NULL || hits == NULL) {
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a picture's saliency");
    } else {
        memcpy(scratch, rgb, 3 * pixels);
        memset(heat, 0, pixels * sizeof *heat);
        probe(heat, hits, inference, scratch, rgb, width, height);
        for (size_t k = 0; k < pixels; k++)
            heat[k] /= hits[k];
    }
    free(scratch);
    free(hits);
    return status;
}

void imp_saliency_paint(uint8_t *out, const uint8_t *rgb, const float *heat, size_t pixels)
{
    float hottest = 0.0F;
    for (size_t k = 0; k < pixels; k++)
        hottest = heat[k] > hottest ? heat[k] : hottest; // a NaN never wins
    for (size_t k = 0; k < pixels; k++) {
        static const float glow[3] = {255.0F, 120.0F, 0.0F};
        const uint8_t *pixel = rgb + 3 * k;
        const float grey = 0.45F * (float)(pixel[0] + pixel[1] + pixel[2]) / 3.0F;
        const float part = hottest > 0.0F && heat[k] > 0.0F ? heat[k] / hottest : 0.0F;
        for (int c = 0; c < 3; c++)
            out[3 * k + (size_t)c] = (uint8_t)(grey + part * (glow[c] - grey) + 0.5F);
    }
}
