// Reads MCAP (mcap.dev/spec), the usual format of ROS 2's bags: records of a byte, a length of 64
// bits and contents. Messages stand in chunks, which lz4 or zstd compresses, or outside. As with
// bags of ROS 1 the index is not used, so that a recording that was interrupted is read like
// others.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/little_endian.h"
#include "data/rosbag/cdr.h"
#include "data/rosbag/rosbag2.h"

enum {
    MCAP_FOOTER = 0x02,
    MCAP_SCHEMA = 0x03,
    MCAP_CHANNEL = 0x04,
    MCAP_MESSAGE = 0x05,
    MCAP_CHUNK = 0x06,
    MAGIC_BYTES = 8,
    SCHEMAS_MAX = 1024,
    CHUNK_BYTES_MAX = 256 << 20,
    GROWTH_MAX = 64,
};
static const char MAGIC[] = "\x89MCAP0\r\n";

bool imp_mcap_is_file(const uint8_t *bytes, size_t length)
{
    return length >= MAGIC_BYTES && memcmp(bytes, MAGIC, MAGIC_BYTES) == 0;
}

void imp_mcap_rewind(imp_rosbag *bag)
{
    bag->file.at = bag->bytes + MAGIC_BYTES;
}

static size_t bytes_left(const imp_rosbag_cursor *c)
{
    return (size_t)(c->end - c->at);
}

// Takes so many bytes; NULL if they are missing, and then nothing follows.
static const uint8_t *read_bytes(imp_rosbag_cursor *c, size_t length)
{
    if (length > bytes_left(c)) {
        c->at = c->end;
        return NULL;
    }
    c->at += length;
    return c->at - length;
}

// A text with its length; empty if it is missing.
static imp_rosbag_cursor read_text(imp_rosbag_cursor *c)
{
    const uint8_t *size = read_bytes(c, 4);
    const uint8_t *text = size != NULL ? read_bytes(c, imp_load_le_u32(size)) : NULL;
    return text != NULL ? (imp_rosbag_cursor){text, c->at} : (imp_rosbag_cursor){c->at, c->at};
}

// Reads a record; false if not even its length is there. Of a record that is cut off, contents are
// what there is.
static bool read_record(imp_rosbag_cursor *from, int *op, imp_rosbag_cursor *contents, bool *cut)
{
    if (bytes_left(from) < 9)
        return false;
    const uint64_t length = imp_load_le_u64(from->at + 1);
    *op = from->at[0];
    from->at += 9;
    *cut = length > bytes_left(from);
    contents->at = from->at;
    from->at += *cut ? bytes_left(from) : (size_t)length;
    contents->end = from->at;
    return true;
}

// The type's name of a schema, by its number.
static imp_rosbag_read_result store_schema(imp_rosbag *bag, imp_rosbag_cursor c, imp_error *err)
{
    struct imp_rosbag2 *second = bag->second;
    const uint8_t *number = read_bytes(&c, 2);
    const int id = number != NULL ? number[0] | number[1] << 8 : SCHEMAS_MAX;
    if (id >= SCHEMAS_MAX)
        return IMP_ROSBAG_OTHER_RECORD;
    if (id >= second->schema_count) {
        char(*grown)[128] = realloc(second->schemas, ((size_t)id + 1) * sizeof *grown);
        if (grown == NULL) {
            bag->failure = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", bag->name);
            return IMP_ROSBAG_FAILED;
        }
        memset(grown + second->schema_count, 0,
               (size_t)(id + 1 - second->schema_count) * sizeof *grown);
        second->schemas = grown;
        second->schema_count = id + 1;
    }
    const imp_rosbag_cursor name = read_text(&c);
    imp_cdr_type_name(second->schemas[id], (const char *)name.at, bytes_left(&name));
    return IMP_ROSBAG_OTHER_RECORD;
}

// A channel is a topic of a type. Other encodings than CDR have no type that is read.
static imp_rosbag_read_result store_channel(imp_rosbag *bag, imp_rosbag_cursor c, imp_error *err)
{
    const uint8_t *numbers = read_bytes(&c, 4);
    if (numbers == NULL)
        return IMP_ROSBAG_OTHER_RECORD;
    const int schema = numbers[2] | numbers[3] << 8;
    imp_rosbag_connection *connection = imp_rosbag_get_or_add_connection(
        bag, (uint32_t)numbers[0] | (uint32_t)numbers[1] << 8, err);
    if (connection == NULL)
        return IMP_ROSBAG_FAILED;
    const imp_rosbag_cursor topic = read_text(&c), encoding = read_text(&c);
    memset(connection, 0, sizeof *connection);
    if (bytes_left(&topic) >= sizeof connection->topic || bytes_left(&encoding) != 3 ||
        memcmp(encoding.at, "cdr", 3) != 0 || schema >= bag->second->schema_count)
        return IMP_ROSBAG_OTHER_RECORD;
    memcpy(connection->topic, topic.at, bytes_left(&topic));
    memcpy(connection->type, bag->second->schemas[schema], sizeof connection->type);
    return IMP_ROSBAG_OTHER_RECORD;
}

