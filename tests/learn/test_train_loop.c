// Training: schedules, patience, windows, and that what goes wrong leaves the last checkpoint good.
#include "learn/learn_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "evaluate/evaluation_report/training_history.h"

enum { EPISODES = 6, STEPS = 30, BATCH = 16, EPOCH_STEPS = (5 * STEPS + BATCH - 1) / BATCH };

static imp_train_def small_train(void)
{
    imp_train_def def = imp_default_train_def();
    def.epochs = 3;
    def.validation = 0.2;
    def.checkpoint_steps = 4;
    def.trainer.batch = BATCH;
    def.trainer.threads = 1;
    def.tensorboard = false; // its files tell the time
    return def;
}

static char *make_data(void)
{
    imp_collect_def def = small_collect(EPISODES, STEPS);
    char *path = path_of("data");
    if (access(path, F_OK) != 0)
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

static imp_training_history read_history(const char *of)
{
    imp_error err = {0};
    imp_training_history history = {0};
    assert_ok(imp_training_history_read(&history, of, 1000, &err), err);
    return history;
}

static void learning_rate_schedules(void **state)
{
    (void)state;
    char *data = make_data(), *step = path_of("step"), *cosine = path_of("cosine");
    imp_train_def def = small_train();
    def.schedule = IMP_SCHEDULE_STEP;
    def.epochs = 5;
    def.decay_epochs = 2;
    def.decay_factor = 0.5;
    def.warm_up_steps = EPOCH_STEPS + 5;
    train(step, data, &def);
    imp_training_history history = read_history(step);
    assert_int_equal(history.count, 5);
    assert_close(history.rates[0], 1e-3 * (EPOCH_STEPS + 1) / (EPOCH_STEPS + 5), 1e-12);
    assert_close(history.rates[1], 1e-3, 1e-12);
    assert_close(history.rates[2], 5e-4, 1e-12);
    assert_close(history.rates[4], 2.5e-4, 1e-12);
    imp_training_history_free(&history);
    def = small_train();
    def.schedule = IMP_SCHEDULE_COSINE;
    train(cosine, data, &def);
    history = read_history(cosine);
    assert_true(history.rates[0] > history.rates[1] && history.rates[1] > history.rates[2]);
    assert_true(history.rates[2] < 1.2e-5 && history.rates[2] >= 1e-5);
    imp_training_history_free(&history);
    free(cosine);
    free(step);
    free(data);
}

static void the_history_is_written_as_json_lines(void **state)
{
    (void)state;
    char *data = make_data(), *to = path_of("model");
    imp_train_def def = small_train();
    def.validation = 0.0;
    train(to, data, &def);
    size_t length;
    char *text = read_bytes(to, "history.jsonl", &length);
    text[length] = '\0';
    assert_memory_equal(text, "{\"epoch\": 1, \"loss\": ", 21);
    assert_non_null(strstr(text, ", \"validation_loss\": null, \"learning_rate\": 0.001}\n{"));
    free(text);
    free(to);
    free(data);
}

static void patience_stops_training(void **state)
{
    (void)state;
    char *data = make_data(), *to = path_of("model"), *stopped = path_of("stopped");
    imp_train_def def = small_train();
    def.epochs = 1000;
    def.patience = 2;
    def.trainer.learning_rate = 0.0; // the loss stays as it is
    imp_train_summary summary = train(to, data, &def);
    assert_true(summary.stopped_early);
    assert_int_equal(summary.best_epoch, 1);
    assert_int_equal(summary.epochs, 3);
    // resuming what has stopped does nothing
    def.resume = true;
    summary = train(to, data, &def);
    assert_true(summary.stopped_early);
    assert_int_equal(summary.epochs, 3);
    // and as many epochs without patience give the same
    def.resume = false;
    def.patience = 0;
    def.epochs = 3;
    summary = train(stopped, data, &def);
    assert_false(summary.stopped_early);
    assert_same_folders(to, stopped);
    free(stopped);
    free(to);
    free(data);
}

static void shuffle_window_resumes_bit_exact(void **state)
{
    (void)state;
    char *data = make_data(), *whole = path_of("whole"), *other = path_of("other");
    imp_train_def def = small_train();
    def.shuffle_buffer = 64;
    train(whole, data, &def);
    def.trainer.threads = 2;
    def.resume = true;
    int stops = 0;
    for (imp_status status = IMP_INTERRUPTED; status == IMP_INTERRUPTED; stops++) {
        stopper s = {.stop_at = 3};
        imp_monitor monitor = stopping_monitor(&s);
        imp_error err = {0};
        imp_train_summary summary;
        const char *from = data;
        status = imp_train(&summary, other, &from, 1, &def, &monitor, &err);
        assert_true(status == IMP_OK || status == IMP_INTERRUPTED);
    }
    assert_int_equal(stops, 3 * EPOCH_STEPS / 3 + 1);
    assert_same_folders(whole, other);
    // a window of all is as good as none, and none is as good as a wider one
    char *none = path_of("none"), *wide = path_of("wide");
    def.resume = false;
    def.shuffle_buffer = 0;
    train(none, data, &def);
    def.shuffle_buffer = 5 * STEPS;
    train(wide, data, &def);
    assert_same_folders(none, wide);
    assert_false(files_are_equal(none, whole, "last.safetensors"));
    free(wide);
    free(none);
    free(other);
    free(whole);
    free(data);
}

static void exploding_loss_keeps_checkpoint(void **state)
{
    (void)state;
    char *data = make_data(), *to = path_of("model"), *good = path_of("good");
    imp_train_def def = small_train();
    imp_train_summary summary;
    imp_error err = {0};
    const char *from = data;
    def.epochs = 1;
    train(to, data, &def);
    train(good, data, &def);
    def.trainer.learning_rate = 1e5;
    char *wild = path_of("wild");
    assert_int_equal(imp_train(&summary, wild, &from, 1, &def, NULL, &err), IMP_CHECK_FAILED);
    assert_non_null(strstr(err.message, "learning rate"));
    assert_non_null(strstr(err.message, "there is no checkpoint yet"));
    assert_int_equal(file_count(wild), 0);
    // with a slow start it comes later, and what was saved before stays
    def.warm_up_steps = 1 << 30;
    def.checkpoint_steps = 1;
    def.epochs = 1000;
    err = (imp_error){0};
    assert_int_equal(imp_train(&summary, wild, &from, 1, &def, NULL, &err), IMP_CHECK_FAILED);
    assert_non_null(strstr(err.message, "the loss exploded"));
    assert_non_null(strstr(err.message, "the last good checkpoint is of epoch"));
    def.resume = true;
    imp_error again = {0};
    assert_int_equal(imp_train(&summary, wild, &from, 1, &def, NULL, &again), IMP_CHECK_FAILED);
    assert_string_equal(again.message, err.message);
    assert_same_folders(to, good);
    free(wild);
    free(good);
    free(to);
    free(data);
}

// A monitor that fills the disk, as far as this process can tell, at the n-th step.
static bool fill_disk(void *context)
{
    int *steps = context;
    const struct rlimit limit = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
    if (--*steps == 0)
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    return false;
}

static void full_disk_keeps_checkpoint(void **state)
{
    (void)state;
    char *data = make_data(), *to = path_of("model"), *whole = path_of("whole");
    imp_train_def def = small_train();
    train(whole, data, &def);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    // in the middle of the second epoch: the model is there, the next state is not
    int steps = EPOCH_STEPS + 5;
    imp_monitor monitor = {.should_stop = fill_disk, .context = &steps};
    imp_error err = {0};
    imp_train_summary summary;
    const char *from = data;
    const imp_status status = imp_train(&summary, to, &from, 1, &def, &monitor, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, IMP_IO);
    assert_non_null(strstr(err.message, "state.safetensors"));
    assert_int_equal(file_count(to), 6); // and no temporary file
    def.resume = true;
    train(to, data, &def);
    assert_same_folders(whole, to);
    free(whole);
    free(to);
    free(data);
}

static void model_metadata_names_its_source(void **state)
{
    (void)state;
    char *data = make_data(), *to = path_of("model");
    imp_train_def def = small_train();
    def.settings = "{\"epochs\": 3}";
    const char *both[] = {data, data};
    imp_error err = {0};
    imp_train_summary summary;
    imp_network *network;
    char path[PATH_MAX];
    assert_ok(imp_train(&summary, to, both, 2, &def, NULL, &err), err);
    join(path, to, "model.safetensors");
    assert_ok(imp_network_load(&network, path, &err), err);
    char epoch[16];
    snprintf(epoch, sizeof epoch, "%d", summary.best_epoch);
    assert_string_equal(imp_network_metadata(network, "epoch"), epoch);
    assert_string_equal(imp_network_metadata(network, "settings"), def.settings);
    assert_string_equal(imp_network_metadata(network, "channel_order"), "RGB");
    assert_non_null(imp_network_metadata(network, "normalisation"));
    assert_non_null(imp_network_metadata(network, "action"));
    assert_non_null(imp_network_metadata(network, "validation_loss"));
    assert_string_equal(imp_network_metadata(network, "version"), imp_version());
    const char *hashes = imp_network_metadata(network, "dataset_hashes");
    assert_int_equal(strlen(hashes), 33);
    assert_memory_equal(hashes, hashes + 17, 16);
    imp_network_destroy(network);
    free(to);
    free(data);
}

static void tensorboard_log_per_run(void **state)
{
    (void)state;
    char *data = make_data(), *to = path_of("model");
    imp_train_def def = small_train();
    def.tensorboard = true;
    def.epochs = 1;
    train(to, data, &def);
    assert_int_equal(file_count(to), 7);
    def.resume = true;
    train(to, data, &def); // nothing was left to do
    assert_int_equal(file_count(to), 7);
    def.epochs = 2;
    train(to, data, &def);
    assert_int_equal(file_count(to), 8);
    free(to);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(learning_rate_schedules),
        FOLDER_TEST(the_history_is_written_as_json_lines),
        FOLDER_TEST(patience_stops_training),
        FOLDER_TEST(shuffle_window_resumes_bit_exact),
        FOLDER_TEST(exploding_loss_keeps_checkpoint),
        FOLDER_TEST(full_disk_keeps_checkpoint),
        FOLDER_TEST(model_metadata_names_its_source),
        FOLDER_TEST(tensorboard_log_per_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
