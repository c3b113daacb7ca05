// The doubt of networks: a regression with a known solution, hidden vectors that give the action,
// and fits whose bytes do not depend on threads and whose models drive as before.
#include "evaluate/evaluation_fixture.h"

#include <math.h>

#include "imprint/doubt.h"
#include "imprint/doubt_fit.h"
#include "learn/doubt_fit/logistic_regression.h"
#include "nn/network/doubt_head.h"

static void regressions_find_known_solutions(void **state)
{
    (void)state;
    imp_error err = {0};
    // one of four at 0 and three of four at 2: odds of 1/3 and 3, so the weight is log(9) / 2
    static const float x[8] = {0, 0, 0, 0, 2, 2, 2, 2};
    const bool y[8] = {true, false, false, false, true, true, true, false};
    const float *rows[8];
    double weight, bias, smaller;
    for (int k = 0; k < 8; k++)
        rows[k] = &x[k];
    imp_regression_data data = {rows, y, 8, 1};
    assert_ok(imp_logistic_regression_fit(&weight, &bias, &data, 1e-9, &err), err);
    assert_close(weight, log(9.0) / 2.0, 1e-5);
    assert_close(bias, log(1.0 / 3.0), 1e-5);
    // a penalty makes weights smaller, and leaves the mean of the predictions as it is
    assert_ok(imp_logistic_regression_fit(&smaller, &bias, &data, 5.0, &err), err);
    assert_true(smaller > 0.05 && smaller < 0.8 * weight);
    assert_close(1.0 / (1.0 + exp(-bias)) + 1.0 / (1.0 + exp(-bias - 2.0 * smaller)), 1.0, 1e-6);
    // samples that can be told apart have no largest likelihood without it
    const bool apart[8] = {false, false, false, false, true, true, true, true};
    data.labels = apart;
    assert_ok(imp_logistic_regression_fit(&weight, &bias, &data, 1.0, &err), err);
    assert_true(isfinite(weight) && weight > 0.5);
    const bool equal[8] = {false};
    data.labels = equal;
    assert_int_equal(imp_logistic_regression_fit(&weight, &bias, &data, 1.0, &err),
                     IMP_CHECK_FAILED);
}

// A small network with random weights that drives on, more or less straight.
static imp_network *make_driver(void)
{
    imp_error err = {0};
    imp_network *network;
    imp_network_def def = imp_default_network_def();
    strcpy(def.architecture, "small");
    def.width = SMALL_WIDTH;
    def.height = SMALL_HEIGHT;
    assert_ok(imp_network_create(&network, &def, 3, &err), err);
    const imp_graph *graph = &network->graph;
    const imp_tensor *bias = imp_graph_find_tensor(graph, graph->count - 1, IMP_TENSOR_BIAS);
    network->values[bias->offset] = network->values[bias->offset + 1] = 0.6F;
    return network;
}

static void make_image(uint8_t image[SMALL_WIDTH * SMALL_HEIGHT * 3], int seed)
{
    for (int k = 0; k < SMALL_WIDTH * SMALL_HEIGHT * 3; k++)
        image[k] = (uint8_t)(k * (7 + seed) % 251);
}

static void hidden_vectors_give_the_action(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_inference *inference;
    imp_network *network = make_driver();
    enum { HIDDEN = 32 };
    static uint8_t images[2][SMALL_WIDTH * SMALL_HEIGHT * 3];
    const uint8_t *frames[2] = {images[0], images[1]};
    float outputs[4], hidden[HIDDEN];
    make_image(images[0], 1);
    make_image(images[1], 2);
    assert_ok(imp_inference_create(&inference, network, 2, &err), err);
    assert_int_equal(imp_inference_feature_count(inference), HIDDEN);
    assert_false(imp_inference_has_doubt(inference));
    imp_inference_run(inference, frames, NULL, outputs);
    const imp_graph *graph = &network->graph;
    const imp_tensor *weight = imp_graph_find_tensor(graph, graph->count - 1, IMP_TENSOR_WEIGHT);
    for (int sample = 0; sample < 2; sample++) {
        imp_inference_read_features(inference, sample, hidden);
        for (int out = 0; out < 2; out++) {
            double sum = 0.6;
            for (int k = 0; k < HIDDEN; k++)
                sum +=
                    (double)network->values[weight->offset + out * HIDDEN + k] * (double)hidden[k];
            assert_close(outputs[2 * sample + out], sum, 1e-5);
        }
    }
    imp_inference_destroy(inference);
    imp_network_destroy(network);
}

static void save_with_doubt(const char *path, const char *doubt)
{
    imp_error err = {0};
    char metadata[1024];
    imp_network *network = make_driver();
    snprintf(metadata, sizeof metadata, "{\"doubt\": \"%s\"}", doubt);
    assert_ok(imp_network_save(network, path, metadata, &err), err);
    imp_network_destroy(network);
}

