// Truncated, foreign and hostile files end in a message that names the file.
#include "data/dataset/dataset_fixture.h"

#include "data/dataset/shard_reader.h"

#include <signal.h>
#include <sys/wait.h>

// Opens and reads everything; whatever comes of it, it must not crash. Returns the status of
// opening.
static imp_status try_to_read(const char *folder, imp_error *err)
{
    imp_dataset *dataset;
    const imp_status status = imp_dataset_open(&dataset, folder, err);
    if (status == IMP_OK) {
        int64_t findings;
        imp_error ignored;
        (void)imp_dataset_check(dataset, &findings, &ignored);
        imp_dataset_hash(dataset);
        imp_dataset_close(dataset);
    }
    return status;
}

static void expect_bad_input(const char *folder, const char *what)
{
    imp_error err = {0};
    const imp_status status = try_to_read(folder, &err);
    if (status != IMP_BAD_INPUT || strstr(err.message, what) == NULL)
        fail_msg("status %d, \"%s\" does not tell \"%s\"", status, err.message, what);
}

static void truncate_everywhere(void **state, const char *name)
{
    const imp_dataset_info info = fixture_info(3, 2);
    char folder[PATH_MAX], path[PATH_MAX];
    in_folder(folder, *state, "data");
    write_dataset(folder, &info, 2);
    in_folder(path, folder, name);
    size_t length;
    char *bytes = read_whole_file(path, &length);
    const size_t step = getenv("BRIEF") ? 101 : 7;
    for (size_t kept = 0; kept < length; kept += step) {
        write_whole_file(path, bytes, kept);
        expect_bad_input(folder, name);
    }
    write_whole_file(path, bytes, length - 1);
    expect_bad_input(folder, name);
    write_whole_file(path, bytes, length);
    free(bytes);
    assert_dataset(folder, &info, 2);
}

static void a_truncated_shard_fails(void **state)
{
    truncate_everywhere(state, "shard-00000.hdf5");
}

static void a_truncated_index_fails(void **state)
{
    truncate_everywhere(state, "main_data.hdf5");
}

static void resume_refuses_a_truncated_shard(void **state)
{
    const imp_dataset_info info = fixture_info(3, 2);
    imp_error err = {0};
    imp_dataset_writer *writer;
    int written;
    char folder[PATH_MAX], path[PATH_MAX];
    in_folder(folder, *state, "data");
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, false, &written, &err), err);
    add_fixture_episodes(writer, &info, 0, 2);
    assert_ok(imp_dataset_writer_flush(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    in_folder(path, folder, "shard-00000.hdf5");
    assert_int_equal(truncate(path, 3000), 0);
    assert_int_equal(imp_dataset_writer_create(&writer, folder, &info, true, &written, &err),
                     IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "shard-00000.hdf5"));
    struct stat file;
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_size, 3000);
}

static void foreign_files_are_refused(void **state)
{
    const imp_dataset_info info = fixture_info(3, 2);
    const char png[] = "\x89PNG\r\n\x1a\n and so on";
    char folder[PATH_MAX], path[PATH_MAX];
    in_folder(folder, *state, "data");
    expect_bad_input(folder, "no such folder");
    assert_int_equal(mkdir(folder, 0777), 0);
    expect_bad_input(folder, "is no dataset, there is no main_data.hdf5");
    assert_int_equal(rmdir(folder), 0);
    write_dataset(folder, &info, 1);
    const char *names[] = {"shard-00000.hdf5", "main_data.hdf5"};
    for (int i = 0; i < 2; i++) {
        in_folder(path, folder, names[i]);
        write_whole_file(path, "once upon a time", 16);
        expect_bad_input(folder, names[i]);
        write_whole_file(path, png, sizeof png);
        expect_bad_input(folder, names[i]);
        write_whole_file(path, "", 0);
        expect_bad_input(folder, names[i]);
        unlink(path);
        assert_int_equal(mkfifo(path, 0666), 0);
        expect_bad_input(folder, "is not a file");
        unlink(path);
        const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        H5Fclose(file);
        expect_bad_input(folder, "not a dataset of imprint");
        unlink(path);
        expect_bad_input(folder, names[i]);
    }
}

