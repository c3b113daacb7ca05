// policy/law.h: the law by which our expert steers: from the state of the robot to an action.
#ifndef IMP_POLICY_LAW_H
#define IMP_POLICY_LAW_H

#include "imprint/policy.h"
#include "policy/route.h"

enum { IMP_TURNS_MAX = 255 };

// What the law knows and remembers. A plain value: a copy of it steers on by itself.
typedef struct imp_law {
    imp_expert_def def;
    imp_route route;
    bool on_route;
    char turns[IMP_TURNS_MAX + 1];
    imp_drive_def believed;
    double offset;      // from the route that was last driven at [m], positive to the right
    imp_wait waits_for; // when it last steered
} imp_law;

// The action that the law asks for; *usual tells whether the robot is about where it should be.
imp_action imp_law_steer(imp_law *law, const imp_env *env, bool *usual);

#endif
