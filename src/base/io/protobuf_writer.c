// Writes the Protocol Buffers wire format (protobuf.dev/programming-guides/encoding) into a growing
// buffer.
// The length of a nested message precedes its content. It is inserted when the message ends, by
// moving the content.
#include "base/io/protobuf_writer.h"

#include <stdlib.h>
#include <string.h>

// Wire types: the low three bits of a field's key.
enum {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_LENGTH_DELIMITED = 2,
    WIRE_FIXED32 = 5,
    VARINT_MAX = 10
};

// Also resets a writer for reuse.
void imp_protobuf_free(imp_protobuf_writer *writer)
{
    free(writer->bytes);
    *writer = (imp_protobuf_writer){0};
}

// Appends bytes, growing the buffer geometrically. After a failed allocation nothing more is
// appended.
void imp_protobuf_put_raw(imp_protobuf_writer *writer, const void *data, size_t length)
{
    if (!writer->failed && writer->capacity - writer->length < length) {
        const size_t capacity = 2 * writer->capacity + length + 256;
        uint8_t *grown = realloc(writer->bytes, capacity);
        writer->failed = grown == NULL;
        if (grown != NULL) {
            writer->bytes = grown;
            writer->capacity = capacity;
        }
    }
    if (writer->failed || length == 0)
        return;
    memcpy(writer->bytes + writer->length, data, length);
    writer->length += length;
}

// Encodes a varint: seven bits per byte, lowest first. A set top bit says that more bytes follow.
static size_t encode_varint(uint8_t out[VARINT_MAX], uint64_t value)
{
    size_t length = 0;
    for (; value >= 0x80; value >>= 7)
        out[length++] = (uint8_t)(value | 0x80);
    out[length++] = (uint8_t)value;
    return length;
}

// Writes a varint of at most ten bytes.
static void put_varint(imp_protobuf_writer *writer, uint64_t value)
{
    uint8_t bytes[VARINT_MAX];
    imp_protobuf_put_raw(writer, bytes, encode_varint(bytes, value));
}

// A field begins with a key: field number and wire type in one varint.
static void put_field_key(imp_protobuf_writer *writer, int field, int layout)
{
    put_varint(writer, (uint64_t)field << 3 | (uint64_t)layout);
}

// Appends the low `count` bytes of a number in little-endian order, whatever the processor's byte
// order is.
static void put_fixed(imp_protobuf_writer *writer, uint64_t bits, size_t count)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(bits >> (8 * i));
    imp_protobuf_put_raw(writer, bytes, count);
}

// Doubles are stored as their 64 bits (IEEE 754).
static void put_double(imp_protobuf_writer *writer, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_fixed(writer, bits, sizeof bits);
}

// Negative numbers are sign-extended to ten bytes, as protobuf's int32 and int64 are.
void imp_protobuf_put_int(imp_protobuf_writer *writer, int field, int64_t value)
{
    put_field_key(writer, field, WIRE_VARINT);
    put_varint(writer, (uint64_t)value);
}

void imp_protobuf_put_float(imp_protobuf_writer *writer, int field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_field_key(writer, field, WIRE_FIXED32);
    put_fixed(writer, bits, sizeof bits);
}

void imp_protobuf_put_double(imp_protobuf_writer *writer, int field, double value)
{
    put_field_key(writer, field, WIRE_FIXED64);
    put_double(writer, value);
}

void imp_protobuf_put_bytes(imp_protobuf_writer *writer, int field, const void *data, size_t length)
{
    put_field_key(writer, field, WIRE_LENGTH_DELIMITED);
    put_varint(writer, length);
    imp_protobuf_put_raw(writer, data, length);
}

void imp_protobuf_put_string(imp_protobuf_writer *writer, int field, const char *text)
{
    imp_protobuf_put_bytes(writer, field, text, strlen(text));
}

// Packed: all values follow each other in one length-delimited field without keys.
void imp_protobuf_put_packed_ints(imp_protobuf_writer *writer, int field, const int64_t *values,
                                  int count)
{
    const size_t mark = imp_protobuf_begin_message(writer, field);
    for (int i = 0; i < count; i++)
        put_varint(writer, (uint64_t)values[i]);
    imp_protobuf_end_message(writer, mark);
}

void imp_protobuf_put_packed_reals(imp_protobuf_writer *writer, int field, const double *values,
                                   int count)
{
    const size_t mark = imp_protobuf_begin_message(writer, field);
    for (int i = 0; i < count; i++)
        put_double(writer, values[i]);
    imp_protobuf_end_message(writer, mark);
}

// Returns the position after the key, where the content begins.
size_t imp_protobuf_begin_message(imp_protobuf_writer *writer, int field)
{
    put_field_key(writer, field, WIRE_LENGTH_DELIMITED);
    return writer->length;
}

void imp_protobuf_end_message(imp_protobuf_writer *writer, size_t mark)
{
    if (writer->failed)
        return;
    // The length goes before the message, so the content moves back by the size of the length.
    uint8_t bytes[VARINT_MAX];
    const size_t body = writer->length - mark, head = encode_varint(bytes, body);
    imp_protobuf_put_raw(writer, bytes, head);
    if (writer->failed)
        return;
    memmove(writer->bytes + mark + head, writer->bytes + mark, body);
    memcpy(writer->bytes + mark, bytes, head);
}
