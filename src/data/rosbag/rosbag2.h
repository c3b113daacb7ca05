// data/rosbag/rosbag2.h: the parts of ROS 2's bags that imp_rosbag reads through: files of MCAP and
// of SQLite. Their messages are CDR and become those of ROS 1 (cdr.h).
#ifndef IMP_DATA_ROSBAG_ROSBAG2_H
#define IMP_DATA_ROSBAG_ROSBAG2_H

#include "data/rosbag/rosbag_reader.h"

// What a reader of ROS 2's bags keeps.
struct imp_rosbag2 {
    char (*schemas)[128]; // MCAP: (schema_count) names of types, by their number
    int schema_count;
    struct sqlite3 *database;       // SQLite, or NULL
    struct sqlite3_stmt *statement; // its messages
    uint8_t *copy;                  // of the file, where it must be changed
    int64_t *topics;                // (topic_count) ids, in the order of the connections
    int topic_count;
    int64_t messages, done;   // rows
    int64_t operations;       // that a query may still take
    imp_decompressed file;    // of a file that is compressed as a whole
    imp_decompressed data;    // of a message that is compressed alone
    imp_decompressed message; // converted
};

// Whether bytes begin as MCAP, or as SQLite.
bool imp_mcap_is_file(const uint8_t *bytes, size_t length);
bool imp_sqlite_is_file(const uint8_t *bytes, size_t length);

// Open, rewind and read as those of imp_rosbag do.
imp_status imp_sqlite_bag_open(imp_rosbag *bag, imp_error *err);
void imp_sqlite_bag_rewind(imp_rosbag *bag);
imp_rosbag_read_result imp_sqlite_bag_read(imp_rosbag *bag, imp_rosbag_message *out,
                                           imp_error *err);
void imp_mcap_rewind(imp_rosbag *bag);
imp_rosbag_read_result imp_mcap_read(imp_rosbag *bag, imp_rosbag_message *out, imp_error *err);

// The connection with a number, added if need be; NULL after a failure, which is in bag->failure.
imp_rosbag_connection *imp_rosbag_get_or_add_connection(imp_rosbag *bag, uint32_t number,
                                                        imp_error *err);

// Makes a message of ROS 2, compressed or not, the data of *out.
imp_rosbag_read_result imp_rosbag2_convert_message(imp_rosbag *bag, const uint8_t *data,
                                                   size_t length, imp_rosbag_message *out,
                                                   imp_error *err);

// Opens a bag of ROS 2: MCAP or SQLite, compressed by zstd as a whole or not. *known: whether the
// bytes are one.
imp_status imp_rosbag2_open(imp_rosbag *bag, bool *known, imp_error *err);
void imp_rosbag2_close(imp_rosbag *bag);

#endif
