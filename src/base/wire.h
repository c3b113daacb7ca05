// base/wire.h: writes Protocol Buffers messages without a library and without generated code: the
// few kinds of fields that TensorBoard's events and ONNX models are made of.
#ifndef IMP_BASE_WIRE_H
#define IMP_BASE_WIRE_H

#include "imprint/base.h"

// A message under construction. Starts as {0}; released with imp_wire_free(). Once memory is short
// `failed` is set, and whatever is added after that is dropped.
typedef struct imp_wire {
    uint8_t *bytes; // (length)
    size_t length, capacity;
    bool failed;
} imp_wire;

void imp_wire_free(imp_wire *wire);

// Each adds a field with the number that the message's definition gives it.
void imp_wire_integer(imp_wire *wire, int field, int64_t value); // int32, int64, bool, enum
void imp_wire_float(imp_wire *wire, int field, float value);
void imp_wire_double(imp_wire *wire, int field, double value);
void imp_wire_bytes(imp_wire *wire, int field, const void *data, size_t length);
void imp_wire_text(imp_wire *wire, int field, const char *text);
// Packed repeated fields.
void imp_wire_integers(imp_wire *wire, int field, const int64_t *values, int count);
void imp_wire_doubles(imp_wire *wire, int field, const double *values, int count);

// A message within the message: what is added between begin and end, which gets what begin
// returned.
size_t imp_wire_begin(imp_wire *wire, int field);
void imp_wire_end(imp_wire *wire, size_t mark);

// Adds bytes that are no field.
void imp_wire_append(imp_wire *wire, const void *data, size_t length);

#endif
