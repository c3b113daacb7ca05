// sim/render/camera_effects/effect_steps.h: the steps of imp_camera_effects_apply(). All work in
// place on RGB bytes. Kernels exist in plain C, which is the definition, and for AVX2 and AVX-512
// with the same results.
#ifndef IMP_SIM_RENDER_CAMERA_EFFECTS_EFFECT_STEPS_H
#define IMP_SIM_RENDER_CAMERA_EFFECTS_EFFECT_STEPS_H

#include "base/common/attributes.h"
#include "base/threads/cpu_features.h"
#include "imprint/render.h"

// Optical flow of groups of 8 neighbouring pixels [px], per metre driven ahead [1/m] and per radian
// turned left [1/rad]. A block holds eight groups in the order of pixels.
enum { IMP_FLOW_PIXELS = 8, IMP_FLOW_GROUPS = 8 };
typedef struct imp_flow_block {
    float ahead_x[IMP_FLOW_GROUPS], ahead_y[IMP_FLOW_GROUPS];
    float turn_x[IMP_FLOW_GROUPS], turn_y[IMP_FLOW_GROUPS];
} imp_flow_block;

// Number of blocks for an image.
static inline size_t imp_flow_block_count(int width, int height)
{
    const size_t across = (size_t)(width + IMP_FLOW_PIXELS - 1) / IMP_FLOW_PIXELS;
    return (across * (size_t)height + IMP_FLOW_GROUPS - 1) / IMP_FLOW_GROUPS;
}

// Computes the flow of a camera's pixels: that of the ground, or of infinitely distant points above
// it.
void imp_camera_motion_flow_fill(const imp_camera *camera, imp_flow_block *flow);

#define IMP_BLUR_DEVIATION_MAX 20.0
// Pixels beside a row in scratch images: the radius of the widest blur, rounded up to a multiple of
// eight.
enum { IMP_BLUR_RADIUS_MAX = 50, IMP_BLUR_MARGIN = 56 };

// Image size, the robot's motion [m], [rad], and two scratch images (height x imp_rgbx_stride()).
typedef struct imp_blur_context {
    int width, height;
    float ahead, turn;
    uint32_t *rgbx[2];
} imp_blur_context;

// Blurs an image along its flow.
void imp_motion_blur(const imp_flow_block *flow, const imp_blur_context *blur_context,
                     uint8_t *rgb);

// Gaussian blur with a standard deviation up to IMP_BLUR_DEVIATION_MAX pixels. values and line are
// scratch memory for four values per pixel: an image without margins, a row with them.
void imp_gaussian_blur(const imp_blur_context *blur_context, double deviation, int16_t *values,
                       int16_t *line, uint8_t *rgb);

// A table of noise with standard deviation 32; runs start anywhere in it.
enum { IMP_NOISE_COUNT = 1 << 14, IMP_NOISE_RUN = 1 << 10 };
void imp_noise_table_fill(int8_t noise[IMP_NOISE_COUNT + IMP_NOISE_RUN]);

// Standard deviation of noise at 16 levels of light, and its increase to the next [1/64].
enum { IMP_NOISE_LEVEL_COUNT = 16 };
typedef struct imp_noise_levels {
    uint16_t deviation[IMP_NOISE_LEVEL_COUNT], growth[IMP_NOISE_LEVEL_COUNT];
} imp_noise_levels;
void imp_noise_levels_set(imp_noise_levels *noise_levels, double noise, double shot_noise);

// Multiplies bytes by gains [1/4096] and adds noise.
typedef void imp_gain_noise(const imp_noise_levels *t, const uint16_t *gains, const int8_t *noise,
                            int count, uint8_t *bytes);
imp_gain_noise imp_apply_gain_noise_portable;
#if defined(__x86_64__)
imp_gain_noise imp_apply_gain_noise_avx2;   // needs a processor with AVX2
imp_gain_noise imp_apply_gain_noise_avx512; // needs imp_cpu_has_avx512()
#endif

// Applies a tone table per channel to whole pixels, red first.
void imp_tone_table_apply(const uint8_t tones[3][256], size_t count, uint8_t *bytes);

// Quantises as JPEG does, with 4:2:0 subsampling. values is scratch memory of
// imp_jpeg_scratch_size() floats.
typedef struct imp_jpeg_quantisation {
    float step[2][64], inverse[2][64]; // of luma and chroma, transposed
    float cosine[8][4];                // of the cosine transform
} imp_jpeg_quantisation;

imp_jpeg_quantisation imp_jpeg_quantisation_create(int quality);
size_t imp_jpeg_scratch_size(int width, int height);
void imp_jpeg_add_artifacts(const imp_jpeg_quantisation *steps, int width, int height,
                            float *values, uint8_t *rgb);

#endif