static void heads_are_read_from_models(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_inference *inference;
    imp_network *network;
    char text[512] = "-1.5", *path = path_of("model.safetensors");
    uint8_t image[SMALL_WIDTH * SMALL_HEIGHT * 3];
    const uint8_t *frames[1] = {image};
    float outputs[2], hidden[32];
    double odds = -1.5;
    make_image(image, 3);
    for (int k = 0; k < 32; k++)
        strcat(text, k % 2 == 0 ? " 0.25" : " -0.5");
    save_with_doubt(path, text);
    assert_ok(imp_network_load(&network, path, &err), err);
    assert_ok(imp_inference_create(&inference, network, 1, &err), err);
    assert_true(imp_inference_has_doubt(inference));
    imp_inference_run(inference, frames, NULL, outputs);
    imp_inference_read_features(inference, 0, hidden);
    for (int k = 0; k < 32; k++)
        odds += (k % 2 == 0 ? 0.25 : -0.5) * (double)hidden[k];
    assert_close(imp_inference_doubt(inference, 0), 1.0 / (1.0 + exp(-odds)), 1e-12);
    imp_inference_destroy(inference);
    imp_network_destroy(network);
    // too few numbers, too many, and others
    static const char *const wrong[] = {"-1.5 0.25", "", "nan", "1e99", "one"};
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0] + 1; k++) {
        char longer[560];
        snprintf(longer, sizeof longer, "%s 7", text);
        save_with_doubt(path, k < sizeof wrong / sizeof wrong[0] ? wrong[k] : longer);
        assert_ok(imp_network_load(&network, path, &err), err);
        assert_int_equal(imp_inference_create(&inference, network, 1, &err), IMP_BAD_INPUT);
        assert_non_null(strstr(err.message, "imprint doubt"));
        imp_network_destroy(network);
    }
    free(path);
}

static imp_doubt_fit_def small_fit(void)
{
    imp_doubt_fit_def def = imp_default_doubt_fit_def();
    def.sim.camera.width = SMALL_WIDTH;
    def.sim.camera.height = SMALL_HEIGHT;
    def.episodes = 60;
    def.steps = 200;
    return def;
}

static void assert_same_bytes(const char *a, const char *b)
{
    FILE *files[2] = {fopen(a, "rb"), fopen(b, "rb")};
    assert_true(files[0] != NULL && files[1] != NULL);
    for (int x = 0, y = 0; x != EOF || y != EOF;) {
        x = getc(files[0]);
        y = getc(files[1]);
        assert_int_equal(x, y);
    }
    assert_int_equal(fclose(files[0]) | fclose(files[1]), 0);
}

static void fits_depend_on_their_definition_alone(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_doubt_fit_summary summary, other;
    imp_doubt_fit_def def = small_fit();
    char *model = path_of("model.safetensors"), *one = path_of("one.safetensors");
    char *three = path_of("three.safetensors");
    imp_network *network = make_driver();
    assert_ok(imp_network_save(network, model, "{\"maps\": \"loop_empty\"}", &err), err);
    imp_network_destroy(network);
    def.sim.threads = 1;
    assert_ok(imp_fit_doubt(&summary, one, model, &def, NULL, &err), err);
    assert_int_equal(summary.episodes, def.episodes);
    assert_int_equal(summary.features, 32);
    assert_true(summary.failing > 20 && summary.decisions > 2 * summary.failing);
    assert_true(summary.fresh.failed_episodes >= 2 && summary.fresh.auroc.value > 0.5);
    // two numbers were fitted to these decisions, so that on average they are right
    assert_close(summary.fresh.mean,
                 (double)summary.fresh.failing / (double)summary.fresh.decisions, 2e-3);
    def.sim.threads = 3;
    assert_ok(imp_fit_doubt(&other, three, model, &def, NULL, &err), err);
    assert_same_bytes(one, three);
    // the model drives as before, keeps its metadata, and has doubt
    assert_ok(imp_network_load(&network, one, &err), err);
    assert_string_equal(imp_network_metadata(network, "maps"), "loop_empty");
    imp_network_destroy(network);
    imp_eval_def eval = small_eval(12, 120);
    imp_evaluation before, after;
    imp_policy_factory *policy = open_policy_factory(model);
    assert_ok(imp_evaluate(&before, policy, &eval, NULL, &err), err);
    imp_policy_factory_close(policy);
    policy = open_policy_factory(one);
    assert_ok(imp_evaluate(&after, policy, &eval, NULL, &err), err);
    imp_policy_factory_close(policy);
    assert_same(&before, &after);
    assert_int_equal(before.doubt.decisions, 0);
    assert_true(after.doubt.decisions > 0 && after.doubt.failing > 0);
    imp_evaluation_free(&before);
    imp_evaluation_free(&after);
    free(model);
    free(one);
    free(three);
}

static void models_without_hidden_vectors_are_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_doubt_fit_summary summary;
    imp_doubt_fit_def def = small_fit();
    char *model = path_of("model.safetensors"), *out = path_of("out.safetensors");
    FILE *file = fopen(in_folder("flat.yaml"), "w");
    assert_non_null(file);
    fputs("layers:\n  - {name: flat, kind: flatten}\n"
          "  - {name: action, kind: dense, channels: outputs}\n",
          file);
    assert_int_equal(fclose(file), 0);
    save_untrained_network_of(in_folder("flat.yaml"), model, SMALL_WIDTH, SMALL_HEIGHT);
    def.episodes = 4;
    assert_int_equal(imp_fit_doubt(&summary, out, model, &def, NULL, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "hidden"));
    // a robot that stands still never fails
    save_untrained_network_of("small", model, SMALL_WIDTH, SMALL_HEIGHT);
    def.steps = 30;
    assert_int_equal(imp_fit_doubt(&summary, out, model, &def, NULL, &err), IMP_CHECK_FAILED);
    assert_true(access(out, F_OK) != 0);
    def.episodes = 3;
    assert_int_equal(imp_fit_doubt(&summary, out, model, &def, NULL, &err), IMP_USAGE);
    free(model);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regressions_find_known_solutions),
        cmocka_unit_test(hidden_vectors_give_the_action),
        FOLDER_TEST(heads_are_read_from_models),
        FOLDER_TEST(fits_depend_on_their_definition_alone),
        FOLDER_TEST(models_without_hidden_vectors_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
