// sim/world/tile_lanes.h: the lane curves that tiles carry.
#ifndef IMP_SIM_WORLD_TILE_LANES_H
#define IMP_SIM_WORLD_TILE_LANES_H

#include "imprint/world.h"

enum { IMP_TILE_LANES_MAX = 12 }; // lanes of one tile

// Writes the lane curves of tile (i, j) to out, in gym-duckietown's order, and returns their
// number.
int imp_tile_lane_curves(imp_tile_kind kind, int orientation, int i, int j, double tile_size,
                         imp_curve out[IMP_TILE_LANES_MAX]);

// Returns the drivable tile that a lane leads onto if no lane of that tile continues it. Returns
// NULL if the lane continues, or leads off the road.
const imp_tile *imp_lane_missing_successor(const imp_world *world, const imp_tile *tile,
                                           const imp_curve *lane);

#endif
