// deploy/protocol/cbor.h: reads and writes CBOR (RFC 8949) in memory. Nothing is allocated. No
// claimed length is trusted before its bytes have arrived, and nesting beyond a fixed depth is
// refused.
#ifndef IMP_DEPLOY_PROTOCOL_CBOR_H
#define IMP_DEPLOY_PROTOCOL_CBOR_H

#include "imprint/base.h"

typedef enum imp_cbor_kind {
    IMP_CBOR_INTEGER,
    IMP_CBOR_BYTES,
    IMP_CBOR_TEXT,
    IMP_CBOR_ARRAY,
    IMP_CBOR_MAP,
    IMP_CBOR_TAG, // its number is `integer`; the item that it tags follows
    IMP_CBOR_BOOL,
    IMP_CBOR_NULL,
    IMP_CBOR_FLOAT,
    IMP_CBOR_OTHER, // undefined, and simple values that are not used here
    IMP_CBOR_BREAK, // ends an item of indefinite length
} imp_cbor_kind;

// The head of an item, and the bytes if it is a string.
typedef struct imp_cbor_item {
    imp_cbor_kind kind;
    bool is_indefinite;   // of indefinite length; count is 0 and bytes NULL then
    uint64_t count;       // bytes of a string, items of an array, pairs of a map
    int64_t integer;      // clamped to 64 bits; 0 or 1 for a bool
    double real;          // of a float
    const uint8_t *bytes; // of a string (count), borrowed
} imp_cbor_item;

// A position in memory where an item begins.
typedef struct imp_cbor_cursor {
    const uint8_t *at, *end;
} imp_cbor_cursor;

// Reads the head of the item at the cursor and advances over it and over a string's bytes. Returns
// false and does not advance if it is malformed or incomplete.
bool imp_cbor_read_item(imp_cbor_cursor *cursor, imp_cbor_item *item);

// Reads an item by its meaning: skips tags, and converts bignums (tags 2 and 3) to integers.
bool imp_cbor_read_value(imp_cbor_cursor *cursor, imp_cbor_item *item);

// Skips an item with everything in it; false if it is malformed or incomplete.
bool imp_cbor_skip_item(imp_cbor_cursor *cursor);

// Finds the value of a text key in the map at the cursor; the first one if keys repeat. False if
// there is no such key or no map.
bool imp_cbor_find_key(imp_cbor_cursor map, const char *key, imp_cbor_cursor *value);

// Returns whether an item is this text.
bool imp_cbor_is_text(const imp_cbor_item *item, const char *text);

enum { IMP_CBOR_DEPTH_MAX = 32 };

// State of a scan for the end of an item that is still arriving. Starts as {0}.
typedef struct imp_cbor_scan {
    size_t at;   // bytes that certainly belong to the item; may exceed the bytes received
    bool ended;  // `at` is the item's end
    bool chunks; // it contains strings that were sent in chunks
    int depth;
    struct {
        uint64_t left; // items to come
        imp_cbor_kind kind;
        bool is_indefinite, odd;
    } levels[IMP_CBOR_DEPTH_MAX];
} imp_cbor_scan;

typedef enum imp_cbor_scan_result {
    IMP_CBOR_COMPLETE,
    IMP_CBOR_INCOMPLETE,
    IMP_CBOR_MALFORMED
} imp_cbor_scan_result;

// Scans for the end of the item that begins at `bytes`, of which `length` have arrived. Resumes
// where the last call stopped. COMPLETE: it has scan->at bytes. MALFORMED: *why says whether it is
// invalid, nested too deeply, or longer than limit bytes.
imp_cbor_scan_result imp_cbor_scan_find_item_end(imp_cbor_scan *scan, const uint8_t *bytes,
                                                 size_t length, size_t limit, const char **why);

// Joins strings that were sent in chunks (RFC 8949, 3.2.3) within a whole item, in place. Returns
// the new length of the item, which is never longer.
size_t imp_cbor_join_strings(uint8_t *bytes, size_t length);

// A writer into memory of the caller. What does not fit is dropped, and `full` is set.
typedef struct imp_cbor_writer {
    uint8_t *bytes;
    size_t length, capacity;
    bool full;
} imp_cbor_writer;

void imp_cbor_write_map(imp_cbor_writer *out, uint64_t pairs);
void imp_cbor_write_array(imp_cbor_writer *out, uint64_t items);
void imp_cbor_write_text(imp_cbor_writer *out, const char *text);
void imp_cbor_write_bytes(imp_cbor_writer *out, const void *bytes, size_t length);
void imp_cbor_write_integer(imp_cbor_writer *out, int64_t value);
void imp_cbor_write_double(imp_cbor_writer *out, double value); // always as 64 bits
void imp_cbor_write_bool(imp_cbor_writer *out, bool value);
void imp_cbor_write_null(imp_cbor_writer *out);

#endif
