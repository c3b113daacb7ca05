/// imprint/route.h: routes over the lanes of a world: the shortest way from one tile to another,
/// and the way to take at each intersection on it.
#ifndef IMPRINT_ROUTE_H
#define IMPRINT_ROUTE_H

#include "imprint/observation.h"
#include "imprint/world.h"

IMP_API_BEGIN

enum {
    IMP_ROUTE_LANES_MAX = 4096, ///< lanes of a world in which routes are planned
    IMP_ROUTE_PLACE_LANES = 12, ///< lanes of one tile
};

/// Where a route may begin or end: lanes of one tile.
typedef struct imp_route_place {
    int lanes[IMP_ROUTE_PLACE_LANES]; ///< indices into imp_world.curves
    int count;
} imp_route_place;

/// Reads a place: "I,J" for any lane of that tile, "I,J:LANE" for one of them by its number from 0,
/// or "I,J:HEADING" for those that enter the tile in the direction north, east, south or west (or
/// its first letter in either case). North is towards row 0. Fails with IMP_USAGE if the text is no
/// place, the tile is off the map or carries no lane, or it has no such lane.
imp_status imp_route_place_parse(imp_route_place *out, const imp_world *world, const char *text,
                                 imp_error *err);

/// The place that is any lane of tile (i, j). Fails with IMP_USAGE as above.
imp_status imp_route_place_of_tile(imp_route_place *out, const imp_world *world, int i, int j,
                                   imp_error *err);

/// A lane of a route.
typedef struct imp_route_step {
    int lane;        ///< index into imp_world.curves
    int tile;        ///< index into imp_world.tiles
    double distance; ///< from the start of the first lane to the start of this one [m]
    /// The way that it takes, if it is one of several at an intersection; else IMP_COMMAND_NONE.
    imp_navigation_command command;
} imp_route_step;

/// A planned route. Free it with imp_route_plan_free().
typedef struct imp_route_plan {
    imp_route_step *steps; ///< (count) from the first lane to the last, at least two
    int count;
    int intersections; ///< steps with a command
    double length;     ///< distance at which the last lane begins [m]
} imp_route_plan;

/// Finds the shortest way that follows lanes, without turning round. It arrives where the last lane
/// begins. From a lane to itself it is the shortest way round. Fails with IMP_USAGE if no lane of
/// the end can be reached, or the world has more than IMP_ROUTE_LANES_MAX lanes.
imp_status imp_route_plan_find(imp_route_plan *out, const imp_world *world,
                               const imp_route_place *from, const imp_route_place *to,
                               imp_error *err);
void imp_route_plan_free(imp_route_plan *plan); ///< nullable

IMP_API_END

#endif
