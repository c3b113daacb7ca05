// sim/world/lane_graph.h: which lanes follow a lane, which way each of them turns, how long it is.
#ifndef IMP_SIM_WORLD_LANE_GRAPH_H
#define IMP_SIM_WORLD_LANE_GRAPH_H

#include "imprint/observation.h"
#include "imprint/world.h"

enum { IMP_LANES_AFTER_MAX = 12 };

// Unit directions at both ends of a curve.
imp_vec2 imp_curve_start_tangent(const imp_curve *curve);
imp_vec2 imp_curve_end_tangent(const imp_curve *curve);

// Finds the lanes that start where a curve ends: indices into world->curves. Returns their number.
int imp_lane_find_successors(const imp_world *world, const imp_curve *curve,
                             int out[IMP_LANES_AFTER_MAX]);

// The same without lanes that run off the road, as some tiles of gym-duckietown have them. All of
// them if none goes on.
int imp_lane_find_passable_successors(const imp_world *world, const imp_curve *curve,
                                      int out[IMP_LANES_AFTER_MAX]);

// Length of a lane from the point closest to a position, or from its start if there is none [m].
double imp_lane_length(const imp_curve *lane, const imp_vec2 *from);

// The index of the tile that carries a lane.
int imp_lane_tile(const imp_world *world, int lane);

// The way that a lane turns: left, straight or right.
imp_navigation_command imp_lane_turn_direction(const imp_curve *lane);

// The first of several lanes that turns that way, or -1.
int imp_lane_find_by_turn_direction(const imp_world *world, const int lanes[], int count,
                                    imp_navigation_command way);

#endif
