// Training segmenters: pictures that do not depend on threads, figures, resuming, learning.
#include "learn/learn_fixture.h"

#include <math.h>

#include "learn/segmentation_training/segmentation_score.h"

static const char *const MAPS[] = {"loop_obstacles", "4way", "udem1_empty"};

static imp_seg_train_def small_train(void)
{
    imp_seg_train_def def = imp_default_seg_train_def();
    def.maps = MAPS;
    def.map_count = 3;
    def.split = IMP_SPLIT_ALL;
    def.camera.width = 40;
    def.camera.height = 32;
    def.epochs = 2;
    def.pictures = 44;
    def.held_out = 12;
    def.checkpoint_steps = 2;
    def.trainer.threads = 2;
    return def;
}

static imp_status train(imp_seg_train_summary *summary, const char *to,
                        const imp_seg_train_def *def, const imp_monitor *monitor, imp_error *err)
{
    return imp_train_segmenter(summary, to, def, monitor, err);
}

// The n-th picture is the same in whatever piece, on however many threads it is taken.
static void images_depend_on_index_only(void **state)
{
    (void)state;
    enum { WIDTH = 40, HEIGHT = 32, COUNT = 21 };
    enum { CELLS = WIDTH * HEIGHT, SHARES = IMP_CLASS_COUNT * CELLS };
    static uint8_t pictures[2][COUNT][3 * CELLS];
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
        const imp_seg_source_def def = {&maps, &small.env, &small.camera, WIDTH, HEIGHT, &looks, 2};
        assert_ok(imp_thread_pool_create(&pool, k == 0 ? 1 : 3, &err), err);
        assert_ok(imp_seg_source_create(&source, &def, pool, &err), err);
        const int piece = k == 0 ? COUNT : 5;
        for (int first = 0; first < COUNT; first += piece)
            imp_seg_source_render(source, 100 + (uint32_t)first,
                                  COUNT - first < piece ? COUNT - first : piece, pictures[k][first],
                                  shares[k][first]);
        imp_seg_source_destroy(source);
        imp_thread_pool_destroy(pool);
    }
    assert_memory_equal(pictures[0], pictures[1], sizeof pictures[0]);
    assert_memory_equal(shares[0], shares[1], sizeof shares[0]);
    for (int i = 0; i < COUNT; i++)
        for (int cell = 0; cell < CELLS; cell++) {
            float sum = 0.0F;
            for (int c = 0; c < IMP_CLASS_COUNT; c++)
                sum += shares[0][i][c * CELLS + cell];
            assert_true(sum == 1.0F);
        }
    for (int i = 1; i < COUNT; i++)
        assert_memory_not_equal(pictures[0][i], pictures[0][i - 1], sizeof pictures[0][i]);
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
    assert_int_equal(whole.pictures, 88);
    def.resume = true;
    def.trainer.threads = 1;
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
    def.randomization = imp_randomization_none();
    assert_int_equal(train(&summary, b, &def, NULL, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "--force"));
    free(b);
    free(a);
}

// A few hundred pictures are enough to tell road from what is beside it; nothing learned is not.
static void validation_loss_decreases(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_seg_train_summary summary;
    char *to = path_of("learned");
    imp_seg_train_def def = small_train();
    def.randomization = imp_randomization_none();
    def.pictures = 600;
    def.trainer.batch = 8;
    def.held_out = 32;
    assert_ok(train(&summary, to, &def, NULL, &err), err);
    assert_true(summary.score.iou[IMP_CLASS_ROAD] > 0.7);
    assert_true(summary.score.iou[IMP_CLASS_BACKGROUND] > 0.7);
    assert_true(summary.best_loss < 0.6);
    imp_network *network;
    assert_ok(imp_segmenter_load(&network, to, &err), err);
    imp_network_destroy(network);
    free(to);
}

static void bad_settings_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_seg_train_summary summary;
    char *to = path_of("never");
    imp_seg_train_def def = small_train();
    def.epochs = 0;
    assert_int_equal(train(&summary, to, &def, NULL, &err), IMP_USAGE);
    def = small_train();
    def.camera.height = 30;
    assert_int_equal(train(&summary, to, &def, NULL, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "40 x 32"));
    def = small_train();
    strcpy(def.network.architecture, "small");
    assert_int_equal(train(&summary, to, &def, NULL, &err), IMP_BAD_INPUT);
    def = small_train();
    def.split = IMP_SPLIT_TRAIN;
    def.map_count = 1;
    assert_int_equal(train(&summary, to, &def, NULL, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "--split all"));
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
        cmocka_unit_test(bad_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
