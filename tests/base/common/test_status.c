#include "testing.h"

#include <string.h>

#include "imprint/base.h"

static void a_message_is_one_line_whatever_it_quotes(void **state)
{
    (void)state;
    imp_error err = {0};
    assert_int_equal(imp_fail(&err, IMP_BAD_INPUT, "'%s' is odd", "a\nb\tc\x01"), IMP_BAD_INPUT);
    assert_string_equal(err.message, "'a b c ' is odd");
    // an argument may be the old message itself
    assert_int_equal(imp_fail(&err, IMP_USAGE, "x: %s", err.message), IMP_USAGE);
    assert_string_equal(err.message, "x: 'a b c ' is odd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_message_is_one_line_whatever_it_quotes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
