// Gets the robot away from where the law by which it steers leads nowhere: a place where it rocks
// to and fro, or a road that is blocked. If the robot does not come forward although it does as it
// was told and waits for nobody, a path out is searched for: one from whose end the law, tried out
// in a copy of the environment, drives on. That path is driven with position control.
#include "policy/escape.h"

#include <stdlib.h>

#include "base/vector.h"
#include "policy/escape_path.h"

// The robot is stuck if it stays within this distance [m] for this time [s] ...
static const double STUCK_DISTANCE = 0.15, STUCK_TIME = 3.0;
// ... or comes less than this far along its lane [m] in this time [s]; the time that it takes to
// turn round and to drive twice as far is added to both.
static const double SLOW_DISTANCE = 0.5, SLOW_TIME = 8.0;
// Time does not count in which the robot waits, or in which somebody else's actions are executed,
// which differ by more than this.
static const double OWN_ACTION = 0.2;
// A search that finds no path out is repeated after twice the time, up to so many times.
enum { DOUBLINGS_MAX = 4 };
// A path out is one from whose end the robot comes so far along its route, and away from where it
// was stuck [m], in this time [s] and the time that it takes to drive twice as far.
static const double PATH_PROGRESS = 0.5, PATH_AWAY = 0.3, PATH_TIME = 5.0;
// It is driven no faster than this [m/s], [rad/s] and given up so far beside it [m].
static const double PATH_SPEED = 0.2, PATH_TURN_RATE = 3.0, PATH_ASIDE = 0.08;
// The robot stops on it if it would meet something in so many decisions.
enum { PATH_SIGHT = 12 };
// The longest path, the time to come to rest, and the time to spare on a path [decisions].
enum { PATH_LENGTH = 450, REST = 50, SPARE = 50 };

