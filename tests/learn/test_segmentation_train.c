// Training segmenters: images that do not depend on threads, figures, resuming, learning.
#include "learn/learn_fixture.h"

#include <math.h>

#include "evaluate/evaluation_report/training_history.h"
#include "learn/segmentation_training/segmentation_score.h"

static const char *const MAPS[] = {"loop_obstacles", "4way", "udem1_empty"};

static imp_seg_train_def small_train(void)
{
    imp_seg_train_def def = imp_default_seg_train_def();
    def.sim.maps = MAPS;
    def.sim.map_count = 3;
    def.sim.split = IMP_SPLIT_ALL;
    def.sim.camera.width = 40;
    def.sim.camera.height = 32;
    def.train.epochs = 2;
    def.train.checkpoint_steps = 2;
    def.train.trainer.threads = 2;
    def.train.tensorboard = false; // its files tell the time
    def.images = 44;
    def.validation_images = 12;
    return def;
}

static imp_status train(imp_seg_train_summary *summary, const char *to,
                        const imp_seg_train_def *def, const imp_monitor *monitor, imp_error *err)
{
    return imp_train_segmenter(summary, to, def, monitor, err);
}

// The n-th image is the same in whatever piece, on however many threads it is taken.
static void images_depend_on_index_only(void **state)
{
    (void)state;
    enum { WIDTH = 40, HEIGHT = 32, COUNT = 21 };
    enum { CELLS = WIDTH * HEIGHT, SHARES = IMP_CLASS_COUNT * CELLS };
    static uint8_t images[2][COUNT][3 * CELLS];
    static float shares[2][COUNT][SHARES];
    imp_error err = {0};
    imp_map_set maps = {0};
    imp_randomization looks = imp_randomization_none();
    const imp_seg_train_def small = small_train();
    assert_ok(imp_randomization_parse_list(&looks, "looks", &err), err);
    assert_ok(imp_map_set_load(&maps, MAPS, 3, NULL, &err), err);
    for (int k = 0; k < 2; k++) {
        imp_thread_pool *pool;
        imp_seg_source *source;
        const imp_seg_source_def def = {
            &maps, &small.sim.env, &small.sim.camera, WIDTH, HEIGHT, &looks, 2};
        assert_ok(imp_thread_pool_create(&pool, k == 0 ? 1 : 3, &err), err);
        assert_ok(imp_seg_source_create(&source, &def, pool, &err), err);
        const int piece = k == 0 ? COUNT : 5;
        for (int first = 0; first < COUNT; first += piece)
            imp_seg_source_render(source, 100 + (uint32_t)first,
                                  COUNT - first < piece ? COUNT - first : piece, images[k][first],
                                  shares[k][first]);
        imp_seg_source_destroy(source);
        imp_thread_pool_destroy(pool);
    }
    assert_memory_equal(images[0], images[1], sizeof images[0]);
    assert_memory_equal(shares[0], shares[1], sizeof shares[0]);
    for (int i = 0; i < COUNT; i++)
        for (int cell = 0; cell < CELLS; cell++) {
            float sum = 0.0F;
            for (int c = 0; c < IMP_CLASS_COUNT; c++)
                sum += shares[0][i][c * CELLS + cell];
            assert_true(sum == 1.0F);
        }
    for (int i = 1; i < COUNT; i++)
        assert_memory_not_equal(images[0][i], images[0][i - 1], sizeof images[0][i]);
    imp_map_set_free(&maps);
}

// Ten cells, of which two road ones are taken for white lines and a white one for road.
static void confusion_matrix_scores(void **state)
{
    (void)state;
    enum { CELLS = 10 };
    static const int is[CELLS] = {0, 0, 0, 1, 1, 1, 1, 2, 2, 2};
    static const int found[CELLS] = {0, 0, 0, 1, 1, 2, 2, 1, 2, 2};
    float truth[IMP_CLASS_COUNT * CELLS] = {0}, guess[IMP_CLASS_COUNT * CELLS] = {0};
    for (int k = 0; k < CELLS; k++) {
        truth[is[k] * CELLS + k] = 1.0F;
        guess[found[k] * CELLS + k] = 0.5F;
    }
    imp_confusion_matrix confusion = {0};
    imp_confusion_matrix_add(&confusion, truth, guess, CELLS);
    const imp_seg_score score = imp_confusion_matrix_score(&confusion);
    assert_close(score.iou[0], 1.0, 1e-12);
    assert_close(score.iou[1], 2.0 / 5.0, 1e-12);
    assert_close(score.iou[2], 2.0 / 5.0, 1e-12);
    assert_true(isnan(score.iou[3]));
    assert_close(score.mean_iou, 1.8 / 3.0, 1e-12);
    assert_close(score.accuracy, 0.7, 1e-12);
}

