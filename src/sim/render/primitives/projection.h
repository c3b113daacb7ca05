// sim/render/primitives/projection.h: where in an image a camera sees a direction, and along which
// rays its pixels look.
#ifndef IMP_SIM_RENDER_PRIMITIVES_PROJECTION_H
#define IMP_SIM_RENDER_PRIMITIVES_PROJECTION_H

#include "imprint/robot.h"

// The rays (x, y, 1) through pixels' middles, and how each changes across its pixel and down it;
// not numbers where the lens shows nothing. IMP_PIXEL_RAYS_PADDING more than there are pixels.
typedef struct imp_pixel_rays {
    float *x, *y;
    float *across_x, *across_y; // NULL where only places are looked at
    float *down_x, *down_y;
} imp_pixel_rays;

enum { IMP_PIXEL_RAYS_PADDING = 8 };

// How many numbers it takes to hold the rays of so many pixels.
#define IMP_PIXEL_RAYS_FLOATS(pixels) (6 * ((size_t)(pixels) + IMP_PIXEL_RAYS_PADDING))

// Lays out the rays of so many pixels in such numbers.
static inline imp_pixel_rays imp_pixel_rays_in_buffer(float *buffer, size_t pixels)
{
    const size_t each = pixels + IMP_PIXEL_RAYS_PADDING;
    return (imp_pixel_rays){
        buffer,           buffer + each, buffer + 2 * each, buffer + 3 * each, buffer + 4 * each,
        buffer + 5 * each};
}

// A camera's projection in single precision, and what bounds it.
typedef struct imp_projection {
    int width, height;
    // lens point = scale * ray + shift, bent, then pixel = focal * point + centre
    float scale[2], shift[2], focal[2], centre[2];
    float k1, k2, k3, p1, p2;
    // rays within these bounds, which hold the image's, are projected in order
    float low[2], high[2];
    // a triangle of rays of extent d lies within the pixels of its corners and bulge * d * d more
    float curvature_margin;
} imp_projection;

imp_projection imp_projection_from_camera(const imp_camera *camera);

// The pixel of a ray.
static inline void imp_project_ray(const imp_projection *projection, float x, float y, float *px,
                                   float *py)
{
    const float u = projection->scale[0] * x + projection->shift[0];
    const float v = projection->scale[1] * y + projection->shift[1];
    const float r2 = u * u + v * v;
    const float radial = 1.0f + r2 * (projection->k1 + r2 * (projection->k2 + r2 * projection->k3));
    const float bent_u =
        u * radial + 2.0f * projection->p1 * u * v + projection->p2 * (r2 + 2.0f * u * u);
    const float bent_v =
        v * radial + projection->p1 * (r2 + 2.0f * v * v) + 2.0f * projection->p2 * u * v;
    *px = projection->focal[0] * bent_u + projection->centre[0];
    *py = projection->focal[1] * bent_v + projection->centre[1];
}

// Finds the rays of a row and puts them from number `first` on. corners holds rays through the
// corners above the row and below it (2 x (width + 1) x 2), as imp_camera_pixel_to_ray() finds
// them.
void imp_pixel_rays_fill_row(const imp_camera *camera, const double *corners,
                             const imp_pixel_rays *rays, size_t first);

#endif
