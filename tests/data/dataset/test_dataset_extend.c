// A finished dataset stays as it is or grows, to the bytes of one written at once; one of another
// definition is refused.
#include "data/dataset/dataset_fixture.h"

static void a_finished_dataset_stays_or_grows(void **state)
{
    const imp_dataset_info info = fixture_info(8, 6);
    imp_error err = {0};
    imp_dataset_writer *writer;
    int written = -1;
    char folder[PATH_MAX], whole[PATH_MAX], path[PATH_MAX];
    in_folder(folder, *state, "data");
    in_folder(whole, *state, "whole");
    write_dataset(folder, &info, 5);
    // nothing is added: also what was lost is there again
    in_folder(path, folder, "metadata.json");
    assert_int_equal(unlink(path), 0);
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, true, &written, &err), err);
    assert_int_equal(written, 5);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    assert_dataset(folder, &info, 5);
    write_dataset(whole, &info, 5);
    assert_same_file(folder, whole, "metadata.json");
    assert_same_file(folder, whole, "main_data.hdf5");

    // a writer that dies before it has flushed leaves the finished dataset
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, true, &written, &err), err);
    add_fixture_episodes(writer, &info, 5, 9);
    imp_dataset_writer_destroy(writer);
    assert_dataset(folder, &info, 5);
    // longer: with the bytes of one that was written at once, however often it was finished
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, true, &written, &err), err);
    add_fixture_episodes(writer, &info, 5, 20);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, true, &written, &err), err);
    assert_int_equal(written, 20);
    add_fixture_episodes(writer, &info, 20, 35);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    assert_dataset(folder, &info, 35);
    in_folder(whole, *state, "whole-35");
    write_dataset(whole, &info, 35);
    static const char *const names[] = {"main_data.hdf5", "metadata.json", "shard-00000.hdf5",
                                        "shard-00001.hdf5", "shard-00002.hdf5"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        assert_same_file(folder, whole, names[k]);
}

static void another_definition_is_refused(void **state)
{
    imp_dataset_info info = fixture_info(8, 6);
    imp_error err = {0};
    imp_dataset_writer *writer;
    int written = -1;
    char folder[PATH_MAX];
    in_folder(folder, *state, "data");
    strcpy(info.definition, "0123456789abcdef");
    write_dataset(folder, &info, 2);
    info.definition[0] = 'f';
    assert_int_equal(imp_dataset_writer_create(&writer, folder, &info, true, &written, &err),
                     IMP_USAGE);
    assert_non_null(strstr(err.message, "other settings"));
    info.definition[0] = '0';
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, true, &written, &err), err);
    imp_dataset_writer_destroy(writer);
    // an earlier version wrote none
    in_folder(folder, *state, "earlier");
    info.definition[0] = '\0';
    write_dataset(folder, &info, 2);
    info.definition[0] = '0';
    assert_int_equal(imp_dataset_writer_create(&writer, folder, &info, true, &written, &err),
                     IMP_USAGE);
    assert_non_null(strstr(err.message, "earlier version"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(a_finished_dataset_stays_or_grows),
        SCRATCH_TEST(another_definition_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
