// render/sight.h: where in a picture a camera sees a direction, and along which rays its pixels
// look.
#ifndef IMP_RENDER_SIGHT_H
#define IMP_RENDER_SIGHT_H

#include "imprint/robot.h"

// The rays (x, y, 1) through pixels' middles, and how each changes across its pixel and down it;
// not numbers where the lens shows nothing. IMP_RAYS_SPARE more than there are pixels.
typedef struct imp_pixel_rays {
    float *x, *y;
    float *across_x, *across_y; // NULL where only places are looked at
    float *down_x, *down_y;
} imp_pixel_rays;

enum { IMP_RAYS_SPARE = 8 };

// How many numbers it takes to hold the rays of so many pixels.
#define IMP_RAYS_ROOM(pixels) (6 * ((size_t)(pixels) + IMP_RAYS_SPARE))

// Lays out the rays of so many pixels in such numbers.
static inline imp_pixel_rays imp_rays_in(float *room, size_t pixels)
{
    const size_t each = pixels + IMP_RAYS_SPARE;
    return (imp_pixel_rays){
        room, room + each, room + 2 * each, room + 3 * each, room + 4 * each, room + 5 * each};
}

// A camera's projection in single precision, and what bounds it.
typedef struct imp_sight {
    int width, height;
    // lens point = scale * ray + shift, bent, then pixel = focal * point + centre
    float scale[2], shift[2], focal[2], centre[2];
    float k1, k2, k3, p1, p2;
    // rays within these bounds, which hold the picture's, are projected in order
    float low[2], high[2];
    // a triangle of rays of extent d lies within the pixels of its corners and bulge * d * d more
    float bulge;
} imp_sight;

imp_sight imp_sight_of(const imp_camera *camera);

// The pixel of a ray.
static inline void imp_sight_project(const imp_sight *sight, float x, float y, float *px, float *py)
{
    const float u = sight->scale[0] * x + sight->shift[0];
    const float v = sight->scale[1] * y + sight->shift[1];
    const float r2 = u * u + v * v;
    const float radial = 1.0f + r2 * (sight->k1 + r2 * (sight->k2 + r2 * sight->k3));
    const float bent_u = u * radial + 2.0f * sight->p1 * u * v + sight->p2 * (r2 + 2.0f * u * u);
    const float bent_v = v * radial + sight->p1 * (r2 + 2.0f * v * v) + 2.0f * sight->p2 * u * v;
    *px = sight->focal[0] * bent_u + sight->centre[0];
    *py = sight->focal[1] * bent_v + sight->centre[1];
}

// Finds the rays of a row and puts them from number `first` on. corners holds rays through the
// corners above the row and below it (2 x (width + 1) x 2), as imp_camera_ray() finds them.
void imp_sight_row(const imp_camera *camera, const double *corners, const imp_pixel_rays *rays,
                   size_t first);

#endif
