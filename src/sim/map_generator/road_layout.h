// sim/map_generator/road_layout.h: where the roads of a map run.
//
// Tiles are looked at as crossing points of lines. The areas between four tiles are cut up into
// blocks, each a number; outside the map it is 0. Roads run where blocks meet, so no road can end.
#ifndef IMP_SIM_MAP_GENERATOR_ROAD_LAYOUT_H
#define IMP_SIM_MAP_GENERATOR_ROAD_LAYOUT_H

#include "imprint/map_generator.h"

// Directions in the order of the tiles' orientations: each lies to the left of the one before.
enum { IMP_SOUTH, IMP_EAST, IMP_NORTH, IMP_WEST };

static inline int imp_direction_left(int direction)
{
    return (direction + 1) & 3;
}

static inline int imp_direction_right(int direction)
{
    return (direction + 3) & 3;
}

static inline int imp_direction_opposite(int direction)
{
    return direction ^ 2;
}

typedef struct imp_road_layout {
    int columns, rows; // of tiles
    int margin;        // tiles around the map that never have a road: 0 or 1
    uint16_t *blocks;  // (rows + 1 x columns + 1); [j][i] is the area up and left of tile (i, j)
    uint8_t *links;    // (rows x columns): a bit for each direction in which the road goes on
    imp_tile *tiles;   // (rows x columns): kind and orientation; the rest is not filled in
    int *queue;        // (rows x columns): scratch
} imp_road_layout;

// Lays out the roads of a map. Released with imp_road_layout_release(), also after a failure.
imp_status imp_road_layout_generate(imp_road_layout *layout, const imp_map_generator_def *def,
                                    imp_random *random, imp_error *err);
void imp_road_layout_release(imp_road_layout *layout);

// The tile on from (*i, *j); false at the edge of the map.
bool imp_road_layout_step(const imp_road_layout *layout, int *i, int *j, int direction);

#endif