// Writes one episode and hands out its shard to be changed with HDF5 itself.
static hid_t open_shard(char folder[PATH_MAX], void **state, int number)
{
    const imp_dataset_info info = fixture_info(3, 2);
    char name[32], path[PATH_MAX];
    snprintf(name, sizeof name, "data%d", number);
    in_folder(folder, *state, name);
    write_dataset(folder, &info, 1);
    in_folder(path, folder, "shard-00000.hdf5");
    assert_int_equal(chmod(path, 0644), 0);
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

// Puts another array in the place of one of the episode's.
static void replace_array(hid_t file, const char *path, hid_t type, int rank, const hsize_t *shape,
                          hid_t create)
{
    assert_true(H5Ldelete(file, path, H5P_DEFAULT) >= 0);
    const hid_t space = H5Screate_simple(rank, shape, NULL);
    const hid_t set = H5Dcreate2(file, path, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    assert_true(set >= 0);
    H5Dclose(set);
    H5Sclose(space);
}

static void wrong_arrays_are_refused(void **state)
{
    // episode 0 has 5 steps
    const hsize_t two[] = {5, 2}, long_two[] = {6, 2}, wide[] = {5, 3}, one[] = {5};
    const hsize_t huge[] = {6, 2, (hsize_t)1 << 60, 3};
    const struct {
        const char *path;
        hid_t type;
        int rank;
        const hsize_t *shape;
        const char *message;
    } cases[] = {
        {"/episode_0/actions", H5T_NATIVE_DOUBLE, 2, two, "episode_0/actions has the wrong type"},
        {"/episode_0/actions", H5T_NATIVE_INT32, 2, two, "episode_0/actions has the wrong type"},
        {"/episode_0/actions", H5T_IEEE_F32LE, 2, long_two, "actions has the wrong shape"},
        {"/episode_0/actions", H5T_IEEE_F32LE, 2, wide, "actions has the wrong shape"},
        {"/episode_0/actions", H5T_IEEE_F32LE, 1, one, "actions has the wrong shape"},
        {"/episode_0/observations", H5T_STD_U8LE, 4, huge, "observations has the wrong shape"},
        {"/episode_0/observations", H5T_STD_U8LE, 1, one, "observations has the wrong shape"},
        {"/episode_0/rewards", H5T_C_S1, 1, one, "rewards has the wrong type"},
        {"/episode_0/infos/poses", H5T_IEEE_F64LE, 2, two, "infos/poses has the wrong shape"},
    };
    char folder[PATH_MAX];
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        const hid_t file = open_shard(folder, state, i);
        const hid_t create = H5Pcreate(H5P_DATASET_CREATE);
        if (cases[i].shape == huge) {
            const hsize_t chunk[] = {1, 1, 1024, 3};
            H5Pset_chunk(create, 4, chunk);
        }
        replace_array(file, cases[i].path, cases[i].type, cases[i].rank, cases[i].shape, create);
        H5Pclose(create);
        H5Fclose(file);
        expect_bad_input(folder, cases[i].message);
    }
}

static void data_in_other_files_is_refused(void **state)
{
    const hsize_t one[] = {5};
    char folder[PATH_MAX], path[PATH_MAX];
    hid_t file = open_shard(folder, state, 0);
    const hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(create, "/etc/passwd", 0, 20);
    replace_array(file, "/episode_0/rewards", H5T_IEEE_F32LE, 1, one, create);
    H5Pclose(create);
    H5Fclose(file);
    expect_bad_input(folder, "episode_0/rewards lies in another file");

    const imp_dataset_info info = fixture_info(3, 2);
    char other[PATH_MAX];
    in_folder(other, *state, "other");
    write_dataset(other, &info, 1);
    in_folder(path, other, "shard-00000.hdf5");
    file = open_shard(folder, state, 1);
    H5Ldelete(file, "/episode_0/rewards", H5P_DEFAULT);
    H5Lcreate_external(path, "/episode_0/rewards", file, "/episode_0/rewards", H5P_DEFAULT,
                       H5P_DEFAULT);
    H5Fclose(file);
    expect_bad_input(folder, "episode_0/rewards is missing or lies in another file");
}

// A pipe that nobody writes to: whoever opens it waits for ever. An alarm ends the test then.
static void links_to_pipes_are_not_opened(void **state)
{
    const hsize_t one[] = {5}, endless[] = {H5S_UNLIMITED};
    char folder[PATH_MAX], pipe[PATH_MAX];
    in_folder(pipe, *state, "pipe");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    static const char *const links[] = {"/episode_0/rewards", "/episode_0/infos", "/episode_0"};
    alarm(60);
    for (int i = 0; i < 3; i++) {
        const hid_t file = open_shard(folder, state, i);
        assert_true(H5Ldelete(file, links[i], H5P_DEFAULT) >= 0);
        H5Lcreate_external(pipe, "/x", file, links[i], H5P_DEFAULT, H5P_DEFAULT);
        H5Fclose(file);
        expect_bad_input(folder, "lies in another file");
    }
    // an array made of others that may grow
    const hid_t file = open_shard(folder, state, 3);
    const hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t space = H5Screate_simple(1, one, endless);
    const hsize_t start[] = {0}, count[] = {H5S_UNLIMITED};
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    assert_true(H5Pset_virtual(create, space, pipe, "/x", space) >= 0);
    H5Sselect_all(space);
    assert_true(H5Ldelete(file, links[0], H5P_DEFAULT) >= 0);
    H5Dclose(H5Dcreate2(file, links[0], H5T_IEEE_F32LE, space, H5P_DEFAULT, create, H5P_DEFAULT));
    H5Sclose(space);
    H5Pclose(create);
    H5Fclose(file);
    expect_bad_input(folder, "episode_0/rewards lies in another file");
    alarm(0);
}

// Pieces that were never written take no room in the file, and all that they claim in memory.
static void arrays_larger_than_their_file_are_refused(void **state)
{
    const hsize_t shape[] = {6, 1000, 1000, 3}, chunk[] = {1, 1000, 1000, 3};
    char folder[PATH_MAX];
    const hid_t file = open_shard(folder, state, 0);
    const hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(create, 4, chunk);
    replace_array(file, "/episode_0/observations", H5T_STD_U8LE, 4, shape, create);
    assert_true(H5Adelete(file, "width") >= 0 && H5Adelete(file, "height") >= 0);
    assert_true(imp_hdf5_write_int(file, "width", 1000) &&
                imp_hdf5_write_int(file, "height", 1000));
    H5Pclose(create);
    H5Fclose(file);
    imp_dataset_shard shard;
    imp_error err = {0};
    imp_episode episode;
    uint64_t hash;
    char path[PATH_MAX];
    in_folder(path, folder, "shard-00000.hdf5");
    assert_ok(imp_dataset_shard_open(&shard, path, &err), err);
    assert_int_equal(imp_dataset_shard_read(&shard, "episode_0", &episode, &hash, &err),
                     IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "observations claims more than"));
    imp_dataset_shard_close(&shard);
}

