// render/processor.h: what this processor has.
#ifndef IMP_RENDER_PROCESSOR_H
#define IMP_RENDER_PROCESSOR_H

#include <stdbool.h>

#if defined(__x86_64__)

// For __attribute__((target(...))); wider than AVX2, and with twice its registers.
#define IMP_AVX512 "avx2,avx512f,avx512bw,avx512dq,avx512vl"

static inline bool imp_has_avx512(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}

#endif
#endif
