// learn/collection/exploration.h: how recorded episodes come off the ideal line, so that data shows
// how to come back: where they start, who drives, and what disturbs what is done.
#ifndef IMP_LEARN_COLLECTION_EXPLORATION_H
#define IMP_LEARN_COLLECTION_EXPLORATION_H

#include "imprint/learn.h"

// Of one episode; a plain value.
typedef struct imp_exploration {
    const imp_collect_def *def;
    imp_random noise, mix;
    double noise_decay, noise_scale; // of the disturbance, per step
    double together, against;
    double speed_factor;    // what the executed speed is multiplied by
    bool expert_in_control; // the expert drives, not the policy
    int steps_until_redraw; // steps until that is drawn anew
} imp_exploration;

// Draws another start for an episode that has just begun: a place across its lane, with the same
// heading. False, and *out untouched, if none is asked for or there is no room.
bool imp_exploration_sample_start(imp_pose *out, const imp_collect_def *def, const imp_env *env);

// For the episode that env is in.
imp_exploration imp_exploration_begin_episode(const imp_collect_def *def, const imp_env *env);

// Which of the two actions is taken in the present state.
imp_action imp_exploration_choose_action(imp_exploration *exploration, const imp_env *env,
                                         imp_action policy, imp_action expert);

// What is executed when an action is taken.
imp_action imp_exploration_add_noise(imp_exploration *exploration, imp_action action);

#endif
