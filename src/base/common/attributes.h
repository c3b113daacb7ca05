// base/common/attributes.h: what functions are compiled for.
#ifndef IMP_BASE_COMMON_ATTRIBUTES_H
#define IMP_BASE_COMMON_ATTRIBUTES_H

// A function that becomes part of each caller, and so uses the instructions that the caller may
// use.
#define IMP_ALWAYS_INLINE static inline __attribute__((always_inline))

// What imp_cpu_has_avx2() and imp_cpu_has_avx512() permit.
#define IMP_AVX2 __attribute__((target("avx2")))
#define IMP_AVX512 __attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl")))

#endif
