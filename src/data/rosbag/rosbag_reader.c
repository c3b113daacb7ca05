// Reads ROS 1 bags (format 2.0, wiki.ros.org/Bags/Format/2.0) record by record, without using the
// index. So bags whose recording was interrupted are read up to the cut.
// A record has a header of name=value fields and data. Messages and connections lie in chunks,
// which may be compressed; a chunk is decompressed when it is reached and its records are read
// next.
// Damaged chunks are skipped and counted; only lack of memory and absurd connection numbers are
// failures.
#include "data/rosbag/rosbag2.h"

#include <stdlib.h>
#include <string.h>

#include "base/io/file_type.h"
#include "base/io/little_endian.h"

#define ROSBAG_MAGIC "#ROSBAG V2.0\n"

enum {
    OP_MESSAGE = 2,
    OP_BAG = 3,
    OP_CHUNK = 5,
    OP_CONNECTION = 7,
    CONNECTIONS_MAX = 1 << 12,
    CHUNK_MAX = 256 << 20, // decompressed; ROS ends a chunk after the message that passes 768 kB
};

// A record: fields of the form name=value, then data.
typedef struct record {
    imp_rosbag_cursor header, data;
    bool is_truncated; // its data are incomplete
} record;

static size_t bytes_left(const imp_rosbag_cursor *c)
{
    return (size_t)(c->end - c->at);
}

// Reads bytes preceded by their length. Returns false if they are incomplete.
static bool read_length_prefixed(imp_rosbag_cursor *from, imp_rosbag_cursor *out)
{
    if (bytes_left(from) < 4)
        return false;
    const size_t length = imp_load_le_u32(from->at);
    if (length > bytes_left(from) - 4)
        return false;
    *out = (imp_rosbag_cursor){from->at + 4, from->at + 4 + length};
    from->at = out->end;
    return true;
}

// Reads the next record. If its data are cut off, returns what there is; false if even the header
// is.
static bool read_record(imp_rosbag_cursor *from, record *out)
{
    out->is_truncated = false;
    imp_rosbag_cursor at = *from;
    if (!read_length_prefixed(&at, &out->header) || bytes_left(&at) < 4)
        return false;
    if (!read_length_prefixed(&at, &out->data)) {
        // the length says more than there is: take the rest
        out->data = (imp_rosbag_cursor){at.at + 4, at.end};
        at.at = at.end;
        out->is_truncated = true;
    }
    from->at = at.at;
    return true;
}

// Finds the value of a field. Returns false if the field is missing.
static bool find_header_field(imp_rosbag_cursor fields, const char *name, imp_rosbag_cursor *value)
{
    const size_t length = strlen(name);
    imp_rosbag_cursor field;
    while (read_length_prefixed(&fields, &field)) {
        // a field is name=value
        if (bytes_left(&field) > length && memcmp(field.at, name, length) == 0 &&
            field.at[length] == '=') {
            *value = (imp_rosbag_cursor){field.at + length + 1, field.end};
            return true;
        }
    }
    return false;
}

// Fields of four bytes.
static bool find_u32_field(imp_rosbag_cursor fields, const char *name, uint32_t *out)
{
    imp_rosbag_cursor value;
    if (!find_header_field(fields, name, &value) || bytes_left(&value) != 4)
        return false;
    *out = imp_load_le_u32(value.at);
    return true;
}

// Texts that are too long are treated as missing.
static void find_text_field(imp_rosbag_cursor fields, const char *name, char *out, size_t capacity)
{
    imp_rosbag_cursor value;
    out[0] = '\0';
    if (!find_header_field(fields, name, &value) || bytes_left(&value) >= capacity)
        return;
    memcpy(out, value.at, bytes_left(&value));
    out[bytes_left(&value)] = '\0';
}

// The type of a record; 0 if it has none.
static int get_record_opcode(const record *r)
{
    imp_rosbag_cursor value;
    return find_header_field(r->header, "op", &value) && bytes_left(&value) == 1 ? *value.at : 0;
}

// Recognises bags of other versions, so that the message can say what to do.
imp_status imp_rosbag_open(imp_rosbag *bag, const uint8_t *bytes, size_t length, const char *name,
                           imp_error *err)
{
    const size_t line = strlen(ROSBAG_MAGIC);
    bool second;
    *bag = (imp_rosbag){.bytes = bytes, .length = length, .name = name};
    const imp_status status = imp_rosbag2_open(bag, &second, err);
    if (second || status != IMP_OK) {
        if (status == IMP_OK)
            imp_rosbag_rewind(bag);
        else
            imp_rosbag_close(bag);
        return status;
    }
    // tell the user what the file is, and how to convert it
    if (length < line || memcmp(bytes, ROSBAG_MAGIC, line) != 0) {
        const bool other = length > 8 && memcmp(bytes, "#ROS", 4) == 0;
        const imp_file_type kind = imp_file_type_of_bytes(name, bytes, length);
        if (!other && kind != IMP_FILE_TYPE_UNKNOWN)
            return imp_fail(err, IMP_BAD_INPUT, "%s: is not a bag of ROS 1 or ROS 2, but %s", name,
                            imp_file_type_description(kind));
        return imp_fail(err, IMP_BAD_INPUT, "%s: %s", name,
                        other ? "is a bag of an old version: convert it with `rosbag fix`"
                              : "is not a bag of ROS 1 or ROS 2");
    }
    // limits of chunks are set from their headers later
    bag->decompressed.limit = CHUNK_MAX;
    imp_rosbag_rewind(bag);
    return IMP_OK;
}

