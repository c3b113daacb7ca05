// The control law of our expert. It predicts the state in which its command will act (dead time
// compensation), computes there the turn rate that leads back to the route, and inverts the motor
// model to get duty cycles. Lateral error sets an approach angle; heading error to that angle sets
// the turn rate; curvature of the route is added as feedforward. Near the road's edge it trades
// speed for turning on the spot.
#include "sim/expert/control_law.h"

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "sim/expert/drive_model.h"
#include "sim/expert/traffic.h"

// Largest angle at which the route is approached [rad].
static const double APPROACH_MAX = 1.0;
// With pose_only, the approach angle doubles at this lateral error [m]. A constant gentle angle
// would lead along the road's edge, where there is no room to turn.
static const double STEEP_DISTANCE = 0.1;
// The feedforward curvature is the mean over the stretch driven in this time [s].
static const double PREVIEW_TIME = 0.20;
// Beyond these errors [m], [rad], the expert simulates an action before it executes it.
static const double NOMINAL_GAP = 0.06, NOMINAL_ANGLE = 0.25;
// A robot scaled by this factor must be on the road, too, to count as nominal.
static const double NOMINAL_SCALE = 1.5;
// The robot turns freely where a robot scaled by FREE_SCALE could turn on the spot, and not at all
// where one scaled by TIGHT_SCALE could not. It looks for more room in steps of ROOM_SEARCH_STEP
// [m], and drives there at this share of its speed.
static const double FREE_SCALE = 1.6, TIGHT_SCALE = 1.2, ROOM_SEARCH_STEP = 0.04,
                    ROOM_SPEED_SHARE = 0.5;
// Speed limit on a road of a single tile, where it turns round all the time [m/s].
static const double ONE_TILE_SPEED = 0.2;
// The route is planned anew if the robot is farther from it than this [m].
static const double REROUTE_DISTANCE = 0.25;

// Moves along the route, or plans a new one if the robot is off it; false off the lanes.
static bool move_or_replan_route(imp_control_law *law, const imp_env *env, imp_pose pose)
{
    imp_vec2 position = {pose.x, pose.z};
    if (law->on_route) {
        imp_route_update(&law->route, position);
        imp_vec2 gap = imp_vec2_subtract(imp_route_point_ahead(&law->route, 0.0).point, position);
        if (imp_vec2_length(gap) < REROUTE_DISTANCE + fabs(law->offset))
            return true;
    }
    law->on_route = imp_route_begin_at_pose(&law->route, env->world, pose);
    return law->on_route;
}

// The same, with the turn that the environment's command asks for.
static bool follow_or_replan_route(imp_control_law *law, const imp_env *env, imp_pose pose)
{
    if (!move_or_replan_route(law, env, pose))
        return false;
    imp_route_follow_command(&law->route, env->navigation.command, env->navigation.intersection);
    return true;
}

// Mean curvature of the route over `distance` metres that begin `from` metres ahead.
static double mean_curvature_ahead(const imp_route *route, double from, double distance)
{
    enum { SAMPLES = 4 };
    double sum = 0.0;
    for (int k = 0; k < SAMPLES; k++)
        sum += imp_route_point_ahead(route, from + distance * (k + 0.5) / SAMPLES).curvature;
    return sum / SAMPLES;
}

// The drive that the law assumes: the true one, unless pose_only gives another.
static const imp_drive_def *get_assumed_drive(const imp_control_law *law, const imp_env *env)
{
    const bool uses_assumed_drive = law->def.pose_only && law->def.assumed_drive != NULL;
    return uses_assumed_drive ? &law->assumed_drive : &env->def.drive;
}

// The state assumed with pose_only: steady driving along the lane at the target speed. The pose is
// the present one, because the route must not be followed past joints that are still ahead.
static imp_predicted_state compute_assumed_steady_state(const imp_control_law *law,
                                                        const imp_env *env, double speed)
{
    const double ahead = speed * get_assumed_drive(law, env)->delay;
    return (imp_predicted_state){env->pose, speed,
                                 speed * mean_curvature_ahead(&law->route, 0.0, ahead), ahead};
}

