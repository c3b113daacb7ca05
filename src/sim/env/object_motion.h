// sim/env/object_motion.h: how duckies, duckiebots, traffic lights and checkerboards move.
#ifndef IMP_SIM_ENV_OBJECT_MOTION_H
#define IMP_SIM_ENV_OBJECT_MOTION_H

#include "imprint/env.h"

// Puts all objects where the map places them, with motion parameters for the environment's present
// episode, and decides which optional ones are there.
void imp_object_motion_reset(imp_env *env);

// Moves all objects for one frame.
void imp_object_motion_step(imp_env *env);

// The same for duckiebot k of the moving objects.
imp_car_motion imp_car_motion_default(void);
void imp_car_motion_randomize(imp_car_motion *car, imp_random *random);
void imp_car_motion_step(imp_env *env, int k);

#endif
