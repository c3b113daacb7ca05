// The engine gives the same bits on every instruction set: kernels for registers of 4, 8 and 16
// floats are run one after the other, the widest also in plain C, for processors without it. Golden
// hashes hold them on all compilers and processors.
#include "testing.h"

#include "base/common/hash.h"
#include "base/threads/cpu_features.h"
#include "nn/engine/program.h"
#include "nn/network/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const imp_kernels imp_kernel_table_plain, imp_kernel_table_emulated16;
#if defined(__x86_64__)
extern const imp_kernels imp_kernel_table_avx2, imp_kernel_table_avx512;
#endif

enum { BATCH = 5, OUTPUTS = 2, SETS_MAX = 4 };

// Every kind of layer, channels that do not fill blocks, and what can be fused and cannot.
static const char ODD[] =
    "frames: 2\n"
    "actions: 3\n"
    "layers:\n"
    "  - {name: conv1, kind: convolution, channels: 20, kernel: 3, stride: 2, padding: same}\n"
    "  - {name: pool1, kind: max-pool, kernel: 2, stride: 2}\n"
    "  - {name: norm1, kind: batch-norm}\n"
    "  - {name: relu1, kind: relu}\n"
    "  - {name: conv2, kind: convolution, channels: 40, kernel: 3, stride: 2, padding: same}\n"
    "  - {name: elu1, kind: elu}\n"
    "  - {name: mean1, kind: average-pool, kernel: 3, stride: 1, padding: same}\n"
    "  - {name: max1, kind: max-pool, input: elu1, kernel: 3, stride: 1, padding: same}\n"
    "  - {name: sum, kind: add, input: [mean1, max1]}\n"
    "  - {name: both, kind: concat, input: [sum, elu1]}\n"
    "  - {name: drop1, kind: dropout, rate: 0.3}\n"
    "  - {name: conv3, kind: convolution, channels: 70, kernel: 1}\n"
    "  - {name: norm2, kind: batch-norm, frozen: true}\n"
    "  - {name: flatten, kind: flatten}\n"
    "  - {name: all, kind: concat, input: [flatten, actions]}\n"
    "  - {name: dense1, kind: dense, channels: 19}\n"
    "  - {name: relu2, kind: relu}\n"
    "  - {name: action, kind: dense, channels: outputs}\n";

static imp_network *make_network(const char *text)
{
    imp_error err = {0};
    imp_architecture *description;
    imp_network *network;
    imp_network_def def = imp_default_network_def();
    def.batch_norm = true;
    if (strchr(text, ':') == NULL)
        assert_ok(imp_architecture_load_builtin(&description, text, &err), err);
    else
        assert_ok(imp_architecture_parse(&description, "odd", text, strlen(text), &err), err);
    assert_ok(imp_network_from_architecture(&network, &def, description, &err), err);
    imp_architecture_destroy(description);
    // of numbers that no C library computes
    imp_random random = imp_random_stream(7, 0, 0, IMP_PURPOSE_TEST);
    for (int64_t i = 0; i < network->graph.trained; i++)
        network->values[i] = (float)imp_random_uniform(&random, -0.1, 0.11);
    return network;
}

// Outputs and gradients of one pass forward and backward, by the kernels of one set. The caller
// frees them.
static float *compute(imp_network *network, const imp_kernels *kernels)
{
    imp_error err = {0};
    const imp_graph *graph = &network->graph;
    float *results = calloc((size_t)graph->trained + (size_t)BATCH * OUTPUTS, sizeof *results);
    const imp_executor_def def = {.graph = graph,
                                  .batch = BATCH,
                                  .training = true,
                                  .values = network->values,
                                  .gradients = results};
    imp_executor *executor;
    assert_ok(imp_executor_create(&executor, &def, &err), err);
    executor->kernels = kernels;
    const size_t size = (size_t)network->def.width * (size_t)network->def.height * 3;
    const int frames = BATCH * graph->inputs.frames,
              values = BATCH * imp_input_value_count(&graph->inputs);
    uint8_t *images = malloc((size_t)frames * size);
    const uint8_t *pointers[BATCH * IMP_FRAMES_MAX];
    float actions[2 * BATCH * IMP_ACTIONS_MAX];
    imp_random random = imp_random_stream(5, 0, 0, IMP_PURPOSE_TEST);
    for (size_t i = 0; i < (size_t)frames * size; i++)
        images[i] = (uint8_t)imp_random_uniform_int(&random, 256);
    for (int i = 0; i < frames; i++)
        pointers[i] = images + (size_t)i * size;
    for (int i = 0; i < values; i++)
        actions[i] = (float)imp_random_uniform(&random, -1.0, 1.0);
    imp_executor_set_inputs(executor, pointers, actions, BATCH);
    imp_executor_seed_dropout(executor, 21, 5, 0);
    imp_executor_pack_weights(executor);
    imp_executor_forward(executor);
    for (int i = 0; i < BATCH * OUTPUTS; i++)
        imp_executor_output_gradient(executor)[i] = (float)imp_random_uniform(&random, -1.0, 1.0);
    imp_executor_backward(executor);
    memcpy(results + graph->trained, imp_executor_output(executor),
           BATCH * OUTPUTS * sizeof *results);
    imp_executor_destroy(executor);
    free(images);
    return results;
}

// Kernels that this processor can run.
static int list_sets(const imp_kernels *sets[SETS_MAX])
{
    int count = 0;
    sets[count++] = &imp_kernel_table_plain;
    sets[count++] = &imp_kernel_table_emulated16;
#if defined(__x86_64__)
    if (imp_cpu_has_avx2())
        sets[count++] = &imp_kernel_table_avx2;
    if (imp_cpu_has_avx512())
        sets[count++] = &imp_kernel_table_avx512;
#endif
    return count;
}

static void check(const char *text, uint64_t golden)
{
    imp_network *network = make_network(text);
    const size_t bytes = ((size_t)network->graph.trained + (size_t)BATCH * OUTPUTS) * sizeof(float);
    const imp_kernels *sets[SETS_MAX];
    const int count = list_sets(sets);
    float *first = compute(network, sets[0]);
    for (int i = 1; i < count; i++) {
        float *other = compute(network, sets[i]);
        assert_memory_equal(first, other, bytes);
        free(other);
    }
    const uint64_t hash = imp_hash_bytes(IMP_HASH_START, first, bytes);
    print_message("%s: %d sets, hash 0x%016llx\n", network->def.architecture, count,
                  (unsigned long long)hash);
    assert_true(hash == golden);
    free(first);
    imp_network_destroy(network);
}

static void every_set_gives_the_same_bits(void **state)
{
    (void)state;
    check(ODD, 0x871fe4cf0ff0972e);
    check("one-residual", 0xbeafdeced9abbaa0);
    check("pilotnet-like", 0xe2eb27d9569d2e7a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_set_gives_the_same_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
