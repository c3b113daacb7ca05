// Pure pursuit (Coulter, 1992) of a point ahead on the lane, with the constants of gym-duckietown's
// learning baseline. It is reproduced exactly as recorded, since our expert is compared with it. It
// has no notion of obstacles, delay or the edge of the road.
#include <stdlib.h>

#include "base/common/vector2.h"
#include "imprint/policy.h"

// [m], [m/s], [rad/s per unit of lateral offset]
static const double LOOKAHEAD_DISTANCE = 0.3, FOLLOW_SPEED = 0.8, STEERING_GAIN = 10.0;

// It has no state between steps.
static void pure_pursuit_reset(imp_policy *policy, const imp_env *env)
{
    (void)policy;
    (void)env;
}

// The point to steer for: LOOKAHEAD_DISTANCE along the tangent, projected back onto the lane there.
// If that is off the road, the distance is halved until it is not.
static imp_vec2 find_pursuit_point(const imp_env *env, const imp_lane_position *lane)
{
    imp_lane_position ahead;
    for (double distance = LOOKAHEAD_DISTANCE; distance > 1e-9; distance *= 0.5) {
        imp_vec2 point = imp_vec2_add(lane->point, imp_vec2_scale(lane->tangent, distance));
        if (imp_world_lane_position(env->world, (imp_pose){point.x, point.z, env->pose.heading},
                                    &ahead))
            return ahead.point;
    }
    return lane->point;
}

// Drives at a constant speed and steers for the target; stops off the lanes.
static imp_action pure_pursuit_act(imp_policy *policy, const imp_env *env,
                                   const uint8_t *observation)
{
    (void)policy;
    (void)observation;
    imp_lane_position lane;
    if (!imp_world_lane_position(env->world, env->pose, &lane))
        return (imp_action){0.0, 0.0};
    // the turn rate is proportional to the sine of the angle to the target
    imp_vec2 position = {env->pose.x, env->pose.z};
    imp_vec2 towards =
        imp_vec2_normalize(imp_vec2_subtract(find_pursuit_point(env, &lane), position));
    imp_vec2 right = imp_vec2_turn_right(imp_heading_direction(env->pose.heading));
    double turn_rate = -STEERING_GAIN * imp_vec2_dot(right, towards);
    return imp_action_from_velocity(FOLLOW_SPEED, turn_rate);
}

static void pure_pursuit_destroy(imp_policy *policy)
{
    free(policy);
}

imp_status imp_pure_pursuit_create(imp_policy **out, imp_error *err)
{
    static const imp_policy_vtable vtable = {.name = "reference",
                                             .needs_observation = false,
                                             .reset = pure_pursuit_reset,
                                             .act = pure_pursuit_act,
                                             .destroy = pure_pursuit_destroy};
    imp_policy *policy = calloc(1, sizeof *policy);
    if (policy == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    policy->vtable = &vtable;
    *out = policy;
    return IMP_OK;
}