// What other programs may make of a dataset is read as well: packed, in pieces, in the other byte
// order.
static void rewritten_arrays_are_copied(void **state)
{
    const imp_dataset_info info = fixture_info(3, 2);
    const hsize_t shape[] = {6, 2, 3, 3}, chunk[] = {1, 2, 3, 3}, two[] = {5, 2};
    char folder[PATH_MAX];
    const hid_t file = open_shard(folder, state, 0);
    fixture_episode *made = fixture_episode_create(&info, 0);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(create, 4, chunk);
    H5Pset_shuffle(create);
    H5Pset_fletcher32(create);
    replace_array(file, "/episode_0/observations", H5T_STD_U8LE, 4, shape, create);
    replace_array(file, "/episode_0/actions", H5T_IEEE_F32BE, 2, two, H5P_DEFAULT);
    hid_t set = H5Dopen2(file, "/episode_0/observations", H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, made->observations);
    H5Dclose(set);
    set = H5Dopen2(file, "/episode_0/actions", H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, made->actions);
    H5Dclose(set);
    H5Pclose(create);
    H5Fclose(file);
    fixture_episode_destroy(made);
    assert_dataset(folder, &info, 1);
}

// Arrays are used where they lie in the file, unless the mapping does not reach that far.
static void arrays_are_mapped_within_bounds(void **state)
{
    const imp_dataset_info info = fixture_info(3, 2);
    imp_error err = {0};
    imp_dataset_shard shard;
    imp_episode episode;
    uint64_t hash;
    char folder[PATH_MAX], path[PATH_MAX];
    in_folder(folder, *state, "data");
    write_dataset(folder, &info, 1);
    in_folder(path, folder, "shard-00000.hdf5");
    fixture_episode *made = fixture_episode_create(&info, 0);
    assert_ok(imp_dataset_shard_open(&shard, path, &err), err);
    assert_ok(imp_dataset_shard_read(&shard, "episode_0", &episode, &hash, &err), err);
    assert_null(shard.memory.copies);
    assert_same_episode(&info, &episode, &made->episode);
    const size_t size = shard.memory.size;
    shard.memory.size = 100;
    assert_ok(imp_dataset_shard_read(&shard, "episode_0", &episode, &hash, &err), err);
    assert_same_episode(&info, &episode, &made->episode);
    for (int i = 0; i < IMP_FIELD_COUNT; i++) {
        const char *data = imp_dataset_field_get_array(&imp_dataset_fields[i], &episode);
        const char *map = shard.memory.map;
        assert_false(data >= map && data < map + size);
    }
    shard.memory.size = size;
    imp_dataset_shard_close(&shard);
    fixture_episode_destroy(made);
}

