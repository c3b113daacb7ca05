// What is exported holds what the dataset holds, in the places where others look for it.
#include "logs/fixture.h"

#include <hdf5.h>

enum { WIDE = 8, HIGH = 6, EPISODES = 18, PICTURE = WIDE * HIGH * 3 };

static imp_dataset_info made_dataset(const char *scratch, char folder[PATH_MAX])
{
    const imp_dataset_info info = fixture_info(WIDE, HIGH);
    in_folder(folder, scratch, "data");
    write_dataset(folder, &info, EPISODES); // of more than one shard
    return info;
}

static void export_good(const char *folder, imp_export_format format, const char *path)
{
    imp_error err = {0};
    assert_ok(imp_export_dataset(folder, format, path, false, NULL, &err), err);
    // what is there is not replaced by accident
    assert_int_equal(imp_export_dataset(folder, format, path, false, NULL, &err), IMP_IO);
    assert_non_null(strstr(err.message, "--force"));
}

static void logs_come_back(void **state)
{
    char folder[PATH_MAX], path[PATH_MAX], back[PATH_MAX];
    const imp_dataset_info info = made_dataset(*state, folder);
    imp_import_summary summary;
    imp_import_def def = imp_default_import_def();
    def.width = def.height = 0;
    in_folder(path, *state, "train.log");
    in_folder(back, *state, "back");
    export_good(folder, IMP_EXPORT_TRAINLOG, path);
    imp_dataset *dataset = import_good(imp_import_trainlog, path, back, &def, &summary);
    assert_int_equal(summary.episodes, EPISODES);
    assert_int_equal(summary.reason_count, 0);
    for (int id = 0; id < EPISODES; id++) {
        drive *made = drive_create(&info, id);
        const imp_episode *episode = imp_dataset_episode(dataset, id), *was = &made->episode;
        const size_t steps = (size_t)was->steps;
        assert_int_equal(episode->steps, steps);
        assert_memory_equal(episode->observations, was->observations, steps * PICTURE);
        assert_memory_equal(episode->actions, was->actions, steps * 2 * sizeof(float));
        assert_memory_equal(episode->expert_actions, was->expert_actions,
                            steps * 2 * sizeof(float));
        assert_memory_equal(episode->rewards, was->rewards, steps * sizeof(float));
        assert_memory_equal(episode->poses, was->poses, steps * 3 * sizeof(double));
        assert_memory_equal(episode->lane, was->lane, steps * 2 * sizeof(double));
        assert_memory_equal(episode->terminations, was->terminations, steps);
        assert_memory_equal(episode->truncations, was->truncations, steps);
        drive_destroy(made);
    }
    imp_dataset_close(dataset);
    // what this one means by its pairs is known
    imp_error err = {0};
    const char *paths[1] = {path};
    in_folder(back, *state, "other");
    def.following = true;
    assert_int_equal(imp_import_trainlog(&summary, paths, 1, back, &def, NULL, &err), IMP_USAGE);
    assert_nothing(back);
}

// Reads an array, whose type and size must be those wanted, and holds it against what it was.
static void assert_array(hid_t file, const char *path, hid_t type, size_t bytes, const void *was)
{
    const hid_t set = H5Dopen2(file, path, H5P_DEFAULT);
    if (set < 0)
        fail_msg("%s is missing", path);
    const hid_t space = H5Dget_space(set), stored = H5Dget_type(set);
    const size_t count = (size_t)H5Sget_simple_extent_npoints(space);
    assert_true(H5Tget_class(stored) == H5Tget_class(type) || H5Tget_class(stored) == H5T_ENUM);
    assert_int_equal(count * H5Tget_size(type), bytes);
    uint8_t *found = malloc(bytes);
    assert_non_null(found);
    assert_true(H5Dread(set, H5Tget_class(stored) == H5T_ENUM ? stored : type, H5S_ALL, H5S_ALL,
                        H5P_DEFAULT, found) >= 0);
    assert_memory_equal(found, was, bytes);
    free(found);
    H5Tclose(stored);
    H5Sclose(space);
    H5Dclose(set);
}