void imp_rosbag_close(imp_rosbag *bag)
{
    imp_rosbag2_close(bag);
    free(bag->connections);
    imp_decompressed_free(&bag->decompressed);
    *bag = (imp_rosbag){0};
}

// The chunk cursor is empty at first.
void imp_rosbag_rewind(imp_rosbag *bag)
{
    bag->file = (imp_rosbag_cursor){bag->bytes + strlen(ROSBAG_MAGIC), bag->bytes + bag->length};
    bag->chunk = (imp_rosbag_cursor){bag->file.at, bag->file.at};
    bag->chunk_is_truncated = bag->is_truncated = false;
    // counters of damage start again
    bag->truncated_at = 0;
    bag->has_index = false;
    bag->corrupt_chunks = 0;
    if (bag->second != NULL && bag->second->database != NULL)
        imp_sqlite_bag_rewind(bag);
    else if (bag->second != NULL)
        imp_mcap_rewind(bag);
}

size_t imp_rosbag_position(const imp_rosbag *bag)
{
    return (size_t)(bag->file.at - bag->bytes);
}

imp_rosbag_connection *imp_rosbag_get_or_add_connection(imp_rosbag *bag, uint32_t number,
                                                        imp_error *err)
{
    // the number determines memory, so it is limited
    if (number >= CONNECTIONS_MAX) {
        bag->failure = imp_fail(err, IMP_BAD_INPUT, "%s: connection %u: at most %d are read",
                                bag->name, number, CONNECTIONS_MAX);
        return NULL;
    }
    // grow the array up to this number; the new entries have no topic yet
    if ((int)number >= bag->connection_count) {
        const size_t count = (size_t)number + 1;
        imp_rosbag_connection *grown = realloc(bag->connections, count * sizeof *grown);
        if (grown == NULL) {
            bag->failure = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", bag->name);
            return NULL;
        }
        memset(grown + bag->connection_count, 0,
               (count - (size_t)bag->connection_count) * sizeof *grown);
        bag->connections = grown;
        bag->connection_count = (int)count;
    }
    return &bag->connections[number];
}

// Stores topic and type of a connection under its number. Connections are repeated in the index at
// the end of a bag.
static imp_rosbag_read_result store_connection_topic(imp_rosbag *bag, const record *r,
                                                     imp_error *err)
{
    uint32_t number;
    if (!find_u32_field(r->header, "conn", &number))
        return IMP_ROSBAG_OTHER_RECORD;
    imp_rosbag_connection *connection = imp_rosbag_get_or_add_connection(bag, number, err);
    if (connection == NULL)
        return IMP_ROSBAG_FAILED;
    // topic from the record's header, type from its data
    find_text_field(r->header, "topic", connection->topic, sizeof connection->topic);
    find_text_field(r->data, "type", connection->type, sizeof connection->type);
    return IMP_ROSBAG_OTHER_RECORD;
}

static bool equals_text(imp_rosbag_cursor value, const char *text)
{
    return bytes_left(&value) == strlen(text) && memcmp(value.at, text, bytes_left(&value)) == 0;
}

