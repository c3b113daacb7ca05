// Recovers the robot where the control law leads nowhere: where it oscillates, or the road is
// blocked. If it makes no progress although its own actions are executed and nothing makes it wait,
// a path out is searched for. A path is accepted if the control law, simulated from its end in a
// copy of the environment, drives on. It is then driven with position control.
#include "sim/expert/stuck_recovery.h"

#include <stdlib.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "sim/expert/escape_path.h"

// The robot is stuck if it stays within this distance [m] for this time [s] ...
static const double STUCK_DISTANCE = 0.15, STUCK_TIME = 3.0;
// ... or advances less than this along its lane [m] in this time [s]. Both times are extended by
// the time to turn round and to drive twice the distance.
static const double SLOW_DISTANCE = 0.5, SLOW_TIME = 8.0;
// Time does not count while the robot waits, or while executed actions differ from its own by more
// than this.
static const double OWN_ACTION_TOLERANCE = 0.2;
// A failed search is repeated after twice the time, with this limit on doublings.
enum { BACKOFF_MAX = 4 };
// From the end of an accepted path, the robot advances this far along its route and away from where
// it was stuck [m], in this time [s] plus the time to drive twice as far.
static const double PATH_MIN_PROGRESS = 0.5, PATH_MIN_DISTANCE = 0.3, PATH_TIME = 5.0;
// Velocity limits on a path [m/s], [rad/s], and the lateral error at which it is abandoned [m].
static const double PATH_SPEED = 0.2, PATH_TURN_RATE = 3.0, PATH_MAX_DEVIATION = 0.08;
// The robot stops on a path if it would hit something within this many actions.
enum { PATH_LOOK_AHEAD = 12 };
// Limits in actions: longest path, time to come to rest, and spare time on a path.
enum { PATH_STEPS_MAX = 450, STOP_STEPS = 50, SPARE_STEPS = 50 };

struct imp_stuck_recovery {
    imp_escape_search *search;
    imp_escape_path path;
    bool on_path;
    int next;     // next stop of the path
    int left;     // actions that the path may still take
    int failures; // failed searches in a row
    imp_pose last;
    imp_vec2 tangent; // of the lane at that pose
    imp_vec2 anchor;  // the robot stays near this point
    double still;     // counted time near the anchor [s]
    double along;     // distance along the lane while `slow` counts [m]
    double slow;      // [s]
};

imp_stuck_recovery *imp_stuck_recovery_create(void)
{
    imp_stuck_recovery *e = calloc(1, sizeof *e);
    if (e != NULL)
        e->search = imp_escape_search_create();
    if (e != NULL && e->search == NULL) {
        free(e);
        return NULL;
    }
    return e;
}

void imp_stuck_recovery_destroy(imp_stuck_recovery *e)
{
    if (e == NULL)
        return;
    imp_escape_search_destroy(e->search);
    free(e);
}

// Remembers pose and lane direction, to measure the next step's progress.
static void record_pose(imp_stuck_recovery *e, const imp_env *env)
{
    e->last = env->pose;
    e->tangent = env->in_lane ? env->lane.tangent : (imp_vec2){0.0, 0.0};
}

// Starts counting the time near the present position.
static void restart_standstill_timer(imp_stuck_recovery *e, const imp_env *env)
{
    e->anchor = (imp_vec2){env->pose.x, env->pose.z};
    e->still = 0.0;
}

// Starts both counts anew.
static void restart_stuck_timers(imp_stuck_recovery *e, const imp_env *env)
{
    restart_standstill_timer(e, env);
    e->along = 0.0;
    e->slow = 0.0;
    record_pose(e, env);
}

void imp_stuck_recovery_reset(imp_stuck_recovery *e, const imp_env *env)
{
    e->on_path = false;
    e->failures = 0;
    restart_stuck_timers(e, env);
}

// Duration of an action [s].
static double action_duration(const imp_env *env)
{
    return env->def.frame_skip * env->def.drive.time_step;
}

