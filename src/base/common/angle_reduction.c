// Reduction of any angle modulo pi / 2, after Payne and Hanek, "Radian reduction for trigonometric
// functions" (1983). x is an integer of 53 bits times 2^e. Of 2 / pi only the 256 bits matter whose
// product with x is neither a multiple of 4 (whole turns) nor too small. The product is computed in
// limbs of 32 bits; the two bits before its binary point are the quarter turns, and those behind
// it, times pi / 2, the rest. No double is nearer than about 2^-62 to a multiple of pi / 2, so that
// at least 100 bits of the rest are right.
#include "base/common/angle_reduction.h"

#include <stdbool.h>

enum { LIMBS = 12, FACTOR_LIMBS = 8, LIMB_BITS = 32 };

// The bits of 2 / pi behind the binary point, the highest first. The words, like the constants
// below, are printed by tests/fixtures/make_math_coefficients.py.
static const uint32_t TWO_OVER_PI[40] = {
    0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561,
    0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e, 0xe88235f5, 0x2ebb4484,
    0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b, 0xbdf9283b, 0x1ff897ff, 0xde05980f,
    0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d, 0x7527bac7, 0xebe5f17b,
    0x3d0739f7, 0x8a5292ea, 0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab, 0xf0cfbc20, 0x9af4361d,
};
static const imp_double_double HALF_PI = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};

// limbs (the lowest first) = mantissa * the 256 bits of 2 / pi that begin with word `first`.
static void multiply_two_over_pi(uint64_t mantissa, int first, uint32_t limbs[LIMBS])
{
    memset(limbs, 0, LIMBS * sizeof limbs[0]);
    for (int half = 0; half < 2; half++) {
        const uint64_t factor = half == 0 ? mantissa & 0xffffffffU : mantissa >> LIMB_BITS;
        uint64_t carry = 0;
        for (int k = 0; k < FACTOR_LIMBS; k++) {
            const uint64_t sum =
                factor * TWO_OVER_PI[first + FACTOR_LIMBS - 1 - k] + limbs[k + half] + carry;
            limbs[k + half] = (uint32_t)sum;
            carry = sum >> LIMB_BITS;
        }
        limbs[FACTOR_LIMBS + half] = (uint32_t)carry;
    }
}

// limbs = 2^bits - limbs, for limbs below 2^bits.
static void negate_fraction(uint32_t limbs[LIMBS], int bits)
{
    uint64_t carry = 1;
    for (int k = 0; k < LIMBS; k++) {
        const uint64_t sum = (uint64_t)(uint32_t)~limbs[k] + carry;
        limbs[k] = (uint32_t)sum;
        carry = sum >> LIMB_BITS;
    }
    for (int k = bits / LIMB_BITS; k < LIMBS; k++)
        limbs[k] &= k > bits / LIMB_BITS ? 0 : (1U << bits % LIMB_BITS) - 1;
}

// limbs / 2^bits, to at least 96 bits.
static imp_double_double limbs_to_double(const uint32_t limbs[LIMBS], int bits)
{
    int top = LIMBS - 1;
    while (top > 3 && limbs[top] == 0)
        top--;
    imp_double_double sum =
        imp_sum_ordered((double)limbs[top] * 0x1p96, (double)limbs[top - 1] * 0x1p64);
    sum = imp_sum_ordered(sum.high, sum.low + (double)limbs[top - 2] * 0x1p32);
    sum = imp_sum_ordered(sum.high, sum.low + (double)limbs[top - 3]);
    const double scale = imp_power_of_two(LIMB_BITS * (top - 3) - bits);
    return (imp_double_double){sum.high * scale, sum.low * scale};
}

imp_reduced_angle imp_reduce_any_angle(double x)
{
    const uint64_t bits = imp_bits_of_double(x), sign = bits >> 63;
    const uint64_t mantissa = (bits & 0xfffffffffffffU) | 0x10000000000000U;
    const int exponent = (int)(bits >> 52 & 0x7ff) - 1075;

    // bits of 2 / pi with weights of 2^(2 - exponent) and more give whole turns
    const int first = exponent > 2 ? (exponent - 2) / LIMB_BITS : 0;
    uint32_t limbs[LIMBS];
    multiply_two_over_pi(mantissa, first, limbs);
    const int point = LIMB_BITS * (FACTOR_LIMBS + first) - exponent; // bits behind the binary point

    const int limb = point / LIMB_BITS, shift = point % LIMB_BITS;
    const uint64_t whole = ((uint64_t)limbs[limb + 1] << LIMB_BITS | limbs[limb]) >> shift;
    unsigned quarters = (unsigned)(whole & 3);
    limbs[limb] &= (1U << shift) - 1;
    for (int k = limb + 1; k < LIMBS; k++)
        limbs[k] = 0;

    // to the nearest quarter
    const bool above = (limbs[(point - 1) / LIMB_BITS] >> (point - 1) % LIMB_BITS & 1) != 0;
    if (above) {
        negate_fraction(limbs, point);
        quarters++;
    }
    imp_double_double rest = imp_product(limbs_to_double(limbs, point), HALF_PI);
    if (above != (sign != 0))
        rest = (imp_double_double){-rest.high, -rest.low};
    return (imp_reduced_angle){rest, sign != 0 ? 0U - quarters : quarters};
}
