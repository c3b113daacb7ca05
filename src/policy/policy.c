#include "imprint/policy.h"

const char *imp_wait_name(imp_wait wait)
{
    static const char *const words[] = {
#define IMP_WAIT_WORD(name, word) [name] = (word),
        IMP_WAIT_MAP(IMP_WAIT_WORD)
#undef IMP_WAIT_WORD
    };
    return (unsigned)wait < IMP_WAIT_COUNT ? words[wait] : "unknown";
}

void imp_policy_begin(imp_policy *policy, const imp_env *env)
{
    policy->waits_for = IMP_WAIT_NONE;
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
