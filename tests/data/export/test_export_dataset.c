// What is exported holds what the dataset holds, in the places where others look for it.
#include "data/import/import_fixture.h"

#include <hdf5.h>
#include <jansson.h>

#include "data/export/minari_id.h"

enum { WIDE = 8, HIGH = 6, EPISODES = 18, PICTURE = WIDE * HIGH * 3 };

static imp_dataset_info make_dataset(const char *scratch, char folder[PATH_MAX])
{
    imp_dataset_info info = fixture_info(WIDE, HIGH);
    // neither is what an import takes for granted
    strcpy(info.lens, "calibrated");
    info.time_step = 0.05;
    in_folder(folder, scratch, "data");
    write_dataset(folder, &info, EPISODES); // of more than one shard
    return info;
}

static void export_successfully(const char *folder, imp_export_format format, const char *path)
{
    imp_error err = {0};
    imp_export_summary summary;
    imp_export_def def = imp_default_export_def();
    def.format = format;
    assert_ok(imp_export_dataset(&summary, folder, path, &def, NULL, &err), err);
    // what is there is not replaced by accident
    assert_int_equal(imp_export_dataset(&summary, folder, path, &def, NULL, &err), IMP_IO);
    assert_int_equal(err.hint, IMP_HINT_OUTPUT_EXISTS);
}

