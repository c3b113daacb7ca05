// Protocol Buffers: the bytes that the definition of the format asks for.
#include "testing.h"

#include "base/io/protobuf_writer.h"

static void assert_bytes(imp_protobuf_writer *writer, const char *wanted, size_t length)
{
    assert_false(writer->failed);
    assert_int_equal(writer->length, length);
    assert_memory_equal(writer->bytes, wanted, length);
    imp_protobuf_free(writer);
}

static void numbers_have_the_formats_bytes(void **state)
{
    (void)state;
    imp_protobuf_writer writer = {0};
    imp_protobuf_put_int(&writer, 1, 150);
    imp_protobuf_put_int(&writer, 16, -1);
    assert_bytes(&writer, "\x08\x96\x01\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 15);
    imp_protobuf_put_float(&writer, 2, 1.0F);
    imp_protobuf_put_double(&writer, 1, -2.0);
    assert_bytes(&writer, "\x15\0\0\x80\x3f\x09\0\0\0\0\0\0\0\xc0", 14);
}

static void texts_and_packed_numbers_have_their_length_before_them(void **state)
{
    (void)state;
    imp_protobuf_writer writer = {0};
    imp_protobuf_put_string(&writer, 2, "testing");
    assert_bytes(&writer, "\x12\x07testing", 9);
    imp_protobuf_put_packed_ints(&writer, 4, (int64_t[]){3, 270, 86942}, 3);
    assert_bytes(&writer, "\x22\x06\x03\x8e\x02\x9e\xa7\x05", 8);
    imp_protobuf_put_packed_reals(&writer, 4, (double[]){1.0}, 1);
    assert_bytes(&writer, "\x22\x08\0\0\0\0\0\0\xf0\x3f", 10);
}

static void messages_nest_at_any_length(void **state)
{
    (void)state;
    imp_protobuf_writer writer = {0};
    const size_t outer = imp_protobuf_begin_message(&writer, 3);
    const size_t inner = imp_protobuf_begin_message(&writer, 1);
    for (int i = 0; i < 100; i++)
        imp_protobuf_put_int(&writer, 1, 5);
    imp_protobuf_end_message(&writer, inner);
    imp_protobuf_put_string(&writer, 2, "x");
    imp_protobuf_end_message(&writer, outer);
    // 200 bytes need two bytes of length, and so does what holds them
    assert_int_equal(writer.length, 3 + 3 + 200 + 3);
    assert_memory_equal(writer.bytes, "\x1a\xce\x01\x0a\xc8\x01\x08\x05\x08\x05", 10);
    assert_memory_equal(writer.bytes + 206, "\x12\x01x", 3);
    imp_protobuf_free(&writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_the_formats_bytes),
        cmocka_unit_test(texts_and_packed_numbers_have_their_length_before_them),
        cmocka_unit_test(messages_nest_at_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
