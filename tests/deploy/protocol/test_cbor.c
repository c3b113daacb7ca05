// CBOR: RFC 8949's own examples, items that arrive byte by byte, and lengths that lie.
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/protocol/message_reader.h"

enum { LIMIT = 1 << 20 };

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t length = strlen(hex) / 2;
    for (size_t k = 0; k < length; k++) {
        const char pair[3] = {hex[2 * k], hex[2 * k + 1], '\0'};
        out[k] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return length;
}

static imp_cbor_item read_head_of_hex(const char *hex)
{
    static uint8_t bytes[256];
    imp_cbor_cursor cursor = {bytes, bytes + from_hex(hex, bytes)};
    imp_cbor_item item;
    assert_true(imp_cbor_read_item(&cursor, &item));
    return item;
}

static void test_values(void **state)
{
    (void)state;
    // appendix A of the RFC
    assert_int_equal(read_head_of_hex("00").integer, 0);
    assert_int_equal(read_head_of_hex("1818").integer, 24);
    assert_int_equal(read_head_of_hex("1b000000e8d4a51000").integer, 1000000000000);
    assert_int_equal(read_head_of_hex("1bffffffffffffffff").integer, INT64_MAX);
    assert_int_equal(read_head_of_hex("20").integer, -1);
    assert_int_equal(read_head_of_hex("3903e7").integer, -1000);
    assert_int_equal(read_head_of_hex("3bffffffffffffffff").integer, INT64_MIN);
    assert_close(read_head_of_hex("f93c00").real, 1.0, 0.0);
    assert_close(read_head_of_hex("f97bff").real, 65504.0, 0.0);
    assert_close(read_head_of_hex("f90001").real, 5.960464477539063e-8, 0.0);
    assert_close(read_head_of_hex("f9c400").real, -4.0, 0.0);
    assert_true(isinf(read_head_of_hex("f97c00").real) && isnan(read_head_of_hex("f97e00").real));
    assert_close(read_head_of_hex("fa47c35000").real, 100000.0, 0.0);
    assert_close(read_head_of_hex("fbc010666666666666").real, -4.1, 0.0);
    assert_int_equal(read_head_of_hex("f4").kind, IMP_CBOR_BOOL);
    assert_int_equal(read_head_of_hex("f5").integer, 1);
    assert_int_equal(read_head_of_hex("f6").kind, IMP_CBOR_NULL);
    assert_int_equal(read_head_of_hex("f7").kind, IMP_CBOR_OTHER);
    assert_int_equal(read_head_of_hex("c11a514b67b0").kind, IMP_CBOR_TAG);
    const imp_cbor_item text = read_head_of_hex("6449455446");
    assert_true(imp_cbor_is_text(&text, "IETF"));
    assert_false(imp_cbor_is_text(&text, "IET"));
    assert_int_equal(read_head_of_hex("4401020304").count, 4);
}

static imp_cbor_scan_result scan_hex(const char *hex, size_t limit, size_t *length)
{
    uint8_t bytes[512];
    const size_t there = from_hex(hex, bytes);
    imp_cbor_scan scan = {0};
    const char *why = NULL;
    const imp_cbor_scan_result state =
        imp_cbor_scan_find_item_end(&scan, bytes, there, limit, &why);
    assert_true((state == IMP_CBOR_MALFORMED) == (why != NULL));
    *length = scan.at;
    return state;
}

