/// imprint/callback.h: policies and experts of the caller's: one function that gets the
/// observations and states of a batch of episodes and writes an action for each. It drives wherever
/// a policy factory does: in imp_evaluate(), imp_collect() and imp_run_dagger(). Noise,
/// randomisation, threads, resuming, datasets and statistics are the library's.
#ifndef IMPRINT_CALLBACK_H
#define IMPRINT_CALLBACK_H

#include "imprint/observation.h"
#include "imprint/rollout.h"

IMP_API_BEGIN

enum {
    IMP_STATE_PATH_POINTS = 8, ///< of the path ahead
    IMP_STATE_OBJECTS = 8      ///< the nearest objects
};

/// Distance between two points of the path ahead [m].
#define IMP_STATE_PATH_SPACING 0.1

/// An object as the robot has it around itself.
typedef struct imp_near_object {
    double ahead, right; ///< from the robot's centre of rotation [m]
    double heading;      ///< relative to the robot's [rad], counter-clockwise
    double radius;       ///< of a circle around its footprint [m]
    int32_t kind;        ///< imp_object_kind
    int32_t solid;       ///< 1: the robot collides with it
    int32_t moving;      ///< 1: it moves or changes
    int32_t index;       ///< in the map
} imp_near_object;

/// State of an episode before an action. NaN stands for what does not exist. All members have fixed
/// sizes, so that other languages can read arrays of it.
typedef struct imp_policy_state {
    double x, z, heading;         ///< centre of rotation [m], heading [rad]
    double speed, turn_rate;      ///< [m/s], [rad/s, positive to the left]
    double lane_distance;         ///< from the lane's centre [m], positive to the right
    double lane_angle;            ///< to the lane's direction [rad], positive to the right
    double last_left, last_right; ///< duty cycles that were executed last; 0 at the start
    double time_step;             ///< that an action is held [s]
    /// The way ahead, from the point of the lane nearest to the robot, every 0.1 m. At
    /// intersections it takes the turns that are drawn for the episode, which are those of our
    /// expert.
    double curvature[IMP_STATE_PATH_POINTS]; ///< [1/m], positive to the left
    double path[IMP_STATE_PATH_POINTS][2];   ///< (ahead, right) of the robot [m]
    uint64_t seed;                 ///< of the run; with `environment` and `episode`, a seed
                                   ///< for random numbers of the policy's own
    uint32_t environment, episode; ///< numbers of this environment and episode
    int32_t frame;                 ///< since reset; 0: the episode begins
    /// A number from 0 on that no other episode has at the same time, for memory of the policy's
    /// own. An episode keeps its number; the next one with that number begins with frame 0.
    int32_t slot;
    int32_t map_index;                          ///< of the map among those that take part
    int32_t in_lane;                            ///< 1: lane_distance and lane_angle are numbers
    int32_t object_count;                       ///< of `objects`
    int32_t unused;                             ///< 0
    imp_near_object objects[IMP_STATE_OBJECTS]; ///< (object_count) the nearest first
} imp_policy_state;

/// What a callback gets. Valid during the call.
typedef struct imp_policy_batch {
    int count;                      ///< of episodes
    int width, height;              ///< of an observation [px]
    const uint8_t *observations;    ///< (count, height, width, 3) RGB; NULL if it needs none
    const imp_policy_state *states; ///< (count); NULL if it needs none
} imp_policy_batch;

/// Settings of a callback. Obtain with imp_default_callback_def(), then set act and what applies.
typedef struct imp_callback_def {
    /// In tables and files; copied. "callback"
    const char *name;
    /// What its actions follow from, for files that are resumed only with the same policy: a
    /// version, a hash of weights. Nullable; copied
    const char *identity;
    /// Writes `actions`: (batch->count) duty cycles. They are clipped to [-1, 1]; NaN becomes 0.
    /// Returns 0, or another number if it cannot go on: that ends these episodes. Threads call it
    /// at the same time, with different batches. Episodes may come in any order and company; an
    /// action may depend on what happened in its episode and on nothing else. Then results do not
    /// depend on the number of threads, and collections can be resumed.
    int32_t (*act)(void *context, const imp_policy_batch *batch, imp_action *actions);
    void *context;
    int batch;              ///< see imp_policy_factory_batch_size(); 4
    bool needs_observation; ///< true
    bool needs_state;       ///< true
    /// Size of the observations [px], if it needs them: that of the camera. 80 and 60
    int width, height;
    imp_observation_kind observation; ///< IMP_OBSERVATION_IMAGE
    int cookie;
} imp_callback_def;

imp_callback_def imp_default_callback_def(void);

/// Opens a factory of policies that call def->act, a thread once for all its episodes. Close it
/// with imp_policy_factory_close(). IMP_USAGE if the definition is incomplete.
imp_status imp_policy_factory_open_callback(imp_policy_factory **out, const imp_callback_def *def,
                                            imp_error *err);

IMP_API_END

#endif
