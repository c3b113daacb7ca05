// sim/expert/stuck_recovery.h: notices that the robot does not come forward, and gets it away.
#ifndef IMP_SIM_EXPERT_STUCK_RECOVERY_H
#define IMP_SIM_EXPERT_STUCK_RECOVERY_H

#include "sim/expert/control_law.h"

typedef struct imp_stuck_recovery imp_stuck_recovery;

imp_stuck_recovery *imp_stuck_recovery_create(void);         // NULL without memory
void imp_stuck_recovery_destroy(imp_stuck_recovery *escape); // nullable

// A new episode has begun in env.
void imp_stuck_recovery_reset(imp_stuck_recovery *escape, const imp_env *env);

// What was decided last: in which frame, and what.
typedef struct imp_last_action {
    int frame;
    imp_action action;
} imp_last_action;

// To be called before every decision. True if the robot is to get away from where it is stuck, by
// *action; else the law, or who looks after it, may decide. Allocates nothing.
bool imp_stuck_recovery_act(imp_stuck_recovery *escape, imp_control_law *law, const imp_env *env,
                            const imp_last_action *last, imp_action *action);

#endif
