// Logs of the baselines, as Python writes them, become the datasets that they tell of.
#include "data/import/import_fixture.h"
#include "data/rosbag/bag_writer.h"

static const uint8_t FIRST_BYTES[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

static imp_import_def recorded_size_def(void)
{
    imp_import_def def = imp_default_import_def();
    def.width = def.height = 0;
    return def;
}

static void assert_image_value(const imp_episode *episode, int row, int value)
{
    const uint8_t *image = episode->observations + (size_t)row * 6 * 8 * 3;
    assert_memory_equal(image, FIRST_BYTES, sizeof FIRST_BYTES);
    for (size_t k = sizeof FIRST_BYTES; k < 6 * 8 * 3; k++)
        assert_int_equal(image[k], value);
}

static void all_pickle_protocols_agree(void **state)
{
    const imp_import_def def = recorded_size_def();
    for (int protocol = 2; protocol <= 5; protocol++) {
        char path[PATH_MAX], folder[PATH_MAX], name[16];
        imp_import_summary summary;
        snprintf(path, sizeof path, LOGS "train-%d.log", protocol);
        snprintf(name, sizeof name, "data%d", protocol);
        in_folder(folder, *state, name);
        imp_dataset *dataset =
            import_successfully(imp_import_trainlog, path, folder, &def, &summary);
        assert_int_equal(imp_dataset_get_info(dataset)->width, 8);
        assert_int_equal(imp_dataset_get_info(dataset)->height, 6);
        assert_int_equal(summary.images, 10);
        assert_int_equal(dropped(&summary, "entries after the end of an episode"), 1);
        for (int e = 0; e < 2; e++) {
            const imp_episode *episode = imp_dataset_episode(dataset, e);
            assert_int_equal(episode->steps, e == 0 ? 5 : 4);
            for (int k = 0; k < episode->steps; k++) {
                assert_image_value(episode, k, 50 * e + k + 1);
                assert_close(episode->actions[2 * k], 0.1 * k, 1e-7);
                assert_close(episode->expert_actions[2 * k + 1], -0.2 * k, 1e-7);
                assert_close(episode->rewards[k], e == 1 && k == 3 ? -1000 : 0.5 + k, 0);
                assert_close(episode->poses[3 * k], 1.0 + k, 0);
                assert_close(episode->poses[3 * k + 1], 2, 0);
                assert_close(episode->poses[3 * k + 2], 0.25, 0);
                assert_close(episode->lane[2 * k], 0.01 * k, 0);
                assert_close(episode->lane[2 * k + 1], -0.02 * k, 0);
            }
            // what was seen at the end is not in such a log
            assert_image_value(episode, episode->steps, 50 * e + episode->steps);
            assert_int_equal(episode->terminations[episode->steps - 1], e == 1);
            assert_int_equal(episode->truncations[episode->steps - 1], 0);
        }
        imp_dataset_close(dataset);
    }
}

static void episode_objects_are_read(void **state)
{
    imp_import_def def = recorded_size_def();
    def.actions_are_velocities = true;
    for (int protocol = 2; protocol <= 5; protocol++) {
        char path[PATH_MAX], folder[PATH_MAX], name[16];
        imp_import_summary summary;
        snprintf(path, sizeof path, LOGS "steps-%d.log", protocol);
        snprintf(name, sizeof name, "data%d", protocol);
        in_folder(folder, *state, name);
        imp_dataset *dataset =
            import_successfully(imp_import_trainlog, path, folder, &def, &summary);
        const imp_episode *episode = imp_dataset_episode(dataset, 0);
        assert_int_equal(summary.episodes, 1);
        assert_int_equal(episode->steps, 3);
        for (int k = 0; k < 3; k++) {
            const imp_action action = imp_action_from_velocity(0.2, 0.1 * k);
            assert_image_value(episode, k, k + 1);
            assert_close(episode->expert_actions[2 * k], action.left, 1e-7);
            assert_close(episode->expert_actions[2 * k + 1], action.right, 1e-7);
            assert_true(isnan(episode->rewards[k]) && isnan(episode->poses[3 * k]));
        }
        assert_int_equal(episode->truncations[2], 1);
        imp_dataset_close(dataset);
    }
}

static void images_can_use_the_next_action(void **state)
{
    imp_import_def def = recorded_size_def();
    imp_import_summary summary;
    char folder[PATH_MAX];
    in_folder(folder, *state, "data");
    def.use_next_action = true;
    imp_dataset *dataset =
        import_successfully(imp_import_trainlog, LOGS "train-4.log", folder, &def, &summary);
    for (int e = 0; e < 2; e++) {
        const imp_episode *episode = imp_dataset_episode(dataset, e);
        assert_int_equal(episode->steps, e == 0 ? 4 : 3);
        for (int k = 0; k < episode->steps; k++) {
            assert_image_value(episode, k, 50 * e + k + 1);
            assert_close(episode->actions[2 * k], 0.1 * (k + 1), 1e-7);
            assert_close(episode->rewards[k], e == 1 && k == 2 ? -1000 : 1.5 + k, 0);
            assert_close(episode->poses[3 * k], 1.0 + k, 0);
        }
        assert_image_value(episode, episode->steps, 50 * e + episode->steps + 1);
        assert_int_equal(episode->terminations[episode->steps - 1], e == 1);
    }
    imp_dataset_close(dataset);
}

static void red_blue_swap_and_resize(void **state)
{
    imp_import_def def = recorded_size_def();
    imp_import_summary summary;
    char folder[PATH_MAX];
    in_folder(folder, *state, "swapped");
    def.swap_red_blue = true;
    imp_dataset *dataset =
        import_successfully(imp_import_trainlog, LOGS "train-3.log", folder, &def, &summary);
    for (int k = 0; k < 3; k++) {
        const uint8_t wanted[6] = {2, 1, 0, 5, 4, 3};
        const uint8_t *image = imp_dataset_episode(dataset, 0)->observations + k * 6 * 8 * 3;
        assert_memory_equal(image, wanted, sizeof wanted);
    }
    imp_dataset_close(dataset);
    def.swap_red_blue = false;
    def.width = 4;
    def.height = 3;
    in_folder(folder, *state, "small");
    dataset = import_successfully(imp_import_trainlog, LOGS "train-3.log", folder, &def, &summary);
    const uint8_t *small = imp_dataset_episode(dataset, 0)->observations;
    assert_int_equal(imp_dataset_get_info(dataset)->width, 4);
    assert_int_equal(small[0], 1); // (0 + 3 + 1 + 1) / 4, rounded
    assert_int_equal(small[4 * 3 * 3 - 1], 1);
    imp_dataset_close(dataset);
}

// Writes the beginning of a file of data/logs, and something after it.
static void write_truncated_log(const char *path, const char *from, size_t most, const void *more,
                                size_t more_length)
{
    size_t length;
    char *bytes = read_whole_file(from, &length);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fwrite(bytes, 1, length < most ? length : most, file);
    fwrite(more, 1, more_length, file);
    fclose(file);
    free(bytes);
}

static void truncated_logs_keep_whole_pickles(void **state)
{
    const imp_import_def def = recorded_size_def();
    imp_import_summary summary;
    imp_error err = {0};
    char path[PATH_MAX], folder[PATH_MAX];
    const char *paths[1] = {path};
    in_folder(path, *state, "cut.log");
    in_folder(folder, *state, "data");
    write_truncated_log(path, LOGS "train-4.log", 4000, "", 0);
    imp_dataset *dataset = import_successfully(imp_import_trainlog, path, folder, &def, &summary);
    assert_int_equal(summary.steps, 5);
    assert_true(notes_contain(&summary, "is cut off"));
    imp_dataset_close(dataset);
    // within the first there is nothing whole
    in_folder(folder, *state, "none");
    write_truncated_log(path, LOGS "train-4.log", 2000, "", 0);
    assert_int_equal(imp_import_trainlog(&summary, paths, 1, folder, &def, NULL, &err),
                     IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "ends too early"));
    assert_no_dataset_left(folder);
}

