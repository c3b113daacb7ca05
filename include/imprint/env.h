/// imprint/env.h: the environment: reset, step, observe. All mutable state lives in one imp_env,
/// which owns its random streams. Environments share nothing mutable, so any number of them may
/// step in parallel; one environment is used by one thread at a time.
#ifndef IMPRINT_ENV_H
#define IMPRINT_ENV_H

#include "imprint/conditions.h"
#include "imprint/render.h"
#include "imprint/robot.h"
#include "imprint/world.h"

IMP_API_BEGIN

/// Why an episode ended. The numbers are stored in files: append only.
typedef enum imp_end_reason {
    IMP_END_NONE,         ///< it goes on
    IMP_END_INVALID_POSE, ///< off the road (IMP_RULES_SIMULATOR)
    IMP_END_MAX_STEPS,
    IMP_END_COLLISION,     ///< the footprint overlaps an object: an invalid pose, too
    IMP_END_OUT_OF_TILE,   ///< outside all tiles of the map (IMP_RULES_CHALLENGE)
    IMP_END_POLICY_FAILED, ///< set by rollouts: the policy reported a failure
    IMP_END_ARRIVED,       ///< the route is completed (IMP_COMMANDS_ROUTE)
} imp_end_reason;

/// Whether an end is a failure: neither the time nor the route was over.
static inline bool imp_end_is_failure(imp_end_reason ending)
{
    return ending != IMP_END_NONE && ending != IMP_END_MAX_STEPS && ending != IMP_END_ARRIVED;
}

/// Which rules end an episode.
typedef enum imp_termination_rules {
    IMP_RULES_SIMULATOR, ///< gym-duckietown: an invalid pose
    IMP_RULES_CHALLENGE, ///< AI-DO's LF challenges: see imp_env_challenge_end_reason()
} imp_termination_rules;

/// The name of an end reason in tables, files and images; static.
const char *imp_end_reason_name(imp_end_reason ending);

/// Who tells the robot which way to take at intersections: X(enumerator, name).
#define IMP_COMMAND_SOURCE_MAP(X)                                                                  \
    X(IMP_COMMANDS_NONE, "none")     /* nobody: it chooses itself */                               \
    X(IMP_COMMANDS_RANDOM, "random") /* the environment: see imp_navigation */                     \
    X(IMP_COMMANDS_ROUTE, "route")   /* a planned route: see imp_navigation */                     \
    X(IMP_COMMANDS_GIVEN, "given")   /* the caller: see imp_env_give_command() */

typedef enum imp_command_source {
#define IMP_COMMAND_SOURCE_ENUM(name, word) name,
    IMP_COMMAND_SOURCE_MAP(IMP_COMMAND_SOURCE_ENUM)
#undef IMP_COMMAND_SOURCE_ENUM
} imp_command_source;

/// The name of a source of commands; NULL past the last.
const char *imp_command_source_name(int source);

/// Settings of an environment. Obtain with imp_default_env_def(), then change fields.
typedef struct imp_env_def {
    uint64_t seed;             ///< 123
    uint32_t index;            ///< distinguishes environments with the same seed; 0
    int max_steps;             ///< frames until an episode is truncated; 1500
    int frame_skip;            ///< frames that each action is repeated for; 1
    double accept_start_angle; ///< starts lie within this of the lane's direction [rad]; 60 degrees
    bool has_start_tile;       ///< start on start_tile instead of the map's choice
    int start_tile[2];         ///< (i, j)
    bool has_start_pose;       ///< start at start_pose, wherever that is
    imp_pose start_pose;
    bool randomize_objects;      ///< draw objects' motion, and which optional ones exist; false
    bool cars_yield;             ///< moving duckiebots stop for obstacles ahead; false
    imp_termination_rules rules; ///< IMP_RULES_SIMULATOR
    imp_command_source commands; ///< IMP_COMMANDS_NONE
    int route_intersections;     ///< of a route that is drawn; 3
    bool has_destination;        ///< routes lead to `destination` instead of a drawn place
    int destination[2];          ///< tile (i, j)
    double wanted_speed_min;     ///< range of the speed that an episode asks for [m/s]; 0: none
    double wanted_speed_max;     ///< 0: none
    /// Probability that an action is dropped; the previous action then continues; 0
    double action_dropout;
    double command_noise; ///< standard deviation of noise on each duty cycle; 0
    imp_drive_def drive;
    int cookie;
} imp_env_def;

