/// imprint/env.h: the environment: reset, step, observe. Everything that changes lives in one
/// imp_env, which owns its random streams; any number of them step in parallel.
#ifndef IMPRINT_ENV_H
#define IMPRINT_ENV_H

#include "imprint/render.h"
#include "imprint/robot.h"
#include "imprint/world.h"

/// Why an episode is over.
typedef enum imp_ending {
    IMP_ENDING_NONE,         ///< it is not
    IMP_ENDING_INVALID_POSE, ///< left the road
    IMP_ENDING_MAX_STEPS,
    IMP_ENDING_COLLISION, ///< an invalid pose too: met an object
} imp_ending;

/// Who decides when an episode is over.
typedef enum imp_rules {
    IMP_RULES_SIMULATOR, ///< gym-duckietown: an invalid pose
    IMP_RULES_CHALLENGE, ///< AI-DO's LF challenges: see imp_env_challenge_ending()
} imp_rules;

const char *imp_ending_name(imp_ending ending);

/// Settings of an environment. Obtain with imp_default_env_def(), then change fields.
typedef struct imp_env_def {
    uint64_t seed;             ///< 123
    uint32_t index;            ///< number of this environment among those that share the seed; 0
    int max_steps;             ///< frames until an episode is cut off; 1500
    int frame_skip;            ///< frames that one action is held for; 1
    double accept_start_angle; ///< starts lie within this of the lane's direction [rad]; 60 degrees
    bool has_start_tile;       ///< start on start_tile instead of the map's choice
    int start_tile[2];         ///< (i, j)
    bool has_start_pose;       ///< start at start_pose, wherever that is
    imp_pose start_pose;
    bool randomize_objects; ///< draw the motion of objects, and which optional ones are there
    imp_rules rules;        ///< IMP_RULES_SIMULATOR
    imp_drive_def drive;
    int cookie;
} imp_env_def;

imp_env_def imp_default_env_def(void);

/// State of an environment. Read-only to its users.
typedef struct imp_env {
    const imp_world *world;
    imp_env_def def;
    uint32_t episode; ///< number of the current episode
    imp_pose pose;
    imp_drive drive;
    imp_action action; ///< the last action given
    int frame;         ///< frames since reset
    double speed;      ///< displacement in the last frame / time step [m/s]
    bool in_lane;      ///< whether lane is valid
    imp_lane_position lane;
    imp_ending ending;
} imp_env;

/// What a step gave.
typedef struct imp_step {
    double reward;   ///< the reference's; -1000 on an invalid pose, 0 at max_steps
    bool terminated; ///< invalid pose
    bool truncated;  ///< max_steps reached
} imp_step;

/// Prepares an environment in caller-owned memory; owns nothing, needs no freeing. The world must
/// outlive it.
imp_status imp_env_init(imp_env *env, const imp_world *world, const imp_env_def *def,
                        imp_error *err);

/// Starts an episode at rest at a random valid pose drawn from (seed, index, episode), or at the
/// map's start pose. Fails with IMP_BAD_INPUT if the world has no drivable tile or 5000 draws found
/// no valid pose.
imp_status imp_env_reset(imp_env *env, uint32_t episode, imp_error *err);

/// Starts an episode at rest at a given pose, valid or not.
void imp_env_reset_at(imp_env *env, uint32_t episode, imp_pose pose);

/// Holds an action for frame_skip frames, then looks whether the episode is over.
imp_step imp_env_step(imp_env *env, imp_action action);

/// True if a robot at pose stands where it may: its centre, both wheels and its front on drivable
/// tiles. safety scales the footprint (1 while driving, 1.3 when spawning).
bool imp_env_valid_pose(const imp_world *world, imp_pose pose, double safety);

/// What the robot's camera sees now.
imp_view imp_env_view(const imp_env *env);

#endif
