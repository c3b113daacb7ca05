// base/io/protobuf_writer.h: writes Protocol Buffers messages without a library and without
// generated code: the few kinds of fields that TensorBoard's events and ONNX models are made of.
#ifndef IMP_BASE_IO_PROTOBUF_WRITER_H
#define IMP_BASE_IO_PROTOBUF_WRITER_H

#include "imprint/base.h"

// A message under construction. Starts as {0}; released with imp_protobuf_free(). Once memory is
// short `failed` is set, and whatever is added after that is dropped.
typedef struct imp_protobuf_writer {
    uint8_t *bytes; // (length)
    size_t length, capacity;
    bool failed;
} imp_protobuf_writer;

void imp_protobuf_free(imp_protobuf_writer *writer);

// Each adds a field with the number that the message's definition gives it.
void imp_protobuf_put_int(imp_protobuf_writer *writer, int field,
                          int64_t value); // int32, int64, bool, enum
void imp_protobuf_put_float(imp_protobuf_writer *writer, int field, float value);
void imp_protobuf_put_double(imp_protobuf_writer *writer, int field, double value);
void imp_protobuf_put_bytes(imp_protobuf_writer *writer, int field, const void *data,
                            size_t length);
void imp_protobuf_put_string(imp_protobuf_writer *writer, int field, const char *text);
// Packed repeated fields.
void imp_protobuf_put_packed_ints(imp_protobuf_writer *writer, int field, const int64_t *values,
                                  int count);
void imp_protobuf_put_packed_reals(imp_protobuf_writer *writer, int field, const double *values,
                                   int count);

// A message within the message: what is added between begin and end, which gets what begin
// returned.
size_t imp_protobuf_begin_message(imp_protobuf_writer *writer, int field);
void imp_protobuf_end_message(imp_protobuf_writer *writer, size_t mark);

// Adds bytes that are no field.
void imp_protobuf_put_raw(imp_protobuf_writer *writer, const void *data, size_t length);

#endif
