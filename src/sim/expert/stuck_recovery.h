// sim/expert/stuck_recovery.h: detects that the robot makes no progress, and drives it out.
#ifndef IMP_SIM_EXPERT_STUCK_RECOVERY_H
#define IMP_SIM_EXPERT_STUCK_RECOVERY_H

#include "sim/expert/control_law.h"

typedef struct imp_stuck_recovery imp_stuck_recovery;

imp_stuck_recovery *imp_stuck_recovery_create(void);           // NULL without memory
void imp_stuck_recovery_destroy(imp_stuck_recovery *recovery); // nullable

// Starts observing a new episode.
void imp_stuck_recovery_reset(imp_stuck_recovery *recovery, const imp_env *env);

// The expert's last action and its frame.
typedef struct imp_last_action {
    int frame;
    imp_action action;
} imp_last_action;

// Must be called before every action. Returns true if the robot is stuck and *action leads it out;
// otherwise the control law decides. Allocates nothing.
bool imp_stuck_recovery_act(imp_stuck_recovery *recovery, imp_control_law *law, const imp_env *env,
                            const imp_last_action *last, imp_action *action);

#endif
