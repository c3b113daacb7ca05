// Training: it learns, its bytes depend on nothing but seed and shards, it goes on where it
// stopped.
#include "nn/trainer/toy_network.h"

// One step from the start, whatever the shards and however full the batch: the first moments are a
// tenth of the gradient, the second a thousandth of its square, and a weight moves by the learning
// rate against it.
static void test_one_step_is_adam_on_the_gradient(void **state)
{
    (void)state;
    imp_error err = {0};
    static const struct {
        int shards, count;
    } cases[] = {{1, BATCH}, {2, BATCH}, {3, BATCH}, {3, 7}, {3, 2}, {1, 1}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        pair p = make(false, cases[c].shards, 2);
        const imp_graph *graph = &p.network->graph;
        double *gradient = reference_gradient(p.network, cases[c].count);
        float *before = malloc((size_t)graph->values * sizeof *before);
        assert_non_null(before);
        memcpy(before, p.network->values, (size_t)graph->values * sizeof *before);
        const imp_batch batch = toy_batch(0, cases[c].count);
        double loss;
        assert_ok(imp_trainer_step(p.trainer, &batch, &loss, &err), err);
        for (int i = 0; i < graph->tensor_count; i++) {
            const imp_tensor *tensor = &graph->tensors[i];
            if (tensor->offset >= graph->trained)
                continue;
            double scale = 0.0;
            for (int64_t k = tensor->offset; k < tensor->offset + tensor->count; k++)
                scale = fmax(scale, fabs(gradient[k]));
            for (int64_t k = tensor->offset; k < tensor->offset + tensor->count; k++) {
                const double g = 10.0 * p.trainer->first[k];
                assert_true(fabs(g - gradient[k]) <= 1e-3 * scale);
                assert_true(fabs(p.trainer->second[k] - 1e-3 * g * g) <= 1e-7 * scale * scale);
                const double shrink = tensor->role == IMP_TENSOR_WEIGHT ? 1e-3 * 1e-3 : 0.0;
                const double moved = before[k] * (1.0 - shrink) - 1e-3 * g / (fabs(g) + 1e-8);
                assert_true(fabs(p.network->values[k] - moved) <= 2e-7 * (1.0 + fabs(moved)));
            }
        }
        free(before);
        free(gradient);
        clear(&p);
    }
}

static void test_learns(void **state)
{
    (void)state;
    for (int batch_norm = 0; batch_norm < 2; batch_norm++) {
        pair p = make(batch_norm == 1, 2, 2);
        const double before = evaluate(&p);
        const double last = train(&p, 0, 150);
        const double after = evaluate(&p);
        print_message("batch norm %d: loss %.4f before, %.5f in the last steps, %.5f after\n",
                      batch_norm, before, last, after);
        assert_true(after < 0.02 * before);
        assert_true(last < 0.02 * before);
        clear(&p);
    }
}

static void test_threads_do_not_matter(void **state)
{
    (void)state;
    for (int batch_norm = 0; batch_norm < 2; batch_norm++) {
        pair one = make(batch_norm == 1, 3, 1), two = make(batch_norm == 1, 3, 2);
        pair three = make(batch_norm == 1, 3, 3), other = make(batch_norm == 1, 2, 2);
        const double loss = train(&one, 0, 20);
        assert_true(loss == train(&two, 0, 20));
        assert_true(loss == train(&three, 0, 20));
        train(&other, 0, 20);
        assert_same(&one, &two);
        assert_same(&one, &three);
        assert_true(evaluate(&one) == evaluate(&two));
        // the shards do: were they without effect, this test would compare nothing
        assert_memory_not_equal(one.network->values, other.network->values,
                                (size_t)one.network->graph.values * sizeof(float));
        clear(&one);
        clear(&two);
        clear(&three);
        clear(&other);
    }
}

static void test_threads_do_not_matter_with_everything_on(void **state)
{
    (void)state;
    for (int kind = 0; imp_optimiser_name(kind) != NULL; kind++) {
        pair one = make_rich((imp_optimiser)kind, 3, 1),
             three = make_rich((imp_optimiser)kind, 3, 3);
        assert_true(train(&one, 0, 12) == train(&three, 0, 12));
        assert_same(&one, &three);
        assert_true(evaluate(&one) == evaluate(&three));
        // the average is not the weights
        assert_memory_not_equal(one.network->values, one.trainer->values,
                                (size_t)one.network->graph.trained * sizeof(float));
        clear(&one);
        clear(&three);
    }
}

