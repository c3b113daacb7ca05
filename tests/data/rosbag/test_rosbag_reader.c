// Bags are read to where they are whole: packed or not, with or without an index, cut anywhere.
#include "data/rosbag/bag_writer.h"

#include "data/rosbag/rosbag_reader.h"

enum { MESSAGES = 6 };

// Messages of different lengths; message k is full of bytes k.
static void put_messages(byte_buffer *chunk, int first, int end)
{
    for (int k = first; k < end; k++) {
        byte_buffer *message = byte_buffer_create();
        for (int i = 0; i < 10 + 100 * k; i++)
            put(message, (uint8_t[]){(uint8_t)(0xA0 + k)}, 1);
        put_message(chunk, (uint32_t)k % 2, 1000000000ULL * (uint64_t)k + 7, message);
        free(message);
    }
}

static byte_buffer *make_bag(const char *compression)
{
    byte_buffer *bag = byte_buffer_create(), *chunk = byte_buffer_create();
    put_start(bag, 0);
    put_connection(chunk, 0, "/even", "some/Type");
    put_connection(chunk, 1, "/odd", "other/Type");
    put_messages(chunk, 0, 3);
    put_chunk(bag, chunk, compression);
    chunk->length = 0;
    put_messages(chunk, 3, MESSAGES);
    put_chunk(bag, chunk, compression);
    free(chunk);
    return bag;
}

// Reads all messages of a bag's first bytes, from memory of that length; returns how many.
static int count_messages(const byte_buffer *bag, size_t length, bool *is_truncated, int *damaged)
{
    uint8_t *bytes = malloc(length);
    assert_non_null(bytes);
    memcpy(bytes, bag->bytes, length);
    imp_error err = {0};
    imp_rosbag reader;
    int count = 0;
    assert_ok(imp_rosbag_open(&reader, bytes, length, "test.bag", &err), err);
    for (int pass = 0; pass < 2; pass++) {
        imp_rosbag_message message;
        imp_rosbag_read_result next;
        count = 0;
        while ((next = imp_rosbag_read_record(&reader, &message, &err)) != IMP_ROSBAG_END) {
            assert_int_not_equal(next, IMP_ROSBAG_FAILED);
            if (next != IMP_ROSBAG_MESSAGE)
                continue;
            const int k = count++;
            assert_int_equal(message.length, 10 + 100 * k);
            assert_int_equal(message.time, INT64_C(1000000000) * k + 7);
            assert_string_equal(reader.connections[message.connection].topic,
                                k % 2 == 0 ? "/even" : "/odd");
            assert_string_equal(reader.connections[message.connection].type,
                                k % 2 == 0 ? "some/Type" : "other/Type");
            for (size_t i = 0; i < message.length; i++)
                assert_int_equal(message.data[i], 0xA0 + k);
        }
        *is_truncated = reader.is_truncated;
        *damaged = reader.corrupt_chunks;
        imp_rosbag_rewind(&reader);
    }
    imp_rosbag_close(&reader);
    free(bytes);
    return count;
}

static void intact_bags_are_read(void **state)
{
    (void)state;
    static const char *const compressions[] = {"none", "bz2", "lz4"};
    for (size_t k = 0; k < 3; k++) {
        byte_buffer *bag = make_bag(compressions[k]);
        bool is_truncated;
        int damaged;
        assert_int_equal(count_messages(bag, bag->length, &is_truncated, &damaged), MESSAGES);
        assert_false(is_truncated);
        assert_int_equal(damaged, 0);
        free(bag);
    }
}

// Where in the bag the bytes of message k end, if they are not packed.
static size_t message_end_offset(const byte_buffer *bag, int k)
{
    uint8_t wanted[10];
    memset(wanted, 0xA0 + k, sizeof wanted);
    const uint8_t *found = memmem(bag->bytes + 200, bag->length - 200, wanted, sizeof wanted);
    assert_non_null(found);
    return (size_t)(found - bag->bytes) + 10 + 100 * (size_t)k;
}

