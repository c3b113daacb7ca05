// Killed writers, full disks and folders that cannot be written.
#include "data/dataset/dataset_fixture.h"

#include "base/io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define EPISODES 240
#define KILLS 20

// Goes on with a dataset, and tells through the pipe how many episodes have been acknowledged as
// safe.
static void write_until_killed(const char *folder, const imp_dataset_info *info, int pipe)
{
    imp_error err = {0};
    imp_dataset_writer *writer;
    int written;
    if (imp_dataset_writer_create(&writer, folder, info, true, &written, &err) != IMP_OK)
        _exit(1);
    for (int id = written; id < EPISODES; id++) {
        fixture_episode *made = fixture_episode_create(info, id);
        if (imp_dataset_writer_add(writer, &made->episode, &err) != IMP_OK)
            _exit(2);
        fixture_episode_destroy(made);
        const int safe = id + 1;
        if (safe % 3 == 0 && (imp_dataset_writer_flush(writer, &err) != IMP_OK ||
                              write(pipe, &safe, sizeof safe) != sizeof safe))
            _exit(3);
    }
    for (;;)
        pause();
}

static int kill_one_writer(const char *folder, const imp_dataset_info *info, long microseconds)
{
    int ends[2], safe = 0;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        write_until_killed(folder, info, ends[1]);
    close(ends[1]);
    usleep((useconds_t)microseconds);
    kill(child, SIGKILL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status))
        fail_msg("the writer failed at %d", WEXITSTATUS(status));
    while (read(ends[0], &safe, sizeof safe) == sizeof safe)
        continue;
    close(ends[0]);
    return safe;
}

static void nothing_acknowledged_is_lost_to_a_kill(void **state)
{
    const imp_dataset_info info = fixture_info(32, 24);
    imp_error err = {0};
    imp_dataset_writer *writer;
    char folder[PATH_MAX];
    in_folder(folder, *state, "data");
    imp_random random = imp_random_stream((uint64_t)time(NULL), 0, 0, IMP_PURPOSE_TEST);
    int safe = 0, written = 0, advances = 0;
    for (int i = 0; i < KILLS; i++) {
        // longer and longer, so that slow machines get past a flush as well
        const uint32_t patience = 10000 * (uint32_t)(i + 1);
        const int told =
            kill_one_writer(folder, &info, (long)imp_random_uniform_int(&random, patience));
        safe = told > safe ? told : safe;
        if (!imp_path_exists(folder))
            continue;
        assert_ok(imp_dataset_writer_create(&writer, folder, &info, true, &written, &err), err);
        imp_dataset_writer_destroy(writer);
        assert_true(written >= safe);
        assert_int_equal(count_files(folder, ".tmp"), 0);
        assert_dataset(folder, &info, written);
        advances += told > 0;
    }
    print_message("%d of %d episodes after %d kills, %d of which came after a flush\n", written,
                  EPISODES, KILLS, advances);

    // the rest without a kill gives what a writer gives that was never killed and never flushed
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, true, &written, &err), err);
    for (int id = written; id < EPISODES; id++) {
        add_fixture_episodes(writer, &info, id, id + 1);
        if ((id + 1) % 3 == 0)
            assert_ok(imp_dataset_writer_flush(writer, &err), err);
    }
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    assert_dataset(folder, &info, EPISODES);

    char whole[PATH_MAX];
    in_folder(whole, *state, "whole");
    write_dataset(whole, &info, EPISODES);
    assert_int_equal(count_files(folder, ".hdf5"), count_files(whole, ".hdf5"));
    for (int i = 0; i < count_files(whole, ".hdf5") - 1; i++) {
        char name[32];
        snprintf(name, sizeof name, "shard-%05d.hdf5", i);
        assert_same_file(folder, whole, name);
    }
    assert_same_file(folder, whole, "main_data.hdf5");
    assert_same_file(folder, whole, "metadata.json");
}