// Whether the last action was given in the preceding step.
static bool is_consecutive_step(const imp_env *env, const imp_last_action *last)
{
    return env->frame == last->frame + env->def.frame_skip;
}

// Updates the two counts of time without progress.
static void update_stuck_timers(imp_stuck_recovery *e, const imp_control_law *law,
                                const imp_env *env, const imp_last_action *last)
{
    if (!is_consecutive_step(env, last)) {
        restart_stuck_timers(e, env);
        return;
    }
    const imp_vec2 step = {env->pose.x - e->last.x, env->pose.z - e->last.z};
    // time counts only while the robot's own actions are executed and nothing makes it wait
    const bool own = fabs(env->action.left - last->action.left) < OWN_ACTION_TOLERANCE &&
                     fabs(env->action.right - last->action.right) < OWN_ACTION_TOLERANCE;
    e->along += imp_vec2_dot(step, e->tangent);
    if (own && (law->wait_reason == IMP_WAIT_NONE || law->wait_reason == IMP_WAIT_OBSTACLE)) {
        e->still += action_duration(env);
        e->slow += action_duration(env);
    }
    // progress restarts the count concerned
    if (imp_hypot(env->pose.x - e->anchor.x, env->pose.z - e->anchor.z) > STUCK_DISTANCE)
        restart_standstill_timer(e, env);
    if (e->along > SLOW_DISTANCE) {
        e->along = 0.0;
        e->slow = 0.0;
    }
    record_pose(e, env);
}

// Whether one of the counts exceeds its limit, which doubles with every failed search.
static bool is_stuck(const imp_stuck_recovery *e, const imp_control_law *law)
{
    const double turn = IMP_PI / law->def.max_turn_rate, backoff = 1 << e->failures;
    const double still = STUCK_TIME + turn + 2.0 * STUCK_DISTANCE / law->def.speed;
    const double slow = SLOW_TIME + turn + 2.0 * SLOW_DISTANCE / law->def.speed;
    return e->still > backoff * still || e->slow > backoff * slow;
}

// Limits on a path; never above the expert's own.
static imp_escape_limits get_path_limits(const imp_control_law *law)
{
    return (imp_escape_limits){fmin(PATH_SPEED, law->def.speed),
                               fmin(PATH_TURN_RATE, law->def.max_turn_rate)};
}

// Lets the robot coast to a stop in a copy of the environment; false if that ends the episode.
static bool simulate_stop(imp_env *ahead)
{
    const double standing = 0.005; // [m/s], [rad/s]
    for (int step = 0; step < STOP_STEPS; step++) {
        if (imp_env_step(ahead, (imp_action){0.0, 0.0}).terminated)
            return false;
        if (step > IMP_MAX_DELAY_STEPS && fabs(ahead->drive.speed) < standing &&
            fabs(ahead->drive.turn_rate) < standing)
            break;
    }
    return true;
}

// Context of the search's callback.
typedef struct path_evaluation {
    const imp_stuck_recovery *recovery;
    const imp_control_law *law;
    const imp_env *env;
    int steps; // actions that the path takes
} path_evaluation;

// Simulates driving a path; false if that ends the episode or takes too long.
static bool simulate_path(path_evaluation *evaluation, imp_env *ahead, const imp_escape_path *path)
{
    int next = 0;
    imp_action action;
    for (evaluation->steps = 0; evaluation->steps < PATH_STEPS_MAX; evaluation->steps++) {
        if (!imp_escape_path_follow(path, &next, ahead, get_path_limits(evaluation->law), &action))
            return true;
        if (imp_env_step(ahead, action).terminated)
            return false;
    }
    return false;
}

