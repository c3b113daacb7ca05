// Times of layers: each pass of each layer has one, and wrong arguments are refused. How long they
// are is no matter of tests.
#include "testing.h"

#include <math.h>

#include "imprint/nn.h"

enum { NODES_MAX = 64 };

static void every_layer_has_times(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_network *network;
    const imp_network_def def = imp_default_network_def();
    imp_node_timing times[NODES_MAX];
    assert_ok(imp_network_create(&network, &def, 7, &err), err);
    assert_ok(imp_network_profile(times, network, 2, 1, &err), err);
    double forward = 0.0, backward = 0.0, inference = 0.0;
    for (int k = 0; imp_network_node(network, k) != NULL; k++) {
        assert_true(k < NODES_MAX);
        assert_true(isfinite(times[k].inference) && times[k].inference >= 0.0);
        inference += times[k].inference;
        forward += times[k].forward;
        backward += times[k].backward;
    }
    assert_true(inference > 0.0 && forward > 0.0 && backward > 0.0);
    assert_int_equal(imp_network_profile(times, network, 0, 1, &err), IMP_USAGE);
    assert_int_equal(imp_network_profile(times, network, 2, 0, &err), IMP_USAGE);
    imp_network_destroy(network);
}

static void peak_is_positive(void **state)
{
    (void)state;
    const double peak = imp_measure_peak_flops();
    assert_true(isfinite(peak) && peak > 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_has_times),
        cmocka_unit_test(peak_is_positive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