imp_env_def imp_default_env_def(void);

/// State of a walking duckie: it waits, walks one tile length, turns round and waits again.
typedef struct imp_duckie_walk {
    imp_vec2 direction; ///< unit vector of the first walk
    imp_vec2 start;     ///< where the present walk began [m]
    double stride;      ///< per frame of 1/30 s [m], negative on its way back; 0.02
    double wait;        ///< time until the next walk [s]; 8
    double distance;    ///< of a walk [m]
    double wiggle;      ///< amplitude of its heading while it walks [rad]; pi / 15
    bool active;        ///< whether it walks
    bool randomized;    ///< draw stride and wait at every turn
} imp_duckie_walk;

/// State of a moving duckiebot: pure pursuit of its lane, with a drive of its own and no delay.
typedef struct imp_car_motion {
    double follow_distance;              ///< 0.3 m
    double speed;                        ///< commanded; 0.1 m/s, which its gain turns into 0.23
    double gain, trim;                   ///< 2 and 0
    double wheel_radius, wheel_distance; ///< [m]
    double width, length;                ///< of its footprint once it moves [m]
    bool lost;                           ///< stopped because it is off the lanes
    bool waiting;                        ///< stopped because of an obstacle ahead
} imp_car_motion;

/// Motion of a moving or changing object: parameters and state. A caller may change the parameters
/// between reset and the first step.
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

/// Navigation commands of an episode. With IMP_COMMANDS_RANDOM: while the robot approaches an
/// intersection where it has a choice, it gets a legal command 0.4 to 1 m before the intersection
/// begins, or as soon as the one before is left. Ways and distances are drawn. The command holds
/// until the intersection is left. Of a hundred intersections, 15 on average get no command; at 10
/// it is withdrawn, and at 10 changed, before they begin. The last command before an intersection
/// comes at least 0.3 m ahead of it, or none does.
///
/// With IMP_COMMANDS_ROUTE there is a command 1 m before every intersection with a choice, or as
/// soon as the one before is left: the first turn of the shortest way to the destination, planned
/// anew at each approach, so that a wrong turn does not end the route. The destination is the
/// nearest lane of def.destination; else it is drawn so that the shortest way crosses
/// def.route_intersections with a choice. Where no way crosses so many, the route goes on from
/// there to further destinations, until their sum is reached. Arriving at the last ends the
/// episode (IMP_END_ARRIVED).
typedef struct imp_navigation {
    imp_navigation_command command; ///< in force now
    imp_navigation_command given;   ///< by imp_env_give_command() for the next intersection
    int intersection;               ///< index of the tile that it is for; -1: none
    int approach;                   ///< lane that leads there; -1: none
    bool inside;                    ///< whether the robot is on that tile
    imp_navigation_command ways[2]; ///< commands: first, and from `change` on
    double begin;                   ///< distance to the intersection from which ways[0] holds [m]
    double change;                  ///< distance from which ways[1] holds [m]
    imp_random random;              ///< of the next intersections
    int crossed;                    ///< intersections with a choice that were left so far
    int followed;                   ///< of these: left by the way of the command
    int wrong;                      ///< of these: left by another way than that of the command
    int destination;                ///< lane to which the route leads now; -1: none
    int intersections_left;         ///< that further destinations are drawn for
    double planned;                 ///< length of the route as it was planned so far [m]
    int in_vain;                    ///< lane from which no destination can be reached; -1: none
    bool arrived;                   ///< the route is completed
} imp_navigation;

