// Sine, cosine and tangent. The angle is reduced to a rest within pi / 4 of a multiple of pi / 2,
// as a sum of two doubles (Cody and Waite, "Software manual for the elementary functions", 1980;
// angles beyond 10^6 in integer arithmetic). On the rest, sine and cosine are polynomials, added
// to their leading terms last, so that the result is rounded about once. Coefficients:
// tests/fixtures/make_math_coefficients.py (Remez; relative error 2^-57, 2^-59).
#include "base/common/math_functions.h"

#include <stdbool.h>

#include "base/common/angle_reduction.h"

static const double TWO_OVER_PI = 0x1.45f306dc9c883p-1;

// pi / 2 in three parts; a multiple of the first two by less than 2^20 is exact.
static const double HALF_PI_1 = 0x1.921fb544p+0, HALF_PI_2 = 0x1.0b4611a6p-34,
                    HALF_PI_3 = 0x1.3198a2e037073p-69;

// Up to here the three parts are enough: no double below is nearer to a multiple of pi / 2 than
// 2^-66 of its size, which leaves 56 bits of the rest.
static const double ANGLE_MAX = 1048576.0;

// sin r = r + r^3 (S0 + S1 r^2 + ...)
static const double S0 = -0x1.5555555555555p-3, S1 = 0x1.111111111110bp-7,
                    S2 = -0x1.a01a01a018a6ap-13, S3 = 0x1.71de3a5330512p-19,
                    S4 = -0x1.ae64528d31006p-26, S5 = 0x1.61208c15b6b0fp-33,
                    S6 = -0x1.aaa22ddd231c4p-41;

// cos r = 1 - r^2 / 2 + r^4 (C0 + C1 r^2 + ...)
static const double C0 = 0x1.555555555554bp-5, C1 = -0x1.6c16c16c14f8ep-10,
                    C2 = 0x1.a01a019c83f02p-16, C3 = -0x1.27e4f7ea7e33ap-22,
                    C4 = 0x1.1ee9d783ca2e6p-29, C5 = -0x1.8fa48006dfb87p-37;

// For finite x.
static inline imp_reduced_angle reduce_angle(double x)
{
    if (!(fabs(x) < ANGLE_MAX))
        return imp_reduce_any_angle(x);
    const double rounded = x * TWO_OVER_PI + IMP_ROUNDER, n = rounded - IMP_ROUNDER;
    const double first = x - n * HALF_PI_1; // exact
    const imp_double_double second = imp_sum_exact(first, -(n * HALF_PI_2));
    return (imp_reduced_angle){
        imp_sum_ordered(second.high, second.low - n * HALF_PI_3),
        (unsigned)imp_bits_of_double(rounded),
    };
}

// Leading term and rest of sin(r).
static inline imp_double_double sine_of_remainder(imp_double_double r)
{
    const double z = r.high * r.high, zz = z * z;
    const double p = (S0 + z * S1) + zz * ((S2 + z * S3) + zz * ((S4 + z * S5) + zz * S6));
    return (imp_double_double){r.high, r.low * (1.0 - 0.5 * z) + r.high * z * p};
}

// The same of cos(r).
static inline imp_double_double cosine_of_remainder(imp_double_double r)
{
    const double z = r.high * r.high, zz = z * z;
    const double p = (C0 + z * C1) + zz * ((C2 + z * C3) + zz * (C4 + z * C5));
    const imp_double_double leading = imp_sum_ordered(1.0, -0.5 * z);
    return (imp_double_double){leading.high, leading.low + (zz * p - r.high * r.low)};
}

// For any finite x.
static inline imp_sine_cosine sine_cosine(double x)
{
    const imp_reduced_angle angle = reduce_angle(x);
    const imp_double_double s = sine_of_remainder(angle.rest), c = cosine_of_remainder(angle.rest);
    const double sine = s.high + s.low, cosine = c.high + c.low;
    const bool swap = (angle.quarters & 1) != 0;
    const uint64_t sine_bits = imp_bits_of_double(swap ? cosine : sine);
    const uint64_t cosine_bits = imp_bits_of_double(swap ? sine : cosine);
    // quarters 2 and 3 negate the sine, 1 and 2 the cosine
    return (imp_sine_cosine){
        imp_double_of_bits(sine_bits ^ (uint64_t)(angle.quarters & 2) << 62),
        imp_double_of_bits(cosine_bits ^ (uint64_t)((angle.quarters + 1) & 2) << 62),
    };
}

imp_sine_cosine imp_sincos(double x)
{
    // nearly all turns within a time step: nothing to reduce
    if (fabs(x) < 0.125) {
        if (fabs(x) < 0x1p-27)
            return (imp_sine_cosine){x, 1.0}; // also -0, and where squares underflow
        const imp_double_double s = sine_of_remainder((imp_double_double){x, 0.0}),
                                c = cosine_of_remainder((imp_double_double){x, 0.0});
        return (imp_sine_cosine){s.high + s.low, c.high + c.low};
    }
    if (!(fabs(x) < INFINITY))
        return (imp_sine_cosine){NAN, NAN};
    return sine_cosine(x);
}

double imp_sin(double x)
{
    return imp_sincos(x).sine;
}

double imp_cos(double x)
{
    return imp_sincos(x).cosine;
}

double imp_tan(double x)
{
    if (!(fabs(x) < INFINITY))
        return NAN;
    if (fabs(x) < 0x1p-27)
        return x;
    const imp_reduced_angle angle = reduce_angle(x);
    imp_double_double s = sine_of_remainder(angle.rest), c = cosine_of_remainder(angle.rest);
    // the square's last digit counts here
    const double r = angle.rest.high, last = imp_product_exact(r, r).low;
    s = imp_sum_ordered(s.high, s.low + r * last * S0);
    c = imp_sum_ordered(c.high, c.low - 0.5 * last);
    const bool swap = (angle.quarters & 1) != 0;
    const imp_double_double q = swap ? imp_quotient(c, s) : imp_quotient(s, c);
    return swap ? -(q.high + q.low) : q.high + q.low;
}
