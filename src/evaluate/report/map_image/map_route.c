// Draws a planned route over a map: its lanes as one broad line, a disc where it begins, an arrow
// where it ends, and a letter for the command at each intersection.
#include <math.h>
#include <stdlib.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "evaluate/report/map_image/map_drawing.h"

// The line's width follows the size of the tiles, within limits [px].
imp_draw_style imp_map_route_style(const imp_map_drawing *view)
{
    const double width = fmax(2.0, fmin(6.0, view->tile * 0.06));
    return (imp_draw_style){{240, 80, 40}, 1.0, width, 0.0};
}

// Draws one lane of the route; the last one ends where the route does, at its start.
static void draw_route_lane(const imp_map_drawing *view, const imp_curve *lane)
{
    enum { POINTS = 13 };
    imp_pixel_point points[POINTS];
    for (int k = 0; k < POINTS; k++)
        points[k] = imp_map_to_pixels(view, imp_curve_point(lane, (double)k / (POINTS - 1)));
    imp_vector_canvas_polyline(&view->drawing, points, POINTS, imp_map_route_style(view));
}

// A regular polygon that looks like a disc.
static void draw_disc(const imp_map_drawing *view, imp_pixel_point centre, double radius,
                      const char *tooltip)
{
    enum { CORNERS = 20 };
    imp_pixel_point corners[CORNERS];
    for (int k = 0; k < CORNERS; k++) {
        const double angle = 2.0 * IMP_PI * k / CORNERS;
        corners[k] = (imp_pixel_point){centre.x + radius * imp_cos(angle),
                                       centre.y + radius * imp_sin(angle)};
    }
    imp_vector_canvas_polygon(&view->drawing, corners, CORNERS, imp_map_route_style(view), tooltip);
}

// Letters in the middle of the lanes that turn, over everything else.
static void draw_commands(const imp_map_drawing *view)
{
    static const char *const letters[IMP_COMMAND_COUNT] = {
        [IMP_COMMAND_LEFT] = "L", [IMP_COMMAND_STRAIGHT] = "S", [IMP_COMMAND_RIGHT] = "R"};
    const imp_draw_style ink = {imp_colour_foreground, 1.0, 1.6, 0.0};
    const double size = fmax(7.0, fmin(12.0, 0.12 * view->tile));
    for (int k = 0; k < view->route->count; k++) {
        const imp_route_step *step = &view->route->steps[k];
        if (step->command == IMP_COMMAND_NONE)
            continue;
        const imp_pixel_point at =
            imp_map_to_pixels(view, imp_curve_point(&view->world->curves[step->lane], 0.5));
        imp_vector_canvas_text(&view->drawing, at.x, at.y + size / 2.0, size, IMP_TEXT_ALIGN_MIDDLE,
                               ink, true, letters[step->command]);
    }
}

void imp_map_draw_route(const imp_map_drawing *view)
{
    const imp_route_plan *route = view->route;
    const double radius = fmax(4.0, fmin(10.0, 0.1 * view->tile));
    for (int k = 0; k + 1 < route->count; k++)
        draw_route_lane(view, &view->world->curves[route->steps[k].lane]);
    const imp_curve *first = &view->world->curves[route->steps[0].lane];
    const imp_curve *last = &view->world->curves[route->steps[route->count - 1].lane];
    draw_disc(view, imp_map_to_pixels(view, first->p[0]), radius, "start of the route");
    // the arrow's tip lies beyond the start of the last lane, where the route arrives
    const imp_vec2 along = imp_vec2_normalize(imp_curve_derivative(last, 0.0));
    const imp_pixel_point end = imp_map_to_pixels(view, last->p[0]);
    const imp_pixel_point tip = {end.x + 2.0 * radius * along.x, end.y + 2.0 * radius * along.z};
    imp_map_draw_arrow(view, tip, along, 2.4 * radius, imp_map_route_style(view));
    draw_commands(view);
}
