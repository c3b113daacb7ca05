// Gets the robot away from where the law by which it steers leads nowhere: a place where it rocks
// to and fro, or a road that is blocked. If the robot does not come forward although it does as it
// was told and waits for nobody, a path out is searched for: one from whose end the law, tried out
// in a copy of the environment, drives on. That path is driven with position control.
#include "sim/expert/stuck_recovery.h"

#include <stdlib.h>

#include "base/common/vector2.h"
#include "sim/expert/escape_path.h"

// The robot is stuck if it stays within this distance [m] for this time [s] ...
static const double STUCK_DISTANCE = 0.15, STUCK_TIME = 3.0;
// ... or comes less than this far along its lane [m] in this time [s]; the time that it takes to
// turn round and to drive twice as far is added to both.
static const double SLOW_DISTANCE = 0.5, SLOW_TIME = 8.0;
// Time does not count in which the robot waits, or in which somebody else's actions are executed,
// which differ by more than this.
static const double OWN_ACTION_TOLERANCE = 0.2;
// A search that finds no path out is repeated after twice the time, up to so many times.
enum { BACKOFF_MAX = 4 };
// A path out is one from whose end the robot comes so far along its route, and away from where it
// was stuck [m], in this time [s] and the time that it takes to drive twice as far.
static const double PATH_MIN_PROGRESS = 0.5, PATH_MIN_DISTANCE = 0.3, PATH_TIME = 5.0;
// It is driven no faster than this [m/s], [rad/s] and given up so far beside it [m].
static const double PATH_SPEED = 0.2, PATH_TURN_RATE = 3.0, PATH_MAX_DEVIATION = 0.08;
// The robot stops on it if it would meet something in so many decisions.
enum { PATH_LOOK_AHEAD = 12 };
// The longest path, the time to come to rest, and the time to spare on a path [decisions].
enum { PATH_STEPS_MAX = 450, STOP_STEPS = 50, SPARE_STEPS = 50 };

