// Episodes whose wheels are pushed now and then. A push holds duty cycles that are drawn for it,
// and brings the robot where its policy would seldom come. A decision is kept if neither a push nor
// the end of the longest episode comes within IMP_DOUBT_HORIZON. It waits in the slot until its
// fate is known: safe when that time has passed, failing when the episode terminates before. Of the
// decisions every fourth is looked at, since neighbours are alike.
#include "learn/doubt_fit/pushes.h"

#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "evaluate/rollout/network_policy.h"
#include "imprint/doubt.h"

enum { KEPT_OF = 4 };

// Times between pushes, and their longest and shortest lengths [s]; duty cycles of a wheel; and the
// distances from the lane's centre, to the right and to the left, that end a push [m].
static const double PAUSE_MIN = 2.3, PAUSE_MAX = 3.3, PUSH_MIN = 0.2, PUSH_MAX = 1.2;
static const double DUTY_MIN = -0.2, DUTY_MAX = 1.0;
static const double ASIDE_MIN = 0.02, RIGHT_MAX = 0.14, LEFT_MAX = 0.4;

// What a slot drives.
typedef struct pushed_episode {
    const imp_policy *policy;
    int features;
    imp_random random; // draws pushes
    double begin, end; // of the present push or the next one [s]
    imp_action push;
    double right, left; // distances that end it [m]
    double time;        // of the present decision [s]
    float *values;      // (capacity x features) of decisions, the safe ones first
    double *times;      // (capacity)
    int capacity;
    int safe, count; // decisions whose fate is known, and those with the ones that wait
} pushed_episode;

// What all threads share.
typedef struct pushed_drives {
    imp_rollout_workers *workers;
    imp_decision_list *out;
    pushed_episode *slots;
    int features;
    imp_error *errors; // (threads) the first of each
} pushed_drives;

static void draw_push(pushed_episode *e, double after)
{
    e->begin = after + imp_random_uniform(&e->random, PAUSE_MIN, PAUSE_MAX);
    e->end = e->begin + imp_random_uniform(&e->random, PUSH_MIN, PUSH_MAX);
    e->push.left = imp_random_uniform(&e->random, DUTY_MIN, DUTY_MAX);
    e->push.right = imp_random_uniform(&e->random, DUTY_MIN, DUTY_MAX);
    e->right = imp_random_uniform(&e->random, ASIDE_MIN, RIGHT_MAX);
    e->left = imp_random_uniform(&e->random, ASIDE_MIN, LEFT_MAX);
}

// Observer: an episode begins, with a first push at once in half of the episodes.
static void begin_decisions(void *context, const imp_env *env)
{
    pushed_episode *e = context;
    e->random = imp_random_stream(env->def.seed, env->def.index, env->episode, IMP_PURPOSE_NOISE);
    e->safe = e->count = 0;
    draw_push(e, imp_random_uniform(&e->random, 0.0, 1.0) < 0.5 ? -PAUSE_MAX : 0.0);
    if (e->begin < 0.0) {
        e->end -= e->begin;
        e->begin = 0.0;
    }
}

// Decisions that are older than the horizon are safe.
static void settle_safe_decisions(pushed_episode *e, double time)
{
    while (e->safe < e->count && time - e->times[e->safe] > IMP_DOUBT_HORIZON + 1e-6)
        e->safe++;
}

// Observer: notes when a decision is made, before the policy acts.
static void note_decision_time(void *context, const imp_env *env, const uint8_t *observation)
{
    pushed_episode *e = context;
    (void)observation;
    e->time = env->drive.time;
    settle_safe_decisions(e, e->time);
    const bool aside = e->time > e->begin && (!env->in_lane || env->lane.distance > e->right ||
                                              env->lane.distance < -e->left);
    if (e->time >= e->end || aside)
        draw_push(e, e->time);
}

// Hook of the loop: executes the push instead of the policy's choice, or keeps the decision.
static imp_action push_or_keep_decision(void *context, const imp_env *env, imp_action chosen,
                                        imp_action expert)
{
    pushed_episode *e = context;
    (void)expert;
    const double longest = env->def.max_steps * env->def.drive.time_step;
    const double undisturbed = e->begin < longest ? e->begin : longest;
    if (e->time >= e->begin)
        return e->push;
    if (env->frame / env->def.frame_skip % KEPT_OF != 0 || e->count == e->capacity ||
        e->time + IMP_DOUBT_HORIZON > undisturbed + 1e-6)
        return chosen;
    int sample;
    const imp_inference *inference = imp_network_policy_inference(e->policy, &sample);
    imp_inference_read_features(inference, sample,
                                e->values + (size_t)e->count * (size_t)e->features);
    e->times[e->count++] = e->time;
    return chosen;
}

