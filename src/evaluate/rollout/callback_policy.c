// Policies that call a function of the caller's, once for all episodes that a thread drives in lock
// step. Policies that are made together share a group: an array of states, and one of observations.
// Observations are handed over where they lie if they lie one behind the other, and are copied
// otherwise.
#include "evaluate/rollout/callback_policy.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate/rollout/policy_state.h"

enum { CALLBACK_COOKIE = 0xCA11B, IMAGE_SIDE_MAX = 8192 };

struct imp_callback {
    imp_callback_def def;
    char *name, *identity; // copies; identity is nullable
    imp_policy_vtable vtable;
    atomic_int next_slot; // of the next group; 0 again when no policy is left
    atomic_int policies;  // that are not destroyed yet
};

// Shared by policies that were created together.
typedef struct callback_group {
    imp_callback *callback;
    int capacity;
    int users;                // policies that are not destroyed yet
    imp_policy_state *states; // (capacity)
    uint8_t *observations;    // (capacity x height x width x 3); NULL if none are needed
} callback_group;

// One policy, which serves one episode at a time.
typedef struct callback_policy {
    imp_policy policy;
    callback_group *group;
    int slot;
    imp_path_ahead path;
    char failure[64]; // text that failure_reason points to
} callback_policy;

imp_callback_def imp_default_callback_def(void)
{
    return (imp_callback_def){
        .name = "callback",
        .batch = 4,
        .needs_observation = true,
        .needs_state = true,
        .width = 80,
        .height = 60,
        .cookie = CALLBACK_COOKIE,
    };
}

// A new episode clears an earlier failure.
static void callback_policy_reset(imp_policy *policy, const imp_env *env)
{
    callback_policy *self = (callback_policy *)policy;
    policy->failure_reason = NULL;
    imp_path_ahead_reset(&self->path, env);
}

// The observations as one array: where they are, if they lie one behind the other, or else a copy.
static const uint8_t *gather_observations(const callback_group *group, int count,
                                          const uint8_t *const *observations)
{
    const imp_callback_def *def = &group->callback->def;
    const size_t image = (size_t)def->width * (size_t)def->height * 3;
    bool contiguous = true;
    for (int k = 1; k < count; k++)
        contiguous = contiguous && observations[k] == observations[0] + (size_t)k * image;
    if (contiguous)
        return observations[0];
    for (int k = 0; k < count; k++)
        memcpy(group->observations + (size_t)k * image, observations[k], image);
    return group->observations;
}

// Calls the caller's function for policies of one group, at most its capacity.
static void call_back_for_batch(imp_policy *const *policies, int count, const imp_env *const *envs,
                                const uint8_t *const *observations, imp_action *actions)
{
    const callback_group *group = ((callback_policy *)policies[0])->group;
    const imp_callback_def *def = &group->callback->def;
    for (int k = 0; k < count; k++)
        actions[k] = (imp_action){0.0, 0.0};
    for (int k = 0; k < count && def->needs_state; k++) {
        callback_policy *self = (callback_policy *)policies[k];
        imp_policy_state_set_from_env(&group->states[k], &self->path, envs[k]);
        group->states[k].slot = self->slot;
    }
    const imp_policy_batch batch = {
        .count = count,
        .width = def->needs_observation ? def->width : 0,
        .height = def->needs_observation ? def->height : 0,
        .observations =
            def->needs_observation ? gather_observations(group, count, observations) : NULL,
        .states = def->needs_state ? group->states : NULL,
    };
    const int32_t code = def->act(def->context, &batch, actions);
    // Duty cycles beyond 1 are clipped as for any policy. After a failure all robots stand still.
    for (int k = 0; k < count; k++) {
        callback_policy *self = (callback_policy *)policies[k];
        actions[k] = code == 0 ? imp_action_clip(actions[k]) : (imp_action){0.0, 0.0};
        if (code == 0)
            continue;
        snprintf(self->failure, sizeof self->failure, "the callback returned %ld", (long)code);
        self->policy.failure_reason = self->failure;
    }
}

static void callback_policy_act_many(imp_policy *const *policies, int count,
                                     const imp_env *const *envs, const uint8_t *const *observations,
                                     imp_action *actions)
{
    const int capacity = ((callback_policy *)policies[0])->group->capacity;
    for (int first = 0; first < count; first += capacity) {
        const int left = count - first;
        call_back_for_batch(policies + first, left < capacity ? left : capacity, envs + first,
                            observations + first, actions + first);
    }
}

