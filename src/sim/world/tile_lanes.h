// sim/world/tile_lanes.h: the lane curves that tiles carry.
#ifndef IMP_SIM_WORLD_TILE_LANES_H
#define IMP_SIM_WORLD_TILE_LANES_H

#include "imprint/world.h"

enum { IMP_TILE_LANES_MAX = 12 }; // ways through one tile

// Writes the lane curves of tile (i, j) to out, in the order that the reference numbers them, and
// returns how many there are.
int imp_tile_lane_curves(imp_tile_kind kind, int orientation, int i, int j, double tile_size,
                         imp_curve out[IMP_TILE_LANES_MAX]);

// The drivable tile that a lane of another one leads onto without a lane that goes on there, or
// NULL.
const imp_tile *imp_lane_missing_successor(const imp_world *world, const imp_tile *tile,
                                           const imp_curve *lane);

#endif
