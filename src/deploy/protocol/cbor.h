// deploy/protocol/cbor.h: CBOR (RFC 8949) in memory: where an item ends, what is in it, and how to
// write one. Nothing is allocated, no length is believed before its bytes are there, and what is
// nested too deeply is refused.
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
    IMP_CBOR_OTHER, // undefined, and simple values that mean nothing here
    IMP_CBOR_BREAK, // ends an item of indefinite length
} imp_cbor_kind;

// The head of an item; of a string its bytes too.
typedef struct imp_cbor_item {
    imp_cbor_kind kind;
    bool is_indefinite;   // of indefinite length; count is 0 and bytes NULL then
    uint64_t count;       // bytes of a string, items of an array, pairs of a map
    int64_t integer;      // clamped to what it can hold; a bool's 0 or 1
    double real;          // of a float
    const uint8_t *bytes; // of a string (count), borrowed
} imp_cbor_item;

// A place in memory where an item begins.
typedef struct imp_cbor_cursor {
    const uint8_t *at, *end;
} imp_cbor_cursor;

// Reads the head of the item at the cursor and steps over it, over a string's bytes too. False, and
// nothing is stepped over, if it is malformed or not all there.
bool imp_cbor_read_item(imp_cbor_cursor *cursor, imp_cbor_item *item);

// The same for what an item means: tags before it are stepped over, and integers that were written
// as bignums (tags 2 and 3) are integers.
bool imp_cbor_read_value(imp_cbor_cursor *cursor, imp_cbor_item *item);

// Steps over an item with everything in it; false if it is malformed or not all there.
bool imp_cbor_skip_item(imp_cbor_cursor *cursor);

// Finds the value of a text key in the map at the cursor, the first of several; false if there is
// no such key, or no map.
bool imp_cbor_find_key(imp_cbor_cursor map, const char *key, imp_cbor_cursor *value);

// Whether an item is this text.
bool imp_cbor_is_text(const imp_cbor_item *item, const char *text);

enum { IMP_CBOR_DEPTH_MAX = 32 };

// How far the end of an item that is still arriving has been looked for. Starts as {0}.
typedef struct imp_cbor_scan {
    size_t at;   // bytes that belong to it for certain; may lie beyond what is there
    bool ended;  // at is its end
    bool chunks; // it holds strings that came in pieces
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

// Looks for the end of the item that begins at bytes, of which length are there, and goes on from
// where it stopped when more are. WHOLE: it has scan->at bytes. BAD: it is malformed, nested too
// deeply, or cannot end within limit bytes; *why says which.
imp_cbor_scan_result imp_cbor_scan_continue(imp_cbor_scan *scan, const uint8_t *bytes,
                                            size_t length, size_t limit, const char **why);

// Turns the strings that came in pieces (RFC 8949, 3.2.3) within a whole item into plain ones, in
// place. Returns the new length of the item, which is never longer.
size_t imp_cbor_join_strings(uint8_t *bytes, size_t length);

// Items under construction in memory of the caller's. What does not fit is dropped, and full says
// so.
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
void imp_cbor_write_double(imp_cbor_writer *out, double value); // always of 64 bits
void imp_cbor_write_bool(imp_cbor_writer *out, bool value);
void imp_cbor_write_null(imp_cbor_writer *out);

#endif
