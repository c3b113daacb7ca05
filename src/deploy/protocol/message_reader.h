// deploy/protocol/message_reader.h: bytes as they arrive, taken out again as whole CBOR items. Its
// memory grows with what has arrived, never with what a length claims.
#ifndef IMP_DEPLOY_PROTOCOL_MESSAGE_READER_H
#define IMP_DEPLOY_PROTOCOL_MESSAGE_READER_H

#include "deploy/protocol/cbor.h"

// Starts as {.limit = ...}; released with imp_message_reader_free().
typedef struct imp_message_reader {
    size_t limit; // longest item [bytes]
    uint8_t *bytes;
    size_t capacity;
    size_t from, to; // what has arrived and was not taken
    imp_cbor_scan scan;
} imp_message_reader;

void imp_message_reader_free(imp_message_reader *reader);

// Where to put the next bytes, *room > 0 of them; NULL without memory, or if an item is taken that
// is longer than the limit. Items taken before become invalid.
uint8_t *imp_message_reader_reserve(imp_message_reader *reader, size_t *room);

// Says how many bytes were put there.
void imp_message_reader_commit(imp_message_reader *reader, size_t count);

// Takes the next item, if it is whole. Its strings are in one piece each. *item stays valid until
// imp_message_reader_reserve() is called.
imp_cbor_scan_result imp_message_reader_next(imp_message_reader *reader, imp_cbor_cursor *item,
                                             const char **why);

// Whether part of an item has arrived.
bool imp_message_reader_has_partial(const imp_message_reader *reader);

#endif
