// Arc cosine and the angle of a vector.
//
// The angle is a constant plus or minus an arc tangent of at most 1/4: the smaller coordinate y is
// compared with 0, 1/2 and 1 times the larger one x, and atan(y / x) = atan(c) + atan(q) with
// q = (y - c x) / (x + c y), a quotient to 100 bits. The constant also holds the octant. The arc
// cosine is pi / 2 minus the arc sine's polynomial for |x| < 1/2, else from the half angle's sine.
// Coefficients: tests/fixtures/make_math_coefficients.py (Remez; relative error 2^-61 and 2^-59).
#include "base/common/math_functions.h"

#include <stdbool.h>

#include "base/common/double_double.h"

// atan q = q + q^3 (T0 + T1 q^2 + ...)
static const double T0 = -0x1.5555555555553p-2, T1 = 0x1.9999999998d58p-3,
                    T2 = -0x1.24924923e866bp-3, T3 = 0x1.c71c7136a6445p-4,
                    T4 = -0x1.745cf476b20c1p-4, T5 = 0x1.3b0e9c85b741ap-4,
                    T6 = -0x1.109b7a221840ep-4, T7 = 0x1.d4ee6eabc36c8p-5,
                    T8 = -0x1.477ee9ee9d2a5p-5;

// asin s = s + s^3 (A0 + A1 s^2 + ...)
static const double A0 = 0x1.5555555555553p-3, A1 = 0x1.3333333333a46p-4, A2 = 0x1.6db6db6d481f7p-5,
                    A3 = 0x1.f1c71ca87b697p-6, A4 = 0x1.6e8b9ae96c97cp-6, A5 = 0x1.1c4f86293f288p-6,
                    A6 = 0x1.c980cd0193494p-7, A7 = 0x1.7ba4fd2c1e054p-7, A8 = 0x1.36bd60bea8c9ep-7,
                    A9 = 0x1.4825a8819f2f8p-7, A10 = 0x1.5d9c6851375c7p-11,
                    A11 = 0x1.9751b87e8e93dp-6, A12 = -0x1.ad2dd9c8cab11p-6,
                    A13 = 0x1.13d497ac50c6bp-5;

static const double PI_HIGH = 0x1.921fb54442d18p+1, PI_LOW = 0x1.1a62633145c07p-53;

// Constants by octant (|y| > |x|, and 2 more for x < 0) and c (0, 1/2, 1): base and sign * atan(c).
static const imp_double_double OCTANTS[4][3] = {
    {{0.0, 0.0},
     {0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56},
     {0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55}},
    {{0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54},
     {0x1.1b6e192ebbe44p+0, 0x1.b1b466a88828ep-54},
     {0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55}},
    {{0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53},
     {0x1.56c6e7397f5aep+1, 0x1.660b64ece6f4bp-53},
     {0x1.2d97c7f3321d2p+1, 0x1.a79394c9e8a0ap-54}},
    {{0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54},
     {0x1.0468a8ace4df6p+1, 0x1.0620bf7406affp-55},
     {0x1.2d97c7f3321d2p+1, 0x1.a79394c9e8a0ap-54}},
};

// The angle in [0, pi] of a vector whose larger coordinate has the size `most`, the smaller one
// `least`; both positive and finite, with squares and products that neither overflow nor underflow.
static inline double angle_in_octant(double least, double most, unsigned octant)
{
    const int part = least < 0.25 * most ? 0 : least < 0.72 * most ? 1 : 2;
    const double c = 0.5 * part;
    const imp_double_double above = {least - c * most, 0.0}; // exact
    const imp_double_double below = imp_sum_ordered(most, c * least);
    const imp_double_double q = imp_quotient(above, below);

    const double z = q.high * q.high, zz = z * z, z4 = zz * zz;
    const double p = ((T0 + z * T1) + zz * (T2 + z * T3)) +
                     z4 * (((T4 + z * T5) + zz * (T6 + z * T7)) + z4 * T8);
    const double rest = q.low + q.high * z * p;

    // the angle decreases with least / most in octants 1 and 2
    const double sign = octant == 1 || octant == 2 ? -1.0 : 1.0;
    const imp_double_double constant = OCTANTS[octant][part];
    const imp_double_double sum = imp_sum_ordered(constant.high, sign * q.high);
    return sum.high + (sum.low + (constant.low + sign * rest));
}

// Where one coordinate is 0, infinite or far smaller than the other; least / most is the
// tangent of the angle from the nearest axis, and the angle itself.
static double angle_near_axis(double least, double most, unsigned octant)
{
    double q = most > 0.0 ? least / most : 0.0;
    if (isinf(least))
        return OCTANTS[octant][2].high;
    if (isinf(most))
        q = 0.0;
    const imp_double_double axis = OCTANTS[octant][0];
    const double sign = octant == 1 || octant == 2 ? -1.0 : 1.0;
    const imp_double_double sum = imp_sum_ordered(axis.high, sign * q);
    return sum.high + (sum.low + axis.low);
}

double imp_atan2(double y, double x)
{
    const double up = fabs(y), along = fabs(x);
    const bool steep = up > along;
    double most = steep ? up : along, least = steep ? along : up;
    const unsigned octant = (steep ? 1U : 0U) + (signbit(x) != 0 ? 2U : 0U);
    double angle;
    if (isnan(x) || isnan(y))
        return NAN;
    if (!(least >= 0x1p-60 * most && most > 0.0 && most < INFINITY)) {
        angle = angle_near_axis(least, most, octant);
    } else {
        const double scale = most > 0x1p400 ? 0x1p-600 : most < 0x1p-400 ? 0x1p600 : 1.0;
        angle = angle_in_octant(least * scale, most * scale, octant);
    }
    return copysign(angle, y);
}

// (asin s - s) / s^3, for z = s^2.
static inline double arc_sine_series(double z)
{
    const double zz = z * z, z4 = zz * zz, z8 = z4 * z4;
    const double low =
        ((A0 + z * A1) + zz * (A2 + z * A3)) + z4 * ((A4 + z * A5) + zz * (A6 + z * A7));
    const double high = ((A8 + z * A9) + zz * (A10 + z * A11)) + z4 * (A12 + z * A13);
    return low + z8 * high;
}

double imp_acos(double x)
{
    const double size = fabs(x);
    if (size < 0.5) {
        const imp_double_double sum = imp_sum_ordered(0.5 * PI_HIGH, -x);
        return sum.high + (sum.low + (0.5 * PI_LOW - x * (x * x) * arc_sine_series(x * x)));
    }
    if (!(size < 1.0))
        return x == 1.0 ? 0.0 : x == -1.0 ? PI_HIGH : NAN;
    // acos x = 2 asin s with s = sqrt((1 - x) / 2), and acos(-x) = pi - acos x
    const double z = 0.5 - 0.5 * size, s = sqrt(z); // z is exact
    const imp_double_double square = imp_product_exact(s, s);
    const double rest = ((z - square.high) - square.low) / (s + s) + s * z * arc_sine_series(z);
    if (x > 0.0)
        return 2.0 * (s + rest);
    const imp_double_double sum = imp_sum_ordered(PI_HIGH, -2.0 * s);
    return sum.high + (sum.low + (PI_LOW - 2.0 * rest));
}
