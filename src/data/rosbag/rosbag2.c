// What the two formats of ROS 2's bags share: files that are compressed as a whole, messages that
// are compressed alone, and their conversion to messages of ROS 1.
#include "data/rosbag/rosbag2.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/common/try.h"
#include "data/rosbag/cdr.h"

enum { GROWTH_MAX = 64, MESSAGE_MAX = 64 << 20 };

static bool is_zstd(const uint8_t *bytes, size_t length)
{
    return length > 4 && memcmp(bytes, "\x28\xB5\x2F\xFD", 4) == 0;
}

imp_status imp_rosbag2_open(imp_rosbag *bag, bool *known, imp_error *err)
{
    const uint8_t *bytes = bag->bytes;
    size_t length = bag->length;
    imp_decompressed whole = {.limit = GROWTH_MAX * length};
    *known = false;
    // a file that was compressed as a whole
    if (is_zstd(bytes, length)) {
        if (imp_zstd_decompress(&whole, bytes, length) == IMP_DECOMPRESS_NO_MEMORY) {
            imp_decompressed_free(&whole);
            return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory to decompress it", bag->name);
        }
        bytes = whole.bytes;
        length = whole.length;
    }
    // what it is by its first bytes, whatever it is called
    const bool mcap = imp_mcap_is_file(bytes, length), sqlite = imp_sqlite_is_file(bytes, length);
    if (!mcap && !sqlite) {
        imp_decompressed_free(&whole);
        return IMP_OK;
    }
    *known = true;
    bag->second = calloc(1, sizeof *bag->second);
    if (bag->second == NULL) {
        imp_decompressed_free(&whole);
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", bag->name);
    }
    // the bag owns the decompressed file from here on
    bag->second->file = whole;
    bag->bytes = bytes;
    bag->length = length;
    return sqlite ? imp_sqlite_bag_open(bag, err) : IMP_OK;
}

void imp_rosbag2_close(imp_rosbag *bag)
{
    struct imp_rosbag2 *second = bag->second;
    if (second == NULL)
        return;
    sqlite3_finalize(second->statement);
    sqlite3_close(second->database);
    free(second->schemas);
    free(second->topics);
    free(second->copy);
    imp_decompressed_free(&second->file);
    imp_decompressed_free(&second->data);
    imp_decompressed_free(&second->message);
    free(second);
    bag->second = NULL;
}

imp_rosbag_read_result imp_rosbag2_convert_message(imp_rosbag *bag, const uint8_t *data,
                                                   size_t length, imp_rosbag_message *out,
                                                   imp_error *err)
{
    struct imp_rosbag2 *second = bag->second;
    bool memory = true;
    if (is_zstd(data, length)) {
        second->data.limit = GROWTH_MAX * length < MESSAGE_MAX ? GROWTH_MAX * length : MESSAGE_MAX;
        memory = imp_zstd_decompress(&second->data, data, length) != IMP_DECOMPRESS_NO_MEMORY;
        data = second->data.bytes;
        length = second->data.length;
    }
    memory = memory && imp_cdr_to_ros1(&second->message, bag->connections[out->connection].type,
                                       data, length);
    if (!memory) {
        bag->failure = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory for a message", bag->name);
        return IMP_ROSBAG_FAILED;
    }
    static const uint8_t nothing[1] = {0};
    out->data = second->message.length > 0 ? second->message.bytes : nothing;
    out->length = second->message.length;
    return IMP_ROSBAG_MESSAGE;
}
