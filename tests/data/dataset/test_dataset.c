// What a writer writes, a reader reads.
#include "data/dataset/dataset_fixture.h"

static void every_field_comes_back(void **state)
{
    const imp_dataset_info info = fixture_info(8, 6);
    char folder[PATH_MAX];
    in_folder(folder, *state, "deep/er/data");
    write_dataset(folder, &info, 20);
    assert_dataset(folder, &info, 20);

    imp_error err = {0};
    imp_dataset *dataset;
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    const imp_dataset_info *facts = imp_dataset_get_info(dataset);
    assert_int_equal(facts->width, 8);
    assert_int_equal(facts->height, 6);
    assert_true(facts->time_step == info.time_step);
    assert_string_equal(facts->map, info.map);
    assert_string_equal(facts->lens, info.lens);
    assert_string_equal(facts->policy, info.policy);
    assert_string_equal(facts->settings, info.settings);
    assert_true(imp_dataset_is_finished(dataset));
    int64_t steps = 0;
    for (int i = 0; i < 20; i++)
        steps += 5 + i % 8;
    assert_int_equal(imp_dataset_step_count(dataset), steps);
    imp_dataset_close(dataset);
    assert_int_equal(count_files(folder, ".hdf5"), 3);
}

static void finished_files_are_read_only(void **state)
{
    const imp_dataset_info info = fixture_info(4, 4);
    char folder[PATH_MAX], path[PATH_MAX];
    in_folder(folder, *state, "data");
    write_dataset(folder, &info, 17);
    const char *names[] = {"main_data.hdf5", "metadata.json", "shard-00000.hdf5",
                           "shard-00001.hdf5"};
    for (size_t i = 0; i < 4; i++) {
        struct stat file;
        in_folder(path, folder, names[i]);
        assert_int_equal(stat(path, &file), 0);
        assert_int_equal(file.st_mode & 0777, 0444);
    }
}

static void the_same_episodes_give_the_same_bytes(void **state)
{
    const imp_dataset_info info = fixture_info(16, 12);
    char a[PATH_MAX], b[PATH_MAX];
    in_folder(a, *state, "a");
    in_folder(b, *state, "b");
    write_dataset(a, &info, 20);
    usleep(1100000); // so that a time stamp would show
    write_dataset(b, &info, 20);
    assert_same_file(a, b, "shard-00000.hdf5");
    assert_same_file(a, b, "shard-00001.hdf5");
    assert_same_file(a, b, "main_data.hdf5");
    assert_same_file(a, b, "metadata.json");
}

static uint64_t dataset_hash(const char *folder)
{
    imp_error err = {0};
    imp_dataset *dataset;
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    const uint64_t hash = imp_dataset_hash(dataset);
    imp_dataset_close(dataset);
    return hash;
}

static void the_hash_follows_the_episodes_alone(void **state)
{
    const imp_dataset_info info = fixture_info(8, 6);
    imp_error err = {0};
    imp_dataset_writer *writer;
    int written;
    char a[PATH_MAX], b[PATH_MAX], c[PATH_MAX];
    in_folder(a, *state, "a");
    in_folder(b, *state, "b");
    in_folder(c, *state, "c");
    write_dataset(a, &info, 6);
    write_dataset(c, &info, 7);
    assert_ok(imp_dataset_writer_create(&writer, b, &info, false, &written, &err), err);
    add_fixture_episodes(writer, &info, 0, 2);
    assert_ok(imp_dataset_writer_flush(writer, &err), err);
    add_fixture_episodes(writer, &info, 2, 6);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    // flushing leaves no trace in the bytes
    assert_int_equal(count_files(b, ".hdf5"), 2);
    assert_same_file(a, b, "shard-00000.hdf5");
    assert_same_file(a, b, "main_data.hdf5");
    assert_dataset(b, &info, 6);
    assert_true(dataset_hash(a) == dataset_hash(b));
    assert_true(dataset_hash(a) != dataset_hash(c));
}

static const char MAP_TEXT[] = "tile_size: 0.6\ntiles: [[straight/E, 4way]]\n";

static void add_on_custom_map(imp_dataset_writer *writer, const imp_dataset_info *info, int first,
                              int end)
{
    for (int id = first; id < end; id++) {
        imp_error err = {0};
        fixture_episode *made = fixture_episode_create(info, id);
        if (id % 3 == 1) { // the others are on a built-in map
            strcpy(made->episode.map, "town");
            made->episode.map_text = MAP_TEXT;
            made->episode.map_bytes = strlen(MAP_TEXT);
        }
        assert_ok(imp_dataset_writer_add(writer, &made->episode, &err), err);
        fixture_episode_destroy(made);
    }
}

