// policy/motors.h: what the motors will do, and which duty cycles make them do what is wanted.
#ifndef IMP_POLICY_MOTORS_H
#define IMP_POLICY_MOTORS_H

#include "imprint/env.h"

// The state in which a command given now will start to act.
typedef struct imp_foresight {
    imp_pose pose;
    double speed, turn_rate;
    double ahead; // way that is still to come before the command acts [m]
} imp_foresight;

imp_foresight imp_foresee(const imp_env *env);

// Duty cycles that lead from a state to the wanted velocities, steering before speed where the
// motors cannot give both. The turn rate approaches what is wanted at `rate` [1/s]; the speed comes
// by itself, as the motors are damped.
imp_action imp_motor_action(const imp_drive_def *drive, double rate, imp_foresight state,
                            double speed, double turn_rate);

#endif