static void test_scan_finds_item_end(void **state)
{
    (void)state;
    static const char *const whole[] = {
        "00",
        "80",
        "a0",
        "60",
        "83010203",
        "a201020304",
        "9f018202039f0405ffff",
        "bf61610161629f0203ffff",
        "5f42010243030405ff",
        "7f657374726561646d696e67ff",
        "c074323031332d30332d32315432303a30343a30305a",
        "d818456449455446",
        "8201c16161",
    };
    static const char *const bad[] = {
        "1c",   "ff",     "81ff", "bf01ff", "5f6161ff", "5f5f4101ffff",
        "f800", "df00ff", "1f",   "3f",     "a1ff",     "fc",
    };
    size_t length;
    for (size_t k = 0; k < sizeof whole / sizeof whole[0]; k++) {
        if (scan_hex(whole[k], LIMIT, &length) != IMP_CBOR_COMPLETE ||
            length * 2 != strlen(whole[k]))
            fail_msg("%s is whole", whole[k]);
        // nothing shorter is, and every part of it wants more
        for (size_t part = 0; part < length; part++) {
            char hex[512];
            size_t ignored;
            snprintf(hex, sizeof hex, "%.*s", (int)part * 2, whole[k]);
            assert_int_equal(scan_hex(hex, LIMIT, &ignored), IMP_CBOR_INCOMPLETE);
        }
    }
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++)
        if (scan_hex(bad[k], LIMIT, &length) != IMP_CBOR_MALFORMED)
            fail_msg("%s is bad", bad[k]);
}

static void test_false_lengths_are_rejected(void **state)
{
    (void)state;
    size_t length;
    // 4 GB and more, of everything that has a length
    assert_int_equal(scan_hex("5affffffff", LIMIT, &length), IMP_CBOR_MALFORMED);
    assert_int_equal(scan_hex("7bffffffffffffffff", LIMIT, &length), IMP_CBOR_MALFORMED);
    assert_int_equal(scan_hex("9affffffff", LIMIT, &length), IMP_CBOR_MALFORMED);
    assert_int_equal(scan_hex("bb8000000000000000", LIMIT, &length), IMP_CBOR_MALFORMED);
    assert_int_equal(scan_hex("a1616141005affffffff", LIMIT, &length), IMP_CBOR_COMPLETE);
    // the limit itself
    assert_int_equal(scan_hex("430102", 4, &length), IMP_CBOR_INCOMPLETE);
    assert_int_equal(scan_hex("43010203", 4, &length), IMP_CBOR_COMPLETE);
    assert_int_equal(scan_hex("4401", 4, &length), IMP_CBOR_MALFORMED);
    assert_int_equal(scan_hex("9f01010101", 4, &length), IMP_CBOR_MALFORMED);
    // 32 levels, and one more
    char nested[2 * IMP_CBOR_DEPTH_MAX + 8] = "";
    for (int k = 0; k < IMP_CBOR_DEPTH_MAX; k++)
        strcat(nested, "81");
    strcat(nested, "01");
    assert_int_equal(scan_hex(nested, LIMIT, &length), IMP_CBOR_COMPLETE);
    memmove(nested + 2, nested, strlen(nested) + 1);
    assert_int_equal(scan_hex(nested, LIMIT, &length), IMP_CBOR_MALFORMED);
}

static void test_find(void **state)
{
    (void)state;
    // {"a": [1, {"b": 2}], 7: 8, "b": h'00', "c": 3}, of definite and of indefinite length
    static const char *const maps[] = {"a461618201a1616202070861624100616303",
                                       "bf61618201a1616202070861624100616303ff"};
    for (int k = 0; k < 2; k++) {
        uint8_t bytes[64];
        const imp_cbor_cursor map = {bytes, bytes + from_hex(maps[k], bytes)};
        imp_cbor_cursor value;
        imp_cbor_item item;
        assert_true(imp_cbor_find_key(map, "b", &value) && imp_cbor_read_item(&value, &item));
        assert_int_equal(item.kind, IMP_CBOR_BYTES);
        assert_true(imp_cbor_find_key(map, "c", &value) && imp_cbor_read_item(&value, &item));
        assert_int_equal(item.integer, 3);
        assert_false(imp_cbor_find_key(map, "d", &value));
        for (const uint8_t *end = map.at; end < map.end - 1; end++)
            assert_false(imp_cbor_find_key((imp_cbor_cursor){map.at, end}, "c", &value) &&
                         imp_cbor_read_item(&value, &item));
    }
}

