// page/writer/page_payload.h: what a page holds beside its template, packed for its file.
#ifndef IMP_PAGE_WRITER_PAGE_PAYLOAD_H
#define IMP_PAGE_WRITER_PAGE_PAYLOAD_H

#include <stdio.h>

#include "imprint/nn.h"

// Writes, in base64, a zlib stream of: the length of the JSON text (4 bytes, little-endian), the
// text, and the values of each network: the lowest bytes of all, the next ones, and so on. Bytes of
// one significance are alike, so that this compresses better. Fails with IMP_NO_MEMORY.
imp_status imp_page_write_payload(FILE *out, const char *json, size_t length,
                                  const imp_network *const *networks, int count, imp_error *err);

#endif
