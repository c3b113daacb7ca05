// Our own sine, logarithm and so on: exact to one unit in the last place beside long doubles, C's
// values of special arguments, and the same bits everywhere, which golden hashes hold.
#include "base/common/math_functions.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/hash.h"
#include "base/common/vector2.h"
#include "testing.h"

enum { DRAWS = 20000 };

typedef double (*one_argument)(double);
typedef double (*two_arguments)(double, double);
typedef long double (*one_precise)(long double);
typedef long double (*two_precise)(long double, long double);

// Random bits: splitmix64 (Steele, Lea, Flood).
static uint64_t draw_bits(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

// Uniform in [low, high).
static double draw_between(uint64_t *state, double low, double high)
{
    return low + (high - low) * ((double)(draw_bits(state) >> 11) * 0x1p-53);
}

// Of random sign and fraction, with a random exponent in [low, high].
static double draw_exponent(uint64_t *state, int low, int high)
{
    const uint64_t exponent =
        (uint64_t)(1023 + low) + draw_bits(state) % (uint64_t)(high - low + 1);
    const uint64_t bits = (draw_bits(state) & 0x800fffffffffffffU) | exponent << 52;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// How arguments of functions are drawn.
typedef struct domain {
    double low, high;                // uniform; or, if equal,
    int exponent_low, exponent_high; // by exponent
    bool positive;
} domain;

static double draw_from(uint64_t *state, const domain *d)
{
    const double x = d->low < d->high ? draw_between(state, d->low, d->high)
                                      : draw_exponent(state, d->exponent_low, d->exponent_high);
    return d->positive ? fabs(x) : x;
}

static const struct one_case {
    const char *name;
    one_argument ours;
    one_precise precise;
    domain of;
} ONES[] = {
    {"sin", imp_sin, sinl, {.low = -4, .high = 4}},
    {"sin far", imp_sin, sinl, {.exponent_low = -40, .exponent_high = 60}},
    {"cos", imp_cos, cosl, {.low = -4, .high = 4}},
    {"cos far", imp_cos, cosl, {.exponent_low = -40, .exponent_high = 60}},
    {"tan", imp_tan, tanl, {.low = -4, .high = 4}},
    {"tan far", imp_tan, tanl, {.exponent_low = -40, .exponent_high = 60}},
    {"acos", imp_acos, acosl, {.low = -1, .high = 1}},
    {"acos near 0", imp_acos, acosl, {.exponent_low = -60, .exponent_high = -1}},
    {"exp", imp_exp, expl, {.low = -1, .high = 1}},
    {"exp wide", imp_exp, expl, {.low = -745, .high = 709.7}},
    {"exp2", imp_exp2, exp2l, {.low = -1080, .high = 1024}},
    {"log", imp_log, logl, {.low = 0.25, .high = 4}},
    {"log wide", imp_log, logl, {0, 0, -1022, 1023, true}},
    {"log2", imp_log2, log2l, {.low = 0.25, .high = 4}},
    {"log2 wide", imp_log2, log2l, {0, 0, -1022, 1023, true}},
    {"log10", imp_log10, log10l, {0, 0, -1022, 1023, true}},
};

static const struct two_case {
    const char *name;
    two_arguments ours;
    two_precise precise;
    domain first, second;
} TWOS[] = {
    {"atan2", imp_atan2, atan2l, {.low = -1, .high = 1}, {.low = -1, .high = 1}},
    {"atan2 wide", imp_atan2, atan2l, {0, 0, -1000, 1000, false}, {0, 0, -1000, 1000, false}},
    {"pow", imp_pow, powl, {.high = 4}, {.low = -8, .high = 8}},
    {"pow wide", imp_pow, powl, {0, 0, -1022, 1023, true}, {0, 0, -10, 10, false}},
    {"hypot", imp_hypot, hypotl, {.low = -1, .high = 1}, {.low = -1, .high = 1}},
    {"hypot wide", imp_hypot, hypotl, {0, 0, -1022, 1022, false}, {0, 0, -1022, 1022, false}},
};

enum { ONE_COUNT = sizeof ONES / sizeof *ONES, TWO_COUNT = sizeof TWOS / sizeof *TWOS };

// Distance in units in the last place of `wanted` as a double.
static double units_apart(double got, long double wanted)
{
    if (isnan(got) || isnan(wanted))
        return isnan(got) && isnan(wanted) ? 0.0 : HUGE_VAL;
    if (isinf(got) || isinf((double)wanted))
        return got == (double)wanted ? 0.0 : HUGE_VAL;
    int exponent;
    frexpl(wanted, &exponent);
    const double unit = ldexp(1.0, exponent < -1021 ? -1074 : exponent - 53);
    return (double)(fabsl((long double)got - wanted) / (long double)unit);
}

static void stay_within_a_unit(const char *name, double got, long double wanted, double x, double y,
                               double *worst)
{
    const double apart = units_apart(got, wanted);
    if (!(apart < 1.0))
        fail_msg("%s of %a, %a: %a is %g units from %a", name, x, y, got, apart, (double)wanted);
    *worst = fmax(*worst, apart);
}

static void errors_are_below_a_unit(void **state)
{
    (void)state;
    if (LDBL_MANT_DIG < 64)
        skip_because("long double is no wider than double");
    uint64_t random = 1;
    for (int n = 0; n < ONE_COUNT; n++) {
        double worst = 0.0;
        for (int k = 0; k < DRAWS; k++) {
            const double x = draw_from(&random, &ONES[n].of);
            stay_within_a_unit(ONES[n].name, ONES[n].ours(x), ONES[n].precise((long double)x), x,
                               0.0, &worst);
        }
        print_message("%-12s %.3f units\n", ONES[n].name, worst);
    }
    for (int n = 0; n < TWO_COUNT; n++) {
        double worst = 0.0;
        for (int k = 0; k < DRAWS; k++) {
            const double x = draw_from(&random, &TWOS[n].first),
                         y = draw_from(&random, &TWOS[n].second);
            stay_within_a_unit(TWOS[n].name, TWOS[n].ours(x, y),
                               TWOS[n].precise((long double)x, (long double)y), x, y, &worst);
        }
        print_message("%-12s %.3f units\n", TWOS[n].name, worst);
    }
}

// Next to multiples of pi / 2 nearly all digits of the angle cancel.
static void angles_next_to_quarter_turns(void **state)
{
    (void)state;
    if (LDBL_MANT_DIG < 64)
        skip_because("long double is no wider than double");
    uint64_t random = 2;
    double worst = 0.0;
    for (int k = 0; k < DRAWS; k++) {
        const double quarters = floor(draw_between(&random, -700000, 700000));
        const double x = quarters * (IMP_PI / 2);
        stay_within_a_unit("sin", imp_sin(x), sinl((long double)x), x, 0.0, &worst);
        stay_within_a_unit("cos", imp_cos(x), cosl((long double)x), x, 0.0, &worst);
        stay_within_a_unit("tan", imp_tan(x), tanl((long double)x), x, 0.0, &worst);
    }
    // the double below 2^20 that is nearest to a multiple of pi / 2, beside its size
    stay_within_a_unit("cos", imp_cos(0x1.6c6cbc45dc8dep+5), cosl(0x1.6c6cbc45dc8dep+5L),
                       0x1.6c6cbc45dc8dep+5, 0.0, &worst);
    assert_close(fabs(imp_cos(0x1.6c6cbc45dc8dep+5)), 6.189806365883577e-19, 1e-33);
    // the double nearest to a multiple of pi / 2 of all: its cosine is -4.687e-19
    stay_within_a_unit("cos", imp_cos(6381956970095103.0 * 0x1p797),
                       cosl(6381956970095103.0L * 0x1p797L), 6381956970095103.0 * 0x1p797, 0.0,
                       &worst);
    assert_close(imp_cos(6381956970095103.0 * 0x1p797), -4.6871659242546277e-19, 1e-33);
    assert_close(imp_sin(0x1p1023), 0.56312777985088402, 1e-16); // by mpmath
}

static const double SPECIALS[] = {
    0.0,  -0.0, 1.0,   -1.0,  2.0,    -2.0,     3.0,       -3.0,      0.5,        -0.5,      2.5,
    -2.5, 1e17, -1e17, 1e308, -1e308, INFINITY, -INFINITY, 0x1p-1074, -0x1p-1074, 0x1p-1022, NAN};

enum { SPECIAL_COUNT = sizeof SPECIALS / sizeof *SPECIALS };

// Whether two results are NaN, infinite or zero alike, with the same sign, and nearly equal else.
static void agree(const char *name, double x, double y, double got, double wanted)
{
    const bool alike = isnan(wanted) ? isnan(got) : signbit(got) == signbit(wanted);
    if (!alike || !(units_apart(got, (long double)wanted) <= 1.0))
        fail_msg("%s of %a, %a: %a, but C says %a", name, x, y, got, wanted);
}

static void special_arguments_give_what_c_says(void **state)
{
    (void)state;
    const one_argument ours[] = {imp_sin,  imp_cos, imp_tan,  imp_acos, imp_exp,
                                 imp_exp2, imp_log, imp_log2, imp_log10};
    const one_argument c[] = {sin, cos, tan, acos, exp, exp2, log, log2, log10};
    for (int i = 0; i < SPECIAL_COUNT; i++) {
        for (size_t n = 0; n < sizeof ours / sizeof *ours; n++)
            agree("function", SPECIALS[i], (double)n, ours[n](SPECIALS[i]), c[n](SPECIALS[i]));
        for (int j = 0; j < SPECIAL_COUNT; j++) {
            const double x = SPECIALS[i], y = SPECIALS[j];
            agree("atan2", x, y, imp_atan2(x, y), atan2(x, y));
            agree("pow", x, y, imp_pow(x, y), pow(x, y));
            agree("hypot", x, y, imp_hypot(x, y), hypot(x, y));
        }
    }
    for (int k = 0; k <= 22; k++) // powers of ten that doubles hold
        assert_true(imp_log10(imp_pow(10.0, k)) == (double)k &&
                    fmod(imp_pow(10.0, k), 10.0) <= 1.0);
    assert_true(imp_pow(10.0, 22.0) == 1e22 && imp_exp2(-1074.0) == 0x1p-1074);
    assert_true((double)imp_hypotf(3.0F, 4.0F) == 5.0 && imp_hypot(-3.0, 4.0) == 5.0);
}

// One hash per function, over the arguments of the test of errors and the special ones. NaNs count
// as one value.
static uint64_t hash_result(uint64_t hash, double result)
{
    uint64_t bits = 0x7ff8000000000000U;
    if (!isnan(result))
        memcpy(&bits, &result, sizeof bits);
    return imp_hash_bytes(hash, &bits, sizeof bits);
}

static const uint64_t ONE_HASHES[ONE_COUNT] = {
    0x9931a12fee4a43d2U, // sin
    0xc6bf397708bef522U, // sin far
    0x05ff439f269057e5U, // cos
    0x638fa34189196844U, // cos far
    0x87f158e4e127fea4U, // tan
    0xbda180d75b67fe3aU, // tan far
    0x64a7272e47235bceU, // acos
    0x72a414d52ccdd297U, // acos near 0
    0xc24ecb6ff589bbdcU, // exp
    0x7ce6998e4bf6c334U, // exp wide
    0x6d2c4a948e7a92b9U, // exp2
    0x161258344d995d9aU, // log
    0xfee8b50fbeb67768U, // log wide
    0xae949fdae10e176dU, // log2
    0x188213e0023f7ee2U, // log2 wide
    0xe3561f2dc16b56d9U, // log10
};
static const uint64_t TWO_HASHES[TWO_COUNT] = {
    0x7d973875acf4f87fU, // atan2
    0x5efa77532450d6e0U, // atan2 wide
    0x4b070ce72cdafb85U, // pow
    0xf528a8efeba1ade7U, // pow wide
    0x25fc346b1b2dfd0aU, // hypot
    0x59c6656cf7034b42U, // hypot wide
};

static void results_are_the_same_bits_everywhere(void **state)
{
    (void)state;
    uint64_t random = 3;
    int wrong = 0;
    for (int n = 0; n < ONE_COUNT + TWO_COUNT; n++) {
        const bool two = n >= ONE_COUNT;
        const struct one_case *one = &ONES[two ? 0 : n];
        const struct two_case *pair = &TWOS[two ? n - ONE_COUNT : 0];
        uint64_t hash = IMP_HASH_START;
        for (int k = 0; k < DRAWS; k++) {
            const double x = draw_from(&random, two ? &pair->first : &one->of);
            hash = hash_result(hash, two ? pair->ours(x, draw_from(&random, &pair->second))
                                         : one->ours(x));
        }
        for (int i = 0; i < SPECIAL_COUNT * SPECIAL_COUNT; i++) {
            const double x = SPECIALS[i / SPECIAL_COUNT], y = SPECIALS[i % SPECIAL_COUNT];
            hash = hash_result(hash, two ? pair->ours(x, y) : one->ours(x));
        }
        const uint64_t wanted = two ? TWO_HASHES[n - ONE_COUNT] : ONE_HASHES[n];
        print_message("%-12s 0x%016llx\n", two ? pair->name : one->name, (unsigned long long)hash);
        wrong += hash != wanted;
    }
    assert_int_equal(wrong, 0);
}

// Two neighbours, as in a structure: compilers may take their conversions for vectors.
typedef struct pair {
    double first, second;
} pair;

__attribute__((noinline)) static pair round_pair(double first, double second)
{
    return (pair){imp_round_to_single(first), imp_round_to_single(second)};
}

static void neighbours_are_rounded_to_single_precision(void **state)
{
    (void)state;
    const volatile double first = 0.1, second = 1.0 / 3.0;
    const pair rounded = round_pair(first, second);
    assert_true(rounded.first == 0x1.99999ap-4 && rounded.second == 0x1.555556p-2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_below_a_unit),
        cmocka_unit_test(angles_next_to_quarter_turns),
        cmocka_unit_test(special_arguments_give_what_c_says),
        cmocka_unit_test(results_are_the_same_bits_everywhere),
        cmocka_unit_test(neighbours_are_rounded_to_single_precision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
