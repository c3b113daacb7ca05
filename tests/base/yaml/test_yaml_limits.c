#include "base/yaml/yaml_limits.h"

#include <string.h>

#include "testing.h"

static imp_status check_repeated_piece(const char *piece, int times, const char *rest,
                                       imp_error *err)
{
    static char text[1 << 16];
    text[0] = '\0';
    for (int k = 0; k < times; k++)
        strcat(text, piece);
    strcat(text, rest);
    return imp_yaml_check_limits(text, strlen(text), "file.yaml", err);
}

static void usual_files_pass(void **state)
{
    (void)state;
    imp_error err = {0};
    assert_ok(check_repeated_piece("", 0, "a: [1, [2, 3]]\nb: {c: d}\n", &err), err);
    assert_ok(check_repeated_piece("[1, 2]\n", 500, "", &err), err);
    assert_ok(check_repeated_piece("a: 50%\n", 100, "", &err), err);
    assert_ok(check_repeated_piece("[", 64, "", &err), err);
    assert_ok(check_repeated_piece("]", 100, "[", &err), err);
}

static void what_takes_long_is_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    assert_int_equal(check_repeated_piece("[", 65, "", &err), IMP_BAD_INPUT);
    assert_string_equal(err.message, "file.yaml:1: brackets are nested more than 64 deep");
    assert_int_equal(check_repeated_piece("- {a: [\n", 100, "", &err), IMP_BAD_INPUT);
    assert_int_equal(check_repeated_piece("[[],", 65, "", &err), IMP_BAD_INPUT);
    assert_int_equal(check_repeated_piece("%TAG !a! b:\n", 9, "", &err), IMP_BAD_INPUT);
    assert_string_equal(err.message, "file.yaml:9: more than 8 directives (lines with %)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_files_pass),
        cmocka_unit_test(what_takes_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