// An entry with a image of 8 x 6 pixels and what `action` and `info` put on the stack.
static void put_entry(byte_buffer *b, int number, const char *action, size_t action_length,
                      const char *info, size_t info_length)
{
    static const char start[] = "}(X\4\0\0\0step]("
                                "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"
                                "K\0\x85"
                                "C\1b\x87R(K\1K\6K\x8K\3\x87"
                                "cnumpy\ndtype\nX\2\0\0\0u1K\0K\1\x87R(K\3X\1\0\0\0|NNN"
                                "J\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89"
                                "C\x90";
    static const char middle[] = "eX\x8\0\0\0metadata](](K\1K\0K\2K\1eK\5\x89";
    put(b, start, sizeof start - 1);
    uint8_t image[6 * 8 * 3];
    memset(image, number, sizeof image);
    put(b, image, sizeof image);
    put(b, "tb", 2);
    put(b, action, action_length);
    put(b, middle, sizeof middle - 1);
    put(b, info, info_length);
    put(b, "eu", 2);
}

#define ACTION "](K\0K\1e"
#define LANE "X\r\0\0\0lane_position}(X\4\0\0\0distK\2X\x9\0\0\0angle_radK\3u"

// What nobody needs of a log is ignored, whatever it is, and the rest of it is read.
static void unknown_info_is_ignored(void **state)
{
#define CASE(text, name, lane)                                                                     \
    {                                                                                              \
        text, sizeof(text) - 1, name, lane                                                         \
    }
    static const struct {
        const char *info;
        size_t length;
        const char *name; // that is told
        bool has_lane;
    } cases[] = {
        CASE("N", NULL, false),
        CASE("cgym.spaces.box\nBox\n)\x81}X\1\0\0\0aK\1sb", "gym.spaces.box.Box", false),
        CASE("cm\nC\n)}\x92", "m.C", false),
        CASE("ccopy_reg\n_reconstructor\ncm\nC\nc__builtin__\nobject\nN\x87R}b",
             "copy_reg._reconstructor", false),
        CASE("cposix\nsystem\nX\2\0\0\0ls\x85R", "posix.system", false),
        CASE("}(X\1\0\0\0s\x8f(K\1\x90X\x9\0\0\0Simulator}" LANE "su", "set", true),
        CASE("}(X\x9\0\0\0Simulator}(" LANE "X\1\0\0\0ocm\nC\n)\x81uX\1\0\0\0bcm\nC\n)\x81u", "m.C",
             true),
        CASE("ccollections\nOrderedDict\n)RX\x9\0\0\0Simulator}" LANE "ss", NULL, true),
        CASE("}X\1\0\0\0xcnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\2\0\0\0U3K\0K\1\x87R(K"
             "\3X\1\0\0\0<NNNK\xcK\4K\x8tb"
             "C\xcx\0\0\0y\0\0\0z\0\0\0\x86Rs",
             "numpy type U3", false),
        CASE("](]](]}K\1Nse(NK\1tK\7e", NULL, false),
    };
#undef CASE
    const imp_import_def def = recorded_size_def();
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        char path[PATH_MAX], folder[PATH_MAX], name[32];
        imp_import_summary summary;
        snprintf(name, sizeof name, "data%zu", k);
        in_folder(path, *state, "x.log");
        in_folder(folder, *state, name);
        byte_buffer *b = byte_buffer_create();
        put(b, "\x80\4](", 4);
        for (int entry = 0; entry < 3; entry++)
            put_entry(b, 10 + entry, ACTION, sizeof ACTION - 1, cases[k].info, cases[k].length);
        put(b, "e.", 2);
        write_bag(path, b);
        free(b);
        imp_dataset *dataset =
            import_successfully(imp_import_trainlog, path, folder, &def, &summary);
        assert_int_equal(summary.steps, 3);
        const imp_episode *episode = imp_dataset_episode(dataset, 0);
        assert_int_equal(episode->observations[6 * 8 * 3], 11);
        assert_true(cases[k].has_lane ? episode->lane[1] == 3.0 : isnan(episode->lane[1]));
        assert_int_equal(notes_contain(&summary, "ignored what no dataset needs"),
                         cases[k].name != NULL);
        if (cases[k].name != NULL && !notes_contain(&summary, cases[k].name))
            fail_msg("%s is not told", cases[k].name);
        imp_dataset_close(dataset);
    }
}

