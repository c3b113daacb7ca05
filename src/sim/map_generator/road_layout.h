// sim/map_generator/road_layout.h: the course of the roads of a generated map.
//
// Tiles are regarded as the crossing points of grid lines. The areas between four tiles are
// partitioned into blocks, each with a number; outside it is 0. Roads run along the borders of
// blocks. Borders of regions have no ends, so neither have roads.
#ifndef IMP_SIM_MAP_GENERATOR_ROAD_LAYOUT_H
#define IMP_SIM_MAP_GENERATOR_ROAD_LAYOUT_H

#include "imprint/map_generator.h"

// Directions in the order of tile orientations: each is a left turn from the one before.
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
    int margin;        // width of the ring without roads [tiles]: 0 or 1
    uint16_t *blocks;  // (rows + 1 x columns + 1); [j][i] is the area above and left of tile (i, j)
    uint8_t *links;    // (rows x columns): bit d is set if the road continues in direction d
    imp_tile *tiles;   // (rows x columns): kind and orientation; the rest is not filled in
    int *queue;        // (rows x columns): scratch
} imp_road_layout;

// Generates the roads of a map. The caller calls imp_road_layout_release(), also after a failure.
imp_status imp_road_layout_generate(imp_road_layout *layout, const imp_map_generator_def *def,
                                    imp_random *random, imp_error *err);
void imp_road_layout_release(imp_road_layout *layout);

// Moves (*i, *j) to the next tile in a direction; false, unchanged, at the edge of the map.
bool imp_road_layout_next_tile(const imp_road_layout *layout, int *i, int *j, int direction);

#endif
