// The control law of our expert. It predicts the state in which its command will act, asks there
// for a turn rate that brings the robot back to its route, and inverts the motor model to get it.
#include "policy/law.h"

#include "base/vector.h"
#include "policy/motors.h"
#include "policy/traffic.h"

// The steepest that the route is approached at [rad].
static const double APPROACH_MAX = 1.0;
// By sight, the robot comes back twice as steeply from so far off its line [m]: who is gentle
// near the line would else drive along the road's edge, where nothing is left to turn in.
static const double STEEP_DISTANCE = 0.1;
// The curvature asked for is that of the stretch ahead that this time covers [s].
static const double PREVIEW_TIME = 0.20;
// Beyond these, an action is tried out in the simulator before it is given [m], [rad].
static const double GAP_USUAL = 0.06, ANGLE_USUAL = 0.25;
// So much larger a robot would stand on the road, too.
static const double ROOM_USUAL = 1.5;
// A robot turns freely where one so much larger could, and not at all where one of the tight size
// could not. To more room, which it looks for in such steps [m], it goes at this share of its
// speed.
static const double SIZE_FREE = 1.6, SIZE_TIGHT = 1.2, WAY_STEP = 0.04, PACE_TO_ROOM = 0.5;
// Where there is nothing but turning round, it goes no faster than this [m/s].
static const double SPEED_ONE_TILE = 0.2;
// Farther from the route than this, it is looked for anew [m].
static const double LOST_DISTANCE = 0.25;

static bool find_route(imp_law *law, const imp_env *env, imp_pose pose)
{
    imp_vec2 position = {pose.x, pose.z};
    if (law->on_route) {
        imp_route_follow(&law->route, position);
        imp_vec2 gap = imp_vec2_subtract(imp_route_ahead(&law->route, 0.0).point, position);
        if (imp_vec2_length(gap) < LOST_DISTANCE + fabs(law->offset))
            return true;
    }
    law->on_route = imp_route_start(&law->route, env->world, pose);
    return law->on_route;
}

// Mean curvature of the route over `distance` metres that begin `from` metres ahead.
static double curvature_ahead(const imp_route *route, double from, double distance)
{
    enum { SAMPLES = 4 };
    double sum = 0.0;
    for (int k = 0; k < SAMPLES; k++)
        sum += imp_route_ahead(route, from + distance * (k + 0.5) / SAMPLES).curvature;
    return sum / SAMPLES;
}

// What the expert takes the drive to be.
static const imp_drive_def *drive_of(const imp_law *law, const imp_env *env)
{
    const bool believes = law->def.by_sight && law->def.believed != NULL;
    return believes ? &law->believed : &env->def.drive;
}

// The same by sight: as if the robot drove along its lane at the speed that it wants. The pose is
// the present one, because the route must not be followed past joints that are still to come.
static imp_foresight assume(const imp_law *law, const imp_env *env, double speed)
{
    const double ahead = speed * drive_of(law, env)->delay;
    return (imp_foresight){env->pose, speed, speed * curvature_ahead(&law->route, 0.0, ahead),
                           ahead};
}

// Where the robot will be relative to its route when a command given now acts.
typedef struct deviation {
    double aside;     // from the wanted line [m], positive to the right
    double angle;     // from the direction of the route [rad], positive to the right
    double astray;    // from the heading that leads back to it [rad], positive to the right
    double curvature; // of the stretch ahead [1/m]
} deviation;

// The steepest that the route is come back to from the left, where it bends like that [rad]. What
// is passed in a bend to the right lies inside it, and out of the picture before one is round: a
// gentle expert stays outside till then.
static double steepest_return(const imp_expert_def *def, double curvature)
{
    const double tight = -4.0; // bend to the right [1/m]
    if (def->return_angle >= APPROACH_MAX)
        return APPROACH_MAX;
    return def->return_angle * fmax(0.0, fmin(1.0, 1.0 - curvature / tight));
}

static deviation deviation_of(const imp_law *law, imp_foresight state, double offset)
{
    imp_route_point here = imp_route_ahead(&law->route, 0.0);
    imp_vec2 right = imp_vec2_right(here.tangent);
    imp_vec2 gap = imp_vec2_subtract((imp_vec2){state.pose.x, state.pose.z}, here.point);
    imp_vec2 heading = imp_forward(state.pose.heading);
    double angle = atan2(imp_vec2_dot(heading, right), imp_vec2_dot(heading, here.tangent));
    double aside = imp_vec2_dot(gap, right) - offset + state.ahead * sin(angle);
    double pace = fmax(state.speed, 0.25);
    double curvature = curvature_ahead(&law->route, state.ahead, PREVIEW_TIME * pace);
    double approach = 0.5 * law->def.tracking_rate / pace * aside;
    if (law->def.by_sight)
        approach *= 1.0 + pow(aside / STEEP_DISTANCE, 2.0);
    approach = fmax(-steepest_return(&law->def, curvature), fmin(APPROACH_MAX, approach));
    return (deviation){
        .aside = aside,
        .angle = angle,
        .astray = imp_wrap_angle(angle + approach),
        // of the line beside the route
        .curvature = curvature / fmax(0.3, 1.0 + curvature * offset),
    };
}

