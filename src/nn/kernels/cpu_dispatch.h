// nn/kernels/cpu_dispatch.h: compiles one C loop three times: for any processor, for AVX2 and for
// AVX-512, each about twice as fast as the one before. All give the same bits, because no sum is
// reordered and no multiply-add is contracted.
#ifndef IMP_NN_KERNELS_CPU_DISPATCH_H
#define IMP_NN_KERNELS_CPU_DISPATCH_H

#include "base/common/attributes.h"
#include "base/threads/cpu_features.h"

// Marks the loop, name_body(), which IMP_DISPATCH_BY_CPU() wraps.
#define IMP_DISPATCH_BODY IMP_ALWAYS_INLINE void

// Defines `linkage void name parameters`, which calls name_body with `arguments` in the best
// version that this process uses. Both lists include their parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#if defined(__x86_64__)
#define IMP_DISPATCH_BY_CPU(linkage, name, parameters, arguments)                                  \
    IMP_AVX2 static void name##_avx2 parameters                                                    \
    {                                                                                              \
        name##_body arguments;                                                                     \
    }                                                                                              \
    IMP_AVX512 static void name##_avx512 parameters                                                \
    {                                                                                              \
        name##_body arguments;                                                                     \
    }                                                                                              \
    linkage void name parameters                                                                   \
    {                                                                                              \
        if (imp_cpu_has_avx512())                                                                  \
            name##_avx512 arguments;                                                               \
        else if (imp_cpu_has_avx2())                                                               \
            name##_avx2 arguments;                                                                 \
        else                                                                                       \
            name##_body arguments;                                                                 \
    }
#else
#define IMP_DISPATCH_BY_CPU(linkage, name, parameters, arguments)                                  \
    linkage void name parameters                                                                   \
    {                                                                                              \
        name##_body arguments;                                                                     \
    }
#endif
// NOLINTEND(bugprone-macro-parentheses)

#endif
