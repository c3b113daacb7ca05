// The instruction set of this process: what the processor supports, limited by the environment
// variable IMPRINT_INSTRUCTION_SET. Both are read on first use and stored in one atomic word.
// Threads that ask at the same time store the same word, so no lock is needed.
#include "base/threads/cpu_features.h"

#include "imprint/base.h"

#include <stdlib.h>
#include <string.h>

#define ENVIRONMENT_VARIABLE "IMPRINT_INSTRUCTION_SET"

enum { SET_PLAIN, SET_AVX2, SET_AVX512, SET_COUNT };

static const char *const SET_NAMES[SET_COUNT] = {"plain", "avx2", "avx512"};

// CPU features that each set permits.
static const unsigned SET_FEATURES[SET_COUNT] = {
    0,
    IMP_CPU_AVX2,
    IMP_CPU_AVX2 | IMP_CPU_AVX512 | IMP_CPU_AVX512_VBMI,
};

atomic_uint imp_cpu_features;

// AVX-512 counts only with all subsets that IMP_AVX512 names.
static unsigned detect_cpu_features(void)
{
    unsigned features = 0;
#if defined(__x86_64__)
    // AVX2 with fused multiply-adds is the base: without it nothing else counts
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return 0;
    features = IMP_CPU_AVX2;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
        return features;
    // optional extras beyond IMP_AVX512
    features |= IMP_CPU_AVX512;
    if (__builtin_cpu_supports("avx512vbmi"))
        features |= IMP_CPU_AVX512_VBMI;
#endif
    return features;
}

// The best set of given features, for messages and limits.
static int best_instruction_set(unsigned features)
{
    return features & IMP_CPU_AVX512 ? SET_AVX512 : features & IMP_CPU_AVX2 ? SET_AVX2 : SET_PLAIN;
}

// The set that the environment asks for; SET_COUNT if it does not, -1 if there is no such set.
static int instruction_set_from_env(void)
{
    const char *name = getenv(ENVIRONMENT_VARIABLE);
    if (name == NULL)
        return SET_COUNT;
    for (int set = 0; set < SET_COUNT; set++)
        if (strcmp(name, SET_NAMES[set]) == 0)
            return set;
    return -1;
}

// Relaxed order suffices: the word is self-contained.
unsigned imp_cpu_detect_features(void)
{
    const int wanted = instruction_set_from_env();
    unsigned features = detect_cpu_features();
    if (wanted >= 0 && wanted < SET_COUNT)
        features &= SET_FEATURES[wanted];
    features |= IMP_CPU_DETECTED;
    atomic_store_explicit(&imp_cpu_features, features, memory_order_relaxed);
    return features;
}

const char *imp_instruction_set(void)
{
    return SET_NAMES[imp_cpu_has_avx512() ? SET_AVX512 : imp_cpu_has_avx2() ? SET_AVX2 : SET_PLAIN];
}

// Reports an unknown name, or a set that this processor does not support.
imp_status imp_instruction_set_check(imp_error *err)
{
    const int wanted = instruction_set_from_env(),
              best = best_instruction_set(detect_cpu_features());
    if (wanted < 0)
        return imp_fail(err, IMP_USAGE,
                        ENVIRONMENT_VARIABLE
                        " is \"%s\": set it to plain, avx2 or avx512, or unset it",
                        getenv(ENVIRONMENT_VARIABLE));
    if (wanted < SET_COUNT && wanted > best)
        return imp_fail(err, IMP_USAGE,
                        ENVIRONMENT_VARIABLE
                        " is %s, but this processor supports only %s: unset it",
                        SET_NAMES[wanted], SET_NAMES[best]);
    return IMP_OK;
}
