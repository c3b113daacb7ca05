#include "base/io/file.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "temporary_folder.h"

static void write_text(const char *name, const char *text)
{
    imp_error err = {0};
    assert_ok(imp_file_write(in_folder(name), text, strlen(text), &err), err);
}

static void assert_content(const char *name, const char *expected)
{
    imp_error err = {0};
    char *text = NULL;
    size_t length = 0;
    assert_ok(imp_file_read(&text, &length, in_folder(name), 1 << 20, &err), err);
    assert_int_equal(length, strlen(expected));
    assert_string_equal(text, expected);
    free(text);
}

// Expects a read to fail with a message that names the path.
static void assert_unreadable(const char *path, size_t limit, imp_status expected)
{
    imp_error err = {0};
    char *text = NULL;
    size_t length = 77;
    assert_int_equal(imp_file_read(&text, &length, path, limit, &err), expected);
    assert_null(text);
    assert_int_equal(length, 77);
    assert_non_null(strstr(err.message, path));
    assert_int_equal(err.status, expected);
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    write_text("a", "first");
    assert_content("a", "first");
    write_text("a", "second, longer");
    assert_content("a", "second, longer");
    write_text("a", "");
    assert_content("a", "");
    assert_false(imp_path_exists(in_folder("a.tmp")));
}

static void limits_hold(void **state)
{
    (void)state;
    imp_error err = {0};
    char *text = NULL;
    size_t length = 0;
    write_text("ten", "0123456789");
    assert_ok(imp_file_read(&text, &length, in_folder("ten"), 10, &err), err);
    assert_int_equal(length, 10);
    free(text);
    assert_unreadable(in_folder("ten"), 9, IMP_BAD_INPUT);
    assert_unreadable(in_folder("ten"), 0, IMP_BAD_INPUT);

    // a device tells no size beforehand
    assert_unreadable("/dev/zero", 200000, IMP_BAD_INPUT);
    assert_ok(imp_file_read(&text, &length, "/dev/null", 10, &err), err);
    assert_int_equal(length, 0);
    free(text);
}

static void missing_things_are_named(void **state)
{
    (void)state;
    assert_unreadable(in_folder("absent"), 10, IMP_BAD_INPUT);
    assert_unreadable(in_folder("absent/file"), 10, IMP_BAD_INPUT);
    assert_unreadable(folder, 10, IMP_BAD_INPUT);

    imp_error err = {0};
    assert_int_equal(imp_file_write(in_folder("absent/file"), "x", 1, &err), IMP_IO);
    assert_non_null(strstr(err.message, in_folder("absent/file")));
    assert_int_equal(imp_file_read(&(char *){NULL}, &(size_t){0}, "/none", 1, NULL), IMP_BAD_INPUT);
}

static void folders_are_created(void **state)
{
    (void)state;
    imp_error err = {0};
    assert_ok(imp_folder_create(in_folder("p/q/r"), &err), err);
    assert_ok(imp_folder_create(in_folder("p/q/r/"), &err), err);
    write_text("p/q/r/file", "deep");
    assert_int_equal(imp_folder_create(in_folder("p/q/r/file"), &err), IMP_IO);
    assert_int_equal(imp_folder_create(in_folder("p/q/r/file/below"), &err), IMP_IO);
    assert_int_equal(imp_folder_create("", &err), IMP_IO);
}

static void read_only_folder_is_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    assert_ok(imp_folder_create(in_folder("locked"), &err), err);
    assert_int_equal(chmod(in_folder("locked"), 0555), 0);

    // root may write anywhere, so a child without root's rights tries
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool plain = geteuid() != 0 ||
                     (chmod(folder, 0755) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
        imp_status status = imp_file_write(in_folder("locked/file"), "x", 1, &err);
        _exit(plain && status == IMP_IO && strstr(err.message, "Permission denied") ? 0 : 1);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    assert_false(imp_path_exists(in_folder("locked/file")));
}

// A file size limit fails a write part way through, as a full disk does.
static void full_disk_keeps_the_old_file(void **state)
{
    (void)state;
    enum { LIMIT = 10000, WANTED = 100000 };
    write_text("kept", "old");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static const char large[WANTED] = {1};
        imp_error err = {0};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){LIMIT, LIMIT});
        imp_status status = imp_file_write(in_folder("kept"), large, sizeof large, &err);
        _exit(status == IMP_IO && strstr(err.message, "kept") ? 0 : 1);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    assert_content("kept", "old");
    assert_false(imp_path_exists(in_folder("kept.tmp")));
}

