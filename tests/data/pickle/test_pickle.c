// Pickles are read without being executed: what is plain comes out; of what is not nothing is made,
// and nothing but its name is known.
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/pickle/pickle_vm.h"

// Bytes of a literal, without the 0 that ends it.
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static imp_pickle *open_pickle(const uint8_t *bytes, size_t length)
{
    imp_error err = {0};
    imp_pickle *pickle;
    assert_ok(imp_pickle_create(&pickle, bytes, length, "x.log", &err), err);
    return pickle;
}

static imp_pickle_value read_single_value(imp_pickle *pickle)
{
    imp_error err = {0};
    imp_pickle_value root = IMP_PICKLE_NO_VALUE;
    bool more;
    assert_ok(imp_pickle_read_next(pickle, &root, &more, &err), err);
    assert_true(more);
    return root;
}

static void expect_error(const uint8_t *bytes, size_t length, const char *says)
{
    // in memory of exactly that length, so that a sanitizer sees a byte read too far
    uint8_t *copy = malloc(length);
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    imp_error err = {0};
    imp_pickle *pickle = open_pickle(copy, length);
    imp_pickle_value root;
    bool more;
    assert_int_equal(imp_pickle_read_next(pickle, &root, &more, &err), IMP_BAD_INPUT);
    if (strstr(err.message, says) == NULL || strncmp(err.message, "x.log: byte ", 12) != 0)
        fail_msg("\"%s\" does not tell \"%s\"", err.message, says);
    imp_pickle_destroy(pickle);
    free(copy);
}

static void numbers_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        double wanted;
    } cases[] = {
        {"\x80\2K\xff.", 5, 255},
        {"\x80\2M\x34\x12.", 6, 0x1234},
        {"\x80\2J\xfe\xff\xff\xff.", 8, -2},
        {"\x80\2\x8a\0.", 5, 0},
        {"\x80\2\x8a\1\xff.", 6, -1},
        {"\x80\2\x8a\2\xff\0.", 7, 255},
        {"\x80\2\x8b\2\0\0\0\0\x80.", 10, -32768},
        {"\x80\2G\xbf\xf8\0\0\0\0\0\0.", 12, -1.5},
        {"\x80\2\x88.", 4, 1},
        {"\x80\5\x89.", 4, 0},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        imp_pickle *pickle = open_pickle((const uint8_t *)cases[k].bytes, cases[k].length);
        double number;
        assert_true(imp_pickle_number(pickle, read_single_value(pickle), &number));
        assert_close(number, cases[k].wanted, 0);
        imp_pickle_destroy(pickle);
    }
}

static void containers_are_read(void **state)
{
    (void)state;
    // {"a": (1, [2, 3, 4]), "b": None, "a": 5}, built in all the ways there are
    imp_pickle *pickle = open_pickle(BYTES("\x80\4}(\x8c\1aK\1](K\2K\3eK\4a\x86"
                                           "X\1\0\0\0bNU\1aK\5u."));
    const imp_pickle_value root = read_single_value(pickle);
    double number;
    assert_int_equal(imp_pickle_item_count(pickle, root), 6);
    assert_int_equal(imp_pickle_kind_of(pickle, imp_pickle_find_key(pickle, root, "b")),
                     IMP_PICKLE_NONE);
    assert_true(imp_pickle_find_key(pickle, root, "c") == IMP_PICKLE_NO_VALUE);
    // of equal keys the last counts
    assert_true(imp_pickle_number(pickle, imp_pickle_find_key(pickle, root, "a"), &number));
    assert_close(number, 5, 0);
    const imp_pickle_value pair = imp_pickle_item(pickle, root, 1),
                           list = imp_pickle_item(pickle, pair, 1);
    assert_int_equal(imp_pickle_kind_of(pickle, pair), IMP_PICKLE_TUPLE);
    assert_int_equal(imp_pickle_item_count(pickle, list), 3);
    for (uint32_t k = 0; k < 3; k++) {
        assert_true(imp_pickle_number(pickle, imp_pickle_item(pickle, list, k), &number));
        assert_close(number, k + 2, 0);
    }
    assert_true(imp_pickle_item(pickle, list, 3) == IMP_PICKLE_NO_VALUE);
    imp_pickle_destroy(pickle);
}

static void pickle_streams_are_read(void **state)
{
    (void)state;
    imp_pickle *pickle = open_pickle(BYTES("\x80\2K\1q\0.\x80\2K\2."
                                           "\x80\2h\0."));
    imp_error err = {0};
    imp_pickle_value root;
    double number;
    bool more;
    for (int k = 1; k <= 2; k++) {
        assert_true(imp_pickle_number(pickle, read_single_value(pickle), &number));
        assert_close(number, k, 0);
    }
    // what one remembers is nothing to the next
    assert_int_equal(imp_pickle_read_next(pickle, &root, &more, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "empty memo entry"));
    imp_pickle_destroy(pickle);
}

