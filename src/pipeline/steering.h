// pipeline/steering.h: how recorded episodes come off the ideal line, so that data shows how to
// come back: where they start, who drives, and what disturbs what is done.
#ifndef IMP_PIPELINE_STEERING_H
#define IMP_PIPELINE_STEERING_H

#include "imprint/pipeline.h"

// Of one episode; a plain value.
typedef struct imp_steering {
    const imp_collect_def *def;
    imp_random noise, mix;
    double keep, draw; // of the disturbance, per step
    double together, against;
    double pace;      // what the executed speed is multiplied by
    bool expert_has;  // the expert drives, not the policy
    int until_change; // steps until that is drawn anew
} imp_steering;

// Moves a start that imp_env_reset() drew onto a place across its lane, if one is asked for and
// there is room; its heading stays.
void imp_steering_place(const imp_collect_def *def, imp_env *env);

// For the episode that env is in.
imp_steering imp_steering_start(const imp_collect_def *def, const imp_env *env);

// Which of the two actions is taken in the present state.
imp_action imp_steering_choose(imp_steering *steering, const imp_env *env, imp_action policy,
                               imp_action expert);

// What is executed when an action is taken.
imp_action imp_steering_disturb(imp_steering *steering, imp_action action);

#endif