// Strings in pieces become plain ones, wherever they are.
static void test_string_chunks_are_joined(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"7f627365626564ff", "6473656564"},
        {"7fff", "60"},
        {"5f60ff", NULL}, // a text is no piece of bytes
        {"5fff", "40"},
        {"5f5f4101ffff", NULL}, // pieces have no pieces
        {"5f0102ff", NULL},
        {"5f41014040420203ff", "43010203"},
        // as a key, as a value, in arrays and maps of both kinds, under a tag
        {"a27f616161627fff016164f5", NULL},
        {"a27f61616162ff016164f5", "a2626162016164f5"},
        {"bf7f61616162ff9f5f41014102ff7f61616162ffffff", "bf6261629f420102626162ffff"},
        {"82c17f61616162ff5f4107ff", "82c16261624107"},
        {"83f93c007f6161ff1b0000000100000000", "83f93c0061611b0000000100000000"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        uint8_t bytes[64], wanted[64];
        const size_t length = from_hex(cases[k][0], bytes);
        imp_message_reader reader = {.limit = LIMIT};
        size_t room;
        imp_cbor_cursor item;
        const char *why;
        for (size_t at = 0; at < length; at++) {
            *imp_message_reader_reserve_space(&reader, &room) = bytes[at];
            imp_message_reader_add_received(&reader, 1);
            const imp_cbor_scan_result found = imp_message_reader_next(&reader, &item, &why);
            if (cases[k][1] == NULL && found == IMP_CBOR_MALFORMED)
                break;
            if (found != (at + 1 < length ? IMP_CBOR_INCOMPLETE : IMP_CBOR_COMPLETE))
                fail_msg("%s: state %d after %zu bytes", cases[k][0], (int)found, at + 1);
        }
        if (cases[k][1] != NULL) {
            const size_t there = (size_t)(item.end - item.at);
            if (there != from_hex(cases[k][1], wanted) || memcmp(item.at, wanted, there) != 0)
                fail_msg("%s was not joined to %s", cases[k][0], cases[k][1]);
            assert_false(imp_message_reader_has_bytes(&reader));
        }
        imp_message_reader_free(&reader);
    }
}

// Of any number of pieces of any length, with an item behind them that stays what it is.
static void test_long_string_chunks(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 2, 23, 24, 255, 256, 40000, 65535, 65536, 70000};
    static const size_t counts[] = {1, 2, 3, 24, 300};
    enum { CAPACITY = 1 << 20 };
    uint8_t *stream = malloc(CAPACITY), *plain = malloc(CAPACITY);
    assert_true(stream != NULL && plain != NULL);
    for (size_t k = 0; k < CAPACITY; k++)
        plain[k] = (uint8_t)(k * 7 + k / 251);
    for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++)
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            const size_t total = pieces[p] * counts[c];
            if (total > CAPACITY / 2)
                continue;
            imp_cbor_writer out = {.bytes = stream, .capacity = CAPACITY};
            stream[out.length++] = 0x5f;
            for (size_t at = 0; at < total; at += pieces[p])
                imp_cbor_write_bytes(&out, plain + at, pieces[p]);
            stream[out.length++] = 0xff;
            const size_t end = out.length;
            imp_cbor_write_text(&out, "behind");
            imp_cbor_cursor cursor = {stream, stream + imp_cbor_join_strings(stream, end)};
            imp_cbor_item item;
            assert_true(imp_cbor_read_item(&cursor, &item) && cursor.at == cursor.end);
            assert_int_equal(item.count, total);
            assert_memory_equal(item.bytes, plain, total);
            assert_memory_equal(stream + end + 1, "behind", 6);
        }
    free(stream);
    free(plain);
}

