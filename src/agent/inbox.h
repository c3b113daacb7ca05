// agent/inbox.h: bytes as they arrive, taken out again as whole CBOR items. Its memory grows with
// what has arrived, never with what a length claims.
#ifndef IMP_AGENT_INBOX_H
#define IMP_AGENT_INBOX_H

#include "agent/cbor.h"

// Starts as {.limit = ...}; released with imp_inbox_free().
typedef struct imp_inbox {
    size_t limit; // longest item [bytes]
    uint8_t *bytes;
    size_t capacity;
    size_t from, to; // what has arrived and was not taken
    imp_cbor_scan scan;
} imp_inbox;

void imp_inbox_free(imp_inbox *inbox);

// Where to put the next bytes, *room > 0 of them; NULL without memory, or if an item is taken that
// is longer than the limit. Items taken before become invalid.
uint8_t *imp_inbox_room(imp_inbox *inbox, size_t *room);

// Says how many bytes were put there.
void imp_inbox_add(imp_inbox *inbox, size_t count);

// Takes the next item, if it is whole. Its strings are in one piece each. *item stays valid until
// imp_inbox_room() is called.
imp_cbor_state imp_inbox_take(imp_inbox *inbox, imp_cbor *item, const char **why);

// Whether part of an item has arrived.
bool imp_inbox_has_rest(const imp_inbox *inbox);

#endif