// The text of a map that is not built in lies in the dataset, whenever it was interrupted.
static void a_map_of_ones_own_is_kept(void **state)
{
    const imp_dataset_info info = fixture_info(8, 6);
    imp_error err = {0};
    imp_dataset_writer *writer;
    imp_dataset *dataset;
    int written;
    char a[PATH_MAX], b[PATH_MAX], plain[PATH_MAX];
    in_folder(a, *state, "a");
    in_folder(b, *state, "b");
    in_folder(plain, *state, "plain");
    assert_ok(imp_dataset_writer_create(&writer, a, &info, false, &written, &err), err);
    add_on_custom_map(writer, &info, 0, 18);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    assert_ok(imp_dataset_writer_create(&writer, b, &info, false, &written, &err), err);
    add_on_custom_map(writer, &info, 0, 5);
    assert_ok(imp_dataset_writer_flush(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    assert_ok(imp_dataset_writer_create(&writer, b, &info, true, &written, &err), err);
    assert_int_equal(written, 5);
    add_on_custom_map(writer, &info, 5, 18);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    assert_same_file(a, b, "shard-00000.hdf5");
    assert_same_file(a, b, "shard-00001.hdf5");

    assert_ok(imp_dataset_open(&dataset, b, &err), err);
    int64_t findings = -1;
    assert_ok(imp_dataset_check(dataset, &findings, &err), err);
    for (int id = 0; id < 18; id++) {
        const imp_episode *episode = imp_dataset_episode(dataset, id);
        if (id % 3 == 1) {
            assert_int_equal(episode->map_bytes, strlen(MAP_TEXT));
            assert_memory_equal(episode->map_text, MAP_TEXT, strlen(MAP_TEXT));
        } else {
            assert_null(episode->map_text);
        }
    }
    imp_dataset_close(dataset);
    write_dataset(plain, &info, 18);
    assert_true(dataset_hash(plain) != dataset_hash(a));
}

// Writes one episode, changed by a function after recording, past the writer's checks.
static void overwrite_bytes(const char *folder, const char *file, const void *old, const void *new,
                            size_t size)
{
    char path[PATH_MAX];
    in_folder(path, folder, file);
    size_t length;
    char *bytes = read_whole_file(path, &length);
    char *at = memmem(bytes, length, old, size);
    assert_non_null(at);
    memcpy(at, new, size);
    write_whole_file(path, bytes, length);
    free(bytes);
}

static void expect_finding(const char *folder, const char *what)
{
    imp_error err = {0};
    imp_dataset *dataset;
    int64_t findings;
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    assert_int_equal(imp_dataset_check(dataset, &findings, &err), IMP_CHECK_FAILED);
    assert_int_equal(findings, 1);
    if (strstr(err.message, what) == NULL)
        fail_msg("\"%s\" does not tell \"%s\"", err.message, what);
    imp_dataset_close(dataset);
}

static void check_finds_wrong_numbers(void **state)
{
    const imp_dataset_info info = fixture_info(8, 6);
    char folder[PATH_MAX];
    fixture_episode *made = fixture_episode_create(&info, 1);
    for (int i = 0; i < 6; i++) {
        char name[16];
        snprintf(name, sizeof name, "data%d", i);
        in_folder(folder, *state, name);
        write_dataset(folder, &info, 3);
        const float fast[2] = {1.5f, 0}, unsound[1] = {NAN};
        const double nowhere[3] = {0, INFINITY, 0}, half[2] = {0, NAN};
        const uint8_t black[8 * 6 * 3] = {0};
        if (i == 0) {
            const float new[2] = {fast[0], made->actions[2][1]};
            overwrite_bytes(folder, "shard-00000.hdf5", made->actions[2], new, sizeof new);
            expect_finding(folder, "episode_1/actions: step 2 is not in [-1, 1]");
        } else if (i == 1) {
            overwrite_bytes(folder, "shard-00000.hdf5", &made->rewards[3], unsound, sizeof unsound);
            expect_finding(folder, "episode_1/rewards: step 3 is not finite");
        } else if (i == 2) {
            overwrite_bytes(folder, "shard-00000.hdf5", made->poses[4], nowhere, sizeof nowhere);
            expect_finding(folder, "episode_1/infos/poses: step 4 is not finite");
        } else if (i == 3) {
            overwrite_bytes(folder, "shard-00000.hdf5", made->lane[0], half, sizeof half);
            expect_finding(folder, "episode_1/infos/lane: step 0");
        } else if (i == 4) {
            uint8_t row[40];
            memcpy(row, made->observations + 480, sizeof row);
            row[20] ^= 1;
            overwrite_bytes(folder, "shard-00000.hdf5", made->observations + 480, row, sizeof row);
            expect_finding(folder, "episode_1 is not what was written");
        } else {
            overwrite_bytes(folder, "shard-00000.hdf5", made->observations, black, sizeof black);
            expect_finding(folder, "episode_1/observations: step 0 is black");
        }
    }
    fixture_episode_destroy(made);
}

static void check_finds_wrong_metadata(void **state)
{
    const imp_dataset_info info = fixture_info(4, 4);
    char folder[PATH_MAX], path[PATH_MAX];
    in_folder(folder, *state, "data");
    write_dataset(folder, &info, 3);
    overwrite_bytes(folder, "metadata.json", "\"total_episodes\": 3", "\"total_episodes\": 4", 19);
    expect_finding(folder, "metadata.json: claims 4 episodes");
    in_folder(path, folder, "metadata.json");
    write_whole_file(path, "{", 1);
    expect_finding(folder, "metadata.json: is not metadata that Minari can read");
    unlink(path);
    expect_finding(folder, "metadata.json");
}

static void the_writer_refuses_wrong_numbers(void **state)
{
    const imp_dataset_info info = fixture_info(8, 6);
    imp_error err = {0};
    imp_dataset_writer *writer;
    int written;
    char folder[PATH_MAX];
    in_folder(folder, *state, "data");
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, false, &written, &err), err);
    fixture_episode *made = fixture_episode_create(&info, 0);
    made->actions[1][0] = NAN;
    assert_int_equal(imp_dataset_writer_add(writer, &made->episode, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "actions: step 1"));
    made->actions[1][0] = 0;
    made->terminations[0] = 1;
    assert_int_equal(imp_dataset_writer_add(writer, &made->episode, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "terminations: step 0"));
    made->terminations[0] = 0;
    made->episode.map_text = "";
    assert_int_equal(imp_dataset_writer_add(writer, &made->episode, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "a map of 0 bytes"));
    made->episode.map_text = NULL;
    made->episode.steps = 0;
    assert_int_equal(imp_dataset_writer_add(writer, &made->episode, &err), IMP_USAGE);
    fixture_episode_destroy(made);
    add_fixture_episodes(writer, &info, 0, 1);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    assert_dataset(folder, &info, 1);
}