// Errors relative to the route at the time when a command given now acts.
typedef struct route_deviation {
    double aside;         // from the target line [m], positive to the right
    double angle;         // from the direction of the route [rad], positive to the right
    double heading_error; // from the heading that leads back [rad], positive to the right
    double curvature;     // feedforward for the stretch ahead [1/m]
} route_deviation;

// Largest approach angle from the left for a curvature [rad]. An obstacle passed in a right curve
// lies inside the curve and leaves the image early, so with a small max_return_angle the expert
// stays outside until the curve ends.
static double max_approach_angle(const imp_expert_def *def, double curvature)
{
    const double tight = -4.0; // curvature from which it stays outside [1/m]
    if (def->max_return_angle >= APPROACH_MAX)
        return APPROACH_MAX;
    return def->max_return_angle * fmax(0.0, fmin(1.0, 1.0 - curvature / tight));
}

// Computes the errors at the predicted state, for a target line at `offset` from the route.
static route_deviation compute_deviation_from_route(const imp_control_law *law,
                                                    imp_predicted_state state, double offset)
{
    imp_route_point here = imp_route_point_ahead(&law->route, 0.0);
    imp_vec2 right = imp_vec2_turn_right(here.tangent);
    imp_vec2 gap = imp_vec2_subtract((imp_vec2){state.pose.x, state.pose.z}, here.point);
    imp_vec2 heading = imp_heading_direction(state.pose.heading);
    double angle = imp_atan2(imp_vec2_dot(heading, right), imp_vec2_dot(heading, here.tangent));
    // with pose_only, state.ahead extrapolates along the present heading
    double aside = imp_vec2_dot(gap, right) - offset + state.ahead * imp_sin(angle);
    double min_speed = fmax(state.speed, 0.25);
    double curvature = mean_curvature_ahead(&law->route, state.ahead, PREVIEW_TIME * min_speed);
    // critically damped return: the approach angle is proportional to the lateral error
    double approach = 0.5 * law->def.tracking_rate / min_speed * aside;
    if (law->def.pose_only)
        approach *= 1.0 + (aside / STEEP_DISTANCE) * (aside / STEEP_DISTANCE);
    approach = fmax(-max_approach_angle(&law->def, curvature), fmin(APPROACH_MAX, approach));
    return (route_deviation){
        .aside = aside,
        .angle = angle,
        .heading_error = imp_wrap_angle(angle + approach),
        // curvature of the target line, which is parallel to the route
        .curvature = curvature / fmax(0.3, 1.0 + curvature * offset),
    };
}

// Whether a robot scaled by `size` could turn on the spot by `angle` [rad, to the left] without
// leaving the road.
static bool can_turn_on_spot(const imp_world *world, imp_pose pose, double angle, double size)
{
    enum { PLACES = 4 };
    for (int k = 1; k <= PLACES; k++) {
        const imp_pose turned = {pose.x, pose.z, pose.heading + angle * k / PLACES};
        if (!imp_env_is_on_road(world, turned, size))
            return false;
    }
    return true;
}

// How freely the robot can turn on the spot by an angle: 0 not at all, 1 with margin. It is
// continuous in the pose, so that small errors of a policy that imitates the expert stay small.
// Bisection over the scale.
static double compute_turn_on_spot_freedom(const imp_world *world, imp_pose pose, double angle)
{
    enum { HALVINGS = 5 };
    if (can_turn_on_spot(world, pose, angle, FREE_SCALE))
        return 1.0;
    double room = 0.0, step = 0.5;
    for (int k = 0; k < HALVINGS; k++, step *= 0.5) {
        const double more = room + step;
        if (can_turn_on_spot(world, pose, angle, TIGHT_SCALE + (FREE_SCALE - TIGHT_SCALE) * more))
            room = more;
    }
    return room;
}

// The pose `distance` metres ahead, with the same heading.
static imp_pose move_pose_ahead(imp_pose pose, double distance)
{
    const imp_vec2 step = imp_vec2_scale(imp_heading_direction(pose.heading), distance);
    return (imp_pose){pose.x + step.x, pose.z + step.z, pose.heading};
}

