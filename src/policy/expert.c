// Our expert. It knows what the reference's teacher does not: that a command acts only after the
// delay, and how the motors answer. So it predicts the state in which its command will act, asks
// there for a turn rate that brings the robot back to its route, and inverts the motor model to get
// it.
#include <stdlib.h>
#include <string.h>

#include "base/vector.h"
#include "imprint/policy.h"
#include "policy/route.h"
#include "policy/traffic.h"

enum { EXPERT_COOKIE = 0x0E47E7, TURNS_MAX = 255 };

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
// No faster than this, the robot stands [m/s].
static const double SPEED_STANDING = 0.05;
// Farther from the route than this, it is looked for anew [m].
static const double LOST_DISTANCE = 0.25;

typedef struct expert {
    imp_policy policy;
    imp_expert_def def;
    imp_route route;
    bool on_route;
    char turns[TURNS_MAX + 1];
    imp_drive_def believed;
    imp_action manoeuvre; // that leads out of a tight place
    int remaining;        // steps that it is to be held for
    int trusted;          // steps for which what was tried out is still to come
    int frame;            // of the last decision
    imp_action action;    // that was decided on then
    double offset;        // from the route that was last driven at [m], positive to the right
} expert;

imp_expert_def imp_default_expert_def(void)
{
    return (imp_expert_def){.speed = 0.6,
                            .tracking_rate = 3.1,
                            .turning_rate = 10.0,
                            .turn_rate = 6.0,
                            .return_angle = IMP_PI / 3,
                            .lane_offset = 0.0,
                            .tries_out = true,
                            .cookie = EXPERT_COOKIE};
}

// The state in which a command given now will start to act.
typedef struct foresight {
    imp_pose pose;
    double speed, turn_rate;
    double ahead; // way that is still to come before the command acts [m]
} foresight;

static foresight foresee(const imp_env *env)
{
    imp_drive drive = env->drive;
    imp_pose pose = env->pose;
    const int number = drive.recorded;
    foresight state = {pose, drive.speed, drive.turn_rate, 0.0};
    for (int step = 0; step <= IMP_MAX_DELAY_STEPS; step++) {
        imp_drive_step(&drive, &pose, (imp_action){0.0, 0.0});
        if (drive.applied_number >= number)
            break;
        state = (foresight){pose, drive.speed, drive.turn_rate, 0.0};
    }
    return state;
}

static void begin(imp_policy *policy, const imp_env *env)
{
    expert *self = (expert *)policy;
    self->on_route = false;
    self->remaining = 0;
    self->trusted = 0;
    self->offset = self->def.lane_offset;
    self->route = (imp_route){
        .random = imp_random_stream(env->def.seed, env->def.index, env->episode, IMP_PURPOSE_ROUTE),
        .turns = self->turns[0] != '\0' ? self->turns : NULL,
        .arcs = self->def.challenge_lanes,
    };
}

