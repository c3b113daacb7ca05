// Datasets of datasets: what stays, what goes, what is refused, and what is left of one that is
// killed at any step.
#include "data/dataset/dataset_fixture.h"

#include <signal.h>
#include <sys/wait.h>

#include "imprint/dataset_edit.h"

// Made-up episodes first..end-1 as a dataset.
static void write_range(const char *folder, const imp_dataset_info *info, int first, int end)
{
    imp_error err = {0};
    imp_dataset_writer *writer;
    int written;
    assert_ok(imp_dataset_writer_create(&writer, folder, info, false, &written, &err), err);
    add_fixture_episodes(writer, info, first, end);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
}

static uint64_t hash_of(const char *folder)
{
    imp_error err = {0};
    imp_dataset *dataset;
    int64_t findings;
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    assert_ok(imp_dataset_check(dataset, &findings, &err), err);
    const uint64_t hash = imp_dataset_hash(dataset);
    imp_dataset_close(dataset);
    return hash;
}

static void write_marks(const char *path, uint64_t dataset, const char *members)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "{\"format\": \"imprint-marks\", \"dataset\": \"%016llx\", %s}\n",
            (unsigned long long)dataset, members);
    fclose(file);
}

// Episodes go by number, mark and filter; the others are the same to the last bit.
static void a_copy_lacks_what_was_dropped(void **state)
{
    const imp_dataset_info info = fixture_info(8, 6);
    imp_error err = {0};
    imp_dataset_edit_summary summary;
    imp_dataset *dataset;
    char folder[PATH_MAX], copy[PATH_MAX], marks[PATH_MAX];
    in_folder(folder, *state, "data");
    in_folder(copy, *state, "copy");
    in_folder(marks, *state, "marks.json");
    write_range(folder, &info, 0, 20);
    // 3 and 5 are marked, 7 to 8 given; episode 2 has 7 steps, of which frames 2 and 3 go
    write_marks(marks, hash_of(folder),
                "\"version\": 1, \"episodes\": [3, 5], \"frames\": [{\"episode\": 2, \"first\": 2, "
                "\"last\": 3}, {\"episode\": 3, \"first\": 0, \"last\": 1}]");
    const imp_episode_range range = {7, 8};
    imp_dataset_drop_def def = imp_default_dataset_drop_def();
    def.marks = marks;
    def.episodes = &range;
    def.episode_range_count = 1;
    def.filter.ended_badly = true; // every third of the made-up episodes
    assert_ok(imp_dataset_drop_episodes(&summary, NULL, folder, &def, NULL, &err), err);
    assert_int_not_equal(access(copy, F_OK), 0);
    assert_ok(imp_dataset_drop_episodes(&summary, copy, folder, &def, NULL, &err), err);
    assert_int_equal(summary.dropped[IMP_DROP_MARKED], 2);
    assert_int_equal(summary.dropped[IMP_DROP_NUMBER], 2);
    assert_int_equal(summary.dropped[IMP_DROP_ENDED_BADLY], 6); // 0, 6, 9, 12, 15, 18
    assert_int_equal(summary.cut, 1);
    assert_int_equal(summary.cut_steps, 3);
    assert_int_equal(summary.episodes, 11);
    assert_ok(imp_dataset_open(&dataset, copy, &err), err);
    assert_int_equal(imp_dataset_episode_count(dataset), 11);
    assert_non_null(strstr(imp_dataset_origin(dataset), "\"ended badly\":6"));
    assert_string_equal(imp_dataset_get_info(dataset)->settings, info.settings);
    const int kept[] = {1, 2, 2, 4, 10, 11, 13, 14, 16, 17, 19};
    for (int k = 0; k < 11; k++) {
        fixture_episode *made = fixture_episode_create(&info, kept[k]);
        imp_episode expected = made->episode;
        if (k == 1) { // frames 0 and 1
            expected.steps = 1;
            expected.terminations = expected.truncations = (const uint8_t[1]){0};
        } else if (k == 2) { // frames 4 to 7
            expected.steps = 3;
            expected.observations += (size_t)4 * 8 * 6 * 3;
            expected.actions += 8;
            expected.expert_actions += 8;
            expected.poses += 12;
            expected.lane += 8;
            expected.rewards += 4;
            expected.terminations += 4;
            expected.truncations += 4;
        }
        assert_same_episode(&info, imp_dataset_episode(dataset, k), &expected);
        fixture_episode_destroy(made);
    }
    imp_dataset_close(dataset);
    hash_of(copy);
}