static void wrong_attributes_are_refused(void **state)
{
    const char *const attributes[] = {"format", "width", "time_step", "settings", "episodes"};
    char folder[PATH_MAX];
    for (int i = 0; i < 5; i++) {
        const hid_t file = open_shard(folder, state, i);
        assert_true(H5Adelete(file, attributes[i]) >= 0);
        H5Fclose(file);
        expect_bad_input(folder, "shard-00000.hdf5: ");
    }
    // the same name with a value of another kind
    hid_t file = open_shard(folder, state, 5);
    const hid_t space = H5Screate(H5S_SCALAR);
    H5Adelete(file, "map");
    H5Aclose(H5Acreate2(file, "map", H5T_NATIVE_INT, space, H5P_DEFAULT, H5P_DEFAULT));
    H5Fclose(file);
    expect_bad_input(folder, "attribute map is missing or wrong");
    const int64_t steps[] = {0, -5, 4, 6, INT64_MAX};
    for (int i = 0; i < 5; i++) {
        file = open_shard(folder, state, 6 + i);
        const hid_t group = H5Gopen2(file, "episode_0", H5P_DEFAULT);
        const hid_t attribute = H5Aopen(group, "total_steps", H5P_DEFAULT);
        assert_true(H5Awrite(attribute, H5T_NATIVE_INT64, &steps[i]) >= 0);
        H5Aclose(attribute);
        H5Gclose(group);
        H5Fclose(file);
        expect_bad_input(folder, "episode_0");
    }
    H5Sclose(space);
}

static void links_out_of_the_folder_are_refused(void **state)
{
    const imp_dataset_info info = fixture_info(3, 2);
    const char *const targets[] = {"/etc/passwd", "../shard-00000.hdf5", ".", "no such shard"};
    char folder[PATH_MAX], path[PATH_MAX];
    in_folder(folder, *state, "data");
    write_dataset(folder, &info, 1);
    // a good shard where none may be looked for
    size_t length;
    in_folder(path, folder, "shard-00000.hdf5");
    char *bytes = read_whole_file(path, &length);
    in_folder(path, *state, "shard-00000.hdf5");
    write_whole_file(path, bytes, length);
    free(bytes);
    in_folder(path, folder, "main_data.hdf5");
    assert_int_equal(chmod(path, 0644), 0);
    for (int i = 0; i < 5; i++) {
        const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
        assert_true(file >= 0);
        H5Ldelete(file, "episode_0", H5P_DEFAULT);
        if (i < 4)
            H5Lcreate_external(targets[i], "episode_0", file, "episode_0", H5P_DEFAULT,
                               H5P_DEFAULT);
        else
            H5Lcreate_soft("/nowhere", file, "episode_0", H5P_DEFAULT, H5P_DEFAULT);
        H5Fclose(file);
        expect_bad_input(folder, i < 2 || i == 4 ? "does not point to a file beside it" : "data/");
    }
}

// How many of the wrong bytes, one at a time, are noticed when a file is opened.
static int flip_bytes(const char *folder, const char *path, int step)
{
    int noticed = 0;
    size_t length;
    char *bytes = read_whole_file(path, &length);
    for (size_t at = 0; at < length; at += (size_t)step) {
        const char kept = bytes[at];
        bytes[at] = (char)(kept ^ (at % 2 == 0 ? 0xff : 0x01));
        write_whole_file(path, bytes, length);
        imp_error err = {0};
        noticed += try_to_read(folder, &err) != IMP_OK;
        bytes[at] = kept;
    }
    write_whole_file(path, bytes, length);
    free(bytes);
    return noticed;
}

