#include "base/io/atomic_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "temporary_folder.h"

static void open_and_write(imp_atomic_file *file, const char *name, const char *text)
{
    imp_error err = {0};
    assert_ok(imp_atomic_file_open(file, in_folder(name), &err), err);
    assert_true(fputs(text, file->stream) >= 0);
}

static void commit(imp_atomic_file *file)
{
    imp_error err = {0};
    assert_ok(imp_atomic_file_commit(file, &err), err);
    assert_null(file->stream);
}

static void assert_content(const char *name, const char *expected)
{
    imp_error err = {0};
    char *text = NULL;
    size_t length = 0;
    assert_ok(imp_file_read(&text, &length, in_folder(name), 1 << 20, &err), err);
    assert_string_equal(text, expected);
    free(text);
}

// How many names there are in the folder, hidden ones too.
static int count_names(void)
{
    int count = -2;
    DIR *stream = opendir(folder);
    assert_non_null(stream);
    while (readdir(stream) != NULL)
        count++;
    closedir(stream);
    return count;
}

static void nothing_is_visible_before_commit(void **state)
{
    (void)state;
    imp_atomic_file file;
    open_and_write(&file, "a", "first");
    assert_false(imp_path_exists(in_folder("a")));
    commit(&file);
    assert_content("a", "first");
    open_and_write(&file, "a", "second");
    assert_int_equal(fflush(file.stream), 0);
    assert_content("a", "first");
    imp_atomic_file_discard(&file);
    imp_atomic_file_discard(&file);
    assert_content("a", "first");
    assert_int_equal(count_names(), 1);
}

static void two_writers_do_not_collide(void **state)
{
    (void)state;
    imp_atomic_file one, other;
    open_and_write(&one, "b", "one");
    open_and_write(&other, "b", "the other");
    commit(&other);
    assert_content("b", "the other");
    commit(&one);
    assert_content("b", "one");
}

// Names that can be foreseen lead to links that somebody else has put there.
static void links_beside_the_path_are_left_alone(void **state)
{
    (void)state;
    imp_atomic_file file;
    open_and_write(&file, "victim", "precious");
    commit(&file);
    assert_int_equal(symlink("victim", in_folder("c.tmp")), 0);
    open_and_write(&file, "c", "new");
    commit(&file);
    assert_content("victim", "precious");
    assert_content("c", "new");
    struct stat info;
    assert_int_equal(lstat(in_folder("c"), &info), 0);
    assert_true(S_ISREG(info.st_mode));
}

static void devices_and_folders_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_atomic_file file;
    assert_int_equal(imp_atomic_file_open(&file, "/dev/null", &err), IMP_IO);
    assert_non_null(strstr(err.message, "/dev/null: is a device"));
    assert_int_equal(imp_atomic_file_open(&file, folder, &err), IMP_IO);
    assert_non_null(strstr(err.message, "is a folder"));
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    assert_int_equal(imp_atomic_file_open(&file, in_folder("pipe"), &err), IMP_IO);
}

// Begins a file and is killed.
static void a_killed_writer_leaves_nothing(void **state)
{
    (void)state;
    const int before = count_names();
    const pid_t child = fork();
    if (child == 0) {
        imp_atomic_file file;
        open_and_write(&file, "d", "half");
        raise(SIGKILL);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFSIGNALED(result));
    assert_int_equal(count_names(), before);
}

