/// imprint/policy.h: the interface of policies, and the experts of the simulator. Policies that run
/// networks implement the same interface (imprint/evaluate.h). A policy serves one environment at a
/// time and must be used by one thread at a time.
#ifndef IMPRINT_POLICY_H
#define IMPRINT_POLICY_H

#include "imprint/env.h"

IMP_API_BEGIN

typedef struct imp_policy imp_policy;

/// The functions of a kind of policy. To add a kind, fill this table and embed imp_policy as the
/// first member of your struct.
typedef struct imp_policy_vtable {
    const char *name;
    bool needs_observation; ///< whether act() reads the observation
    /// Called when a new episode has begun in env.
    void (*reset)(imp_policy *policy, const imp_env *env);
    /// Returns the action for the present state. observation is (height x width x 3) RGB bytes, or
    /// NULL if needs_observation is false.
    imp_action (*act)(imp_policy *policy, const imp_env *env, const uint8_t *observation);
    /// Nullable: act() for `count` policies at once, each in an environment of its own, faster than
    /// one by one. Each gets the action that act() would give, bit for bit. All are of this kind;
    /// a kind may ask that they were made together.
    void (*act_many)(imp_policy *const *policies, int count, const imp_env *const *envs,
                     const uint8_t *const *observations, imp_action *actions);
    void (*destroy)(imp_policy *policy);
} imp_policy_vtable;

/// Why a policy stops or slows down to a stop: X(enumerator, name).
#define IMP_WAIT_MAP(X)                                                                            \
    X(IMP_WAIT_NONE, "nothing")                                                                    \
    X(IMP_WAIT_LIGHT, "red light")                                                                 \
    X(IMP_WAIT_PEDESTRIAN, "walker") /* a duckie that crosses, or is about to */                   \
    X(IMP_WAIT_CAR, "car")           /* a duckiebot that can move */                               \
    X(IMP_WAIT_OBSTACLE, "obstacle") /* a static obstacle */

typedef enum imp_wait_reason {
#define IMP_WAIT_ENUM(name, word) name,
    IMP_WAIT_MAP(IMP_WAIT_ENUM)
#undef IMP_WAIT_ENUM
        IMP_WAIT_COUNT
} imp_wait_reason;

const char *imp_wait_reason_name(imp_wait_reason wait); ///< static

struct imp_policy {
    const imp_policy_vtable *vtable;
    /// Why the policy cannot continue this episode; NULL while it can. Set by reset() or act(),
    /// owned by the policy.
    const char *failure_reason;
    /// What it waits for, as of the last act(). Set by our expert; IMP_WAIT_NONE otherwise.
    imp_wait_reason wait_reason;
    /// How likely the episode ends by the rules within IMP_DOUBT_HORIZON after the last act(), in
    /// [0, 1], as the policy judges itself. Read it only if has_doubt is true.
    double doubt;
    bool has_doubt; ///< whether act() sets doubt; false unless the kind sets it
};

/// Doubt is about this time after an action [s].
#define IMP_DOUBT_HORIZON 2.0

void imp_policy_reset(imp_policy *policy, const imp_env *env);
imp_action imp_policy_act(imp_policy *policy, const imp_env *env, const uint8_t *observation);
/// Writes the actions of `count` policies of one kind, each for the state of its environment:
/// act_many() of the kind, or act() of one after the other. envs, observations and actions:
/// (count).
void imp_policy_act_many(imp_policy *const *policies, int count, const imp_env *const *envs,
                         const uint8_t *const *observations, imp_action *actions);
void imp_policy_destroy(imp_policy *policy); ///< nullable

/// The pure pursuit expert of gym-duckietown's learning baseline, reproduced exactly. It ignores
/// delay and motor dynamics, and leaves the road at times.
imp_status imp_pure_pursuit_create(imp_policy **out, imp_error *err);

/// Parameters of our expert. Obtain with imp_default_expert_def(), then change fields.
typedef struct imp_expert_def {
    double speed;          ///< target on straights [m/s]; the motors' top speed is 0.6
    double tracking_rate;  ///< rate of the critically damped return to the path [1/s]; 3.1
    double turn_rate_gain; ///< rate at which the turn rate follows its target [1/s]; 10. Values up
                           ///< to 4 leave the motors' own damping
    double max_turn_rate;  ///< largest turn rate [rad/s]; 6
    /// Largest angle to the path when returning to it from the left (the middle of the road) [rad];
    /// pi / 3. An obstacle just passed leaves the image before it is behind the robot, so a policy
    /// that sees images only must return gently. Below 1 the expert also stays outside in right
    /// curves, inside which the passed obstacle lies. From 1 on there is no limit.
    double max_return_angle;
    double lane_offset; ///< target distance from the lane centre [m], positive to the right; 0
    /// Follow AI-DO's lanes (straight lines and arcs 0.22 tiles from the middle of the road)
    /// instead of the simulator's curves; false
    bool challenge_lanes;
    /// Turns at intersections, repeated cyclically: letters l, r and s. If the requested turn does
    /// not exist, the expert goes straight on; if that does not exist either, it draws a turn. So
    /// "l" or "r" alone never draw. NULL or "": all turns are drawn. Copied.
    const char *turns;
    /// Decide from the pose alone: speed, turn rate and pending commands are assumed to be those of
    /// steady driving along the lane. Then equal places give equal actions, which can be learned
    /// from single images. Near the road's edge, look-ahead and recovery still use the true state;
    /// false
    bool pose_only;
    /// Away from the path, simulate the next manoeuvre before acting, and search for a better one
    /// if it ends off the road or at an object. Such actions follow no simple law of the pose and
    /// are hard to learn; true
    bool look_ahead;
    /// With pose_only, the drive that is assumed, since a randomised drive cannot be seen. NULL:
    /// the true one. Copied on creation.
    const imp_drive_def *assumed_drive;
    int cookie;
} imp_expert_def;

imp_expert_def imp_default_expert_def(void);

/// Creates our expert. It predicts its pose over the pending commands, follows the chained lane
/// curves and inverts the motor model. It passes obstacles where there is room and stops where
/// there is none, follows slower duckiebots at a distance, yields to crossing duckies and waits at
/// red lights. Turns at intersections are given or drawn from the environment's seed.
///
/// If it makes no progress for some seconds without a reason to wait, it searches for a way out and
/// follows that (docs/dagger.md); its actions then depend on more than the present state. A policy
/// owns 1.3 MB for the search. Fails with IMP_USAGE on invalid parameters.
imp_status imp_expert_create(imp_policy **out, const imp_expert_def *def, imp_error *err);

IMP_API_END

#endif
