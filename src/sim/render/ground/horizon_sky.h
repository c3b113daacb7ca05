// sim/render/ground/horizon_sky.h: the panorama above the horizon.
#ifndef IMP_SIM_RENDER_GROUND_HORIZON_SKY_H
#define IMP_SIM_RENDER_GROUND_HORIZON_SKY_H

#include "sim/render/ground/ground_lighting.h"

// Panorama coordinates of a group's pixels in 1/16 texel, relative to the robot's heading.
typedef struct imp_sky_coords {
    int32_t column[IMP_LANES], row[IMP_LANES];
} imp_sky_coords;

// Computes the coordinates of a row's pixels from their rays; done once per camera.
void imp_sky_coords_find_row(const imp_camera_def *camera, const float *ray_x, const float *ray_y,
                             imp_sky_coords *out);

// Adds the panorama to a row of the image, whose sky must be black. The portable version is the
// definition; the AVX2 version writes the same bytes.
typedef void imp_sky_draw(const imp_ground_lighting *light, const imp_ground_sample_table *table,
                          const imp_pixel_group *groups, const imp_sky_coords *sky_coords,
                          int width, uint8_t *rgb);

imp_sky_draw imp_sky_draw_portable;
#if defined(__x86_64__)
imp_sky_draw imp_sky_draw_avx2; // needs a processor with AVX2
#endif

#endif
