// sim/expert/route.h: the way ahead: lane curves chained across tiles, with turns drawn from a
// seed.
#ifndef IMP_SIM_EXPERT_ROUTE_H
#define IMP_SIM_EXPERT_ROUTE_H

#include "imprint/world.h"

enum { IMP_ROUTE_CURVES = 8 };

// The curves from where the robot is; it lies on the first. A plain value.
typedef struct imp_route {
    const imp_world *world;
    imp_random random;
    const char *turns;        // to take at crossings, over and over: l, r and s; NULL: drawn
    bool use_challenge_lanes; // along AI-DO's lanes instead of the simulator's
    int turn;                 // how many crossings have been decided on
    imp_curve curves[IMP_ROUTE_CURVES];
    int lanes[IMP_ROUTE_CURVES];    // index of the curve in the world; -1 for one that turns round
    bool decided[IMP_ROUTE_CURVES]; // whether there was a choice before the curve
    int count;
    bool one_tile; // the road is a single tile, on which it turns round and round
    double t;      // parameter of the closest point on curves[0]
} imp_route;

// A place on the route.
typedef struct imp_route_point {
    imp_vec2 point;
    imp_vec2 tangent; // unit
    double curvature; // [1/m], positive to the left
    int curve;        // which of the route's curves it lies on
} imp_route_point;

// Starts on the lane that counts for a pose; random, turns, arcs and turn go on from where they
// are. False off the road.
bool imp_route_start(imp_route *route, const imp_world *world, imp_pose pose);

// Moves along to the closest point, never backwards over a joint, and keeps curves ahead.
void imp_route_update(imp_route *route, imp_vec2 position);

// The place `distance` metres ahead of the closest point; the route's end if it is shorter.
imp_route_point imp_route_point_ahead(const imp_route *route, double distance);

// Places at 0, spacing, 2 spacing ... metres ahead. Returns how many of count there are before the
// route ends.
int imp_route_sample_points(const imp_route *route, double spacing, int count,
                            imp_route_point *out);

#endif
