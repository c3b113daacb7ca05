// env/start.h: where episodes start.
#ifndef IMP_ENV_START_H
#define IMP_ENV_START_H

#include "imprint/env.h"

// Refuses a world or a definition that leaves nowhere to start.
imp_status imp_start_check(const imp_world *world, const imp_env_def *def, imp_error *err);

// Draws the start of the environment's present episode among its objects.
imp_status imp_start_draw(const imp_env *env, imp_pose *pose, imp_error *err);

#endif