// The pickle gives a value that was not made, by this name.
static void expect_unsupported(const uint8_t *bytes, size_t length, const char *name)
{
    uint8_t *copy = malloc(length);
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    imp_pickle *pickle = open_pickle(copy, length);
    const imp_pickle_value root = read_single_value(pickle);
    assert_int_equal(imp_pickle_kind_of(pickle, root), IMP_PICKLE_UNSUPPORTED);
    assert_string_equal(imp_pickle_unsupported_type(pickle, root), name);
    assert_string_equal(imp_pickle_unsupported_name(pickle, 0), name);
    assert_null(imp_pickle_unsupported_name(pickle, 1));
    // it is no number, no text, and holds nothing
    double number;
    assert_false(imp_pickle_number(pickle, root, &number));
    assert_false(imp_pickle_is_text(pickle, root, name));
    assert_int_equal(imp_pickle_item_count(pickle, root), 0);
    assert_null(imp_pickle_array(pickle, root));
    imp_pickle_destroy(pickle);
    free(copy);
}

static void functions_are_never_called(void **state)
{
    (void)state;
    expect_unsupported(BYTES("\x80\2cos\nsystem\nU\2ls\x85R."), "os.system");
    expect_unsupported(BYTES("\x80\4\x8c\5posix\x8c\6system\x93."), "posix.system");
    expect_unsupported(BYTES("\x80\2cbuiltins\neval\n."), "builtins.eval");
    expect_unsupported(BYTES("\x80\2cnumpy\nload\n."), "numpy.load");
    expect_unsupported(BYTES("\x80\2cevil_log_schema\nStep\n."), "evil_log_schema.Step");
    expect_unsupported(BYTES("\x80\2clog_schema\nSteps\n."), "log_schema.Steps");
    expect_unsupported(BYTES("\x80\2cnumpy\nndarray\n)R."), "what a class was called for");
    expect_unsupported(BYTES("\x80\2cnumpy\nndarray\n)\x81."),
                       "an object of a class that is not part of logs");
    // whatever it is called, it stays one line of plain letters
    expect_unsupported(BYTES("\x80\2ca\x1b[2J\nb\r\n."), "a?[2J.b?");
    // and whatever is done with it, in all the ways that objects are made
    expect_unsupported(BYTES("\x80\2cm\nC\n)\x81}U\1aK\1sb."), "m.C");
    expect_unsupported(BYTES("\x80\4cm\nC\n)}U\1aK\1s\x92}b."), "m.C");
    expect_unsupported(BYTES("\x80\2(cm\nC\nK\1oK\1b."), "m.C");
    expect_unsupported(BYTES("\x80\2ccollections\ndeque\n)R(K\1K\2eK\3a."), "collections.deque");
    expect_unsupported(BYTES("\x80\2cm\nD\n)R(U\1aK\2uU\1bK\3s."), "m.D");
    expect_unsupported(BYTES("\x80\4\x8f(K\1K\2\x90."), "set");
    expect_unsupported(BYTES("\x80\4(K\1K\2\x91."), "frozenset");
    expect_unsupported(BYTES("\x80\2cm\nf\n)R)R."), "m.f");
    expect_error(BYTES("\x80\2K\1)R."), "calls a value that is not a function");
    expect_error(BYTES("\x80\2K\1)\x81."), "no class");
    expect_error(BYTES("\x80\2(o."), "without a class");
    expect_error(BYTES("\x80\4\x8fK\1\x90."), "from an empty stack");
    expect_error(BYTES("\x80\2\x82\1."), "opcode 0x82");
    expect_error(BYTES("\x80\2NQ."), "opcode 0x51");
    expect_error(BYTES("\x80\2(dios\nsystem\n."), "opcode 0x69");
}

// Of many names the first are kept, for the whole stream.
static void unsupported_names_are_kept(void **state)
{
    (void)state;
    char bytes[4096];
    size_t length = 0;
    for (int k = 0; k < 40; k++)
        length += (size_t)snprintf(bytes + length, sizeof bytes - length, "\x80\2cm\nC%d\n.", k);
    imp_pickle *pickle = open_pickle((uint8_t *)bytes, length);
    for (int k = 0; k < 40; k++)
        read_single_value(pickle);
    assert_string_equal(imp_pickle_unsupported_name(pickle, 0), "m.C0");
    assert_string_equal(imp_pickle_unsupported_name(pickle, IMP_PICKLE_UNSUPPORTED_MAX - 2),
                        "m.C14");
    assert_string_equal(imp_pickle_unsupported_name(pickle, IMP_PICKLE_UNSUPPORTED_MAX - 1),
                        "others");
    assert_null(imp_pickle_unsupported_name(pickle, IMP_PICKLE_UNSUPPORTED_MAX));
    imp_pickle_destroy(pickle);
}