// Whether the control law gets away from where the robot was stuck after driving a path.
static bool simulate_path_and_departure(void *context, const imp_escape_path *path)
{
    path_evaluation *evaluation = context;
    imp_control_law law = *evaluation->law;
    imp_env ahead;
    imp_env_copy(&ahead, evaluation->env);
    const imp_vec2 anchor = evaluation->recovery->anchor;
    // drive the path, then let the law plan a new route from there
    if (!simulate_path(evaluation, &ahead, path))
        return false;
    law.on_route = false;
    // accepted once both progress and distance suffice
    double progress = 0.0, left = PATH_TIME + 2.0 * PATH_MIN_PROGRESS / law.def.speed;
    for (; left > 0.0; left -= action_duration(&ahead)) {
        bool nominal;
        const imp_action action = imp_control_law_compute(&law, &ahead, &nominal);
        const imp_pose before = ahead.pose;
        if (imp_env_step(&ahead, action).terminated)
            return false;
        const imp_vec2 step = {ahead.pose.x - before.x, ahead.pose.z - before.z};
        progress += imp_vec2_dot(step, imp_route_point_ahead(&law.route, 0.0).tangent);
        if (progress > PATH_MIN_PROGRESS &&
            imp_hypot(ahead.pose.x - anchor.x, ahead.pose.z - anchor.z) > PATH_MIN_DISTANCE)
            return true;
    }
    return false;
}

// Searches for a path out; true if there is one.
static bool find_escape_path(imp_stuck_recovery *e, const imp_control_law *law, const imp_env *env)
{
    imp_env rest;
    imp_env_copy(&rest, env);
    path_evaluation evaluation = {e, law, env, 0};
    // the path starts where the robot comes to rest
    if (!simulate_stop(&rest))
        return false;
    e->on_path = imp_escape_path_find(e->search, &rest, rest.pose, simulate_path_and_departure,
                                      &evaluation, &e->path);
    if (!e->on_path) {
        e->failures += e->failures < BACKOFF_MAX;
        restart_stuck_timers(e, env);
        return false;
    }
    // allow twice the simulated time to drive it
    e->failures = 0;
    e->next = 0;
    e->left = 2 * evaluation.steps + SPARE_STEPS;
    return true;
}

// Whether the next steps along the path are free of collisions and stay on the road.
static bool simulate_next_path_steps(const imp_stuck_recovery *e, const imp_control_law *law,
                                     const imp_env *env)
{
    imp_env ahead;
    imp_env_copy(&ahead, env);
    imp_action action;
    int next = e->next;
    for (int step = 0; step < PATH_LOOK_AHEAD; step++) {
        if (!imp_escape_path_follow(&e->path, &next, &ahead, get_path_limits(law), &action))
            return true;
        if (imp_env_step(&ahead, action).terminated)
            return false;
    }
    return true;
}

// Continues along the path. False at its end, after its time, or if the robot deviates from it.
static bool follow_escape_path(imp_stuck_recovery *e, const imp_control_law *law,
                               const imp_env *env, imp_action *action)
{
    if (e->left-- <= 0 ||
        !imp_escape_path_follow(&e->path, &e->next, env, get_path_limits(law), action) ||
        imp_escape_path_distance_to_pose(&e->path, e->next, env->pose) > PATH_MAX_DEVIATION)
        return false;
    if (!simulate_next_path_steps(e, law, env))
        *action = (imp_action){0.0, 0.0};
    return true;
}

bool imp_stuck_recovery_act(imp_stuck_recovery *e, imp_control_law *law, const imp_env *env,
                            const imp_last_action *last, imp_action *action)
{
    // observe; start a path only if stuck and one is found
    update_stuck_timers(e, law, env, last);
    if (!e->on_path && (!is_stuck(e, law) || !find_escape_path(e, law, env)))
        return false;
    law->wait_reason = IMP_WAIT_NONE;
    if (is_consecutive_step(env, last) && follow_escape_path(e, law, env, action))
        return true;
    e->on_path = false;
    law->on_route = false;
    restart_stuck_timers(e, env);
    return false;
}
