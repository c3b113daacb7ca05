// base/common/attributes.h: attributes that select how functions are compiled.
#ifndef IMP_BASE_COMMON_ATTRIBUTES_H
#define IMP_BASE_COMMON_ATTRIBUTES_H

// A function that is inlined into every caller and so compiled with the caller's instruction set.
#define IMP_ALWAYS_INLINE static inline __attribute__((always_inline))

// For functions that run only if imp_cpu_has_avx2() or imp_cpu_has_avx512() is true.
#define IMP_AVX2 __attribute__((target("avx2")))
#define IMP_AVX512 __attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl")))

#endif