static void wrong_marks_and_numbers_are_refused(void **state)
{
    const imp_dataset_info info = fixture_info(8, 6);
    imp_error err = {0};
    imp_dataset_edit_summary summary;
    char folder[PATH_MAX], copy[PATH_MAX], marks[PATH_MAX];
    in_folder(folder, *state, "data");
    in_folder(copy, *state, "copy");
    in_folder(marks, *state, "marks.json");
    write_range(folder, &info, 0, 3);
    const uint64_t hash = hash_of(folder);
    const struct {
        uint64_t hash;
        const char *members, *message;
    } cases[] = {
        {hash + 1, "\"version\": 1, \"episodes\": [], \"frames\": []", "another dataset"},
        {hash, "\"version\": 2, \"episodes\": [], \"frames\": []", "another version"},
        {hash, "\"version\": 1, \"episodes\": [3], \"frames\": []", "within 0 and 2"},
        {hash, "\"version\": 1, \"episodes\": [0.5], \"frames\": []", "within 0 and 2"},
        {hash, "\"version\": 1, \"episodes\": []", "no lists"},
        {hash,
         "\"version\": 1, \"episodes\": [], \"frames\": [{\"episode\": 0, \"first\": 0, "
         "\"last\": 6}]",
         "within 0 and 5"},
        {hash,
         "\"version\": 1, \"episodes\": [], \"frames\": [{\"episode\": 0, \"first\": 3, "
         "\"last\": 2}]",
         "no range"},
        {hash, "\"version\": 1, \"episodes\": [0, 1, 2], \"frames\": []", "nothing would be left"},
        {hash, "\"version\": 1, ", "no JSON"},
    };
    imp_dataset_drop_def def = imp_default_dataset_drop_def();
    def.marks = marks;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        write_marks(marks, cases[k].hash, cases[k].members);
        assert_true(imp_dataset_drop_episodes(&summary, copy, folder, &def, NULL, &err) != IMP_OK);
        if (strstr(err.message, cases[k].message) == NULL)
            fail_msg("'%s' does not say '%s'", err.message, cases[k].message);
    }
    const imp_episode_range range = {2, 3};
    def = imp_default_dataset_drop_def();
    def.episodes = &range;
    def.episode_range_count = 1;
    assert_int_equal(imp_dataset_drop_episodes(&summary, copy, folder, &def, NULL, &err),
                     IMP_USAGE);
    assert_non_null(strstr(err.message, "episodes 0 to 2"));
    assert_int_not_equal(access(copy, F_OK), 0);
}

// Joining and appending give the bytes of a hash that one writer would give.
static void joined_datasets_hold_all_episodes(void **state)
{
    imp_dataset_info info = fixture_info(8, 6);
    imp_error err = {0};
    imp_dataset_edit_summary summary;
    char whole[PATH_MAX], first[PATH_MAX], second[PATH_MAX], merged[PATH_MAX], path[PATH_MAX];
    in_folder(whole, *state, "whole");
    in_folder(first, *state, "first");
    in_folder(second, *state, "second");
    in_folder(merged, *state, "merged");
    write_range(whole, &info, 0, 37);
    write_range(first, &info, 0, 21);
    strcpy(info.settings, "{\"seed\": 124, \"who\": \"Zoë\"}");
    write_range(second, &info, 21, 37);
    const char *const sources[] = {first, second};
    assert_ok(imp_dataset_merge(&summary, merged, sources, 2, IMP_STORAGE_SAME, NULL, &err), err);
    assert_int_equal(summary.episodes, 37);
    assert_true(hash_of(merged) == hash_of(whole));
    // what differs is no setting of both
    imp_dataset *dataset;
    assert_ok(imp_dataset_open(&dataset, merged, &err), err);
    assert_string_equal(imp_dataset_get_info(dataset)->settings, "{\"who\":\"Zoë\"}");
    assert_string_equal(imp_dataset_get_info(dataset)->policy, "expert");
    assert_non_null(strstr(imp_dataset_origin(dataset), "\"seed\":124"));
    imp_dataset_close(dataset);
    // the full shard is linked, files of others stay
    struct stat before, after;
    in_folder(path, first, "notes.txt");
    fclose(fopen(path, "w"));
    in_folder(path, first, "shard-00000.hdf5");
    assert_int_equal(stat(path, &before), 0);
    assert_ok(imp_dataset_append(&summary, first, sources + 1, 1, NULL, &err), err);
    assert_int_equal(summary.episodes, 37);
    assert_true(hash_of(first) == hash_of(whole));
    assert_int_equal(stat(path, &after), 0);
    assert_true(before.st_ino == after.st_ino);
    in_folder(path, first, "notes.txt");
    assert_int_equal(access(path, F_OK), 0);
    // again, or with itself: nothing is added twice
    assert_int_equal(imp_dataset_append(&summary, first, sources + 1, 1, NULL, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "give each dataset once"));
    assert_true(hash_of(first) == hash_of(whole));
    assert_int_equal(count_files(*state, ".partial"), 0);
}