// Where there is no /proc a file needs a name from the beginning. Only root can take /proc away.
static void files_are_whole_without_proc(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip_because("only root can take /proc away");
    const pid_t child = fork();
    if (child == 0) {
        imp_atomic_file one, other;
        imp_error err = {0};
        const bool begun = chroot(folder) == 0 && chdir("/") == 0 &&
                           imp_atomic_file_open(&one, "/e", &err) == IMP_OK &&
                           imp_atomic_file_open(&other, "/e", &err) == IMP_OK;
        const bool named = begun && one.temporary_path[0] != '\0' &&
                           strcmp(one.temporary_path, other.temporary_path) != 0 &&
                           imp_path_exists(one.temporary_path);
        imp_atomic_file_discard(&other);
        _exit(named && imp_atomic_file_commit(&one, &err) == IMP_OK ? 0 : 1);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    assert_content("e", "");
}

static void temporary_files_are_known_by_name(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"model.safetensors.0123456789abcdef.tmp", "model.safetensors"},
        {"model.safetensors.tmp", "model.safetensors"},
        {"a.0123456789abcdeX.tmp", "a.0123456789abcdeX"},
    };
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        char name[64];
        strcpy(name, names[k][0]);
        assert_true(imp_atomic_file_strip_suffix(name));
        assert_string_equal(name, names[k][1]);
    }
    char whole[] = "model.safetensors";
    assert_false(imp_atomic_file_strip_suffix(whole));
    assert_string_equal(whole, "model.safetensors");
}

static void only_abandoned_files_are_removed(void **state)
{
    (void)state;
    static const char *const names[] = {"model.0123456789abcdef.tmp", "notes.tmp",
                                        "b.0123456789abcdeg.tmp", ".0123456789abcdef.tmp"};
    imp_error err = {0};
    char left[IMP_PATH_MAX];
    snprintf(left, sizeof left, "%s", in_folder("left"));
    assert_int_equal(mkdir(left, 0700), 0);
    for (int k = 0; k < 4; k++) {
        char path[IMP_PATH_MAX];
        assert_ok(imp_path_join(path, left, names[k], &err), err);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fclose(file);
    }
    assert_ok(imp_atomic_file_remove_stale_files(left, &err), err);
    for (int k = 0; k < 4; k++) {
        char path[IMP_PATH_MAX];
        assert_ok(imp_path_join(path, left, names[k], &err), err);
        assert_int_equal(access(path, F_OK) == 0, k != 0);
        if (k != 0)
            assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(left), 0);
    assert_int_equal(imp_atomic_file_remove_stale_files(left, NULL), IMP_IO);
}

// What a killed writer of this path has left goes when the path is replaced. Files of writers at
// work, of other paths and of other names stay.
static void replacing_removes_what_killed_writers_left(void **state)
{
    (void)state;
    static const char *const names[] = {"w.0000000000000001.tmp", "w.0000000000000002.tmp",
                                        "ww.0000000000000001.tmp", "w.tmp"};
    int descriptors[4];
    for (int k = 0; k < 4; k++) {
        descriptors[k] = open(in_folder(names[k]), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_true(descriptors[k] >= 0);
    }
    assert_int_equal(flock(descriptors[1], LOCK_EX), 0);
    imp_atomic_file file, other;
    imp_error err = {0};
    for (int k = 0; k < 2; k++) {
        open_and_write(&file, "w", "x");
        // a writer that works at the same time, with a name as a foreign program needs it
        assert_ok(imp_atomic_file_open_named(&other, in_folder("w"), &err), err);
        commit(&file);
        assert_int_equal(access(other.temporary_path, F_OK), 0);
        imp_atomic_file_discard(&other);
        // a new file replaces nothing: there is no reason to look
        assert_int_equal(access(in_folder(names[0]), F_OK) == 0, k == 0);
    }
    for (int k = 1; k < 4; k++) {
        assert_int_equal(unlink(in_folder(names[k])), 0);
        close(descriptors[k]);
    }
    close(descriptors[0]);
    assert_int_equal(unlink(in_folder("w")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_visible_before_commit),
        cmocka_unit_test(two_writers_do_not_collide),
        cmocka_unit_test(links_beside_the_path_are_left_alone),
        cmocka_unit_test(devices_and_folders_are_refused),
        cmocka_unit_test(a_killed_writer_leaves_nothing),
        cmocka_unit_test(files_are_whole_without_proc),
        cmocka_unit_test(temporary_files_are_known_by_name),
        cmocka_unit_test(only_abandoned_files_are_removed),
        cmocka_unit_test(replacing_removes_what_killed_writers_left),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
