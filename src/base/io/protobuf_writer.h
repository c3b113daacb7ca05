// base/io/protobuf_writer.h: writes Protocol Buffers messages without a library or generated code.
// Supports the field types that TensorBoard events and ONNX models use.
#ifndef IMP_BASE_IO_PROTOBUF_WRITER_H
#define IMP_BASE_IO_PROTOBUF_WRITER_H

#include "imprint/base.h"

// A message under construction. Start with {0}; release with imp_protobuf_free(). If memory runs
// out, `failed` is set and later additions are dropped.
typedef struct imp_protobuf_writer {
    uint8_t *bytes; // (length)
    size_t length, capacity;
    bool failed;
} imp_protobuf_writer;

void imp_protobuf_free(imp_protobuf_writer *writer);

// Each function appends a field with the given number of the message's definition.
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

// A nested message: what is added between begin and end. Pass begin's result to end.
size_t imp_protobuf_begin_message(imp_protobuf_writer *writer, int field);
void imp_protobuf_end_message(imp_protobuf_writer *writer, size_t mark);

// Appends bytes as they are, without a field key.
void imp_protobuf_put_raw(imp_protobuf_writer *writer, const void *data, size_t length);

#endif
