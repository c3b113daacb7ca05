// Exponentials, logarithms, powers, and the length of vectors of any size.
//
// exp: x = k ln 2 + r with |r| <= ln 2 / 2, as a sum of two doubles; 1 + r + r^2 P(r), whose parts
// are added to 1 last, times 2^k. log: x = 2^k m with m within [sqrt(1/2), sqrt(2)), and
// log m = 2 atanh(s) with s = (m - 1) / (m + 1), to about 65 bits; the other logarithms and powers
// stand on it. Coefficients: tests/fixtures/make_math_coefficients.py (Remez; relative error 2^-60
// and 2^-66).
#include "base/common/math_functions.h"

#include <stdbool.h>

#include "base/common/double_double.h"

// ln 2 in two parts; a multiple of the first by less than 2^14 is exact.
static const double LN2_1 = 0x1.62e42fefap-1, LN2_2 = 0x1.cf79abc9e3b3ap-40;

static const imp_double_double LN2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56},
                               PER_LN2 = {0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56},
                               PER_LN10 = {0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57},
                               TWO_THIRDS = {0x1.5555555555555p-1, 0x1.5555555555555p-55};

// exp r = 1 + r + r^2 (E0 + E1 r + ...)
static const double E0 = 0x1.0000000000000p-1, E1 = 0x1.555555555555bp-3, E2 = 0x1.5555555555503p-5,
                    E3 = 0x1.111111110ec5dp-7, E4 = 0x1.6c16c16c3048ep-10,
                    E5 = 0x1.a01a01b37e2e2p-13, E6 = 0x1.a01a01368ed7ap-16,
                    E7 = 0x1.71ddf020e351ap-19, E8 = 0x1.27e5b447d1974p-22,
                    E9 = 0x1.af6be7c2d4446p-26, E10 = 0x1.1e3d2a994f50fp-29;

// 2 atanh s = 2 s + 2 s^3 / 3 + s^5 (L0 + L1 s^2 + ...)
static const double L0 = 0x1.9999999999996p-2, L1 = 0x1.249249249302ep-2, L2 = 0x1.c71c71c5811dcp-3,
                    L3 = 0x1.745d183202f13p-3, L4 = 0x1.3b1362c9b00e5p-3, L5 = 0x1.1120b2e3d0434p-3,
                    L6 = 0x1.de33d86e09975p-4, L7 = 0x1.eb0df8eb85872p-4;

// exp(x.high + x.low), for |x.high| < 1000 and an x.low of its last digits.
static inline double exponential(imp_double_double x)
{
    const double rounded = x.high * PER_LN2.high + IMP_ROUNDER, n = rounded - IMP_ROUNDER;
    const double first = x.high - n * LN2_1; // exact
    const imp_double_double rest = imp_sum_exact(first, -(n * LN2_2));
    const imp_double_double r = imp_sum_ordered(rest.high, rest.low + x.low);

    const double t = r.high, tt = t * t, t4 = tt * tt;
    const double p = ((E0 + t * E1) + tt * (E2 + t * E3)) +
                     t4 * (((E4 + t * E5) + tt * (E6 + t * E7)) + t4 * ((E8 + t * E9) + tt * E10));
    const imp_double_double sum = imp_sum_ordered(1.0, t);
    const double power = sum.high + (sum.low + (r.low * sum.high + tt * p));

    // in two steps, since 2^k may overflow or underflow where the result does not
    const int k = (int)n, half = k / 2;
    if (k >= -1021 && k <= 1022)
        return power * imp_power_of_two(k);
    return power * imp_power_of_two(half) * imp_power_of_two(k - half);
}

double imp_exp(double x)
{
    if (!(fabs(x) < 750.0))
        return x > 0.0 ? INFINITY : x < 0.0 ? 0.0 : NAN;
    return exponential((imp_double_double){x, 0.0});
}

double imp_exp2(double x)
{
    if (!(fabs(x) < 1080.0))
        return x > 0.0 ? INFINITY : x < 0.0 ? 0.0 : NAN;
    const imp_double_double power = imp_product_exact(x, LN2.high);
    return exponential((imp_double_double){power.high, power.low + x * LN2.low});
}

