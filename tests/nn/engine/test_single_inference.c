// A decision on one image, which our own loops compute, against the same image in a batch, which
// oneDNN computes, and in a batch-invariant one, which gives the same bits.
#include "testing.h"

#include "nn/network/network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 3, OUTPUTS = 2 };

static void check(const char *architecture, int width, int height)
{
    imp_error err;
    imp_network_def def = imp_default_network_def();
    snprintf(def.architecture, sizeof def.architecture, "%s", architecture);
    def.width = width;
    def.height = height;
    imp_network *network;
    imp_inference *one, *all;
    assert_ok(imp_network_create(&network, &def, 7, &err), err);
    // norms that do nothing would hide mistakes
    imp_random random = imp_random_stream(3, 0, 0, IMP_PURPOSE_TEST);
    for (int64_t i = 0; i < network->graph.trained; i++)
        network->values[i] += (float)imp_random_uniform(&random, -0.01, 0.01);
    assert_ok(imp_inference_create(&one, network, 1, &err), err);
    assert_ok(imp_inference_create(&all, network, BATCH, &err), err);
    const size_t size = (size_t)width * (size_t)height * 3;
    const size_t each = (size_t)imp_network_inputs(network)->frames;
    uint8_t *images = malloc(BATCH * each * size);
    if (images == NULL)
        abort();
    uint32_t seed = 1;
    for (size_t i = 0; i < BATCH * each * size; i++) {
        seed = seed * 1664525U + 1013904223U;
        images[i] = (uint8_t)(seed >> 24);
    }
    const uint8_t *frames[BATCH * IMP_FRAMES_MAX];
    for (size_t i = 0; i < BATCH * each; i++)
        frames[i] = images + i * size;
    float together[BATCH * OUTPUTS];
    imp_inference_run(all, frames, NULL, together);
    for (int i = 0; i < BATCH; i++) {
        float alone[OUTPUTS];
        imp_inference_run(one, &frames[(size_t)i * each], NULL, alone);
        for (int k = 0; k < OUTPUTS; k++) {
            const double expected = (double)together[i * OUTPUTS + k];
            assert_float_equal(alone[k], expected, 1e-5 * (1.0 + fabs(expected)));
        }
    }
    free(images);
    imp_inference_destroy(all);
    imp_inference_destroy(one);
    imp_network_destroy(network);
}

// The same bits in batches of any size, as large as they may be and smaller.
static void check_invariance(const char *architecture)
{
    enum { SAMPLES = 11, MAX_BATCH = 9 };
    imp_error err;
    imp_network *network;
    imp_inference *one, *many;
    imp_network_def def = imp_default_network_def();
    snprintf(def.architecture, sizeof def.architecture, "%s", architecture);
    assert_ok(imp_network_create(&network, &def, 7, &err), err);
    assert_ok(imp_inference_create(&one, network, 1, &err), err);
    assert_ok(imp_inference_create_batch_invariant(&many, network, MAX_BATCH, &err), err);
    const size_t size = (size_t)def.width * (size_t)def.height * 3;
    const imp_input_spec *inputs = imp_network_inputs(network);
    const int each = inputs->frames, values = 2 * inputs->actions;
    imp_random random = imp_random_stream(5, 0, 0, IMP_PURPOSE_TEST);

    // samples that differ, and what each gives alone
    uint8_t *images = malloc((size_t)SAMPLES * (size_t)each * size);
    float *actions = calloc((size_t)SAMPLES * (size_t)values + 1, sizeof *actions);
    const uint8_t *frames[SAMPLES * IMP_FRAMES_MAX];
    float alone[SAMPLES * OUTPUTS], together[SAMPLES * OUTPUTS];
    if (images == NULL || actions == NULL)
        abort();
    for (size_t i = 0; i < (size_t)SAMPLES * (size_t)each * size; i++)
        images[i] = (uint8_t)imp_random_uniform(&random, 0.0, 255.9);
    for (int i = 0; i < SAMPLES * values; i++)
        actions[i] = (float)imp_random_uniform(&random, -1.0, 1.0);
    for (int i = 0; i < SAMPLES * each; i++)
        frames[i] = images + (size_t)i * size;
    for (int i = 0; i < SAMPLES; i++)
        imp_inference_run(one, frames + (size_t)i * (size_t)each, actions + (size_t)i * values,
                          alone + (size_t)i * OUTPUTS);

    static const int counts[] = {MAX_BATCH, 2, 1, 8, 7};
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        const int first = SAMPLES - counts[k];
        memset(together, 0, sizeof together);
        imp_inference_run_count(many, counts[k], frames + (size_t)first * (size_t)each,
                                actions + (size_t)first * values, together);
        assert_memory_equal(together, alone + (size_t)first * OUTPUTS,
                            (size_t)counts[k] * OUTPUTS * sizeof *together);
    }
    free(images);
    free(actions);
    imp_inference_destroy(many);
    imp_inference_destroy(one);
    imp_network_destroy(network);
}

static void batch_changes_no_bit(void **state)
{
    (void)state;
    for (int i = 0; imp_network_builtin_name(i) != NULL; i++)
        check_invariance(imp_network_builtin_name(i));
}

static void alone_is_as_together(void **state)
{
    (void)state;
    for (int i = 0; imp_network_builtin_name(i) != NULL; i++) {
        check(imp_network_builtin_name(i), 80, 60);
        check(imp_network_builtin_name(i), 121, 97);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(alone_is_as_together),
                                       cmocka_unit_test(batch_changes_no_bit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