// Whether a robot so much larger could turn on the spot by an angle, to the left, without leaving
// the road.
static bool can_turn(const imp_world *world, imp_pose pose, double angle, double size)
{
    enum { PLACES = 4 };
    for (int k = 1; k <= PLACES; k++) {
        const imp_pose turned = {pose.x, pose.z, pose.heading + angle * k / PLACES};
        if (!imp_env_on_road(world, turned, size))
            return false;
    }
    return true;
}

// How freely the robot can turn on the spot by an angle: 0 not at all, 1 with room to spare. It
// changes gradually with the pose, so that whoever learns from the expert may err a little.
static double room_to_turn(const imp_world *world, imp_pose pose, double angle)
{
    enum { HALVINGS = 5 };
    if (can_turn(world, pose, angle, SIZE_FREE))
        return 1.0;
    double room = 0.0, step = 0.5;
    for (int k = 0; k < HALVINGS; k++, step *= 0.5) {
        const double more = room + step;
        if (can_turn(world, pose, angle, SIZE_TIGHT + (SIZE_FREE - SIZE_TIGHT) * more))
            room = more;
    }
    return room;
}

static imp_pose moved_ahead(imp_pose pose, double distance)
{
    const imp_vec2 step = imp_vec2_scale(imp_forward(pose.heading), distance);
    return (imp_pose){pose.x + step.x, pose.z + step.z, pose.heading};
}

// Whether there is room to turn in somewhere ahead or behind.
static bool is_room_near(const imp_world *world, imp_pose pose, double angle)
{
    enum { STEPS = 5 };
    for (int way = -1; way <= 1; way += 2) {
        for (int k = 1; k <= STEPS; k++) {
            const imp_pose there = moved_ahead(pose, way * k * WAY_STEP);
            if (!imp_env_on_road(world, there, SIZE_TIGHT))
                break;
            if (can_turn(world, there, angle, SIZE_TIGHT))
                return true;
        }
    }
    return false;
}

// Which way the robot goes to have room to turn: 1 ahead, -1 behind, preferably the way that leads
// back to the route; 0 if it had better turn where it is.
static double way_to_room(const imp_world *world, imp_pose pose, const deviation *d)
{
    if (!is_room_near(world, pose, d->astray) && can_turn(world, pose, d->astray, 1.0))
        return 0.0;
    const double preferred = d->angle * d->aside < 0.0 ? 1.0 : -1.0;
    const imp_pose there = moved_ahead(pose, preferred * WAY_STEP);
    return imp_env_on_road(world, there, SIZE_TIGHT) ? preferred : -preferred;
}

imp_action imp_law_steer(imp_law *law, const imp_env *env, bool *usual)
{
    imp_foresight state = {.pose = env->pose};
    if (!law->def.by_sight)
        state = imp_foresee(env);
    *usual = true;
    law->waits_for = IMP_WAIT_NONE;
    if (!find_route(law, env, state.pose))
        return (imp_action){0.0, 0.0};
    imp_traffic_plan plan = {.offset = law->def.lane_offset, .speed = law->def.speed};
    if (law->route.one_tile)
        plan.speed = fmin(plan.speed, SPEED_ONE_TILE);
    plan = imp_traffic_mind(env, &law->route, plan);
    law->offset = plan.offset;
    law->waits_for = plan.wait;
    if (law->def.by_sight)
        state = assume(law, env, plan.speed);
    deviation d = deviation_of(law, state, plan.offset);
    *usual = !plan.close && fabs(d.aside) < GAP_USUAL && fabs(d.angle) < ANGLE_USUAL &&
             imp_env_on_road(env->world, state.pose, ROOM_USUAL);
    // rather turn on the spot than drive where one does not want to go
    double willing = fmax(0.0, fmin(1.0, 1.4 - 2.2 * fabs(d.astray)));
    if (law->def.by_sight) {
        state.speed *= willing;
        state.turn_rate *= willing;
    }
    double turn_rate = state.speed * d.curvature + 2.0 * law->def.tracking_rate * d.astray;
    turn_rate = fmax(-law->def.turn_rate, fmin(law->def.turn_rate, turn_rate));
    double speed = plan.speed * willing;
    if (!*usual) {
        // the closer to the edge, the rather ahead, or back, to where there is room
        const double room = room_to_turn(env->world, state.pose, d.astray);
        const double way = room < 1.0 ? way_to_room(env->world, state.pose, &d) : 0.0;
        speed = room * speed + (1.0 - room) * way * PACE_TO_ROOM * plan.speed;
        turn_rate *= way == 0.0 ? 1.0 : room;
    }
    // a gentle expert's turn rate comes by itlaw, too: its actions then depend on where the robot
    // is and hardly on how it moves, which a network that sees single pictures can learn
    return imp_motor_action(drive_of(law, env), law->def.turning_rate, state, speed, turn_rate);
}
