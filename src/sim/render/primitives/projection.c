// Single precision projection of viewing rays, derived from imp_camera. It inverts
// imp_camera_pixel_to_ray() in closed form, because distortion is a polynomial. Bounds of the
// image's rays, and of the polynomial's second derivative, are found by probing a grid; the
// rasteriser uses them to bound triangles of a distorted image. It agrees with
// imp_camera_ray_to_pixel() up to rounding.
#include "sim/render/primitives/projection.h"

#include <math.h>

// Rays probed along each side to find bounds.
enum { PROBE_RAYS = 32 };

// Copies the lens's parameters and merges the two pinholes of imp_camera into one affine map.
static void set_lens_parameters(imp_projection *projection, const imp_camera *camera)
{
    const imp_lens *lens = &camera->def.lens;
    const imp_pinhole plain = camera->plain, flat = camera->rectified;
    // without a lens the pinhole is all there is
    if (lens->kind == IMP_LENS_NONE) {
        projection->scale[0] = projection->scale[1] = 1.0f;
        projection->focal[0] = (float)plain.fx;
        projection->focal[1] = (float)plain.fy;
        projection->centre[0] = (float)plain.cx;
        projection->centre[1] = (float)plain.cy;
        return;
    }
    // with a lens: scale to the image's size
    const double across = (double)camera->def.width / lens->width;
    const double down = (double)camera->def.height / lens->height;
    // the inverse of imp_camera_pixel_to_ray()
    projection->scale[0] = (float)(plain.fx / flat.fx);
    projection->scale[1] = (float)(plain.fy / flat.fy);
    projection->shift[0] = (float)((plain.cx - 0.5 - flat.cx) / flat.fx);
    projection->shift[1] = (float)((plain.cy - 0.5 - flat.cy) / flat.fy);
    projection->focal[0] = (float)(lens->fx * across);
    projection->focal[1] = (float)(lens->fy * down);
    projection->centre[0] = (float)(lens->cx * across);
    projection->centre[1] = (float)(lens->cy * down);
    projection->k1 = (float)lens->k1;
    projection->k2 = (float)lens->k2;
    projection->k3 = (float)lens->k3;
    projection->p1 = (float)lens->p1;
    projection->p2 = (float)lens->p2;
    projection->other = lens->model != IMP_LENS_PLUMB_BOB;
    projection->lens = *lens;
}

void imp_project_ray_any_lens(const imp_projection *projection, float x, float y, float *px,
                              float *py)
{
    const float u = projection->scale[0] * x + projection->shift[0];
    const float v = projection->scale[1] * y + projection->shift[1];
    double distorted_u, distorted_v;
    imp_lens_distort(&projection->lens, (double)u, (double)v, &distorted_u, &distorted_v);
    *px = projection->focal[0] * (float)distorted_u + projection->centre[0];
    *py = projection->focal[1] * (float)distorted_v + projection->centre[1];
}

// Finds bounds of the image's rays, widened by 15 % on each side.
static void find_ray_bounds(imp_projection *projection, const imp_camera *camera)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (int j = 0; j <= PROBE_RAYS; j++)
        for (int i = 0; i <= PROBE_RAYS; i++) {
            double ray[2];
            if (!imp_camera_pixel_to_ray(camera, camera->def.width * (double)i / PROBE_RAYS,
                                         camera->def.height * (double)j / PROBE_RAYS, &ray[0],
                                         &ray[1]))
                continue;
            for (int k = 0; k < 2; k++) {
                low[k] = fmin(low[k], ray[k]);
                high[k] = fmax(high[k], ray[k]);
            }
        }
    for (int k = 0; k < 2; k++) {
        const double margin = 0.15 * (high[k] - low[k]);
        projection->low[k] = (float)(low[k] - margin);
        projection->high[k] = (float)(high[k] + margin);
    }
}

