// sim/env/object_motion.h: motion of duckies, duckiebots, traffic lights and checkerboards.
#ifndef IMP_SIM_ENV_OBJECT_MOTION_H
#define IMP_SIM_ENV_OBJECT_MOTION_H

#include "imprint/env.h"

// Places all objects as the map says, draws the motion parameters of the present episode, and
// decides which optional objects exist.
void imp_object_motion_reset(imp_env *env);

// Moves all objects for one frame.
void imp_object_motion_step(imp_env *env);

// The same for duckiebots; k is an index into env->moving.
imp_car_motion imp_car_motion_default(void);
void imp_car_motion_randomize(imp_car_motion *car, imp_random *random);
void imp_car_motion_step(imp_env *env, int k);

#endif