// Stopped at every moment and resumed, on another number of threads: the same bytes.
static void resumed_training_is_bit_exact(void **state)
{
    (void)state;
    static const char *const files[] = {
        "model.safetensors", "last.safetensors", "state.safetensors", "history.csv",
        "history.jsonl",     "loss.svg",         "segments.png"};
    imp_error err = {0};
    imp_seg_train_summary whole, summary;
    char *a = path_of("whole"), *b = path_of("pieces");
    imp_seg_train_def def = small_train();
    assert_ok(train(&whole, a, &def, NULL, &err), err);
    assert_int_equal(whole.train.samples, 44);
    def.train.resume = true;
    def.train.trainer.threads = 1;
    imp_status status = IMP_INTERRUPTED;
    for (int pieces = 0; status == IMP_INTERRUPTED; pieces++) {
        assert_true(pieces < 30);
        stopper s = {.stop_at = 2};
        const imp_monitor monitor = stopping_monitor(&s);
        status = train(&summary, b, &def, &monitor, &err);
    }
    assert_ok(status, err);
    for (size_t k = 0; k < sizeof files / sizeof files[0]; k++)
        if (!files_are_equal(a, b, files[k]))
            fail_msg("%s differs", files[k]);
    assert_true(whole.score.accuracy == summary.score.accuracy);
    // what is finished stays as it is; other settings are refused
    assert_ok(train(&summary, b, &def, NULL, &err), err);
    def.sim.randomization = imp_randomization_none();
    assert_int_equal(train(&summary, b, &def, NULL, &err), IMP_BAD_INPUT);
    assert_int_equal(err.hint, IMP_HINT_START_OVER);
    free(b);
    free(a);
}

// A few hundred images are enough to tell road from what is beside it; nothing learned is not.
static void validation_loss_decreases(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_seg_train_summary summary;
    char *to = path_of("learned");
    imp_seg_train_def def = small_train();
    def.sim.randomization = imp_randomization_none();
    def.images = 600;
    def.train.trainer.batch = 8;
    def.validation_images = 32;
    assert_ok(train(&summary, to, &def, NULL, &err), err);
    assert_true(summary.score.iou[IMP_CLASS_ROAD] > 0.7);
    assert_true(summary.score.iou[IMP_CLASS_BACKGROUND] > 0.7);
    assert_true(summary.train.best_loss < 0.6);
    imp_network *network;
    assert_ok(imp_segmenter_load(&network, to, &err), err);
    imp_network_destroy(network);
    free(to);
}

// A state whose settings have other names cannot be compared: it is refused, and says why.
static void state_of_another_version_is_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_seg_train_summary summary;
    char *to = path_of("aged"), path[PATH_MAX];
    size_t length;
    imp_seg_train_def def = small_train();
    def.train.epochs = 1;
    assert_ok(train(&summary, to, &def, NULL, &err), err);
    char *bytes = read_bytes(to, "state.safetensors", &length);
    char *line = memmem(bytes, length, "held_out: ", 10);
    assert_non_null(line);
    memcpy(line, "held-out", 8);
    join(path, to, "state.safetensors");
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    def.train.resume = true;
    assert_int_equal(train(&summary, to, &def, NULL, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "was saved by another version of imprint"));
    assert_int_equal(err.hint, IMP_HINT_NEW_TRAINING);
    free(bytes);
    free(to);
}