static void dict_subclasses_are_dicts(void **state)
{
    (void)state;
    imp_pickle *pickle =
        open_pickle(BYTES("\x80\2ccollections\nOrderedDict\n)R(U\1aK\7u}U\1bK\1sb."));
    double number;
    assert_true(imp_pickle_number(
        pickle, imp_pickle_find_key(pickle, read_single_value(pickle), "a"), &number));
    assert_close(number, 7, 0);
    imp_pickle_destroy(pickle);
}

static void array_sizes_are_checked(void **state)
{
    (void)state;
#define ARRAY "\x80\2cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\1b\x87R"
#define TYPE(name) "cnumpy\ndtype\nU\2" name "K\0K\1\x87R"
    imp_pickle *pickle =
        open_pickle(BYTES(ARRAY "(K\1K\2K\1\x86" TYPE("i2") "(K\3U\1>NNNJ\xff\xff\xff\xffJ\xff\xff"
                                                            "\xff\xffK\0tb\x89U\4\1\2\xff\xfetb."));
    const imp_numpy_array *array = imp_pickle_array(pickle, read_single_value(pickle));
    assert_non_null(array);
    assert_int_equal(array->dimensions, 2);
    assert_close(imp_numpy_array_number(array, 0), 0x102, 0);
    assert_close(imp_numpy_array_number(array, 1), -2, 0);
    imp_pickle_destroy(pickle);
    expect_error(BYTES(ARRAY "(K\1K\5\x85" TYPE("u1") "\x89U\4abcdtb."), "do not match its shape");
    expect_unsupported(BYTES(ARRAY "(K\1K\1\x85" TYPE("O8") "\x89]Natb."), "numpy type O8");
    expect_unsupported(BYTES(ARRAY "(K\1K\1\x85" TYPE("u1") "\x89]tb."), "an array of objects");
    expect_error(BYTES(ARRAY "(K\1J\xff\xff\xff\xff\x85" TYPE("u1") "\x89U\0tb."), "invalid shape");
    expect_error(BYTES(ARRAY "(K\1J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x87" TYPE(
                     "f8") "\x89U\0tb."),
                 "do not match its shape");
    expect_unsupported(BYTES(ARRAY "(K\1(NNNNNt" TYPE("u1") "\x89U\0tb."),
                       "an array of too many dimensions");
    // of half precision: -2.5 and 65504
    pickle = open_pickle(BYTES(ARRAY "(K\1K\2\x85" TYPE("f2") "\x89U\4\0\xc1\xff\x7btb."));
    array = imp_pickle_array(pickle, read_single_value(pickle));
    assert_close(imp_numpy_array_number(array, 0), -2.5, 0);
    assert_close(imp_numpy_array_number(array, 1), 65504, 0);
    imp_pickle_destroy(pickle);
#undef ARRAY
#undef TYPE
}

static void corrupt_pickles_are_refused(void **state)
{
    (void)state;
    expect_error(BYTES("K\1."), "no pickle of protocol 2 to 5");
    expect_error(BYTES("\x80\1K\1."), "protocol 1");
    expect_error(BYTES("\x80\2."), "from an empty stack");
    expect_error(BYTES("\x80\2e."), "from an empty stack");
    expect_error(BYTES("\x80\2](K\1a."), "not a list");
    expect_error(BYTES("\x80\2K\1K\2a."), "adds to a value that is not a list");
    expect_error(BYTES("\x80\2}(K\1u."), "adds to a value that is not a dict");
    expect_error(BYTES("\x80\2(K\1d."), "key without a value");
    expect_error(BYTES("\x80\2(N."), "stops inside a collection");
    expect_error(BYTES("\x80\2h\0."), "empty memo entry");
    expect_error(BYTES("\x80\2K"), "ends too early");
    expect_error(BYTES("\x80\2cnumpy\n"), "ends too early");
    expect_error(BYTES("\x80\2)"), "ends too early");
}

// Every beginning of a good pickle is one that is cut off, and nothing else.
static void every_prefix_is_truncated(void **state)
{
    (void)state;
    static const uint8_t bytes[] =
        "\x80\2](K\1M\1\1J\1\1\1\1G12345678X\2\0\0\0abU\2cdB\1\0\0\0x\x8a"
        "\2\1\1}q\1X\1\0\0\0kh\1se.";
    for (size_t length = 1; length < sizeof bytes - 1; length++) {
        uint8_t *copy = malloc(length);
        assert_non_null(copy);
        memcpy(copy, bytes, length);
        imp_pickle *pickle = open_pickle(copy, length);
        imp_pickle_value root;
        bool more;
        assert_int_equal(imp_pickle_read_next(pickle, &root, &more, NULL), IMP_BAD_INPUT);
        assert_true(imp_pickle_is_truncated(pickle));
        imp_pickle_destroy(pickle);
        free(copy);
    }
    imp_pickle *pickle = open_pickle(bytes, sizeof bytes - 1);
    assert_int_equal(imp_pickle_item_count(pickle, read_single_value(pickle)), 9);
    imp_pickle_destroy(pickle);
}

