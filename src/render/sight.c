#include "render/sight.h"

#include <math.h>

// How many rays are looked at in each direction to find bounds.
enum { PROBES = 32 };

static void set_projection(imp_sight *sight, const imp_camera *camera)
{
    const imp_lens *lens = &camera->def.lens;
    const imp_pinhole plain = camera->plain, flat = camera->rectified;
    if (lens->kind == IMP_LENS_NONE) {
        sight->scale[0] = sight->scale[1] = 1.0f;
        sight->focal[0] = (float)plain.fx;
        sight->focal[1] = (float)plain.fy;
        sight->centre[0] = (float)plain.cx;
        sight->centre[1] = (float)plain.cy;
        return;
    }
    const double across = (double)camera->def.width / lens->width;
    const double down = (double)camera->def.height / lens->height;
    // the inverse of imp_camera_ray()
    sight->scale[0] = (float)(plain.fx / flat.fx);
    sight->scale[1] = (float)(plain.fy / flat.fy);
    sight->shift[0] = (float)((plain.cx - 0.5 - flat.cx) / flat.fx);
    sight->shift[1] = (float)((plain.cy - 0.5 - flat.cy) / flat.fy);
    sight->focal[0] = (float)(lens->fx * across);
    sight->focal[1] = (float)(lens->fy * down);
    sight->centre[0] = (float)(lens->cx * across);
    sight->centre[1] = (float)(lens->cy * down);
    sight->k1 = (float)lens->k1;
    sight->k2 = (float)lens->k2;
    sight->k3 = (float)lens->k3;
    sight->p1 = (float)lens->p1;
    sight->p2 = (float)lens->p2;
}

// Bounds of the picture's rays, a little widened.
static void find_bounds(imp_sight *sight, const imp_camera *camera)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (int j = 0; j <= PROBES; j++)
        for (int i = 0; i <= PROBES; i++) {
            double ray[2];
            if (!imp_camera_ray(camera, camera->def.width * (double)i / PROBES,
                                camera->def.height * (double)j / PROBES, &ray[0], &ray[1]))
                continue;
            for (int k = 0; k < 2; k++) {
                low[k] = fmin(low[k], ray[k]);
                high[k] = fmax(high[k], ray[k]);
            }
        }
    for (int k = 0; k < 2; k++) {
        const double margin = 0.15 * (high[k] - low[k]);
        sight->low[k] = (float)(low[k] - margin);
        sight->high[k] = (float)(high[k] + margin);
    }
}

// The most that the projection's second derivative along any direction is at a ray; infinite if
// the lens folds back there.
static float curvature_at(const imp_sight *sight, float x, float y)
{
    static const float WAYS[4][2] = {{1, 0}, {0, 1}, {0.7071f, 0.7071f}, {0.7071f, -0.7071f}};
    const float step = 0.03f;
    float at[2], ahead[4][2], most = 0.0f;
    imp_sight_project(sight, x, y, &at[0], &at[1]);
    for (int k = 0; k < 4; k++) {
        float back[2];
        const float dx = step * WAYS[k][0], dy = step * WAYS[k][1];
        imp_sight_project(sight, x + dx, y + dy, &ahead[k][0], &ahead[k][1]);
        imp_sight_project(sight, x - dx, y - dy, &back[0], &back[1]);
        for (int i = 0; i < 2; i++)
            most = fmaxf(most, fabsf(ahead[k][i] - 2.0f * at[i] + back[i]) / (step * step));
    }
    const float area = (ahead[0][0] - at[0]) * (ahead[1][1] - at[1]) -
                       (ahead[0][1] - at[1]) * (ahead[1][0] - at[0]);
    return area > 0.0f ? most : INFINITY;
}

imp_sight imp_sight_of(const imp_camera *camera)
{
    imp_sight sight = {.width = camera->def.width, .height = camera->def.height};
    set_projection(&sight, camera);
    find_bounds(&sight, camera);
    if (camera->def.lens.kind == IMP_LENS_NONE)
        return sight;
    float most = 0.0f;
    for (int j = 0; j <= PROBES; j++)
        for (int i = 0; i <= PROBES; i++) {
            const float s = (float)i / PROBES, t = (float)j / PROBES;
            most =
                fmaxf(most, curvature_at(&sight, sight.low[0] + s * (sight.high[0] - sight.low[0]),
                                         sight.low[1] + t * (sight.high[1] - sight.low[1])));
        }
    // a triangle lies within its longest side / sqrt(3) of a corner, and half of a second
    // derivative times the square of that is what a straight line misses; a fifth more is margin
    sight.bulge = 1.2f * most / 6.0f;
    return sight;
}

void imp_sight_row(const imp_camera *camera, const double *corners, const imp_pixel_rays *rays,
                   size_t first)
{
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