// What the loop can do for any samples it does for these.
static void loop_settings_count(void **state)
{
    (void)state;
    static const char *const names[] = {"cosine", "constant", "averaged", "sgd"};
    imp_error err = {0};
    imp_seg_train_summary summary;
    for (int k = 0; k < 4; k++) {
        imp_seg_train_def def = small_train();
        imp_training_history history = {0};
        char *to = path_of(names[k]), *first = path_of(names[0]);
        def.train.schedule = k == 1 ? IMP_SCHEDULE_CONSTANT : def.train.schedule;
        def.train.warm_up_steps = k == 1 ? 0 : def.train.warm_up_steps;
        def.train.trainer.ema_decay = k == 2 ? 0.5 : 0.0;
        def.train.trainer.optimiser = k == 3 ? IMP_OPTIMISER_SGD : IMP_OPTIMISER_ADAMW;
        assert_ok(train(&summary, to, &def, NULL, &err), err);
        assert_ok(imp_training_history_read(&history, to, 1000, &err), err);
        assert_int_equal(history.count, 2);
        if (k == 0) // three steps of two epochs are done: the fourth of fifty, where cosine is 1/2
            assert_close(history.rates[0], 3e-3 * 4 / 50 * 0.505, 3e-5);
        if (k == 1)
            assert_close(history.rates[1], 3e-3, 1e-12);
        assert_int_equal(files_are_equal(to, first, "model.safetensors"), k == 0);
        imp_training_history_free(&history);
        free(first);
        free(to);
    }
}

static void patience_stops_training(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_seg_train_summary summary;
    char *to = path_of("patient");
    imp_seg_train_def def = small_train();
    def.train.epochs = 1000;
    def.train.patience = 2;
    def.train.trainer.optimiser = IMP_OPTIMISER_SGD;
    def.train.trainer.learning_rate = 0.0;
    def.train.network.batch_norm = false; // or its statistics would go on changing
    assert_ok(train(&summary, to, &def, NULL, &err), err);
    assert_true(summary.train.stopped_early);
    assert_int_equal(summary.train.best_epoch, 1);
    assert_int_equal(summary.train.epochs, 3);
    assert_true(summary.score.accuracy >= 0.0);
    free(to);
}

static void exploding_loss_is_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_seg_train_summary summary;
    char *to = path_of("wild");
    imp_seg_train_def def = small_train();
    def.train.epochs = 1000;
    def.train.trainer.optimiser = IMP_OPTIMISER_SGD;
    def.train.trainer.learning_rate = 1e5;
    assert_int_equal(train(&summary, to, &def, NULL, &err), IMP_CHECK_FAILED);
    assert_non_null(strstr(err.message, "epoch 1, step "));
    assert_non_null(strstr(err.message, "there is no checkpoint yet"));
    assert_int_equal(file_count(to), 0);
    free(to);
}

// A model gives the weights to begin with: at a rate of 0 they make the difference.
static void weights_are_taken_from_a_model(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_seg_train_summary summary;
    char *first = path_of("first"), *next = path_of("next"), *random = path_of("random");
    imp_seg_train_def def = small_train();
    def.train.epochs = 1;
    def.train.tensorboard = true;
    assert_ok(train(&summary, first, &def, NULL, &err), err);
    assert_int_equal(file_count(first), 8); // the log for TensorBoard is one of them
    def.train.tensorboard = false;
    def.train.trainer.learning_rate = 0.0;
    assert_ok(train(&summary, random, &def, NULL, &err), err);
    def.train.initial = first;
    assert_ok(train(&summary, next, &def, NULL, &err), err);
    assert_false(files_are_equal(next, random, "model.safetensors"));
    free(random);
    free(next);
    free(first);
}

static void bad_settings_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_seg_train_summary summary;
    char *to = path_of("never");
    imp_seg_train_def def = small_train();
    def.train.epochs = 0;
    assert_int_equal(train(&summary, to, &def, NULL, &err), IMP_USAGE);
    def = small_train();
    def.sim.camera.height = 30;
    assert_int_equal(train(&summary, to, &def, NULL, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "40 x 32"));
    def = small_train();
    strcpy(def.train.network.architecture, "small");
    assert_int_equal(train(&summary, to, &def, NULL, &err), IMP_BAD_INPUT);
    def = small_train();
    def.sim.split = IMP_SPLIT_TRAIN;
    def.sim.map_count = 1;
    assert_int_equal(train(&summary, to, &def, NULL, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "split 'all'"));
    assert_int_equal(access(to, F_OK), -1);
    free(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_depend_on_index_only),
        cmocka_unit_test(confusion_matrix_scores),
        cmocka_unit_test(resumed_training_is_bit_exact),
        cmocka_unit_test(validation_loss_decreases),
        cmocka_unit_test(state_of_another_version_is_refused),
        cmocka_unit_test(loop_settings_count),
        cmocka_unit_test(patience_stops_training),
        cmocka_unit_test(exploding_loss_is_refused),
        cmocka_unit_test(weights_are_taken_from_a_model),
        cmocka_unit_test(bad_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
