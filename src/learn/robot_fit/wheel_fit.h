// learn/robot_fit/wheel_fit.h: gain, trim and delay from poses and commands.
#ifndef IMP_LEARN_ROBOT_FIT_WHEEL_FIT_H
#define IMP_LEARN_ROBOT_FIT_WHEEL_FIT_H

#include "imprint/dataset.h"
#include "imprint/robot_fit.h"

enum { IMP_FIT_RESAMPLES = 400 };

typedef struct imp_wheel_fit imp_wheel_fit;

imp_status imp_wheel_fit_create(imp_wheel_fit **out, const imp_robot_fit_def *def, imp_error *err);
void imp_wheel_fit_destroy(imp_wheel_fit *fit); // nullable

// Adds an episode. duty: (T) the duty cycles that were sent. Steps without poses are left out.
imp_status imp_wheel_fit_add(imp_wheel_fit *fit, const imp_episode *episode, const imp_action *duty,
                             imp_error *err);

// Writes gain, trim, baseline, delay, the errors and the steps. Fails with IMP_BAD_INPUT if there
// are too few steps, or the robot hardly moved.
imp_status imp_wheel_fit_solve(const imp_wheel_fit *fit, imp_robot_fit *out, imp_error *err);

// The interval of a sample of estimates, which are sorted in place.
void imp_fit_set_interval(imp_fit_estimate *out, double *sample, int count, double confidence);

#endif
