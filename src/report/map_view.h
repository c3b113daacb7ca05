// report/map_view.h: a map on a sketch: where its metres are on the picture, and what its tiles
// look like as drawings.
#ifndef IMP_REPORT_MAP_VIEW_H
#define IMP_REPORT_MAP_VIEW_H

#include "imprint/world.h"
#include "report/sketch.h"

typedef struct imp_map_view {
    imp_sketch sketch;
    const imp_world *world;
    double scale;              // [px/m]
    double left, top;          // the map's corner [px]
    double tile;               // side of a tile [px]
    int map_width, map_height; // [px]
} imp_map_view;

static inline imp_point imp_map_point(const imp_map_view *view, imp_vec2 at)
{
    return (imp_point){view->left + at.x * view->scale, view->top + at.z * view->scale};
}

// Draws the ground: surfaces, and the markings on roads.
void imp_map_draw_tiles(const imp_map_view *view);

// Draws what the map tells besides its ground: edges of the road, lanes, start and objects.
void imp_map_draw_edges(const imp_map_view *view);
void imp_map_draw_lanes(const imp_map_view *view);
void imp_map_draw_start(const imp_map_view *view);
void imp_map_draw_objects(const imp_map_view *view);

// Whether something on the map goes its way.
bool imp_map_has_ways(const imp_map_view *view);

// Inks that drawings and their legend share.
imp_ink imp_map_lane_ink(const imp_map_view *view);
extern const imp_ink imp_map_edge_ink, imp_map_start_ink, imp_map_way_ink;
imp_colour imp_map_object_colour(imp_object_kind kind);

#endif