static void an_existing_folder_is_refused(void **state)
{
    const imp_dataset_info info = fixture_info(4, 4);
    imp_error err = {0};
    imp_dataset_writer *writer;
    int written = 0;
    char folder[PATH_MAX], path[PATH_MAX], wanted[PATH_MAX + 128];
    in_folder(folder, *state, "data");
    assert_int_equal(mkdir(folder, 0777), 0);
    assert_int_equal(imp_dataset_writer_create(&writer, folder, &info, false, &written, &err),
                     IMP_IO);
    snprintf(wanted, sizeof wanted, "%s exists", folder);
    assert_string_equal(err.message, wanted);
    assert_int_equal(err.hint, IMP_HINT_DATASET_EXISTS);

    // not a dataset: nothing in it may be touched
    in_folder(path, folder, "thesis.tex.tmp");
    write_whole_file(path, "words", 5);
    assert_int_equal(imp_dataset_writer_create(&writer, folder, &info, true, &written, &err),
                     IMP_BAD_INPUT);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(count_files(folder, ".hdf5"), 0);
    assert_int_equal(imp_dataset_writer_create(&writer, path, &info, true, &written, &err), IMP_IO);
}

static void resume_goes_on(void **state)
{
    const imp_dataset_info info = fixture_info(8, 6);
    imp_error err = {0};
    imp_dataset_writer *writer, *second;
    int written = -1;
    char folder[PATH_MAX], whole[PATH_MAX], path[PATH_MAX];
    in_folder(whole, *state, "whole");
    write_dataset(whole, &info, 37);

    // no folder yet: resume starts one; the last two episodes are never flushed
    in_folder(folder, *state, "data");
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, true, &written, &err), err);
    assert_int_equal(written, 0);
    add_fixture_episodes(writer, &info, 0, 18);
    assert_int_equal(imp_dataset_writer_create(&second, folder, &info, true, &written, &err),
                     IMP_IO);
    assert_non_null(strstr(err.message, "this process is writing here already"));
    imp_dataset_writer_destroy(writer);
    assert_dataset(folder, &info, 16);

    in_folder(path, folder, "shard-00001.hdf5.tmp");
    write_whole_file(path, "half", 4);
    in_folder(path, folder, "notes.txt");
    write_whole_file(path, "mine", 4);
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, true, &written, &err), err);
    assert_int_equal(written, 16);
    assert_int_equal(count_files(folder, ".tmp"), 0);
    assert_int_equal(access(path, F_OK), 0);
    add_fixture_episodes(writer, &info, 16, 37);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    assert_dataset(folder, &info, 37);
    for (int i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "shard-%05d.hdf5", i);
        assert_same_file(folder, whole, name);
    }
    assert_same_file(folder, whole, "main_data.hdf5");
    assert_same_file(folder, whole, "metadata.json");
}

