// render/ground_sky.h: what is to be seen above the horizon.
#ifndef IMP_RENDER_GROUND_SKY_H
#define IMP_RENDER_GROUND_SKY_H

#include "render/ground_light.h"

// Where a group's pixels look above the horizon: columns of a horizon to the left, and rows, in
// 1/16.
typedef struct imp_skyward {
    int32_t column[IMP_LANES], row[IMP_LANES];
} imp_skyward;

// Finds where the pixels of a row look, which is as wide as the camera's picture.
void imp_skyward_row(const imp_camera_def *camera, const float *ray_x, const float *ray_y,
                     imp_skyward *out);

// Lays the horizon over a row of the picture, whose sky is black.
typedef void imp_sky_add(const imp_ground_light *light, const imp_ground_table *table,
                         const imp_ground_group *groups, const imp_skyward *skyward, int width,
                         uint8_t *rgb);

imp_sky_add imp_sky_add_plain;
#if defined(__x86_64__)
imp_sky_add imp_sky_add_avx2; // needs a processor with AVX2
#endif

#endif