static void exported_train_log_can_be_imported(void **state)
{
    char folder[PATH_MAX], path[PATH_MAX], back[PATH_MAX];
    const imp_dataset_info info = make_dataset(*state, folder);
    imp_import_summary summary;
    imp_import_def def = imp_default_import_def();
    def.width = def.height = 0;
    in_folder(path, *state, "train.log");
    in_folder(back, *state, "back");
    export_successfully(folder, IMP_EXPORT_TRAINLOG, path);
    imp_dataset *dataset = import_successfully(imp_import_trainlog, path, back, &def, &summary);
    assert_int_equal(summary.episodes, EPISODES);
    assert_int_equal(summary.reason_count, 0);
    assert_string_equal(imp_dataset_get_info(dataset)->lens, "calibrated");
    assert_close(imp_dataset_get_info(dataset)->time_step, 0.05, 0);
    for (int id = 0; id < EPISODES; id++) {
        fixture_episode *made = fixture_episode_create(&info, id);
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
        fixture_episode_destroy(made);
    }
    imp_dataset_close(dataset);
    // what this one means by its pairs is known
    imp_error err = {0};
    const char *paths[1] = {path};
    in_folder(back, *state, "other");
    def.use_next_action = true;
    assert_int_equal(imp_import_trainlog(&summary, paths, 1, back, &def, NULL, &err), IMP_USAGE);
    assert_no_dataset_left(back);
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

static int64_t read_int_attribute(hid_t file, const char *object, const char *name)
{
    int64_t value = -1;
    const hid_t attr = H5Aopen_by_name(file, object, name, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(attr >= 0);
    assert_true(H5Aread(attr, H5T_NATIVE_INT64, &value) >= 0);
    H5Aclose(attr);
    return value;
}

static void minari_export_is_one_file(void **state)
{
    char folder[PATH_MAX], path[PATH_MAX], file_path[PATH_MAX], name[96];
    const imp_dataset_info info = make_dataset(*state, folder);
    in_folder(path, *state, "minari");
    export_successfully(folder, IMP_EXPORT_MINARI, path);
    assert_same_file(folder, path, "metadata.json");
    assert_int_equal(count_files(path, ".hdf5"), 1);
    in_folder(file_path, path, "main_data.hdf5");
    // nothing of the dataset is needed any more
    remove_folder(folder);
    const hid_t file = H5Fopen(file_path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    assert_int_equal(read_int_attribute(file, "/", "total_episodes"), EPISODES);
    for (int id = 0; id < EPISODES; id++) {
        fixture_episode *made = fixture_episode_create(&info, id);
        const size_t steps = (size_t)made->episode.steps;
        snprintf(name, sizeof name, "episode_%d", id);
        assert_int_equal(read_int_attribute(file, name, "total_steps"), steps);
        snprintf(name, sizeof name, "episode_%d/observations", id);
        assert_array(file, name, H5T_NATIVE_UINT8, (steps + 1) * PICTURE, made->observations);
        snprintf(name, sizeof name, "episode_%d/infos/poses", id);
        assert_array(file, name, H5T_NATIVE_DOUBLE, (steps + 1) * 24, made->poses);
        snprintf(name, sizeof name, "episode_%d/truncations", id);
        assert_array(file, name, H5T_NATIVE_UINT8, steps, made->truncations);
        fixture_episode_destroy(made);
    }
    H5Fclose(file);
}

static void robomimic_export_has_demos(void **state)
{
    char folder[PATH_MAX], path[PATH_MAX], name[96];
    const imp_dataset_info info = make_dataset(*state, folder);
    int64_t total = 0;
    in_folder(path, *state, "demos.hdf5");
    export_successfully(folder, IMP_EXPORT_ROBOMIMIC, path);
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    for (int id = 0; id < EPISODES; id++) {
        fixture_episode *made = fixture_episode_create(&info, id);
        const size_t steps = (size_t)made->episode.steps;
        uint8_t dones[MAX_STEPS] = {0};
        dones[steps - 1] = made->terminations[steps - 1] || made->truncations[steps - 1];
        snprintf(name, sizeof name, "data/demo_%d", id);
        assert_int_equal(read_int_attribute(file, name, "num_samples"), steps);
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
        fixture_episode_destroy(made);
    }
    assert_int_equal(read_int_attribute(file, "data", "total"), total);
    H5Fclose(file);
}

// Names of a mask, which are texts of one length, held against those wanted.
static void assert_mask(hid_t file, const char *path, const int *wanted, int count)
{
    const hid_t set = H5Dopen2(file, path, H5P_DEFAULT);
    if (set < 0)
        fail_msg("%s is missing", path);
    const hid_t space = H5Dget_space(set), type = H5Dget_type(set);
    const size_t size = H5Tget_size(type);
    char names[EPISODES * 16], name[32];
    assert_int_equal(H5Tget_class(type), H5T_STRING);
    assert_false(H5Tis_variable_str(type) > 0);
    assert_int_equal(H5Tget_strpad(type), H5T_STR_NULLPAD);
    assert_int_equal(H5Sget_simple_extent_npoints(space), count);
    assert_true(size <= 16);
    assert_true(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, names) >= 0);
    for (int k = 0; k < count; k++) {
        char padded[32] = "";
        snprintf(padded, sizeof padded, "demo_%d", wanted[k]);
        snprintf(name, sizeof name, "%.*s", (int)size, names + (size_t)k * size);
        assert_string_equal(name, padded);
    }
    H5Tclose(type);
    H5Sclose(space);
    H5Dclose(set);
}

static void robomimic_export_has_masks(void **state)
{
    // what `imprint train --validation 0.2 --seed 3` holds out of 18 episodes
    static const int valid[] = {9, 11, 12, 17};
    int train[EPISODES], count = 0;
    char folder[PATH_MAX], path[PATH_MAX];
    imp_error err = {0};
    imp_export_summary summary;
    imp_export_def def = imp_default_export_def();
    make_dataset(*state, folder);
    in_folder(path, *state, "demos.hdf5");
    def.format = IMP_EXPORT_ROBOMIMIC;
    def.validation = 0.2;
    def.seed = 3;
    assert_ok(imp_export_dataset(&summary, folder, path, &def, NULL, &err), err);
    assert_int_equal(summary.training, 14);
    assert_int_equal(summary.held_out, 4);
    for (int id = 0; id < EPISODES; id++)
        if (id != valid[0] && id != valid[1] && id != valid[2] && id != valid[3])
            train[count++] = id;
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    assert_mask(file, "mask/train", train, 14);
    assert_mask(file, "mask/valid", valid, 4);
    H5Fclose(file);
    // with nothing to hold out there are no masks
    def.validation = 0.0;
    def.replace = true;
    assert_ok(imp_export_dataset(&summary, folder, path, &def, NULL, &err), err);
    file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    assert_int_equal(H5Lexists(file, "mask", H5P_DEFAULT), 0);
    H5Fclose(file);
    def.validation = 1.0;
    assert_int_equal(imp_export_dataset(&summary, folder, path, &def, NULL, &err), IMP_USAGE);
}

static void minari_export_uses_given_id(void **state)
{
    char folder[PATH_MAX], path[PATH_MAX], file_path[PATH_MAX], was_path[PATH_MAX];
    imp_error err = {0};
    imp_export_summary summary;
    imp_export_def def = imp_default_export_def();
    make_dataset(*state, folder);
    in_folder(path, *state, "minari");
    def.format = IMP_EXPORT_MINARI;
    def.id = "a/b";
    assert_int_equal(imp_export_dataset(&summary, folder, path, &def, NULL, &err), IMP_USAGE);
    assert_no_dataset_left(path);
    def.id = "somebody/town/loop-v12";
    assert_ok(imp_export_dataset(&summary, folder, path, &def, NULL, &err), err);
    in_folder(file_path, path, "metadata.json");
    in_folder(was_path, folder, "metadata.json");
    json_t *json = json_load_file(file_path, 0, NULL), *was = json_load_file(was_path, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "dataset_id")), def.id);
    // all else is as it was
    json_object_set(json, "dataset_id", json_object_get(was, "dataset_id"));
    assert_true(json_equal(json, was));
    json_decref(json);
    json_decref(was);
}

