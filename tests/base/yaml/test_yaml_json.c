// YAML written as JSON: read again, it is the same tree, and it may stand in a page.
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/text/text_stream.h"
#include "base/yaml/yaml_json.h"

enum { LIMIT = 1 << 20 };

// The JSON of a YAML text, which the caller frees; NULL if it is refused.
static char *json_of(const char *text, size_t limit)
{
    imp_error err = {0};
    imp_yaml yaml = {.source = "test", .err = &err};
    imp_text_stream stream;
    assert_int_equal(imp_text_stream_open(&stream, "a test", &err), IMP_OK);
    imp_status status = imp_yaml_parse(&yaml, text, strlen(text));
    if (status == IMP_OK)
        status = imp_yaml_write_json(stream.out, &yaml, limit);
    imp_yaml_free(&yaml);
    assert_int_equal(imp_text_stream_close(&stream, "a test", &err), IMP_OK);
    if (status == IMP_OK)
        return stream.bytes;
    free(stream.bytes);
    return NULL;
}

static void check(const char *text, const char *wanted)
{
    char *json = json_of(text, LIMIT);
    assert_non_null(json);
    assert_string_equal(json, wanted);
    // JSON is YAML
    char *again = json_of(json, LIMIT);
    assert_non_null(again);
    assert_string_equal(again, wanted);
    free(again);
    free(json);
}

static void writes_trees(void **state)
{
    (void)state;
    check("a: 1.50\nb: [x, 'y z', {c: ~}]\n",
          "{\"a\":\"1.50\",\"b\":[\"x\",\"y z\",{\"c\":\"~\"}]}");
    check("- &one {k: v}\n- *one\n", "[{\"k\":\"v\"},{\"k\":\"v\"}]");
    check("[]", "[]");
}

static void escapes_what_pages_would_read(void **state)
{
    (void)state;
    check("'</script> & \"q\" \\'", "\"\\u003c/script\\u003e \\u0026 \\u0022q\\u0022 \\u005c\"");
    check("\xc3\xa4 \xe2\x82\xac", "\"\\u00e4 \\u20ac\"");
    // a pair, which JSON knows and YAML does not
    char *json = json_of("\xf0\x9f\xa6\x86", LIMIT);
    assert_non_null(json);
    assert_string_equal(json, "\"\\ud83e\\udd86\"");
    free(json);
    check("\"a\\nb\"", "\"a\\u000ab\"");
}

static void refuses_what_cannot_be_written(void **state)
{
    (void)state;
    assert_null(json_of("[1, 2]: 3\n", LIMIT));
    // each list holds the one before ten times
    assert_null(json_of("- &a [x, x, x, x, x, x, x, x, x, x]\n"
                        "- &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
                        "- &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
                        "- &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n",
                        10000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_trees),
        cmocka_unit_test(escapes_what_pages_would_read),
        cmocka_unit_test(refuses_what_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