// What is dropped belongs to the sample's place in the batch: however it is cut, the gradient is
// the same but for rounding.
static void test_dropout_does_not_see_shards(void **state)
{
    (void)state;
    imp_error err = {0};
    double loss[2];
    pair cut[2];
    for (int i = 0; i < 2; i++) {
        const imp_trainer_def settings = settings_for(1 + 2 * i, 2);
        cut[i] = make_with("dronet-like", false, &settings);
        const imp_batch batch = toy_batch(0, BATCH);
        assert_ok(imp_trainer_step(cut[i].trainer, &batch, &loss[i], &err), err);
    }
    assert_close(loss[0], loss[1], 1e-5 * loss[0]);
    const double norm = imp_trainer_gradient_norm(cut[0].trainer);
    assert_close(norm, imp_trainer_gradient_norm(cut[1].trainer), 1e-4 * norm);
    for (int64_t i = 0; i < cut[0].network->graph.trained; i++)
        assert_close((double)cut[0].trainer->first[i], (double)cut[1].trainer->first[i],
                     1e-4 * norm);
    clear(&cut[0]);
    clear(&cut[1]);
}

static void test_everything_on_learns(void **state)
{
    (void)state;
    for (int kind = 0; imp_optimiser_name(kind) != NULL; kind++) {
        pair p = make_rich((imp_optimiser)kind, 2, 2);
        const double before = evaluate(&p);
        const double last = train(&p, 0, 200);
        const double after = evaluate(&p);
        print_message("%s: loss %.4f before, %.5f in the last steps, %.5f of the average\n",
                      imp_optimiser_name(kind), before, last, after);
        assert_true(after < 0.15 * before);
        clear(&p);
    }
}

static void test_resume_with_everything_on(void **state)
{
    (void)state;
    imp_error err = {0};
    char path[] = "/tmp/imprint-trainer-XXXXXX";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    for (int kind = 0; imp_optimiser_name(kind) != NULL; kind++) {
        pair whole = make_rich((imp_optimiser)kind, 2, 2),
             first = make_rich((imp_optimiser)kind, 2, 2),
             second = make_rich((imp_optimiser)kind, 2, 1);
        train(&whole, 0, 12);
        train(&first, 0, 5);
        assert_ok(imp_trainer_save(first.trainer, path, NULL, &err), err);
        assert_ok(imp_trainer_load(second.trainer, path, NULL, 0, &err), err);
        train(&second, 5, 12);
        assert_same(&whole, &second);
        assert_true(evaluate(&whole) == evaluate(&second));
        clear(&whole);
        clear(&first);
        clear(&second);
    }
    // the last state is of SGD: others name what differs
    pair other = make_rich(IMP_OPTIMISER_ADAM, 2, 2);
    assert_int_equal(imp_trainer_load(other.trainer, path, NULL, 0, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "optimiser: sgd, now adam"));
    unlink(path);
    clear(&other);
}

static void test_resume_gives_the_same_bytes(void **state)
{
    (void)state;
    imp_error err = {0};
    char path[] = "/tmp/imprint-trainer-XXXXXX";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    pair whole = make(true, 2, 2), first = make(true, 2, 2), second = make(true, 2, 1);
    train(&whole, 0, 20);
    train(&first, 0, 10);
    assert_ok(imp_trainer_save(first.trainer, path, "{\"epoch\": 3}", &err), err);
    char progress[32];
    assert_ok(imp_trainer_load(second.trainer, path, progress, sizeof progress, &err), err);
    assert_string_equal(progress, "{\"epoch\": 3}");
    train(&second, 10, 20);
    assert_same(&whole, &second);

    // other settings, another network, a model file and a short buffer are refused, and change
    // nothing
    pair sharded = make(true, 1, 1), frozen = make(false, 2, 2);
    const pair untouched = second;
    assert_int_equal(imp_trainer_load(sharded.trainer, path, NULL, 0, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "shards: 2, now 1"));
    assert_int_equal(imp_trainer_load(frozen.trainer, path, NULL, 0, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "batch norm"));
    assert_int_equal(imp_trainer_load(second.trainer, path, progress, 5, &err), IMP_BAD_INPUT);
    assert_ok(imp_network_save(whole.network, path, NULL, &err), err);
    assert_int_equal(imp_trainer_load(second.trainer, path, NULL, 0, &err), IMP_BAD_INPUT);
    assert_same(&whole, &untouched);
    unlink(path);
    clear(&whole);
    clear(&first);
    clear(&second);
    clear(&sharded);
    clear(&frozen);
}

static void test_bad_labels_change_nothing(void **state)
{
    (void)state;
    imp_error err = {0};
    pair p = make(true, 2, 2), same = make(true, 2, 2);
    train(&p, 0, 3);
    train(&same, 0, 3);
    float labels[2 * BATCH];
    double loss = 7.0;
    static const float bad[] = {NAN, INFINITY, 3e38F};
    for (int i = 0; i < 3; i++) {
        memcpy(labels, data.labels, sizeof labels);
        labels[2 * BATCH - 1] = bad[i];
        const imp_batch batch = {.count = BATCH, .frames = data.frames, .labels = labels};
        assert_int_equal(imp_trainer_step(p.trainer, &batch, &loss, &err), IMP_CHECK_FAILED);
        assert_true(loss == 7.0);
    }
    assert_same(&p, &same);
    train(&p, 3, 6);
    train(&same, 3, 6);
    assert_same(&p, &same);
    const imp_batch none = toy_batch(0, 0), many = toy_batch(0, BATCH + 1);
    assert_int_equal(imp_trainer_step(p.trainer, &none, &loss, &err), IMP_USAGE);
    assert_int_equal(imp_trainer_step(p.trainer, &many, &loss, &err), IMP_USAGE);
    clear(&p);
    clear(&same);
}

