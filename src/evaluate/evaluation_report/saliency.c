// Occlusion saliency: covers a patch of the image, measures how much the network's steering
// changes, and moves the patch by half its size. The heat of a pixel is the mean change over all
// patches that covered it. Patches reach over the border, so that pixels there are covered as
// often.
// The method is that of Zeiler and Fergus (2014), with steering in place of a class score. It
// costs one inference per patch, of which there are about 400 x height / width.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate/evaluation_report/eval_report.h"

// A rectangle of pixels; right and bottom are the first ones outside.
typedef struct rect {
    int left, top, right, bottom;
} rect;

// A copy of the network's input, in which a patch is covered.
typedef struct occlusion {
    const imp_saliency_def *def;
    size_t image;          // bytes
    uint8_t *input_frames; // (frames x height x width x 3)
    // the frames within input_frames, newest first, as the network takes them
    const uint8_t *frames[IMP_FRAMES_MAX];
} occlusion;

// Returns the mean colour of a patch. It removes the patch's content and adds nothing; grey would
// itself be visible.
static void mean_colour(const uint8_t *rgb, int width, rect at, uint8_t out[3])
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

// Covers a patch in all frames of the history.
// Each frame has a mean of its own, because the robot moves between frames.
static void fill_patch_with_mean_colour(const occlusion *p, rect at)
{
    const int width = p->def->width;
    for (int frame = 0; frame < p->def->frames; frame++) {
        uint8_t *rgb = p->input_frames + (size_t)frame * p->image, colour[3];
        mean_colour(rgb, width, at, colour);
        for (int row = at.top; row < at.bottom; row++)
            for (int column = at.left; column < at.right; column++)
                memcpy(rgb + 3 * ((size_t)row * (size_t)width + (size_t)column), colour, 3);
    }
}

// Restores a patch from the original.
static void restore_patch(const occlusion *p, rect at)
{
    const size_t width = (size_t)p->def->width;
    for (int frame = 0; frame < p->def->frames; frame++)
        for (int row = at.top; row < at.bottom; row++) {
            const size_t first =
                (size_t)frame * p->image + 3 * ((size_t)row * width + (size_t)at.left);
            memcpy(p->input_frames + first, p->def->input_frames + first,
                   (size_t)3 * (size_t)(at.right - at.left));
        }
}

// Runs the network and returns its steering.
// Steering is the turn rate to the left, or else the difference of the duty cycles, right minus
// left.
static float network_steering(const occlusion *p)
{
    float out[2];
    imp_inference_run(p->def->inference, p->frames, p->def->input_values, out);
    return p->def->head == IMP_OUTPUT_VELOCITIES ? out[1] : out[1] - out[0];
}

// Moves the patch over the image. hits counts how often a pixel was covered.
static void accumulate_occlusion_heat(float *heat, float *hits, const occlusion *p)
{
    const int width = p->def->width, height = p->def->height;
    // A patch is a tenth of the width. It moves by half its side, so four patches cover most
    // pixels.
    const int patch = width / 10 > 2 ? width / 10 : 2, stride = patch / 2;
    const float before = network_steering(p);
    for (int top = stride - patch; top < height; top += stride)
        for (int left = stride - patch; left < width; left += stride) {
            // Clip the patch to the image.
            const rect at = {left < 0 ? 0 : left, top < 0 ? 0 : top,
                             left + patch > width ? width : left + patch,
                             top + patch > height ? height : top + patch};
            fill_patch_with_mean_colour(p, at);
            const float change = fabsf(network_steering(p) - before);
            restore_patch(p, at);
            // Every covered pixel gets the whole change.
            for (int row = at.top; row < at.bottom; row++)
                for (int column = at.left; column < at.right; column++) {
                    const size_t pixel = (size_t)row * (size_t)width + (size_t)column;
                    heat[pixel] += change;
                    hits[pixel] += 1.0F;
                }
        }
}

// Allocates the copy to cover, and divides the sums by the counts.
imp_status imp_saliency_compute(float *heat, const imp_saliency_def *def, imp_error *err)
{
    const size_t pixels = (size_t)def->width * (size_t)def->height;
    occlusion p = {.def = def, .image = 3 * pixels};
    p.input_frames = malloc((size_t)def->frames * p.image);
    float *hits = calloc(pixels, sizeof *hits);
    imp_status status = IMP_OK;
    if (p.input_frames == NULL || hits == NULL) {
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for saliency");
    } else {
        memcpy(p.input_frames, def->input_frames, (size_t)def->frames * p.image);
        for (int k = 0; k < def->frames; k++)
            p.frames[k] = p.input_frames + (size_t)k * p.image;
        memset(heat, 0, pixels * sizeof *heat);
        accumulate_occlusion_heat(heat, hits, &p);
        for (size_t k = 0; k < pixels; k++)
            heat[k] /= hits[k];
    }
    free(p.input_frames);
    free(hits);
    return status;
}

// Dark grey where nothing changes, towards orange with the heat relative to the hottest pixel.
void imp_saliency_overlay(uint8_t *out, const uint8_t *rgb, const float *heat, size_t pixels)
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
