// sim/expert/route.h: the route: lane curves chained across tiles, with turns given or drawn.
#ifndef IMP_SIM_EXPERT_ROUTE_H
#define IMP_SIM_EXPERT_ROUTE_H

#include "imprint/observation.h"
#include "imprint/world.h"

enum { IMP_ROUTE_CURVES = 8 };

// The next curves of the route; the robot is on the first. A plain value.
typedef struct imp_route {
    const imp_world *world;
    imp_random random;
    const char *turns;        // turns at intersections, repeated: l, r and s; NULL: drawn
    bool use_challenge_lanes; // follow AI-DO's lanes instead of the simulator's
    int turn;                 // number of turns chosen so far
    imp_curve curves[IMP_ROUTE_CURVES];
    int lanes[IMP_ROUTE_CURVES];    // index of the curve in the world; -1 for a U-turn
    bool decided[IMP_ROUTE_CURVES]; // whether a turn was chosen before the curve
    int count;
    bool one_tile; // the road is a single tile; the route turns round and round
    double t;      // parameter of the closest point on curves[0]
} imp_route;

// A point of the route.
typedef struct imp_route_point {
    imp_vec2 point;
    imp_vec2 tangent; // unit
    double curvature; // [1/m], positive to the left
    int curve;        // which of the route's curves it lies on
} imp_route_point;

// Starts on the lane of a pose; the fields random, turns, use_challenge_lanes and turn are kept.
// False off the road.
bool imp_route_begin_at_pose(imp_route *route, const imp_world *world, imp_pose pose);

// Moves on to the point closest to a position, never back across a joint, and extends the route
// ahead.
void imp_route_update(imp_route *route, imp_vec2 position);

// Takes the way of a command at an intersection, given by the index of its tile, if the route leads
// there, its turn there is not begun, and the way exists.
void imp_route_follow_command(imp_route *route, imp_navigation_command command, int intersection);

// The point `distance` metres ahead of the closest point, or the end of the route.
imp_route_point imp_route_point_ahead(const imp_route *route, double distance);

// Samples points at 0, spacing, 2 spacing ... metres ahead. Returns how many of `count` exist
// before the route ends.
int imp_route_sample_points(const imp_route *route, double spacing, int count,
                            imp_route_point *out);

#endif