// What is needed cannot be ignored.
static void unsupported_images_are_refused(void **state)
{
    static const char tensor[] = "ctorch._utils\n_rebuild_tensor_v2\n)R";
    const imp_import_def def = recorded_size_def();
    imp_import_summary summary;
    imp_error err = {0};
    char path[PATH_MAX], folder[PATH_MAX];
    const char *paths[1] = {path};
    in_folder(path, *state, "x.log");
    in_folder(folder, *state, "data");
    for (int where = 0; where < 3; where++) {
        byte_buffer *b = byte_buffer_create();
        put(b, "\x80\4](", 4);
        put_entry(b, 1, ACTION, sizeof ACTION - 1, "N", 1);
        if (where == 0)
            put_entry(b, 2, tensor, sizeof tensor - 1, "N", 1);
        else if (where == 1) // the entry itself
            put(b, tensor, sizeof tensor - 1);
        put(b, "e", 1);
        if (where == 2) // all of it
            put(b, tensor, sizeof tensor - 1);
        put(b, ".", 1);
        write_bag(path, b);
        free(b);
        assert_int_equal(imp_import_trainlog(&summary, paths, 1, folder, &def, NULL, &err),
                         IMP_BAD_INPUT);
        assert_non_null(strstr(err.message, "torch._utils._rebuild_tensor_v2 is refused"));
        assert_no_dataset_left(folder);
    }
}

