// A small raster canvas. A shape is collected as a coverage mask of 8 bits per pixel, then
// blended over the image in one colour. So overlapping strokes of one shape are not drawn twice.
// The canvas remembers the bounds of the mask, and only those pixels are blended and cleared.
#include "evaluate/report/drawing/canvas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"

// White, nearly black, and the grey of tracks.
const imp_colour imp_colour_background = {255, 255, 255};
const imp_colour imp_colour_foreground = {38, 43, 51};
const imp_colour imp_colour_light_grey = {226, 229, 233};

imp_colour imp_plot_series_colour(int index)
{
    // The palette of Okabe and Ito (2008), which colour-blind readers can distinguish.
    static const imp_colour colours[IMP_PLOT_SERIES_COLOURS] = {
        {0, 114, 178}, {213, 94, 0}, {0, 158, 115}, {204, 121, 167}, {230, 159, 0}, {86, 180, 233},
    };
    return colours[(unsigned)index % IMP_PLOT_SERIES_COLOURS];
}

// Resets the bounds to an empty rectangle; the mask itself is already 0.
static void reset_shape_bounds(imp_canvas *canvas)
{
    canvas->left = canvas->width;
    canvas->top = canvas->height;
    canvas->right = canvas->bottom = 0;
}

// A new canvas is white and has no shape.
imp_status imp_canvas_init(imp_canvas *canvas, int width, int height, imp_error *err)
{
    const size_t pixels = (size_t)width * (size_t)height;
    *canvas = (imp_canvas){.width = width, .height = height};
    canvas->rgb = malloc(pixels * 3);
    canvas->coverage = calloc(pixels, 1);
    canvas->row = calloc((size_t)width, sizeof *canvas->row);
    if (canvas->rgb == NULL || canvas->coverage == NULL || canvas->row == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a %d x %d image", width, height);
    reset_shape_bounds(canvas);
    imp_canvas_fill_rectangle(canvas, 0, 0, width, height, imp_colour_background);
    return IMP_OK;
}

void imp_canvas_release(imp_canvas *canvas)
{
    free(canvas->rgb);
    free(canvas->coverage);
    free(canvas->row);
    *canvas = (imp_canvas){0};
}

// Converts a coordinate to a pixel index in [0, limit]; NaN gives 0.
static int clamp_to_pixels(double value, int limit)
{
    if (!(value > 0.0))
        return 0;
    return value < limit ? (int)value : limit;
}

void imp_canvas_add_line(imp_canvas *canvas, double x0, double y0, double x1, double y1,
                         double thickness)
{
    // Only pixels within half the thickness plus half a pixel can be covered.
    const double reach = thickness / 2 + 0.5;
    const int left = clamp_to_pixels(fmin(x0, x1) - reach, canvas->width);
    const int right = clamp_to_pixels(ceil(fmax(x0, x1) + reach), canvas->width);
    const int top = clamp_to_pixels(fmin(y0, y1) - reach, canvas->height);
    const int bottom = clamp_to_pixels(ceil(fmax(y0, y1) + reach), canvas->height);
    const double dx = x1 - x0, dy = y1 - y0, square = dx * dx + dy * dy;

    // The coverage of a pixel is the distance of its centre from the line's edge, clamped to one
    // pixel: an approximation of the covered area. t is the closest point on the segment. The
    // maximum of old and new coverage is kept.
    for (int row = top; row < bottom; row++) {
        uint8_t *coverage = canvas->coverage + (size_t)row * (size_t)canvas->width;
        for (int column = left; column < right; column++) {
            const double px = column + 0.5 - x0, py = row + 0.5 - y0;
            const double t =
                square > 0.0 ? fmin(1.0, fmax(0.0, (px * dx + py * dy) / square)) : 0.0;
            const double inside = reach - imp_hypot(px - t * dx, py - t * dy);
            const double covered = 255.0 * fmin(1.0, fmin(fmax(inside, 0.0), thickness));
            if (covered > coverage[column])
                coverage[column] = (uint8_t)covered;
        }
    }
    // Extend the bounds of the mask.
    if (left < right && top < bottom) {
        canvas->left = left < canvas->left ? left : canvas->left;
        canvas->top = top < canvas->top ? top : canvas->top;
        canvas->right = right > canvas->right ? right : canvas->right;
        canvas->bottom = bottom > canvas->bottom ? bottom : canvas->bottom;
    }
}

// Blends two values with a weight of 0..255, rounded.
static uint8_t blend_channel(uint8_t below, uint8_t above, int weight)
{
    return (uint8_t)((below * (255 - weight) + above * weight + 127) / 255);
}

// Blends the shape over the image and clears its coverage, so that the next shape begins empty.
void imp_canvas_fill_shape(imp_canvas *canvas, imp_colour colour, double opacity)
{
    for (int row = canvas->top; row < canvas->bottom; row++) {
        const size_t first = (size_t)row * (size_t)canvas->width;
        for (int column = canvas->left; column < canvas->right; column++) {
            uint8_t *coverage = canvas->coverage + first + column;
            uint8_t *pixel = canvas->rgb + 3 * (first + (size_t)column);
            const int weight = (int)(*coverage * opacity);
            pixel[0] = blend_channel(pixel[0], colour.r, weight);
            pixel[1] = blend_channel(pixel[1], colour.g, weight);
            pixel[2] = blend_channel(pixel[2], colour.b, weight);
            *coverage = 0;
        }
    }
    reset_shape_bounds(canvas);
}

// Fills whole pixels at once, without coverage. Parts outside the canvas are cut off.
void imp_canvas_fill_rectangle(imp_canvas *canvas, int left, int top, int right, int bottom,
                               imp_colour colour)
{
    left = clamp_to_pixels(left, canvas->width);
    right = clamp_to_pixels(right, canvas->width);
    bottom = clamp_to_pixels(bottom, canvas->height);
    for (int row = clamp_to_pixels(top, canvas->height); row < bottom; row++) {
        uint8_t *pixel = canvas->rgb + 3 * ((size_t)row * (size_t)canvas->width + (size_t)left);
        for (int column = left; column < right; column++, pixel += 3)
            memcpy(pixel, &colour, 3);
    }
}
