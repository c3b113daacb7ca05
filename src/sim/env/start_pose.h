// sim/env/start_pose.h: where episodes start.
#ifndef IMP_SIM_ENV_START_POSE_H
#define IMP_SIM_ENV_START_POSE_H

#include "imprint/env.h"

// Refuses a world or a definition that leaves nowhere to start.
imp_status imp_start_pose_check(const imp_world *world, const imp_env_def *def, imp_error *err);

// Draws the start of the environment's present episode among its objects.
imp_status imp_start_pose_sample(const imp_env *env, imp_pose *pose, imp_error *err);

// Whether a robot may start at a pose as far as the road goes: it stands on it, with some room, and
// looks along a lane within that angle.
bool imp_start_pose_is_on_lane(const imp_world *world, imp_pose pose, double angle);

// The object that is too close to a pose to start there, or NULL.
const imp_object *imp_start_pose_blocker(const imp_env *env, imp_pose pose);

// Looks at many places of a tile, from a drawn one on, for a pose that episodes may start at:
// within that angle of a lane. Which it finds depends on random; whether it finds one does not.
bool imp_start_pose_search_tile(const imp_env *env, int tile, double angle, imp_random *random,
                                imp_pose *pose);

// Fails with what keeps episodes from starting, and what would help.
imp_status imp_start_pose_explain_failure(const imp_env *env, imp_error *err);
#define imp_start_pose_explain_failure(...)                                                        \
    imp_assume_failure((imp_start_pose_explain_failure)(__VA_ARGS__))

#endif
