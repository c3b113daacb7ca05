// base/common/math_functions.h: the functions of <math.h> whose last digit depends on the C
// library. These have the same bits with every C library, compiler and processor.
//
// They use additions, multiplications, divisions and square roots of doubles only, which IEEE 754
// rounds in one way, so they need rounding to nearest (the default) and -ffp-contract=off. Of
// <math.h>, the rest of the library calls what is exact: sqrt, fabs, floor, ceil, round, rint,
// lround, lrint, fmod, remainder, copysign, ldexp, nextafter, fmin, fmax; a test looks for others.
//
// Special values are those of C (Annex F). Errors stay below one unit in the last place: with each
// function stands the greatest that was found over at least 10^7 random arguments, beside long
// doubles. All are pure and safe on any thread. Angles are in radians.
#ifndef IMP_BASE_COMMON_MATH_FUNCTIONS_H
#define IMP_BASE_COMMON_MATH_FUNCTIONS_H

#include <math.h>

typedef struct imp_sine_cosine {
    double sine, cosine;
} imp_sine_cosine;

// For every argument, however large. The sine and cosine of one angle cost little more than one.
double imp_sin(double x); // 0.84 units in the last place
double imp_cos(double x); // 0.84
imp_sine_cosine imp_sincos(double x);
double imp_tan(double x); // 0.94

double imp_acos(double x);            // 0.68
double imp_atan2(double y, double x); // 0.62

double imp_exp(double x);             // 0.65; 0.78 where the result is subnormal
double imp_exp2(double x);            // 0.65; 0.78
double imp_log(double x);             // 0.501
double imp_log2(double x);            // 0.501
double imp_log10(double x);           // 0.501
double imp_pow(double x, double y);   // 0.75
double imp_hypot(double x, double y); // 0.86: the length of (x, y)

// In single precision: the double's result, rounded.
// A value rounded to single precision. gcc 12 with -O2 leaves out the conversions of two
// neighbouring values to float and back, which superword parallelism takes for none; it cannot do
// so here.
static inline double imp_round_to_single(double value)
{
    const volatile float single = (float)value;
    return (double)single;
}

static inline float imp_sinf(float x)
{
    return (float)imp_sin((double)x);
}

static inline float imp_cosf(float x)
{
    return (float)imp_cos((double)x);
}

static inline float imp_atan2f(float y, float x)
{
    return (float)imp_atan2((double)y, (double)x);
}

static inline float imp_expf(float x)
{
    return (float)imp_exp((double)x);
}

static inline float imp_logf(float x)
{
    return (float)imp_log((double)x);
}

static inline float imp_powf(float x, float y)
{
    return (float)imp_pow((double)x, (double)y);
}

static inline float imp_hypotf(float x, float y)
{
    return (float)sqrt((double)x * (double)x + (double)y * (double)y);
}

#endif
