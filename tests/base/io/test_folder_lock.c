// Folders are locked against other processes and against this one; a lock ends with its process.
#include "base/io/folder_lock.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "temporary_folder.h"

static void test_one_writer_at_a_time(void **state)
{
    (void)state;
    imp_error err = {0};
    int first, second;
    assert_ok(imp_folder_lock(&first, folder, &err), err);
    assert_int_equal(imp_folder_lock(&second, folder, &err), IMP_IO);
    assert_non_null(strstr(err.message, "this process is writing here already"));
    assert_int_equal(second, IMP_FOLDER_UNLOCKED);
    imp_folder_unlock(first);
    assert_ok(imp_folder_lock(&first, folder, &err), err);
    imp_folder_unlock(first);
    imp_folder_unlock(IMP_FOLDER_UNLOCKED);
}

static void test_the_other_process_is_named_and_its_death_unlocks(void **state)
{
    (void)state;
    imp_error err = {0};
    int lock, ready[2];
    char byte = 0, name[64];
    assert_int_equal(pipe(ready), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        byte = imp_folder_lock(&lock, folder, NULL) == IMP_OK ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_int_equal(imp_folder_lock(&lock, folder, &err), IMP_IO);
    snprintf(name, sizeof name, "process %d is writing here", (int)child);
    assert_non_null(strstr(err.message, name));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_ok(imp_folder_lock(&lock, folder, &err), err);
    imp_folder_unlock(lock);
    close(ready[0]);
    close(ready[1]);
}

static void test_no_folder(void **state)
{
    (void)state;
    imp_error err = {0};
    int lock;
    assert_int_equal(imp_folder_lock(&lock, "/nowhere/at/all", &err), IMP_IO);
    assert_non_null(strstr(err.message, "No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_writer_at_a_time),
        cmocka_unit_test(test_the_other_process_is_named_and_its_death_unlocks),
        cmocka_unit_test(test_no_folder),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
