// sim/expert/drive_model.h: what the motors will do, and which duty cycles make them do what is
// wanted.
#ifndef IMP_SIM_EXPERT_DRIVE_MODEL_H
#define IMP_SIM_EXPERT_DRIVE_MODEL_H

#include "imprint/env.h"

// The state in which a command given now will start to act.
typedef struct imp_predicted_state {
    imp_pose pose;
    double speed, turn_rate;
    double ahead; // way that is still to come before the command acts [m]
} imp_predicted_state;

imp_predicted_state imp_drive_model_predict(const imp_env *env);

// Duty cycles that lead from a state to the wanted velocities, steering before speed where the
// motors cannot give both. The turn rate approaches what is wanted at `rate` [1/s]; the speed comes
// by itself, as the motors are damped.
imp_action imp_drive_model_invert(const imp_drive_def *drive, double rate,
                                  imp_predicted_state state, double speed, double turn_rate);

#endif
