// sim/env/start_pose.h: start poses of episodes.
#ifndef IMP_SIM_ENV_START_POSE_H
#define IMP_SIM_ENV_START_POSE_H

#include "imprint/env.h"

// Fails if a world or a definition offers no start at all.
imp_status imp_start_pose_check_def(const imp_world *world, const imp_env_def *def, imp_error *err);

// Draws the start pose of the present episode, among the objects as they are now.
imp_status imp_start_pose_sample(const imp_env *env, imp_pose *pose, imp_error *err);

// Whether a pose suits as a start, objects aside: the robot stands on the road with some margin and
// looks along a lane within `angle` [rad].
bool imp_start_pose_is_on_lane(const imp_world *world, imp_pose pose, double angle);

// The object that is too close to a pose for a start, or NULL.
const imp_object *imp_start_pose_find_blocker(const imp_env *env, imp_pose pose);

// Searches a grid of points on a tile, beginning at a drawn one, for a start pose within `angle`
// [rad] of a lane. Which pose is found depends on `random`; whether one is found does not.
bool imp_start_pose_search_tile(const imp_env *env, int tile, double angle, imp_random *random,
                                imp_pose *pose);

// Fails with a message that says what prevents episodes from starting, and what would help.
imp_status imp_start_pose_explain_failure(const imp_env *env, imp_error *err);
#define imp_start_pose_explain_failure(...)                                                        \
    IMP_FAILURE((imp_start_pose_explain_failure)(__VA_ARGS__))

#endif