static void status_texts_and_messages(void **state)
{
    (void)state;
    imp_error err = {0};
    assert_string_equal(imp_status_text(IMP_OK), "ok");
    assert_string_equal(imp_status_text((imp_status)99), "unknown status");
    assert_int_equal(imp_fail(NULL, IMP_IO, "%d", 1), IMP_IO);

    // a message that is too long is cut, not overrun
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(imp_fail(&err, IMP_INTERNAL, "%s", text), IMP_INTERNAL);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

static void unique_suffixes_differ(void **state)
{
    (void)state;
    const char *const paths[] = {"a/model-1", "b/model-1", "b/model-2", "expert",
                                 "b/model-1", "x/y/z",     "w/y/z",     "model-2"};
    const char *const wanted[] = {"a/model-1", "b/model-1", "b/model-2", "expert",
                                  "b/model-1", "x/y/z",     "w/y/z",     "model-2"};
    for (int k = 0; k < 8; k++)
        assert_string_equal(imp_path_shortest_unique_tail(paths, 8, k), wanted[k]);
    assert_string_equal(imp_path_shortest_unique_tail(paths, 1, 0), "model-1");
    assert_string_equal(imp_path_shortest_unique_tail((const char *const[]){"y/z/"}, 1, 0), "z/");
    assert_string_equal(imp_path_shortest_unique_tail((const char *const[]){"/", "/a"}, 2, 0), "/");
}

static void path_suffixes_are_found(void **state)
{
    (void)state;
    assert_true(imp_path_has_suffix("a.png", ".png"));
    assert_false(imp_path_has_suffix(".png", ".png"));
    assert_false(imp_path_has_suffix("a.pn", ".png"));
    assert_true(imp_path_is_yaml("a.yml"));
    assert_false(imp_path_is_yaml("yaml"));
    imp_error err = {0};
    assert_string_equal(imp_path_base_name("a/b.png"), "b.png");
    assert_string_equal(imp_path_base_name("b"), "b");
    assert_string_equal(imp_path_base_name("a/"), "a/");
    const char *const parents[][2] = {{"a/b", "a"}, {"/a", "/"}, {"a", "."}, {"/a/b/c", "/a/b"}};
    char path[IMP_PATH_MAX];
    for (int k = 0; k < 4; k++) {
        assert_ok(imp_path_parent(path, parents[k][0], &err), err);
        assert_string_equal(path, parents[k][1]);
    }
    assert_ok(imp_path_resolve_file(path, "/", "file", &err), err);
    assert_string_equal(path, "//file");
    assert_ok(imp_path_resolve_file(path, "/nowhere/file", "other", &err), err);
    assert_string_equal(path, "/nowhere/file");
}

// A suffix goes behind the last component, however many slashes follow it.
static void suffixes_are_appended_beside_folders(void **state)
{
    char path[IMP_PATH_MAX], overlong[IMP_PATH_MAX];
    imp_error err = {0};
    (void)state;
    assert_int_equal(imp_path_append_suffix(path, "a/b", ".partial", &err), IMP_OK);
    assert_string_equal(path, "a/b.partial");
    assert_int_equal(imp_path_append_suffix(path, "a/b//", ".partial", &err), IMP_OK);
    assert_string_equal(path, "a/b.partial");
    memset(overlong, 'a', sizeof overlong - 4);
    overlong[sizeof overlong - 4] = '\0';
    assert_int_equal(imp_path_append_suffix(path, overlong, ".partial", &err), IMP_IO);
    assert_non_null(strstr(err.message, "path too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(missing_things_are_named),
        cmocka_unit_test(folders_are_created),
        cmocka_unit_test(read_only_folder_is_refused),
        cmocka_unit_test(full_disk_keeps_the_old_file),
        cmocka_unit_test(unique_suffixes_differ),
        cmocka_unit_test(path_suffixes_are_found),
        cmocka_unit_test(suffixes_are_appended_beside_folders),
        cmocka_unit_test(status_texts_and_messages),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
