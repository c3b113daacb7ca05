// data/rosbag/rosbag_reader.h: reads the messages of a bag one after another: of ROS 1 (version
// 2.0), or of ROS 2 (MCAP or SQLite), whose messages become those of ROS 1. The index of a bag is
// not used, so bags whose recording was interrupted are read like others.
#ifndef IMP_DATA_ROSBAG_ROSBAG_READER_H
#define IMP_DATA_ROSBAG_ROSBAG_READER_H

#include "data/rosbag/decompress.h"

// A connection: one publisher of a topic.
typedef struct imp_rosbag_connection {
    char topic[256], type[128]; // "" until its record was read
} imp_rosbag_connection;

typedef struct imp_rosbag_message {
    int connection;      // index of its connection
    int64_t time;        // time of reception [ns]
    const uint8_t *data; // (length) until the next message
    size_t length;
} imp_rosbag_message;

// Position in a sequence of records, in the file or in a chunk.
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
    imp_decompressed decompressed; // the current chunk, if it is compressed
    struct imp_rosbag2 *second;    // NULL: a bag of ROS 1
    bool has_index;                // recording was finished properly
    imp_status failure;            // after IMP_ROSBAG_FAILED
    // Damage found so far.
    bool chunk_is_truncated;
    bool is_truncated;   // the file ends inside a record
    size_t truncated_at; // offset of that record
    int corrupt_chunks;  // chunks skipped from the damage on
} imp_rosbag;

typedef enum imp_rosbag_read_result {
    IMP_ROSBAG_MESSAGE,
    IMP_ROSBAG_OTHER_RECORD, // no message; call again
    IMP_ROSBAG_END,
    IMP_ROSBAG_FAILED,
} imp_rosbag_read_result;

// Opens a bag in memory. Fails with IMP_BAD_INPUT if it is not a bag or has another version.
imp_status imp_rosbag_open(imp_rosbag *bag, const uint8_t *bytes, size_t length, const char *name,
                           imp_error *err);
void imp_rosbag_close(imp_rosbag *bag);

// Reads one record. Fails without memory, or if the bag has more connections than any robot.
imp_rosbag_read_result imp_rosbag_read_record(imp_rosbag *bag, imp_rosbag_message *out,
                                              imp_error *err);

// Goes back to the first record. Known connections are kept.
void imp_rosbag_rewind(imp_rosbag *bag);

// Bytes of the file that were read.
size_t imp_rosbag_position(const imp_rosbag *bag);

#endif
