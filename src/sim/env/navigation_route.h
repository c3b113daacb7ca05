// sim/env/navigation_route.h: routes to a destination, from which commands follow.
#ifndef IMP_SIM_ENV_NAVIGATION_ROUTE_H
#define IMP_SIM_ENV_NAVIGATION_ROUTE_H

#include "imprint/env.h"

// Refuses settings that name a destination without routes, and worlds on which the routes that are
// asked for cannot be planned.
imp_status imp_navigation_check_route(const imp_world *world, const imp_env_def *def,
                                      imp_error *err);

// Sets out, once the robot is in a lane; notes an arrival; and draws the next destination, as long
// as intersections are left.
void imp_navigation_update_route(imp_env *env);

// The way that the route takes after an approach: IMP_COMMAND_NONE if none leads to the
// destination.
imp_navigation_command imp_navigation_route_command(const imp_env *env, int approach);

#endif
