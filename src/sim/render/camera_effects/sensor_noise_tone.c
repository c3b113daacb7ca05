// Gain, noise and tone curves. The standard deviation of noise grows with light; it is interpolated
// in a table of 16 levels. Everything is 16-bit integer arithmetic, so that vectors and plain C
// give the same bytes; imp_apply_gain_noise_portable() is the definition. Tone curves are tables of
// 256 bytes per channel. Noise comes from a precomputed table, which is faster than generating it
// per byte.
#include <math.h>

#include "base/common/vector2.h"
#include "sim/render/camera_effects/effect_steps.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Noise with mean 0 and standard deviation 1, a pure function of its argument. The sum of a hash's
// four bytes is nearly normal up to three standard deviations.
static float hash_gaussian_noise(uint32_t n)
{
    // an integer hash, then the sum of its bytes
    uint32_t h = n * 0x9e3779b1u;
    h = (h ^ h >> 15) * 0x2c1b3c6du;
    h = (h ^ h >> 12) * 0x297a2d39u;
    h ^= h >> 15;
    const uint32_t pairs = (h & 0x00ff00ffu) + (h >> 8 & 0x00ff00ffu);
    // standard deviation of the sum of four bytes: sqrt(4 (256^2 - 1) / 12) = 147.8
    return ((float)(int32_t)((pairs & 0xffff) + (pairs >> 16)) - 510.0f) * (1.0f / 147.8f);
}

void imp_noise_table_fill(int8_t noise[IMP_NOISE_COUNT + IMP_NOISE_RUN])
{
    for (uint32_t k = 0; k < IMP_NOISE_COUNT + IMP_NOISE_RUN; k++)
        noise[k] = (int8_t)lrintf(32.0f * hash_gaussian_noise(k));
}

// Variance = noise^2 + shot_noise^2 * light; fills deviation and growth at 16 levels.
void imp_noise_levels_set(imp_noise_levels *t, double noise, double shot_noise)
{
    // both variances in bytes squared
    const double floor = noise * noise * 255.0 * 255.0, slope = shot_noise * shot_noise * 255.0;
    for (int k = 0; k < IMP_NOISE_LEVEL_COUNT; k++) {
        const int at = (int)lround(64.0 * sqrt(floor + slope * 16.0 * k));
        t->deviation[k] = (uint16_t)at;
        t->growth[k] = (uint16_t)(lround(64.0 * sqrt(floor + slope * 16.0 * (k + 1))) - at);
    }
}