static void what_does_not_fit_is_refused(void **state)
{
    imp_error err = {0};
    imp_dataset_edit_summary summary;
    char folders[5][PATH_MAX], out[PATH_MAX];
    static const char *const words[] = {"", "images of 8x6", "lens", "lasts", "observations"};
    in_folder(out, *state, "out");
    for (int k = 0; k < 5; k++) {
        char name[16];
        snprintf(name, sizeof name, "data%d", k);
        in_folder(folders[k], *state, name);
        imp_dataset_info info = fixture_info(8, k == 1 ? 7 : 6);
        if (k == 2)
            strcpy(info.lens, "none");
        if (k == 3)
            info.time_step = 0.1;
        if (k == 4)
            strcpy(info.observation, "segments");
        write_range(folders[k], &info, 10 * k, 10 * k + 2);
        const char *const sources[] = {folders[0], folders[k]};
        if (k == 0)
            continue;
        assert_int_equal(imp_dataset_merge(&summary, out, sources, 2, IMP_STORAGE_SAME, NULL, &err),
                         IMP_USAGE);
        if (strstr(err.message, words[k]) == NULL)
            fail_msg("'%s' does not say '%s'", err.message, words[k]);
        assert_int_equal(imp_dataset_append(&summary, folders[0], sources + 1, 1, NULL, &err),
                         IMP_USAGE);
    }
    assert_int_not_equal(access(out, F_OK), 0);
    // another map and driver may be: then it says so
    imp_dataset_info info = fixture_info(8, 6);
    strcpy(info.map, "udem1");
    strcpy(info.policy, "reference");
    in_folder(out, *state, "other");
    write_range(out, &info, 60, 62);
    const char *const more[] = {out};
    assert_ok(imp_dataset_append(&summary, folders[0], more, 1, NULL, &err), err);
    imp_dataset *dataset;
    assert_ok(imp_dataset_open(&dataset, folders[0], &err), err);
    assert_string_equal(imp_dataset_get_info(dataset)->map, "several");
    assert_string_equal(imp_dataset_get_info(dataset)->policy, "several");
    assert_int_equal(imp_dataset_episode_count(dataset), 4);
    imp_dataset_close(dataset);
    hash_of(folders[0]);
}

static void parts_hold_every_episode_once(void **state)
{
    const imp_dataset_info info = fixture_info(8, 6);
    imp_error err = {0};
    imp_dataset_edit_summary summary;
    char folder[PATH_MAX], parts[PATH_MAX], path[PATH_MAX];
    in_folder(folder, *state, "data");
    in_folder(parts, *state, "parts");
    write_range(folder, &info, 0, 20);
    assert_ok(imp_dataset_divide(&summary, parts, folder, 0.25, 9, NULL, &err), err);
    assert_int_equal(summary.episodes, 15);
    assert_int_equal(summary.validation_episodes, 5);
    bool is_held_out[20], seen[20] = {false};
    imp_dataset *dataset, *part;
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    const imp_dataset *const all = dataset;
    assert_ok(imp_dataset_split(is_held_out, &all, 1, 0.25, 9, &err), err);
    imp_dataset_close(dataset);
    for (int side = 0; side < 2; side++) {
        in_folder(path, parts, side == 1 ? "validation" : "train");
        assert_ok(imp_dataset_open(&part, path, &err), err);
        for (int k = 0; k < imp_dataset_episode_count(part); k++) {
            const int id = (int)(UINT32_MAX - imp_dataset_episode(part, k)->number);
            assert_int_equal(is_held_out[id], side);
            assert_false(seen[id]);
            seen[id] = true;
        }
        imp_dataset_close(part);
    }
    in_folder(path, *state, "none");
    assert_int_equal(imp_dataset_divide(&summary, path, folder, 0.0, 9, NULL, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "which has 20, would be in validation"));
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(count_files(*state, ".partial"), 0);
}

// Ends the process, or stops, at one of the steps.
typedef struct accident {
    int left;
    bool kills;
} accident;

static bool stop_or_die(void *context)
{
    accident *a = context;
    if (a->left-- > 0)
        return false;
    if (a->kills)
        kill(getpid(), SIGKILL);
    return true;
}

