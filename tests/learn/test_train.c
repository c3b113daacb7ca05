// Training: the same bytes whatever the threads, interruptions and kills; and what is refused.
#include "learn/learn_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

enum { EPISODES = 6, STEPS = 30, EPOCHS = 3, BATCH = 16 };
// of one epoch: 5 episodes to train on, one to validate with
enum { EPOCH_STEPS = (5 * STEPS + BATCH - 1) / BATCH };

static imp_train_def small_train(void)
{
    imp_train_def def = imp_default_train_def();
    def.epochs = EPOCHS;
    def.validation = 0.2;
    def.checkpoint_steps = 4;
    def.tensorboard = false; // its files tell the time
    def.trainer.batch = BATCH;
    def.trainer.threads = 1;
    return def;
}

static char *make_data(const char *name, uint64_t seed, int width)
{
    imp_collect_def def = small_collect(EPISODES, STEPS);
    def.sim.env.seed = seed;
    def.sim.camera.width = width;
    char *path = path_of(name);
    collect(path, &def);
    return path;
}

static imp_train_summary train(const char *to, const char *data, const imp_train_def *def)
{
    imp_error err = {0};
    imp_train_summary summary;
    assert_ok(imp_train(&summary, to, &data, 1, def, NULL, &err), err);
    return summary;
}

static void bytes_do_not_depend_on_threads(void **state)
{
    (void)state;
    char *data = make_data("data", 1, SMALL_WIDTH);
    char *one = path_of("one"), *two = path_of("two"), *other = path_of("other");
    imp_train_def def = small_train();
    def.network.batch_norm = true;
    def.schedule = IMP_SCHEDULE_COSINE;
    imp_train_summary summary = train(one, data, &def);
    assert_int_equal(summary.samples, EPISODES * STEPS - STEPS);
    assert_int_equal(summary.validation_samples, STEPS);
    assert_int_equal(summary.epochs, EPOCHS);
    assert_true(summary.loss > 0 && summary.loss < 1);
    assert_true(summary.best_loss <= summary.validation_loss);
    def.trainer.threads = 2;
    train(two, data, &def);
    assert_int_equal(file_count(one), 6);
    assert_same_folders(one, two);
    def.seed++;
    train(other, data, &def);
    assert_false(files_are_equal(one, other, "last.safetensors"));
    free(one);
    free(two);
    free(other);
    free(data);
}

// The same episodes given twice, or copied, must not be trained on and held out at once.
static void repeated_episodes_stay_in_one_split(void **state)
{
    (void)state;
    char *data = make_data("data", 1, SMALL_WIDTH), *copy = make_data("copy", 1, SMALL_WIDTH);
    char *once = path_of("once"), *twice = path_of("twice");
    imp_train_def def = small_train();
    imp_train_summary alone = train(once, data, &def), summary;
    assert_int_equal(alone.repeated_episodes, 0);
    imp_error err = {0};
    const char *both[2] = {data, copy};
    const double weights[2] = {3, 1};
    def.data_weights = weights;
    assert_ok(imp_train(&summary, twice, both, 2, &def, NULL, &err), err);
    assert_int_equal(summary.repeated_episodes, EPISODES);
    assert_int_equal(summary.samples, 2 * alone.samples);
    assert_int_equal(summary.validation_samples, 2 * alone.validation_samples);
    free(data);
    free(copy);
    free(once);
    free(twice);
}

static void history_rows_and_best_model_kept(void **state)
{
    (void)state;
    char *data = make_data("data", 1, SMALL_WIDTH), *to = path_of("model");
    imp_train_def def = small_train();
    imp_train_summary summary = train(to, data, &def);
    size_t length;
    char *text = read_bytes(to, "history.csv", &length);
    text[length] = '\0';
    double loss = NAN, validation = NAN, best = INFINITY;
    int epoch = 0, best_epoch = 0;
    char *line = strchr(text, '\n');
    for (; line != NULL && line[1] != '\0'; line = strchr(line + 1, '\n')) {
        int row;
        assert_int_equal(sscanf(line, "\n%d,%lf,%lf", &row, &loss, &validation), 3);
        assert_int_equal(row, ++epoch);
        if (validation < best) {
            best = validation;
            best_epoch = row;
        }
    }
    assert_memory_equal(text, "epoch,loss,validation_loss,learning_rate\n", 41);
    assert_int_equal(epoch, EPOCHS);
    assert_close(loss, summary.loss, 1e-8);
    assert_close(best, summary.best_loss, 1e-8);
    assert_int_equal(best_epoch, summary.best_epoch);
    free(text);
    // training to the best epoch only ends with the same model
    char *shorter = path_of("shorter");
    def.epochs = best_epoch;
    train(shorter, data, &def);
    assert_true(files_are_equal(shorter, to, "model.safetensors"));
    free(shorter);
    free(to);
    free(data);
}

