// Our expert. Unlike gym-duckietown's pure pursuit, it accounts for the command delay and the motor
// dynamics. It steers by a control law (control_law.c). Where that might go wrong, it simulates the
// action in a copy of the environment, and searches a fixed set of constant manoeuvres for a better
// one. Where it is stuck, stuck_recovery.c takes over.
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "imprint/policy.h"
#include "sim/expert/control_law.h"
#include "sim/expert/expert_settings.h"
#include "sim/expert/stuck_recovery.h"

// Below this speed the robot counts as standing [m/s].
static const double STANDING_SPEED = 0.05;

// The policy and its state between actions.
typedef struct expert {
    imp_policy policy;
    imp_control_law law;
    imp_stuck_recovery *recovery;
    imp_action manoeuvre; // the chosen manoeuvre out of a tight place
    int remaining_steps;  // steps for which it is still held
    int trusted_steps;    // steps that the last successful simulation still covers
    imp_last_action last;
} expert;

// Forgets route and manoeuvre; turns are drawn from the episode's own stream.
static void expert_reset(imp_policy *policy, const imp_env *env)
{
    expert *self = (expert *)policy;
    imp_control_law *law = &self->law;
    law->on_route = false;
    law->offset = law->def.lane_offset;
    law->wait_reason = IMP_WAIT_NONE;
    self->remaining_steps = 0;
    self->trusted_steps = 0;
    imp_stuck_recovery_reset(self->recovery, env);
    law->route = (imp_route){
        .random = imp_random_stream(env->def.seed, env->def.index, env->episode, IMP_PURPOSE_ROUTE),
        .turns = law->turns[0] != '\0' ? law->turns : NULL,
        .use_challenge_lanes = law->def.challenge_lanes,
    };
}

enum { LOOK_AHEAD_STEPS = 50 }; // horizon of a simulation

// Outcome of a simulated action.
typedef struct look_ahead_result {
    int steps;       // until the episode would end, up to LOOK_AHEAD_STEPS
    double progress; // along its route in that time [m]
} look_ahead_result;

// Simulates an action that is held for some steps, then the control law. Environment and law are
// plain values, so copies are cheap and exact.
static look_ahead_result simulate_action_then_control_law(const expert *self, const imp_env *env,
                                                          imp_action action, int hold)
{
    imp_control_law law_copy = self->law;
    imp_env ahead;
    imp_env_copy(&ahead, env);
    look_ahead_result result = {0};
    bool nominal;
    for (; result.steps < LOOK_AHEAD_STEPS; result.steps++) {
        imp_action next =
            result.steps < hold ? action : imp_control_law_compute(&law_copy, &ahead, &nominal);
        imp_pose before = ahead.pose;
        if (imp_env_step(&ahead, next).terminated)
            break;
        imp_vec2 moved = {ahead.pose.x - before.x, ahead.pose.z - before.z};
        result.progress += imp_vec2_dot(moved, imp_route_point_ahead(&law_copy.route, 0.0).tangent);
    }
    return result;
}

// Surviving longer counts first, then progress along the route.
static bool is_better_result(look_ahead_result a, look_ahead_result b)
{
    return a.steps > b.steps || (a.steps == b.steps && a.progress > b.progress + 0.01);
}