// Fills a folder until there is no room, makes room, and goes on with the same writer.
static void write_until_disk_full(const char *folder, const char *reason,
                                  void (*free_space)(void *context), void *context)
{
    const imp_dataset_info info = fixture_info(32, 24);
    imp_error err = {0};
    imp_dataset_writer *writer;
    int written, added = 0;
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, false, &written, &err), err);
    imp_status status = IMP_OK;
    while (status == IMP_OK && added < 500) {
        fixture_episode *made = fixture_episode_create(&info, added++);
        status = imp_dataset_writer_add(writer, &made->episode, &err);
        fixture_episode_destroy(made);
        if (status == IMP_OK && added % 4 == 0)
            status = imp_dataset_writer_flush(writer, &err);
    }
    assert_int_equal(status, IMP_IO);
    if (strstr(err.message, reason) == NULL || strstr(err.message, "episodes are safe") == NULL)
        fail_msg("\"%s\" does not tell \"%s\"", err.message, reason);
    assert_int_equal(count_files(folder, ".tmp"), 0);
    imp_dataset *dataset;
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    const int safe = imp_dataset_episode_count(dataset);
    imp_dataset_close(dataset);
    assert_true(safe < added);
    assert_dataset(folder, &info, safe);
    assert_int_equal(imp_dataset_writer_flush(writer, &err), IMP_IO);

    free_space(context);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    assert_dataset(folder, &info, added);
}

static void lift_size_limit(void *context)
{
    setrlimit(RLIMIT_FSIZE, context);
}

static void a_limit_on_file_size_is_survived(void **state)
{
    char folder[PATH_MAX];
    in_folder(folder, *state, "data");
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    const struct rlimit tight = {60000, old.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    write_until_disk_full(folder, "shard-00000.hdf5: File too large", lift_size_limit, &old);
    signal(SIGXFSZ, handler);
}

static void remove_ballast(void *context)
{
    unlink(context);
}

static void a_full_disk_is_survived(void **state)
{
    // a disk of its own takes the rights of root; mounting it may still be forbidden
    if (mount("none", *state, "tmpfs", 0, "size=1m") != 0)
        skip_because("no small disk can be mounted");
    char folder[PATH_MAX], ballast[PATH_MAX], bytes[4096] = {1};
    in_folder(folder, *state, "data");
    in_folder(ballast, *state, "ballast");
    FILE *file = fopen(ballast, "wb");
    assert_non_null(file);
    for (int i = 0; i < 100; i++)
        assert_int_equal(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
    assert_int_equal(fclose(file), 0);
    write_until_disk_full(folder, "No space left on device", remove_ballast, ballast);
    assert_int_equal(umount(*state), 0);
}

static void an_unwritable_folder_is_told(void **state)
{
    const imp_dataset_info info = fixture_info(3, 2);
    imp_error err = {0};
    imp_dataset_writer *writer;
    int written;
    char path[PATH_MAX], folder[PATH_MAX];
    in_folder(path, *state, "file");
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fclose(file);
    in_folder(folder, path, "data");
    assert_int_equal(imp_dataset_writer_create(&writer, folder, &info, false, &written, &err),
                     IMP_IO);
    assert_non_null(strstr(err.message, "file"));

    // root may write everywhere, so be somebody else for a moment
    in_folder(path, *state, "locked");
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(chmod(*state, 0755), 0);
    if (geteuid() == 0)
        assert_int_equal(seteuid(65534), 0);
    else
        assert_int_equal(chmod(path, 0555), 0);
    in_folder(folder, path, "data");
    const imp_status make =
        imp_dataset_writer_create(&writer, folder, &info, false, &written, &err);
    const bool made = strstr(err.message, "cannot create folder: Permission denied") != NULL;
    const imp_status go_on = imp_dataset_writer_create(&writer, path, &info, true, &written, &err);
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(make, IMP_IO);
    assert_true(made);
    assert_int_equal(go_on, IMP_IO);
    assert_non_null(strstr(err.message, "locked/main_data.hdf5"));
    assert_non_null(strstr(err.message, "Permission denied"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(nothing_acknowledged_is_lost_to_a_kill),
        SCRATCH_TEST(a_limit_on_file_size_is_survived),
        SCRATCH_TEST(a_full_disk_is_survived),
        SCRATCH_TEST(an_unwritable_folder_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
