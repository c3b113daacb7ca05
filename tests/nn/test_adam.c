// The optimiser against its formulas in double precision.
#include "testing.h"

#include "nn/adam.h"

#include <math.h>

static void test_ten_steps(void **state)
{
    (void)state;
    enum { COUNT = 9 };
    for (int decay = 0; decay < 2; decay++) {
        imp_random random = imp_random_stream(2, 0, 0, IMP_PURPOSE_TEST);
        float weight[COUNT], first[COUNT] = {0}, second[COUNT] = {0}, gradient[COUNT];
        double w[COUNT], m[COUNT] = {0}, v[COUNT] = {0};
        for (int i = 0; i < COUNT; i++)
            w[i] = weight[i] = (float)imp_random_normal(&random);
        for (int step = 1; step <= 10; step++) {
            const imp_adam adam = imp_adam_step(0.01, 0.5, step);
            for (int i = 0; i < COUNT; i++)
                gradient[i] = (float)imp_random_normal(&random);
            imp_adam_update(&adam, decay == 1, COUNT, gradient, weight, first, second);
            for (int i = 0; i < COUNT; i++) {
                m[i] = 0.9 * m[i] + 0.1 * gradient[i];
                v[i] = 0.999 * v[i] + 0.001 * gradient[i] * gradient[i];
                const double mean = m[i] / (1.0 - pow(0.9, step));
                const double square = v[i] / (1.0 - pow(0.999, step));
                w[i] -= 0.01 * mean / (sqrt(square) + 1e-8) + (decay ? 0.01 * 0.5 * w[i] : 0.0);
                assert_true(fabs(first[i] - m[i]) < 1e-6);
                assert_true(fabs(second[i] - v[i]) < 1e-6);
                assert_true(fabs(weight[i] - w[i]) < 3e-6);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ten_steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