void imp_apply_gain_noise_portable(const imp_noise_levels *t, const uint16_t *gains,
                                   const int8_t *noise, int count, uint8_t *bytes)
{
    for (int k = 0; k < count; k++) {
        // light is 16 times the byte, below 4096
        const uint32_t bright = (uint32_t)(bytes[k] << 8) * gains[k] >> 16;
        const uint32_t light = bright < 4095 ? bright : 4095;
        // interpolate the deviation between two levels
        const uint32_t step = light >> 8, rest = (light & 255) << 8;
        const int32_t deviation = (int32_t)(t->deviation[step] + (t->growth[step] * rest >> 16));
        // rounded product of noise and deviation, as pmulhrsw computes it
        const int32_t more = ((noise[k] * 256 * deviation >> 14) + 1) >> 1;
        const int32_t value = ((int32_t)light + more + 8) >> 4;
        bytes[k] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
}

#if defined(__x86_64__)

// A table of sixteen 16-bit numbers for lookup by byte shuffles.
typedef struct lookup_table {
    __m256i low, high; // low and high bytes of the numbers
} lookup_table;

// Splits a table into low and high bytes, each in both halves of a vector.
IMP_AVX2 static inline lookup_table load_lookup_table(const uint16_t values[IMP_NOISE_LEVEL_COUNT])
{
    // separate low and high bytes
    const __m256i all = _mm256_loadu_si256((const __m256i *)(const void *)values);
    const __m256i low = _mm256_and_si256(all, _mm256_set1_epi16(0xff));
    const __m256i bytes = _mm256_packus_epi16(low, _mm256_srli_epi16(all, 8));
    // after packing, halves hold low and high bytes of eight numbers each
    const __m256i sorted = _mm256_permute4x64_epi64(bytes, 0xd8);
    return (lookup_table){_mm256_permute2x128_si256(sorted, sorted, 0x00),
                          _mm256_permute2x128_si256(sorted, sorted, 0x11)};
}

// Looks up 16 indices. `step` has 0x80 in its upper bytes and `above` in its lower ones, which
// makes the shuffle return 0 there.
IMP_AVX2 static inline __m256i lookup_avx2(lookup_table t, __m256i step, __m256i above)
{
    return _mm256_or_si256(_mm256_shuffle_epi8(t.low, step), _mm256_shuffle_epi8(t.high, above));
}

// The portable loop's body for 16 bytes.
IMP_AVX2 static inline __m256i apply_gain_noise_to_16_bytes(lookup_table deviations,
                                                            lookup_table growths, __m256i bytes,
                                                            __m256i gains, __m256i noise)
{
    // light, its level and the fraction between levels
    const __m256i bright = _mm256_mulhi_epu16(_mm256_slli_epi16(bytes, 8), gains);
    const __m256i light = _mm256_min_epu16(bright, _mm256_set1_epi16(4095));
    const __m256i number = _mm256_srli_epi16(light, 8), rest = _mm256_slli_epi16(light, 8);
    const __m256i step = _mm256_or_si256(number, _mm256_set1_epi16((short)0x8000));
    const __m256i above = _mm256_or_si256(_mm256_slli_epi16(number, 8), _mm256_set1_epi16(0x0080));
    const __m256i deviation =
        _mm256_add_epi16(lookup_avx2(deviations, step, above),
                         _mm256_mulhi_epu16(lookup_avx2(growths, step, above), rest));
    const __m256i more = _mm256_mulhrs_epi16(_mm256_slli_epi16(noise, 8), deviation);
    return _mm256_srai_epi16(_mm256_add_epi16(_mm256_add_epi16(light, more), _mm256_set1_epi16(8)),
                             4);
}

IMP_AVX2 void imp_apply_gain_noise_avx2(const imp_noise_levels *t, const uint16_t *gains,
                                        const int8_t *noise, int count, uint8_t *bytes)
{
    const lookup_table deviations = load_lookup_table(t->deviation),
                       growths = load_lookup_table(t->growth);
    int k = 0;
    for (; k + 16 <= count; k += 16) {
        const __m128i in = _mm_loadu_si128((const __m128i *)(const void *)(bytes + k));
        const __m128i more = _mm_loadu_si128((const __m128i *)(const void *)(noise + k));
        const __m256i out = apply_gain_noise_to_16_bytes(
            deviations, growths, _mm256_cvtepu8_epi16(in),
            _mm256_loadu_si256((const __m256i *)(const void *)(gains + k)),
            _mm256_cvtepi8_epi16(more));
        _mm_storeu_si128(
            (__m128i *)(void *)(bytes + k),
            _mm_packus_epi16(_mm256_castsi256_si128(out), _mm256_extracti128_si256(out, 1)));
    }
    imp_apply_gain_noise_portable(t, gains + k, noise + k, count - k, bytes + k);
}

// The same tables for 512-bit vectors.
typedef struct lookup_table_avx512 {
    __m512i low, high;
} lookup_table_avx512;

IMP_AVX512 static inline lookup_table_avx512 widen_lookup_table(lookup_table t)
{
    return (lookup_table_avx512){_mm512_broadcast_i64x4(t.low), _mm512_broadcast_i64x4(t.high)};
}

IMP_AVX512 static inline __m512i lookup_avx512(lookup_table_avx512 t, __m512i step, __m512i above)
{
    return _mm512_or_si512(_mm512_shuffle_epi8(t.low, step), _mm512_shuffle_epi8(t.high, above));
}

// The portable loop's body for 32 bytes.
IMP_AVX512 static inline __m256i apply_gain_noise_to_32_bytes(lookup_table_avx512 deviations,
                                                              lookup_table_avx512 growths,
                                                              __m512i bytes, __m512i gains,
                                                              __m512i noise)
{
    const __m512i bright = _mm512_mulhi_epu16(_mm512_slli_epi16(bytes, 8), gains);
    const __m512i light = _mm512_min_epu16(bright, _mm512_set1_epi16(4095));
    const __m512i number = _mm512_srli_epi16(light, 8), rest = _mm512_slli_epi16(light, 8);
    const __m512i step = _mm512_or_si512(number, _mm512_set1_epi16((short)0x8000));
    const __m512i above = _mm512_or_si512(_mm512_slli_epi16(number, 8), _mm512_set1_epi16(0x0080));
    const __m512i deviation =
        _mm512_add_epi16(lookup_avx512(deviations, step, above),
                         _mm512_mulhi_epu16(lookup_avx512(growths, step, above), rest));
    const __m512i more = _mm512_mulhrs_epi16(_mm512_slli_epi16(noise, 8), deviation);
    const __m512i out =
        _mm512_srai_epi16(_mm512_add_epi16(_mm512_add_epi16(light, more), _mm512_set1_epi16(8)), 4);
    return _mm512_cvtusepi16_epi8(_mm512_max_epi16(out, _mm512_setzero_si512()));
}

IMP_AVX512 void imp_apply_gain_noise_avx512(const imp_noise_levels *t, const uint16_t *gains,
                                            const int8_t *noise, int count, uint8_t *bytes)
{
    const lookup_table_avx512 deviations = widen_lookup_table(load_lookup_table(t->deviation)),
                              growths = widen_lookup_table(load_lookup_table(t->growth));
    for (int k = 0; k < count; k += 32) {
        // a mask covers the last, incomplete vector
        const __mmask32 some = count - k < 32 ? (1u << (count - k)) - 1 : ~0u;
        const __m256i in = _mm256_maskz_loadu_epi8(some, bytes + k);
        const __m256i more = _mm256_maskz_loadu_epi8(some, noise + k);
        const __m256i out = apply_gain_noise_to_32_bytes(
            deviations, growths, _mm512_cvtepu8_epi16(in),
            _mm512_maskz_loadu_epi16(some, gains + k), _mm512_cvtepi8_epi16(more));
        _mm256_mask_storeu_epi8(bytes + k, some, out);
    }
}

#define VBMI __attribute__((target("avx512vbmi,avx512bw")))

// Tone tables of 256 bytes as four registers per channel. Three vectors of 64 bytes hold whole
// pixels; byte b of vector v belongs to channel (v + b) % 3, since 64 is one more than a multiple
// of 3.
VBMI static void apply_tone_table_vbmi(const uint8_t tones[3][256], size_t count, uint8_t *bytes)
{
    static const __mmask64 EVERY_THIRD = 0x9249249249249249u;
    // load the three tables into twelve registers
    __m512i parts[3][4];
    for (int c = 0; c < 3; c++)
        for (int n = 0; n < 4; n++)
            parts[c][n] = _mm512_loadu_si512(tones[c] + 64 * n);
    size_t k = 0;
    for (; k + 192 <= count; k += 192)
        for (int v = 0; v < 3; v++) {
            // the highest bit of a byte chooses between the two halves of a table
            const __m512i in = _mm512_loadu_si512(bytes + k + 64 * v);
            const __mmask64 upper = _mm512_movepi8_mask(in);
            __m512i out = _mm512_setzero_si512();
            for (int c = 0; c < 3; c++) {
                // two-register lookups for values below and above 128
                const __m512i low = _mm512_permutex2var_epi8(parts[c][0], in, parts[c][1]);
                const __m512i high = _mm512_permutex2var_epi8(parts[c][2], in, parts[c][3]);
                const __mmask64 channel = EVERY_THIRD << ((c - v + 3) % 3);
                out =
                    _mm512_mask_blend_epi8(channel, out, _mm512_mask_blend_epi8(upper, low, high));
            }
            _mm512_storeu_si512(bytes + k + 64 * v, out);
        }
    for (; k < count; k++)
        bytes[k] = tones[k % 3][bytes[k]];
}

#endif

void imp_tone_table_apply(const uint8_t tones[3][256], size_t count, uint8_t *bytes)
{
#if defined(__x86_64__)
    if (imp_cpu_has(IMP_CPU_AVX512_VBMI)) {
        apply_tone_table_vbmi(tones, count, bytes);
        return;
    }
#endif
    // the plain version
    for (size_t k = 0; k + 3 <= count; k += 3)
        for (size_t c = 0; c < 3; c++)
            bytes[k + c] = tones[c][bytes[k + c]];
}
