// policy.h: threads of the library take turns at a policy in Python. A thread that waits for the
// GIL sleeps, and waking it takes longer than most policies do: so it spins for a while first.
#include <time.h>

static int32_t imp_python_act(void *context, const imp_policy_batch *batch, imp_action *actions);

typedef struct imp_python_policy {
    void *bridge; // handle of the Python object
    int busy;     // a thread is in the policy
} imp_python_policy;

static double imp_python_clock(void)
{
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    return (double)clock.tv_sec + 1e-9 * (double)clock.tv_nsec;
}

// act of an imp_callback_def whose context is an imp_python_policy. Who has waited too long goes on
// and waits for the GIL.
static int32_t imp_python_act_in_turn(void *context, const imp_policy_batch *batch,
                                      imp_action *actions)
{
    static const double spin_seconds = 200e-6;
    imp_python_policy *policy = context;
    const double end = imp_python_clock() + spin_seconds;
    int busy = __atomic_exchange_n(&policy->busy, 1, __ATOMIC_ACQUIRE);
    while (busy && imp_python_clock() < end)
        busy = __atomic_load_n(&policy->busy, __ATOMIC_RELAXED) ||
               __atomic_exchange_n(&policy->busy, 1, __ATOMIC_ACQUIRE);
    const int32_t code = imp_python_act(policy->bridge, batch, actions);
    if (!busy)
        __atomic_store_n(&policy->busy, 0, __ATOMIC_RELEASE);
    return code;
}
