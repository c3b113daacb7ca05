// sim/render/primitives/simd8.h: vectors of eight 32-bit numbers by the compiler's vector
// extension. One source serves all processors: with AVX2 a vector is one register, elsewhere the
// compiler splits it.
#ifndef IMP_SIM_RENDER_PRIMITIVES_SIMD8_H
#define IMP_SIM_RENDER_PRIMITIVES_SIMD8_H

#include <stdint.h>

#include "base/common/attributes.h"

typedef float imp_f32x8 __attribute__((vector_size(32)));
typedef int32_t imp_i32x8 __attribute__((vector_size(32)));
typedef uint32_t imp_u32x8 __attribute__((vector_size(32)));
typedef uint16_t imp_u16x16 __attribute__((vector_size(32)));
typedef float imp_f32x8_unaligned __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t imp_i32x8_unaligned __attribute__((vector_size(32), aligned(4), may_alias));

// Macros instead of functions, since the calling convention of vectors depends on the instruction
// set. MIN and MAX return b if a is NaN.
#define IMP_F32X8_LOAD(from) ((imp_f32x8) * (const imp_f32x8_unaligned *)(from))
#define IMP_I32X8_LOAD(from) ((imp_i32x8) * (const imp_i32x8_unaligned *)(from))
#define IMP_F32X8_SELECT(which, yes, no)                                                           \
    ((imp_f32x8)(((which) & (imp_i32x8)(yes)) | (~(which) & (imp_i32x8)(no))))
#define IMP_F32X8_MIN(a, b) IMP_F32X8_SELECT((a) < (b), a, b)
#define IMP_F32X8_MAX(a, b) IMP_F32X8_SELECT((a) > (b), a, b)
#define IMP_F32X8_ABS(a) ((imp_f32x8)((imp_i32x8)(a)&0x7fffffff))

#endif
