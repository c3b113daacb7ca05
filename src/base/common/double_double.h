// base/common/double_double.h: numbers of about 106 bits as sums of two doubles, after Dekker, "A
// floating-point technique for extending the available precision" (1971), and Knuth. The errors of
// additions and multiplications are computed exactly, without fused multiply-adds, which not every
// processor has. Not valid where a product overflows or its error underflows.
#ifndef IMP_BASE_COMMON_DOUBLE_DOUBLE_H
#define IMP_BASE_COMMON_DOUBLE_DOUBLE_H

#include <stdint.h>
#include <string.h>

// high + low, where |low| is at most some units in the last place of high.
typedef struct imp_double_double {
    double high, low;
} imp_double_double;

// a + b exactly, for |a| >= |b| or a = 0.
static inline imp_double_double imp_sum_ordered(double a, double b)
{
    const double sum = a + b;
    return (imp_double_double){sum, (a - sum) + b};
}

// a + b exactly.
static inline imp_double_double imp_sum_exact(double a, double b)
{
    const double sum = a + b, of_b = sum - a;
    return (imp_double_double){sum, (a - (sum - of_b)) + (b - of_b)};
}

// a * b exactly: both factors are cut into halves of at most 26 bits, whose products are exact.
static inline imp_double_double imp_product_exact(double a, double b)
{
    const double cut_a = 134217729.0 * a, cut_b = 134217729.0 * b; // 2^27 + 1
    const double a1 = cut_a - (cut_a - a), b1 = cut_b - (cut_b - b);
    const double a2 = a - a1, b2 = b - b1, product = a * b;
    return (imp_double_double){product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2};
}

// a * b to about 100 bits.
static inline imp_double_double imp_product(imp_double_double a, imp_double_double b)
{
    const imp_double_double p = imp_product_exact(a.high, b.high);
    return imp_sum_ordered(p.high, p.low + (a.high * b.low + a.low * b.high));
}

// a / b to about 100 bits, for b that is not 0.
static inline imp_double_double imp_quotient(imp_double_double a, imp_double_double b)
{
    const double inverse = 1.0 / b.high, quotient = a.high * inverse;
    const imp_double_double back = imp_product_exact(quotient, b.high);
    const double rest = ((a.high - back.high) - back.low) + (a.low - quotient * b.low);
    return (imp_double_double){quotient, rest * inverse};
}

// The bits of a double, and back.
static inline uint64_t imp_bits_of_double(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double imp_double_of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// 2^exponent, for exponents from -1022 to 1023.
static inline double imp_power_of_two(int exponent)
{
    return imp_double_of_bits((uint64_t)(exponent + 1023) << 52);
}

// Adding and subtracting this rounds |x| < 2^51 to the nearest integer, ties to the even one; the
// sum's lowest bits are those of the integer, also of a negative one in two's complement.
#define IMP_ROUNDER 0x1.8p52

#endif
