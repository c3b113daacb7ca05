// sim/render/camera_effects/effect_steps.h: the single steps that imp_camera_effects_apply() takes.
// All work in place on RGB bytes. Loops over bytes and floats come as plain C, and again for AVX2
// and AVX-512, with the same results.
#ifndef IMP_SIM_RENDER_CAMERA_EFFECTS_EFFECT_STEPS_H
#define IMP_SIM_RENDER_CAMERA_EFFECTS_EFFECT_STEPS_H

#include "base/common/attributes.h"
#include "base/threads/cpu_features.h"
#include "imprint/render.h"

// Where the middles of groups of a few neighbouring pixels move to in the image [px] when the robot
// goes ahead [1/m] and turns to the left [1/rad]: eight groups, in the order of pixels.
enum { IMP_FLOW_PIXELS = 8, IMP_FLOW_GROUPS = 8 };
typedef struct imp_flow_block {
    float ahead_x[IMP_FLOW_GROUPS], ahead_y[IMP_FLOW_GROUPS];
    float turn_x[IMP_FLOW_GROUPS], turn_y[IMP_FLOW_GROUPS];
} imp_flow_block;

// How many runs hold the groups of an image's rows.
static inline size_t imp_flow_block_count(int width, int height)
{
    const size_t across = (size_t)(width + IMP_FLOW_PIXELS - 1) / IMP_FLOW_PIXELS;
    return (across * (size_t)height + IMP_FLOW_GROUPS - 1) / IMP_FLOW_GROUPS;
}

// Finds the flow of a camera's pixels: that of the ground and of what is infinitely far above it.
void imp_flow_compute(const imp_camera *camera, imp_flow_block *flow);

#define IMP_BLUR_DEVIATION_MAX 20.0
// Words beside a row are a multiple of eight: as far as the widest blur reaches, and more.
enum { IMP_BLUR_RADIUS_MAX = 50, IMP_BLUR_MARGIN = 56 };

// The size of an image, how far the robot went and turned, and scratch memory for two images in
// words (height x imp_rgbx_stride()).
typedef struct imp_blur_context {
    int width, height;
    float ahead, turn;
    uint32_t *rgbx[2];
} imp_blur_context;

// Smears an image along its flow.
void imp_motion_blur(const imp_flow_block *flow, const imp_blur_context *blur_context,
                     uint8_t *rgb);

// A Gaussian blur of a standard deviation of at most IMP_BLUR_DEVIATION_MAX pixels. Scratch memory
// for four values of each word: of an image without margins, and of a row with them.
void imp_gaussian_blur(const imp_blur_context *blur_context, double deviation, int16_t *values,
                       int16_t *line, uint8_t *rgb);

// Noise of deviation 32, from anywhere in which runs are taken.
enum { IMP_NOISE_COUNT = 1 << 14, IMP_NOISE_RUN = 1 << 10 };
void imp_noise_table_fill(int8_t noise[IMP_NOISE_COUNT + IMP_NOISE_RUN]);

// How strong noise is: its deviation in a byte at 16 lights, and how far it grows from each to the
// next [1/64].
enum { IMP_NOISE_LEVEL_COUNT = 16 };
typedef struct imp_noise_levels {
    uint16_t deviation[IMP_NOISE_LEVEL_COUNT], growth[IMP_NOISE_LEVEL_COUNT];
} imp_noise_levels;
void imp_noise_levels_set(imp_noise_levels *noise_levels, double noise, double shot_noise);

// Multiplies bytes by gains [1/4096] and adds noise.
typedef void imp_gain_noise(const imp_noise_levels *t, const uint16_t *gains, const int8_t *noise,
                            int count, uint8_t *bytes);
imp_gain_noise imp_gain_noise_portable;
#if defined(__x86_64__)
imp_gain_noise imp_gain_noise_avx2;   // needs a processor with AVX2
imp_gain_noise imp_gain_noise_avx512; // needs imp_cpu_has_avx512()
#endif

// Replaces the bytes of whole pixels, red first, by their tones.
void imp_tone_table_apply(const uint8_t tones[3][256], size_t count, uint8_t *bytes);

// Compresses and decompresses as JPEG does, colours at half the resolution. values is scratch of
// imp_jpeg_scratch_size() floats.
typedef struct imp_jpeg_quantisation {
    float step[2][64], inverse[2][64]; // of brightness and colours, in columns
    float cosine[8][4];                // of the transform
} imp_jpeg_quantisation;

imp_jpeg_quantisation imp_jpeg_quantisation_of(int quality);
size_t imp_jpeg_scratch_size(int width, int height);
void imp_jpeg_round_trip(const imp_jpeg_quantisation *steps, int width, int height, float *values,
                         uint8_t *rgb);

#endif
