#include "logs/bag.h"

#include <stdlib.h>
#include <string.h>

#include "base/kind.h"
#include "logs/bytes.h"

#define FIRST_LINE "#ROSBAG V2.0\n"

enum {
    OP_MESSAGE = 2,
    OP_BAG = 3,
    OP_CHUNK = 5,
    OP_CONNECTION = 7,
    CONNECTIONS_MAX = 1 << 12,
    CHUNK_MAX = 256 << 20, // unpacked; ROS closes chunks after 768 kB and the message they are in
};

// A record: fields of the form name=value, then data.
typedef struct record {
    imp_bag_cursor header, data;
    bool is_cut; // its data are not all there
} record;

static size_t left_of(const imp_bag_cursor *c)
{
    return (size_t)(c->end - c->at);
}

// Takes bytes that begin with their length; false if they are not all there.
static bool take_block(imp_bag_cursor *from, imp_bag_cursor *out)
{
    if (left_of(from) < 4)
        return false;
    const size_t length = imp_u32(from->at);
    if (length > left_of(from) - 4)
        return false;
    *out = (imp_bag_cursor){from->at + 4, from->at + 4 + length};
    from->at = out->end;
    return true;
}

// Takes the next record. Of one that is cut off in its data, what there is; false without that.
static bool take_record(imp_bag_cursor *from, record *out)
{
    out->is_cut = false;
    imp_bag_cursor at = *from;
    if (!take_block(&at, &out->header) || left_of(&at) < 4)
        return false;
    if (!take_block(&at, &out->data)) {
        out->data = (imp_bag_cursor){at.at + 4, at.end};
        at.at = at.end;
        out->is_cut = true;
    }
    from->at = at.at;
    return true;
}

// Finds the value of a field; false if there is none.
static bool find_field(imp_bag_cursor fields, const char *name, imp_bag_cursor *value)
{
    const size_t length = strlen(name);
    imp_bag_cursor field;
    while (take_block(&fields, &field)) {
        if (left_of(&field) > length && memcmp(field.at, name, length) == 0 &&
            field.at[length] == '=') {
            *value = (imp_bag_cursor){field.at + length + 1, field.end};
            return true;
        }
    }
    return false;
}

static bool find_u32(imp_bag_cursor fields, const char *name, uint32_t *out)
{
    imp_bag_cursor value;
    if (!find_field(fields, name, &value) || left_of(&value) != 4)
        return false;
    *out = imp_u32(value.at);
    return true;
}

static void find_text(imp_bag_cursor fields, const char *name, char *out, size_t capacity)
{
    imp_bag_cursor value;
    out[0] = '\0';
    if (!find_field(fields, name, &value) || left_of(&value) >= capacity)
        return;
    memcpy(out, value.at, left_of(&value));
    out[left_of(&value)] = '\0';
}

static int op_of(const record *r)
{
    imp_bag_cursor value;
    return find_field(r->header, "op", &value) && left_of(&value) == 1 ? *value.at : 0;
}

imp_status imp_bag_open(imp_bag *bag, const uint8_t *bytes, size_t length, const char *name,
                        imp_error *err)
{
    const size_t line = strlen(FIRST_LINE);
    if (length < line || memcmp(bytes, FIRST_LINE, line) != 0) {
        const bool other = length > 8 && memcmp(bytes, "#ROS", 4) == 0;
        const bool second = length > 8 && (memcmp(bytes, "SQLite f", 8) == 0 ||
                                           memcmp(bytes, "\x89MCAP0\r\n", 8) == 0);
        const imp_kind kind = imp_kind_of(name, bytes, length);
        if (!other && !second && kind != IMP_KIND_UNKNOWN)
            return imp_fail(err, IMP_BAD_INPUT, "%s: is not a bag of ROS 1, but %s", name,
                            imp_kind_words(kind));
        return imp_fail(err, IMP_BAD_INPUT, "%s: %s", name,
                        other    ? "is a bag of an old version: convert it with `rosbag fix`"
                        : second ? "is a bag of ROS 2: convert it with rosbags-convert"
                                 : "is not a bag of ROS 1");
    }
    *bag = (imp_bag){.bytes = bytes, .length = length, .name = name};
    bag->unpacked.limit = CHUNK_MAX;
    imp_bag_rewind(bag);
    return IMP_OK;
}

void imp_bag_close(imp_bag *bag)
{
    free(bag->connections);
    imp_unpacked_free(&bag->unpacked);
    *bag = (imp_bag){0};
}

void imp_bag_rewind(imp_bag *bag)
{
    bag->file = (imp_bag_cursor){bag->bytes + strlen(FIRST_LINE), bag->bytes + bag->length};
    bag->chunk = (imp_bag_cursor){bag->file.at, bag->file.at};
    bag->chunk_is_cut = bag->is_cut = false;
    bag->cut_at = 0;
    bag->has_index = false;
    bag->damaged_chunks = 0;
}

size_t imp_bag_position(const imp_bag *bag)
{
    return (size_t)(bag->file.at - bag->bytes);
}

