// Splits a byte stream into CBOR items. Received bytes are appended to one growing buffer.
// bytes[from, to) have arrived and were not taken. A resumable scan finds the end of the first
// item, so each byte is examined once, however many reads deliver it. Memory doubles as bytes
// arrive and is never reserved from a length that a sender claims.
#include "deploy/protocol/message_reader.h"

#include <stdlib.h>
#include <string.h>

// The first allocation [bytes]. Most messages without an image fit after few doublings.
enum { FIRST_CAPACITY = 64 };

void imp_message_reader_free(imp_message_reader *reader)
{
    free(reader->bytes);
    *reader = (imp_message_reader){0};
}

// Returns memory for received bytes and its size in *room, or NULL if there is none.
uint8_t *imp_message_reader_reserve_space(imp_message_reader *reader, size_t *room)
{
    // Move the unread bytes to the front. This invalidates items that were handed out.
    if (reader->from > 0) {
        memmove(reader->bytes, reader->bytes + reader->from, reader->to - reader->from);
        reader->to -= reader->from;
        reader->from = 0;
    }
    if (reader->to == reader->capacity) {
        // The limit applies to one item, and a second item may begin in the same buffer. So the
        // capacity may exceed the limit once, by less than a factor of two.
        if (reader->capacity > reader->limit)
            return NULL;
        const size_t capacity = reader->capacity > 0 ? 2 * reader->capacity : FIRST_CAPACITY;
        uint8_t *bytes = realloc(reader->bytes, capacity);
        if (bytes == NULL)
            return NULL;
        reader->bytes = bytes;
        reader->capacity = capacity;
    }
    *room = reader->capacity - reader->to;
    return reader->bytes + reader->to;
}

// Says how many bytes were written to the reserved memory.
void imp_message_reader_add_received(imp_message_reader *reader, size_t count)
{
    reader->to += count;
}

// Takes the next whole item. It stays valid until imp_message_reader_reserve_space() is called.
imp_cbor_scan_result imp_message_reader_next(imp_message_reader *reader, imp_cbor_cursor *item,
                                             const char **why)
{
    if (reader->from == reader->to)
        return IMP_CBOR_INCOMPLETE;
    // The scan resumes where it stopped at the last call.
    uint8_t *first = reader->bytes + reader->from;
    const imp_cbor_scan_result state = imp_cbor_scan_find_item_end(
        &reader->scan, first, reader->to - reader->from, reader->limit, why);
    if (state != IMP_CBOR_COMPLETE)
        return state;
    // Strings that were sent in chunks are joined in place. The item may become shorter; `from`
    // advances by the received length.
    const size_t length = reader->scan.at;
    *item = (imp_cbor_cursor){
        first, first + (reader->scan.chunks ? imp_cbor_join_strings(first, length) : length)};
    reader->from += length;
    reader->scan = (imp_cbor_scan){0};
    return IMP_CBOR_COMPLETE;
}

// Returns whether a part of an item is left. At the end of a stream that is an error.
bool imp_message_reader_has_bytes(const imp_message_reader *reader)
{
    return reader->from < reader->to;
}