static bool find_route(expert *self, const imp_env *env, imp_pose pose)
{
    imp_vec2 position = {pose.x, pose.z};
    if (self->on_route) {
        imp_route_follow(&self->route, position);
        imp_vec2 gap = imp_vec2_subtract(imp_route_ahead(&self->route, 0.0).point, position);
        if (imp_vec2_length(gap) < LOST_DISTANCE + fabs(self->offset))
            return true;
    }
    self->on_route = imp_route_start(&self->route, env->world, pose);
    return self->on_route;
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
static const imp_drive_def *drive_of(const expert *self, const imp_env *env)
{
    const bool believes = self->def.by_sight && self->def.believed != NULL;
    return believes ? &self->believed : &env->def.drive;
}

// The same by sight: as if the robot drove along its lane at the speed that it wants. The pose is
// the present one, because the route must not be followed past joints that are still to come.
static foresight assume(const expert *self, const imp_env *env, double speed)
{
    const double ahead = speed * drive_of(self, env)->delay;
    return (foresight){env->pose, speed, speed * curvature_ahead(&self->route, 0.0, ahead), ahead};
}

// Duty cycles that lead to the wanted velocities, steering before speed where the motors cannot
// give both. The turn rate is pressed for; the speed comes by itself, as the motors are damped. So
// is the turn rate of a gentle expert, whose actions then depend on where the robot is and hardly
// on how it moves: what a network that sees single pictures can learn.
static imp_action motor_action(const expert *self, const imp_env *env, foresight state,
                               double speed, double turn_rate)
{
    double rate = fmax(IMP_TURN_DAMPING, self->def.turning_rate);
    double change = rate * (turn_rate - state.turn_rate);
    const imp_drive_def *drive = drive_of(self, env);
    double difference = (change + IMP_TURN_DAMPING * state.turn_rate) / imp_drive_turn_gain(drive);
    double sum = speed * IMP_SPEED_DAMPING / imp_drive_speed_gain(drive);
    difference -= drive->trim * sum;
    difference = fmax(-2.0, fmin(2.0, difference));
    double room = 2.0 - fabs(difference);
    sum = fmax(-room, fmin(room, sum));
    return imp_action_clip((imp_action){0.5 * (sum - difference), 0.5 * (sum + difference)});
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

static deviation deviation_of(const expert *self, foresight state, double offset)
{
    imp_route_point here = imp_route_ahead(&self->route, 0.0);
    imp_vec2 right = imp_vec2_right(here.tangent);
    imp_vec2 gap = imp_vec2_subtract((imp_vec2){state.pose.x, state.pose.z}, here.point);
    imp_vec2 heading = imp_forward(state.pose.heading);
    double angle = atan2(imp_vec2_dot(heading, right), imp_vec2_dot(heading, here.tangent));
    double aside = imp_vec2_dot(gap, right) - offset + state.ahead * sin(angle);
    double pace = fmax(state.speed, 0.25);
    double curvature = curvature_ahead(&self->route, state.ahead, PREVIEW_TIME * pace);
    double approach = 0.5 * self->def.tracking_rate / pace * aside;
    if (self->def.by_sight)
        approach *= 1.0 + pow(aside / STEEP_DISTANCE, 2.0);
    approach = fmax(-steepest_return(&self->def, curvature), fmin(APPROACH_MAX, approach));
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

// The action that the control law asks for; *usual tells whether the robot is about where it should
// be.
static imp_action steer(expert *self, const imp_env *env, bool *usual)
{
    foresight state = {.pose = env->pose};
    if (!self->def.by_sight)
        state = foresee(env);
    *usual = true;
    self->policy.waits_for = IMP_WAIT_NONE;
    if (!find_route(self, env, state.pose))
        return (imp_action){0.0, 0.0};
    imp_traffic_plan plan = {.offset = self->def.lane_offset, .speed = self->def.speed};
    plan = imp_traffic_mind(env, &self->route, plan);
    self->offset = plan.offset;
    self->policy.waits_for = plan.wait;
    if (self->def.by_sight)
        state = assume(self, env, plan.speed);
    deviation d = deviation_of(self, state, plan.offset);
    *usual = !plan.close && fabs(d.aside) < GAP_USUAL && fabs(d.angle) < ANGLE_USUAL &&
             imp_env_on_road(env->world, state.pose, ROOM_USUAL);
    // rather turn on the spot than drive where one does not want to go
    double willing = fmax(0.0, fmin(1.0, 1.4 - 2.2 * fabs(d.astray)));
    if (self->def.by_sight) {
        state.speed *= willing;
        state.turn_rate *= willing;
    }
    double turn_rate = state.speed * d.curvature + 2.0 * self->def.tracking_rate * d.astray;
    turn_rate = fmax(-self->def.turn_rate, fmin(self->def.turn_rate, turn_rate));
    double speed = plan.speed * willing;
    if (!*usual) {
        // the closer to the edge, the rather ahead, or back, to where there is room
        const double room = room_to_turn(env->world, state.pose, d.astray);
        const double way = room < 1.0 ? way_to_room(env->world, state.pose, &d) : 0.0;
        speed = room * speed + (1.0 - room) * way * PACE_TO_ROOM * plan.speed;
        turn_rate *= way == 0.0 ? 1.0 : room;
    }
    return motor_action(self, env, state, speed, turn_rate);
}

enum { HORIZON = 50 }; // steps that an action is tried out for

// What an action leads to.
typedef struct outcome {
    int steps;       // that the robot stays on the road, up to HORIZON
    double progress; // along its route in that time [m]
} outcome;

// What becomes of the robot if it holds an action for some steps and is steered after that.
static outcome try_out(const expert *self, const imp_env *env, imp_action action, int hold)
{
    expert twin = *self;
    imp_env ahead;
    imp_env_copy(&ahead, env);
    outcome result = {0};
    bool usual;
    for (; result.steps < HORIZON; result.steps++) {
        imp_action next = result.steps < hold ? action : steer(&twin, &ahead, &usual);
        imp_pose before = ahead.pose;
        if (imp_env_step(&ahead, next).terminated)
            break;
        imp_vec2 moved = {ahead.pose.x - before.x, ahead.pose.z - before.z};
        result.progress += imp_vec2_dot(moved, imp_route_ahead(&twin.route, 0.0).tangent);
    }
    return result;
}

static bool is_better(outcome a, outcome b)
{
    return a.steps > b.steps || (a.steps == b.steps && a.progress > b.progress + 0.01);
}

// The wanted action if it does not end off the road or at an object; else the gentlest manoeuvre
// that leads out of there, or that puts off the end for longest. A robot that stands has time to
// look for the one that leads farthest.
static imp_action safe_action(expert *self, const imp_env *env, imp_action wanted)
{
    static const int holds[] = {3, 6, 10, 16, 24, 32};
    static const double duties[] = {0.5, -0.5, 0.0, 1.0, -1.0};
    enum { HOLDS = sizeof holds / sizeof holds[0], DUTIES = sizeof duties / sizeof duties[0] };
    const bool stands = env->speed < SPEED_STANDING;
    outcome furthest = try_out(self, env, wanted, 1);
    int hold = 1;
    if (furthest.steps == HORIZON) {
        self->trusted = HORIZON / 2;
        return wanted;
    }
    // a manoeuvre begun is finished, or it would be begun anew for ever
    if (self->remaining > 0 &&
        try_out(self, env, self->manoeuvre, self->remaining).steps == HORIZON) {
        self->remaining--;
        return self->manoeuvre;
    }
    self->manoeuvre = wanted;
    for (int k = 0; k < HOLDS * DUTIES * DUTIES && (stands || furthest.steps < HORIZON); k++) {
        int way = k % (DUTIES * DUTIES);
        imp_action way_out = {duties[way / DUTIES], duties[way % DUTIES]};
        outcome found = try_out(self, env, way_out, holds[k / (DUTIES * DUTIES)]);
        if (is_better(found, furthest)) {
            furthest = found;
            self->manoeuvre = way_out;
            hold = holds[k / (DUTIES * DUTIES)];
        }
    }
    self->remaining = hold - 1;
    return self->manoeuvre;
}

// Whether the robot is where the last successful trial led: its own actions were executed.
static bool goes_as_tried_out(expert *self, const imp_env *env)
{
    bool own = env->frame == self->frame + env->def.frame_skip &&
               env->action.left == self->action.left && env->action.right == self->action.right;
    self->trusted = own ? self->trusted - 1 : 0;
    return self->trusted > 0;
}

static imp_action act(imp_policy *policy, const imp_env *env, const uint8_t *observation)
{
    (void)observation;
    expert *self = (expert *)policy;
    bool usual;
    imp_action action = steer(self, env, &usual);
    if (self->def.tries_out && !goes_as_tried_out(self, env) && !usual)
        action = safe_action(self, env, action);
    self->frame = env->frame;
    self->action = action;
    return action;
}

static void destroy(imp_policy *policy)
{
    free(policy);
}

imp_status imp_expert_create(imp_policy **out, const imp_expert_def *def, imp_error *err)
{
    static const imp_policy_class class = {"expert", false, begin, act, destroy};
    if (def->cookie != EXPERT_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "imp_expert_def was not made with imp_default_expert_def()");
    if (!(def->speed > 0.0 && def->speed <= 0.6))
        return imp_fail(err, IMP_USAGE,
                        "expert speed %g m/s is not within 0 to 0.6 (the motors' top)", def->speed);
    if (!(def->tracking_rate > 0.0 && def->tracking_rate <= 10.0))
        return imp_fail(err, IMP_USAGE, "tracking rate %g /s is not within 0 to 10",
                        def->tracking_rate);
    if (!(def->turning_rate >= 0.0 && def->turning_rate <= 30.0))
        return imp_fail(err, IMP_USAGE, "turning rate %g /s is not within 0 to 30",
                        def->turning_rate);
    if (!(def->turn_rate > 0.0 && def->turn_rate <= 20.0))
        return imp_fail(err, IMP_USAGE, "turn rate %g rad/s is not within 0 to 20", def->turn_rate);
    if (!(def->return_angle > 0.0 && def->return_angle <= IMP_PI / 2))
        return imp_fail(err, IMP_USAGE, "return angle %g degrees is not within 0 to 90",
                        def->return_angle * 180.0 / IMP_PI);
    if (!(fabs(def->lane_offset) <= 0.1))
        return imp_fail(err, IMP_USAGE, "lane offset %g m is not within -0.1 to 0.1",
                        def->lane_offset);
    const char *turns = def->turns != NULL ? def->turns : "";
    if (strspn(turns, "lrs") != strlen(turns) || strlen(turns) > TURNS_MAX)
        return imp_fail(
            err, IMP_USAGE,
            "turns '%.40s': wants at most %d letters l, r and s (left, right, straight)", turns,
            TURNS_MAX);
    expert *self = calloc(1, sizeof *self);
    if (self == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    self->policy.class = &class;
    self->def = *def;
    if (def->believed != NULL)
        self->believed = *def->believed;
    self->def.turns = NULL;
    memcpy(self->turns, turns, strlen(turns) + 1);
    *out = &self->policy;
    return IMP_OK;
}
