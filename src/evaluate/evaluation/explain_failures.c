// Why episodes failed. A failure is driven again from its recorded actions to any step, and goes on
// from there with the expert at the wheel. The steps before the failure are tried backward, at
// distances that double, until the expert drives on; bisection then finds the last such step. There
// the policy's actions are compared with the expert's in the same states.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "base/threads/thread_pool.h"
#include "evaluate/rollout/policy_state.h"
#include "imprint/failures.h"

enum { FAILURES_COOKIE = 0xFA17 };

static const char *const MISTAKES[] = {
#define IMP_MISTAKE_TEXT(name, text) text,
    IMP_MISTAKE_MAP(IMP_MISTAKE_TEXT)
#undef IMP_MISTAKE_TEXT
};

const char *imp_mistake_text(imp_mistake mistake)
{
    return mistake >= 0 && mistake < IMP_MISTAKE_COUNT ? MISTAKES[mistake] : "unknown";
}

static const char *const ROADS[] = {
#define IMP_ROAD_TEXT(name, text) text,
    IMP_ROAD_MAP(IMP_ROAD_TEXT)
#undef IMP_ROAD_TEXT
};

const char *imp_road_text(imp_road road)
{
    return road >= 0 && road < IMP_ROAD_COUNT ? ROADS[road] : "unknown";
}

imp_failures_def imp_default_failures_def(void)
{
    return (imp_failures_def){.horizon = 5.0,
                              .window = 0.3,
                              .expert = imp_default_expert_def(),
                              .cookie = FAILURES_COOKIE};
}

// One failure while it is examined. Environments are large, so they are allocated.
typedef struct examination {
    const imp_demonstration *drive;
    int horizon, window; // [steps]
    imp_world *world;
    imp_policy *expert;
    imp_env *start;   // before the first step
    imp_env *present; // where replay_until_step() ended, or what goes on from there
} examination;

static imp_action recorded_action(const imp_demonstration *drive, int step)
{
    return (imp_action){(double)drive->actions[2 * (size_t)step],
                        (double)drive->actions[2 * (size_t)step + 1]};
}

// Drives from the start to the state before a step.
static void replay_until_step(examination *x, int step)
{
    imp_env_copy(x->present, x->start);
    for (int k = 0; k < step; k++)
        imp_env_step(x->present, recorded_action(x->drive, k));
}

// Whether the expert, at the wheel from this step on, drives on for the horizon.
static bool can_expert_continue_from_step(examination *x, int step)
{
    replay_until_step(x, step);
    imp_policy_reset(x->expert, x->present);
    for (int k = 0; k < x->horizon; k++) {
        const imp_action action = imp_policy_act(x->expert, x->present, NULL);
        if (x->expert->failure_reason != NULL || imp_env_step(x->present, action).terminated)
            return false;
    }
    return true;
}

// The last step from which the expert drives on; -1 if there is none.
static int find_last_recoverable_step(examination *x)
{
    int lost = x->drive->steps, saved = -1;
    // backward, until the expert drives on
    for (int distance = 1; lost > 0 && saved < 0; distance *= 2) {
        const int step = x->drive->steps > distance ? x->drive->steps - distance : 0;
        if (can_expert_continue_from_step(x, step))
            saved = step;
        else
            lost = step;
    }
    // saved from `saved`, lost from `lost`
    while (saved >= 0 && lost - saved > 1) {
        const int middle = saved + (lost - saved) / 2;
        if (can_expert_continue_from_step(x, middle))
            saved = middle;
        else
            lost = middle;
    }
    return saved;
}

// Mean actions of the policy and of the expert, who looks on, over the window from a step on, whose
// state is the present one.
static void average_actions_after(imp_episode_failure *out, examination *x, int step)
{
    const int left = x->drive->steps - step, count = left < x->window ? left : x->window;
    imp_policy_reset(x->expert, x->present);
    for (int k = 0; k < count; k++) {
        const imp_action own = recorded_action(x->drive, step + k);
        const imp_action wanted = imp_policy_act(x->expert, x->present, NULL);
        out->policy.left += own.left / count;
        out->policy.right += own.right / count;
        out->expert.left += wanted.left / count;
        out->expert.right += wanted.right / count;
        imp_env_step(x->present, own);
    }
}

