// sim/env/navigation.h: navigation commands: which way the robot is to take at the next
// intersection.
#ifndef IMP_SIM_ENV_NAVIGATION_H
#define IMP_SIM_ENV_NAVIGATION_H

#include "imprint/env.h"

// Begins the commands of an episode, at the present pose.
void imp_navigation_reset(imp_env *env);

// Follows the robot to its present pose. Allocates nothing.
void imp_navigation_update(imp_env *env);

// The same after the robot was moved there by hand: an intersection that it was on was not crossed.
void imp_navigation_restart_after_move(imp_env *env);

#endif
