#include "base/wire.h"

#include <stdlib.h>
#include <string.h>

// How the value of a field is laid out; the low bits of the number before it.
enum { VARIABLE = 0, EIGHT_BYTES = 1, WITH_LENGTH = 2, FOUR_BYTES = 5, VARINT_MAX = 10 };

void imp_wire_free(imp_wire *wire)
{
    free(wire->bytes);
    *wire = (imp_wire){0};
}

void imp_wire_append(imp_wire *wire, const void *data, size_t length)
{
    if (!wire->failed && wire->capacity - wire->length < length) {
        const size_t capacity = 2 * wire->capacity + length + 256;
        uint8_t *grown = realloc(wire->bytes, capacity);
        wire->failed = grown == NULL;
        if (grown != NULL) {
            wire->bytes = grown;
            wire->capacity = capacity;
        }
    }
    if (wire->failed || length == 0)
        return;
    memcpy(wire->bytes + wire->length, data, length);
    wire->length += length;
}

// Seven bits a byte, lowest first; the top bit says that more follow.
static size_t encode(uint8_t out[VARINT_MAX], uint64_t value)
{
    size_t length = 0;
    for (; value >= 0x80; value >>= 7)
        out[length++] = (uint8_t)(value | 0x80);
    out[length++] = (uint8_t)value;
    return length;
}

static void put_varint(imp_wire *wire, uint64_t value)
{
    uint8_t bytes[VARINT_MAX];
    imp_wire_append(wire, bytes, encode(bytes, value));
}

static void put_key(imp_wire *wire, int field, int layout)
{
    put_varint(wire, (uint64_t)field << 3 | (uint64_t)layout);
}

// The lowest bytes of a number, lowest first, whatever the processor's order is.
static void put_fixed(imp_wire *wire, uint64_t bits, size_t count)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(bits >> (8 * i));
    imp_wire_append(wire, bytes, count);
}

static void put_double(imp_wire *wire, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_fixed(wire, bits, sizeof bits);
}

void imp_wire_integer(imp_wire *wire, int field, int64_t value)
{
    put_key(wire, field, VARIABLE);
    put_varint(wire, (uint64_t)value);
}

void imp_wire_float(imp_wire *wire, int field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_key(wire, field, FOUR_BYTES);
    put_fixed(wire, bits, sizeof bits);
}

void imp_wire_double(imp_wire *wire, int field, double value)
{
    put_key(wire, field, EIGHT_BYTES);
    put_double(wire, value);
}

void imp_wire_bytes(imp_wire *wire, int field, const void *data, size_t length)
{
    put_key(wire, field, WITH_LENGTH);
    put_varint(wire, length);
    imp_wire_append(wire, data, length);
}

void imp_wire_text(imp_wire *wire, int field, const char *text)
{
    imp_wire_bytes(wire, field, text, strlen(text));
}

void imp_wire_integers(imp_wire *wire, int field, const int64_t *values, int count)
{
    const size_t mark = imp_wire_begin(wire, field);
    for (int i = 0; i < count; i++)
        put_varint(wire, (uint64_t)values[i]);
    imp_wire_end(wire, mark);
}

void imp_wire_doubles(imp_wire *wire, int field, const double *values, int count)
{
    const size_t mark = imp_wire_begin(wire, field);
    for (int i = 0; i < count; i++)
        put_double(wire, values[i]);
    imp_wire_end(wire, mark);
}

size_t imp_wire_begin(imp_wire *wire, int field)
{
    put_key(wire, field, WITH_LENGTH);
    return wire->length;
}

void imp_wire_end(imp_wire *wire, size_t mark)
{
    if (wire->failed)
        return;
    // the length goes before the message, and is known only now
    uint8_t bytes[VARINT_MAX];
    const size_t body = wire->length - mark, head = encode(bytes, body);
    imp_wire_append(wire, bytes, head);
    if (wire->failed)
        return;
    memmove(wire->bytes + mark + head, wire->bytes + mark, body);
    memcpy(wire->bytes + mark, bytes, head);
}
