// Drives a path of straight pieces and turns on the spot with position control. Each piece is
// finished, and the robot stands, before the next begins. The control acts on the state in which
// the command will act, so that the delay is compensated. Following a path needs no memory but the
// index of the next stop.
#include "sim/expert/escape_path.h"

#include "base/common/vector2.h"
#include "sim/expert/drive_model.h"

// A stop counts as reached within these errors [m], [rad] and below these velocities [m/s],
// [rad/s].
static const double STOP_DISTANCE = 0.008, STOP_ANGLE = 0.04, STOPPED_SPEED = 0.02,
                    STOPPED_TURN_RATE = 0.1;
// Control gains for position and heading, and for the turn rate [1/s].
static const double POSITION_RATE = 3.0, HEADING_RATE = 4.0, TURNING_RATE = 8.0;
// A correction takes at least this many actions; higher gains would overshoot.
static const double MIN_DECISIONS = 2.0;
// The robot only turns while its heading error exceeds this [rad].
static const double MISALIGNED_ANGLE = 0.2;

// Limits a value to [-limit, limit].
static double clamp_magnitude(double value, double limit)
{
    return fmax(-limit, fmin(limit, value));
}

bool imp_escape_path_follow(const imp_escape_path *path, int *next, const imp_env *env,
                            imp_escape_limits limits, imp_action *out)
{
    const imp_predicted_state state = imp_drive_model_predict(env);
    const imp_vec2 forward = imp_heading_direction(state.pose.heading);
    const bool stands =
        fabs(state.speed) < STOPPED_SPEED && fabs(state.turn_rate) < STOPPED_TURN_RATE;
    // skip all stops that are reached
    double ahead = 0.0, angle = 0.0;
    for (; *next < path->count; ++*next) {
        const imp_pose *stop = &path->stops[*next];
        ahead = imp_vec2_dot((imp_vec2){stop->x - state.pose.x, stop->z - state.pose.z}, forward);
        angle = imp_wrap_angle(stop->heading - state.pose.heading);
        if (!stands || fabs(ahead) > STOP_DISTANCE || fabs(angle) > STOP_ANGLE)
            break;
    }
    if (*next == path->count)
        return false;
    // proportional control of distance and heading, limited by the length of an action
    const double max_rate = 1.0 / (MIN_DECISIONS * env->def.frame_skip * env->def.drive.time_step);
    double speed = clamp_magnitude(fmin(max_rate, POSITION_RATE) * ahead, limits.speed);
    if (fabs(angle) > MISALIGNED_ANGLE)
        speed = 0.0;
    const double turn_rate =
        clamp_magnitude(fmin(max_rate, HEADING_RATE) * angle, limits.turn_rate);
    *out = imp_drive_model_invert(&env->def.drive, fmin(max_rate, TURNING_RATE), state, speed,
                                  turn_rate);
    return true;
}

double imp_escape_path_distance_to_pose(const imp_escape_path *path, int next, imp_pose pose)
{
    const imp_pose *to = &path->stops[next], *from = &path->stops[next > 0 ? next - 1 : 0];
    // project onto the piece, and limit the result to it
    const imp_vec2 piece = {to->x - from->x, to->z - from->z};
    const imp_vec2 gap = {pose.x - from->x, pose.z - from->z};
    const double length = imp_vec2_length(piece);
    double share = length > 0.0 ? imp_vec2_dot(gap, piece) / (length * length) : 0.0;
    share = fmax(0.0, fmin(1.0, share));
    return imp_vec2_length(imp_vec2_subtract(gap, imp_vec2_scale(piece, share)));
}
