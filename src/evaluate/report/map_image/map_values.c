// Draws values over a map: a dot for each, larger values above smaller ones, in a scale of colours
// from pale yellow to dark purple whose lightness falls evenly, so that it is read in grey, too.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "base/text/plural.h"
#include "evaluate/report/map_image/map_drawing.h"

enum { CORNERS = 8, SCALE_STEPS = 32 };
enum { SCALE_WIDTH = 150, SCALE_HEIGHT = 12 }; // [px]

// The colour of a value from 0 to 1, between fixed ones.
static imp_colour colour_of_value(double value)
{
    static const double points[][3] = {
        {252, 244, 190}, {250, 176, 90}, {226, 84, 88}, {140, 41, 129}, {40, 15, 80}};
    enum { PARTS = sizeof points / sizeof points[0] - 1 };
    const double at = fmin(fmax(value, 0.0), 1.0) * PARTS;
    const int low = at < PARTS ? (int)at : PARTS - 1;
    double rgb[3];
    for (int k = 0; k < 3; k++)
        rgb[k] = rint(points[low][k] + (at - low) * (points[low + 1][k] - points[low][k]));
    return (imp_colour){(uint8_t)rgb[0], (uint8_t)rgb[1], (uint8_t)rgb[2]};
}

static int compare_values(const void *a, const void *b)
{
    const imp_map_value *one = a, *other = b;
    return (one->value > other->value) - (one->value < other->value);
}

// A dot of one value.
static void draw_dot(const imp_map_drawing *view, const imp_map_value *value)
{
    const imp_pixel_point centre = imp_map_to_pixels(view, (imp_vec2){value->x, value->z});
    const double radius = fmax(1.5, fmin(4.0, 0.04 * view->tile));
    const imp_draw_style style = {colour_of_value(value->value / view->def->value_max), 0.9, 0.0,
                                  0.0};
    imp_pixel_point corners[CORNERS];
    for (int k = 0; k < CORNERS; k++) {
        const double angle = 2.0 * IMP_PI * (k + 0.5) / CORNERS;
        corners[k] = (imp_pixel_point){centre.x + radius * imp_cos(angle),
                                       centre.y + radius * imp_sin(angle)};
    }
    imp_vector_canvas_polygon(&view->drawing, corners, CORNERS, style, NULL);
}

imp_status imp_map_draw_values(const imp_map_drawing *view, imp_error *err)
{
    const imp_map_image_def *def = view->def;
    const size_t bytes = (size_t)def->value_count * sizeof *def->values;
    imp_map_value *sorted = malloc(bytes + 1);
    if (sorted == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(def->value_count, "value"));
    memcpy(sorted, def->values, bytes);
    qsort(sorted, (size_t)def->value_count, sizeof *sorted, compare_values);
    for (int k = 0; k < def->value_count; k++)
        draw_dot(view, &sorted[k]);
    free(sorted);
    return IMP_OK;
}

void imp_map_draw_value_scale(const imp_map_drawing *view, double x, double y)
{
    const imp_draw_style ink = {{38, 43, 51}, 1.0, 1.5, 0.0};
    char text[32];
    imp_vector_canvas_text(&view->drawing, x, y + 4, 9.0, IMP_TEXT_ALIGN_LEFT, ink, false,
                           view->def->value_name);
    for (int k = 0; k < SCALE_STEPS; k++) {
        const imp_draw_style style = {colour_of_value((k + 0.5) / SCALE_STEPS), 1.0, 0.0, 0.0};
        imp_vector_canvas_rectangle(&view->drawing, x + SCALE_WIDTH * (double)k / SCALE_STEPS,
                                    y + 13, x + SCALE_WIDTH * (k + 1.0) / SCALE_STEPS,
                                    y + 13 + SCALE_HEIGHT, style);
    }
    imp_vector_canvas_text(&view->drawing, x, y + 38, 9.0, IMP_TEXT_ALIGN_LEFT, ink, false, "0");
    snprintf(text, sizeof text, "%.2g", view->def->value_max);
    imp_vector_canvas_text(&view->drawing, x + SCALE_WIDTH, y + 38, 9.0, IMP_TEXT_ALIGN_RIGHT, ink,
                           false, text);
}
