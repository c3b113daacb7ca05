// env/motion.h: how duckies, duckiebots, traffic lights and checkerboards move.
#ifndef IMP_ENV_MOTION_H
#define IMP_ENV_MOTION_H

#include "imprint/env.h"

// Puts all objects where the map places them, with motion parameters for the environment's present
// episode, and decides which optional ones are there.
void imp_motion_reset(imp_env *env);

// Moves all objects for one frame.
void imp_motion_step(imp_env *env);

// The same for duckiebot k of the moving objects.
imp_car imp_car_nominal(void);
void imp_car_randomize(imp_car *car, imp_random *random);
void imp_car_step(imp_env *env, int k);

#endif
