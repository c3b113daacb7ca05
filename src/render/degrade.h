// render/degrade.h: the single steps that imp_degrade() takes. All work in place on RGB bytes.
#ifndef IMP_RENDER_DEGRADE_H
#define IMP_RENDER_DEGRADE_H

#include "base/processor.h"
#include "imprint/render.h"

// Loops over bytes and floats come as plain C, and again for AVX2 and AVX-512, with the same
// results.
#define IMP_ALWAYS static inline __attribute__((always_inline))

// Where the middles of groups of a few neighbouring pixels move to in the picture [px] when the
// robot goes ahead [1/m] and turns to the left [1/rad]: eight groups, in the order of pixels.
enum { IMP_FLOW_PIXELS = 8, IMP_FLOW_GROUPS = 8 };
typedef struct imp_flow_run {
    float ahead_x[IMP_FLOW_GROUPS], ahead_y[IMP_FLOW_GROUPS];
    float turn_x[IMP_FLOW_GROUPS], turn_y[IMP_FLOW_GROUPS];
} imp_flow_run;

// How many runs hold the groups of a picture's rows.
static inline size_t imp_flow_runs(int width, int height)
{
    const size_t across = (size_t)(width + IMP_FLOW_PIXELS - 1) / IMP_FLOW_PIXELS;
    return (across * (size_t)height + IMP_FLOW_GROUPS - 1) / IMP_FLOW_GROUPS;
}

// Finds the flow of a camera's pixels: that of the ground and of what is infinitely far above it.
void imp_flow_find(const imp_camera *camera, imp_flow_run *flow);

#define IMP_WIDEST_BLUR 20.0
// Words beside a row are a multiple of eight: as far as the widest blur reaches, and more.
enum { IMP_BLUR_REACH = 50, IMP_BLUR_MARGIN = 56 };

// The size of a picture, how far the robot went and turned, and scratch memory for two pictures in
// words (height x imp_words_stride()).
typedef struct imp_smear {
    int width, height;
    float ahead, turn;
    uint32_t *words[2];
} imp_smear;

// Smears a picture along its flow.
void imp_flow_smear(const imp_flow_run *flow, const imp_smear *smear, uint8_t *rgb);

// A Gaussian blur of a standard deviation of at most IMP_WIDEST_BLUR pixels. Scratch memory for
// four values of each word: of a picture without margins, and of a row with them.
void imp_blur(const imp_smear *smear, double deviation, int16_t *values, int16_t *line,
              uint8_t *rgb);

// Noise of deviation 32, from anywhere in which runs are taken.
enum { IMP_NOISE_COUNT = 1 << 14, IMP_NOISE_RUN = 1 << 10 };
void imp_noise_fill(int8_t noise[IMP_NOISE_COUNT + IMP_NOISE_RUN]);

// How strong noise is: its deviation in a byte at 16 lights, and how far it grows from each to the
// next [1/64].
enum { IMP_TONE_STEPS = 16 };
typedef struct imp_toning {
    uint16_t deviation[IMP_TONE_STEPS], growth[IMP_TONE_STEPS];
} imp_toning;
void imp_toning_noise(imp_toning *toning, double noise, double shot_noise);

// Multiplies bytes by gains [1/4096] and adds noise.
typedef void imp_tone_run(const imp_toning *t, const uint16_t *gains, const int8_t *noise,
                          int count, uint8_t *bytes);
imp_tone_run imp_tone_run_plain;
#if defined(__x86_64__)
imp_tone_run imp_tone_run_avx2;   // needs a processor with AVX2
imp_tone_run imp_tone_run_avx512; // needs imp_has_avx512()
#endif

// Replaces the bytes of whole pixels, red first, by their tones.
void imp_tone_map(const uint8_t tones[3][256], size_t count, uint8_t *bytes);

// Compresses and decompresses as JPEG does, colours at half the resolution. values is scratch of
// imp_jpeg_scratch() floats.
typedef struct imp_jpeg_steps {
    float step[2][64], inverse[2][64]; // of brightness and colours, in columns
    float cosine[8][4];                // of the transform
} imp_jpeg_steps;

imp_jpeg_steps imp_jpeg_steps_of(int quality);
size_t imp_jpeg_scratch(int width, int height);
void imp_jpeg_spoil(const imp_jpeg_steps *steps, int width, int height, float *values,
                    uint8_t *rgb);

#endif
