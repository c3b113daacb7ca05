// base/common/hash.h: 64-bit FNV-1a hash (Fowler, Noll, Vo). It tells contents apart; it is not
// cryptographic.
#ifndef IMP_BASE_COMMON_HASH_H
#define IMP_BASE_COMMON_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define IMP_HASH_START 14695981039346656037U
#define IMP_HASH_PRIME 1099511628211U

// Continues a hash over more bytes. Start with IMP_HASH_START.
static inline uint64_t imp_hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    for (size_t k = 0; k < length; k++)
        hash = (hash ^ ((const uint8_t *)bytes)[k]) * IMP_HASH_PRIME;
    return hash;
}

// The same for a text, without its terminating 0.
static inline uint64_t imp_hash_text(uint64_t hash, const char *text)
{
    return imp_hash_bytes(hash, text, strlen(text));
}

#endif
