// A decision on one image gives the same bits as in any batch.
#include "testing.h"

#include "nn/network/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUTS = 2 };

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
    assert_ok(imp_inference_create(&many, network, MAX_BATCH, &err), err);
    const size_t size = (size_t)def.width * (size_t)def.height * 3;
    const imp_input_spec *inputs = imp_network_inputs(network);
    const int each = inputs->frames, values = imp_input_value_count(inputs);
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
        imp_inference_run_partial_batch(many, counts[k], frames + (size_t)first * (size_t)each,
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(batch_changes_no_bit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
