// evaluate/rollout/policy_state.h: what policies of the caller's get of an environment.
#ifndef IMP_EVALUATE_ROLLOUT_POLICY_STATE_H
#define IMP_EVALUATE_ROLLOUT_POLICY_STATE_H

#include "imprint/callback.h"
#include "sim/expert/route.h"

// Where an object is in this episode, at this moment.
typedef struct imp_object_place {
    imp_vec2 position; // [m]
    double heading;    // [rad]
    double radius;     // of a circle around its footprint [m]
    bool moving;       // it moves or changes
} imp_object_place;

// False, and *out unchanged, if object number `index` of the map is absent in this episode.
bool imp_find_object_place(imp_object_place *out, const imp_env *env, int index);

// The way that is followed ahead of a robot.
typedef struct imp_path_ahead {
    imp_route route;
    bool on_route; // false off the road
} imp_path_ahead;

// Begins the way of an episode. Its turns are those of our expert.
void imp_path_ahead_reset(imp_path_ahead *path, const imp_env *env);

// Fills everything but `slot`, and moves the way on to where the robot is.
void imp_policy_state_set_from_env(imp_policy_state *out, imp_path_ahead *path, const imp_env *env);

#endif
