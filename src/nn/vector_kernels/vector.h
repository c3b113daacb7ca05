// nn/vector_kernels/vector.h: vectors of floats as wide as the processor that a file is compiled
// for, and the few operations on them that C's operators lack. The files of this folder are
// compiled once for each instruction set; this header is all that differs.
//
// Every operation is exact or rounds once, in each lane by itself, so that all instruction sets
// give the same bits.
#ifndef IMP_NN_VECTOR_KERNELS_VECTOR_H
#define IMP_NN_VECTOR_KERNELS_VECTOR_H

#include "base/common/attributes.h"
#include "nn/vector_kernels/kernels.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

// A build may ask for a width of its own in plain C: tests do, for processors that they lack.
#if defined(IMP_VECTOR_LANES)
#define IMP_VECTOR_PLAIN
#elif defined(__AVX512F__)
#include <immintrin.h>
#define IMP_VECTOR_LANES 16
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define IMP_VECTOR_LANES 8
#elif defined(__aarch64__)
#include <arm_neon.h>
#define IMP_VECTOR_LANES 4
#else
#define IMP_VECTOR_LANES 4
#define IMP_VECTOR_PLAIN
#endif
enum { VECTOR_LANES = IMP_VECTOR_LANES };

// Before a loop of constant length: it is unrolled, so that arrays of vectors stay in registers.
#define IMP_UNROLL _Pragma("GCC unroll 16")

// Vectors that hold one block of channels.
enum { BLOCK_VECTORS = IMP_CHANNEL_BLOCK / VECTOR_LANES };

typedef float vector __attribute__((vector_size(4 * VECTOR_LANES)));
typedef int32_t vector_int __attribute__((vector_size(4 * VECTOR_LANES)));

IMP_ALWAYS_INLINE vector vector_load(const float *from)
{
    vector value;
    memcpy(&value, from, sizeof value);
    return value;
}

IMP_ALWAYS_INLINE void vector_store(float *to, vector value)
{
    memcpy(to, &value, sizeof value);
}

// Asks for the cache line at an address that will be read, or written, soon. Rows and images lie
// too far apart for processors to foresee. The address may lie outside any array.
IMP_ALWAYS_INLINE void prefetch_to_read(const void *address)
{
    __builtin_prefetch(address, 0);
}

IMP_ALWAYS_INLINE void prefetch_to_write(const void *address)
{
    __builtin_prefetch(address, 1);
}

// All lanes the same.
IMP_ALWAYS_INLINE vector vector_splat(float value)
{
#if defined(IMP_VECTOR_PLAIN) || defined(__aarch64__)
    return value - (vector){0.0F};
#elif IMP_VECTOR_LANES == 16
    return _mm512_set1_ps(value);
#else
    return _mm256_set1_ps(value);
#endif
}

#if defined(IMP_VECTOR_PLAIN)
typedef double lanes_double __attribute__((vector_size(8 * VECTOR_LANES)));
typedef int64_t lanes_long __attribute__((vector_size(8 * VECTOR_LANES)));

// a * b + c without an instruction for it. The product of two floats is exact in double. The sum
// is rounded to odd: if it is not exact, its last bit is set. Rounding that to float gives what
// one rounding of the exact value gives (Boldo and Melquiond, "Emulation of a FMA and
// correctly rounded sums: proved algorithms using rounding to odd", 2008).
IMP_ALWAYS_INLINE vector vector_multiply_add_in_double(vector a, vector b, vector c)
{
    const lanes_double product =
        __builtin_convertvector(a, lanes_double) * __builtin_convertvector(b, lanes_double);
    const lanes_double other = __builtin_convertvector(c, lanes_double);
    lanes_double sum = product + other;
    // what the sum lacks (Knuth's two-sum)
    const lanes_double part = sum - product;
    const lanes_double error = (product - (sum - part)) + (other - part);
    // the neighbour with an odd last bit lies in the direction of what is missing
    lanes_long bits;
    memcpy(&bits, &sum, sizeof bits);
    const lanes_long inexact = ((error < 0.0) | (error > 0.0)) & ((bits & 1) == 0);
    const lanes_long away = (lanes_long)((error > 0.0) == (sum > 0.0));
    bits += inexact & ((away & 1) - (~away & 1));
    memcpy(&sum, &bits, sizeof sum);
    return __builtin_convertvector(sum, vector);
}
#endif

