/// imprint/policy.h: one interface for everything that drives: experts here, networks in the
/// pipeline.
#ifndef IMPRINT_POLICY_H
#define IMPRINT_POLICY_H

#include "imprint/env.h"

IMP_API_BEGIN

typedef struct imp_policy imp_policy;

/// What a kind of policy does. A new kind fills this table and embeds imp_policy as its first
/// member.
typedef struct imp_policy_vtable {
    const char *name;
    bool needs_observation; ///< whether act() looks at the image
    /// A new episode has begun in env.
    void (*reset)(imp_policy *policy, const imp_env *env);
    /// The action for the present state. observation is (height x width x 3) bytes, or NULL if not
    /// needed.
    imp_action (*act)(imp_policy *policy, const imp_env *env, const uint8_t *observation);
    void (*destroy)(imp_policy *policy);
} imp_policy_vtable;

/// What a policy that stands, or slows down to a stand, waits for: X(enumerator, word).
#define IMP_WAIT_MAP(X)                                                                            \
    X(IMP_WAIT_NONE, "nothing")                                                                    \
    X(IMP_WAIT_LIGHT, "red light")                                                                 \
    X(IMP_WAIT_PEDESTRIAN, "walker") /* a duckie that crosses the road or is about to */           \
    X(IMP_WAIT_CAR, "car")           /* a duckiebot that moves, or could */                        \
    X(IMP_WAIT_OBSTACLE, "obstacle") /* something that stands in the way for good */

typedef enum imp_wait_reason {
#define IMP_WAIT_ENUM(name, word) name,
    IMP_WAIT_MAP(IMP_WAIT_ENUM)
#undef IMP_WAIT_ENUM
        IMP_WAIT_COUNT
} imp_wait_reason;

const char *imp_wait_reason_name(imp_wait_reason wait); ///< the word

struct imp_policy {
    const imp_policy_vtable *vtable;
    /// Why it cannot go on in this episode, set by reset() or act() and owned by the policy. NULL
    /// while it can.
    const char *failure_reason;
    /// What it waits for since its last act(). Our expert sets it; others leave IMP_WAIT_NONE.
    imp_wait_reason wait_reason;
};

void imp_policy_reset(imp_policy *policy, const imp_env *env);
imp_action imp_policy_act(imp_policy *policy, const imp_env *env, const uint8_t *observation);
void imp_policy_destroy(imp_policy *policy); ///< nullable

/// gym-duckietown baseline's pure pursuit, exactly: it knows neither delay nor motors, and leaves
/// the road.
imp_status imp_pure_pursuit_create(imp_policy **out, imp_error *err);

/// Parameters of our expert. Obtain with imp_default_expert_def(), then change fields.
typedef struct imp_expert_def {
    double speed; ///< wanted on straights [m/s]; the motors' top speed is 0.6
    double
        tracking_rate;   ///< errors die out like a critically damped spring of this rate [1/s]; 3.1
    double turning_rate; ///< the turn rate follows what is asked of it so fast [1/s]; 10. Up to 4
                         ///< is the motors' own damping
    double turn_rate;    ///< it turns no faster than this [rad/s]; 6
    /// It comes back to its line from the left, where the middle of the road is, no more steeply
    /// than this [rad]. What was passed is out of the image before it is behind the robot: who goes
    /// by images must come back gently, or turns into it. Below 1 it also stays outside in bends to
    /// the right, inside which lies what was passed; 1 and more are no bound; pi / 3
    double return_angle;
    double lane_offset; ///< wanted distance from the lane centre [m], positive to the right; 0
    /// Follows AI-DO's lanes, straight lines and arcs 0.22 tiles from the middle of the road,
    /// instead of the simulator's curves; false
    bool challenge_lanes;
    /// What to do at crossings, over and over: letters l, r and s. Where the road does not offer
    /// the turn asked for it goes straight on, and where it does not offer that, a turn is drawn:
    /// so with "l" or "r" nothing ever is. NULL, or empty: all are drawn. Copied.
    const char *turns;
    /// Decides from where the robot stands alone: speed, turn rate and the commands under way are
    /// taken to be those of steady driving along its lane, so that the same place gives the same
    /// action. That is what can be learned from single images. Where the road's edge is near, what
    /// is tried out still goes by the true state, and so does getting away from where it is stuck;
    /// false
    bool pose_only;
    /// Away from its line, tries out in the simulator what it is about to do, and looks for
    /// something better if that ends off the road or at an object. What is done there then no
    /// longer follows from where the robot stands by a simple law, and is hard to learn; true
    bool look_ahead;
    /// By sight, what it takes the robot's drive to be: a randomised one cannot be seen. NULL: what
    /// it is. Copied when a policy is made.
    const imp_drive_def *assumed_drive;
    int cookie;
} imp_expert_def;

imp_expert_def imp_default_expert_def(void);

/// Our expert: predicts its pose through the commands still pending, follows the chained lane
/// curves and inverts the motor model. It passes what stands in its way if there is room and stops
/// for it if not, keeps a distance behind slower duckiebots, lets duckies cross, waits at red
/// lights and takes crossings in a direction drawn from the environment's seed, or given. Where it
/// does not come forward for some seconds though it waits for nobody, it searches for a way out and
/// drives that (docs/dagger.md): its actions then depend on more than the present state. A policy
/// owns 1.3 MB for the search.
imp_status imp_expert_create(imp_policy **out, const imp_expert_def *def, imp_error *err);

IMP_API_END

#endif