static void invalid_logs_leave_nothing(void **state)
{
    static const struct {
        const char *more, *says;
        size_t length;
    } cases[] = {
        {"\x80\2cposix\nsystem\nX\2\0\0\0lsR.", "posix.system is refused", 26},
        {"garbage", "no pickle of protocol 2 to 5", 7},
        {"\x80\2K\1.", "is not a log", 5},
    };
    const imp_import_def def = recorded_size_def();
    imp_import_summary summary;
    imp_error err = {0};
    char path[PATH_MAX], folder[PATH_MAX];
    const char *paths[1] = {path};
    in_folder(path, *state, "bad.log");
    in_folder(folder, *state, "data");
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        // even after a good beginning
        write_truncated_log(path, LOGS "train-4.log", SIZE_MAX, cases[k].more, cases[k].length);
        assert_int_equal(imp_import_trainlog(&summary, paths, 1, folder, &def, NULL, &err),
                         IMP_BAD_INPUT);
        if (strstr(err.message, cases[k].says) == NULL)
            fail_msg("\"%s\" does not tell \"%s\"", err.message, cases[k].says);
        assert_no_dataset_left(folder);
    }
    int calls = 3;
    const imp_monitor monitor = {.should_stop = stop_after_countdown, .context = &calls};
    paths[0] = LOGS "train-4.log";
    assert_int_equal(imp_import_trainlog(&summary, paths, 1, folder, &def, &monitor, &err),
                     IMP_INTERRUPTED);
    assert_no_dataset_left(folder);
}

// One small image, named over and over, would fill the disk.
static void repeated_images_are_refused(void **state)
{
    static const char entry[] =
        "\x80\3](}(X\4\0\0\0step](cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"
        "C\1b\x87R(K\1K\10K\10K\3\x87"
        "cnumpy\ndtype\nX\2\0\0\0u1\x89\x88\x87R\x89"
        "B\xc0\0\0\0";
    const imp_import_def def = recorded_size_def();
    imp_import_summary summary;
    imp_error err = {0};
    char path[PATH_MAX], folder[PATH_MAX];
    const char *paths[1] = {path};
    in_folder(path, *state, "x.log");
    for (int times = 3; times <= 3000; times *= 1000) {
        in_folder(folder, *state, times == 3 ? "few" : "many");
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fwrite(entry, 1, sizeof entry - 1, file);
        for (int k = 0; k < 8 * 8 * 3; k++)
            fputc(k + 1, file);
        fwrite("tb](K\0K\1eeuq\0", 1, 13, file);
        for (int k = 1; k < times; k++)
            fwrite("h\0", 1, 2, file);
        fwrite("e.", 1, 2, file);
        fclose(file);
        const imp_status status = imp_import_trainlog(&summary, paths, 1, folder, &def, NULL, &err);
        assert_int_equal(status, times == 3 ? IMP_OK : IMP_BAD_INPUT);
    }
    assert_non_null(strstr(err.message, "x.log shows the same image over and over"));
    assert_no_dataset_left(folder);
}

static void partial_imports_are_removed(void **state)
{
    const imp_import_def def = recorded_size_def();
    imp_import_summary summary;
    imp_error err = {0};
    char folder[PATH_MAX], partial[PATH_MAX + 16], path[PATH_MAX];
    const char *paths[1] = {LOGS "train-4.log"};
    in_folder(folder, *state, "data");
    snprintf(partial, sizeof partial, "%s.partial", folder);
    const imp_dataset_info info = fixture_info(8, 6);
    write_dataset(partial, &info, 3);
    imp_dataset_close(import_successfully(imp_import_trainlog, paths[0], folder, &def, &summary));
    assert_int_equal(access(partial, F_OK), -1);
    // but nobody else's files are
    in_folder(folder, *state, "other");
    snprintf(partial, sizeof partial, "%s.partial", folder);
    assert_int_equal(mkdir(partial, 0755), 0);
    in_folder(path, partial, "thesis.txt");
    fclose(fopen(path, "w"));
    assert_int_equal(imp_import_trainlog(&summary, paths, 1, folder, &def, NULL, &err), IMP_IO);
    assert_int_equal(access(path, F_OK), 0);
    // and a dataset that is there stays
    assert_int_equal(imp_import_trainlog(&summary, paths, 1, *state, &def, NULL, &err), IMP_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(all_pickle_protocols_agree),        SCRATCH_TEST(episode_objects_are_read),
        SCRATCH_TEST(images_can_use_the_next_action),    SCRATCH_TEST(red_blue_swap_and_resize),
        SCRATCH_TEST(truncated_logs_keep_whole_pickles), SCRATCH_TEST(unknown_info_is_ignored),
        SCRATCH_TEST(unsupported_images_are_refused),    SCRATCH_TEST(invalid_logs_leave_nothing),
        SCRATCH_TEST(repeated_images_are_refused),       SCRATCH_TEST(partial_imports_are_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