static void truncated_bags_keep_whole_messages(void **state)
{
    (void)state;
    static const char *const compressions[] = {"none", "lz4"};
    for (size_t c = 0; c < 2; c++) {
        byte_buffer *bag = make_bag(compressions[c]);
        for (size_t length = 200; length < bag->length; length++) {
            bool is_truncated;
            int damaged, wanted = 0;
            while (wanted < MESSAGES && message_end_offset(bag, wanted) <= length)
                wanted++;
            assert_int_equal(count_messages(bag, length, &is_truncated, &damaged), wanted);
            assert_int_equal(damaged, 0);
        }
        free(bag);
    }
}

static void truncated_bz2_keeps_whole_blocks(void **state)
{
    (void)state;
    byte_buffer *bag = make_bag("bz2");
    int most = 0;
    for (size_t length = 200; length < bag->length; length++) {
        bool is_truncated;
        int damaged;
        const int count = count_messages(bag, length, &is_truncated, &damaged);
        assert_true(count == 0 || count == 3 || count == MESSAGES);
        assert_true(count >= most);
        assert_int_equal(damaged, 0);
        most = count;
    }
    assert_true(most >= 3);
    free(bag);
}

static void corrupt_chunks_are_skipped(void **state)
{
    (void)state;
    static const char *const compressions[] = {"bz2", "lz4", "odd"};
    for (size_t k = 0; k < 3; k++) {
        byte_buffer *bag = make_bag(compressions[k]);
        imp_rosbag reader;
        imp_rosbag_message message;
        imp_error err = {0};
        int count = 0;
        // the second chunk's last bytes: a checksum, or the mark of the end
        memset(bag->bytes + bag->length - 12, 0x55, 12);
        assert_ok(imp_rosbag_open(&reader, bag->bytes, bag->length, "test.bag", &err), err);
        for (imp_rosbag_read_result next;
             (next = imp_rosbag_read_record(&reader, &message, &err)) != IMP_ROSBAG_END;)
            count += next == IMP_ROSBAG_MESSAGE;
        assert_int_equal(count, k == 2 ? 0 : 3);
        assert_int_equal(reader.corrupt_chunks, k == 2 ? 2 : 1);
        imp_rosbag_close(&reader);
        free(bag);
    }
}

static void other_files_are_refused(void **state)
{
    (void)state;
    imp_rosbag bag;
    imp_error err = {0};
    const struct {
        const char *bytes, *says;
    } cases[] = {{"#ROSBAG V1.2\n...", "rosbag fix"},
                 {"SQLite format 3", "ROS 2"},
                 {"#ROS", "is not a bag"},
                 {"", "is not a bag"}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        assert_int_equal(imp_rosbag_open(&bag, (const uint8_t *)cases[k].bytes,
                                         strlen(cases[k].bytes), "x.bag", &err),
                         IMP_BAD_INPUT);
        assert_non_null(strstr(err.message, cases[k].says));
    }
}

static void false_lengths_are_rejected(void **state)
{
    (void)state;
    imp_rosbag bag;
    imp_rosbag_message message;
    imp_error err = {0};
    byte_buffer *b = byte_buffer_create(), *chunk = byte_buffer_create();
    put_start(b, 0);
    // a connection whose number asks for much memory
    put_connection(chunk, UINT32_MAX, "/far", "far/Away");
    put_chunk(b, chunk, "none");
    assert_ok(imp_rosbag_open(&bag, b->bytes, b->length, "x.bag", &err), err);
    imp_rosbag_read_result next = IMP_ROSBAG_OTHER_RECORD;
    while (next == IMP_ROSBAG_OTHER_RECORD)
        next = imp_rosbag_read_record(&bag, &message, &err);
    assert_int_equal(next, IMP_ROSBAG_FAILED);
    assert_non_null(strstr(err.message, "x.bag: connection 4294967295"));
    imp_rosbag_close(&bag);
    free(chunk);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intact_bags_are_read),
        cmocka_unit_test(truncated_bags_keep_whole_messages),
        cmocka_unit_test(truncated_bz2_keeps_whole_blocks),
        cmocka_unit_test(corrupt_chunks_are_skipped),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(false_lengths_are_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
