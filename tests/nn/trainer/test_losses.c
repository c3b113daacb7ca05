// What a step makes of its loss: clipped gradients, weighted samples, Huber.
#include "nn/trainer/loss.h"
#include "nn/trainer/toy_network.h"

// A gradient that is cut has the wanted length: one step of plain descent shows it.
static void test_clipping(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_trainer_def settings = settings_for(2, 2);
    settings.optimiser = IMP_OPTIMISER_SGD;
    settings.momentum = settings.weight_decay = 0.0;
    settings.learning_rate = 1.0;
    settings.clip_norm = 1e-3;
    for (int cut = 0; cut < 2; cut++) {
        settings.clip_norm = cut == 1 ? 1e-3 : 1e6;
        pair p = make_with("one-residual", false, &settings);
        const size_t count = (size_t)p.network->graph.trained;
        float *before = malloc(count * sizeof *before);
        assert_non_null(before);
        memcpy(before, p.network->values, count * sizeof *before);
        const imp_batch batch = toy_batch(0, BATCH);
        double loss, moved = 0.0;
        assert_ok(imp_trainer_step(p.trainer, &batch, &loss, &err), err);
        for (size_t i = 0; i < count; i++)
            moved += pow((double)p.network->values[i] - (double)before[i], 2.0);
        const double norm = imp_trainer_gradient_norm(p.trainer);
        assert_true(norm > 0.1);
        assert_close(sqrt(moved), cut == 1 ? 1e-3 : norm, (cut == 1 ? 1e-3 : norm) * 1e-3);
        free(before);
        clear(&p);
    }
}

// Samples of weight 0 are as if they were not there, but for the mean; all of weight 1 are as none.
static void test_weights_of_samples(void **state)
{
    (void)state;
    imp_error err = {0};
    pair none = make(false, 1, 1), ones = make(false, 1, 1), zeros = make(false, 1, 1),
         half = make(false, 1, 1);
    float weights[2][BATCH];
    double loss[4];
    for (int i = 0; i < BATCH; i++) {
        weights[0][i] = 1.0F;
        weights[1][i] = i < BATCH / 2 ? 2.0F : 0.0F;
    }
    imp_batch batch = toy_batch(0, BATCH);
    const imp_batch first_half = toy_batch(0, BATCH / 2);
    assert_ok(imp_trainer_step(none.trainer, &batch, &loss[0], &err), err);
    batch.weights = weights[0];
    assert_ok(imp_trainer_step(ones.trainer, &batch, &loss[1], &err), err);
    batch.weights = weights[1];
    assert_ok(imp_trainer_step(zeros.trainer, &batch, &loss[2], &err), err);
    assert_ok(imp_trainer_step(half.trainer, &first_half, &loss[3], &err), err);
    assert_true(loss[0] == loss[1]);
    assert_same(&none, &ones);
    assert_close(loss[2], loss[3], 1e-6 * loss[3]);
    for (int64_t i = 0; i < zeros.network->graph.trained; i++)
        assert_close((double)zeros.trainer->first[i], (double)half.trainer->first[i],
                     2e-4 * imp_trainer_gradient_norm(half.trainer));
    weights[0][3] = NAN;
    batch.weights = weights[0];
    assert_int_equal(imp_trainer_step(ones.trainer, &batch, &loss[1], &err), IMP_CHECK_FAILED);
    assert_same(&none, &ones);
    clear(&none);
    clear(&ones);
    clear(&zeros);
    clear(&half);
}

static void test_huber(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_trainer_def settings = settings_for(1, 1);
    settings.loss = IMP_LOSS_HUBER;
    // far apart, both loss and gradient are delta times those of the absolute error
    settings.huber_delta = 0.5;
    pair p = make_with("one-residual", false, &settings);
    imp_inference *inference;
    assert_ok(imp_inference_create(&inference, p.network, BATCH, &err), err);
    float out[2 * BATCH], labels[2 * BATCH];
    double wanted = 0.0;
    imp_inference_run(inference, data.frames, NULL, out);
    for (int i = 0; i < 2 * BATCH; i++) {
        const double error = i % 2 == 0 ? 0.25 : -3.0;
        labels[i] = out[i] - (float)error;
        wanted += (i % 2 == 0 ? 0.5 * 0.25 * 0.25 : 0.5 * (3.0 - 0.25)) / (2 * BATCH);
    }
    const imp_batch batch = {.count = BATCH, .frames = data.frames, .labels = labels};
    assert_close(imp_trainer_evaluate_loss(p.trainer, &batch), wanted, 1e-5);
    double loss;
    assert_ok(imp_trainer_step(p.trainer, &batch, &loss, &err), err);
    assert_close(loss, wanted, 1e-5);
    imp_inference_destroy(inference);
    clear(&p);
}

// A label at the limit stands for all beyond it: an output there costs and teaches nothing, one
// before it what it always did.
static void test_limit(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        imp_trainer_def settings = settings_for(1, 1);
        settings.loss = kind == 0 ? IMP_LOSS_MSE : IMP_LOSS_HUBER;
        settings.limit = 1.0;
        const float labels[] = {1.0F, -1.0F, 1.0F, -1.0F, 0.9F, -0.9F};
        const float outputs[] = {1.5F, -1.5F, 0.95F, -0.95F, 1.5F, -1.5F};
        float gradient[6], free_gradient[6];
        imp_loss_sample sample = {.output = outputs,
                                  .labels = labels,
                                  .gradient = gradient,
                                  .outputs = 6,
                                  .weight = 1.0,
                                  .scale = 1.0};
        const double loss = imp_loss_accumulate(0.0, &settings, &sample);
        settings.limit = 0.0;
        sample.gradient = free_gradient;
        const double free_loss = imp_loss_accumulate(0.0, &settings, &sample);
        for (int k = 0; k < 6; k++)
            assert_true(gradient[k] == (k < 2 ? 0.0F : free_gradient[k]) &&
                        free_gradient[k] != 0.0F);
        sample.outputs = 2;
        assert_close(loss, free_loss - imp_loss_accumulate(0.0, &settings, &sample), 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clipping),
        cmocka_unit_test(test_weights_of_samples),
        cmocka_unit_test(test_huber),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