// Tags say how a value is meant; only bignums mean another one here.
static void test_tags(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        imp_cbor_kind kind;
        int64_t integer;
    } cases[] = {
        {"d9d9f707", IMP_CBOR_INTEGER, 7},
        {"d9d9f7d82a07", IMP_CBOR_INTEGER, 7},
        {"c2420102", IMP_CBOR_INTEGER, 258},
        {"c3420102", IMP_CBOR_INTEGER, -259},
        {"c249010000000000000000", IMP_CBOR_INTEGER, INT64_MAX},
        {"c349010000000000000000", IMP_CBOR_INTEGER, INT64_MIN},
        {"c240", IMP_CBOR_INTEGER, 0},
        {"c0420102", IMP_CBOR_BYTES, 0},
        {"c26161", IMP_CBOR_TEXT, 0},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        uint8_t bytes[32];
        imp_cbor_cursor cursor = {bytes, bytes + from_hex(cases[k].hex, bytes)};
        imp_cbor_item item;
        assert_true(imp_cbor_read_value(&cursor, &item) && cursor.at == cursor.end);
        if (item.kind != cases[k].kind || item.integer != cases[k].integer)
            fail_msg("%s: kind %d, %lld", cases[k].hex, (int)item.kind, (long long)item.integer);
    }
    uint8_t bytes[8];
    imp_cbor_cursor cursor = {bytes, bytes + from_hex("c1c1", bytes)};
    imp_cbor_item item;
    assert_false(imp_cbor_read_value(&cursor, &item));
}

static void test_writing(void **state)
{
    (void)state;
    uint8_t bytes[256], wanted[256];
    imp_cbor_writer out = {.bytes = bytes, .capacity = sizeof bytes};
    imp_cbor_write_map(&out, 2);
    imp_cbor_write_text(&out, "a");
    imp_cbor_write_integer(&out, -1000);
    imp_cbor_write_text(&out, "b");
    imp_cbor_write_array(&out, 7);
    imp_cbor_write_integer(&out, 23);
    imp_cbor_write_integer(&out, 24);
    imp_cbor_write_integer(&out, 256);
    imp_cbor_write_integer(&out, 1000000000000);
    imp_cbor_write_double(&out, 0.0);
    imp_cbor_write_bool(&out, true);
    imp_cbor_write_null(&out);
    const size_t length = from_hex("a261613903e7616287171818190100"
                                   "1b000000e8d4a51000fb0000000000000000f5f6",
                                   wanted);
    assert_false(out.full);
    assert_int_equal(out.length, length);
    assert_memory_equal(bytes, wanted, length);
    // what does not fit is told, and nothing is written beyond the end
    imp_cbor_writer small = {.bytes = bytes, .capacity = 3};
    imp_cbor_write_text(&small, "abc");
    assert_true(small.full && small.length <= 3);
}

static void test_partial_arrival(void **state)
{
    (void)state;
    uint8_t stream[6000], *at = stream;
    imp_cbor_writer out = {.bytes = stream, .capacity = sizeof stream};
    static const uint8_t image[5000] = {1};
    imp_cbor_write_text(&out, "first");
    imp_cbor_write_bytes(&out, image, sizeof image);
    imp_cbor_write_null(&out);
    for (size_t piece = 1; piece < out.length; piece = piece * 3 + 1) {
        imp_message_reader reader = {.limit = LIMIT};
        size_t sent = 0;
        int items = 0;
        at = stream;
        while (sent < out.length) {
            size_t room;
            uint8_t *target = imp_message_reader_reserve_space(&reader, &room);
            size_t count = piece < room ? piece : room;
            count = count < out.length - sent ? count : out.length - sent;
            memcpy(target, stream + sent, count);
            imp_message_reader_add_received(&reader, count);
            sent += count;
            imp_cbor_cursor item;
            const char *why;
            while (imp_message_reader_next(&reader, &item, &why) == IMP_CBOR_COMPLETE) {
                assert_memory_equal(item.at, at, (size_t)(item.end - item.at));
                at += item.end - item.at;
                items++;
            }
        }
        assert_int_equal(items, 3);
        assert_false(imp_message_reader_has_bytes(&reader));
        assert_true(reader.capacity <= 2 * sizeof stream);
        imp_message_reader_free(&reader);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_scan_finds_item_end),
        cmocka_unit_test(test_false_lengths_are_rejected),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_partial_arrival),
        cmocka_unit_test(test_string_chunks_are_joined),
        cmocka_unit_test(test_long_string_chunks),
        cmocka_unit_test(test_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
