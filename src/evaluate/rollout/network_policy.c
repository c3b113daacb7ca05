// A network as a policy: observation history in, two duty cycles out. Policies that are made
// together have a history each and share one inference, so that their actions are computed in one
// batch. The inference is batch-invariant: a policy's action has the same bits, whoever else acts
// with it.
#include "evaluate/rollout/network_policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/text/plural.h"
#include "imprint/doubt.h"

// Shared by policies that were created together.
typedef struct network_group {
    imp_inference *inference;
    int capacity; // of a batch
    int users;    // policies that are not destroyed yet
    imp_input_spec inputs;
    bool velocities;        // the network outputs velocities, not duty cycles
    const uint8_t **frames; // (capacity x inputs.frames) of a batch
    float *values;          // (capacity x imp_input_value_count())
    float *outputs;         // (capacity x 2)
} network_group;

// One policy: its own history, and the group that computes for it.
typedef struct network_policy {
    imp_policy policy;
    network_group *group;
    imp_obs_history *history;
    int place; // in the last batch
} network_policy;

// Accepts a group that was created in part.
static void destroy_network_group(network_group *group)
{
    imp_inference_destroy(group->inference);
    free(group->frames);
    free(group->values);
    free(group->outputs);
    free(group);
}

// An episode begins with an empty history.
static void network_policy_reset(imp_policy *policy, const imp_env *env)
{
    (void)env;
    imp_obs_history_reset(((network_policy *)policy)->history);
}

// Adds the current state to the policy's history and puts its input at place `index` of the batch.
static void update_history_and_fill_batch(network_policy *self, int index, const imp_env *env,
                                          const uint8_t *observation)
{
    network_group *group = self->group;
    // Places in the buffers of the batch follow from these sizes.
    const size_t frames = (size_t)group->inputs.frames;
    const size_t values = (size_t)imp_input_value_count(&group->inputs);
    // The executed action enters the history: it may be an expert's, or have noise.
    if (env->frame > 0)
        imp_obs_history_push_action(self->history, (float)env->action.left,
                                    (float)env->action.right);
    imp_obs_history_push_frame(self->history, observation);
    const imp_conditions conditions = imp_env_conditions(env);
    imp_obs_history_set_conditions(self->history, &conditions);
    memcpy(group->frames + (size_t)index * frames, imp_obs_history_frames(self->history),
           frames * sizeof *group->frames);
    // Frames are pointers into the history, actions are copied.
    if (values > 0)
        memcpy(group->values + (size_t)index * values, imp_obs_history_values(self->history),
               values * sizeof *group->values);
}

// Acts for many policies, in batches of the group's capacity.
static void network_policy_act_many(imp_policy *const *policies, int count,
                                    const imp_env *const *envs, const uint8_t *const *observations,
                                    imp_action *actions)
{
    network_group *group = ((network_policy *)policies[0])->group;
    for (int first = 0; first < count; first += group->capacity) {
        // The last batch may be smaller than the capacity.
        const int left = count - first, batch = left < group->capacity ? left : group->capacity;
        for (int k = 0; k < batch; k++)
            update_history_and_fill_batch((network_policy *)policies[first + k], k, envs[first + k],
                                          observations[first + k]);
        imp_inference_run_partial_batch(group->inference, batch, group->frames, group->values,
                                        group->outputs);
        for (int k = 0; k < batch; k++) {
            network_policy *self = (network_policy *)policies[first + k];
            actions[first + k] =
                imp_action_from_network(group->outputs + 2 * (size_t)k, group->velocities);
            self->place = k;
            self->policy.doubt = imp_inference_doubt(group->inference, k);
        }
    }
}

// A single policy is a batch of one, with the same bits.
static imp_action network_policy_act(imp_policy *policy, const imp_env *env,
                                     const uint8_t *observation)
{
    imp_action action;
    network_policy_act_many(&policy, 1, &env, &observation, &action);
    return action;
}

// The last policy of a group destroys the group.
static void network_policy_destroy(imp_policy *policy)
{
    network_policy *self = (network_policy *)policy;
    if (--self->group->users == 0)
        destroy_network_group(self->group);
    imp_obs_history_destroy(self->history);
    free(self);
}

// Creates the shared inference and the buffers of a batch.
static imp_status create_group(network_group **out, int capacity, const imp_network *network,
                               imp_error *err)
{
    // Sizes of the buffers follow from the inputs that the network takes.
    network_group *group = calloc(1, sizeof *group);
    if (group == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    group->capacity = capacity;
    group->inputs = *imp_network_inputs(network);
    group->velocities = imp_network_output_kind(network) == IMP_OUTPUT_VELOCITIES;
    // Networks may take images only: "+ 1" avoids an allocation of 0 bytes.
    const size_t batch = (size_t)capacity;
    group->frames = calloc(batch * (size_t)group->inputs.frames, sizeof *group->frames);
    group->values =
        calloc(batch * (size_t)imp_input_value_count(&group->inputs) + 1, sizeof *group->values);
    group->outputs = calloc(2 * batch, sizeof *group->outputs);
    imp_status status = IMP_OK;
    if (group->frames == NULL || group->values == NULL || group->outputs == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    else
        status = imp_inference_create(&group->inference, network, capacity, err);
    if (status != IMP_OK) {
        destroy_network_group(group);
        return status;
    }
    *out = group;
    return IMP_OK;
}

static const imp_policy_vtable NETWORK_POLICY = {.name = "network",
                                                 .needs_observation = true,
                                                 .reset = network_policy_reset,
                                                 .act = network_policy_act,
                                                 .act_many = network_policy_act_many,
                                                 .destroy = network_policy_destroy};

const imp_inference *imp_network_policy_inference(const imp_policy *policy, int *sample)
{
    const network_policy *self = (const network_policy *)policy;
    if (policy->vtable != &NETWORK_POLICY)
        return NULL;
    *sample = self->place;
    return self->group->inference;
}

// Creates one policy of the group.
static imp_status create_network_policy(imp_policy **out, network_group *group,
                                        const imp_network *network, imp_error *err)
{
    // The history of a policy depends on the network's inputs only.
    network_policy *self = calloc(1, sizeof *self);
    if (self == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    self->policy.vtable = &NETWORK_POLICY;
    self->policy.has_doubt = imp_inference_has_doubt(group->inference);
    self->group = group;
    const imp_status status = imp_obs_history_create(&self->history, network, err);
    if (status != IMP_OK) {
        free(self);
        return status;
    }
    group->users++;
    *out = &self->policy;
    return IMP_OK;
}

// All or none are created.
imp_status imp_network_policies_create(imp_policy **out, int count, const imp_network *network,
                                       imp_error *err)
{
    network_group *group;
    if (imp_network_info(network)->outputs != 2)
        return imp_fail(err, IMP_BAD_INPUT, "the model has %s, a policy needs 2",
                        IMP_PLURAL(imp_network_info(network)->outputs, "output"));
    imp_status status = create_group(&group, count, network, err);
    if (status != IMP_OK)
        return status;
    // Create them one by one, and count for the case of a failure.
    int made = 0;
    while (made < count && status == IMP_OK) {
        status = create_network_policy(&out[made], group, network, err);
        made += status == IMP_OK;
    }
    if (status == IMP_OK)
        return IMP_OK;
    if (made == 0)
        destroy_network_group(group);
    while (made > 0) // destroying the last one destroys the group
        imp_policy_destroy(out[--made]);
    return status;
}
