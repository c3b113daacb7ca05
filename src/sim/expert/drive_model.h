// sim/expert/drive_model.h: prediction of the drive, and the duty cycles that reach given
// velocities.
#ifndef IMP_SIM_EXPERT_DRIVE_MODEL_H
#define IMP_SIM_EXPERT_DRIVE_MODEL_H

#include "imprint/env.h"

// The state in which a command given now will start to act.
typedef struct imp_predicted_state {
    imp_pose pose;
    double speed, turn_rate;
    double ahead; // distance that is still driven before the command acts [m]
} imp_predicted_state;

// Simulates the drive until a command given now would act.
imp_predicted_state imp_drive_model_predict(const imp_env *env);

// Duty cycles that lead from a state to target velocities. Where the motors cannot reach both,
// turning has priority. The turn rate approaches its target at `rate` [1/s]; the speed approaches
// at the motors' own damping.
imp_action imp_drive_model_invert(const imp_drive_def *drive, double rate,
                                  imp_predicted_state state, double speed, double turn_rate);

#endif
