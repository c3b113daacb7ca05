#include "agent/inbox.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

void imp_inbox_free(imp_inbox *inbox)
{
    free(inbox->bytes);
    *inbox = (imp_inbox){0};
}

uint8_t *imp_inbox_room(imp_inbox *inbox, size_t *room)
{
    if (inbox->from > 0) {
        memmove(inbox->bytes, inbox->bytes + inbox->from, inbox->to - inbox->from);
        inbox->to -= inbox->from;
        inbox->from = 0;
    }
    if (inbox->to == inbox->capacity) {
        // the limit holds for items, and another one may begin behind the first
        if (inbox->capacity > inbox->limit)
            return NULL;
        const size_t capacity = inbox->capacity > 0 ? 2 * inbox->capacity : FIRST_CAPACITY;
        uint8_t *bytes = realloc(inbox->bytes, capacity);
        if (bytes == NULL)
            return NULL;
        inbox->bytes = bytes;
        inbox->capacity = capacity;
    }
    *room = inbox->capacity - inbox->to;
    return inbox->bytes + inbox->to;
}

void imp_inbox_add(imp_inbox *inbox, size_t count)
{
    inbox->to += count;
}

imp_cbor_state imp_inbox_take(imp_inbox *inbox, imp_cbor *item, const char **why)
{
    if (inbox->from == inbox->to)
        return IMP_CBOR_MORE;
    uint8_t *first = inbox->bytes + inbox->from;
    const imp_cbor_state state =
        imp_cbor_scan_on(&inbox->scan, first, inbox->to - inbox->from, inbox->limit, why);
    if (state != IMP_CBOR_WHOLE)
        return state;
    const size_t length = inbox->scan.at;
    *item = (imp_cbor){first, first + (inbox->scan.pieces ? imp_cbor_join(first, length) : length)};
    inbox->from += length;
    inbox->scan = (imp_cbor_scan){0};
    return IMP_CBOR_WHOLE;
}

bool imp_inbox_has_rest(const imp_inbox *inbox)
{
    return inbox->from < inbox->to;
}
