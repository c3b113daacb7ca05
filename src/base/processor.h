// base/processor.h: which vector instructions this process uses. Everything that exists in several
// versions chooses by it, and nothing else asks the processor.
#ifndef IMP_BASE_PROCESSOR_H
#define IMP_BASE_PROCESSOR_H

#include <stdatomic.h>
#include <stdbool.h>

// For __attribute__((target(...))) of what imp_has_avx512() permits.
#define IMP_AVX512 "avx2,avx512f,avx512bw,avx512dq,avx512vl"

enum {
    IMP_PROCESSOR_KNOWN = 1,
    IMP_PROCESSOR_AVX2 = 2,
    IMP_PROCESSOR_AVX512 = 4,   // all of IMP_AVX512
    IMP_PROCESSOR_VBMI = 8,     // avx512vbmi, too
    IMP_PROCESSOR_GATHERS = 16, // AVX-512, and gathering is faster than single loads
    IMP_PROCESSOR_LIMITED = 32, // the environment allows no AVX-512
};

// 0 until the first question; a constant from then on.
extern atomic_uint imp_processor_features;

// Asks the processor and the environment. All threads get the same answer.
unsigned imp_processor_ask(void);

static inline bool imp_processor_has(unsigned feature)
{
    unsigned features = atomic_load_explicit(&imp_processor_features, memory_order_relaxed);
    if (features == 0)
        features = imp_processor_ask();
    return (features & feature) != 0;
}

static inline bool imp_has_avx2(void)
{
    return imp_processor_has(IMP_PROCESSOR_AVX2);
}

static inline bool imp_has_avx512(void)
{
    return imp_processor_has(IMP_PROCESSOR_AVX512);
}

#endif
