// sim/expert/control_law.h: the control law of our expert: from the robot's state to an action.
#ifndef IMP_SIM_EXPERT_CONTROL_LAW_H
#define IMP_SIM_EXPERT_CONTROL_LAW_H

#include "imprint/policy.h"
#include "sim/expert/route.h"

enum { IMP_TURNS_MAX = 255 };

// Parameters and state of the law. A plain value: a copy evolves independently.
typedef struct imp_control_law {
    imp_expert_def def; // its speed is the one that the episode asks for, if it does
    double own_speed;   // that of the definition it was made with [m/s]
    imp_route route;
    bool on_route;
    char turns[IMP_TURNS_MAX + 1];
    imp_drive_def assumed_drive;
    double offset; // lateral offset of the last target from the route [m], positive to the right
    imp_wait_reason wait_reason; // as of the last action
} imp_control_law;

// Computes the law's action. *nominal says whether the robot is close to its target line, with no
// obstacle near, so that the action is safe without look-ahead.
imp_action imp_control_law_compute(imp_control_law *law, const imp_env *env, bool *nominal);

#endif
