#include "imprint/policy.h"

void imp_policy_begin(imp_policy *policy, const imp_env *env)
{
    policy->class->begin(policy, env);
}

imp_action imp_policy_act(imp_policy *policy, const imp_env *env, const uint8_t *observation)
{
    return policy->class->act(policy, env, observation);
}

void imp_policy_destroy(imp_policy *policy)
{
    if (policy != NULL)
        policy->class->destroy(policy);
}
