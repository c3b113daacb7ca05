// Names in a folder, and a file system that fails amid them: readdir() is this file's own and fails
// where it is told to.
#include "base/io/folder_reader.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "temporary_folder.h"

enum { NAMES = 5 };
static int calls, failing_call;

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
struct dirent *readdir(DIR *stream)
{
    static const char *const names[NAMES] = {".", "one", "..", ".hidden", "two"};
    static struct dirent entry;
    (void)stream;
    if (calls == failing_call) {
        errno = EIO;
        return NULL;
    }
    if (calls == NAMES)
        return NULL; // and errno stays
    snprintf(entry.d_name, sizeof entry.d_name, "%s", names[calls++]);
    return &entry;
}

static void test_names(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_folder_reader reader;
    const char *name = "";
    calls = 0;
    failing_call = -1;
    assert_ok(imp_folder_reader_open(&reader, folder, &err), err);
    static const char *const expected[] = {"one", ".hidden", "two"};
    for (int k = 0; k < 3; k++) {
        assert_ok(imp_folder_reader_next(&reader, &name, &err), err);
        assert_string_equal(name, expected[k]);
    }
    errno = ENOENT; // left from something else
    assert_ok(imp_folder_reader_next(&reader, &name, &err), err);
    assert_null(name);
    imp_folder_reader_close(&reader);
    imp_folder_reader_close(&reader);
}

static void test_failures_are_reported(void **state)
{
    (void)state;
    for (failing_call = 0; failing_call <= NAMES; failing_call++) {
        imp_error err = {0};
        imp_folder_reader reader;
        const char *name = "";
        calls = 0;
        assert_ok(imp_folder_reader_open(&reader, folder, &err), err);
        imp_status status = IMP_OK;
        while (status == IMP_OK && name != NULL)
            status = imp_folder_reader_next(&reader, &name, &err);
        assert_int_equal(status, IMP_IO);
        assert_non_null(strstr(err.message, folder));
        assert_non_null(strstr(err.message, strerror(EIO)));
        imp_folder_reader_close(&reader);
    }
}

static void test_missing_folder_and_lock(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_folder_reader first, second;
    assert_int_equal(imp_folder_reader_open(&first, in_folder("none"), &err), IMP_IO);
    assert_int_equal(errno, ENOENT);
    imp_folder_reader_close(&first);
    assert_ok(imp_folder_reader_open(&first, folder, &err), err);
    assert_ok(imp_folder_reader_open(&second, folder, &err), err);
    assert_ok(imp_folder_reader_lock(&first, &err), err);
    assert_int_equal(imp_folder_reader_lock(&second, &err), IMP_IO);
    imp_folder_reader_close(&first);
    assert_ok(imp_folder_reader_lock(&second, &err), err);
    imp_folder_reader_close(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_failures_are_reported),
        cmocka_unit_test(test_missing_folder_and_lock),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
