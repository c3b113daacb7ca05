// Reads and writes CBOR (RFC 8949). A head byte holds a major type (3 bits) and a size (5 bits);
// larger values follow in 1, 2, 4 or 8 bytes, most significant first. The scanner finds the end
// of an item with an explicit stack of open containers instead of recursion, so depth is bounded
// and it can stop and resume at any byte. The readers rely on items that were scanned before;
// each of them still checks every length against the end of the buffer.
#include "deploy/protocol/cbor.h"

#include <math.h>
#include <string.h>

// Major types: the upper three bits of an item's first byte.
enum {
    MAJOR_UNSIGNED,
    MAJOR_NEGATIVE,
    MAJOR_BYTES,
    MAJOR_TEXT,
    MAJOR_ARRAY,
    MAJOR_MAP,
    MAJOR_TAG,
    MAJOR_SIMPLE
};

// Lower five bits of the first byte: below 24 they are the value. 24 to 27: the value follows in 1,
// 2, 4 or 8 bytes. 31: the length is indefinite.
enum { SIZE_1 = 24, SIZE_8 = 27, SIZE_INDEFINITE = 31 };

// Values of major type 7. 25, 26 and 27 are floats of 16, 32 and 64 bits.
enum { SIMPLE_FALSE = 20, SIMPLE_TRUE = 21, SIMPLE_NULL = 22, SIMPLE_HALF = 25, SIMPLE_SINGLE };

// Tags of integers that are written as byte strings (RFC 8949, 3.4.3).
enum { TAG_BIGNUM = 2, TAG_NEGATIVE };

// Decodes an IEEE 754 half: 1 sign bit, 5 exponent bits, 10 mantissa bits.
// The smallest subnormal half is 2^-24, and the exponent's bias is 15.
static double half_to_double(uint64_t bits)
{
    const int exponent = (int)(bits >> 10 & 31), mantissa = (int)(bits & 1023);
    const double sign = bits >> 15 != 0 ? -1.0 : 1.0;
    if (exponent == 31)
        return mantissa != 0 ? (double)NAN : sign * (double)INFINITY;
    // Exponent 0 marks subnormal numbers, which have no implicit leading 1.
    if (exponent == 0)
        return sign * ldexp(mantissa, -24);
    return sign * ldexp(mantissa + 1024, exponent - 25);
}

// Reinterprets the bits of an IEEE 754 single.
static double float_bits_to_double(uint64_t bits)
{
    const uint32_t word = (uint32_t)bits;
    float value;
    memcpy(&value, &word, sizeof value);
    return (double)value;
}

// Decodes major type 7: booleans, null and floats. Everything else is IMP_CBOR_OTHER.
static void set_simple_value(imp_cbor_item *item, int size, uint64_t value)
{
    item->kind = IMP_CBOR_OTHER;
    if (size == SIMPLE_FALSE || size == SIMPLE_TRUE) {
        item->kind = IMP_CBOR_BOOL;
        item->integer = size == SIMPLE_TRUE;
    } else if (size == SIMPLE_NULL) {
        item->kind = IMP_CBOR_NULL;
    } else if (size >= SIMPLE_HALF && size <= SIZE_8) {
        item->kind = IMP_CBOR_FLOAT;
        // The size tells the width of the float: 25 is half, 26 single, 27 double.
        if (size == SIZE_8)
            memcpy(&item->real, &value, sizeof item->real);
        else
            item->real = size == SIMPLE_HALF ? half_to_double(value) : float_bits_to_double(value);
    }
}

