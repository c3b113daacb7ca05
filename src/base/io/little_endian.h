// base/io/little_endian.h: little-endian numbers in unaligned bytes, on any processor.
#ifndef IMP_BASE_IO_LITTLE_ENDIAN_H
#define IMP_BASE_IO_LITTLE_ENDIAN_H

#include <stdint.h>
#include <string.h>

static inline uint32_t imp_load_le_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline void imp_store_le_u32(uint8_t *at, uint32_t value)
{
    for (int k = 0; k < 4; k++)
        at[k] = (uint8_t)(value >> 8 * k);
}

static inline uint64_t imp_load_le_u64(const uint8_t *at)
{
    return imp_load_le_u32(at) | (uint64_t)imp_load_le_u32(at + 4) << 32;
}

static inline float imp_load_le_f32(const uint8_t *at)
{
    const uint32_t bits = imp_load_le_u32(at);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline double imp_load_le_f64(const uint8_t *at)
{
    const uint64_t bits = imp_load_le_u64(at);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