#if defined(IMP_VECTOR_PLAIN) && defined(__wasm_simd128__) && IMP_VECTOR_LANES == 4
#include <wasm_simd128.h>

// The same on WebAssembly, faster in nearly all cases. Rounding the double sum to float gives what
// one rounding gives, unless the sum lies in the middle of two floats: then its last 29 bits are a
// one and zeros. Below the normal floats, middles lie elsewhere. Both are left to the function
// above; zeros are not.
IMP_ALWAYS_INLINE vector vector_multiply_add_checked(vector a, vector b, vector c)
{
    const v128_t x = (v128_t)a, y = (v128_t)b, z = (v128_t)c;
    const v128_t low = wasm_f64x2_add(
        wasm_f64x2_mul(wasm_f64x2_promote_low_f32x4(x), wasm_f64x2_promote_low_f32x4(y)),
        wasm_f64x2_promote_low_f32x4(z));
    const v128_t high = wasm_f64x2_add(
        wasm_f64x2_mul(wasm_f64x2_promote_low_f32x4(wasm_i32x4_shuffle(x, x, 2, 3, 2, 3)),
                       wasm_f64x2_promote_low_f32x4(wasm_i32x4_shuffle(y, y, 2, 3, 2, 3))),
        wasm_f64x2_promote_low_f32x4(wasm_i32x4_shuffle(z, z, 2, 3, 2, 3)));
    const v128_t sum = wasm_i32x4_shuffle(wasm_f32x4_demote_f64x2_zero(low),
                                          wasm_f32x4_demote_f64x2_zero(high), 0, 1, 4, 5);
    // 0 in lanes whose last bits are those of a middle
    const v128_t middle = wasm_v128_xor(
        wasm_i32x4_shl(wasm_i32x4_shuffle(low, high, 0, 2, 4, 6), 3), wasm_i32x4_splat(INT32_MIN));
    // 0 in lanes that are below the normal floats, but not zero
    const v128_t tiny =
        wasm_u32x4_shr(wasm_i32x4_sub(wasm_i32x4_shl(sum, 1), wasm_i32x4_splat(1)), 24);
    if (__builtin_expect(!wasm_i32x4_all_true(wasm_u32x4_min(middle, tiny)), 0))
        return vector_multiply_add_in_double(a, b, c);
    return (vector)sum;
}
#define vector_multiply_add_in_double vector_multiply_add_checked
#endif

// a * b + c, rounded once.
IMP_ALWAYS_INLINE vector vector_multiply_add(vector a, vector b, vector c)
{
#if defined(IMP_VECTOR_PLAIN)
    return vector_multiply_add_in_double(a, b, c);
#elif defined(__aarch64__)
    return vfmaq_f32(c, a, b);
#elif IMP_VECTOR_LANES == 16
    return _mm512_fmadd_ps(a, b, c);
#else
    return _mm256_fmadd_ps(a, b, c);
#endif
}

IMP_ALWAYS_INLINE vector_int vector_splat_int(int32_t value)
{
    return value - (vector_int){0};
}

// In each lane: mask ? a : b. A mask is all ones or all zeros, as comparisons give it.
IMP_ALWAYS_INLINE vector_int vector_select_int(vector_int mask, vector_int a, vector_int b)
{
#if IMP_VECTOR_LANES == 8 && !defined(IMP_VECTOR_PLAIN)
    return (vector_int)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)mask);
#else
    return (mask & a) | (~mask & b);
#endif
}

IMP_ALWAYS_INLINE vector vector_select(vector_int mask, vector a, vector b)
{
    return (vector)vector_select_int(mask, (vector_int)a, (vector_int)b);
}

// a > b ? a : b.
IMP_ALWAYS_INLINE vector vector_max(vector a, vector b)
{
#if defined(IMP_VECTOR_PLAIN) || defined(__aarch64__)
    return vector_select(a > b, a, b);
#elif IMP_VECTOR_LANES == 16
    return _mm512_max_ps(a, b);
#else
    return _mm256_max_ps(a, b);
#endif
}

// max(value, 0); 0 for NaN.
IMP_ALWAYS_INLINE vector vector_relu(vector value)
{
    return vector_max(value, (vector){0.0F});
}

// The first `count` floats, and zeros after them.
IMP_ALWAYS_INLINE vector vector_load_part(const float *from, size_t count)
{
    vector value = {0.0F};
    memcpy(&value, from, count * sizeof *from);
    return value;
}

#endif
