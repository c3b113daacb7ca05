// nn/trainer/toy_network.h: a small network, samples made by a formula, and trainers of them
// compared.
#ifndef IMP_TESTS_NN_TRAINER_TOY_NETWORK_H
#define IMP_TESTS_NN_TRAINER_TOY_NETWORK_H

#include "testing.h"

#include "base/io/file.h"
#include "nn/engine/reference_network.h"
#include "nn/kernels/image_standardisation.h"
#include "nn/network/network.h"
#include "nn/trainer/trainer.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 32, HEIGHT = 24, SAMPLES = 45, BATCH = 16, PIXELS = 3 * WIDTH * HEIGHT };

// Noise with a bright bar whose place is the label: a road that runs left or right.
typedef struct toy {
    uint8_t images[SAMPLES][PIXELS];
    const uint8_t *frames[SAMPLES];
    float labels[2 * SAMPLES];
} toy;

static toy data;

static inline int set_up(void **state)
{
    (void)state;
    imp_random random = imp_random_stream(11, 0, 0, IMP_PURPOSE_TEST);
    for (int i = 0; i < SAMPLES; i++) {
        const int bar = (int)imp_random_uniform_int(&random, WIDTH - 4);
        data.frames[i] = data.images[i];
        for (int k = 0; k < PIXELS; k++) {
            const int column = k / 3 % WIDTH;
            const bool bright = column >= bar && column < bar + 4;
            data.images[i][k] =
                (uint8_t)((bright ? 180 : 60) + imp_random_uniform_int(&random, 40));
        }
        data.labels[2 * i] = (float)bar / WIDTH;
        data.labels[2 * i + 1] = 0.9F - (float)bar / WIDTH;
    }
    return 0;
}

// Samples of the toy data from number `begin` on.
static inline imp_batch toy_batch(int begin, int count)
{
    return (imp_batch){
        .count = count, .frames = data.frames + begin, .labels = data.labels + 2 * begin};
}

typedef struct pair {
    imp_network *network;
    imp_trainer *trainer;
} pair;

static inline imp_trainer_def settings_for(int shards, int threads)
{
    imp_trainer_def settings = imp_default_trainer_def();
    settings.batch = BATCH;
    settings.shards = shards;
    settings.threads = threads;
    settings.weight_decay = 1e-3;
    return settings;
}

static inline pair make_with(const char *architecture, bool batch_norm,
                             const imp_trainer_def *settings)
{
    imp_error err = {0};
    pair p = {NULL, NULL};
    imp_network_def def = imp_default_network_def();
    strcpy(def.architecture, architecture);
    def.width = WIDTH;
    def.height = HEIGHT;
    def.batch_norm = batch_norm;
    assert_ok(imp_network_create(&p.network, &def, 4, &err), err);
    assert_ok(imp_trainer_create(&p.trainer, p.network, settings, &err), err);
    return p;
}

static inline pair make(bool batch_norm, int shards, int threads)
{
    const imp_trainer_def settings = settings_for(shards, threads);
    return make_with("one-residual", batch_norm, &settings);
}

// Everything that a trainer can have: dropout, batch norms, an average, clipping, another loss.
static inline pair make_rich(imp_optimiser optimiser, int shards, int threads)
{
    imp_trainer_def settings = settings_for(shards, threads);
    settings.optimiser = optimiser;
    settings.learning_rate = optimiser == IMP_OPTIMISER_SGD ? 0.01 : 1e-3;
    settings.nesterov = true;
    settings.clip_norm = 0.5;
    settings.ema_decay = 0.9;
    settings.loss = IMP_LOSS_HUBER;
    settings.seed = 77;
    return make_with("dronet-like", true, &settings);
}

static inline void clear(pair *p)
{
    imp_trainer_destroy(p->trainer);
    imp_network_destroy(p->network);
}

// Epochs over the toy data, whose last batch is smaller; returns the last epoch's mean loss.
static inline double train(const pair *p, int first, int last)
{
    imp_error err = {0};
    double sum = 0.0;
    int count = 0;
    for (int step = first; step < last; step++) {
        const int begin = step % 3 * BATCH;
        const int size = SAMPLES - begin < BATCH ? SAMPLES - begin : BATCH;
        const imp_batch batch = toy_batch(begin, size);
        double loss;
        assert_ok(imp_trainer_step(p->trainer, &batch, &loss, &err), err);
        if (step >= last - 3) {
            sum += loss;
            count++;
        }
    }
    return sum / count;
}

static inline double evaluate(const pair *p)
{
    double sum = 0.0;
    for (int begin = 0; begin < SAMPLES; begin += BATCH) {
        const int size = SAMPLES - begin < BATCH ? SAMPLES - begin : BATCH;
        const imp_batch batch = toy_batch(begin, size);
        sum += size * imp_trainer_evaluate_loss(p->trainer, &batch);
    }
    return sum / SAMPLES;
}

static inline void assert_same(const pair *a, const pair *b)
{
    const imp_graph *graph = &a->network->graph;
    assert_memory_equal(a->network->values, b->network->values,
                        (size_t)graph->values * sizeof(float));
    assert_memory_equal(a->trainer->first, b->trainer->first,
                        (size_t)graph->trained * sizeof(float));
    assert_memory_equal(a->trainer->values, b->trainer->values,
                        (size_t)graph->values * sizeof(float));
    if (a->trainer->second != NULL)
        assert_memory_equal(a->trainer->second, b->trainer->second,
                            (size_t)graph->trained * sizeof(float));
}

// Gradient of the mean squared error over a batch, in double precision; the caller frees it.
static inline double *reference_gradient(const imp_network *network, int count)
{
    imp_error err = {0};
    imp_reference *plain = NULL;
    const imp_graph *graph = &network->graph;
    assert_ok(imp_reference_create(&plain, graph, count, &err), err);
    double *values = calloc((size_t)graph->values, sizeof *values);
    double *gradients = calloc((size_t)graph->trained, sizeof *gradients);
    double *input = calloc((size_t)count * PIXELS, sizeof *input);
    if (values == NULL || gradients == NULL || input == NULL)
        abort();
    for (int64_t i = 0; i < graph->values; i++)
        values[i] = network->values[i];
    for (int i = 0; i < count; i++) {
        float image[PIXELS];
        const imp_float_image pixels = {image, 3 * WIDTH, 3};
        imp_standardise_image(data.frames[i], WIDTH, HEIGHT, &pixels);
        for (int k = 0; k < PIXELS; k++)
            input[i * PIXELS + k % 3 * (PIXELS / 3) + k / 3] = image[k];
    }
    const double *out = imp_reference_forward(plain, values, input, NULL);
    double by_output[2 * BATCH];
    for (int i = 0; i < 2 * count; i++)
        by_output[i] = 2.0 * (out[i] - data.labels[i]) / (2.0 * count);
    imp_reference_backward(plain, values, by_output, gradients);
    imp_reference_destroy(plain);
    free(values);
    free(input);
    return gradients;
}

#endif