// Appends, or splits, in a process that dies at a step; true: it did not get that far.
static bool dies_at(int step, const char *folder, const char *const *more, const char *parts)
{
    const pid_t child = fork();
    if (child == 0) {
        accident a = {step, true};
        const imp_monitor monitor = {.should_stop = stop_or_die, .context = &a};
        imp_dataset_edit_summary summary;
        const imp_status status =
            parts == NULL ? imp_dataset_append(&summary, folder, more, 1, &monitor, NULL)
                          : imp_dataset_divide(&summary, parts, folder, 0.3, 1, &monitor, NULL);
        _exit(status == IMP_OK ? 0 : 1);
    }
    int outcome;
    assert_int_equal(waitpid(child, &outcome, 0), child);
    return WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0;
}

static void nothing_is_half_done(void **state)
{
    const imp_dataset_info info = fixture_info(4, 4);
    imp_error err = {0};
    imp_dataset_edit_summary summary;
    char folder[PATH_MAX], more[PATH_MAX], whole[PATH_MAX], parts[PATH_MAX];
    in_folder(folder, *state, "data");
    in_folder(more, *state, "more");
    in_folder(whole, *state, "whole");
    in_folder(parts, *state, "parts");
    write_range(folder, &info, 0, 5);
    write_range(more, &info, 5, 10);
    write_range(whole, &info, 0, 10);
    const uint64_t before = hash_of(folder), after = hash_of(whole);
    const char *const sources[] = {more};
    // Ctrl-C: what lies beside is removed
    accident a = {3, false};
    const imp_monitor monitor = {.should_stop = stop_or_die, .context = &a};
    assert_int_equal(imp_dataset_append(&summary, folder, sources, 1, &monitor, &err),
                     IMP_INTERRUPTED);
    assert_int_equal(count_files(*state, ".partial"), 0);
    assert_true(hash_of(folder) == before);
    // killed: the next call removes it
    int step = 0;
    for (; !dies_at(step, folder, sources, NULL); step++)
        assert_true(hash_of(folder) == before);
    assert_int_equal(step, 5);
    assert_true(hash_of(folder) == after);
    for (step = 0; !dies_at(step, whole, NULL, parts); step++)
        assert_int_not_equal(access(parts, F_OK), 0);
    assert_int_equal(step, 10);
    assert_int_equal(count_files(*state, ".partial"), 0);
}

static bool is_compressed(const char *folder, uint64_t *hash)
{
    imp_error err = {0};
    imp_dataset *dataset;
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    const bool compressed = imp_dataset_get_info(dataset)->compressed;
    *hash = imp_dataset_hash(dataset);
    imp_dataset_close(dataset);
    return compressed;
}

// Compressed datasets hold the same episodes in the same bytes each time, and what is made of them
// is compressed, until another way is asked for.
static void compression_loses_nothing(void **state)
{
    const imp_dataset_info info = fixture_info(32, 24);
    imp_error err = {0};
    imp_dataset_edit_summary summary;
    imp_dataset_writer *writer;
    int written;
    char folder[PATH_MAX], packed[PATH_MAX], again[PATH_MAX], more[PATH_MAX], flat[PATH_MAX];
    in_folder(folder, *state, "data");
    in_folder(packed, *state, "packed");
    in_folder(again, *state, "again");
    in_folder(more, *state, "more");
    in_folder(flat, *state, "flat");
    write_range(folder, &info, 0, 18);
    write_range(more, &info, 18, 20);
    const uint64_t hash = hash_of(folder);
    uint64_t found;
    const char *const one[] = {folder}, *const two[] = {packed}, *const three[] = {more};
    assert_ok(imp_dataset_merge(&summary, packed, one, 1, IMP_STORAGE_COMPRESSED, NULL, &err), err);
    assert_true(is_compressed(packed, &found));
    assert_true(found == hash);
    assert_ok(imp_dataset_merge(&summary, again, one, 1, IMP_STORAGE_COMPRESSED, NULL, &err), err);
    assert_same_file(packed, again, "shard-00000.hdf5");
    assert_ok(imp_dataset_append(&summary, packed, three, 1, NULL, &err), err);
    assert_true(is_compressed(packed, &found));
    in_folder(again, *state, "plain");
    assert_ok(imp_dataset_merge(&summary, again, two, 1, IMP_STORAGE_PLAIN, NULL, &err), err);
    assert_false(is_compressed(again, &found));
    assert_true(found == hash_of(packed));
    // images of one colour become very small
    imp_dataset_info small = fixture_info(320, 240);
    small.compressed = true;
    assert_ok(imp_dataset_writer_create(&writer, flat, &small, false, &written, &err), err);
    fixture_episode *made = fixture_episode_create(&small, 1);
    memset(made->observations, 7, (size_t)(made->episode.steps + 1) * 320 * 240 * 3);
    assert_ok(imp_dataset_writer_add(writer, &made->episode, &err), err);
    fixture_episode_destroy(made);
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    struct stat file;
    in_folder(again, flat, "shard-00000.hdf5");
    assert_int_equal(stat(again, &file), 0);
    assert_in_range(file.st_size, 1, 40000);
    hash_of(flat);
}