struct imp_stuck_recovery {
    imp_escape_search *search;
    imp_escape_path path;
    bool on_path;
    int next;     // stop on the path
    int left;     // decisions that it may still take
    int failures; // searches in a row that found nothing
    imp_pose last;
    imp_vec2 tangent; // of the lane at that pose
    imp_vec2 anchor;  // a place that the robot is near
    double still;     // time spent there [s]
    double along;     // distance along the lane since `slow` began to count [m]
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

static void record_pose(imp_stuck_recovery *e, const imp_env *env)
{
    e->last = env->pose;
    e->tangent = env->in_lane ? env->lane.tangent : (imp_vec2){0.0, 0.0};
}

static void set_anchor(imp_stuck_recovery *e, const imp_env *env)
{
    e->anchor = (imp_vec2){env->pose.x, env->pose.z};
    e->still = 0.0;
}

static void restart_watch(imp_stuck_recovery *e, const imp_env *env)
{
    set_anchor(e, env);
    e->along = 0.0;
    e->slow = 0.0;
    record_pose(e, env);
}

void imp_stuck_recovery_reset(imp_stuck_recovery *e, const imp_env *env)
{
    e->on_path = false;
    e->failures = 0;
    restart_watch(e, env);
}

static double action_duration(const imp_env *env)
{
    return env->def.frame_skip * env->def.drive.time_step;
}

static bool is_consecutive_step(const imp_env *env, const imp_last_action *last)
{
    return env->frame == last->frame + env->def.frame_skip;
}

// Counts the time in which the robot does not come forward.
static void update_progress(imp_stuck_recovery *e, const imp_control_law *law, const imp_env *env,
                            const imp_last_action *last)
{
    if (!is_consecutive_step(env, last)) {
        restart_watch(e, env);
        return;
    }
    const imp_vec2 step = {env->pose.x - e->last.x, env->pose.z - e->last.z};
    const bool own = fabs(env->action.left - last->action.left) < OWN_ACTION_TOLERANCE &&
                     fabs(env->action.right - last->action.right) < OWN_ACTION_TOLERANCE;
    e->along += imp_vec2_dot(step, e->tangent);
    if (own && (law->wait_reason == IMP_WAIT_NONE || law->wait_reason == IMP_WAIT_OBSTACLE)) {
        e->still += action_duration(env);
        e->slow += action_duration(env);
    }
    if (hypot(env->pose.x - e->anchor.x, env->pose.z - e->anchor.z) > STUCK_DISTANCE)
        set_anchor(e, env);
    if (e->along > SLOW_DISTANCE) {
        e->along = 0.0;
        e->slow = 0.0;
    }
    record_pose(e, env);
}

static bool is_stuck(const imp_stuck_recovery *e, const imp_control_law *law)
{
    const double turn = IMP_PI / law->def.turn_rate, backoff = 1 << e->failures;
    const double still = STUCK_TIME + turn + 2.0 * STUCK_DISTANCE / law->def.speed;
    const double slow = SLOW_TIME + turn + 2.0 * SLOW_DISTANCE / law->def.speed;
    return e->still > backoff * still || e->slow > backoff * slow;
}

static imp_escape_limits get_path_limits(const imp_control_law *law)
{
    return (imp_escape_limits){fmin(PATH_SPEED, law->def.speed),
                               fmin(PATH_TURN_RATE, law->def.turn_rate)};
}

// Lets the robot roll to a stop in a copy of the environment; false if that ends the episode.
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

// Who looks for a path out, and from where.
typedef struct path_evaluation {
    const imp_stuck_recovery *recovery;
    const imp_control_law *law;
    const imp_env *env;
    int steps; // that the path takes
} path_evaluation;

// Drives a path in a copy of the environment; false if that ends the episode, or never ends.
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

// Whether the law brings the robot away from where it is stuck once it has driven a path.
static bool path_leads_out(void *context, const imp_escape_path *path)
{
    path_evaluation *evaluation = context;
    imp_control_law law = *evaluation->law;
    imp_env ahead;
    imp_env_copy(&ahead, evaluation->env);
    const imp_vec2 anchor = evaluation->recovery->anchor;
    if (!simulate_path(evaluation, &ahead, path))
        return false;
    law.on_route = false;
    double progress = 0.0, left = PATH_TIME + 2.0 * PATH_MIN_PROGRESS / law.def.speed;
    for (; left > 0.0; left -= action_duration(&ahead)) {
        bool usual;
        const imp_action action = imp_control_law_compute(&law, &ahead, &usual);
        const imp_pose before = ahead.pose;
        if (imp_env_step(&ahead, action).terminated)
            return false;
        const imp_vec2 step = {ahead.pose.x - before.x, ahead.pose.z - before.z};
        progress += imp_vec2_dot(step, imp_route_point_ahead(&law.route, 0.0).tangent);
        if (progress > PATH_MIN_PROGRESS &&
            hypot(ahead.pose.x - anchor.x, ahead.pose.z - anchor.z) > PATH_MIN_DISTANCE)
            return true;
    }
    return false;
}

// Looks for a path out; true if there is one.
static bool find_escape_path(imp_stuck_recovery *e, const imp_control_law *law, const imp_env *env)
{
    imp_env rest;
    imp_env_copy(&rest, env);
    path_evaluation evaluation = {e, law, env, 0};
    if (!simulate_stop(&rest))
        return false;
    e->on_path =
        imp_escape_path_find(e->search, &rest, rest.pose, path_leads_out, &evaluation, &e->path);
    if (!e->on_path) {
        e->failures += e->failures < BACKOFF_MAX;
        restart_watch(e, env);
        return false;
    }
    e->failures = 0;
    e->next = 0;
    e->left = 2 * evaluation.steps + SPARE_STEPS;
    return true;
}

// Whether the robot meets nothing and stays on the road if it goes on along its path.
static bool is_path_free(const imp_stuck_recovery *e, const imp_control_law *law,
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

// Goes on along the path out. False if that is over: at its end, or because it is not followed.
static bool follow_escape_path(imp_stuck_recovery *e, const imp_control_law *law,
                               const imp_env *env, imp_action *action)
{
    if (e->left-- <= 0 ||
        !imp_escape_path_follow(&e->path, &e->next, env, get_path_limits(law), action) ||
        imp_escape_path_distance(&e->path, e->next, env->pose) > PATH_MAX_DEVIATION)
        return false;
    if (!is_path_free(e, law, env))
        *action = (imp_action){0.0, 0.0};
    return true;
}

bool imp_stuck_recovery_act(imp_stuck_recovery *e, imp_control_law *law, const imp_env *env,
                            const imp_last_action *last, imp_action *action)
{
    update_progress(e, law, env, last);
    if (!e->on_path && (!is_stuck(e, law) || !find_escape_path(e, law, env)))
        return false;
    law->wait_reason = IMP_WAIT_NONE;
    if (is_consecutive_step(env, last) && follow_escape_path(e, law, env, action))
        return true;
    e->on_path = false;
    law->on_route = false;
    restart_watch(e, env);
    return false;
}