// Steering differs if it does by more than this [duty cycle].
static const double TURN_MIN = 0.1;

// Steering comes first: at a last chance the expert brakes as well, whatever led there.
static imp_mistake classify_mistake(imp_action policy, imp_action expert)
{
    const double left = policy.left - expert.left, right = policy.right - expert.right;
    const double turn = 0.5 * (right - left), speed = 0.5 * (right + left);
    if (fabs(turn) >= TURN_MIN || fabs(turn) >= fabs(speed))
        return turn >= 0.0 ? IMP_MISTAKE_LEFT : IMP_MISTAKE_RIGHT;
    return speed >= 0.0 ? IMP_MISTAKE_FAST : IMP_MISTAKE_SLOW;
}

// A curve has at least this mean curvature [1/m]; those of the tiles have about 2 to 5.
static const double CURVE_MIN = 0.8;

// The road within the points ahead that the state of a policy has.
static imp_road classify_road_ahead(const imp_env *env)
{
    imp_path_ahead path;
    imp_policy_state state;
    imp_path_ahead_reset(&path, env);
    imp_policy_state_set_from_env(&state, &path, env);
    if (imp_tile_is_intersection(imp_world_tile_at(env->world, env->pose.x, env->pose.z)))
        return IMP_ROAD_CROSSING;
    double sum = 0.0;
    int count = 0;
    for (int k = 0; k < IMP_STATE_PATH_POINTS && isfinite(state.curvature[k]); k++, count++)
        sum += state.curvature[k];
    if (count == 0)
        return IMP_ROAD_NONE;
    if (fabs(sum / count) < CURVE_MIN)
        return IMP_ROAD_STRAIGHT;
    return sum > 0.0 ? IMP_ROAD_LEFT : IMP_ROAD_RIGHT;
}

// Fills the state of the last chance: the present one.
static void store_last_recoverable_state(imp_episode_failure *out, const imp_env *env)
{
    out->pose = env->pose;
    out->road = classify_road_ahead(env);
    out->speed = env->speed;
    out->lane_distance = env->in_lane ? env->lane.distance : NAN;
    out->lane_angle = env->in_lane ? env->lane.angle : NAN;
}

