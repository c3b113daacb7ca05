// Training against PyTorch in double precision: tests/fixtures/make_torch_golden.py recorded its
// losses from the same weights, pictures and labels.
#include "testing.h"

#include "golden_csv.h"
#include "nn/network/network.h"

#include <math.h>

enum {
    WIDTH = 80,
    HEIGHT = 60,
    PIXELS = 3 * WIDTH * HEIGHT,
    SAMPLES = 64,
    BATCH = 16,
    STEPS = 100
};

static uint8_t *images;
static const uint8_t *frames[SAMPLES];
static float labels[2 * SAMPLES];

// Value `index` of a stream, in [-1, 1): a hash.
static double uniform(uint32_t stream, uint32_t index)
{
    uint32_t x = index * 747796405U + stream * 2891336453U + 1U;
    for (int round = 0; round < 2; round++) {
        x ^= x >> 16;
        x *= 0x45D9F3BU;
    }
    x ^= x >> 16;
    return x / 2147483648.0 - 1.0;
}

static int set_up(void **state)
{
    (void)state;
    images = malloc((size_t)SAMPLES * PIXELS);
    if (images == NULL)
        return -1;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        const double grey = floor(60.0 * uniform(101, i));
        frames[i] = images + (size_t)i * PIXELS;
        for (uint32_t k = 0; k < PIXELS; k++) {
            const double value = floor(128.0 + 127.0 * uniform(100, i * PIXELS + k));
            images[i * PIXELS + k] = (uint8_t)fmin(fmax(floor(value / 2) + 60.0 + grey, 0), 255);
        }
    }
    for (uint32_t i = 0; i < 2 * SAMPLES; i++)
        labels[i] = (float)uniform(102, i);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(images);
    return 0;
}

static void fill(imp_network *network)
{
    uint32_t stream = 0;
    for (int i = 0; i < network->graph.tensor_count; i++) {
        const imp_tensor *tensor = &network->graph.tensors[i];
        if (tensor->offset >= network->graph.trained)
            continue;
        const double fan_in = (double)tensor->count / (double)tensor->dims[0];
        for (uint32_t k = 0; k < tensor->count; k++) {
            const double value = uniform(stream, k);
            network->values[tensor->offset + k] =
                (float)(tensor->rank > 1 ? value * sqrt(3.0 / fan_in)
                                         : 0.1 * value + (tensor->role == IMP_TENSOR_GAIN));
        }
        stream++;
    }
}

// The column of the table that this way of training must give.
static void compare(int column, const imp_trainer_def *def, bool batch_norm)
{
    imp_error err = {0};
    imp_network *network;
    imp_trainer *trainer;
    imp_network_def wanted = imp_default_network_def();
    wanted.batch_norm = batch_norm;
    assert_ok(imp_network_create(&network, &wanted, 1, &err), err);
    fill(network);
    assert_ok(imp_trainer_create(&trainer, network, def, &err), err);
    csv table = csv_open("torch_losses.csv");
    double worst = 0.0, loss = 0.0;
    int steps = 0;
    for (; csv_next(&table); steps++) {
        const int begin = steps * BATCH % SAMPLES;
        const imp_batch batch = {
            .count = BATCH, .frames = frames + begin, .labels = labels + 2 * begin};
        assert_ok(imp_trainer_step(trainer, &batch, &loss, &err), err);
        const double theirs = strtod(table.field[column], NULL);
        worst = fmax(worst, fabs(loss - theirs) / theirs);
    }
    fclose(table.file);
    print_message("column %d: last loss %.6f, worst relative difference %.1e\n", column, loss,
                  worst);
    assert_int_equal(steps, STEPS);
    assert_true(worst < 1e-4);
    imp_trainer_destroy(trainer);
    imp_network_destroy(network);
}

static void test_losses(void **state)
{
    (void)state;
    imp_trainer_def def = imp_default_trainer_def();
    def.batch = BATCH;
    // batch statistics are those of a shard, PyTorch's those of the batch
    def.shards = 1;
    def.optimiser = IMP_OPTIMISER_ADAM;
    def.learning_rate = 2e-5;
    compare(1, &def, true);
    def.shards = 2;
    compare(0, &def, false);
    def.weight_decay = 1e-2;
    compare(2, &def, false);
    def.optimiser = IMP_OPTIMISER_ADAMW;
    def.weight_decay = 0.1;
    def.loss = IMP_LOSS_HUBER;
    def.huber_delta = 0.1;
    compare(3, &def, false);
    def.optimiser = IMP_OPTIMISER_SGD;
    def.learning_rate = 2e-4;
    def.weight_decay = 1e-3;
    def.loss = IMP_LOSS_MSE;
    def.nesterov = true;
    def.clip_norm = 1.0;
    compare(4, &def, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_losses)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
