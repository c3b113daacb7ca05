// Online training: the same bytes whatever the threads and interruptions; what is learned from is
// driven by the network itself, and the oldest of it goes.
#include "learn/learn_fixture.h"

static imp_online_def small_online(int epochs)
{
    imp_online_def def = imp_default_online_def();
    const double share = def.collect.expert_share;
    def.collect = small_collect(2, 24);
    def.collect.expert_share = share;
    def.collect.mix_steps = 5;
    def.collect.noise = 0.1;
    def.replay_buffer = 6;
    strcpy(def.train.network.architecture, "small");
    def.train.epochs = epochs;
    def.train.checkpoint_steps = 2;
    def.train.tensorboard = false;
    return def;
}

static void train_online(const char *to, const imp_online_def *def)
{
    imp_error err = {0};
    imp_train_summary summary;
    assert_ok(imp_train_online(&summary, to, def, NULL, &err), err);
    assert_int_equal(summary.epochs, def->train.epochs);
    assert_int_equal(summary.samples, 6 * 24);
}

static void assert_same_runs(const char *a, const char *b)
{
    static const char *const files[] = {"model.safetensors", "last.safetensors",
                                        "state.safetensors", "history.csv", "loss.svg"};
    char drivers_a[PATH_MAX], drivers_b[PATH_MAX];
    for (int k = 0; k < 5; k++)
        if (!files_are_equal(a, b, files[k]))
            fail_msg("%s differs between %s and %s", files[k], a, b);
    join(drivers_a, a, "drivers");
    join(drivers_b, b, "drivers");
    assert_same_folders(drivers_a, drivers_b);
}

static void bytes_do_not_depend_on_threads(void **state)
{
    (void)state;
    imp_online_def def = small_online(5);
    char *one = path_of("one"), *other = path_of("other"), *seeded = path_of("seeded");
    def.collect.sim.threads = def.train.trainer.threads = 1;
    train_online(one, &def);
    def.collect.sim.threads = 5;
    def.train.trainer.threads = 2;
    train_online(other, &def);
    assert_same_runs(one, other);
    // three parts of the buffer, each driven by another network; the first one's has gone
    assert_int_equal(file_count(in_folder("one/drivers")), 3);
    // the comparison is of something: other starts give another model
    def.collect.sim.env.seed++;
    train_online(seeded, &def);
    assert_false(files_are_equal(one, seeded, "model.safetensors"));
    free(one);
    free(other);
    free(seeded);
}

// Trains with a stop at every n-th time of asking, again and again. Returns how often it stopped.
static int train_with_stops(const char *to, imp_online_def def, int stop_at)
{
    for (int stops = 0; stops < 200; stops++) {
        stopper s = {.stop_at = stop_at};
        imp_monitor monitor = stopping_monitor(&s);
        imp_error err = {0};
        imp_train_summary summary;
        const imp_status status = imp_train_online(&summary, to, &def, &monitor, &err);
        if (status == IMP_OK)
            return stops;
        if (status != IMP_INTERRUPTED)
            fail_msg("%s", err.message);
        def.train.resume = true;
    }
    fail_msg("no end after 200 interruptions");
    return -1;
}

static void resumed_online_equals_uninterrupted(void **state)
{
    (void)state;
    imp_online_def def = small_online(6);
    char *whole = path_of("whole");
    train_online(whole, &def);
    // with one thread, so that it is asked after every step: filling the buffer again must fit in
    def.collect.sim.threads = 1;
    static const int stops[] = {151, 170, 263};
    for (int k = 0; k < 3; k++) {
        char name[16];
        snprintf(name, sizeof name, "stop-%d", stops[k]);
        char *stopped = path_of(name);
        assert_true(train_with_stops(stopped, def, stops[k]) >= 1);
        assert_same_runs(whole, stopped);
        free(stopped);
    }
    // other samples are refused
    imp_error err = {0};
    imp_train_summary summary;
    def.train.resume = true;
    def.collect.noise = 0.2;
    assert_int_equal(imp_train_online(&summary, whole, &def, NULL, &err), IMP_BAD_INPUT);
    free(whole);
}

static void history_network_improves_online(void **state)
{
    (void)state;
    imp_online_def def = small_online(20);
    def.train.trainer.learning_rate = 5e-3;
    imp_error err = {0};
    char line[256];
    double first = 0.0, last = 0.0;
    strcpy(def.train.network.architecture, history_network_path());
    char *to = path_of("past"), path[PATH_MAX];
    train_online(to, &def);
    join(path, to, "history.csv");
    FILE *history = fopen(path, "r");
    assert_non_null(history);
    assert_non_null(fgets(line, sizeof line, history));
    for (int k = 0; fgets(line, sizeof line, history) != NULL; k++) {
        assert_int_equal(sscanf(line, "%*d,%lf", &last), 1);
        first = k == 0 ? last : first;
    }
    fclose(history);
    print_message("loss %.4f, at last %.4f\n", first, last);
    assert_true(last < 0.7 * first);
    // it says where it learned
    imp_policy_factory *driver;
    assert_ok(imp_policy_factory_open(&driver, to, &def.collect.sim.expert, &err), err);
    assert_true(imp_policy_factory_was_trained_on_map(driver, "loop_empty"));
    imp_policy_factory_close(driver);
    free(to);
}

static void bad_settings_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_train_summary summary;
    imp_online_def def = small_online(2);
    def.replay_buffer = 5; // not a multiple of 2
    assert_int_equal(imp_train_online(&summary, in_folder("odd"), &def, NULL, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "multiple"));
    def = small_online(2);
    def.cookie = 0;
    assert_int_equal(imp_train_online(&summary, in_folder("odd"), &def, NULL, &err), IMP_USAGE);
    def = small_online(2);
    def.collect.noise = -1.0;
    assert_int_equal(imp_train_online(&summary, in_folder("odd"), &def, NULL, &err), IMP_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(bytes_do_not_depend_on_threads),
        FOLDER_TEST(resumed_online_equals_uninterrupted),
        FOLDER_TEST(history_network_improves_online),
        FOLDER_TEST(bad_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
