// Weights after a short training with everything on: the golden hashes hold on every processor,
// with every compiler and C library.
#include "nn/trainer/toy_network.h"

#include "base/common/hash.h"

static void test_weights_are_the_same_everywhere(void **state)
{
    (void)state;
    static const uint64_t GOLDEN[] = {0x727a93dca336ab71, 0xce8868b5027ca0d0, 0x2c886c48a5536e0e};
    bool same = true;
    for (int kind = 0; imp_optimiser_name(kind) != NULL; kind++) {
        pair p = make_rich((imp_optimiser)kind, 3, 2);
        train(&p, 0, 25);
        const uint64_t hash =
            imp_hash_bytes(IMP_HASH_START, p.network->values,
                           (size_t)p.network->graph.values * sizeof *p.network->values);
        print_message("%s: 0x%016llx\n", imp_optimiser_name(kind), (unsigned long long)hash);
        same = same && hash == GOLDEN[kind];
        clear(&p);
    }
    assert_true(same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_weights_are_the_same_everywhere)};
    return cmocka_run_group_tests(tests, set_up, NULL);
}