/// State of an environment: a plain value of about 300 KiB. A copy evolves independently and
/// identically; imp_env_copy() copies fast. Users read it only, except for the parameters in
/// motion[].
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
    imp_random actuation_random; ///< draws action dropout and command noise
    imp_navigation navigation;   ///< no command without a source
    double wanted_speed;         ///< speed that the episode asks for [m/s]; 0: none
    double camera_pitch;         ///< of the robot's camera: imp_env_set_camera(); the usual one
    double camera_height;        ///< the same
    imp_env_def def;
    uint32_t episode;                      ///< number of the current episode
    const imp_world *const *worlds;        ///< that episodes are drawn from; NULL: only `world`
    int world_count;                       ///< 1 if there is only one
    int world_index;                       ///< of `world` among them
    uint64_t hidden[IMP_OBJECTS_MAX / 64]; ///< bit n is set if object n is absent in this episode
    /// State and motion of the world's moving objects; entries from moving_count on are unused.
    /// These arrays come last so that imp_env_copy() can skip the unused entries.
    imp_object_state moving[IMP_OBJECTS_MAX];
    imp_object_motion motion[IMP_OBJECTS_MAX];
} imp_env;

/// The result of a step.
typedef struct imp_step {
    double reward;   ///< gym-duckietown's formula; -1000 if terminated, 0 if truncated
    bool terminated; ///< ended by the rules of imp_env_def.rules
    bool truncated;  ///< max_steps reached, or the route completed
} imp_step;

/// Initialises an environment in caller-owned memory. It owns nothing, so it needs no destroy
/// function. The world must outlive it. Fails with IMP_USAGE on invalid settings and with
/// IMP_BAD_INPUT if the world offers no start.
imp_status imp_env_init(imp_env *env, const imp_world *world, const imp_env_def *def,
                        imp_error *err);

/// Like imp_env_init(), with several worlds: each episode uses one drawn from (seed, index,
/// episode). The array and the worlds must outlive the environment.
imp_status imp_env_init_worlds(imp_env *env, const imp_world *const *worlds, int count,
                               const imp_env_def *def, imp_error *err);

/// Changes the settings. Call it between episodes: the next reset is the first that uses them all.
/// Fails as imp_env_init_worlds() does, and then the environment keeps its settings. Allocates
/// nothing.
imp_status imp_env_set_def(imp_env *env, const imp_env_def *def, imp_error *err);

/// Copies an environment: like *to = *from, but faster where few objects move.
void imp_env_copy(imp_env *to, const imp_env *from);

/// Starts an episode with the robot at rest, at a random valid pose drawn from (seed, index,
/// episode), or at the start pose of the definition or the map. Fails with IMP_BAD_INPUT if neither
/// draws nor a systematic search find a valid pose; the message names the obstacle.
imp_status imp_env_reset(imp_env *env, uint32_t episode, imp_error *err);

/// Starts an episode at rest at a given pose, valid or not.
void imp_env_reset_at(imp_env *env, uint32_t episode, imp_pose pose);

/// Like imp_env_reset_at(), in a given one of the environment's worlds.
void imp_env_reset_in_world(imp_env *env, uint32_t episode, int world_index, imp_pose pose);

/// Applies dropout and noise, then repeats the action for frame_skip frames; in each, the robot
/// moves, then the objects. Afterwards evaluates end of episode and reward. Allocates nothing.
imp_step imp_env_step(imp_env *env, imp_action action);

/// One frame of an episode that the caller ends: moves the robot, then the objects, and updates
/// action, speed, frame and lane. It applies no dropout or noise, knows no end, and goes on after
/// one. time_step [s] is the duration of this frame, and of later ones until it is changed again.
/// Fails with IMP_USAGE, and then nothing moves, unless the command delay is at most
/// IMP_MAX_DELAY_STEPS such frames. Allocates nothing.
imp_status imp_env_advance_frame(imp_env *env, imp_action action, double time_step, imp_error *err);

