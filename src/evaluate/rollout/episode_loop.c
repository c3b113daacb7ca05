// The loop of every episode: render the state if anybody looks at it, and ask the policy and the
// label expert. Then let exploration change the action, step the environment, and call the
// observers around it. The order of these calls is fixed, because noise is drawn in that order.
//
// Several episodes of one thread can be driven in lock step, so that their policies act together.
// An episode does not know of the others: what is called for it, and in which order, is the same.
#include "evaluate/rollout/episode_loop.h"

#include <assert.h>

// The loop borrows all that a slot owns; the stride of 0 reuses one image.
imp_episode_loop_def imp_episode_loop_def_of_slot(imp_rollout_workers *workers, int slot)
{
    imp_rollout_slot *self = &workers->slots[slot];
    return (imp_episode_loop_def){
        .workers = workers,
        .worker = slot / workers->batch,
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
    imp_rollout_workers_render_observation(loop->workers, loop->worker, loop->sim, image);
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
void imp_episode_run_begin(imp_episode_run *run)
{
    const imp_episode_loop_def *loop = &run->def;
    const imp_env *env = env_of_loop(loop);
    run->ending = loop->ending;
    run->steps = 0;
    imp_policy_reset(loop->policy, env);
    if (loop->label_expert != NULL)
        imp_policy_reset(loop->label_expert, env);
    for (int k = 0; k < loop->observer_count; k++)
        if (loop->observers[k].begin != NULL)
            loop->observers[k].begin(loop->observers[k].context, env);
}

// Whether the label expert, if there is one, needs images.
static bool does_label_expert_need_images(const imp_episode_loop_def *loop)
{
    return loop->label_expert != NULL && loop->label_expert->vtable->needs_observation;
}

// Shows the present state to the observers. Images are rendered only if something reads them;
// rendering is the most expensive part.
static void render_and_notify_observers(imp_episode_run *run)
{
    const imp_episode_loop_def *loop = &run->def;
    const bool looks = loop->policy->vtable->needs_observation ||
                       does_label_expert_need_images(loop) || any_observer_needs_observations(loop);
    run->image = looks ? render_observation(loop, run->steps) : NULL;
    for (int k = 0; k < loop->observer_count; k++)
        if (loop->observers[k].before_step != NULL)
            loop->observers[k].before_step(loop->observers[k].context, env_of_loop(loop),
                                           run->image);
}

// Asks the policies of all episodes together, and then the label experts.
static void choose_actions(imp_episode_run *const *runs, int count)
{
    imp_policy *policies[IMP_POLICY_BATCH_MAX], *experts[IMP_POLICY_BATCH_MAX];
    const imp_env *envs[IMP_POLICY_BATCH_MAX];
    const uint8_t *images[IMP_POLICY_BATCH_MAX];
    imp_action actions[IMP_POLICY_BATCH_MAX];
    if (count < 1)
        return;
    const imp_episode_loop_def *first = &runs[0]->def;
    for (int k = 0; k < count; k++) {
        policies[k] = runs[k]->def.policy;
        experts[k] = runs[k]->def.label_expert;
        envs[k] = env_of_loop(&runs[k]->def);
        images[k] = runs[k]->image;
    }
    imp_policy_act_many(policies, count, envs, images, actions);
    // Without a label expert, exploration sees the policy's own action in its place.
    for (int k = 0; k < count; k++)
        runs[k]->chosen = runs[k]->expert = actions[k];
    if (first->label_expert == NULL)
        return;
    for (int k = 0; k < count && !does_label_expert_need_images(first); k++)
        images[k] = NULL;
    imp_policy_act_many(experts, count, envs, images, actions);
    for (int k = 0; k < count; k++)
        runs[k]->expert = actions[k];
}

// Executes the policy's choice, or what exploration makes of it.
static void step_environment(const imp_episode_run *run)
{
    const imp_episode_loop_def *loop = &run->def;
    const imp_env *env = env_of_loop(loop);
    // Exploration sees both actions, and may draw noise.
    imp_transition transition = {.chosen = run->chosen, .expert = run->expert};
    const imp_action action =
        loop->explore == NULL ? run->chosen
                              : loop->explore(loop->explore_context, env, run->chosen, run->expert);
    transition.result =
        loop->env != NULL ? imp_env_step(loop->env, action) : imp_sim_step(loop->sim, action);
    // The environment may drop an action or add noise, so the executed one is read from it.
    transition.executed = env->action;
    for (int k = 0; k < loop->observer_count; k++)
        if (loop->observers[k].after_step != NULL)
            loop->observers[k].after_step(loop->observers[k].context, env, &transition);
}

// An image of the last state is rendered if one of the observers wants it.
void imp_episode_run_end(const imp_episode_run *run)
{
    const imp_episode_loop_def *loop = &run->def;
    const uint8_t *image = NULL;
    for (int k = 0; k < loop->observer_count && image == NULL; k++)
        if (loop->observers[k].observe_last)
            image = render_observation(loop, run->steps);
    for (int k = 0; k < loop->observer_count; k++)
        if (loop->observers[k].end != NULL)
            loop->observers[k].end(loop->observers[k].context, env_of_loop(loop), image,
                                   run->ending);
}

// Reports steps. Those that are not counted only look now and then for a request to stop.
static bool count_steps_and_check_stop(const imp_episode_run *run, int stepped)
{
    // A look at the flag costs little, but the monitor of the caller may be slow.
    enum { STEPS_BETWEEN_STOPS = 64 };
    const imp_episode_loop_def *loop = &run->def;
    if (!loop->uncounted)
        return imp_rollout_workers_count_steps(loop->workers, loop->worker, stepped);
    return run->steps % STEPS_BETWEEN_STOPS != 0 ||
           imp_rollout_workers_poll_stop(loop->workers, loop->worker);
}

const char *imp_episode_loop_fail_reason(const imp_episode_loop_def *loop)
{
    const imp_policy *expert = loop->label_expert;
    return loop->policy->failure_reason != NULL || expert == NULL ? loop->policy->failure_reason
                                                                  : expert->failure_reason;
}

imp_status imp_episode_run_step_many(imp_episode_run *const *runs, int count, imp_error *err)
{
    for (int k = 0; k < count; k++)
        render_and_notify_observers(runs[k]);
    choose_actions(runs, count);
    int stepped = 0;
    for (int k = 0; k < count; k++) {
        imp_episode_run *run = runs[k];
        if (imp_episode_loop_fail_reason(&run->def) != NULL) {
            run->ending = IMP_END_POLICY_FAILED;
            continue;
        }
        // A step counts even if it ended the episode.
        step_environment(run);
        run->ending = env_of_loop(&run->def)->ending;
        run->steps++;
        stepped++;
    }
    return stepped == 0 || count_steps_and_check_stop(runs[0], stepped)
               ? IMP_OK
               : imp_fail(err, IMP_INTERRUPTED, "interrupted");
}

imp_status imp_episode_loop_run(const imp_episode_loop_def *loop, imp_error *err)
{
    imp_episode_run run = {.def = *loop}, *const runs[1] = {&run};
    imp_status status = IMP_OK;
    imp_episode_run_begin(&run);
    while (run.ending == IMP_END_NONE && status == IMP_OK)
        status = imp_episode_run_step_many(runs, 1, err);
    if (status == IMP_OK)
        imp_episode_run_end(&run);
    return status;
}