static void test_inference_agrees_with_the_trainer(void **state)
{
    (void)state;
    imp_error err = {0};
    for (int batch_norm = 0; batch_norm < 2; batch_norm++) {
        pair p = make(batch_norm == 1, 2, 2);
        train(&p, 0, 12);
        imp_inference *one = NULL, *all = NULL;
        assert_ok(imp_inference_create(&one, p.network, 1, &err), err);
        assert_ok(imp_inference_create(&all, p.network, SAMPLES, &err), err);
        float out[2 * SAMPLES], single[2];
        double sum = 0.0;
        imp_inference_run(all, data.frames, NULL, out);
        for (int i = 0; i < SAMPLES; i++) {
            imp_inference_run(one, &data.frames[i], NULL, single);
            for (int k = 0; k < 2; k++) {
                assert_float_equal(single[k], out[2 * i + k], 1e-5);
                sum += pow(single[k] - data.labels[2 * i + k], 2) / (2 * SAMPLES);
            }
        }
        assert_float_equal(sum, evaluate(&p), 1e-5 * (1.0 + sum));

        // it has its own weights: training on does not change it
        const float kept = single[0];
        train(&p, 0, 3);
        imp_inference_run(one, &data.frames[SAMPLES - 1], NULL, single);
        assert_true(single[0] == kept);
        imp_inference_destroy(one);
        imp_inference_destroy(all);
        clear(&p);
    }
}

// Bytes that are allocated, as far as the C library counts them.
static size_t allocated(void)
{
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void test_steps_keep_nothing(void **state)
{
    (void)state;
    // one thread: a second one's first turn, whenever that is, has something to set up
    pair p = make_rich(IMP_OPTIMISER_ADAMW, 2, 1);
    enum { WARM = 3, STEPS = 64 };
    // both sizes of a batch, and the loss, once
    train(&p, 0, WARM);
    evaluate(&p);
    const size_t before = allocated();
    train(&p, WARM, WARM + STEPS);
    evaluate(&p);
    assert_true(allocated() == before);
    clear(&p);
}

static void test_wrong_settings(void **state)
{
    (void)state;
    imp_error err = {0};
    pair p = make(false, 1, 1);
    imp_trainer *none = NULL;
    imp_trainer_def def = imp_default_trainer_def();
    def.shards = 33;
    assert_int_equal(imp_trainer_create(&none, p.network, &def, &err), IMP_USAGE);
    def = imp_default_trainer_def();
    def.learning_rate = NAN;
    assert_int_equal(imp_trainer_create(&none, p.network, &def, &err), IMP_USAGE);
    def = imp_default_trainer_def();
    def.batch = 0;
    assert_int_equal(imp_trainer_create(&none, p.network, &def, &err), IMP_USAGE);
    def = imp_default_trainer_def();
    def.momentum = 1.0;
    assert_int_equal(imp_trainer_create(&none, p.network, &def, &err), IMP_USAGE);
    def = imp_default_trainer_def();
    def.ema_decay = -0.1;
    assert_int_equal(imp_trainer_create(&none, p.network, &def, &err), IMP_USAGE);
    def = imp_default_trainer_def();
    def.huber_delta = 0.0;
    assert_int_equal(imp_trainer_create(&none, p.network, &def, &err), IMP_USAGE);
    def = imp_default_trainer_def();
    def.cookie = 0;
    assert_int_equal(imp_trainer_create(&none, p.network, &def, &err), IMP_USAGE);
    imp_inference *inference = NULL;
    assert_int_equal(imp_inference_create(&inference, p.network, 0, &err), IMP_USAGE);
    imp_network_def network = imp_default_network_def();
    imp_network *nobody = NULL;
    strcpy(network.architecture, "resnet");
    assert_int_equal(imp_network_create(&nobody, &network, 1, &err), IMP_USAGE);
    network = imp_default_network_def();
    network.width = 4;
    assert_int_equal(imp_network_create(&nobody, &network, 1, &err), IMP_BAD_INPUT);
    assert_null(nobody);
    assert_null(none);
    clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_step_is_adam_on_the_gradient),
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_threads_do_not_matter_with_everything_on),
        cmocka_unit_test(test_dropout_does_not_see_shards),
        cmocka_unit_test(test_everything_on_learns),
        cmocka_unit_test(test_resume_gives_the_same_bytes),
        cmocka_unit_test(test_resume_with_everything_on),
        cmocka_unit_test(test_bad_labels_change_nothing),
        cmocka_unit_test(test_inference_agrees_with_the_trainer),
        cmocka_unit_test(test_steps_keep_nothing),
        cmocka_unit_test(test_wrong_settings),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
