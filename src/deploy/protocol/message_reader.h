// deploy/protocol/message_reader.h: collects received bytes and returns whole CBOR items. Its
// memory grows with the bytes that arrived, never with a claimed length.
#ifndef IMP_DEPLOY_PROTOCOL_MESSAGE_READER_H
#define IMP_DEPLOY_PROTOCOL_MESSAGE_READER_H

#include "deploy/protocol/cbor.h"

// Starts as {.limit = ...}; released with imp_message_reader_free().
typedef struct imp_message_reader {
    size_t limit; // longest item [bytes]
    uint8_t *bytes;
    size_t capacity;
    size_t from, to; // bytes that arrived and were not taken
    imp_cbor_scan scan;
} imp_message_reader;

void imp_message_reader_free(imp_message_reader *reader);

// Returns where to write the next bytes; *room > 0 is their number. NULL if memory is out or an
// item exceeds the limit. Items returned before become invalid.
uint8_t *imp_message_reader_reserve_space(imp_message_reader *reader, size_t *room);

// Records that `count` bytes were written there.
void imp_message_reader_add_received(imp_message_reader *reader, size_t count);

// Takes the next item if all of it has arrived. Its strings are contiguous. *item stays valid until
// imp_message_reader_reserve_space() is called.
imp_cbor_scan_result imp_message_reader_next(imp_message_reader *reader, imp_cbor_cursor *item,
                                             const char **why);

// Returns whether part of an item has arrived.
bool imp_message_reader_has_bytes(const imp_message_reader *reader);

#endif