static void minari_ids_are_validated(void **state)
{
    (void)state;
    static const char *const sound[] = {"loop-v0", "imprint/loop-v12", "a1/b/c_d-e-v3", "a/b/x-v0"};
    static const char *const unsound[] = {
        "",         "loop",      "loop-v",   "-v0",     "a/x-v0",           "/x-v0",  "aa//x-v0",
        "aa/x-v0/", "aa/x y-v0", "aa/..-v0", "../x-v0", "aa/x-v0123456789", "aa/x-V0"};
    for (size_t k = 0; k < sizeof sound / sizeof sound[0]; k++)
        if (!imp_minari_id_is_valid(sound[k]))
            fail_msg("%s is an id", sound[k]);
    for (size_t k = 0; k < sizeof unsound / sizeof unsound[0]; k++)
        if (imp_minari_id_is_valid(unsound[k]))
            fail_msg("%s is no id", unsound[k]);
}

static void minari_id_follows_from_path(void **state)
{
    char root[PATH_MAX], path[PATH_MAX + 64], id[IMP_MINARI_ID_MAX];
    static const struct {
        const char *place, *id;
        bool in_root, listed;
    } cases[] = {
        {"imprint/loop-v0/data", "imprint/loop-v0", true, true},
        {"./imprint//loop-v0/data/", "imprint/loop-v0", true, true},
        {"D4RL/door/human-v2/data", "D4RL/door/human-v2", true, true},
        {"loop-v1/data", "loop-v1", true, true},
        {"other/imprint/loop-v0/data", "imprint/loop-v0", false, false},
        {"other/imprint/loop/data", "", false, false},
        {"other/imprint/loop-v0", "", false, false},
        {"data", "", false, false},
    };
    imp_error err = {0};
    bool listed;
    in_folder(root, *state, "root");
    for (int exists = 0; exists < 2; exists++) {
        for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
            snprintf(path, sizeof path, "%s/%s", cases[k].in_root ? root : (char *)*state,
                     cases[k].place);
            assert_ok(imp_minari_id_from_path(id, &listed, path, root, &err), err);
            if (strcmp(id, cases[k].id) != 0 || listed != cases[k].listed)
                fail_msg("%s: id \"%s\"%s", cases[k].place, id, listed ? ", listed" : "");
        }
        assert_int_equal(mkdir(root, 0777), exists == 0 ? 0 : -1);
    }
    // where Minari would not find it
    static const char *const lost[] = {"imprint/loop-v0", "imprint/loop/data", "x/loop-v0/data"};
    for (size_t k = 0; k < sizeof lost / sizeof lost[0]; k++) {
        snprintf(path, sizeof path, "%s/%s", root, lost[k]);
        assert_int_equal(imp_minari_id_from_path(id, &listed, path, root, &err), IMP_USAGE);
        assert_non_null(strstr(err.message, "NAMESPACE/NAME-vNUMBER/data"));
    }
}

static void stopped_export_leaves_nothing(void **state)
{
    char folder[PATH_MAX], path[PATH_MAX];
    make_dataset(*state, folder);
    in_folder(path, *state, "out");
    for (int format = IMP_EXPORT_TRAINLOG; format <= IMP_EXPORT_ROBOMIMIC; format++) {
        imp_error err = {0};
        int calls = 5;
        const imp_monitor monitor = {.should_stop = stop_after_countdown, .context = &calls};
        imp_export_summary summary;
        imp_export_def def = imp_default_export_def();
        def.format = (imp_export_format)format;
        assert_int_equal(imp_export_dataset(&summary, folder, path, &def, &monitor, &err),
                         IMP_INTERRUPTED);
        assert_no_dataset_left(path);
        assert_int_equal(count_files(*state, ".tmp"), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(exported_train_log_can_be_imported),
        SCRATCH_TEST(minari_export_is_one_file),
        SCRATCH_TEST(robomimic_export_has_demos),
        SCRATCH_TEST(robomimic_export_has_masks),
        SCRATCH_TEST(minari_export_uses_given_id),
        cmocka_unit_test(minari_ids_are_validated),
        SCRATCH_TEST(minari_id_follows_from_path),
        SCRATCH_TEST(stopped_export_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
