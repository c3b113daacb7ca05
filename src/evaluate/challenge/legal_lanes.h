// evaluate/challenge/legal_lanes.h: the lanes of single tiles.
#ifndef IMP_EVALUATE_CHALLENGE_LEGAL_LANES_H
#define IMP_EVALUATE_CHALLENGE_LEGAL_LANES_H

#include "imprint/challenge.h"

// Number of lanes of a tile, and length of one [tiles].
int imp_legal_lane_count(const imp_world *world, int tile);
double imp_legal_lane_length(const imp_world *world, int tile, int lane);

// Returns the pose in the world at an arc length from a lane's beginning [tiles].
imp_pose imp_legal_lane_pose(const imp_world *world, int tile, int lane, double along);

#endif
