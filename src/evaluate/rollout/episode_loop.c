// The loop of every episode: render the state if anybody looks at it, and ask the policy and the
// label expert. Then let exploration change the action, step the environment, and call the
// observers around it. The order of these calls is fixed, because noise is drawn in that order.
//
// A thread drives one episode at a time, although networks could act on batches (act_many): eight
// episodes in lock step take 8 % more time than one after the other. Drawing the ground takes half
// as much again, because eight places of the map push each other's textures out of the cache, and
// a batch saves less than that.
#include "evaluate/rollout/episode_loop.h"

#include <assert.h>

// The loop borrows all that a worker owns; the stride of 0 reuses one image.
imp_episode_loop_def imp_episode_loop_of_worker(imp_rollout_workers *workers, int worker)
{
    imp_rollout_worker *self = &workers->items[worker];
    return (imp_episode_loop_def){
        .workers = workers,
        .worker = worker,
        .sim = self->sim,
        .policy = self->policy,
        .label_expert = self->label_expert,
        .observations = self->observation,
    };
}

void imp_episode_loop_add_observer(imp_episode_loop_def *loop, imp_episode_observer observer)
{
    assert(loop->observer_count < IMP_EPISODE_OBSERVERS_MAX);
    loop->observers[loop->observer_count++] = observer;
}

// The state of what is driven.
static const imp_env *env_of_loop(const imp_episode_loop_def *loop)
{
    return loop->env != NULL ? loop->env : imp_sim_env(loop->sim);
}

// Renders the present state as image number `index` of the episode.
static const uint8_t *render_observation(const imp_episode_loop_def *loop, size_t index)
{
    uint8_t *image = loop->observations + index * loop->observation_stride;
    imp_sim_observe(loop->sim, image);
    return image;
}

// An observer may need images even where the policy sees none.
static bool any_observer_needs_observations(const imp_episode_loop_def *loop)
{
    for (int k = 0; k < loop->observer_count; k++)
        if (loop->observers[k].needs_observations)
            return true;
    return false;
}

// Resets the policies before the observers begin, in this order.
static void begin_episode(const imp_episode_loop_def *loop)
{
    const imp_env *env = env_of_loop(loop);
    imp_policy_reset(loop->policy, env);
    if (loop->label_expert != NULL)
        imp_policy_reset(loop->label_expert, env);
    for (int k = 0; k < loop->observer_count; k++)
        if (loop->observers[k].begin != NULL)
            loop->observers[k].begin(loop->observers[k].context, env);
}

// Executes the policy's choice, or what exploration makes of it.
static void step_environment(const imp_episode_loop_def *loop, imp_action chosen, imp_action expert)
{
    const imp_env *env = env_of_loop(loop);
    // Exploration sees both actions, and may draw noise.
    imp_transition transition = {.chosen = chosen, .expert = expert};
    const imp_action action =
        loop->explore == NULL ? chosen : loop->explore(loop->explore_context, env, chosen, expert);
    transition.result =
        loop->env != NULL ? imp_env_step(loop->env, action) : imp_sim_step(loop->sim, action);
    // The environment may drop an action or add noise, so the executed one is read from it.
    transition.executed = env->action;
    for (int k = 0; k < loop->observer_count; k++)
        if (loop->observers[k].after_step != NULL)
            loop->observers[k].after_step(loop->observers[k].context, env, &transition);
}

// Calls the observers a last time, with an image of the last state if one of them wants it.
static void end_episode(const imp_episode_loop_def *loop, size_t steps, imp_end_reason ending)
{
    const uint8_t *image = NULL;
    for (int k = 0; k < loop->observer_count && image == NULL; k++)
        if (loop->observers[k].observe_last)
            image = render_observation(loop, steps);
    for (int k = 0; k < loop->observer_count; k++)
        if (loop->observers[k].end != NULL)
            loop->observers[k].end(loop->observers[k].context, env_of_loop(loop), image, ending);
}

// Reports the step. Steps that are not counted only look now and then for a request to stop.
static bool count_step_and_check_stop(const imp_episode_loop_def *loop, size_t steps)
{
    // A look at the flag costs little, but the monitor of the caller may be slow.
    enum { STEPS_BETWEEN_STOPS = 64 };
    if (!loop->uncounted)
        return imp_rollout_workers_count_step(loop->workers, loop->worker);
    return steps % STEPS_BETWEEN_STOPS != 0 ||
           imp_rollout_workers_poll_stop(loop->workers, loop->worker);
}

const char *imp_episode_loop_fail_reason(const imp_episode_loop_def *loop)
{
    const imp_policy *expert = loop->label_expert;
    return loop->policy->failure_reason != NULL || expert == NULL ? loop->policy->failure_reason
                                                                  : expert->failure_reason;
}

imp_status imp_episode_loop_run(const imp_episode_loop_def *loop, imp_error *err)
{
    // Images are rendered only if something reads them; rendering is the most expensive part.
    const bool expert_looks =
        loop->label_expert != NULL && loop->label_expert->vtable->needs_observation;
    const bool looks = loop->policy->vtable->needs_observation || expert_looks ||
                       any_observer_needs_observations(loop);
    const imp_env *env = env_of_loop(loop);
    imp_end_reason ending = loop->ending;
    size_t steps = 0;
    begin_episode(loop);
    while (ending == IMP_END_NONE) {
        // show the state to the observers and to the policy
        const uint8_t *image = looks ? render_observation(loop, steps) : NULL;
        for (int k = 0; k < loop->observer_count; k++)
            if (loop->observers[k].before_step != NULL)
                loop->observers[k].before_step(loop->observers[k].context, env, image);
        const imp_action chosen = imp_policy_act(loop->policy, env, image);
        // Without a label expert, exploration sees the policy's own action in its place.
        const imp_action expert =
            loop->label_expert != NULL
                ? imp_policy_act(loop->label_expert, env, expert_looks ? image : NULL)
                : chosen;
        if (imp_episode_loop_fail_reason(loop) != NULL) {
            ending = IMP_END_POLICY_FAILED;
            break;
        }

        // A step counts even if it ended the episode.
        step_environment(loop, chosen, expert);
        ending = env->ending;
        if (!count_step_and_check_stop(loop, ++steps))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    }
    end_episode(loop, steps, ending);
    return IMP_OK;
}