// Values beyond 63 bits never occur in the protocol, so clamping loses nothing.
// RFC 8949 allows integers of 64 bits with a separate sign.
static int64_t clamp_to_int64(uint64_t value)
{
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

// Sets the kind of an item of indefinite length. Major type 7 is the "break" that ends one. False
// for major types that cannot be indefinite.
static bool set_indefinite_item(imp_cbor_item *item, int major)
{
    item->is_indefinite = true;
    // Only strings, arrays and maps can be indefinite; integers and tags cannot.
    switch (major) {
    case MAJOR_BYTES:
        item->kind = IMP_CBOR_BYTES;
        return true;
    case MAJOR_TEXT:
        item->kind = IMP_CBOR_TEXT;
        return true;
    case MAJOR_ARRAY:
        item->kind = IMP_CBOR_ARRAY;
        return true;
    case MAJOR_MAP:
        item->kind = IMP_CBOR_MAP;
        return true;
    case MAJOR_SIMPLE:
        item->kind = IMP_CBOR_BREAK;
        item->is_indefinite = false;
        return true;
    default:
        return false;
    }
}

// Sets kind and value of an item whose length or value is in its head.
static void set_definite_item(imp_cbor_item *item, int major, int size, uint64_t value)
{
    // Indexed by major type.
    static const imp_cbor_kind kinds[] = {IMP_CBOR_INTEGER, IMP_CBOR_INTEGER, IMP_CBOR_BYTES,
                                          IMP_CBOR_TEXT,    IMP_CBOR_ARRAY,   IMP_CBOR_MAP,
                                          IMP_CBOR_TAG};
    if (major == MAJOR_SIMPLE) {
        set_simple_value(item, size, value);
        return;
    }
    item->kind = kinds[major];
    // For strings the count is of bytes, for arrays of items, for maps of pairs.
    // The head of a negative integer holds -1 - n, so that no value has two encodings.
    if (major == MAJOR_UNSIGNED || major == MAJOR_TAG)
        item->integer = clamp_to_int64(value);
    else if (major == MAJOR_NEGATIVE)
        item->integer = -1 - clamp_to_int64(value);
    else
        item->count = value;
}

// Parses a head, without the bytes of a string. Returns the head's length, 0 if bytes are missing,
// or -1 if the head is malformed.
static int parse_head(const uint8_t *bytes, size_t length, imp_cbor_item *item)
{
    *item = (imp_cbor_item){0};
    if (length == 0)
        return 0;
    const int major = bytes[0] >> 5, size = bytes[0] & 31;
    if (size == SIZE_INDEFINITE)
        return set_indefinite_item(item, major) ? 1 : -1;
    // Sizes 28 to 30 are reserved by RFC 8949.
    if (size > SIZE_8)
        return -1;
    // Sizes 24..27 mean that 1, 2, 4 or 8 bytes of the value follow.
    const int extra = size < SIZE_1 ? 0 : 1 << (size - SIZE_1);
    if ((size_t)extra >= length)
        return 0;
    // Sizes below 24 are the value itself.
    uint64_t value = (uint64_t)size;
    if (extra > 0)
        value = 0;
    for (int k = 1; k <= extra; k++)
        value = value << 8 | bytes[k];
    // Simple values below 32 must use the one-byte form (RFC 8949, 3.3).
    if (major == MAJOR_SIMPLE && size == SIZE_1 && value < 32)
        return -1;
    set_definite_item(item, major, size, value);
    return 1 + extra;
}

// Returns whether an item is a byte or text string.
static bool is_string(const imp_cbor_item *item)
{
    return item->kind == IMP_CBOR_BYTES || item->kind == IMP_CBOR_TEXT;
}

// Reads one head, and the bytes of a string. Contents of containers follow as items of their own.
bool imp_cbor_read_item(imp_cbor_cursor *cursor, imp_cbor_item *item)
{
    const size_t there = (size_t)(cursor->end - cursor->at);
    const int head = parse_head(cursor->at, there, item);
    if (head <= 0)
        return false;
    const uint8_t *at = cursor->at + head;
    // A definite string is read with its bytes, all of which must be there.
    if (is_string(item) && !item->is_indefinite) {
        if (item->count > there - (size_t)head)
            return false;
        item->bytes = at;
        at += item->count;
    }
    cursor->at = at;
    return true;
}

// Converts a bignum, most significant byte first. Values that do not fit are clamped.
static void set_bignum_value(imp_cbor_item *item, bool negative)
{
    // The longest bignum is bounded by the limit of a message.
    int64_t value = 0;
    for (uint64_t k = 0; k < item->count; k++)
        value = value > INT64_MAX >> 8 ? INT64_MAX : value << 8 | item->bytes[k];
    *item = (imp_cbor_item){.kind = IMP_CBOR_INTEGER, .integer = negative ? -1 - value : value};
}

// Reads an item and skips the tags before it. Integers may be written as bignums.
bool imp_cbor_read_value(imp_cbor_cursor *cursor, imp_cbor_item *item)
{
    // Advance a copy, so that the cursor stays in place if the item is incomplete.
    imp_cbor_cursor at = *cursor;
    int64_t tag = -1;
    while (imp_cbor_read_item(&at, item)) {
        if (item->kind == IMP_CBOR_TAG) {
            tag = item->integer;
            continue;
        }
        // Only the innermost tag is considered.
        if ((tag == TAG_BIGNUM || tag == TAG_NEGATIVE) && item->kind == IMP_CBOR_BYTES &&
            item->bytes != NULL)
            set_bignum_value(item, tag == TAG_NEGATIVE);
        *cursor = at;
        return true;
    }
    return false;
}

// Moves the cursor behind the item that begins there, with everything it contains.
bool imp_cbor_skip_item(imp_cbor_cursor *cursor)
{
    const size_t there = (size_t)(cursor->end - cursor->at);
    // A fresh scan finds the end of the item, however deeply it is nested.
    imp_cbor_scan scan = {0};
    const char *why;
    if (imp_cbor_scan_find_item_end(&scan, cursor->at, there, there, &why) != IMP_CBOR_COMPLETE)
        return false;
    cursor->at += scan.at;
    return true;
}

// Compares the whole string. A string of indefinite length never matches; see
// imp_cbor_join_strings().
bool imp_cbor_is_text(const imp_cbor_item *item, const char *text)
{
    const size_t length = strlen(text);
    return item->kind == IMP_CBOR_TEXT && item->bytes != NULL && item->count == length &&
           memcmp(item->bytes, text, length) == 0;
}

// Finds the first pair with this key in a map. *value is then where its value begins.
bool imp_cbor_find_key(imp_cbor_cursor map, const char *key, imp_cbor_cursor *value)
{
    imp_cbor_item head, name;
    if (!imp_cbor_read_value(&map, &head) || head.kind != IMP_CBOR_MAP)
        return false;
    // Pairs are examined in order. RFC 8949 forbids equal keys, so the first one decides.
    for (uint64_t k = 0; head.is_indefinite || k < head.count; k++) {
        imp_cbor_cursor after = map;
        if (!imp_cbor_read_item(&after, &name) || name.kind == IMP_CBOR_BREAK)
            return false;
        // Only a plain text can equal the key, but a key may be any item: skip it as a whole.
        if (!imp_cbor_skip_item(&map))
            return false;
        if (imp_cbor_is_text(&name, key)) {
            *value = map;
            return true;
        }
        // Another key: skip the value as well.
        if (!imp_cbor_skip_item(&map))
            return false;
    }
    return false;
}

// Called when an item ends. Also closes every enclosing container whose last item it was. `odd` is
// true after a map's key, while its value is still missing.
static void close_item_and_complete_parents(imp_cbor_scan *scan)
{
    while (scan->depth > 0) {
        // The enclosing container has one item less to come. If more follow, it stays open.
        const int top = scan->depth - 1;
        scan->levels[top].odd = !scan->levels[top].odd;
        if (scan->levels[top].is_indefinite || --scan->levels[top].left > 0)
            return;
        scan->depth--;
    }
    scan->ended = true;
}

// Opens a container, or a tag, which encloses one item. `left` counts items still to come.
static bool push_scan_level(imp_cbor_scan *scan, const imp_cbor_item *item, uint64_t left)
{
    if (scan->depth == IMP_CBOR_DEPTH_MAX)
        return false;
    const int top = scan->depth++;
    scan->levels[top].left = left;
    scan->levels[top].kind = item->kind;
    scan->levels[top].is_indefinite = item->is_indefinite;
    scan->levels[top].odd = false;
    return true;
}

// Checks that an item is allowed where it stands. Returns the reason if it is not, else NULL. A
// string of indefinite length may hold only definite strings of its own kind.
static const char *misplaced_item_reason(const imp_cbor_scan *scan, const imp_cbor_item *item)
{
    // At the top level everything but a break may begin.
    if (scan->depth == 0)
        return item->kind == IMP_CBOR_BREAK ? "a break outside an item of indefinite length" : NULL;
    const int top = scan->depth - 1;
    const imp_cbor_kind around = scan->levels[top].kind;
    // A break must end a container of indefinite length, and a map must have complete pairs.
    if (item->kind == IMP_CBOR_BREAK)
        return !scan->levels[top].is_indefinite ? "a break outside an item of indefinite length"
               : around == IMP_CBOR_MAP && scan->levels[top].odd ? "a key without a value"
                                                                 : NULL;
    if ((around == IMP_CBOR_BYTES || around == IMP_CBOR_TEXT) &&
        (item->kind != around || item->is_indefinite))
        return "a chunk of a string has the wrong type";
    return NULL;
}

// Processes an item whose head ends at scan->at. Returns what is wrong with it, or NULL.
static const char *scan_item(imp_cbor_scan *scan, const imp_cbor_item *item, size_t limit)
{
    static const char too_long[] = "longer than the limit", too_deep[] = "nested too deeply";
    const char *wrong = misplaced_item_reason(scan, item);
    if (wrong != NULL)
        return wrong;
    // A break closes the innermost container, which is itself an item that ends here.
    if (item->kind == IMP_CBOR_BREAK) {
        scan->depth--;
        close_item_and_complete_parents(scan);
        return NULL;
    }
    // A tag encloses exactly one item.
    if (item->kind == IMP_CBOR_TAG)
        return push_scan_level(scan, item, 1) ? NULL : too_deep;
    // The number of items is unknown. Only a break closes this container.
    if (item->is_indefinite) {
        scan->chunks = scan->chunks || is_string(item);
        return push_scan_level(scan, item, 0) ? NULL : too_deep;
    }
    // Every contained item takes at least one byte, so larger counts cannot be valid. This also
    // keeps 2 * count below from overflowing.
    if (item->count > limit - scan->at)
        return too_long;
    // A string is skipped as a whole. Its bytes may arrive later.
    if (is_string(item)) {
        scan->at += item->count;
    } else if (item->count > 0) {
        const uint64_t items = item->kind == IMP_CBOR_MAP ? 2 * item->count : item->count;
        return push_scan_level(scan, item, items) ? NULL : too_deep;
    }
    close_item_and_complete_parents(scan);
    return NULL;
}

// Continues a scan with the bytes that have arrived. `length` counts them from the item's start;
// `limit` is the longest item that is accepted [bytes].
imp_cbor_scan_result imp_cbor_scan_find_item_end(imp_cbor_scan *scan, const uint8_t *bytes,
                                                 size_t length, size_t limit, const char **why)
{
    while (!scan->ended) {
        // scan->at may lie inside a string whose bytes have not all arrived.
        if (scan->at > length)
            return IMP_CBOR_INCOMPLETE;
        imp_cbor_item item;
        const int head = parse_head(bytes + scan->at, length - scan->at, &item);
        *why = head < 0 ? "not CBOR" : NULL;
        // The head is incomplete. That is an error only if the limit has been reached.
        if (head == 0 && scan->at < limit)
            return IMP_CBOR_INCOMPLETE;
        if (head == 0 || (head > 0 && (size_t)head > limit - scan->at))
            *why = "longer than the limit";
        if (*why == NULL) {
            scan->at += (size_t)head;
            *why = scan_item(scan, &item, limit);
        }
        if (*why != NULL)
            return IMP_CBOR_MALFORMED;
    }
    // A string at the end may reach beyond the bytes that have arrived.
    return scan->at <= length ? IMP_CBOR_COMPLETE : IMP_CBOR_INCOMPLETE;
}

// Appends bytes to the output, or marks it as full and drops them.
static void append_bytes(imp_cbor_writer *out, const void *bytes, size_t length)
{
    // Once full, the writer stays full, so a message cannot lack a part in its middle.
    if (out->full || length > out->capacity - out->length) {
        out->full = true;
        return;
    }
    if (length > 0)
        memcpy(out->bytes + out->length, bytes, length);
    out->length += length;
}

// Writes a first byte and the lowest `bytes` bytes of a value, most significant first.
static void write_head_bytes(imp_cbor_writer *out, uint8_t first, uint64_t value, int bytes)
{
    uint8_t word[9] = {first};
    for (int k = 0; k < bytes; k++)
        word[1 + k] = (uint8_t)(value >> 8 * (bytes - 1 - k));
    append_bytes(out, word, 1 + (size_t)bytes);
}

// Writes a head with the shortest encoding of its value.
static void write_head(imp_cbor_writer *out, int major, uint64_t value)
{
    const int size = value < SIZE_1        ? -1
                     : value <= UINT8_MAX  ? 0
                     : value <= UINT16_MAX ? 1
                     : value <= UINT32_MAX ? 2
                                           : 3;
    // The size is the value itself, or 24 to 27 for 1, 2, 4 or 8 bytes after the head.
    const int low = size < 0 ? (int)value : SIZE_1 + size;
    write_head_bytes(out, (uint8_t)(major << 5 | low), value, size < 0 ? 0 : 1 << size);
}

void imp_cbor_write_map(imp_cbor_writer *out, uint64_t pairs)
{
    write_head(out, MAJOR_MAP, pairs);
}

void imp_cbor_write_array(imp_cbor_writer *out, uint64_t items)
{
    write_head(out, MAJOR_ARRAY, items);
}

void imp_cbor_write_text(imp_cbor_writer *out, const char *text)
{
    const size_t length = strlen(text);
    write_head(out, MAJOR_TEXT, length);
    append_bytes(out, text, length);
}

void imp_cbor_write_bytes(imp_cbor_writer *out, const void *bytes, size_t length)
{
    write_head(out, MAJOR_BYTES, length);
    append_bytes(out, bytes, length);
}

void imp_cbor_write_integer(imp_cbor_writer *out, int64_t value)
{
    if (value < 0)
        write_head(out, MAJOR_NEGATIVE, (uint64_t)(-1 - value));
    else
        write_head(out, MAJOR_UNSIGNED, (uint64_t)value);
}

// Doubles are always written with 8 bytes. The challenge's reader accepts no integers instead.
void imp_cbor_write_double(imp_cbor_writer *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    write_head_bytes(out, MAJOR_SIMPLE << 5 | SIZE_8, bits, 8);
}

void imp_cbor_write_bool(imp_cbor_writer *out, bool value)
{
    write_head(out, MAJOR_SIMPLE, value ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void imp_cbor_write_null(imp_cbor_writer *out)
{
    write_head(out, MAJOR_SIMPLE, SIMPLE_NULL);
}

// Joins the chunks of the string whose head is at *from and writes it at `to`. Returns where the
// result ends; *from then lies behind the last chunk.
static size_t join_string_chunks(uint8_t *bytes, size_t length, size_t *from, size_t to)
{
    imp_cbor_item item;
    size_t total = 0;
    parse_head(bytes + *from, length - *from, &item);
    const int major = item.kind == IMP_CBOR_TEXT ? MAJOR_TEXT : MAJOR_BYTES;
    // The head of a string of indefinite length is one byte.
    *from += 1;
    // Collect the payloads of all chunks, dropping their heads, until the break.
    for (;;) {
        *from += (size_t)parse_head(bytes + *from, length - *from, &item);
        if (item.kind == IMP_CBOR_BREAK)
            break;
        memmove(bytes + to + total, bytes + *from, item.count);
        *from += item.count;
        total += item.count;
    }
    // Insert the new head before the payload. It always fits: the two marker bytes and the chunks'
    // heads were removed. A total that needs a head of 3 or 5 bytes came in at least two chunks, or
    // in one chunk with a head of that size. Items are far smaller than 4 GB.
    uint8_t head[9];
    imp_cbor_writer out = {.bytes = head, .capacity = sizeof head};
    write_head(&out, major, total);
    memmove(bytes + to + out.length, bytes + to, total);
    memcpy(bytes + to, head, out.length);
    return to + out.length + total;
}

// Rewrites all strings of indefinite length as definite ones, in place. Returns the new length.
// The item must have been scanned, so every head in it is complete and valid.
size_t imp_cbor_join_strings(uint8_t *bytes, size_t length)
{
    size_t from = 0, to = 0;
    while (from < length) {
        imp_cbor_item item;
        // Walk over the heads in order. Nesting does not matter here.
        const int head = parse_head(bytes + from, length - from, &item);
        if (head <= 0)
            break;
        if (is_string(&item) && item.is_indefinite) {
            to = join_string_chunks(bytes, length, &from, to);
            continue;
        }
        // Everything else is moved down unchanged. Containers need no change: their counts are of
        // items, not bytes.
        const size_t size = (size_t)head + (is_string(&item) ? item.count : 0);
        memmove(bytes + to, bytes + from, size);
        from += size;
        to += size;
    }
    return to;
}