// Returns the wanted action if its simulation survives. Otherwise returns the first constant
// manoeuvre that does, or the one that survives longest. A robot that stands has time, so it takes
// the one with most progress.
static imp_action simulate_and_choose_action(expert *self, const imp_env *env, imp_action wanted)
{
    static const int holds[] = {3, 6, 10, 16, 24, 32};
    static const double duties[] = {0.5, -0.5, 0.0, 1.0, -1.0};
    enum { HOLDS = sizeof holds / sizeof holds[0], DUTIES = sizeof duties / sizeof duties[0] };
    const bool stands = env->speed < STANDING_SPEED;
    // a safe action is trusted for half the horizon
    look_ahead_result best = simulate_action_then_control_law(self, env, wanted, 1);
    int hold = 1;
    if (best.steps == LOOK_AHEAD_STEPS) {
        self->trusted_steps = LOOK_AHEAD_STEPS / 2;
        return wanted;
    }
    // finish a manoeuvre that is still safe; restarting it in every step would never end
    if (self->remaining_steps > 0 &&
        simulate_action_then_control_law(self, env, self->manoeuvre, self->remaining_steps).steps ==
            LOOK_AHEAD_STEPS) {
        self->remaining_steps--;
        return self->manoeuvre;
    }
    // try all pairs of duty cycles, short manoeuvres first
    self->manoeuvre = wanted;
    for (int k = 0; k < HOLDS * DUTIES * DUTIES && (stands || best.steps < LOOK_AHEAD_STEPS); k++) {
        int duty_pair = k % (DUTIES * DUTIES);
        imp_action candidate = {duties[duty_pair / DUTIES], duties[duty_pair % DUTIES]};
        look_ahead_result found =
            simulate_action_then_control_law(self, env, candidate, holds[k / (DUTIES * DUTIES)]);
        if (is_better_result(found, best)) {
            best = found;
            self->manoeuvre = candidate;
            hold = holds[k / (DUTIES * DUTIES)];
        }
    }
    self->remaining_steps = hold - 1;
    return self->manoeuvre;
}

// Whether the robot is where the last successful simulation predicted: its own actions were
// executed since then.
static bool is_last_simulation_trusted(expert *self, const imp_env *env)
{
    bool own = env->frame == self->last.frame + env->def.frame_skip &&
               env->action.left == self->last.action.left &&
               env->action.right == self->last.action.right;
    self->trusted_steps = own ? self->trusted_steps - 1 : 0;
    return self->trusted_steps > 0;
}

// The action of an expert that is not stuck.
static imp_action compute_nominal_or_safe_action(expert *self, const imp_env *env)
{
    bool nominal;
    imp_action action = imp_control_law_compute(&self->law, env, &nominal);
    if (self->law.def.look_ahead && !is_last_simulation_trusted(self, env) && !nominal)
        action = simulate_and_choose_action(self, env, action);
    return action;
}

// Recovery first; it decides whether the robot is stuck.
static imp_action expert_act(imp_policy *policy, const imp_env *env, const uint8_t *observation)
{
    (void)observation;
    expert *self = (expert *)policy;
    imp_action action;
    if (imp_stuck_recovery_act(self->recovery, &self->law, env, &self->last, &action)) {
        self->remaining_steps = 0;
        self->trusted_steps = 0;
    } else {
        action = compute_nominal_or_safe_action(self, env);
    }
    policy->wait_reason = self->law.wait_reason;
    self->last = (imp_last_action){env->frame, action};
    return action;
}

static void expert_destroy(imp_policy *policy)
{
    expert *self = (expert *)policy;
    imp_stuck_recovery_destroy(self->recovery);
    free(self);
}

imp_status imp_expert_create(imp_policy **out, const imp_expert_def *def, imp_error *err)
{
    static const imp_policy_vtable vtable = {.name = "expert",
                                             .needs_observation = false,
                                             .reset = expert_reset,
                                             .act = expert_act,
                                             .destroy = expert_destroy};
    IMP_TRY(imp_struct_check_ranges(&imp_expert_members, def, err));
    // the list of turns is copied, since the definition may go out of scope
    const char *turns = def->turns != NULL ? def->turns : "";
    if (strspn(turns, "lrs") != strlen(turns) || strlen(turns) > IMP_TURNS_MAX)
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(err, IMP_USAGE,
                     "turns '%.40s': at most %d letters l, r and s (left, right, straight)", turns,
                     IMP_TURNS_MAX));
    // all memory of the expert, including the search, is allocated here
    expert *self = calloc(1, sizeof *self);
    if (self != NULL)
        self->recovery = imp_stuck_recovery_create();
    if (self == NULL || self->recovery == NULL) {
        free(self);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    }
    // copy the definition and what it points to
    self->policy.vtable = &vtable;
    self->law.def = *def;
    self->law.own_speed = def->speed;
    if (def->assumed_drive != NULL)
        self->law.assumed_drive = *def->assumed_drive;
    self->law.def.turns = NULL;
    memcpy(self->law.turns, turns, strlen(turns) + 1);
    *out = &self->policy;
    return IMP_OK;
}