// Makes what an examination needs. destroy_failure_examination() frees a part of it, too.
static imp_status create_failure_examination(examination *x, const imp_demonstration *drive,
                                             const imp_failures_def *def, imp_error *err)
{
    const double step = drive->env.drive.time_step * drive->env.frame_skip;
    *x = (examination){.drive = drive,
                       .horizon = (int)ceil(def->horizon / step),
                       .window = (int)fmax(1.0, def->window / step + 0.5),
                       .start = malloc(sizeof *x->start),
                       .present = malloc(sizeof *x->present)};
    if (x->start == NULL || x->present == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for an episode");
    IMP_TRY(imp_expert_create(&x->expert, &def->expert, err));
    IMP_TRY(imp_demonstration_load_world(&x->world, drive, err));
    IMP_TRY(imp_env_init(x->start, x->world, &drive->env, err));
    return imp_env_reset(x->start, drive->episode, err);
}

static void destroy_failure_examination(examination *x)
{
    imp_policy_destroy(x->expert);
    imp_world_destroy(x->world);
    free(x->start);
    free(x->present);
}

// Refuses times that cannot be driven.
static imp_status check_failures_def(const imp_failures_def *def, imp_error *err)
{
    if (def->cookie != FAILURES_COOKIE)
        return imp_fail(err, IMP_USAGE, "obtain the definition with imp_default_failures_def()");
    if (!(def->horizon > 0.0 && def->horizon <= 600.0))
        return imp_fail(err, IMP_USAGE, "horizon %g s is not within 0 to 600", def->horizon);
    if (!(def->window > 0.0 && def->window <= 60.0))
        return imp_fail(err, IMP_USAGE, "window %g s is not within 0 to 60", def->window);
    return IMP_OK;
}

// Examines a failure in what create_failure_examination() made.
static imp_status explain_drive(imp_episode_failure *out, examination *x, imp_end_reason ending,
                                imp_error *err)
{
    const imp_demonstration *drive = x->drive;
    replay_until_step(x, drive->steps);
    IMP_TRY(imp_demonstration_check_state(drive, drive->steps, x->present, err));
    const int chance = find_last_recoverable_step(x);
    *out = (imp_episode_failure){.ending = ending, .steps = drive->steps};
    out->last_chance = chance < 0 ? 0 : chance;
    out->margin =
        (drive->steps - out->last_chance) * drive->env.drive.time_step * drive->env.frame_skip;
    replay_until_step(x, out->last_chance);
    store_last_recoverable_state(out, x->present);
    average_actions_after(out, x, out->last_chance);
    out->mistake = chance < 0 ? IMP_MISTAKE_NONE : classify_mistake(out->policy, out->expert);
    return IMP_OK;
}

imp_status imp_explain_failure(imp_episode_failure *out, const imp_demonstration *drive,
                               imp_end_reason ending, const imp_failures_def *def, imp_error *err)
{
    examination x;
    IMP_TRY(check_failures_def(def, err));
    imp_status status = create_failure_examination(&x, drive, def, err);
    if (status == IMP_OK)
        status = explain_drive(out, &x, ending, err);
    destroy_failure_examination(&x);
    return status;
}

// ---- all failures of an evaluation --------------------------------------------------------------

// What the threads share. Failure k writes to its own entries only.
typedef struct failure_job {
    const imp_evaluation *evaluation;
    const imp_failures_def *def;
    const imp_monitor *monitor;
    imp_failure_list *out;
    imp_error *errors; // (count)
} failure_job;

// Failures of the world's rules. Where a policy itself gave up, no action is to blame.
static bool is_failure(const imp_episode_result *result)
{
    return imp_episode_terminated(result) && result->ending != IMP_END_NONE &&
           result->ending != IMP_END_POLICY_FAILED;
}

// Job of the thread pool: explains failure `index`, whose episode is known.
static void explain_failure_on_thread(void *context, int index, int worker)
{
    failure_job *job = context;
    imp_episode_failure *failure = &job->out->items[index];
    const int episode = failure->episode;
    const imp_episode_result *result = &job->evaluation->results[episode];
    if (imp_monitor_should_stop(job->monitor)) {
        imp_fail(&job->errors[index], IMP_INTERRUPTED, "interrupted");
        return;
    }
    (void)imp_explain_failure(failure, result->drive, result->ending, job->def,
                              &job->errors[index]);
    failure->episode = episode;
    if (worker == 0) {
        const imp_progress progress = {"explain", "failures", index, job->out->count, NULL};
        imp_monitor_progress(job->monitor, &progress);
    }
}

// Lists the failures that have a drive.
static imp_status collect_failed_episodes(failure_job *job, imp_error *err)
{
    const imp_evaluation *e = job->evaluation;
    imp_failure_list *out = job->out;
    // "+ 1" avoids allocations of 0 bytes
    out->items = calloc((size_t)e->episodes + 1, sizeof *out->items);
    out->causes = calloc((size_t)e->episodes + 1, sizeof *out->causes);
    job->errors = calloc((size_t)e->episodes + 1, sizeof *job->errors);
    if (out->items == NULL || out->causes == NULL || job->errors == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(e->episodes, "episode"));
    for (int k = 0; k < e->episodes; k++) {
        if (!is_failure(&e->results[k]))
            continue;
        out->failed++;
        if (e->results[k].drive != NULL)
            out->items[out->count++].episode = k;
    }
    return IMP_OK;
}

static bool is_same_cause(const imp_failure_cause *cause, const imp_episode_failure *failure)
{
    return cause->mistake == failure->mistake && cause->road == failure->road &&
           cause->ending == failure->ending;
}

// The most frequent first; equally frequent ones in a fixed order.
static int compare_causes(const void *a, const void *b)
{
    const imp_failure_cause *p = a, *q = b;
    if (p->count != q->count)
        return p->count > q->count ? -1 : 1;
    if (p->mistake != q->mistake)
        return p->mistake < q->mistake ? -1 : 1;
    if (p->road != q->road)
        return p->road < q->road ? -1 : 1;
    return p->ending < q->ending ? -1 : p->ending > q->ending;
}

// Groups failures by what they have in common. There are few causes, so a list is searched.
static void count_causes(imp_failure_list *list)
{
    for (int k = 0; k < list->count; k++) {
        const imp_episode_failure *failure = &list->items[k];
        int c = 0;
        while (c < list->cause_count && !is_same_cause(&list->causes[c], failure))
            c++;
        imp_failure_cause *cause = &list->causes[c];
        if (c == list->cause_count) {
            list->cause_count++;
            *cause = (imp_failure_cause){failure->mistake, failure->road, failure->ending, 0, 0.0};
        }
        cause->count++;
        cause->margin += (failure->margin - cause->margin) / cause->count;
    }
    qsort(list->causes, (size_t)list->cause_count, sizeof *list->causes, compare_causes);
}

static int compare_numbers(const void *a, const void *b)
{
    const double p = *(const double *)a, q = *(const double *)b;
    return p < q ? -1 : p > q;
}

// The median of the margins of those that could be saved.
static imp_status compute_median_margin(imp_failure_list *list, imp_error *err)
{
    size_t count = 0;
    double *margins = calloc((size_t)list->count + 1, sizeof *margins);
    if (margins == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(list->count, "failure"));
    for (int k = 0; k < list->count; k++)
        if (list->items[k].mistake != IMP_MISTAKE_NONE)
            margins[count++] = list->items[k].margin;
    qsort(margins, count, sizeof *margins, compare_numbers);
    list->margin = count == 0 ? NAN : 0.5 * (margins[(count - 1) / 2] + margins[count / 2]);
    free(margins);
    return IMP_OK;
}

// Explains what collect_failed_episodes() found.
static imp_status explain_listed_failures(failure_job *job, imp_error *err)
{
    imp_thread_pool *pool;
    IMP_TRY(imp_thread_pool_create(&pool, job->def->threads, err));
    imp_thread_pool_run(pool, job->out->count, explain_failure_on_thread, job);
    imp_thread_pool_destroy(pool);
    for (int k = 0; k < job->out->count; k++)
        if (job->errors[k].status != IMP_OK)
            return imp_fail(err, job->errors[k].status, "episode %d: %s",
                            job->out->items[k].episode, job->errors[k].message);
    count_causes(job->out);
    return compute_median_margin(job->out, err);
}

imp_status imp_explain_failures(imp_failure_list *out, const imp_evaluation *evaluation,
                                const imp_failures_def *def, const imp_monitor *monitor,
                                imp_error *err)
{
    failure_job job = {evaluation, def, monitor, out, NULL};
    *out = (imp_failure_list){0};
    IMP_TRY(check_failures_def(def, err));
    imp_status status = collect_failed_episodes(&job, err);
    if (status == IMP_OK)
        status = explain_listed_failures(&job, err);
    free(job.errors);
    if (status != IMP_OK)
        imp_failure_list_free(out);
    return status;
}

void imp_failure_list_free(imp_failure_list *list)
{
    if (list == NULL)
        return;
    free(list->items);
    free(list->causes);
    *list = (imp_failure_list){0};
}
