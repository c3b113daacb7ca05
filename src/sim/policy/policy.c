// Calls through a policy's function table. Experts, networks and users' own policies all implement
// this table, so that rollouts, collection and evaluation treat them alike. A policy's state
// between steps is its own; this file keeps none.
#include "imprint/policy.h"

const char *imp_wait_reason_name(imp_wait_reason wait)
{
    static const char *const names[] = {
#define IMP_WAIT_STRING(name, word) [name] = (word),
        IMP_WAIT_MAP(IMP_WAIT_STRING)
#undef IMP_WAIT_STRING
    };
    // the cast also rejects negative numbers
    return (unsigned)wait < IMP_WAIT_COUNT ? names[wait] : "unknown";
}

void imp_policy_reset(imp_policy *policy, const imp_env *env)
{
    // a policy that never waits need not set this
    policy->wait_reason = IMP_WAIT_NONE;
    policy->vtable->reset(policy, env);
}

imp_action imp_policy_act(imp_policy *policy, const imp_env *env, const uint8_t *observation)
{
    return policy->vtable->act(policy, env, observation);
}

void imp_policy_act_many(imp_policy *const *policies, int count, const imp_env *const *envs,
                         const uint8_t *const *observations, imp_action *actions)
{
    if (count > 1 && policies[0]->vtable->act_many != NULL) {
        policies[0]->vtable->act_many(policies, count, envs, observations, actions);
        return;
    }
    for (int k = 0; k < count; k++)
        actions[k] = imp_policy_act(policies[k], envs[k], observations[k]);
}

void imp_policy_destroy(imp_policy *policy)
{
    if (policy != NULL)
        policy->vtable->destroy(policy);
}
