// sim/expert/control_law.h: the law by which our expert steers: from the state of the robot to an
// action.
#ifndef IMP_SIM_EXPERT_CONTROL_LAW_H
#define IMP_SIM_EXPERT_CONTROL_LAW_H

#include "imprint/policy.h"
#include "sim/expert/route.h"

enum { IMP_TURNS_MAX = 255 };

// What the law knows and remembers. A plain value: a copy of it steers on by itself.
typedef struct imp_control_law {
    imp_expert_def def;
    imp_route route;
    bool on_route;
    char turns[IMP_TURNS_MAX + 1];
    imp_drive_def assumed_drive;
    double offset; // from the route that was last driven at [m], positive to the right
    imp_wait_reason wait_reason; // when it last steered
} imp_control_law;

// The action that the law asks for; *usual tells whether the robot is about where it should be.
imp_action imp_control_law_compute(imp_control_law *law, const imp_env *env, bool *nominal);

#endif