// The natural logarithm of a positive finite x, to about 65 bits.
static inline imp_double_double logarithm(double x)
{
    uint64_t bits = imp_bits_of_double(x);
    int k = -1023;
    if (bits < 0x10000000000000U) { // subnormal
        bits = imp_bits_of_double(x * 0x1p54);
        k -= 54;
    }
    // 1 more where the fraction is that of sqrt(2) or more
    const bool above = (bits & 0xfffffffffffffU) >= 0x6a09e667f3bcdU;
    k += (int)(bits >> 52) + above;
    const uint64_t exponent = above ? 0x3fe0000000000000U : 0x3ff0000000000000U;
    const double f = imp_double_of_bits((bits & 0xfffffffffffffU) | exponent) - 1.0; // exact

    const imp_double_double s = imp_quotient((imp_double_double){f, 0.0}, imp_sum_ordered(2.0, f));
    const imp_double_double square = imp_product(s, s);
    const double z = square.high, zz = z * z, z4 = zz * zz;
    const double p =
        ((L0 + z * L1) + zz * (L2 + z * L3)) + z4 * ((L4 + z * L5) + zz * (L6 + z * L7));
    // s (2 + s^2 (2 / 3 + s^2 p))
    const imp_double_double cubic = imp_product(square, TWO_THIRDS);
    const imp_double_double factor = imp_sum_ordered(cubic.high, cubic.low + zz * p);
    const imp_double_double third = imp_product(s, factor);
    const imp_double_double whole = imp_sum_ordered(2.0 * s.high, third.high);
    const double low = whole.low + (2.0 * s.low + third.low);

    const double n = k;
    const imp_double_double sum = imp_sum_ordered(n * LN2_1, whole.high);
    return imp_sum_ordered(sum.high, sum.low + (low + n * LN2_2));
}

// What a logarithm of x has where x is no positive finite number; 1 where it is.
static inline double log_of_nonpositive_or_nonfinite(double x)
{
    if (x > 0.0 && x < INFINITY)
        return 1.0;
    return x > 0.0 ? INFINITY : x == 0.0 ? -INFINITY : NAN;
}

double imp_log(double x)
{
    const double special = log_of_nonpositive_or_nonfinite(x);
    return special == 1.0 ? logarithm(x).high : special;
}

double imp_log2(double x)
{
    const double special = log_of_nonpositive_or_nonfinite(x);
    return special == 1.0 ? imp_product(logarithm(x), PER_LN2).high : special;
}

double imp_log10(double x)
{
    const double special = log_of_nonpositive_or_nonfinite(x);
    return special == 1.0 ? imp_product(logarithm(x), PER_LN10).high : special;
}

// Powers where a base is 0, infinite or NaN, or the exponent is infinite or NaN. `odd`: the
// exponent is an odd integer.
static double pow_with_zero_or_nonfinite_operand(double x, double y, bool odd)
{
    if (isnan(x) || isnan(y))
        return NAN;
    const double size = fabs(x);
    if (isinf(y)) {
        if (size == 1.0)
            return 1.0;
        return (size > 1.0) == (y > 0.0) ? INFINITY : 0.0;
    }
    const double result = (size > 1.0) == (y > 0.0) ? INFINITY : 0.0;
    return signbit(x) != 0 && odd ? -result : result;
}

double imp_pow(double x, double y)
{
    if (y == 0.0 || x == 1.0)
        return 1.0;
    const bool integer = floor(y) == y && isfinite(y);
    const bool odd = integer && fmod(y, 2.0) != 0.0;
    const double size = fabs(x);
    if (!(size > 0.0 && size < INFINITY && fabs(y) < INFINITY))
        return pow_with_zero_or_nonfinite_operand(x, y, odd);
    if (x < 0.0 && !integer)
        return NAN;
    const imp_double_double log_size = logarithm(size);
    // beyond these exponents, every other base gives 0 or infinity
    const double times = y > 0x1p70 ? 0x1p70 : y < -0x1p70 ? -0x1p70 : y;
    const imp_double_double power = imp_product_exact(times, log_size.high);
    double result;
    if (fabs(power.high) < 750.0)
        result = exponential((imp_double_double){power.high, power.low + times * log_size.low});
    else
        result = power.high > 0.0 ? INFINITY : 0.0;
    return x < 0.0 && odd ? -result : result;
}

// sqrt(a^2 + b^2) for a >= b >= 0. The sum of squares is rounded once.
static inline double hypotenuse(double a, double b)
{
    const imp_double_double aa = imp_product_exact(a, a), bb = imp_product_exact(b, b);
    const imp_double_double sum = imp_sum_ordered(aa.high, bb.high);
    return sqrt(sum.high + (sum.low + (aa.low + bb.low)));
}

double imp_hypot(double x, double y)
{
    const double a = fabs(x), b = fabs(y), most = a > b ? a : b, least = a > b ? b : a;
    if (most > 0x1p-400 && most < 0x1p500)
        return hypotenuse(most, least);
    if (isinf(x) || isinf(y))
        return INFINITY;
    if (isnan(x) || isnan(y))
        return NAN;
    const double scale = most > 1.0 ? 0x1p-600 : 0x1p600;
    return hypotenuse(most * scale, least * scale) / scale;
}
