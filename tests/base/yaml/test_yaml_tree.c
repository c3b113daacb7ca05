// The tree of a YAML text: what it holds, its lines, and what is refused.
#include "base/yaml/yaml_tree.h"

#include <string.h>

#include "testing.h"

static imp_status parse(imp_yaml *yaml, const char *text, imp_error *err)
{
    *yaml = (imp_yaml){.source = "file.yaml", .err = err};
    return imp_yaml_parse(yaml, text, strlen(text));
}

static void test_pairs_and_lines(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_yaml yaml;
    assert_ok(parse(&yaml, "a: 1\nb: [2, 3]\n\na: &x {c: d}\ne: *x\n", &err), err);
    static const char *const keys[] = {"a", "b", "a", "e"};
    static const int lines[] = {1, 2, 4, 5};
    int count = 0;
    for (imp_yaml_pair pair = imp_yaml_first_pair(&yaml, yaml.root); pair.key >= 0;
         pair = imp_yaml_next_pair(&yaml, pair), count++) {
        assert_true(count < 4);
        assert_true(imp_yaml_scalar_equals(&yaml, pair.key, keys[count]));
        assert_int_equal(imp_yaml_line(&yaml, pair.key), lines[count]);
    }
    assert_int_equal(count, 4);
    // the last of equal keys counts, and an alias stands for its anchor
    const int a = imp_yaml_get(&yaml, yaml.root, "a"), b = imp_yaml_get(&yaml, yaml.root, "b");
    assert_true(imp_yaml_is_map(&yaml, a));
    assert_int_equal(imp_yaml_get(&yaml, yaml.root, "e"), a);
    assert_false(imp_yaml_scalar_equals(&yaml, a, "1"));
    // what is no map has no keys
    assert_false(imp_yaml_is_map(&yaml, b));
    assert_int_equal(imp_yaml_get(&yaml, b, "a"), -1);
    assert_int_equal(imp_yaml_get(&yaml, -1, "a"), -1);
    imp_yaml_free(&yaml);
    // an empty text has no root
    assert_ok(parse(&yaml, "# nothing\n", &err), err);
    assert_int_equal(yaml.root, -1);
    assert_false(imp_yaml_is_map(&yaml, yaml.root));
    imp_yaml_free(&yaml);
}

// A piece so many times, then the rest: it must be refused with this message, or be fine (NULL).
static void check_repeated(const char *piece, int times, const char *rest, const char *message)
{
    static char text[1 << 16];
    imp_error err = {0};
    imp_yaml yaml;
    text[0] = '\0';
    for (int k = 0; k < times; k++)
        strcat(text, piece);
    strcat(text, rest);
    const imp_status status = parse(&yaml, text, &err);
    imp_yaml_free(&yaml);
    assert_int_equal(status, message == NULL ? IMP_OK : IMP_BAD_INPUT);
    assert_string_equal(err.message, message == NULL ? "" : message);
}

static void test_limits(void **state)
{
    (void)state;
    check_repeated("- [1, 2]\n", 500, "", NULL);
    check_repeated("a: 50%\n", 100, "", NULL);
    check_repeated("- ", 32, "", NULL);
    check_repeated("- ", 33, "", "file.yaml:1: nested more than 32 deep");
    check_repeated("[", 1000, "", "file.yaml:1: nested more than 32 deep");
    check_repeated("%TAG !a! b:\n", 9, "",
                   "file.yaml:1: not YAML: more than 8 lines begin with '%'");
    check_repeated("- &a b\n", 257, "", "file.yaml:257: more than 256 anchors");
    check_repeated("\n", 2, "a: \"b\\0c\"\n", "file.yaml:3: a word holds a zero byte");
    check_repeated("\n", 2, "a: &b [*b]\n", "file.yaml:3: *b contains itself");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_and_lines),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
