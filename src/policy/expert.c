// Our expert. It knows what the reference's teacher does not: that a command acts only after the
// delay, and how the motors answer. It steers by a law (law.c), tries out in the simulator what it
// is about to do where that might go wrong, and gets away from where it is stuck (escape.c).
#include <stdlib.h>
#include <string.h>

#include "base/vector.h"
#include "imprint/policy.h"
#include "policy/escape.h"
#include "policy/law.h"

enum { EXPERT_COOKIE = 0x0E47E7 };

// No faster than this, the robot stands [m/s].
static const double SPEED_STANDING = 0.05;

typedef struct expert {
    imp_policy policy;
    imp_law law;
    imp_escape *escape;
    imp_action manoeuvre; // that leads out of a tight place
    int remaining;        // steps that it is to be held for
    int trusted;          // steps for which what was tried out is still to come
    imp_decision last;
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

static void begin(imp_policy *policy, const imp_env *env)
{
    expert *self = (expert *)policy;
    imp_law *law = &self->law;
    law->on_route = false;
    law->offset = law->def.lane_offset;
    law->waits_for = IMP_WAIT_NONE;
    self->remaining = 0;
    self->trusted = 0;
    imp_escape_begin(self->escape, env);
    law->route = (imp_route){
        .random = imp_random_stream(env->def.seed, env->def.index, env->episode, IMP_PURPOSE_ROUTE),
        .turns = law->turns[0] != '\0' ? law->turns : NULL,
        .arcs = law->def.challenge_lanes,
    };
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
    imp_law twin = self->law;
    imp_env ahead;
    imp_env_copy(&ahead, env);
    outcome result = {0};
    bool usual;
    for (; result.steps < HORIZON; result.steps++) {
        imp_action next = result.steps < hold ? action : imp_law_steer(&twin, &ahead, &usual);
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
    bool own = env->frame == self->last.frame + env->def.frame_skip &&
               env->action.left == self->last.action.left &&
               env->action.right == self->last.action.right;
    self->trusted = own ? self->trusted - 1 : 0;
    return self->trusted > 0;
}

// What the expert does where it is not stuck.
static imp_action drive(expert *self, const imp_env *env)
{
    bool usual;
    imp_action action = imp_law_steer(&self->law, env, &usual);
    if (self->law.def.tries_out && !goes_as_tried_out(self, env) && !usual)
        action = safe_action(self, env, action);
    return action;
}

static imp_action act(imp_policy *policy, const imp_env *env, const uint8_t *observation)
{
    (void)observation;
    expert *self = (expert *)policy;
    imp_action action;
    if (imp_escape_act(self->escape, &self->law, env, &self->last, &action)) {
        self->remaining = 0;
        self->trusted = 0;
    } else {
        action = drive(self, env);
    }
    policy->waits_for = self->law.waits_for;
    self->last = (imp_decision){env->frame, action};
    return action;
}

static void destroy(imp_policy *policy)
{
    expert *self = (expert *)policy;
    imp_escape_destroy(self->escape);
    free(self);
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
    if (strspn(turns, "lrs") != strlen(turns) || strlen(turns) > IMP_TURNS_MAX)
        return imp_fail(
            err, IMP_USAGE,
            "turns '%.40s': wants at most %d letters l, r and s (left, right, straight)", turns,
            IMP_TURNS_MAX);
    expert *self = calloc(1, sizeof *self);
    if (self != NULL)
        self->escape = imp_escape_create();
    if (self == NULL || self->escape == NULL) {
        free(self);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    }
    self->policy.class = &class;
    self->law.def = *def;
    if (def->believed != NULL)
        self->law.believed = *def->believed;
    self->law.def.turns = NULL;
    memcpy(self->law.turns, turns, strlen(turns) + 1);
    *out = &self->policy;
    return IMP_OK;
}