// Trains with a stop at every n-th step until all is done; returns how often it was stopped.
static int train_with_stops(const char *to, const char *data, int stop_at)
{
    for (int stops = 0; stops < 100; stops++) {
        stopper s = {.stop_at = stop_at};
        imp_monitor monitor = stopping_monitor(&s);
        imp_error err = {0};
        imp_train_summary summary;
        imp_train_def def = small_train();
        def.resume = stops > 0;
        def.trainer.threads = 1 + stops % 2;
        imp_status status = imp_train(&summary, to, &data, 1, &def, &monitor, &err);
        if (status == IMP_OK)
            return stops;
        assert_int_equal(status, IMP_INTERRUPTED);
        assert_int_equal(err.hint, IMP_HINT_RESUME);
    }
    fail_msg("no end after 100 interruptions");
    return -1;
}

static void resumed_training_equals_uninterrupted(void **state)
{
    (void)state;
    char *data = make_data("data", 1, SMALL_WIDTH), *whole = path_of("whole");
    imp_train_def def = small_train();
    train(whole, data, &def);
    // in an epoch, at its end, and past it
    static const int stops[] = {1, 4, EPOCH_STEPS - 1, EPOCH_STEPS, EPOCH_STEPS + 3};
    for (int k = 0; k < 5; k++) {
        char name[16];
        snprintf(name, sizeof name, "stop-%d", stops[k]);
        char *to = path_of(name);
        int times = train_with_stops(to, data, stops[k]);
        assert_int_equal(times, EPOCHS * EPOCH_STEPS / stops[k]);
        assert_same_folders(whole, to);
        free(to);
    }
    // what is finished is not trained further
    def.resume = true;
    imp_train_summary summary = train(whole, data, &def);
    assert_int_equal(summary.epochs, EPOCHS);
    char *again = path_of("again");
    def.resume = false;
    train(again, data, &def);
    assert_same_folders(whole, again);
    free(again);
    free(whole);
    free(data);
}

static void training_extends_by_more_epochs(void **state)
{
    (void)state;
    char *data = make_data("data", 1, SMALL_WIDTH);
    char *whole = path_of("whole"), *grown = path_of("grown");
    imp_train_def def = small_train();
    train(whole, data, &def);
    def.epochs = 1;
    train(grown, data, &def);
    def.epochs = EPOCHS;
    def.resume = true;
    train(grown, data, &def);
    assert_same_folders(whole, grown);
    free(whole);
    free(grown);
    free(data);
}

// What this program does when it is started as the victim of a kill: trains, saving at every step.
static int train_until_killed(const char *to, const char *data)
{
    imp_train_def def = small_train();
    imp_train_summary summary;
    imp_error err = {0};
    def.resume = true;
    def.checkpoint_steps = 1;
    return imp_train(&summary, to, &data, 1, &def, NULL, &err);
}

// Starts a victim and kills it after so long. Returns whether that was before its end.
static bool train_and_kill(const char *to, const char *data, long microseconds)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        execl("/proc/self/exe", "test_train", "victim", to, data, (char *)NULL);
        _exit(99);
    }
    usleep((useconds_t)microseconds);
    kill(child, SIGKILL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        fail_msg("the victim failed by itself: %d", WEXITSTATUS(status));
    return WIFSIGNALED(status);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void killed_training_resumes_bit_exact(void **state)
{
    (void)state;
    enum { KILLS = 10 };
    char *data = make_data("data", 1, SMALL_WIDTH);
    char *whole = path_of("whole"), *trial = path_of("trial");
    imp_train_def def = small_train();
    train(whole, data, &def);
    // how long a victim lives when it is let live; any figure would do, a true one hits the middle
    double start = seconds_now();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        execl("/proc/self/exe", "test_train", "victim", trial, data, (char *)NULL);
        _exit(99);
    }
    int status, killed = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    double life = 1e6 * (seconds_now() - start);
    assert_same_folders(whole, trial);
    imp_random random = imp_random_stream((uint64_t)time(NULL), 0, 0, IMP_PURPOSE_TEST);
    for (int k = 0; k < KILLS; k++) {
        char name[16];
        snprintf(name, sizeof name, "kill-%d", k);
        char *to = path_of(name);
        // twice, so that a resumed run is killed as well
        for (int twice = 0; twice < 2; twice++)
            killed += train_and_kill(to, data, (long)imp_random_uniform(&random, 0, life));
        def.resume = true;
        train(to, data, &def);
        assert_same_folders(whole, to);
        free(to);
    }
    print_message("%d of %d victims were killed before their end\n", killed, 2 * KILLS);
    free(trial);
    free(whole);
    free(data);
}

