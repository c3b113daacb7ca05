// policy/escape.h: notices that the robot does not come forward, and gets it away.
#ifndef IMP_POLICY_ESCAPE_H
#define IMP_POLICY_ESCAPE_H

#include "policy/law.h"

typedef struct imp_escape imp_escape;

imp_escape *imp_escape_create(void);         // NULL without memory
void imp_escape_destroy(imp_escape *escape); // nullable

// A new episode has begun in env.
void imp_escape_begin(imp_escape *escape, const imp_env *env);

// What was decided last: in which frame, and what.
typedef struct imp_decision {
    int frame;
    imp_action action;
} imp_decision;

// To be called before every decision. True if the robot is to get away from where it is stuck, by
// *action; else the law, or who looks after it, may decide. Allocates nothing.
bool imp_escape_act(imp_escape *escape, imp_law *law, const imp_env *env, const imp_decision *last,
                    imp_action *action);

#endif