// Reads the head of a message and converts its data to those of ROS 1.
static imp_rosbag_read_result read_message(imp_rosbag *bag, imp_rosbag_cursor c,
                                           imp_rosbag_message *out, imp_error *err)
{
    // channel, sequence, times of logging and publishing
    const uint8_t *head = read_bytes(&c, 22);
    const int channel = head != NULL ? head[0] | head[1] << 8 : -1;
    if (channel < 0 || channel >= bag->connection_count)
        return IMP_ROSBAG_OTHER_RECORD;
    const uint64_t time = imp_load_le_u64(head + 6);
    *out = (imp_rosbag_message){.connection = channel,
                                .time = time < INT64_MAX ? (int64_t)time : INT64_MAX};
    return imp_rosbag2_convert_message(bag, c.at, bytes_left(&c), out, err);
}

// Enters a chunk and decompresses as much of it as possible.
static imp_rosbag_read_result open_chunk(imp_rosbag *bag, imp_rosbag_cursor c, bool cut,
                                         imp_error *err)
{
    // start and end time, size, checksum; the name of the compression; the size of the records
    const uint8_t *head = read_bytes(&c, 28);
    const imp_rosbag_cursor compression = read_text(&c);
    const uint8_t *size = read_bytes(&c, 8);
    if (head == NULL || size == NULL)
        return IMP_ROSBAG_OTHER_RECORD;
    const uint64_t claimed = imp_load_le_u64(head + 16);
    const size_t most = GROWTH_MAX * bytes_left(&c);
    imp_decompress_result end = IMP_DECOMPRESS_CORRUPT;
    bag->chunk_is_truncated = cut;
    // an uncompressed chunk is read in place
    if (bytes_left(&compression) == 0) {
        bag->chunk = c;
        return IMP_ROSBAG_OTHER_RECORD;
    }
    // the claimed size counts as far as such compression can reach
    bag->decompressed.limit = claimed < most ? (size_t)claimed : most;
    if (bag->decompressed.limit > CHUNK_BYTES_MAX)
        bag->decompressed.limit = CHUNK_BYTES_MAX;
    if (bytes_left(&compression) == 3 && memcmp(compression.at, "lz4", 3) == 0)
        end = imp_lz4_decompress(&bag->decompressed, c.at, bytes_left(&c));
    else if (bytes_left(&compression) == 4 && memcmp(compression.at, "zstd", 4) == 0)
        end = imp_zstd_decompress(&bag->decompressed, c.at, bytes_left(&c));
    if (end == IMP_DECOMPRESS_NO_MEMORY) {
        bag->failure = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory for a chunk", bag->name);
        return IMP_ROSBAG_FAILED;
    }
    // what could be decompressed is read, also before the damage
    const bool damaged = end == IMP_DECOMPRESS_CORRUPT || (end == IMP_DECOMPRESS_TRUNCATED && !cut);
    bag->corrupt_chunks += damaged;
    bag->chunk = (imp_rosbag_cursor){bag->decompressed.bytes, bag->decompressed.bytes};
    if (!damaged && bag->decompressed.length > 0)
        bag->chunk.end += bag->decompressed.length;
    return IMP_ROSBAG_OTHER_RECORD;
}

imp_rosbag_read_result imp_mcap_read(imp_rosbag *bag, imp_rosbag_message *out, imp_error *err)
{
    const bool in_chunk = bytes_left(&bag->chunk) > 0;
    imp_rosbag_cursor *from = in_chunk ? &bag->chunk : &bag->file, contents;
    const size_t start = imp_rosbag_position(bag);
    int op;
    bool cut = false;
    if (bytes_left(from) == 0)
        return IMP_ROSBAG_END;
    // the magic bytes end a file that was finished
    if (!in_chunk && bytes_left(from) == MAGIC_BYTES && memcmp(from->at, MAGIC, MAGIC_BYTES) == 0) {
        from->at = from->end;
        return IMP_ROSBAG_END;
    }
    const bool there = read_record(from, &op, &contents, &cut);
    if ((!there || cut) && in_chunk) {
        bag->corrupt_chunks += !bag->chunk_is_truncated;
        from->at = from->end;
        return IMP_ROSBAG_OTHER_RECORD;
    }
    if (!there || cut) {
        bag->is_truncated = true;
        bag->truncated_at = start;
        from->at = from->end;
    }
    if (!there)
        return IMP_ROSBAG_OTHER_RECORD;
    if (op == MCAP_CHUNK && !in_chunk)
        return open_chunk(bag, contents, cut, err);
    bag->has_index |= op == MCAP_FOOTER;
    return cut                  ? IMP_ROSBAG_OTHER_RECORD
           : op == MCAP_SCHEMA  ? store_schema(bag, contents, err)
           : op == MCAP_CHANNEL ? store_channel(bag, contents, err)
           : op == MCAP_MESSAGE ? read_message(bag, contents, out, err)
                                : IMP_ROSBAG_OTHER_RECORD;
}