// Upper estimate of the projection's second derivative at a ray, over all directions, by central
// differences. Infinite if the polynomial folds back there.
static float projection_curvature_at(const imp_projection *projection, float x, float y)
{
    static const float DIRECTIONS[4][2] = {{1, 0}, {0, 1}, {0.7071f, 0.7071f}, {0.7071f, -0.7071f}};
    const float step = 0.03f;
    float at[2], ahead[4][2], most = 0.0f;
    imp_project_ray(projection, x, y, &at[0], &at[1]);
    for (int k = 0; k < 4; k++) {
        float back[2];
        // second difference along the direction, per axis of the image
        const float dx = step * DIRECTIONS[k][0], dy = step * DIRECTIONS[k][1];
        imp_project_ray(projection, x + dx, y + dy, &ahead[k][0], &ahead[k][1]);
        imp_project_ray(projection, x - dx, y - dy, &back[0], &back[1]);
        for (int i = 0; i < 2; i++)
            most = fmaxf(most, fabsf(ahead[k][i] - 2.0f * at[i] + back[i]) / (step * step));
    }
    // a negative determinant of the Jacobian means a fold
    const float area = (ahead[0][0] - at[0]) * (ahead[1][1] - at[1]) -
                       (ahead[0][1] - at[1]) * (ahead[1][0] - at[0]);
    return area > 0.0f ? most : INFINITY;
}

imp_projection imp_projection_from_camera(const imp_camera *camera)
{
    imp_projection projection = {.width = camera->def.width, .height = camera->def.height};
    set_lens_parameters(&projection, camera);
    find_ray_bounds(&projection, camera);
    // a pinhole keeps lines straight; a lens needs a margin
    if (camera->def.lens.kind == IMP_LENS_NONE)
        return projection;
    float most = 0.0f;
    for (int j = 0; j <= PROBE_RAYS; j++)
        for (int i = 0; i <= PROBE_RAYS; i++) {
            const float s = (float)i / PROBE_RAYS, t = (float)j / PROBE_RAYS;
            most =
                fmaxf(most, projection_curvature_at(
                                &projection,
                                projection.low[0] + s * (projection.high[0] - projection.low[0]),
                                projection.low[1] + t * (projection.high[1] - projection.low[1])));
        }
    // a point of a triangle is within (longest side) / sqrt(3) of a corner, so linear interpolation
    // errs by at most half the second derivative times its square; 20 % margin
    projection.curvature_margin = 1.2f * most / 6.0f;
    return projection;
}

void imp_pixel_rays_fill_row(const imp_camera *camera, const double *corners,
                             const imp_pixel_rays *rays, size_t first)
{
    // centre: mean of the four corners; derivatives: mean differences of opposite sides
    const double *a = corners, *b = corners + 2 * (camera->def.width + 1);
    for (int i = 0; i < camera->def.width; i++, a += 2, b += 2) {
        const size_t k = first + (size_t)i;
        rays->x[k] = (float)(0.25 * (a[0] + a[2] + b[0] + b[2]));
        rays->y[k] = (float)(0.25 * (a[1] + a[3] + b[1] + b[3]));
        rays->across_x[k] = (float)(0.5 * (a[2] - a[0] + b[2] - b[0]));
        rays->across_y[k] = (float)(0.5 * (a[3] - a[1] + b[3] - b[1]));
        rays->down_x[k] = (float)(0.5 * (b[0] - a[0] + b[2] - a[2]));
        rays->down_y[k] = (float)(0.5 * (b[1] - a[1] + b[3] - a[3]));
    }
}

bool imp_projection_sees_sphere(const imp_projection *projection, const float at[3], float radius)
{
    for (int k = 0; k < 2; k++) {
        // compare the radius with the centre's distance from the planes x = low z and x = high z
        const float low = projection->low[k], high = projection->high[k];
        if (!(at[k] - high * at[2] < radius * sqrtf(1.0f + high * high)) ||
            !(low * at[2] - at[k] < radius * sqrtf(1.0f + low * low)))
            return false;
    }
    return true;
}
