// The instruction set of this process: what the processor has, limited by the environment variable
// IMPRINT_INSTRUCTION_SET. Both are read at the first question and kept in one word. Threads that
// ask at the same time store the same word, so no lock is needed.
#include "base/processor.h"

#include "imprint/base.h"

#include <stdlib.h>
#include <string.h>

#define VARIABLE "IMPRINT_INSTRUCTION_SET"

enum { PLAIN, AVX2, AVX512, SETS };

static const char *const NAMES[SETS] = {"plain", "avx2", "avx512"};

// What each set permits.
static const unsigned PERMITTED[SETS] = {
    0,
    IMP_PROCESSOR_AVX2,
    IMP_PROCESSOR_AVX2 | IMP_PROCESSOR_AVX512 | IMP_PROCESSOR_VBMI | IMP_PROCESSOR_GATHERS,
};

atomic_uint imp_processor_features;

static unsigned ask_processor(void)
{
    unsigned features = 0;
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2"))
        return 0;
    features = IMP_PROCESSOR_AVX2;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
        return features;
    features |= IMP_PROCESSOR_AVX512;
    if (__builtin_cpu_supports("avx512vbmi"))
        features |= IMP_PROCESSOR_VBMI;
    if (__builtin_cpu_is("intel"))
        features |= IMP_PROCESSOR_GATHERS;
#endif
    return features;
}

static int best_set(unsigned features)
{
    return features & IMP_PROCESSOR_AVX512 ? AVX512 : features & IMP_PROCESSOR_AVX2 ? AVX2 : PLAIN;
}

// The set that the environment asks for; SETS if it does not, -1 if there is no such set.
static int wanted_set(void)
{
    const char *name = getenv(VARIABLE);
    if (name == NULL)
        return SETS;
    for (int set = 0; set < SETS; set++)
        if (strcmp(name, NAMES[set]) == 0)
            return set;
    return -1;
}

unsigned imp_processor_ask(void)
{
    const int wanted = wanted_set();
    unsigned features = ask_processor();
    if (wanted >= 0 && wanted < SETS)
        features &= PERMITTED[wanted];
    if (wanted == PLAIN || wanted == AVX2)
        features |= IMP_PROCESSOR_LIMITED;
    features |= IMP_PROCESSOR_KNOWN;
    atomic_store_explicit(&imp_processor_features, features, memory_order_relaxed);
    return features;
}

const char *imp_instruction_set(void)
{
    return NAMES[imp_has_avx512() ? AVX512 : imp_has_avx2() ? AVX2 : PLAIN];
}

imp_status imp_instruction_set_check(imp_error *err)
{
    const int wanted = wanted_set(), best = best_set(ask_processor());
    if (wanted < 0)
        return imp_fail(err, IMP_USAGE,
                        VARIABLE " is \"%s\": set it to plain, avx2 or avx512, or unset it",
                        getenv(VARIABLE));
    if (wanted < SETS && wanted > best)
        return imp_fail(err, IMP_USAGE,
                        VARIABLE " is %s, but this processor has no more than %s: unset it",
                        NAMES[wanted], NAMES[best]);
    return IMP_OK;
}
