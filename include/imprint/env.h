/// imprint/env.h: the environment: reset, step, observe. Everything that changes lives in one
/// imp_env, which owns its random streams; any number of them step in parallel.
#ifndef IMPRINT_ENV_H
#define IMPRINT_ENV_H

#include "imprint/render.h"
#include "imprint/robot.h"
#include "imprint/world.h"

IMP_API_BEGIN

/// Why an episode is over. Append only.
typedef enum imp_end_reason {
    IMP_END_NONE,         ///< it is not
    IMP_END_INVALID_POSE, ///< off the road (IMP_RULES_SIMULATOR)
    IMP_END_MAX_STEPS,
    IMP_END_COLLISION,     ///< an invalid pose too: met an object
    IMP_END_OUT_OF_TILE,   ///< on no tile of the map (IMP_RULES_CHALLENGE)
    IMP_END_POLICY_FAILED, ///< not the environment's: its driver could not go on
} imp_end_reason;

/// Who decides when an episode is over.
typedef enum imp_termination_rules {
    IMP_RULES_SIMULATOR, ///< gym-duckietown: an invalid pose
    IMP_RULES_CHALLENGE, ///< AI-DO's LF challenges: see imp_env_challenge_end_reason()
} imp_termination_rules;

/// The word for it, the same in tables, files and images.
const char *imp_end_reason_name(imp_end_reason ending);

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
    bool cars_yield; ///< moving duckiebots stop for what is ahead, instead of driving into it
    imp_termination_rules rules; ///< IMP_RULES_SIMULATOR
    /// Share of decisions that get lost on their way, so that the last action goes on; 0
    double action_dropout;
    double command_noise; ///< standard deviation of what is added to every other duty cycle; 0
    imp_drive_def drive;
    int cookie;
} imp_env_def;

imp_env_def imp_default_env_def(void);

/// How a duckie walks to and fro: it waits, walks one tile length, turns round and waits again.
typedef struct imp_duckie_walk {
    imp_vec2 direction; ///< of its first walk
    imp_vec2 start;     ///< of the present walk [m]
    double stride;      ///< per frame of 1/30 s [m], negative on its way back; 0.02
    double wait;        ///< until it walks [s]; 8
    double distance;    ///< of a walk [m]
    double wiggle;      ///< how far it turns to either side when walking [rad]; pi / 15
    bool active;        ///< whether it walks
    bool randomized;    ///< draws stride and wait anew at every turn
} imp_duckie_walk;

/// How a duckiebot drives along its lane: pure pursuit, its own drive without delay.
typedef struct imp_car_motion {
    double follow_distance;              ///< 0.3 m
    double speed;                        ///< asked for; 0.1 m/s, of which its gain makes 0.23
    double gain, trim;                   ///< 2 and 0
    double wheel_radius, wheel_distance; ///< [m]
    double width, length;                ///< of its footprint once it moves [m]
    bool lost;                           ///< stands still since it is off the lanes
    bool waiting;                        ///< stands still for something ahead
} imp_car_motion;

/// How a moving or changing object moves: parameters, then what goes on inside it. The parameters
/// may be set between reset and the first step, for those who want others than those drawn.
typedef struct imp_object_motion {
    double time;       ///< since reset [s]
    double angle;      ///< heading [rad]; unlike the state's without a duckie's wiggle
    imp_random random; ///< of later draws
    union {
        imp_duckie_walk walk; ///< duckie
        imp_car_motion car;   ///< duckiebot
        double period;        ///< traffic light: between changes [s]; 5
        int board_step;       ///< checkerboard: place in its dance, from -20 to 420
    };
} imp_object_motion;

/// State of an environment, a plain value of about 300 KiB: a copy of it goes on by itself and
/// drives through the same future; imp_env_copy() makes one fast. Read-only to its users, motion's
/// parameters apart; imp_env_set_def() changes the settings.
typedef struct imp_env {
    const imp_world *world; ///< where the episode takes place
    imp_pose pose;
    imp_action action; ///< the last action that was executed
    double speed;      ///< displacement in the last frame / time step [m/s]
    int frame;         ///< frames since reset
    imp_end_reason ending;
    bool in_lane; ///< whether lane is valid
    imp_lane_position lane;
    imp_drive drive;
    imp_random actuation_random; ///< draws which decisions get lost, and noise on the others
    imp_env_def def;
    uint32_t episode;                      ///< number of the current episode
    const imp_world *const *worlds;        ///< that episodes are drawn from; NULL: only `world`
    int world_count;                       ///< 1 if there is only one
    int world_index;                       ///< of `world` among them
    uint64_t hidden[IMP_OBJECTS_MAX / 64]; ///< a bit for each object that is absent
    /// Where the world's moving objects are, and how they move; what lies beyond its moving_count
    /// is unused. Last: imp_env_copy() leaves the unused ones out.
    imp_object_state moving[IMP_OBJECTS_MAX];
    imp_object_motion motion[IMP_OBJECTS_MAX];
} imp_env;

