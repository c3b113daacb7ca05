// Paints shapes by their signed distance: a texel whose centre is at distance d inside an edge is
// covered by 1/2 + d / (size of a texel), clamped. Discs, lines and polygons are all point lists
// with a radius, so one function paints them. Speed does not matter: decals are painted once per
// scene.
#include "sim/render/meshes/decal_canvas.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "base/common/math_functions.h"

// A shape: points, connected by edges.
typedef struct painted_shape {
    const float (*points)[2];
    int count;
    bool closed;  // filled polygon, instead of a line
    float radius; // half the line's width, or how far the outline grows
} painted_shape;

// Distance of a point from a line segment.
static float distance_to_segment(float x, float y, const float a[2], const float b[2])
{
    const float dx = b[0] - a[0], dy = b[1] - a[1];
    const float square = dx * dx + dy * dy;
    float t = square > 0.0f ? ((x - a[0]) * dx + (y - a[1]) * dy) / square : 0.0f;
    t = fminf(fmaxf(t, 0.0f), 1.0f);
    return imp_hypotf(x - a[0] - t * dx, y - a[1] - t * dy);
}

// Signed distance of a point from a shape; negative inside.
static float signed_distance_to_shape(const painted_shape *s, float x, float y)
{
    float nearest = FLT_MAX;
    bool inside = false;
    // a closed shape has an edge back to its first point; a single point is its own edge
    const int edges = s->closed || s->count == 1 ? s->count : s->count - 1;
    for (int k = 0; k < edges; k++) {
        const float *a = s->points[k], *b = s->points[(k + 1) % s->count];
        nearest = fminf(nearest, distance_to_segment(x, y, a, b));
        // even-odd rule: from inside, a ray to the right crosses the outline an odd number of times
        if ((a[1] > y) != (b[1] > y) && x < a[0] + (y - a[1]) * (b[0] - a[0]) / (b[1] - a[1]))
            inside = !inside;
    }
    return (s->closed && inside ? -nearest : nearest) - s->radius;
}

// Mixes two colours by coverage.
static uint32_t blend_colours(uint32_t below, uint32_t above, float cover)
{
    uint32_t out = 0xff000000u;
    for (int shift = 0; shift < 24; shift += 8) {
        const float from = (float)(below >> shift & 255), to = (float)(above >> shift & 255);
        out |= (uint32_t)(from + (to - from) * cover + 0.5f) << shift;
    }
    return out;
}

// Range of texels that an interval of the painter's units covers.
static void find_texel_range(float low, float high, float texel, int count, int *first, int *last)
{
    *first = (int)fmaxf(floorf(low / texel), 0.0f);
    *last = (int)fminf(ceilf(high / texel), (float)count);
}

// Paints a shape: all texels of its bounding box by coverage.
static void paint_shape(imp_decal_canvas *canvas, uint32_t colour, const painted_shape *s)
{
    // size of a texel in the painter's units
    const float dx = canvas->wide / (float)canvas->width;
    const float dy = canvas->high / (float)canvas->height;
    const float texel = fmaxf(dx, dy), reach = s->radius + texel;
    float low[2] = {FLT_MAX, FLT_MAX}, high[2] = {-FLT_MAX, -FLT_MAX};
    // bounding box of the shape, widened by radius and smoothing
    for (int k = 0; k < s->count; k++)
        for (int i = 0; i < 2; i++) {
            low[i] = fminf(low[i], s->points[k][i] - reach);
            high[i] = fmaxf(high[i], s->points[k][i] + reach);
        }
    int left, right, top, bottom;
    find_texel_range(low[0], high[0], dx, canvas->width, &left, &right);
    find_texel_range(low[1], high[1], dy, canvas->height, &top, &bottom);
    for (int j = top; j < bottom; j++)
        for (int i = left; i < right; i++) {
            // distance of the texel's centre
            const float d =
                signed_distance_to_shape(s, ((float)i + 0.5f) * dx, ((float)j + 0.5f) * dy);
            const float cover = fminf(fmaxf(0.5f - d / texel, 0.0f), 1.0f);
            uint32_t *at = &canvas->texels[j * canvas->width + i];
            *at = blend_colours(*at, colour, cover);
        }
}

void imp_decal_canvas_fill(imp_decal_canvas *canvas, uint32_t colour)
{
    for (int k = 0; k < canvas->width * canvas->height; k++)
        canvas->texels[k] = colour;
}

void imp_decal_canvas_polygon(imp_decal_canvas *canvas, uint32_t colour, const float points[][2],
                              int count)
{
    paint_shape(canvas, colour, &(painted_shape){points, count, true, 0.0f});
}

void imp_decal_canvas_box(imp_decal_canvas *canvas, uint32_t colour, float x0, float y0, float x1,
                          float y1)
{
    const float points[][2] = {{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}};
    imp_decal_canvas_polygon(canvas, colour, points, 4);
}

void imp_decal_canvas_disc(imp_decal_canvas *canvas, uint32_t colour, float x, float y,
                           float radius)
{
    const float points[][2] = {{x, y}};
    paint_shape(canvas, colour, &(painted_shape){points, 1, false, radius});
}

void imp_decal_canvas_line(imp_decal_canvas *canvas, uint32_t colour, const float points[][2],
                           int count, float thickness)
{
    paint_shape(canvas, colour, &(painted_shape){points, count, false, 0.5f * thickness});
}