// Any byte may be wrong: the reader may notice or not, but survives. In a process of its own,
// because HDF5 loses memory over damaged files.
static void flipped_bytes_do_no_harm(void **state)
{
    const imp_dataset_info info = fixture_info(3, 2);
    char folder[PATH_MAX], path[PATH_MAX];
    in_folder(folder, *state, "data");
    write_dataset(folder, &info, 10);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        in_folder(path, folder, "main_data.hdf5");
        const int noticed = flip_bytes(folder, path, 3);
        in_folder(path, folder, "shard-00000.hdf5");
        _exit(noticed > 300 && flip_bytes(folder, path, 31) > 300 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("the reader ended with status %#x", (unsigned)status);
    assert_dataset(folder, &info, 10);
}

static volatile sig_atomic_t bus_errors_expected;

static void on_bus_error(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    _exit(info->si_code == BUS_ADRERR && bus_errors_expected ? 0 : 3);
}

// As the header says: the library leaves the signal to the caller, and raises it nowhere else.
static void a_shard_that_is_cut_while_open_raises_sigbus(void **state)
{
    const imp_dataset_info info = fixture_info(3, 2);
    char folder[PATH_MAX], path[PATH_MAX];
    in_folder(folder, *state, "data");
    write_dataset(folder, &info, 2);
    in_folder(path, folder, "shard-00000.hdf5");
    size_t length;
    char *bytes = read_whole_file(path, &length);
    for (int reader = 0; reader < 2; reader++) {
        write_whole_file(path, bytes, length);
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            const struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
            sigaction(SIGBUS, &action, NULL);
            imp_dataset *dataset;
            imp_error err;
            int64_t findings;
            if (imp_dataset_open(&dataset, folder, &err) != IMP_OK || truncate(path, 0) != 0)
                _exit(4);
            bus_errors_expected = 1;
            const volatile uint8_t *pixels = imp_dataset_episode(dataset, 0)->observations;
            const int first = reader == 0 ? pixels[0] : 0;
            _exit(imp_dataset_check(dataset, &findings, &err) == IMP_OK && first == 0 ? 1 : 2);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    free(bytes);
}

// What HDF5 has to say goes into the message; the application's own setting is given back.
static herr_t count_calls(hid_t stack, void *context)
{
    (void)stack;
    ++*(int *)context;
    return 0;
}

static void the_error_printer_stays_the_callers(void **state)
{
    int calls = 0;
    char folder[PATH_MAX], path[PATH_MAX];
    in_folder(folder, *state, "data");
    assert_int_equal(mkdir(folder, 0777), 0);
    in_folder(path, folder, "main_data.hdf5");
    write_whole_file(path, "once upon a time", 16);
    H5E_auto2_t old_function;
    void *old_context;
    H5Eget_auto2(H5E_DEFAULT, &old_function, &old_context);
    H5Eset_auto2(H5E_DEFAULT, count_calls, &calls);
    expect_bad_input(folder, "file signature not found");
    assert_int_equal(calls, 0);
    H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_int_equal(calls, 1);
    H5Eset_auto2(H5E_DEFAULT, old_function, old_context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(a_truncated_shard_fails),
        SCRATCH_TEST(a_truncated_index_fails),
        SCRATCH_TEST(resume_refuses_a_truncated_shard),
        SCRATCH_TEST(foreign_files_are_refused),
        SCRATCH_TEST(wrong_arrays_are_refused),
        SCRATCH_TEST(data_in_other_files_is_refused),
        SCRATCH_TEST(links_to_pipes_are_not_opened),
        SCRATCH_TEST(arrays_larger_than_their_file_are_refused),
        SCRATCH_TEST(rewritten_arrays_are_copied),
        SCRATCH_TEST(arrays_are_mapped_within_bounds),
        SCRATCH_TEST(wrong_attributes_are_refused),
        SCRATCH_TEST(links_out_of_the_folder_are_refused),
        SCRATCH_TEST(flipped_bytes_do_no_harm),
        SCRATCH_TEST(a_shard_that_is_cut_while_open_raises_sigbus),
        SCRATCH_TEST(the_error_printer_stays_the_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