static void resume_takes_in_what_the_index_lacks(void **state)
{
    const imp_dataset_info info = fixture_info(8, 6);
    imp_error err = {0};
    imp_dataset_writer *writer;
    int written = -1;
    char folder[PATH_MAX], path[PATH_MAX], aside[PATH_MAX];
    in_folder(folder, *state, "data");
    in_folder(path, folder, "main_data.hdf5");
    in_folder(aside, *state, "main_data.hdf5");
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, false, &written, &err), err);
    add_fixture_episodes(writer, &info, 0, 16);
    size_t length;
    char *early = read_whole_file(path, &length);
    add_fixture_episodes(writer, &info, 16, 32);
    imp_dataset_writer_destroy(writer);
    write_whole_file(path, early, length);
    free(early);
    assert_dataset(folder, &info, 16);
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, true, &written, &err), err);
    assert_int_equal(written, 32);
    imp_dataset_writer_destroy(writer);
    assert_dataset(folder, &info, 32);

    // without any index the shards still tell; without a shard nothing is guessed
    unlink(path);
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, true, &written, &err), err);
    assert_int_equal(written, 32);
    imp_dataset_writer_destroy(writer);
    in_folder(path, folder, "shard-00000.hdf5");
    assert_int_equal(rename(path, aside), 0);
    assert_int_equal(imp_dataset_writer_create(&writer, folder, &info, true, &written, &err),
                     IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "shard-00000.hdf5"));
}

static void resume_wants_the_same_settings(void **state)
{
    const imp_dataset_info info = fixture_info(8, 6);
    imp_error err = {0};
    imp_dataset_writer *writer;
    int written = -1;
    char folder[PATH_MAX];
    in_folder(folder, *state, "data");
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, false, &written, &err), err);
    imp_dataset_writer_destroy(writer);
    imp_dataset_info other = info;
    other.width = 9;
    assert_int_equal(imp_dataset_writer_create(&writer, folder, &other, true, &written, &err),
                     IMP_USAGE);
    assert_non_null(strstr(err.message, "8 x 6"));
    other = info;
    strcpy(other.settings, "{}");
    assert_int_equal(imp_dataset_writer_create(&writer, folder, &other, true, &written, &err),
                     IMP_USAGE);
    other = info;
    strcpy(other.policy, "\xff");
    assert_int_equal(imp_dataset_writer_create(&writer, folder, &other, true, &written, &err),
                     IMP_USAGE);
}