// A pickle of one text repeated.
static void expect_repeated_refused(const char *start, size_t start_length, const char *part,
                                    size_t part_length, size_t times, const char *says)
{
    uint8_t *bytes = malloc(start_length + part_length * times);
    assert_non_null(bytes);
    memcpy(bytes, start, start_length);
    for (size_t k = 0; k < times; k++)
        memcpy(bytes + start_length + k * part_length, part, part_length);
    expect_error(bytes, start_length + part_length * times, says);
    free(bytes);
}

static void pickle_bombs_are_refused(void **state)
{
    (void)state;
    const size_t million = 1000000;
    expect_repeated_refused("\x80\2", 2, "]", 1, million, "nested too deeply");
    expect_repeated_refused("\x80\2", 2, "(", 1, million, "nested too deeply");
    expect_repeated_refused("\x80\2", 2, "}K\1", 3, million, "nested too deeply");
    expect_repeated_refused("\x80\2N", 3, "2", 1, million, "nested too deeply");
    // lengths that nobody has
    expect_error(BYTES("\x80\3B\xff\xff\xff\xff"), "ends too early");
    expect_error(BYTES("\x80\4\x8e\0\0\0\0\0\0\0\x40"), "ends too early");
    expect_error(BYTES("\x80\2X\xff\xff\xff\xff"), "ends too early");
    expect_error(BYTES("\x80\2\x8b\xff\xff\xff\x7f"), "ends too early");
    expect_error(BYTES("\x80\2\x8b\xff\xff\xff\xff"), "negative length");
    expect_error(BYTES("\x80\2Nr\xff\xff\xff\xf0."), "memo number is too large");
    // the same text encoded over and over
    char text[20000] = "\x80\2X\x10\x27\0\0"; // of 10000 letters
    size_t length = 7;
    memset(text + length, 'a', 10000);
    length += 10000;
    const char more[] = "q\0c_codecs\nencode\nq\1";
    memcpy(text + length, more, sizeof more - 1);
    length += sizeof more - 1;
    const char call[] = "h\1h\0X\6\0\0\0latin1\x86R0";
    expect_repeated_refused(text, length, call, sizeof call - 1, 1000,
                            "creates more bytes than it contains");
}

// What a million bytes can make the machine take, at the most.
static void memory_is_bounded(void **state)
{
    (void)state;
    const size_t length = 1000000;
    static const struct {
        const char *part;
        size_t length;
    } parts[] = {{")\x85\x85\x85\x85", 5}, {"]\x94\x30", 3}, {"NNN\x87\x30", 5},
                 {"K\1\x30", 3},           {"}\x30", 2},     {"]Na\x30", 4}};
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
        uint8_t *bytes = malloc(length);
        assert_non_null(bytes);
        memcpy(bytes, "\x80\4", 2);
        size_t at = 2;
        for (; at + parts[p].length + 2 < length && at < 60000 * parts[p].length;
             at += parts[p].length)
            memcpy(bytes + at, parts[p].part, parts[p].length);
        bytes[at++] = 'N';
        bytes[at++] = '.';
        imp_pickle *pickle = open_pickle(bytes, at);
        read_single_value(pickle);
        const size_t most =
            (size_t)pickle->block_count * IMP_PICKLE_NODES_PER_BLOCK * sizeof(imp_pickle_node) +
            (size_t)pickle->stack_capacity * sizeof(imp_pickle_value) +
            (size_t)pickle->memo_capacity * sizeof(imp_pickle_value) +
            32 * (size_t)pickle->node_count; // items that lie outside
        assert_true(sizeof(imp_pickle_node) == 16);
        assert_true(most < 64 * at + IMP_PICKLE_NODES_PER_BLOCK * sizeof(imp_pickle_node));
        imp_pickle_destroy(pickle);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read),           cmocka_unit_test(containers_are_read),
        cmocka_unit_test(pickle_streams_are_read),    cmocka_unit_test(functions_are_never_called),
        cmocka_unit_test(unsupported_names_are_kept), cmocka_unit_test(dict_subclasses_are_dicts),
        cmocka_unit_test(array_sizes_are_checked),    cmocka_unit_test(corrupt_pickles_are_refused),
        cmocka_unit_test(every_prefix_is_truncated),  cmocka_unit_test(pickle_bombs_are_refused),
        cmocka_unit_test(memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
