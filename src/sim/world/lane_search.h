// sim/world/lane_search.h: shortest ways over the graph of lanes.
#ifndef IMP_SIM_WORLD_LANE_SEARCH_H
#define IMP_SIM_WORLD_LANE_SEARCH_H

#include "imprint/route.h"
#include "imprint/world.h"

// What a search found: a plain value of 36 KiB.
typedef struct imp_lane_search {
    float distance[IMP_ROUTE_LANES_MAX];   // to the start of each lane [m]; INFINITY: not reached
    int16_t before[IMP_ROUTE_LANES_MAX];   // the lane before it on the way; -1: not reached
    uint16_t choices[IMP_ROUTE_LANES_MAX]; // on the way: intersections with a choice
    bool first[IMP_ROUTE_LANES_MAX];       // whether the lane before it is one where ways begin
} imp_lane_search;

// Finds the shortest ways that begin on one of several lanes. Distances count from their starts,
// plus `offset` [m], which is below 0 for a robot on its lane. No way turns round. Lanes from
// IMP_ROUTE_LANES_MAX on are not reached.
void imp_lane_search_run(imp_lane_search *search, const imp_world *world, const int *from,
                         int count, double offset);

// Writes the lanes of the way to a lane that was reached, from the first to this one, if they are
// at most `size`. Returns their number.
int imp_lane_search_trace(const imp_lane_search *search, int to, int *lanes, int size);

// The second lane of the way to a lane that was reached.
int imp_lane_search_second(const imp_lane_search *search, int to);

// Whether the lane after another is one of several at an intersection.
bool imp_lane_is_choice(const imp_world *world, int before, int lane);

#endif
