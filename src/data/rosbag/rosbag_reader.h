// data/rosbag/rosbag_reader.h: the messages of a ROS 1 bag (version 2.0), one after the other. The
// index of a bag is never looked at, so that bags without one, because recording was cut off, are
// read like others.
#ifndef IMP_DATA_ROSBAG_ROSBAG_READER_H
#define IMP_DATA_ROSBAG_ROSBAG_READER_H

#include "data/rosbag/decompress.h"

// Who said something: a publisher of a topic.
typedef struct imp_rosbag_connection {
    char topic[256], type[128]; // "" until the bag tells
} imp_rosbag_connection;

typedef struct imp_rosbag_message {
    int connection;      // number of it
    int64_t time;        // when it was received [ns]
    const uint8_t *data; // (length) until the next message
    size_t length;
} imp_rosbag_message;

// Records that follow one another, in the file or in a chunk.
typedef struct imp_rosbag_cursor {
    const uint8_t *at, *end;
} imp_rosbag_cursor;

typedef struct imp_rosbag {
    const uint8_t *bytes; // (length) borrowed
    size_t length;
    const char *name;                   // borrowed, for messages
    imp_rosbag_connection *connections; // (connection_count) by their number
    int connection_count;
    imp_rosbag_cursor file, chunk;
    imp_decompressed decompressed; // the chunk, if it was packed
    bool has_index;                // recording came to its end
    imp_status failure;            // after IMP_ROSBAG_FAILED
    // what was found to be missing, so far
    bool chunk_is_truncated;
    bool is_truncated;   // the file ends within a record
    size_t truncated_at; // where that record begins
    int corrupt_chunks;  // left out from where they are damaged
} imp_rosbag;

typedef enum imp_rosbag_read_result {
    IMP_ROSBAG_MESSAGE,
    IMP_ROSBAG_OTHER_RECORD, // something else was read; call again
    IMP_ROSBAG_END,
    IMP_ROSBAG_FAILED,
} imp_rosbag_read_result;

// Begins to read. IMP_BAD_INPUT if it is no bag, or one of another version.
imp_status imp_rosbag_open(imp_rosbag *bag, const uint8_t *bytes, size_t length, const char *name,
                           imp_error *err);
void imp_rosbag_close(imp_rosbag *bag);

// Reads on by one record. Fails for want of memory, or if the bag names more connections than any
// robot has.
imp_rosbag_read_result imp_rosbag_read_record(imp_rosbag *bag, imp_rosbag_message *out,
                                              imp_error *err);

// Back to the first record; what is known about connections stays.
void imp_rosbag_rewind(imp_rosbag *bag);

// Bytes of the file that are behind.
size_t imp_rosbag_position(const imp_rosbag *bag);

#endif
