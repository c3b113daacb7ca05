// Demonstrations as datasets: recorded, driven again at another size, labelled, and learnt from.
#include "learn_fixture.h"

#include "imprint/demonstration.h"

enum { EPISODES = 6, STEPS = 150 };

// Pure pursuit drives with motors that pull to a side, and is helped where it is 3 cm off.
static void record(const char *to, int threads)
{
    imp_error err = {0};
    imp_drive_record_summary summary;
    imp_drive_record_def def = imp_default_drive_record_def();
    def.policy = "pure-pursuit";
    def.episodes = EPISODES;
    def.steps = STEPS;
    def.take_over = 0.03;
    def.hand_back = 0.015;
    def.sim.env.drive.trim = 0.15;
    def.sim.threads = threads;
    assert_ok(imp_record_drives(&summary, to, &def, NULL, &err), err);
    assert_int_equal(summary.episodes, EPISODES);
    assert_true(summary.take_overs > 0 && summary.driven[IMP_DRIVER_PERSON] > 0);
    assert_true(summary.driven[IMP_DRIVER_EXPERT] > 0);
}

static imp_drive_import_def small_import(imp_drive_labels labels)
{
    imp_drive_import_def def = imp_default_drive_import_def();
    def.sim.camera.width = SMALL_WIDTH;
    def.sim.camera.height = SMALL_HEIGHT;
    def.sim.threads = 2;
    def.labels = labels;
    return def;
}

static imp_drive_import_summary import(const char *to, const char *from,
                                       const imp_drive_import_def *def)
{
    imp_error err = {0};
    imp_drive_import_summary summary;
    assert_ok(imp_import_drives(&summary, to, &from, 1, def, NULL, &err), err);
    return summary;
}

static void drives_do_not_depend_on_threads(void **state)
{
    (void)state;
    char *one = path_of("one"), *two = path_of("two");
    record(one, 1);
    record(two, 2);
    assert_same_folders(one, two);
    free(one);
    free(two);
}

// Every step has the expert's label, and what the drive says was executed.
static void a_dataset_holds_what_was_driven(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_dataset *dataset;
    imp_demonstration drive;
    int64_t findings;
    char *drives = path_of("drives"), *out = path_of("expert"), path[PATH_MAX];
    record(drives, 2);
    imp_drive_import_def def = small_import(IMP_LABELS_EXPERT);
    assert_ok(imp_randomization_parse_list(&def.sim.randomization, "looks,no-objects", &err), err);
    const imp_drive_import_summary summary = import(out, drives, &def);
    assert_int_equal(summary.episodes, EPISODES);
    assert_ok(imp_dataset_open(&dataset, out, &err), err);
    assert_ok(imp_dataset_check(dataset, &findings, &err), err);
    assert_int_equal(imp_dataset_step_count(dataset), summary.steps);
    assert_string_equal(imp_dataset_get_info(dataset)->policy, "several");
    const imp_episode *episode = imp_dataset_episode(dataset, 2);
    join(path, drives, "00002.drive.json");
    assert_ok(imp_demonstration_read(&drive, path, &err), err);
    assert_int_equal(episode->steps, drive.steps);
    assert_non_null(episode->randomization);
    assert_memory_equal(episode->drivers, drive.drivers, (size_t)drive.steps);
    assert_memory_equal(episode->actions, drive.actions,
                        2 * (size_t)drive.steps * sizeof *drive.actions);
    for (int k = 0; k < 2 * drive.steps; k++)
        assert_false(isnan(episode->expert_actions[k]));
    assert_true(episode->terminations[drive.steps - 1] + episode->truncations[drive.steps - 1] ==
                1);
    imp_demonstration_free(&drive);
    imp_dataset_close(dataset);
    free(drives);
    free(out);
}

// Only steps that the person drove have labels, and only these are learnt from.
static void a_person_s_labels_are_learnt(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_dataset *dataset;
    imp_train_summary trained;
    int64_t findings, labelled = 0;
    char *drives = path_of("helped"), *out = path_of("person"), *model = path_of("model");
    record(drives, 2);
    const imp_drive_import_def def = small_import(IMP_LABELS_PERSON);
    const imp_drive_import_summary summary = import(out, drives, &def);
    assert_ok(imp_dataset_open(&dataset, out, &err), err);
    assert_ok(imp_dataset_check(dataset, &findings, &err), err);
    for (int e = 0; e < EPISODES; e++) {
        const imp_episode *episode = imp_dataset_episode(dataset, e);
        for (int k = 0; k < episode->steps; k++) {
            const float *label = episode->expert_actions + 2 * k;
            const bool person = episode->drivers[k] == IMP_DRIVER_PERSON;
            assert_int_equal(isnan(label[0]), !person);
            labelled += person;
            if (person)
                assert_memory_equal(label, episode->actions + 2 * k, 2 * sizeof *label);
        }
    }
    assert_int_equal(labelled, summary.driven[IMP_DRIVER_PERSON]);
    imp_dataset_close(dataset);
    imp_train_def train = imp_default_train_def();
    strcpy(train.network.architecture, "small");
    train.epochs = 1;
    train.validation = 0.0;
    train.trainer.batch = 8;
    train.tensorboard = false;
    assert_ok(imp_train(&trained, model, (const char *const *)&out, 1, &train, NULL, &err), err);
    assert_int_equal(trained.samples, labelled);
    assert_true(isfinite(trained.loss));
    free(drives);
    free(out);
    free(model);
}

static void what_differs_leaves_no_dataset(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_drive_import_summary summary;
    imp_demonstration drive;
    char *drives = path_of("changed"), *out = path_of("none"), path[PATH_MAX];
    record(drives, 2);
    join(path, drives, "00003.drive.json");
    assert_ok(imp_demonstration_read(&drive, path, &err), err);
    drive.actions[2 * 40] = 0.5F;
    assert_ok(imp_demonstration_write(&drive, path, &err), err);
    imp_demonstration_free(&drive);
    imp_drive_import_def def = small_import(IMP_LABELS_EXPERT);
    const char *const from[] = {drives};
    assert_int_equal(imp_import_drives(&summary, out, from, 1, &def, NULL, &err), IMP_CHECK_FAILED);
    assert_non_null(strstr(err.message, "00003.drive.json"));
    assert_non_null(strstr(err.message, "the state after step 60 is another"));
    assert_int_equal(imp_import_drives(&summary, NULL, from, 1, &def, NULL, &err),
                     IMP_CHECK_FAILED);
    // a stop leaves nothing either
    stopper s = {.stop_at = 2};
    const imp_monitor monitor = stopping_monitor(&s);
    unlink(path);
    assert_int_equal(imp_import_drives(&summary, out, from, 1, &def, &monitor, &err),
                     IMP_INTERRUPTED);
    assert_int_not_equal(access(out, F_OK), 0);
    // what would change the states is refused
    assert_ok(imp_randomization_parse_list(&def.sim.randomization, "trim", &err), err);
    assert_int_equal(imp_import_drives(&summary, out, from, 1, &def, NULL, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "'trim'"));
    free(drives);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drives_do_not_depend_on_threads),
        cmocka_unit_test(a_dataset_holds_what_was_driven),
        cmocka_unit_test(a_person_s_labels_are_learnt),
        cmocka_unit_test(what_differs_leaves_no_dataset),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