// Enters a chunk and decompresses as much of it as possible.
static imp_rosbag_read_result open_and_decompress_chunk(imp_rosbag *bag, const record *r,
                                                        imp_error *err)
{
    imp_rosbag_cursor compression;
    imp_decompress_result end = IMP_DECOMPRESS_CORRUPT;
    bag->chunk = r->data;
    // an uncompressed chunk is read in place
    if (!find_header_field(r->header, "compression", &compression) ||
        equals_text(compression, "none")) {
        bag->chunk_is_truncated = r->is_truncated;
        return IMP_ROSBAG_OTHER_RECORD;
    }
    // the header's size is an upper limit, not to be trusted otherwise
    uint32_t size = CHUNK_MAX;
    find_u32_field(r->header, "size", &size);
    // size: bytes after decompression
    bag->decompressed.limit = size < CHUNK_MAX ? size : CHUNK_MAX;
    if (equals_text(compression, "bz2"))
        end = imp_bz2_decompress(&bag->decompressed, r->data.at, bytes_left(&r->data));
    else if (equals_text(compression, "lz4"))
        end = imp_lz4_decompress(&bag->decompressed, r->data.at, bytes_left(&r->data));
    if (end == IMP_DECOMPRESS_NO_MEMORY) {
        bag->failure = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory for a chunk", bag->name);
        return IMP_ROSBAG_FAILED;
    }
    // If decompression found damage, nothing of the chunk is trusted. A cut at the end of the file
    // is no damage.
    const bool damaged =
        end == IMP_DECOMPRESS_CORRUPT || (end == IMP_DECOMPRESS_TRUNCATED && !r->is_truncated);
    const size_t length = damaged ? 0 : bag->decompressed.length;
    bag->corrupt_chunks += damaged;
    bag->chunk_is_truncated = r->is_truncated;
    // records are read from the decompressed bytes
    bag->chunk = (imp_rosbag_cursor){bag->decompressed.bytes, bag->decompressed.bytes};
    if (length > 0)
        bag->chunk.end += length;
    return IMP_ROSBAG_OTHER_RECORD;
}

// The connection must have been announced before its messages.
static bool parse_message(const imp_rosbag *bag, const record *r, imp_rosbag_message *out)
{
    uint32_t connection;
    imp_rosbag_cursor time;
    if (!find_u32_field(r->header, "conn", &connection) ||
        (int64_t)connection >= bag->connection_count ||
        !find_header_field(r->header, "time", &time) || bytes_left(&time) != 8)
        return false;
    // seconds and nanoseconds
    *out = (imp_rosbag_message){.connection = (int)connection,
                                .time = (int64_t)imp_load_le_u32(time.at) * 1000000000 +
                                        imp_load_le_u32(time.at + 4),
                                .data = r->data.at,
                                .length = bytes_left(&r->data)};
    return true;
}

// Reads the next record of the current chunk. If it is incomplete, the rest of the chunk is
// skipped.
static imp_rosbag_read_result read_chunk_record(imp_rosbag *bag, imp_rosbag_message *out,
                                                imp_error *err)
{
    record r;
    if (!read_record(&bag->chunk, &r) || r.is_truncated) {
        bag->corrupt_chunks += !bag->chunk_is_truncated;
        bag->chunk.at = bag->chunk.end;
        return IMP_ROSBAG_OTHER_RECORD;
    }
    const int op = get_record_opcode(&r);
    if (op == OP_CONNECTION)
        return store_connection_topic(bag, &r, err);
    return op == OP_MESSAGE && parse_message(bag, &r, out) ? IMP_ROSBAG_MESSAGE
                                                           : IMP_ROSBAG_OTHER_RECORD;
}

// Whether the file extends to the position of its index. The recorder writes that position last, so
// an interrupted bag has none.
static bool has_index(const imp_rosbag *bag, const record *r)
{
    imp_rosbag_cursor value;
    if (!find_header_field(r->header, "index_pos", &value) || bytes_left(&value) != 8)
        return false;
    // 0 while the recorder is running
    const uint64_t position = imp_load_le_u64(value.at);
    return position > 0 && position < bag->length;
}

imp_rosbag_read_result imp_rosbag_read_record(imp_rosbag *bag, imp_rosbag_message *out,
                                              imp_error *err)
{
    if (bag->second != NULL)
        return bag->second->database != NULL ? imp_sqlite_bag_read(bag, out, err)
                                             : imp_mcap_read(bag, out, err);
    // the rest of a chunk comes first
    if (bytes_left(&bag->chunk) > 0)
        return read_chunk_record(bag, out, err);
    if (bytes_left(&bag->file) == 0)
        return IMP_ROSBAG_END;
    const size_t start = imp_rosbag_position(bag);
    record r = {0};
    // an incomplete record is the last one of the file
    if (!read_record(&bag->file, &r) || r.is_truncated) {
        bag->is_truncated = true;
        bag->truncated_at = start;
        bag->file.at = bag->file.end;
    }
    // fields of the record, if it has any
    const int op = r.header.at == NULL ? 0 : get_record_opcode(&r);
    // a truncated chunk is still read as far as possible
    if (op == OP_CHUNK && r.data.at != NULL)
        return open_and_decompress_chunk(bag, &r, err);
    if (r.is_truncated || r.data.at == NULL)
        return IMP_ROSBAG_OTHER_RECORD;
    if (op == OP_BAG)
        bag->has_index = has_index(bag, &r);
    // connections and messages also occur outside of chunks
    if (op == OP_CONNECTION)
        return store_connection_topic(bag, &r, err);
    return op == OP_MESSAGE && parse_message(bag, &r, out) ? IMP_ROSBAG_MESSAGE
                                                           : IMP_ROSBAG_OTHER_RECORD;
}
