// Cross-entropy of cells that are each of some class, and networks that give as many values as
// their last layer does.
#include "nn/trainer/toy_network.h"

#include "nn/trainer/loss.h"

enum { CLASSES = 7, CELLS = 300, OUTPUTS = CLASSES * CELLS };

typedef struct cells {
    float output[OUTPUTS], labels[OUTPUTS], gradient[OUTPUTS];
} cells;

static void draw(cells *out)
{
    imp_random random = imp_random_stream(5, 0, 0, IMP_PURPOSE_TEST);
    for (int k = 0; k < CELLS; k++) {
        double sum = 0.0;
        for (int c = 0; c < CLASSES; c++) {
            out->output[c * CELLS + k] = (float)imp_random_uniform(&random, -40.0, 40.0);
            out->labels[c * CELLS + k] = (float)imp_random_uniform(&random, 0.0, 1.0);
            sum += (double)out->labels[c * CELLS + k];
        }
        for (int c = 0; c < CLASSES; c++)
            out->labels[c * CELLS + k] /= (float)sum;
    }
}

static imp_trainer_def settings_of(int classes)
{
    imp_trainer_def def = settings_for(2, 2);
    def.loss = IMP_LOSS_CROSS_ENTROPY;
    def.classes = classes;
    return def;
}

// - sum of label * log(softmax) of one cell, by its definition.
static double define(const cells *at, int k)
{
    double total = 0.0, sum = 0.0;
    for (int c = 0; c < CLASSES; c++)
        total += exp((double)at->output[c * CELLS + k]);
    for (int c = 0; c < CLASSES; c++)
        sum -= (double)at->labels[c * CELLS + k] * ((double)at->output[c * CELLS + k] - log(total));
    return sum;
}

static void test_definition(void **state)
{
    (void)state;
    static cells at;
    draw(&at);
    const imp_trainer_def def = settings_of(CLASSES);
    imp_loss_sample sample = {at.output, at.labels, at.gradient, OUTPUTS, 0.7, 1.0 / OUTPUTS};
    const double loss = imp_loss_accumulate(0.0, &def, &sample) / OUTPUTS;
    double wanted = 0.0;
    for (int k = 0; k < CELLS; k++)
        wanted += 0.7 * define(&at, k) / CELLS;
    assert_close(loss, wanted, 1e-5 * wanted);
    for (int k = 0; k < CELLS; k += 37)
        for (int c = 0; c < CLASSES; c++) {
            float *value = &at.output[c * CELLS + k];
            const float before = *value, step = 1.0F / 64;
            *value = before + step;
            const double above = define(&at, k);
            *value = before - step;
            const double below = define(&at, k);
            *value = before;
            assert_close((double)at.gradient[c * CELLS + k],
                         0.7 * (above - below) / (2.0 * (double)step) / CELLS, 2e-7);
        }
    // without a gradient the sum is the same, and it is added to what is there
    sample.gradient = NULL;
    assert_close((imp_loss_accumulate(3.0, &def, &sample) - 3.0) / OUTPUTS, loss, 1e-12);
}

static void test_refusals(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_network *network;
    imp_trainer *trainer;
    const imp_network_def def = imp_default_network_def();
    assert_ok(imp_network_create(&network, &def, 1, &err), err);
    const int wrong[] = {-1, 0, 1, 3, IMP_CLASSES_MAX + 1};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const imp_trainer_def settings = settings_of(wrong[i]);
        assert_int_equal(imp_trainer_create(&trainer, network, &settings, &err), IMP_USAGE);
        assert_non_null(strstr(err.message, "classes"));
    }
    imp_network_destroy(network);
}

static const char TEXT[] = "layers:\n"
                           "  - {name: a, kind: convolution, channels: 12, kernel: 5, stride: 4, "
                           "padding: same}\n"
                           "  - {name: b, kind: relu}\n"
                           "  - {name: c, kind: convolution, channels: 2, kernel: 1}\n"
                           "  - {name: d, kind: flatten}\n";

// Learns where the bright bar is: cells of the toy's pictures that it covers, and those it leaves.
static void test_learns(void **state)
{
    (void)state;
    enum { ROWS = HEIGHT / 4, COLUMNS = WIDTH / 4, COUNT = ROWS * COLUMNS };
    imp_error err = {0};
    imp_architecture *description;
    pair p;
    imp_network_def def = imp_default_network_def();
    def.width = WIDTH;
    def.height = HEIGHT;
    def.outputs = 0;
    assert_ok(imp_architecture_parse(&description, "toy.yaml", TEXT, strlen(TEXT), &err), err);
    assert_ok(imp_network_from_architecture(&p.network, &def, description, &err), err);
    imp_architecture_destroy(description);
    imp_network_init_weights(p.network, 1);
    assert_int_equal(imp_network_info(p.network)->outputs, 2 * COUNT);
    imp_trainer_def settings = settings_of(2);
    settings.learning_rate = 1e-2;
    assert_ok(imp_trainer_create(&p.trainer, p.network, &settings, &err), err);
    static float labels[SAMPLES][2 * COUNT];
    for (int i = 0; i < SAMPLES; i++)
        for (int k = 0; k < COUNT; k++) {
            const float bar = data.labels[2 * i] * WIDTH, left = (float)(k % COLUMNS * 4);
            const float covered = fmaxf(0.0F, 1.0F - fabsf(bar - left) / 4.0F);
            labels[i][k] = 1.0F - covered;
            labels[i][COUNT + k] = covered;
        }
    double first = 0.0, loss = 0.0;
    for (int step = 0; step < 120; step++) {
        const imp_batch batch = {.count = BATCH,
                                 .frames = data.frames + step % 2 * BATCH,
                                 .labels = labels[step % 2 * BATCH]};
        assert_ok(imp_trainer_step(p.trainer, &batch, &loss, &err), err);
        first = step == 0 ? loss : first;
    }
    // the shares' own entropy cannot be learned away
    assert_true(loss < 0.3 * first);
    clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definition),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_learns),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