struct imp_escape {
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

imp_escape *imp_escape_create(void)
{
    imp_escape *e = calloc(1, sizeof *e);
    if (e != NULL)
        e->search = imp_escape_search_create();
    if (e != NULL && e->search == NULL) {
        free(e);
        return NULL;
    }
    return e;
}

void imp_escape_destroy(imp_escape *e)
{
    if (e == NULL)
        return;
    imp_escape_search_destroy(e->search);
    free(e);
}

static void look(imp_escape *e, const imp_env *env)
{
    e->last = env->pose;
    e->tangent = env->in_lane ? env->lane.tangent : (imp_vec2){0.0, 0.0};
}

static void drop_anchor(imp_escape *e, const imp_env *env)
{
    e->anchor = (imp_vec2){env->pose.x, env->pose.z};
    e->still = 0.0;
}

static void watch_anew(imp_escape *e, const imp_env *env)
{
    drop_anchor(e, env);
    e->along = 0.0;
    e->slow = 0.0;
    look(e, env);
}

void imp_escape_begin(imp_escape *e, const imp_env *env)
{
    e->on_path = false;
    e->failures = 0;
    watch_anew(e, env);
}

static double decision_time(const imp_env *env)
{
    return env->def.frame_skip * env->def.drive.time_step;
}

static bool follows(const imp_env *env, const imp_decision *last)
{
    return env->frame == last->frame + env->def.frame_skip;
}

// Counts the time in which the robot does not come forward.
static void watch(imp_escape *e, const imp_law *law, const imp_env *env, const imp_decision *last)
{
    if (!follows(env, last)) {
        watch_anew(e, env);
        return;
    }
    const imp_vec2 step = {env->pose.x - e->last.x, env->pose.z - e->last.z};
    const bool own = fabs(env->action.left - last->action.left) < OWN_ACTION &&
                     fabs(env->action.right - last->action.right) < OWN_ACTION;
    e->along += imp_vec2_dot(step, e->tangent);
    if (own && (law->waits_for == IMP_WAIT_NONE || law->waits_for == IMP_WAIT_OBSTACLE)) {
        e->still += decision_time(env);
        e->slow += decision_time(env);
    }
    if (hypot(env->pose.x - e->anchor.x, env->pose.z - e->anchor.z) > STUCK_DISTANCE)
        drop_anchor(e, env);
    if (e->along > SLOW_DISTANCE) {
        e->along = 0.0;
        e->slow = 0.0;
    }
    look(e, env);
}

static bool is_stuck(const imp_escape *e, const imp_law *law)
{
    const double turn = IMP_PI / law->def.turn_rate, doubled = 1 << e->failures;
    const double still = STUCK_TIME + turn + 2.0 * STUCK_DISTANCE / law->def.speed;
    const double slow = SLOW_TIME + turn + 2.0 * SLOW_DISTANCE / law->def.speed;
    return e->still > doubled * still || e->slow > doubled * slow;
}

static imp_escape_limits limits_of(const imp_law *law)
{
    return (imp_escape_limits){fmin(PATH_SPEED, law->def.speed),
                               fmin(PATH_TURN_RATE, law->def.turn_rate)};
}

// Lets the robot roll to a stop in a copy of the environment; false if that ends the episode.
static bool come_to_rest(imp_env *ahead)
{
    const double standing = 0.005; // [m/s], [rad/s]
    for (int step = 0; step < REST; step++) {
        if (imp_env_step(ahead, (imp_action){0.0, 0.0}).terminated)
            return false;
        if (step > IMP_MAX_DELAY_STEPS && fabs(ahead->drive.speed) < standing &&
            fabs(ahead->drive.turn_rate) < standing)
            break;
    }
    return true;
}

// Who looks for a path out, and from where.
typedef struct seeker {
    const imp_escape *escape;
    const imp_law *law;
    const imp_env *env;
    int steps; // that the path takes
} seeker;

// Drives a path in a copy of the environment; false if that ends the episode, or never ends.
static bool drive_path(seeker *who, imp_env *ahead, const imp_escape_path *path)
{
    int next = 0;
    imp_action action;
    for (who->steps = 0; who->steps < PATH_LENGTH; who->steps++) {
        if (!imp_escape_path_follow(path, &next, ahead, limits_of(who->law), &action))
            return true;
        if (imp_env_step(ahead, action).terminated)
            return false;
    }
    return false;
}

// Whether the law brings the robot away from where it is stuck once it has driven a path.
static bool leads_out(void *context, const imp_escape_path *path)
{
    seeker *who = context;
    imp_law law = *who->law;
    imp_env ahead;
    imp_env_copy(&ahead, who->env);
    const imp_vec2 anchor = who->escape->anchor;
    if (!drive_path(who, &ahead, path))
        return false;
    law.on_route = false;
    double progress = 0.0, left = PATH_TIME + 2.0 * PATH_PROGRESS / law.def.speed;
    for (; left > 0.0; left -= decision_time(&ahead)) {
        bool usual;
        const imp_action action = imp_law_steer(&law, &ahead, &usual);
        const imp_pose before = ahead.pose;
        if (imp_env_step(&ahead, action).terminated)
            return false;
        const imp_vec2 step = {ahead.pose.x - before.x, ahead.pose.z - before.z};
        progress += imp_vec2_dot(step, imp_route_ahead(&law.route, 0.0).tangent);
        if (progress > PATH_PROGRESS &&
            hypot(ahead.pose.x - anchor.x, ahead.pose.z - anchor.z) > PATH_AWAY)
            return true;
    }
    return false;
}

// Looks for a path out; true if there is one.
static bool find_path_out(imp_escape *e, const imp_law *law, const imp_env *env)
{
    imp_env rest;
    imp_env_copy(&rest, env);
    seeker who = {e, law, env, 0};
    if (!come_to_rest(&rest))
        return false;
    e->on_path = imp_escape_path_find(e->search, &rest, rest.pose, leads_out, &who, &e->path);
    if (!e->on_path) {
        e->failures += e->failures < DOUBLINGS_MAX;
        watch_anew(e, env);
        return false;
    }
    e->failures = 0;
    e->next = 0;
    e->left = 2 * who.steps + SPARE;
    return true;
}

// Whether the robot meets nothing and stays on the road if it goes on along its path.
static bool way_is_free(const imp_escape *e, const imp_law *law, const imp_env *env)
{
    imp_env ahead;
    imp_env_copy(&ahead, env);
    imp_action action;
    int next = e->next;
    for (int step = 0; step < PATH_SIGHT; step++) {
        if (!imp_escape_path_follow(&e->path, &next, &ahead, limits_of(law), &action))
            return true;
        if (imp_env_step(&ahead, action).terminated)
            return false;
    }
    return true;
}

// Goes on along the path out. False if that is over: at its end, or because it is not followed.
static bool go_on(imp_escape *e, const imp_law *law, const imp_env *env, imp_action *action)
{
    if (e->left-- <= 0 ||
        !imp_escape_path_follow(&e->path, &e->next, env, limits_of(law), action) ||
        imp_escape_path_distance(&e->path, e->next, env->pose) > PATH_ASIDE)
        return false;
    if (!way_is_free(e, law, env))
        *action = (imp_action){0.0, 0.0};
    return true;
}

bool imp_escape_act(imp_escape *e, imp_law *law, const imp_env *env, const imp_decision *last,
                    imp_action *action)
{
    watch(e, law, env, last);
    if (!e->on_path && (!is_stuck(e, law) || !find_path_out(e, law, env)))
        return false;
    law->waits_for = IMP_WAIT_NONE;
    if (follows(env, last) && go_on(e, law, env, action))
        return true;
    e->on_path = false;
    law->on_route = false;
    watch_anew(e, env);
    return false;
}
