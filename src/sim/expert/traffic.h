// sim/expert/traffic.h: what stands, walks or drives on the road ahead, and what it asks of the
// driver.
#ifndef IMP_SIM_EXPERT_TRAFFIC_H
#define IMP_SIM_EXPERT_TRAFFIC_H

#include "imprint/policy.h"
#include "sim/expert/route.h"

// What a driver wants, or should do.
typedef struct imp_traffic_plan {
    double offset;        // from the route [m], positive to the right
    double speed;         // [m/s]
    bool obstacle_near;   // something is so near that an action is worth trying out before
    imp_wait_reason wait; // what the driver should stand for; IMP_WAIT_NONE while it may go on
    imp_wait_reason slow_reason; // what it should drive more slowly for than it wants, or stand
} imp_traffic_plan;

// Changes what a driver on a route wants so that it passes what stands in the way if there is room,
// and else stops for it; keeps a distance behind what drives ahead; lets walkers cross; waits at
// red lights.
imp_traffic_plan imp_traffic_adjust(const imp_env *env, const imp_route *route,
                                    imp_traffic_plan wanted);

#endif
