// render/eight.h: vectors of eight numbers, of the compiler's: one source for every processor.
#ifndef IMP_RENDER_EIGHT_H
#define IMP_RENDER_EIGHT_H

#include <stdint.h>

// So that each caller's vectors are used.
#define IMP_ALWAYS_INLINE static inline __attribute__((always_inline))

typedef float imp_eight __attribute__((vector_size(32)));
typedef int32_t imp_eight_bits __attribute__((vector_size(32)));
typedef uint32_t imp_eight_words __attribute__((vector_size(32)));
typedef float imp_eight_loose __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t imp_eight_bits_loose __attribute__((vector_size(32), aligned(4), may_alias));

// Not functions, because vectors are passed to those in different ways. What is not a number is
// neither less nor more: b is taken.
#define IMP_EIGHT_AT(from) ((imp_eight) * (const imp_eight_loose *)(from))
#define IMP_EIGHT_BITS_AT(from) ((imp_eight_bits) * (const imp_eight_bits_loose *)(from))
#define IMP_EIGHT_PICK(which, yes, no)                                                             \
    ((imp_eight)(((which) & (imp_eight_bits)(yes)) | (~(which) & (imp_eight_bits)(no))))
#define IMP_EIGHT_LEAST(a, b) IMP_EIGHT_PICK((a) < (b), a, b)
#define IMP_EIGHT_MOST(a, b) IMP_EIGHT_PICK((a) > (b), a, b)
#define IMP_EIGHT_SIZE(a) ((imp_eight)((imp_eight_bits)(a)&0x7fffffff))

#endif