static int64_t attribute(hid_t file, const char *object, const char *name)
{
    int64_t value = -1;
    const hid_t attr = H5Aopen_by_name(file, object, name, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(attr >= 0);
    assert_true(H5Aread(attr, H5T_NATIVE_INT64, &value) >= 0);
    H5Aclose(attr);
    return value;
}

static void minari_finds_one_file(void **state)
{
    char folder[PATH_MAX], path[PATH_MAX], file_path[PATH_MAX], name[96];
    const imp_dataset_info info = made_dataset(*state, folder);
    in_folder(path, *state, "minari");
    export_good(folder, IMP_EXPORT_MINARI, path);
    assert_same_file(folder, path, "metadata.json");
    assert_int_equal(count_files(path, ".hdf5"), 1);
    in_folder(file_path, path, "main_data.hdf5");
    // nothing of the dataset is needed any more
    remove_folder(folder);
    const hid_t file = H5Fopen(file_path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    assert_int_equal(attribute(file, "/", "total_episodes"), EPISODES);
    for (int id = 0; id < EPISODES; id++) {
        drive *made = drive_create(&info, id);
        const size_t steps = (size_t)made->episode.steps;
        snprintf(name, sizeof name, "episode_%d", id);
        assert_int_equal(attribute(file, name, "total_steps"), steps);
        snprintf(name, sizeof name, "episode_%d/observations", id);
        assert_array(file, name, H5T_NATIVE_UINT8, (steps + 1) * PICTURE, made->observations);
        snprintf(name, sizeof name, "episode_%d/infos/poses", id);
        assert_array(file, name, H5T_NATIVE_DOUBLE, (steps + 1) * 24, made->poses);
        snprintf(name, sizeof name, "episode_%d/truncations", id);
        assert_array(file, name, H5T_NATIVE_UINT8, steps, made->truncations);
        drive_destroy(made);
    }
    H5Fclose(file);
}

static void robomimic_finds_demos(void **state)
{
    char folder[PATH_MAX], path[PATH_MAX], name[96];
    const imp_dataset_info info = made_dataset(*state, folder);
    int64_t total = 0;
    in_folder(path, *state, "demos.hdf5");
    export_good(folder, IMP_EXPORT_ROBOMIMIC, path);
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    for (int id = 0; id < EPISODES; id++) {
        drive *made = drive_create(&info, id);
        const size_t steps = (size_t)made->episode.steps;
        uint8_t dones[MAX_STEPS] = {0};
        dones[steps - 1] = made->terminations[steps - 1] || made->truncations[steps - 1];
        snprintf(name, sizeof name, "data/demo_%d", id);
        assert_int_equal(attribute(file, name, "num_samples"), steps);
        const struct {
            const char *path;
            hid_t type;
            size_t bytes;
            const void *was;
        } arrays[] = {
            {"obs/image", H5T_NATIVE_UINT8, steps * PICTURE, made->observations},
            {"next_obs/image", H5T_NATIVE_UINT8, steps * PICTURE, made->observations + PICTURE},
            {"actions", H5T_NATIVE_FLOAT, steps * 8, made->expert_actions},
            {"executed_actions", H5T_NATIVE_FLOAT, steps * 8, made->actions},
            {"rewards", H5T_NATIVE_FLOAT, steps * 4, made->rewards},
            {"dones", H5T_NATIVE_UINT8, steps, dones},
            {"states", H5T_NATIVE_DOUBLE, steps * 24, made->poses},
        };
        for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++) {
            snprintf(name, sizeof name, "data/demo_%d/%s", id, arrays[k].path);
            assert_array(file, name, arrays[k].type, arrays[k].bytes, arrays[k].was);
        }
        total += (int64_t)steps;
        drive_destroy(made);
    }
    assert_int_equal(attribute(file, "data", "total"), total);
    H5Fclose(file);
}

static void stopping_leaves_nothing(void **state)
{
    char folder[PATH_MAX], path[PATH_MAX];
    made_dataset(*state, folder);
    in_folder(path, *state, "out");
    for (int format = IMP_EXPORT_TRAINLOG; format <= IMP_EXPORT_ROBOMIMIC; format++) {
        imp_error err = {0};
        int calls = 5;
        const imp_monitor monitor = {.should_stop = stop_at_once, .context = &calls};
        assert_int_equal(
            imp_export_dataset(folder, (imp_export_format)format, path, false, &monitor, &err),
            IMP_INTERRUPTED);
        assert_nothing(path);
        assert_int_equal(count_files(*state, ".tmp"), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(logs_come_back),
        SCRATCH_TEST(minari_finds_one_file),
        SCRATCH_TEST(robomimic_finds_demos),
        SCRATCH_TEST(stopping_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
