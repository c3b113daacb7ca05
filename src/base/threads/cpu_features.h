// base/threads/cpu_features.h: which vector instructions this process uses. All code that exists in
// several versions selects by it; nothing else queries the processor.
#ifndef IMP_BASE_THREADS_CPU_FEATURES_H
#define IMP_BASE_THREADS_CPU_FEATURES_H

#include <stdatomic.h>
#include <stdbool.h>

enum {
    IMP_CPU_DETECTED = 1,
    IMP_CPU_AVX2 = 2,        // with fused multiply-adds
    IMP_CPU_AVX512 = 4,      // all that IMP_AVX512 names
    IMP_CPU_AVX512_VBMI = 8, // avx512vbmi, too
};

// 0 until first use, then constant.
extern atomic_uint imp_cpu_features;

// Queries the processor and the environment. All threads get the same result.
unsigned imp_cpu_detect_features(void);

static inline bool imp_cpu_has(unsigned feature)
{
    unsigned features = atomic_load_explicit(&imp_cpu_features, memory_order_relaxed);
    if (features == 0)
        features = imp_cpu_detect_features();
    return (features & feature) != 0;
}

static inline bool imp_cpu_has_avx2(void)
{
    return imp_cpu_has(IMP_CPU_AVX2);
}

static inline bool imp_cpu_has_avx512(void)
{
    return imp_cpu_has(IMP_CPU_AVX512);
}

#endif