static void assert_refused(const char *to, const char *data, const imp_train_def *def,
                           imp_status wanted, const char *why)
{
    imp_error err = {0};
    imp_train_summary summary;
    assert_int_equal(imp_train(&summary, to, &data, 1, def, NULL, &err), wanted);
    if (strstr(err.message, why) == NULL)
        fail_msg("wanted '%s', got '%s'", why, err.message);
}

static void resuming_other_settings_is_refused(void **state)
{
    (void)state;
    char *data = make_data("data", 1, SMALL_WIDTH), *to = path_of("model");
    char *like = make_data("like", 2, SMALL_WIDTH), *wide = make_data("wide", 1, SMALL_WIDTH + 2);
    char *copy = path_of("copy");
    imp_train_def def = small_train();
    def.epochs = 1;
    train(to, data, &def);
    train(copy, data, &def);
    def.resume = true;
    def.epochs = 2;
    // as many samples of the same size, but others
    assert_refused(to, like, &def, IMP_BAD_INPUT, "state.safetensors: was trained on other data");
    assert_refused(to, wide, &def, IMP_BAD_INPUT, "state.safetensors");
    imp_train_def other = def;
    other.seed++;
    assert_refused(to, data, &other, IMP_BAD_INPUT, "seed: 1, now 2");
    other = def;
    other.validation = 0.5;
    assert_refused(to, data, &other, IMP_BAD_INPUT, "state.safetensors");
    other = def;
    other.trainer.batch++;
    assert_refused(to, data, &other, IMP_BAD_INPUT, "state.safetensors");
    other = def;
    other.trainer.learning_rate *= 2;
    assert_refused(to, data, &other, IMP_BAD_INPUT, "state.safetensors");
    other = def;
    other.network.batch_norm = true;
    assert_refused(to, data, &other, IMP_BAD_INPUT, "state.safetensors");
    // and nothing was changed by that
    assert_same_folders(to, copy);
    char path[PATH_MAX];
    join(path, to, "state.safetensors");
    assert_int_equal(truncate(path, 1000), 0);
    assert_refused(to, data, &def, IMP_BAD_INPUT, "state.safetensors");
    free(copy);
    free(wide);
    free(like);
    free(to);
    free(data);
}

static void bad_definitions_are_refused(void **state)
{
    (void)state;
    char *data = make_data("data", 1, SMALL_WIDTH), *to = path_of("model");
    imp_train_def defs[8];
    for (int k = 0; k < 8; k++)
        defs[k] = small_train();
    defs[0].cookie = 0;
    defs[1].epochs = 0;
    defs[2].checkpoint_steps = 0;
    defs[3].validation = 1.0;
    defs[4].validation = NAN;
    defs[5].trainer.batch = 0;
    defs[6].trainer.learning_rate = NAN;
    snprintf(defs[7].network.architecture, sizeof defs[7].network.architecture, "no-such");
    for (int k = 0; k < 8; k++)
        assert_refused(to, data, &defs[k], IMP_USAGE, "");
    imp_train_def def = small_train();
    assert_refused(to, folder, &def, IMP_BAD_INPUT, folder);
    assert_refused(to, "/nowhere/data", &def, IMP_BAD_INPUT, "/nowhere/data");
    assert_int_not_equal(access(to, F_OK), 0);
    char *wide = make_data("wide", 1, SMALL_WIDTH + 2);
    const char *both[] = {data, wide};
    imp_error err = {0};
    imp_train_summary summary;
    assert_int_equal(imp_train(&summary, to, both, 2, &def, NULL, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "42 x 30"));
    assert_int_equal(imp_train(&summary, to, both, 0, &def, NULL, &err), IMP_USAGE);
    free(wide);
    free(to);
    free(data);
}

static void a_single_episode_is_trained_on_without_validation(void **state)
{
    (void)state;
    imp_collect_def collecting = small_collect(1, 20);
    char *data = path_of("data"), *to = path_of("model");
    collect(data, &collecting);
    imp_train_def def = small_train();
    imp_train_summary summary = train(to, data, &def);
    assert_int_equal(summary.samples, 20);
    assert_int_equal(summary.validation_samples, 0);
    assert_true(isnan(summary.validation_loss));
    assert_true(summary.best_epoch >= 1 && summary.best_loss <= summary.loss);
    assert_true(summary.seconds > 0.0);
    free(to);
    free(data);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "victim") == 0)
        return train_until_killed(argv[2], argv[3]);
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(bytes_do_not_depend_on_threads),
        FOLDER_TEST(repeated_episodes_stay_in_one_split),
        FOLDER_TEST(history_rows_and_best_model_kept),
        FOLDER_TEST(resumed_training_equals_uninterrupted),
        FOLDER_TEST(training_extends_by_more_epochs),
        FOLDER_TEST(killed_training_resumes_bit_exact),
        FOLDER_TEST(resuming_other_settings_is_refused),
        FOLDER_TEST(bad_definitions_are_refused),
        FOLDER_TEST(a_single_episode_is_trained_on_without_validation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
