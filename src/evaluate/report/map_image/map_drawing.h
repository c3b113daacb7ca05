// evaluate/report/map_image/map_drawing.h: draws a map: the transformation from metres to pixels,
// and its tiles and annotations.
#ifndef IMP_EVALUATE_REPORT_MAP_IMAGE_MAP_DRAWING_H
#define IMP_EVALUATE_REPORT_MAP_IMAGE_MAP_DRAWING_H

#include "evaluate/report/drawing/vector_canvas.h"
#include "imprint/report.h"
#include "imprint/route.h"
#include "imprint/world.h"

typedef struct imp_map_drawing {
    imp_vector_canvas drawing;
    const imp_world *world;
    const imp_route_plan *route; // nullable
    const imp_map_image_def *def;
    double scale;              // [px/m]
    double left, top;          // the map's corner [px]
    double tile;               // side of a tile [px]
    int map_width, map_height; // [px]
} imp_map_drawing;

// Transforms a point of the map [m] to pixels.
static inline imp_pixel_point imp_map_to_pixels(const imp_map_drawing *view, imp_vec2 at)
{
    return (imp_pixel_point){view->left + at.x * view->scale, view->top + at.z * view->scale};
}

// Draws the ground: surfaces, and the markings on roads.
void imp_map_draw_tiles(const imp_map_drawing *view);

// Draw what the map contains besides its ground: edges of the road, lanes, start and objects.
void imp_map_draw_edges(const imp_map_drawing *view);
void imp_map_draw_lanes(const imp_map_drawing *view);
void imp_map_draw_start(const imp_map_drawing *view);
void imp_map_draw_objects(const imp_map_drawing *view);

// Draws a triangle with its tip at a point, along a direction on the ground.
void imp_map_draw_arrow(const imp_map_drawing *view, imp_pixel_point tip, imp_vec2 along,
                        double size, imp_draw_style style);

// Draws the planned route.
void imp_map_draw_route(const imp_map_drawing *view);

// Returns whether an object of the map follows a path.
bool imp_map_has_motion_paths(const imp_map_drawing *view);

// Draws values as dots, and the scale of their colours with its corner at (x, y) [px].
imp_status imp_map_draw_values(const imp_map_drawing *view, imp_error *err);
void imp_map_draw_value_scale(const imp_map_drawing *view, double x, double y);

// Styles that the drawing and its legend share.
imp_draw_style imp_map_lane_style(const imp_map_drawing *view);
imp_draw_style imp_map_route_style(const imp_map_drawing *view);
extern const imp_draw_style imp_map_edge_style, imp_map_start_style, imp_map_motion_path_style;
imp_colour imp_map_object_colour(imp_object_kind kind);

#endif
