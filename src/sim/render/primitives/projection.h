// sim/render/primitives/projection.h: from viewing directions to pixels in single precision, and
// the viewing rays of pixels.
#ifndef IMP_SIM_RENDER_PRIMITIVES_PROJECTION_H
#define IMP_SIM_RENDER_PRIMITIVES_PROJECTION_H

#include "imprint/robot.h"

// Rays (x, y, 1) through pixel centres, and their change across and down a pixel, as a struct of
// arrays. NaN where the lens shows nothing. Arrays have IMP_PIXEL_RAYS_PADDING extra entries, so
// that vectors of 8 may be read at the end.
typedef struct imp_pixel_rays {
    float *x, *y;
    float *across_x, *across_y; // NULL if only the centres are needed
    float *down_x, *down_y;
} imp_pixel_rays;

enum { IMP_PIXEL_RAYS_PADDING = 8 };

// Number of floats that the rays of so many pixels need.
#define IMP_PIXEL_RAYS_FLOATS(pixels) (6 * ((size_t)(pixels) + IMP_PIXEL_RAYS_PADDING))

// Distributes the arrays over a buffer of that size.
static inline imp_pixel_rays imp_pixel_rays_in_buffer(float *buffer, size_t pixels)
{
    const size_t each = pixels + IMP_PIXEL_RAYS_PADDING;
    return (imp_pixel_rays){
        buffer,           buffer + each, buffer + 2 * each, buffer + 3 * each, buffer + 4 * each,
        buffer + 5 * each};
}

// A camera's projection in single precision, with bounds.
typedef struct imp_projection {
    int width, height;
    // pixel = focal * distort(scale * ray + shift) + centre
    float scale[2], shift[2], focal[2], centre[2];
    float k1, k2, k3, p1, p2;
    bool other;    // the lens is of another model than plumb bob
    imp_lens lens; // then it distorts
    // the projection is one-to-one for rays within these bounds, which include the image
    float low[2], high[2];
    // a triangle of rays of extent d projects into its corners' box, widened by this * d * d
    float curvature_margin;
} imp_projection;

imp_projection imp_projection_from_camera(const imp_camera *camera);

// Whether a sphere may be visible within the image's bounds. at: its centre (right, down, ahead).
// NaN counts as invisible.
bool imp_projection_sees_sphere(const imp_projection *projection, const float at[3], float radius);

// Projects a ray to a pixel through a lens of another model than plumb bob.
void imp_project_ray_any_lens(const imp_projection *projection, float x, float y, float *px,
                              float *py);

// Projects a ray to a pixel.
static inline void imp_project_ray(const imp_projection *projection, float x, float y, float *px,
                                   float *py)
{
    if (projection->other) {
        imp_project_ray_any_lens(projection, x, y, px, py);
        return;
    }
    const float u = projection->scale[0] * x + projection->shift[0];
    const float v = projection->scale[1] * y + projection->shift[1];
    const float r2 = u * u + v * v;
    const float radial = 1.0f + r2 * (projection->k1 + r2 * (projection->k2 + r2 * projection->k3));
    const float distorted_u =
        u * radial + 2.0f * projection->p1 * u * v + projection->p2 * (r2 + 2.0f * u * u);
    const float distorted_v =
        v * radial + projection->p1 * (r2 + 2.0f * v * v) + 2.0f * projection->p2 * u * v;
    *px = projection->focal[0] * distorted_u + projection->centre[0];
    *py = projection->focal[1] * distorted_v + projection->centre[1];
}

// Computes the rays of a row and stores them from index `first` on. corners holds the rays through
// the pixel corners above and below the row (2 x (width + 1) x 2), as imp_camera_pixel_to_ray()
// gives them.
void imp_pixel_rays_fill_row(const imp_camera *camera, const double *corners,
                             const imp_pixel_rays *rays, size_t first);

#endif
