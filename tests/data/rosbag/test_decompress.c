// LZ4 frames come out as far as they go. The bytes were made by liblz4 1.10 (Python's lz4.frame).
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include <bzlib.h>

#include "data/rosbag/decompress.h"
#include "lz4_frames.h"

static void fill_expected(uint8_t *out, size_t length)
{
    for (size_t k = 0; k < length; k++)
        out[k] = (uint8_t)(k < 300 ? k * k % 251 : k % 7 < 3 ? 'a' + k % 3 : k / 64);
}

static void liblz4_frames_are_decompressed(void **state)
{
    (void)state;
    uint8_t wanted[EXPECTED_LENGTH];
    fill_expected(wanted, sizeof wanted);
    for (size_t k = 0; k < sizeof FRAMES / sizeof FRAMES[0]; k++) {
        imp_decompressed out = {.limit = sizeof wanted};
        assert_int_equal(imp_lz4_decompress(&out, FRAMES[k].bytes, FRAMES[k].length),
                         IMP_DECOMPRESS_COMPLETE);
        assert_int_equal(out.length, sizeof wanted);
        assert_memory_equal(out.bytes, wanted, sizeof wanted);
        // one byte less than it holds is damage, however long it says it is
        out.limit--;
        assert_int_equal(imp_lz4_decompress(&out, FRAMES[k].bytes, FRAMES[k].length),
                         IMP_DECOMPRESS_CORRUPT);
        imp_decompressed_free(&out);
    }
}

static void truncated_frames_give_a_prefix(void **state)
{
    (void)state;
    uint8_t wanted[EXPECTED_LENGTH];
    fill_expected(wanted, sizeof wanted);
    for (size_t k = 0; k < sizeof FRAMES / sizeof FRAMES[0]; k++) {
        size_t before = 0;
        for (size_t length = 0; length < FRAMES[k].length; length++) {
            uint8_t *bytes = malloc(length + 1);
            assert_non_null(bytes);
            memcpy(bytes, FRAMES[k].bytes, length);
            imp_decompressed out = {.limit = sizeof wanted};
            const imp_decompress_result end = imp_lz4_decompress(&out, bytes, length);
            // the last example is two frames, the first of which may be whole
            assert_true(end == IMP_DECOMPRESS_TRUNCATED ||
                        (k == 3 && end == IMP_DECOMPRESS_COMPLETE));
            assert_true(out.length >= before);
            if (out.length > 0)
                assert_memory_equal(out.bytes, wanted, out.length);
            before = out.length;
            imp_decompressed_free(&out);
            free(bytes);
        }
        assert_int_equal(before, sizeof wanted);
    }
}

// A wrong bit is noticed where there are checksums, and never reads or writes where it must not.
static void flipped_bits_are_detected(void **state)
{
    (void)state;
    uint8_t wanted[EXPECTED_LENGTH];
    fill_expected(wanted, sizeof wanted);
    for (size_t k = 0; k < sizeof FRAMES / sizeof FRAMES[0]; k++)
        for (size_t at = 0; at < FRAMES[k].length; at++) {
            uint8_t *bytes = malloc(FRAMES[k].length);
            assert_non_null(bytes);
            memcpy(bytes, FRAMES[k].bytes, FRAMES[k].length);
            bytes[at] ^= (uint8_t)(1 << at % 8);
            imp_decompressed out = {.limit = 1 << 20};
            const imp_decompress_result end = imp_lz4_decompress(&out, bytes, FRAMES[k].length);
            if (FRAMES[k].checked) {
                // unless another way to the same bytes is meant
                assert_true(
                    end != IMP_DECOMPRESS_COMPLETE ||
                    (out.length == sizeof wanted && memcmp(out.bytes, wanted, sizeof wanted) == 0));
            }
            imp_decompressed_free(&out);
            free(bytes);
        }
}

static void matches_outside_output_are_refused(void **state)
{
    (void)state;
    // one letter, then four of what came two bytes before it; the end's literals
    uint8_t frame[] = {0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82, 5, 0, 0,
                       0,    0x10, 'a',  2,    0,    0x00, 0,    0, 0, 0};
    imp_decompressed out = {.limit = 100};
    assert_int_equal(imp_lz4_decompress(&out, frame, sizeof frame), IMP_DECOMPRESS_CORRUPT);
    frame[13] = 0;
    assert_int_equal(imp_lz4_decompress(&out, frame, sizeof frame), IMP_DECOMPRESS_CORRUPT);
    frame[13] = 1;
    assert_int_equal(imp_lz4_decompress(&out, frame, sizeof frame), IMP_DECOMPRESS_COMPLETE);
    assert_int_equal(out.length, 5);
    assert_memory_equal(out.bytes, "aaaaa", 5);
    imp_decompressed_free(&out);
}

static void bz2_output_is_limited(void **state)
{
    (void)state;
    char text[100000], packed[1000];
    unsigned length = sizeof packed;
    memset(text, 'x', sizeof text);
    assert_int_equal(BZ2_bzBuffToBuffCompress(packed, &length, text, sizeof text, 1, 0, 0), BZ_OK);
    for (size_t less = 0; less < 3; less++) {
        imp_decompressed out = {.limit = sizeof text - less};
        assert_int_equal(imp_bz2_decompress(&out, (const uint8_t *)packed, length),
                         less == 0 ? IMP_DECOMPRESS_COMPLETE : IMP_DECOMPRESS_CORRUPT);
        assert_int_equal(out.length, sizeof text - less);
        assert_memory_equal(out.bytes, text, out.length);
        imp_decompressed_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(liblz4_frames_are_decompressed),
        cmocka_unit_test(truncated_frames_give_a_prefix),
        cmocka_unit_test(flipped_bits_are_detected),
        cmocka_unit_test(matches_outside_output_are_refused),
        cmocka_unit_test(bz2_output_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
