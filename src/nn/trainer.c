#include "nn/trainer.h"

#include "nn/adam.h"
#include "nn/standardise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TRAINER_COOKIE = 0x74726169, PIECE = 16384, MAX_SHARDS = 1024 };

// share of the old value that a moving statistic keeps in a step
static const float MOMENTUM = 0.9F;

imp_trainer_def imp_default_trainer_def(void)
{
    return (imp_trainer_def){
        .batch = 32,
        .shards = 2,
        .threads = 2,
        .learning_rate = 1e-3,
        .weight_decay = 0.0,
        .cookie = TRAINER_COOKIE,
    };
}

// Samples [begin, end) of the batch are the shard's.
static int shard_begin(const imp_trainer *trainer, int shard, int count)
{
    return (int)((int64_t)count * shard / trainer->def.shards);
}

static int shard_size(const imp_trainer *trainer, int shard, int count)
{
    return shard_begin(trainer, shard + 1, count) - shard_begin(trainer, shard, count);
}

// Makes sure that every shard can compute its part of a batch of count samples.
static imp_status prepare(imp_trainer *trainer, int count, imp_error *err)
{
    for (int i = 0; i < trainer->def.shards; i++) {
        imp_shard *shard = &trainer->shards[i];
        const int size = shard_size(trainer, i, count);
        const imp_executor_def def = {
            .graph = &trainer->network->graph,
            .batch = size,
            .training = true,
            .values = trainer->network->values,
            .gradients = shard->gradients,
        };
        if (size == 0 || shard->training[size] != NULL)
            continue;
        const imp_status status = imp_executor_create(&shard->training[size], &def, err);
        if (status != IMP_OK)
            return status;
    }
    return IMP_OK;
}

