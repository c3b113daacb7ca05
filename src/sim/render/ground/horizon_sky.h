// sim/render/ground/horizon_sky.h: what is to be seen above the horizon.
#ifndef IMP_SIM_RENDER_GROUND_HORIZON_SKY_H
#define IMP_SIM_RENDER_GROUND_HORIZON_SKY_H

#include "sim/render/ground/ground_lighting.h"

// Where a group's pixels look above the horizon: columns of a horizon to the left, and rows, in
// 1/16.
typedef struct imp_sky_coords {
    int32_t column[IMP_LANES], row[IMP_LANES];
} imp_sky_coords;

// Finds where the pixels of a row look, which is as wide as the camera's image.
void imp_sky_coords_find_row(const imp_camera_def *camera, const float *ray_x, const float *ray_y,
                             imp_sky_coords *out);

// Lays the horizon over a row of the image, whose sky is black.
typedef void imp_sky_draw(const imp_ground_lighting *light, const imp_ground_sample_table *table,
                          const imp_pixel_group *groups, const imp_sky_coords *sky_coords,
                          int width, uint8_t *rgb);

imp_sky_draw imp_sky_draw_portable;
#if defined(__x86_64__)
imp_sky_draw imp_sky_draw_avx2; // needs a processor with AVX2
#endif

#endif