static imp_bag_next learn_connection(imp_bag *bag, const record *r, imp_error *err)
{
    uint32_t number;
    if (!find_u32(r->header, "conn", &number))
        return IMP_BAG_RECORD;
    if (number >= CONNECTIONS_MAX) {
        bag->failure = imp_fail(err, IMP_BAD_INPUT, "%s: connection %u: at most %d are read",
                                bag->name, number, CONNECTIONS_MAX);
        return IMP_BAG_FAILED;
    }
    if ((int)number >= bag->connection_count) {
        const size_t count = (size_t)number + 1;
        imp_bag_connection *grown = realloc(bag->connections, count * sizeof *grown);
        if (grown == NULL) {
            bag->failure = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", bag->name);
            return IMP_BAG_FAILED;
        }
        memset(grown + bag->connection_count, 0,
               (count - (size_t)bag->connection_count) * sizeof *grown);
        bag->connections = grown;
        bag->connection_count = (int)count;
    }
    imp_bag_connection *connection = &bag->connections[number];
    find_text(r->header, "topic", connection->topic, sizeof connection->topic);
    find_text(r->data, "type", connection->type, sizeof connection->type);
    return IMP_BAG_RECORD;
}

static bool is_text(imp_bag_cursor value, const char *text)
{
    return left_of(&value) == strlen(text) && memcmp(value.at, text, left_of(&value)) == 0;
}

// Goes into a chunk, as far as it can be unpacked.
static imp_bag_next enter_chunk(imp_bag *bag, const record *r, imp_error *err)
{
    imp_bag_cursor compression;
    imp_unpack_end end = IMP_UNPACK_DAMAGED;
    bag->chunk = r->data;
    if (!find_field(r->header, "compression", &compression) || is_text(compression, "none")) {
        bag->chunk_is_cut = r->is_cut;
        return IMP_BAG_RECORD;
    }
    uint32_t size = CHUNK_MAX;
    find_u32(r->header, "size", &size);
    bag->unpacked.limit = size < CHUNK_MAX ? size : CHUNK_MAX;
    if (is_text(compression, "bz2"))
        end = imp_bz2_unpack(&bag->unpacked, r->data.at, left_of(&r->data));
    else if (is_text(compression, "lz4"))
        end = imp_lz4_unpack(&bag->unpacked, r->data.at, left_of(&r->data));
    if (end == IMP_UNPACK_NO_MEMORY) {
        bag->failure = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory for a chunk", bag->name);
        return IMP_BAG_FAILED;
    }
    // bytes that were packed wrongly are not to be believed
    const bool damaged = end == IMP_UNPACK_DAMAGED || (end == IMP_UNPACK_CUT && !r->is_cut);
    const size_t length = damaged ? 0 : bag->unpacked.length;
    bag->damaged_chunks += damaged;
    bag->chunk_is_cut = r->is_cut;
    bag->chunk = (imp_bag_cursor){bag->unpacked.bytes, bag->unpacked.bytes};
    if (length > 0)
        bag->chunk.end += length;
    return IMP_BAG_RECORD;
}

static bool read_message(const imp_bag *bag, const record *r, imp_bag_message *out)
{
    uint32_t connection;
    imp_bag_cursor time;
    if (!find_u32(r->header, "conn", &connection) || (int64_t)connection >= bag->connection_count ||
        !find_field(r->header, "time", &time) || left_of(&time) != 8)
        return false;
    *out = (imp_bag_message){.connection = (int)connection,
                             .time = (int64_t)imp_u32(time.at) * 1000000000 + imp_u32(time.at + 4),
                             .data = r->data.at,
                             .length = left_of(&r->data)};
    return true;
}

// The next record of the chunk one is in.
static imp_bag_next read_in_chunk(imp_bag *bag, imp_bag_message *out, imp_error *err)
{
    record r;
    if (!take_record(&bag->chunk, &r) || r.is_cut) {
        bag->damaged_chunks += !bag->chunk_is_cut;
        bag->chunk.at = bag->chunk.end;
        return IMP_BAG_RECORD;
    }
    const int op = op_of(&r);
    if (op == OP_CONNECTION)
        return learn_connection(bag, &r, err);
    return op == OP_MESSAGE && read_message(bag, &r, out) ? IMP_BAG_MESSAGE : IMP_BAG_RECORD;
}

// Whether the file goes on to where its index is said to be. Recorders say it last.
static bool has_index(const imp_bag *bag, const record *r)
{
    imp_bag_cursor value;
    if (!find_field(r->header, "index_pos", &value) || left_of(&value) != 8)
        return false;
    const uint64_t position = imp_u64(value.at);
    return position > 0 && position < bag->length;
}

imp_bag_next imp_bag_read(imp_bag *bag, imp_bag_message *out, imp_error *err)
{
    if (left_of(&bag->chunk) > 0)
        return read_in_chunk(bag, out, err);
    if (left_of(&bag->file) == 0)
        return IMP_BAG_END;
    const size_t start = imp_bag_position(bag);
    record r = {0};
    if (!take_record(&bag->file, &r) || r.is_cut) {
        bag->is_cut = true;
        bag->cut_at = start;
        bag->file.at = bag->file.end;
    }
    const int op = r.header.at == NULL ? 0 : op_of(&r);
    if (op == OP_CHUNK && r.data.at != NULL)
        return enter_chunk(bag, &r, err);
    if (r.is_cut || r.data.at == NULL)
        return IMP_BAG_RECORD;
    if (op == OP_BAG)
        bag->has_index = has_index(bag, &r);
    if (op == OP_CONNECTION)
        return learn_connection(bag, &r, err);
    return op == OP_MESSAGE && read_message(bag, &r, out) ? IMP_BAG_MESSAGE : IMP_BAG_RECORD;
}
