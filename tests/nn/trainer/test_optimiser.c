// The optimisers against their formulas in double precision.
#include "testing.h"

#include "nn/trainer/optimiser.h"

#include <math.h>

enum { COUNT = 37, STEPS = 10 };

// The same update, one value, as PyTorch documents it. m, v: moments; s: step from 1.
static double move(const imp_trainer_def *def, double w, double g, double *m, double *v, int s,
                   bool decay)
{
    const double wanted = decay ? def->weight_decay : 0.0;
    if (def->optimiser != IMP_OPTIMISER_ADAMW)
        g += wanted * w;
    if (def->optimiser == IMP_OPTIMISER_SGD) {
        *m = def->momentum * *m + g;
        return w - def->learning_rate * (def->nesterov ? g + def->momentum * *m : *m);
    }
    *m = 0.9 * *m + 0.1 * g;
    *v = 0.999 * *v + 0.001 * g * g;
    const double mean = *m / (1.0 - pow(0.9, s)), square = *v / (1.0 - pow(0.999, s));
    if (def->optimiser == IMP_OPTIMISER_ADAMW)
        w -= def->learning_rate * wanted * w;
    return w - def->learning_rate * mean / (sqrt(square) + 1e-8);
}

static void compare(const imp_trainer_def *def, bool decay)
{
    imp_random random = imp_random_stream(2, 0, 0, IMP_PURPOSE_TEST);
    float weight[COUNT], first[COUNT] = {0}, second[COUNT] = {0}, gradient[COUNT], average[COUNT];
    double w[COUNT], m[COUNT] = {0}, v[COUNT] = {0}, a[COUNT];
    const imp_weight_span all = {COUNT, gradient, weight, first, second, average};
    const double scale = 0.25;
    for (int i = 0; i < COUNT; i++)
        a[i] = w[i] = average[i] = weight[i] = (float)imp_random_normal(&random);
    for (int step = 1; step <= STEPS; step++) {
        const imp_weight_update update =
            imp_weight_update_coefficients(def, def->learning_rate, scale, step, decay);
        for (int i = 0; i < COUNT; i++)
            gradient[i] = (float)imp_random_normal(&random);
        imp_weight_update_apply(&update, &all);
        const double keep = fmin(def->ema_decay, (1.0 + step) / (10.0 + step));
        for (int i = 0; i < COUNT; i++) {
            w[i] = move(def, w[i], scale * (double)gradient[i], &m[i], &v[i], step, decay);
            a[i] = keep * a[i] + (1.0 - keep) * w[i];
            assert_close((double)weight[i], w[i], 3e-6);
            assert_close((double)first[i], m[i], 3e-6);
            assert_close((double)second[i], v[i], 1e-6);
            assert_close((double)average[i], a[i], 3e-6);
        }
    }
}

static void test_ten_steps(void **state)
{
    (void)state;
    for (int kind = 0; imp_optimiser_name(kind) != NULL; kind++)
        for (int variant = 0; variant < 4; variant++) {
            imp_trainer_def def = imp_default_trainer_def();
            def.optimiser = (imp_optimiser)kind;
            def.learning_rate = 0.01;
            def.weight_decay = 0.5;
            def.ema_decay = 0.6;
            def.nesterov = variant >= 2;
            compare(&def, variant % 2 == 1);
        }
}

static void test_sums(void **state)
{
    (void)state;
    imp_random random = imp_random_stream(3, 0, 0, IMP_PURPOSE_TEST);
    float a[COUNT], b[COUNT];
    double wanted = 0.0, squares;
    for (int i = 0; i < COUNT; i++) {
        a[i] = (float)imp_random_normal(&random);
        b[i] = (float)imp_random_normal(&random);
        wanted += pow((double)(a[i] + b[i]), 2.0);
    }
    imp_gradient_add(a, b, COUNT);
    imp_gradient_sum_squares(&squares, a, COUNT);
    assert_close(squares, wanted, 1e-9);
    a[COUNT - 1] = NAN;
    imp_gradient_sum_squares(&squares, a, COUNT);
    assert_true(isnan(squares));
    a[COUNT - 1] = 0.0F;
    a[3] = INFINITY;
    imp_gradient_sum_squares(&squares, a, COUNT);
    assert_true(isinf(squares));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ten_steps),
        cmocka_unit_test(test_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
