// sim/expert/traffic.h: reactions to obstacles, cars, pedestrians and traffic lights on the route.
#ifndef IMP_SIM_EXPERT_TRAFFIC_H
#define IMP_SIM_EXPERT_TRAFFIC_H

#include "imprint/policy.h"
#include "sim/expert/route.h"

// Lateral offset and speed: the target without traffic, or as changed by traffic.
typedef struct imp_traffic_plan {
    double offset;               // from the route [m], positive to the right
    double speed;                // [m/s]
    bool obstacle_near;          // an obstacle is so near that actions should be simulated first
    imp_wait_reason wait;        // what it should stop for; IMP_WAIT_NONE while it may drive
    imp_wait_reason slow_reason; // what it should slow down or stop for
} imp_traffic_plan;

// Adjusts a plan to traffic. It passes obstacles where there is room and stops where there is none,
// follows slower cars at a distance, yields to walking duckies, and waits at red lights.
imp_traffic_plan imp_traffic_adjust_plan(const imp_env *env, const imp_route *route,
                                         imp_traffic_plan wanted);

#endif
