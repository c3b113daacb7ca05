// A module for a browser: compares the multiply-add of WebAssembly with the one that always rounds
// to odd, where two roundings give another result than one. tests/page/browser_test.py runs it.
#include "nn/vector_kernels/vector.h"
#undef vector_multiply_add_in_double

static uint64_t generator = 88172645463325252U;
static int twice; // lanes in which two roundings differ from one

static uint32_t draw(void)
{
    generator ^= generator << 13;
    generator ^= generator >> 7;
    generator ^= generator << 17;
    return (uint32_t)(generator >> 32);
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// (1 + 2^-23) (1 - 2^-23) = 1 - 2^-46: added to a number 2^24 times as large, the product is just
// below the middle of two floats, and rounds to that middle in double. With `tiny`, the sum is
// below the normal floats.
static void draw_operands(int tiny, vector *a, vector *b, vector *c)
{
    for (int k = 0; k < VECTOR_LANES; k++) {
        const uint32_t x = draw(), y = draw(), z = draw();
        const uint32_t signs[] = {(x >> 9 & 1) << 31, (y & 1) << 31, (z >> 29 & 1) << 31};
        const uint32_t exponent = tiny ? 102 : 117 + x % 20;
        (*a)[k] = float_of(exponent << 23 | 1 | signs[0]);
        (*b)[k] = float_of((tiny ? 1U : 102U) << 23 | 0x7ffffe | signs[1]);
        (*c)[k] = float_of(tiny ? (z >> 8) >> x % 12
                                : (exponent + (z >> 30 & 1)) << 23 | (z & 0x7fffff) | signs[2]);
    }
}

int differences(int count, int tiny) __attribute__((export_name("differences")));
int differences(int count, int tiny)
{
    int wrong = 0;
    for (int i = 0; i < count; i++) {
        vector a, b, c, naive;
        draw_operands(tiny, &a, &b, &c);
        const vector wanted = vector_multiply_add_in_double(a, b, c);
        const vector got = vector_multiply_add(a, b, c);
        for (int k = 0; k < VECTOR_LANES; k++)
            naive[k] = (float)((double)a[k] * (double)b[k] + (double)c[k]);
        const vector_int same = (vector_int)wanted == (vector_int)got;
        const vector_int easy = (vector_int)wanted == (vector_int)naive;
        for (int k = 0; k < VECTOR_LANES; k++) {
            wrong += same[k] == 0;
            twice += easy[k] == 0;
        }
    }
    return wrong;
}

int hard_cases(void) __attribute__((export_name("hard_cases")));
int hard_cases(void)
{
    return twice;
}