// Cuts the trained tensors into pieces of work.
static imp_status make_pieces(imp_trainer *trainer, imp_error *err)
{
    const imp_graph *graph = &trainer->network->graph;
    const size_t most = (size_t)graph->tensor_count + (size_t)(graph->trained / PIECE);
    trainer->pieces = calloc(most, sizeof *trainer->pieces);
    if (trainer->pieces == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for training");
    for (int i = 0; i < graph->tensor_count; i++) {
        const imp_tensor *tensor = &graph->tensors[i];
        if (tensor->offset >= graph->trained)
            continue;
        for (int64_t at = 0; at < tensor->count; at += PIECE)
            trainer->pieces[trainer->piece_count++] = (imp_piece){
                .offset = tensor->offset + at,
                .count = tensor->count - at < PIECE ? tensor->count - at : PIECE,
                .decay = tensor->role == IMP_TENSOR_WEIGHT,
            };
    }
    return IMP_OK;
}

static imp_status make_shards(imp_trainer *trainer, imp_error *err)
{
    const imp_trainer_def *def = &trainer->def;
    const imp_graph *graph = &trainer->network->graph;
    trainer->largest = (def->batch + def->shards - 1) / def->shards;
    trainer->shards = calloc((size_t)def->shards, sizeof *trainer->shards);
    if (trainer->shards == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for training");
    for (int i = 0; i < def->shards; i++) {
        imp_shard *shard = &trainer->shards[i];
        shard->training = calloc((size_t)trainer->largest + 1, sizeof *shard->training);
        shard->gradients = calloc((size_t)graph->trained, sizeof *shard->gradients);
        if (shard->training == NULL || shard->gradients == NULL)
            return imp_fail(err, IMP_NO_MEMORY, "out of memory for training");
        const imp_executor_def inference = {
            .graph = graph, .batch = trainer->largest, .values = trainer->network->values};
        const imp_status status = imp_executor_create(&shard->inference, &inference, err);
        if (status != IMP_OK)
            return status;
    }
    return prepare(trainer, def->batch, err);
}

static imp_status check_def(const imp_trainer_def *def, imp_error *err)
{
    if (def->cookie != TRAINER_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "a trainer definition must come from "
                        "imp_default_trainer_def()");
    if (def->batch < 1 || def->batch > 65536)
        return imp_fail(err, IMP_USAGE, "batch %d: 1..65536 are possible", def->batch);
    if (def->shards < 1 || def->shards > MAX_SHARDS || def->shards > def->batch)
        return imp_fail(err, IMP_USAGE, "%d shards: from 1 to the batch size (%d) are possible",
                        def->shards, def->batch);
    if (!(def->learning_rate >= 0.0 && def->learning_rate <= 1e6))
        return imp_fail(err, IMP_USAGE, "learning rate %g: must not be negative",
                        def->learning_rate);
    if (!(def->weight_decay >= 0.0 && def->weight_decay * def->learning_rate < 1.0))
        return imp_fail(err, IMP_USAGE,
                        "weight decay %g: must not be negative, and below 1 / "
                        "learning rate",
                        def->weight_decay);
    return IMP_OK;
}

imp_status imp_trainer_create(imp_trainer **out, imp_network *network, const imp_trainer_def *def,
                              imp_error *err)
{
    imp_status status = check_def(def, err);
    if (status != IMP_OK)
        return status;
    imp_trainer *trainer = calloc(1, sizeof *trainer);
    if (trainer == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for training");
    trainer->def = *def;
    trainer->rate_factor = 1.0;
    trainer->network = network;
    const size_t trained = (size_t)network->graph.trained;
    trainer->first = calloc(trained, sizeof *trainer->first);
    trainer->second = calloc(trained, sizeof *trainer->second);
    if (trainer->first == NULL || trainer->second == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for training");
    if (status == IMP_OK)
        status = make_pieces(trainer, err);
    if (status == IMP_OK)
        status = make_shards(trainer, err);
    int threads = def->threads > 0 ? def->threads : imp_processor_count();
    threads = threads < def->shards ? threads : def->shards;
    if (status == IMP_OK)
        status = imp_pool_create(&trainer->pool, threads, err);
    if (status != IMP_OK) {
        imp_trainer_destroy(trainer);
        return status;
    }
    *out = trainer;
    return IMP_OK;
}

void imp_trainer_destroy(imp_trainer *trainer)
{
    if (trainer == NULL)
        return;
    imp_pool_destroy(trainer->pool);
    for (int i = 0; trainer->shards != NULL && i < trainer->def.shards; i++) {
        imp_shard *shard = &trainer->shards[i];
        for (int size = 0; shard->training != NULL && size <= trainer->largest; size++)
            imp_executor_destroy(shard->training[size]);
        imp_executor_destroy(shard->inference);
        free(shard->training);
        free(shard->gradients);
    }
    free(trainer->shards);
    free(trainer->pieces);
    free(trainer->first);
    free(trainer->second);
    free(trainer);
}

void imp_trainer_invalidate(imp_trainer *trainer)
{
    for (int i = 0; i < trainer->def.shards; i++)
        trainer->shards[i].packed = false;
}

static void load_frames(const imp_trainer *trainer, int begin, int size, float *input)
{
    const imp_network_def *def = &trainer->network->def;
    const size_t pixels = (size_t)3 * (size_t)def->width * (size_t)def->height;
    for (int i = 0; i < size; i++)
        imp_standardise(trainer->batch.frames[begin + i], def->width, def->height,
                        input + (size_t)i * pixels);
}

// Sum of squared errors; gradient (nullable) of the mean over the whole batch.
static double squared_error(const imp_trainer *trainer, int begin, int size, const float *output,
                            float *gradient)
{
    const size_t outputs = (size_t)trainer->network->def.outputs;
    const float *labels = trainer->batch.labels + (size_t)begin * outputs;
    const double scale = 2.0 / ((double)trainer->batch.count * (double)outputs);
    double sum = 0.0;
    for (size_t i = 0; i < (size_t)size * outputs; i++) {
        const double difference = (double)output[i] - (double)labels[i];
        sum += difference * difference;
        if (gradient != NULL)
            gradient[i] = (float)(scale * difference);
    }
    return sum;
}

// Finite, and small enough that their squares are: an exploding gradient must not reach the
// weights.
static bool all_finite(const float *values, int64_t count)
{
    static const uint32_t LIMIT = 0x5d800000; // 2^60
    uint32_t largest = 0;
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        bits &= 0x7fffffff;
        largest = bits > largest ? bits : largest;
    }
    return largest < LIMIT;
}

static void train_shard(void *context, int index, int worker)
{
    imp_trainer *trainer = context;
    imp_shard *shard = &trainer->shards[index];
    (void)worker;
    const int count = trainer->batch.count;
    const int begin = shard_begin(trainer, index, count), size = shard_size(trainer, index, count);
    shard->loss = 0.0;
    shard->finite = true;
    shard->failed = false;
    if (size == 0)
        return;
    imp_executor *executor = shard->training[size];
    load_frames(trainer, begin, size, imp_executor_input(executor));
    shard->failed = !imp_executor_pack(executor) || !imp_executor_forward(executor);
    if (shard->failed)
        return;
    shard->loss = squared_error(trainer, begin, size, imp_executor_output(executor),
                                imp_executor_output_gradient(executor));
    shard->failed = !imp_executor_backward(executor);
    shard->finite = all_finite(shard->gradients, trainer->network->graph.trained);
}

// Adds the gradients of the shards in their order, then updates the weights of one piece.
static void update_piece(void *context, int index, int worker)
{
    imp_trainer *trainer = context;
    (void)worker;
    const imp_piece *piece = &trainer->pieces[index];
    float *sum = NULL;
    for (int i = 0; i < trainer->def.shards; i++) {
        const float *part = trainer->shards[i].gradients + piece->offset;
        if (shard_size(trainer, i, trainer->batch.count) == 0)
            continue;
        if (sum == NULL) {
            sum = trainer->shards[i].gradients + piece->offset;
            continue;
        }
        for (int64_t k = 0; k < piece->count; k++)
            sum[k] += part[k];
    }
    const imp_adam adam = imp_adam_step(trainer->rate_factor * trainer->def.learning_rate,
                                        trainer->def.weight_decay, trainer->step);
    imp_adam_update(&adam, piece->decay, piece->count, sum,
                    trainer->network->values + piece->offset, trainer->first + piece->offset,
                    trainer->second + piece->offset);
}

// Moves the statistics of true batch norms towards those of this batch: the shards' own, by their
// sizes.
static void update_statistics(imp_trainer *trainer)
{
    const imp_graph *graph = &trainer->network->graph;
    float *moving = trainer->network->values + graph->trained;
    const int count = trainer->batch.count;
    const int64_t statistics = graph->values - graph->trained;
    for (int64_t k = 0; k < statistics; k++) {
        double mean = 0.0;
        for (int i = 0; i < trainer->def.shards; i++) {
            const int size = shard_size(trainer, i, count);
            if (size > 0)
                mean += (double)size / count *
                        imp_executor_statistics(trainer->shards[i].training[size])[k];
        }
        moving[k] = MOMENTUM * moving[k] + (1.0F - MOMENTUM) * (float)mean;
    }
}

// The mean over the batch, or a failure.
static imp_status collect(const imp_trainer *trainer, double *loss, imp_error *err)
{
    double sum = 0.0;
    bool finite = true;
    for (int i = 0; i < trainer->def.shards; i++) {
        if (trainer->shards[i].failed)
            return imp_fail(err, IMP_INTERNAL, "oneDNN failed while computing");
        sum += trainer->shards[i].loss;
        finite = finite && trainer->shards[i].finite;
    }
    *loss = sum / ((double)trainer->batch.count * trainer->network->def.outputs);
    if (!isfinite(*loss))
        return imp_fail(err, IMP_CHECK_FAILED,
                        "the loss is not finite in step %lld: check the labels, or lower the "
                        "learning rate",
                        (long long)trainer->step + 1);
    if (!finite)
        return imp_fail(err, IMP_CHECK_FAILED,
                        "the gradient exploded in step %lld: lower the learning rate",
                        (long long)trainer->step + 1);
    return IMP_OK;
}

imp_status imp_trainer_step(imp_trainer *trainer, const uint8_t *const *frames, const float *labels,
                            int count, double *loss, imp_error *err)
{
    if (count < 1 || count > trainer->def.batch)
        return imp_fail(err, IMP_USAGE, "a step of %d samples: 1..%d are possible", count,
                        trainer->def.batch);
    imp_status status = prepare(trainer, count, err);
    if (status != IMP_OK)
        return status;
    trainer->batch = (imp_batch){frames, labels, count};
    imp_pool_run(trainer->pool, trainer->def.shards, train_shard, trainer);
    double mean = 0.0;
    status = collect(trainer, &mean, err);
    if (status != IMP_OK)
        return status;
    trainer->step++;
    imp_pool_run(trainer->pool, trainer->piece_count, update_piece, trainer);
    if (trainer->network->def.batch_norm)
        update_statistics(trainer);
    imp_trainer_invalidate(trainer);
    *loss = mean;
    return IMP_OK;
}

static void infer_shard(void *context, int index, int worker)
{
    imp_trainer *trainer = context;
    imp_shard *shard = &trainer->shards[index];
    (void)worker;
    const int count = trainer->batch.count;
    const int begin = shard_begin(trainer, index, count), size = shard_size(trainer, index, count);
    shard->loss = 0.0;
    if (size == 0)
        return;
    // the places of missing samples keep older pictures: samples do not see each other here
    load_frames(trainer, begin, size, imp_executor_input(shard->inference));
    shard->packed = shard->packed || imp_executor_pack(shard->inference);
    shard->loss = NAN;
    if (shard->packed && imp_executor_forward(shard->inference))
        shard->loss =
            squared_error(trainer, begin, size, imp_executor_output(shard->inference), NULL);
}

double imp_trainer_loss(imp_trainer *trainer, const uint8_t *const *frames, const float *labels,
                        int count)
{
    if (count < 1 || count > trainer->def.batch)
        return NAN;
    trainer->batch = (imp_batch){frames, labels, count};
    imp_pool_run(trainer->pool, trainer->def.shards, infer_shard, trainer);
    double sum = 0.0;
    for (int i = 0; i < trainer->def.shards; i++)
        sum += trainer->shards[i].loss;
    return sum / ((double)count * trainer->network->def.outputs);
}

void imp_trainer_set_rate_factor(imp_trainer *trainer, double factor)
{
    trainer->rate_factor = factor;
}

void imp_trainer_sync(imp_trainer *trainer)
{
    // the network's own values are what is trained; only copies of them could be out of date
    imp_trainer_invalidate(trainer);
}
