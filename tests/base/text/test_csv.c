#include "base/text/csv.h"

#include <stdlib.h>
#include <string.h>

#include "testing.h"

static void fields_are_quoted_where_they_need_it(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"loop_empty", "loop_empty"},
        {"", ""},
        {"a b;c", "a b;c"},
        {"a,b", "\"a,b\""},
        {"say \"so\"", "\"say \"\"so\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {"=1+1", "'=1+1"},
        {"=cmd|'calc'!A1,\"x.yaml", "\"'=cmd|'calc'!A1,\"\"x.yaml\""},
        {"-2", "'-2"},
        {"@sum", "'@sum"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        char *text = NULL;
        size_t length;
        FILE *out = open_memstream(&text, &length);
        assert_non_null(out);
        imp_csv_write_field(out, cases[k][0]);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, cases[k][1]);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_quoted_where_they_need_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