/// Moves the robot to a pose, valid or not, within an episode. Its speeds, pending commands, clock
/// and the objects stay as they are.
void imp_env_set_pose(imp_env *env, imp_pose pose);

/// gym-duckietown's reward for being at a pose, whether that ends an episode or not. `speed` is the
/// factor of the alignment with the lane: 1.2 in imp_env_step().
double imp_env_reward_at(const imp_env *env, imp_pose pose, double speed);

/// True if a robot may stand at a pose: centre, both wheels and front lie on drivable tiles, and
/// its footprint overlaps no object. `safety` scales the distances of the four points (1 while
/// driving, 1.3 at the start). As in gym-duckietown, the footprint lies 0.048 m behind the pose,
/// because the offset to the geometric centre is applied twice.
bool imp_env_is_valid_pose(const imp_env *env, imp_pose pose, double safety);

/// The part of imp_env_is_valid_pose() that concerns tiles only.
bool imp_env_is_on_road(const imp_world *world, imp_pose pose, double safety);

/// The footprint of a robot, centred `forward` metres ahead of the pose. IMP_CENTRE_FORWARD gives
/// the robot's true footprint.
imp_box imp_robot_footprint(imp_pose pose, double forward);

/// The first solid object whose footprint overlaps the robot's, or NULL. `forward` as for
/// imp_robot_footprint().
const imp_object *imp_env_find_collision(const imp_env *env, imp_pose pose, double forward);

/// The object that the robot collides with in the present state, by the rules of the episode, or
/// NULL. After a step that ended in IMP_END_COLLISION, it is the one that ended the episode.
const imp_object *imp_env_find_collided_object(const imp_env *env);

/// gym-duckietown's penalty for proximity to objects: the summed overlap of the safety circles of
/// robot and objects, as a number <= 0 [m].
double imp_env_proximity_penalty(const imp_env *env, imp_pose pose);

/// Whether an object of the environment's world exists in this episode.
static inline bool imp_env_is_object_present(const imp_env *env, const imp_object *object)
{
    size_t number = (size_t)(object - env->world->objects);
    return (env->hidden[number / 64] >> number % 64 & 1) == 0;
}

/// Why AI-DO's simulator would end an episode in the present state. A collision is an overlap of
/// the footprint with a solid static object, less than 0.10 m to a duckie's centre (moving or not),
/// or less than 0.15 m to a moving duckiebot's. The episode also ends off all tiles, but not off
/// the road. (duckietown_simulator_gym, AI-DO 3 to 6.)
imp_end_reason imp_env_challenge_end_reason(const imp_env *env);

/// With IMP_COMMANDS_GIVEN, tells the robot which way to take at the next intersection where it has
/// a choice. If there is such a way, the command is in force from 1 m before the intersection, or
/// as soon as the one before is left. It is forgotten when the intersection is left, and at a
/// reset. Until the intersection begins it can be replaced; IMP_COMMAND_NONE withdraws it. Without
/// effect with another source of commands.
void imp_env_give_command(imp_env *env, imp_navigation_command command);

/// Says which camera the robot has, for imp_env_conditions(). Simulators do so in every reset.
void imp_env_set_camera(imp_env *env, const imp_camera_def *camera);

/// What the next decision may depend on beside images and actions.
imp_conditions imp_env_conditions(const imp_env *env);

/// A 64-bit hash of the bits of the present state: x, z, heading, speed, turn rate, left and right
/// command that act, time and frame of the robot; with navigation commands that are not given by
/// the caller, the one in force; then x, z, heading and pattern of each moving object. Equal states
/// have equal hashes with every compiler and on every processor. Two drives with equal hashes after
/// every step are the same drive. It tells mistakes, not forgery.
uint64_t imp_env_state_hash(const imp_env *env);

/// The view of the robot's camera. It points into *env: it is valid as long as *env stays in place,
/// and follows its changes.
imp_view imp_env_camera_view(const imp_env *env);

IMP_API_END

#endif
