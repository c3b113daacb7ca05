// Packs the data of a page: JSON and the values of networks, compressed by zlib as browsers
// decompress it, in base64.
#include "page/writer/page_payload.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/common/try.h"
#include "base/io/little_endian.h"
#include "base/text/base64.h"
#include "nn/network/network.h"

enum { LENGTH_BYTES = 4, VALUE_BYTES = 4 };

// The bytes of the values, by significance.
static void split_weights_into_byte_planes(uint8_t *out, const imp_network *network)
{
    const size_t count = (size_t)network->graph.values;
    for (size_t k = 0; k < count; k++) {
        uint32_t bits;
        memcpy(&bits, &network->values[k], sizeof bits);
        for (size_t plane = 0; plane < VALUE_BYTES; plane++)
            out[plane * count + k] = (uint8_t)(bits >> (8 * plane));
    }
}

// Everything before it is compressed; the caller frees it. NULL without memory.
static uint8_t *join_payload(size_t *size, const char *json, size_t length,
                             const imp_network *const *networks, int count)
{
    *size = LENGTH_BYTES + length;
    for (int k = 0; k < count; k++)
        *size += VALUE_BYTES * (size_t)networks[k]->graph.values;
    uint8_t *bytes = malloc(*size), *end = bytes;
    if (bytes == NULL)
        return NULL;
    imp_store_le_u32(end, (uint32_t)length);
    end += LENGTH_BYTES;
    memcpy(end, json, length);
    end += length;
    for (int k = 0; k < count; k++) {
        split_weights_into_byte_planes(end, networks[k]);
        end += VALUE_BYTES * (size_t)networks[k]->graph.values;
    }
    return bytes;
}

imp_status imp_page_write_payload(FILE *out, const char *json, size_t length,
                                  const imp_network *const *networks, int count, imp_error *err)
{
    size_t size;
    uint8_t *bytes = join_payload(&size, json, length, networks, count);
    uLongf packed_size = compressBound((uLong)size);
    uint8_t *packed = malloc(packed_size);
    char *letters = NULL;
    if (bytes != NULL && packed != NULL &&
        compress2(packed, &packed_size, bytes, (uLong)size, Z_BEST_COMPRESSION) == Z_OK)
        letters = malloc(imp_base64_length(packed_size) + 1);
    if (letters != NULL) {
        imp_base64_encode(letters, packed, packed_size);
        fputs(letters, out);
    }
    const bool done = letters != NULL;
    free(letters);
    free(packed);
    free(bytes);
    return done ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory for a page");
}
