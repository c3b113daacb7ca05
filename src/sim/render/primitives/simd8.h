// sim/render/primitives/simd8.h: vectors of eight numbers, of the compiler's: one source for every
// processor.
#ifndef IMP_SIM_RENDER_PRIMITIVES_SIMD8_H
#define IMP_SIM_RENDER_PRIMITIVES_SIMD8_H

#include <stdint.h>

#include "base/common/attributes.h"

typedef float imp_f32x8 __attribute__((vector_size(32)));
typedef int32_t imp_i32x8 __attribute__((vector_size(32)));
typedef uint32_t imp_u32x8 __attribute__((vector_size(32)));
typedef float imp_f32x8_unaligned __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t imp_i32x8_unaligned __attribute__((vector_size(32), aligned(4), may_alias));

// Not functions, because vectors are passed to those in different ways. What is not a number is
// neither less nor more: b is taken.
#define IMP_F32X8_LOAD(from) ((imp_f32x8) * (const imp_f32x8_unaligned *)(from))
#define IMP_I32X8_LOAD(from) ((imp_i32x8) * (const imp_i32x8_unaligned *)(from))
#define IMP_F32X8_SELECT(which, yes, no)                                                           \
    ((imp_f32x8)(((which) & (imp_i32x8)(yes)) | (~(which) & (imp_i32x8)(no))))
#define IMP_F32X8_MIN(a, b) IMP_F32X8_SELECT((a) < (b), a, b)
#define IMP_F32X8_MAX(a, b) IMP_F32X8_SELECT((a) > (b), a, b)
#define IMP_F32X8_ABS(a) ((imp_f32x8)((imp_i32x8)(a)&0x7fffffff))

#endif