/// What a step gave.
typedef struct imp_step {
    double reward;   ///< gym-duckietown's; -1000 where it terminated, 0 at max_steps
    bool terminated; ///< invalid pose, or what the challenge's rules say
    bool truncated;  ///< max_steps reached
} imp_step;

/// Prepares an environment in caller-owned memory; owns nothing, needs no freeing. The world must
/// outlive it. Fails with IMP_USAGE on unsound settings and with IMP_BAD_INPUT if there is nowhere
/// to start.
imp_status imp_env_init(imp_env *env, const imp_world *world, const imp_env_def *def,
                        imp_error *err);

/// The same over several worlds, of which every episode takes one drawn from (seed, index,
/// episode). The array and the worlds must outlive the environment.
imp_status imp_env_init_worlds(imp_env *env, const imp_world *const *worlds, int count,
                               const imp_env_def *def, imp_error *err);

/// Changes the settings. Call it between episodes: the next reset is the first that uses them all.
/// Fails as imp_env_init_worlds() does, and then the environment keeps its settings. Allocates
/// nothing.
imp_status imp_env_set_def(imp_env *env, const imp_env_def *def, imp_error *err);

/// The same as *to = *from, in less time where few objects move.
void imp_env_copy(imp_env *to, const imp_env *from);

/// Starts an episode at rest at a random valid pose drawn from (seed, index, episode), or at the
/// start pose of the definition or the map. Fails with IMP_BAD_INPUT if draws and a search
/// found no valid pose; the message says what is in the way.
imp_status imp_env_reset(imp_env *env, uint32_t episode, imp_error *err);

/// Starts an episode at rest at a given pose, valid or not.
void imp_env_reset_at(imp_env *env, uint32_t episode, imp_pose pose);

/// The same in one of the environment's worlds, instead of the one that is drawn.
void imp_env_reset_in_world(imp_env *env, uint32_t episode, int world_index, imp_pose pose);

/// Holds an action, or what def.dropped and def.command_noise make of it, for frame_skip frames, in
/// each of which the robot moves and then the objects, then looks whether the episode is over.
imp_step imp_env_step(imp_env *env, imp_action action);

/// True if a robot at pose stands where it may: its centre, both wheels and its front on drivable
/// tiles, and its footprint free of objects. safety scales the four points (1 while driving, 1.3
/// when spawning). As in gym-duckietown, the footprint lies 0.048 m behind the pose: it is moved to
/// the geometric centre twice.
bool imp_env_is_valid_pose(const imp_env *env, imp_pose pose, double safety);

/// The part of imp_env_is_valid_pose() that looks at tiles only.
bool imp_env_is_on_road(const imp_world *world, imp_pose pose, double safety);

/// The footprint of a robot at pose, around a point `forward` metres ahead of the pose: where the
/// robot really is with IMP_CENTRE_FORWARD.
imp_box imp_robot_footprint(imp_pose pose, double forward);

/// The first solid object there is that a robot's footprint meets, or NULL. forward is that of
/// imp_robot_footprint().
const imp_object *imp_env_find_collision(const imp_env *env, imp_pose pose, double forward);

/// gym-duckietown's penalty for coming near to objects: the sum of how far the safety circles of
/// robot and objects overlap, as a negative number [m].
double imp_env_proximity_penalty(const imp_env *env, imp_pose pose);

/// Whether an object of the environment's world is there in this episode.
static inline bool imp_env_is_object_present(const imp_env *env, const imp_object *object)
{
    size_t number = (size_t)(object - env->world->objects);
    return (env->hidden[number / 64] >> number % 64 & 1) == 0;
}

/// Why AI-DO's simulator ends an episode in this state: the robot's footprint meets a solid object
/// that stands still, its centre of rotation is on no tile, within 0.10 m of a duckie's centre, or
/// within 0.15 m of a moving duckiebot's. Duckies count by distance also when they stand still.
/// Leaving the road does not end an episode. (duckietown_simulator_gym, AI-DO 3 to 6.)
imp_end_reason imp_env_challenge_end_reason(const imp_env *env);

/// What the robot's camera sees now. Its moving and hidden point into *env: they hold as long as
/// that stays where it is, and change with it.
imp_view imp_env_view(const imp_env *env);

IMP_API_END

#endif
