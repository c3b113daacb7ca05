// render/degrade.h: the single steps that imp_degrade() takes. All work in place on RGB bytes.
#ifndef IMP_RENDER_DEGRADE_H
#define IMP_RENDER_DEGRADE_H

#include "imprint/render.h"

// Loops over bytes and floats come as plain C, and once more for AVX2, with the same results.
#define IMP_ALWAYS static inline __attribute__((always_inline))

// Where a pixel moves to in the picture [px] when the robot goes ahead [1/m] and turns to the left
// [1/rad].
typedef struct imp_pixel_flow {
    float ahead_x, ahead_y;
    float turn_x, turn_y;
} imp_pixel_flow;

// Finds the flow of a camera's pixels (height x width): that of the ground and of what is
// infinitely far above it.
void imp_flow_find(const imp_camera *camera, imp_pixel_flow *flow);

// Smears a picture along its flow. words is scratch (height x width).
void imp_flow_smear(const imp_pixel_flow *flow, int width, int height, float ahead, float turn,
                    uint64_t *words, uint8_t *rgb);

// A Gaussian blur of a standard deviation of at most IMP_WIDEST_BLUR pixels. values is scratch
// (height x width x 3), line (width + 2 * IMP_BLUR_REACH) x 3.
#define IMP_WIDEST_BLUR 20.0
enum { IMP_BLUR_REACH = 50 };
void imp_blur(int width, int height, double deviation, float *values, float *line, uint8_t *rgb);

// Compresses and decompresses as JPEG does, colours at half the resolution. values is scratch of
// imp_jpeg_scratch() floats.
typedef struct imp_jpeg_steps {
    float step[2][64]; // of brightness and colours, in rows
} imp_jpeg_steps;

imp_jpeg_steps imp_jpeg_steps_of(int quality);
size_t imp_jpeg_scratch(int width, int height);
void imp_jpeg_spoil(const imp_jpeg_steps *steps, int width, int height, float *values,
                    uint8_t *rgb);

#endif