// Figures of an episode whose actions and poses are known.
static void figures_say_what_went_wrong(void **state)
{
    imp_dataset_info info = fixture_info(4, 4);
    info.time_step = 0.1;
    imp_error err = {0};
    imp_dataset_writer *writer;
    imp_dataset *dataset;
    int written;
    char folder[PATH_MAX];
    in_folder(folder, *state, "data");
    assert_ok(imp_dataset_writer_create(&writer, folder, &info, false, &written, &err), err);
    for (int e = 0; e < 6; e++) {
        fixture_episode *made = fixture_episode_create(&info, 4); // 9 steps, not terminated
        made->episode.number = (uint32_t)e;
        for (int k = 0; k < 9; k++)
            for (int wheel = 0; wheel < 2; wheel++) {
                // the last episode's left wheel jumps by 1 in every step
                made->expert_actions[k][wheel] = 0.25F;
                made->actions[k][wheel] = made->expert_actions[k][wheel] + 0.01F * (float)(e % 5);
                if (e == 5 && wheel == 0)
                    made->actions[k][wheel] += 0.5F * (float)(k % 2);
            }
        for (int k = 0; k <= 9; k++) {
            // moves for the first and the last steps, and stands for 4 between
            made->poses[k][0] = 0.02 * (k < 3 ? k : k < 7 ? 3 : k - 4);
            made->poses[k][1] = 0.0;
            made->poses[k][2] = 0.0;
            made->lane[k][0] = k == 4 ? -0.08 : 0.02;
        }
        assert_ok(imp_dataset_writer_add(writer, &made->episode, &err), err);
        fixture_episode_destroy(made);
    }
    assert_ok(imp_dataset_writer_finish(writer, &err), err);
    imp_dataset_writer_destroy(writer);
    imp_episode_statistics all[6];
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    assert_ok(imp_dataset_episode_statistics(all, dataset, &err), err);
    imp_dataset_close(dataset);
    assert_close(all[3].difference, 0.03, 1e-7);
    assert_close(all[3].jerk, 0.0, 1e-9);
    assert_close(all[3].standing, 0.4, 1e-9);
    assert_close(all[3].lane_distance_max, 0.08, 1e-12);
    assert_close(all[3].lane_distance_mean, (0.08 + 8 * 0.02) / 9, 1e-12);
    assert_close(all[3].speed, 0.02 * 5 / 0.9, 1e-9);
    // of 9 steps 4 differ by 0.5 in one of two wheels; one wheel changes by 0.5 in 0.1 s
    assert_close(all[5].difference, sqrt(4 * 0.25 / 18), 1e-7);
    assert_close(all[5].difference_max, 0.5, 1e-7);
    assert_close(all[5].jerk, sqrt(0.25 / 2) / 0.1, 1e-6);
    // differences 0, .01, .02, .03, .04 and .2357: median .025, deviations' median .015
    assert_close(all[5].outlier, (all[5].difference - 0.025) / (1.4826 * 0.015), 1e-3);
    assert_string_equal(all[5].outlier_quantity, "difference");
    imp_episode_filter filter = imp_default_episode_filter();
    imp_drop_reason reason;
    assert_false(imp_episode_filter_matches(&filter, &all[5], &reason));
    filter.outlier = 4.0;
    filter.jerk = 3.0;
    assert_true(imp_episode_filter_matches(&filter, &all[5], &reason));
    assert_int_equal(reason, IMP_DROP_JERK);
    assert_false(imp_episode_filter_matches(&filter, &all[4], &reason));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(a_copy_lacks_what_was_dropped),
        SCRATCH_TEST(wrong_marks_and_numbers_are_refused),
        SCRATCH_TEST(joined_datasets_hold_all_episodes),
        SCRATCH_TEST(what_does_not_fit_is_refused),
        SCRATCH_TEST(parts_hold_every_episode_once),
        SCRATCH_TEST(nothing_is_half_done),
        SCRATCH_TEST(compression_loses_nothing),
        SCRATCH_TEST(figures_say_what_went_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
