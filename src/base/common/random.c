// Counter-based random streams: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random
// numbers: as easy as 1, 2, 3", SC'11).
// A block of four 32-bit words is a pure function of a 64-bit key (the seed) and a 128-bit counter.
// The counter holds block number, environment, episode and purpose, so streams never overlap and no
// state is shared between threads.
#include "imprint/base.h"

#include <math.h>

#include "base/common/math_functions.h"

// Constants of Philox4x32-10: round multipliers and the Weyl increments of the key.
enum { PHILOX_ROUNDS = 10 };
static const uint32_t PHILOX_M0 = 0xD2511F53U, PHILOX_M1 = 0xCD9E8D57U;
static const uint32_t PHILOX_W0 = 0x9E3779B9U, PHILOX_W1 = 0xBB67AE85U;

static const double TWO_PI = 6.283185307179586476925;

// Encrypts one counter under a key: ten rounds of two 32x32-bit multiplications, whose high halves
// are mixed with the key and the other words.
static void philox4x32_10(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4])
{
    uint32_t k0 = key[0], k1 = key[1];
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        uint64_t product0 = (uint64_t)PHILOX_M0 * c0;
        uint64_t product1 = (uint64_t)PHILOX_M1 * c2;
        uint32_t next0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
        uint32_t next2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)product1;
        c3 = (uint32_t)product0;
        c0 = next0;
        c2 = next2;
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

// The block is empty at first (used == 4); the first draw computes it.
imp_random imp_random_stream(uint64_t seed, uint32_t environment, uint32_t episode,
                             imp_random_purpose purpose)
{
    return (imp_random){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, environment, episode, (uint32_t)purpose},
        .used = 4,
    };
}

uint32_t imp_random_u32(imp_random *random)
{
    if (random->used == 4) {
        philox4x32_10(random->key, random->counter, random->block);
        random->counter[0]++;
        random->used = 0;
    }
    return random->block[random->used++];
}

// Uniform in [0, 1): 53 random bits as an integer, divided by 2^53. Both steps are exact in a
// double.
static double draw_uniform_in_unit_interval(imp_random *random)
{
    uint32_t high = imp_random_u32(random) >> 5; // 27 bits
    uint32_t low = imp_random_u32(random) >> 6;  // 26 bits
    return ((double)high * 67108864.0 + (double)low) / 9007199254740992.0;
}

double imp_random_uniform(imp_random *random, double low, double high)
{
    return low + (high - low) * draw_uniform_in_unit_interval(random);
}

uint32_t imp_random_uniform_int(imp_random *random, uint32_t bound)
{
    // Words below 2^32 mod bound are rejected. The rest is a multiple of bound, so each remainder
    // is equally likely.
    uint32_t threshold = (0U - bound) % bound;
    uint32_t word;
    do {
        word = imp_random_u32(random);
    } while (word < threshold);
    return word % bound;
}

// Box-Muller transform. 1 - u lies in (0, 1], so the logarithm is finite.
double imp_random_normal(imp_random *random)
{
    double radius = sqrt(-2.0 * imp_log(1.0 - draw_uniform_in_unit_interval(random)));
    return radius * imp_cos(TWO_PI * draw_uniform_in_unit_interval(random));
}

// Fisher-Yates: swaps the last open position with a random one at or before it.
void imp_random_shuffle(imp_random *random, uint32_t *indices, size_t count)
{
    for (size_t left = count; left > 1; left--) {
        uint32_t pick = imp_random_uniform_int(random, (uint32_t)left);
        uint32_t kept = indices[left - 1];
        indices[left - 1] = indices[pick];
        indices[pick] = kept;
    }
}