static void the_summary_adds_up(void **state)
{
    const imp_dataset_info info = fixture_info(4, 4);
    imp_error err = {0};
    imp_dataset_writer *writer;
    int written;
    char folder[PATH_MAX];
    in_folder(folder, *state, "data");
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, false, &written, &err), err);
    for (int id = 0; id < 3; id++) {
        fixture_episode *made = fixture_episode_create(&info, id);
        for (int i = 0; i <= made->episode.steps; i++) {
            made->poses[i][0] = 0.01 * i;
            made->poses[i][1] = made->poses[i][2] = 1;
            if (!isnan(made->lane[i][0]))
                made->lane[i][0] = i % 2 == 0 ? 0.02 : -0.02;
        }
        for (int i = 0; i < made->episode.steps; i++) {
            made->rewards[i] = (float)(id + 1);
            made->actions[i][0] = 0.5f;
            made->actions[i][1] = -0.25f;
            made->expert_actions[i][0] = 0.25f;
            made->expert_actions[i][1] = -0.5f;
        }
        assert_ok(imp_dataset_writer_add(writer, &made->episode, &err), err);
        fixture_episode_destroy(made);
    }
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);

    imp_dataset *dataset;
    imp_dataset_summary summary;
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    imp_dataset_summarize(dataset, &summary);
    imp_dataset_close(dataset);
    assert_int_equal(summary.episodes, 3);
    assert_int_equal(summary.steps, 5 + 6 + 7);
    assert_int_equal(summary.steps_min, 5);
    assert_int_equal(summary.steps_max, 7);
    assert_int_equal(summary.terminated, 1);
    assert_int_equal(summary.truncated, 1);
    assert_int_equal(summary.open_ended, 1);
    assert_int_equal(summary.off_lane, 1);
    assert_float_equal(summary.action_mean[0], 0.5, 1e-12);
    assert_float_equal(summary.action_max[1], -0.25, 1e-12);
    assert_float_equal(summary.expert_difference, 0.25, 1e-12);
    assert_float_equal(summary.lane_distance_mean, 0.02, 1e-12);
    assert_float_equal(summary.lane_distance_max, 0.02, 1e-12);
    assert_float_equal(summary.reward_min, 5, 1e-12);
    assert_float_equal(summary.reward_max, 21, 1e-12);
    assert_float_equal(summary.reward_mean, (5 + 12 + 21) / 3.0, 1e-12);
    assert_float_equal(summary.distance, 0.18, 1e-12);
    assert_float_equal(summary.speed_mean, 0.3, 1e-12);
}

static void unknown_values_are_nan(void **state)
{
    const imp_dataset_info info = fixture_info(4, 4);
    imp_error err = {0};
    imp_dataset_writer *writer;
    int written;
    char folder[PATH_MAX];
    in_folder(folder, *state, "data");
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, false, &written, &err), err);
    assert_int_equal(imp_dataset_writer_set_origin(writer, "\xff", &err), IMP_USAGE);
    assert_ok(imp_dataset_writer_set_origin(writer, "{\"from\": \"a bag\"}", &err), err);
    for (int id = 0; id < 2; id++) {
        fixture_episode *made = fixture_episode_create(&info, id);
        for (int i = 0; id == 1 && i <= made->episode.steps; i++) {
            made->poses[i][0] = made->poses[i][1] = made->poses[i][2] = NAN;
            made->lane[i][0] = made->lane[i][1] = NAN;
            if (i < made->episode.steps)
                made->rewards[i] = NAN;
        }
        assert_ok(imp_dataset_writer_add(writer, &made->episode, &err), err);
        // known in part is a mistake
        if (id == 1) {
            made->poses[2][1] = 0;
            assert_int_equal(imp_dataset_writer_add(writer, &made->episode, &err), IMP_USAGE);
            assert_non_null(strstr(err.message, "infos/poses: step 2 is known, others are not"));
            made->poses[2][1] = NAN;
            made->rewards[0] = 1;
            assert_int_equal(imp_dataset_writer_add(writer, &made->episode, &err), IMP_USAGE);
            assert_non_null(strstr(err.message, "rewards: step 1 is not finite"));
        }
        fixture_episode_destroy(made);
    }
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);

    imp_dataset *dataset;
    imp_dataset_summary summary;
    int64_t findings;
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    assert_ok(imp_dataset_check(dataset, &findings, &err), err);
    assert_string_equal(imp_dataset_origin(dataset), "{\"from\": \"a bag\"}");
    imp_dataset_summarize(dataset, &summary);
    assert_int_equal(summary.unknown_positions, 6);
    assert_int_equal(summary.rewarded, 1);
    assert_true(isfinite(summary.distance) && isfinite(summary.reward_mean) &&
                isfinite(summary.lane_distance_mean) && isfinite(summary.speed_mean));
    imp_dataset_close(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(every_field_comes_back),
        SCRATCH_TEST(finished_files_are_read_only),
        SCRATCH_TEST(the_same_episodes_give_the_same_bytes),
        SCRATCH_TEST(the_hash_follows_the_episodes_alone),
        SCRATCH_TEST(a_map_of_ones_own_is_kept),
        SCRATCH_TEST(unknown_values_are_nan),
        SCRATCH_TEST(check_finds_wrong_numbers),
        SCRATCH_TEST(check_finds_wrong_metadata),
        SCRATCH_TEST(the_writer_refuses_wrong_numbers),
        SCRATCH_TEST(an_existing_folder_is_refused),
        SCRATCH_TEST(resume_goes_on),
        SCRATCH_TEST(resume_takes_in_what_the_index_lacks),
        SCRATCH_TEST(resume_wants_the_same_settings),
        SCRATCH_TEST(the_summary_adds_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