static imp_status begin_episode(void *context, int index, int slot, imp_episode_loop_def *out,
                                imp_error *err)
{
    pushed_drives *all = context;
    pushed_episode *e = &all->slots[slot];
    IMP_TRY(
        imp_rollout_slot_reset_sim(all->workers, &all->workers->slots[slot], (uint32_t)index, err));
    *out = imp_episode_loop_def_of_slot(all->workers, slot);
    out->explore = push_or_keep_decision;
    out->explore_context = e;
    imp_episode_loop_add_observer(out, (imp_episode_observer){.context = e,
                                                              .begin = begin_decisions,
                                                              .before_step = note_decision_time});
    return IMP_OK;
}

// Takes the decisions of an episode whose fate is known.
static void finish_episode(void *context, int index, int slot, const imp_error *error)
{
    pushed_drives *all = context;
    pushed_episode *e = &all->slots[slot];
    const imp_env *env = all->workers->slots[slot].env;
    imp_error *first = &all->errors[slot / all->workers->batch];
    if (error->status != IMP_OK) {
        *first = first->status == IMP_OK ? *error : *first;
        return;
    }
    settle_safe_decisions(e, env->drive.time);
    const bool terminated = env->ending != IMP_END_MAX_STEPS && env->ending != IMP_END_ARRIVED;
    const int count = terminated ? e->count : e->safe;
    const size_t values = (size_t)count * (size_t)e->features;
    imp_decision_list *list = &all->out[index];
    list->features = malloc((values + 1) * sizeof *list->features);
    if (list->features == NULL) {
        imp_fail(first, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(count, "decision"));
        return;
    }
    if (values > 0)
        memcpy(list->features, e->values, values * sizeof *list->features);
    list->count = count;
    list->failing = count - e->safe;
}

static imp_status alloc_slots(pushed_drives *all, int steps, imp_error *err)
{
    const int slots = all->workers->threads * all->workers->batch;
    all->slots = calloc((size_t)slots, sizeof *all->slots);
    all->errors = calloc((size_t)all->workers->threads, sizeof *all->errors);
    bool failed = all->slots == NULL || all->errors == NULL;
    for (int k = 0; k < slots && !failed; k++) {
        pushed_episode *e = &all->slots[k];
        int sample;
        const imp_inference *inference =
            imp_network_policy_inference(all->workers->slots[k].policy, &sample);
        if (inference == NULL || imp_inference_feature_count(inference) == 0)
            return imp_fail(err, IMP_BAD_INPUT,
                            "%s: has no hidden vector of at most 256 values between dense layers, "
                            "which doubt is computed from",
                            all->workers->progress.task);
        e->policy = all->workers->slots[k].policy;
        e->features = all->features = imp_inference_feature_count(inference);
        e->capacity = steps / KEPT_OF + 1;
        e->times = malloc((size_t)e->capacity * sizeof *e->times);
        e->values = malloc((size_t)e->capacity * (size_t)e->features * sizeof *e->values);
        failed = e->times == NULL || e->values == NULL;
    }
    return failed ? imp_fail(err, IMP_NO_MEMORY, "out of memory for the decisions of %s",
                             IMP_PLURAL(steps, "step"))
                  : IMP_OK;
}

imp_status imp_drive_with_pushes(imp_decision_list *out, int episodes, int steps, int *features,
                                 imp_rollout_workers *workers, imp_error *err)
{
    pushed_drives all = {.workers = workers, .out = out};
    imp_status status = alloc_slots(&all, steps, err);
    if (status == IMP_OK)
        imp_run_episodes(workers, episodes,
                         &(imp_episode_task){&all, begin_episode, finish_episode});
    *features = all.features;
    for (int k = 0; k < workers->threads && status == IMP_OK; k++)
        if (all.errors[k].status != IMP_OK)
            status = imp_fail(err, all.errors[k].status, "%s", all.errors[k].message);
    for (int k = 0; k < workers->threads * workers->batch && all.slots != NULL; k++) {
        free(all.slots[k].values);
        free(all.slots[k].times);
    }
    free(all.slots);
    free(all.errors);
    return status;
}
