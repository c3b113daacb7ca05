#include "base/text/text_stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "testing.h"

static void printed_text_is_kept(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_text_stream text;
    assert_ok(imp_text_stream_open(&text, "a test", &err), err);
    assert_ok(imp_text_stream_close(&text, "a test", &err), err);
    assert_string_equal(text.bytes, "");
    assert_int_equal(text.length, 0);
    free(text.bytes);

    assert_ok(imp_text_stream_open(&text, "a test", &err), err);
    for (int k = 0; k < 10000; k++)
        fprintf(text.out, "%d,%g\n", k % 10, 0.5);
    assert_ok(imp_text_stream_close(&text, "a test", &err), err);
    assert_int_equal(text.length, 60000);
    assert_int_equal(strlen(text.bytes), 60000);
    assert_memory_equal(text.bytes, "0,0.5\n1,0.5\n", 12);
    free(text.bytes);

    assert_ok(imp_text_stream_open(&text, "a test", &err), err);
    fputs("unwanted", text.out);
    imp_text_stream_discard(&text);
    assert_null(text.bytes);
}

// In a child whose memory ends, a text that does not fit is no text.
static void out_of_memory_is_reported(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__)
    skip_because("the address sanitizer needs more memory than the test allows");
#endif
    const pid_t child = fork();
    if (child == 0) {
        imp_error err = {0};
        imp_text_stream text;
        if (imp_text_stream_open(&text, "a test", &err) != IMP_OK)
            _exit(1);
        // before the limit, so that there is something to lose
        for (int k = 0; k < 100000; k++)
            fputs("0123456789", text.out);
        const struct rlimit tight = {1 << 20, 1 << 20};
        setrlimit(RLIMIT_AS, &tight);
        // an emulator may ignore the limit
        if (malloc(64 << 20) != NULL)
            _exit(TEST_SKIPPED);
        for (int k = 0; k < 10000000; k++)
            fputs("0123456789", text.out);
        const imp_status status = imp_text_stream_close(&text, "a test", &err);
        _exit(status == IMP_NO_MEMORY && text.bytes == NULL &&
                      strcmp(err.message, "out of memory for a test") == 0
                  ? 0
                  : 2);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    if (WIFEXITED(result) && WEXITSTATUS(result) == TEST_SKIPPED)
        skip_because("memory cannot be limited here");
    assert_int_equal(result, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printed_text_is_kept),
        cmocka_unit_test(out_of_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
