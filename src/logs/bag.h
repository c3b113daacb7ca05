// logs/bag.h: the messages of a ROS 1 bag (version 2.0), one after the other. The index of a bag is
// never looked at, so that bags without one, because recording was cut off, are read like others.
#ifndef IMP_LOGS_BAG_H
#define IMP_LOGS_BAG_H

#include "logs/unpack.h"

// Who said something: a publisher of a topic.
typedef struct imp_bag_connection {
    char topic[256], type[128]; // "" until the bag tells
} imp_bag_connection;

typedef struct imp_bag_message {
    int connection;      // number of it
    int64_t time;        // when it was received [ns]
    const uint8_t *data; // (length) until the next message
    size_t length;
} imp_bag_message;

// Records that follow one another, in the file or in a chunk.
typedef struct imp_bag_cursor {
    const uint8_t *at, *end;
} imp_bag_cursor;

typedef struct imp_bag {
    const uint8_t *bytes; // (length) borrowed
    size_t length;
    const char *name;                // borrowed, for messages
    imp_bag_connection *connections; // (connection_count) by their number
    int connection_count;
    imp_bag_cursor file, chunk;
    imp_unpacked unpacked; // the chunk, if it was packed
    bool has_index;        // recording came to its end
    imp_status failure;    // after IMP_BAG_FAILED
    // what was found to be missing, so far
    bool chunk_is_cut;
    bool is_cut;        // the file ends within a record
    size_t cut_at;      // where that record begins
    int damaged_chunks; // left out from where they are damaged
} imp_bag;

typedef enum imp_bag_next {
    IMP_BAG_MESSAGE,
    IMP_BAG_RECORD, // something else was read; call again
    IMP_BAG_END,
    IMP_BAG_FAILED,
} imp_bag_next;

// Begins to read. IMP_BAD_INPUT if it is no bag, or one of another version.
imp_status imp_bag_open(imp_bag *bag, const uint8_t *bytes, size_t length, const char *name,
                        imp_error *err);
void imp_bag_close(imp_bag *bag);

// Reads on by one record. Fails for want of memory, or if the bag names more connections than any
// robot has.
imp_bag_next imp_bag_read(imp_bag *bag, imp_bag_message *out, imp_error *err);

// Back to the first record; what is known about connections stays.
void imp_bag_rewind(imp_bag *bag);

// Bytes of the file that are behind.
size_t imp_bag_position(const imp_bag *bag);

#endif
