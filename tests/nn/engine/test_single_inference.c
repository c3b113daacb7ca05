// A decision on one picture, which our own loops compute, against the same picture in a batch,
// which oneDNN computes.
#include "testing.h"

#include "nn/network/network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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
    const struct CMUnitTest tests[] = {cmocka_unit_test(alone_is_as_together)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