// A single policy is a batch of one.
static imp_action callback_policy_act(imp_policy *policy, const imp_env *env,
                                      const uint8_t *observation)
{
    imp_action action;
    call_back_for_batch(&policy, 1, &env, &observation, &action);
    return action;
}

// Accepts a group that was created in part.
static void destroy_group(callback_group *group)
{
    free(group->states);
    free(group->observations);
    free(group);
}

// The last policy of a group destroys the group.
static void callback_policy_destroy(imp_policy *policy)
{
    callback_group *group = ((callback_policy *)policy)->group;
    if (atomic_fetch_sub(&group->callback->policies, 1) == 1)
        atomic_store(&group->callback->next_slot, 0);
    if (--group->users == 0)
        destroy_group(group);
    free(policy);
}

// Refuses a definition that no batch could be made for.
static imp_status check_callback_def(const imp_callback_def *def, imp_error *err)
{
    if (def->cookie != CALLBACK_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "imp_callback_def was not made with imp_default_callback_def()");
    if (def->act == NULL || def->name == NULL)
        return imp_fail(err, IMP_USAGE, "a callback needs a function and a name: set act and name");
    if (def->needs_observation && (def->width < 1 || def->height < 1 ||
                                   def->width > IMAGE_SIDE_MAX || def->height > IMAGE_SIDE_MAX))
        return imp_fail(err, IMP_USAGE, "%s: cannot have observations of %d x %d: set the camera's",
                        def->name, def->width, def->height);
    if (imp_observation_kind_name((int)def->observation) == NULL)
        return imp_fail(err, IMP_USAGE, "%s: unknown kind of observation", def->name);
    return IMP_OK;
}

// The caller's functions stay where they are; only texts are copied.
imp_status imp_callback_create(imp_callback **out, const imp_callback_def *def, imp_error *err)
{
    const imp_status status = check_callback_def(def, err);
    if (status != IMP_OK)
        return status;
    imp_callback *callback = calloc(1, sizeof *callback);
    if (callback == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    // texts are copied: the definition may go
    callback->name = strdup(def->name);
    callback->identity = def->identity != NULL ? strdup(def->identity) : NULL;
    if (callback->name == NULL || (def->identity != NULL && callback->identity == NULL)) {
        imp_callback_destroy(callback);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    }
    callback->def = *def;
    callback->def.name = callback->name;
    callback->def.identity = callback->identity;
    // every policy of this callback shares the table
    callback->vtable = (imp_policy_vtable){.name = callback->name,
                                           .needs_observation = def->needs_observation,
                                           .reset = callback_policy_reset,
                                           .act = callback_policy_act,
                                           .act_many = callback_policy_act_many,
                                           .destroy = callback_policy_destroy};
    *out = callback;
    return IMP_OK;
}

void imp_callback_destroy(imp_callback *callback)
{
    if (callback == NULL)
        return;
    free(callback->name);
    free(callback->identity);
    free(callback);
}

const imp_callback_def *imp_callback_get_def(const imp_callback *callback)
{
    return &callback->def;
}

// The arrays that policies of one thread share.
static imp_status create_group(callback_group **out, int capacity, imp_callback *callback,
                               imp_error *err)
{
    const imp_callback_def *def = &callback->def;
    const size_t image = (size_t)def->width * (size_t)def->height * 3;
    callback_group *group = calloc(1, sizeof *group);
    if (group == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    group->callback = callback;
    group->capacity = capacity;
    group->states = calloc((size_t)capacity, sizeof *group->states);
    if (def->needs_observation)
        group->observations = malloc((size_t)capacity * image);
    if (group->states == NULL || (def->needs_observation && group->observations == NULL)) {
        destroy_group(group);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a batch of observations");
    }
    *out = group;
    return IMP_OK;
}

imp_status imp_callback_policies_create(imp_policy **out, int count, imp_callback *callback,
                                        imp_error *err)
{
    callback_group *group;
    const imp_status status = create_group(&group, count, callback, err);
    if (status != IMP_OK)
        return status;
    const int first_slot = atomic_fetch_add(&callback->next_slot, count);
    for (int k = 0; k < count; k++) {
        callback_policy *self = calloc(1, sizeof *self);
        if (self == NULL) {
            if (k == 0)
                destroy_group(group);
            while (k > 0) // destroying the last one destroys the group
                imp_policy_destroy(out[--k]);
            return imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
        }
        self->policy.vtable = &callback->vtable;
        self->group = group;
        self->slot = first_slot + k;
        group->users++;
        atomic_fetch_add(&callback->policies, 1);
        out[k] = &self->policy;
    }
    return IMP_OK;
}