// Whether there is room to turn within a few steps ahead or behind.
static bool is_space_to_turn_near(const imp_world *world, imp_pose pose, double angle)
{
    enum { STEPS = 5 };
    for (int direction = -1; direction <= 1; direction += 2) {
        for (int k = 1; k <= STEPS; k++) {
            const imp_pose there = move_pose_ahead(pose, direction * k * ROOM_SEARCH_STEP);
            if (!imp_env_is_on_road(world, there, TIGHT_SCALE))
                break;
            if (can_turn_on_spot(world, there, angle, TIGHT_SCALE))
                return true;
        }
    }
    return false;
}

// The direction to drive for room to turn: 1 ahead, -1 back, preferably the one that leads to the
// route; 0 if it should turn in place.
static double direction_to_space_to_turn(const imp_world *world, imp_pose pose,
                                         const route_deviation *d)
{
    if (!is_space_to_turn_near(world, pose, d->heading_error) &&
        can_turn_on_spot(world, pose, d->heading_error, 1.0))
        return 0.0;
    const double preferred = d->angle * d->aside < 0.0 ? 1.0 : -1.0;
    const imp_pose there = move_pose_ahead(pose, preferred * ROOM_SEARCH_STEP);
    return imp_env_is_on_road(world, there, TIGHT_SCALE) ? preferred : -preferred;
}

imp_action imp_control_law_compute(imp_control_law *law, const imp_env *env, bool *nominal)
{
    law->def.speed = env->wanted_speed > 0.0 ? env->wanted_speed : law->own_speed;
    // predict the state, follow the route, ask traffic for offset and speed
    imp_predicted_state state = {.pose = env->pose};
    if (!law->def.pose_only)
        state = imp_drive_model_predict(env);
    *nominal = true;
    law->wait_reason = IMP_WAIT_NONE;
    if (!follow_or_replan_route(law, env, state.pose))
        return (imp_action){0.0, 0.0};
    imp_traffic_plan plan = {.offset = law->def.lane_offset, .speed = law->def.speed};
    if (law->route.one_tile)
        plan.speed = fmin(plan.speed, ONE_TILE_SPEED);
    plan = imp_traffic_adjust_plan(env, &law->route, plan);
    law->offset = plan.offset;
    law->wait_reason = plan.wait;
    if (law->def.pose_only)
        state = compute_assumed_steady_state(law, env, plan.speed);
    // errors, and whether they are small enough to act without simulation
    route_deviation d = compute_deviation_from_route(law, state, plan.offset);
    *nominal = !plan.obstacle_near && fabs(d.aside) < NOMINAL_GAP &&
               fabs(d.angle) < NOMINAL_ANGLE &&
               imp_env_is_on_road(env->world, state.pose, NOMINAL_SCALE);
    // slow down with the heading error: turning on the spot beats driving in the wrong direction
    double speed_factor = fmax(0.0, fmin(1.0, 1.4 - 2.2 * fabs(d.heading_error)));
    if (law->def.pose_only) {
        state.speed *= speed_factor;
        state.turn_rate *= speed_factor;
    }
    // feedforward plus proportional control, limited
    double turn_rate = state.speed * d.curvature + 2.0 * law->def.tracking_rate * d.heading_error;
    turn_rate = fmax(-law->def.max_turn_rate, fmin(law->def.max_turn_rate, turn_rate));
    double speed = plan.speed * speed_factor;
    if (!*nominal) {
        // the less room to turn, the more it drives ahead or back to where there is room
        const double room = compute_turn_on_spot_freedom(env->world, state.pose, d.heading_error);
        const double direction =
            room < 1.0 ? direction_to_space_to_turn(env->world, state.pose, &d) : 0.0;
        speed = room * speed + (1.0 - room) * direction * ROOM_SPEED_SHARE * plan.speed;
        turn_rate *= direction == 0.0 ? 1.0 : room;
    }
    // The turn rate approaches its target at turn_rate_gain. With a low rate, actions depend on the
    // pose and hardly on velocities, which a network that sees single images can learn.
    return imp_drive_model_invert(get_assumed_drive(law, env), law->def.turn_rate_gain, state,
                                  speed, turn_rate);
}
