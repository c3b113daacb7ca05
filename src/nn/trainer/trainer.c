// Creates and destroys trainers and checks their settings.
// A batch is cut into a fixed number of shards, each with executors and gradients of its own. The
// number of shards, not of threads, determines the order of additions, so threads do not change
// results.
// With an averaged network, training updates a copy of the weights, and the network itself holds
// the average.
#include "nn/trainer/trainer.h"

#include "base/text/plural.h"
#include "nn/kernels/aligned_floats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TRAINER_COOKIE = 0x74726169, CHUNK_VALUES = 16384, MAX_SHARDS = 1024 };

// Names come from the same lists as the enumerations.
const char *imp_optimiser_name(int optimiser)
{
    static const char *const names[] = {
#define IMP_OPTIMISER_NAME(name, word) word,
        IMP_OPTIMISER_MAP(IMP_OPTIMISER_NAME)
#undef IMP_OPTIMISER_NAME
    };
    return optimiser >= 0 && optimiser <= IMP_OPTIMISER_SGD ? names[optimiser] : NULL;
}

const char *imp_loss_name(int loss)
{
    static const char *const names[] = {
#define IMP_LOSS_NAME(name, word) word,
        IMP_LOSS_MAP(IMP_LOSS_NAME)
#undef IMP_LOSS_NAME
    };
    return loss >= 0 && loss <= IMP_LOSS_CROSS_ENTROPY ? names[loss] : NULL;
}

// Defaults; huber_delta is in the unit of the labels.
imp_trainer_def imp_default_trainer_def(void)
{
    return (imp_trainer_def){
        .batch = 32,
        .shards = 2,
        .threads = 2,
        .optimiser = IMP_OPTIMISER_ADAMW,
        .learning_rate = 1e-3,
        .weight_decay = 0.0,
        .momentum = 0.9,
        .nesterov = false,
        .clip_norm = 0.0,
        .ema_decay = 0.0,
        .loss = IMP_LOSS_MSE,
        .huber_delta = 0.1,
        .seed = 0,
        .cookie = TRAINER_COOKIE,
    };
}

// Cuts the trained tensors into chunks for the thread pool. A chunk never spans two tensors,
// because only weights decay.
static imp_status split_tensors_into_chunks(imp_trainer *trainer, imp_error *err)
{
    const imp_graph *graph = &trainer->network->graph;
    // every tensor has at most one incomplete chunk
    const size_t max_chunks = (size_t)graph->tensor_count + (size_t)(graph->trained / CHUNK_VALUES);
    trainer->chunks = calloc(max_chunks, sizeof *trainer->chunks);
    if (trainer->chunks == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for training");
    for (int i = 0; i < graph->tensor_count; i++) {
        const imp_tensor *tensor = &graph->tensors[i];
        // moving statistics are not trained
        if (tensor->offset >= graph->trained)
            continue;
        // the last chunk of a tensor may be smaller
        for (int64_t at = 0; at < tensor->count; at += CHUNK_VALUES)
            trainer->chunks[trainer->chunk_count++] = (imp_weight_chunk){
                .offset = tensor->offset + at,
                .count = tensor->count - at < CHUNK_VALUES ? tensor->count - at : CHUNK_VALUES,
                .decay = tensor->role == IMP_TENSOR_WEIGHT,
            };
    }
    return IMP_OK;
}

// Creates the shards, each with executors for training and for evaluation.
static imp_status create_batch_shards(imp_trainer *trainer, imp_error *err)
{
    const imp_trainer_def *def = &trainer->def;
    const imp_graph *graph = &trainer->network->graph;
    // the largest shard of a batch, rounded up
    trainer->max_shard_size = (def->batch + def->shards - 1) / def->shards;
    trainer->shards = calloc((size_t)def->shards, sizeof *trainer->shards);
    if (trainer->shards == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for training");
    for (int i = 0; i < def->shards; i++) {
        imp_batch_shard *shard = &trainer->shards[i];
        shard->gradients = imp_floats_alloc((size_t)graph->trained);
        if (shard->gradients == NULL)
            return imp_fail(err, IMP_NO_MEMORY, "out of memory for training");
        // gradients go to the shard's own array
        const imp_executor_def training = {.graph = graph,
                                           .batch = trainer->max_shard_size,
                                           .training = true,
                                           .values = trainer->values,
                                           .gradients = shard->gradients};
        // evaluation uses the network's values, the average if there is one
        const imp_executor_def inference = {
            .graph = graph, .batch = trainer->max_shard_size, .values = trainer->network->values};
        imp_status status = imp_executor_create(&shard->training, &training, err);
        if (status == IMP_OK)
            status = imp_executor_create(&shard->inference, &inference, err);
        if (status != IMP_OK)
            return status;
    }
    return IMP_OK;
}

// Checks every setting's range. Conditions are written so that NaN fails.
static imp_status check_trainer_def(const imp_trainer_def *def, int outputs, imp_error *err)
{
    // a struct that was not made by imp_default_trainer_def() is caught here
    if (def->cookie != TRAINER_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "a trainer definition must come from "
                        "imp_default_trainer_def()");
    if (def->batch < 1 || def->batch > 65536)
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(err, IMP_USAGE, "batch %d: 1..65536 are possible", def->batch));
    if (def->shards < 1 || def->shards > MAX_SHARDS || def->shards > def->batch)
        return imp_add_hint(err, IMP_HINT_SETTING,
                            imp_fail(err, IMP_USAGE,
                                     "shards %d: from 1 to the batch size, %d, are possible",
                                     def->shards, def->batch));
    if (imp_optimiser_name((int)def->optimiser) == NULL || imp_loss_name((int)def->loss) == NULL)
        return imp_fail(err, IMP_USAGE, "unknown optimiser or loss");
    // cross-entropy needs a whole number of cells
    if (def->loss == IMP_LOSS_CROSS_ENTROPY &&
        (def->classes < 2 || def->classes > IMP_CLASSES_MAX || outputs % def->classes != 0))
        return imp_fail(
            err, IMP_USAGE,
            "cross-entropy of %d classes: must lie in 2..%d and divide the network's number of "
            "outputs, %d",
            def->classes, IMP_CLASSES_MAX, outputs);
    // learning rate and decay
    if (!(def->learning_rate >= 0.0 && def->learning_rate <= 1e6))
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(err, IMP_USAGE, "learning_rate %g: must not be negative", def->learning_rate));
    if (!(def->weight_decay >= 0.0 && def->weight_decay * def->learning_rate < 1.0))
        return imp_add_hint(err, IMP_HINT_SETTING,
                            imp_fail(err, IMP_USAGE,
                                     "weight_decay %g: must not be negative, and below 1 / "
                                     "learning_rate",
                                     def->weight_decay));
    // momenta and averages are factors below 1
    if (!(def->momentum >= 0.0 && def->momentum < 1.0))
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(err, IMP_USAGE, "momentum %g: must lie in 0..1, without 1", def->momentum));
    if (!(def->ema_decay >= 0.0 && def->ema_decay < 1.0))
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(err, IMP_USAGE, "ema_decay %g: must lie in 0..1, without 1", def->ema_decay));
    // clipping, loss and censoring
    if (!(def->clip_norm >= 0.0 && def->clip_norm <= 1e18))
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(err, IMP_USAGE, "clip_norm %g: must not be negative", def->clip_norm));
    if (!(def->huber_delta > 0.0 && def->huber_delta <= 1e18))
        return imp_add_hint(
            err, IMP_HINT_SETTING,
            imp_fail(err, IMP_USAGE, "huber_delta %g: must be positive", def->huber_delta));
    if (!(def->limit >= 0.0 && def->limit <= 1e18))
        return imp_fail(err, IMP_USAGE, "limit %g of labels: must not be negative", def->limit);
    return IMP_OK;
}

// Allocates the moments and, with an average, the separate array of trained weights.
static imp_status allocate_optimiser_state(imp_trainer *trainer, imp_error *err)
{
    const imp_network *network = trainer->network;
    const size_t trained = (size_t)network->graph.trained, values = (size_t)network->graph.values;
    // SGD has only one moment
    const bool two = trainer->def.optimiser != IMP_OPTIMISER_SGD;
    trainer->values = network->values;
    trainer->first = imp_floats_alloc(trained);
    trainer->second = two ? imp_floats_alloc(trained) : NULL;
    bool whole = trainer->first != NULL && (trainer->second != NULL || !two);
    // with an average, the network's own values become the average
    if (trainer->def.ema_decay > 0.0) {
        trainer->values = trainer->unaveraged_values = imp_floats_alloc(values);
        whole = whole && trainer->unaveraged_values != NULL;
        if (trainer->unaveraged_values != NULL)
            memcpy(trainer->unaveraged_values, network->values,
                   values * sizeof *trainer->unaveraged_values);
    }
    return whole ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory for training");
}

// Builds in this order: optimiser state, chunks, shards, threads.
imp_status imp_trainer_create(imp_trainer **out, imp_network *network, const imp_trainer_def *def,
                              imp_error *err)
{
    imp_status status = check_trainer_def(def, imp_network_info(network)->outputs, err);
    if (status != IMP_OK)
        return status;
    imp_trainer *trainer = calloc(1, sizeof *trainer);
    if (trainer == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for training");
    // the definition is copied
    trainer->def = *def;
    trainer->rate_factor = 1.0;
    trainer->network = network;
    status = allocate_optimiser_state(trainer, err);
    if (status == IMP_OK)
        status = split_tensors_into_chunks(trainer, err);
    if (status == IMP_OK)
        status = create_batch_shards(trainer, err);
    // more threads than shards would have nothing to do
    int threads = def->threads > 0 ? def->threads : imp_cpu_count();
    threads = threads < def->shards ? threads : def->shards;
    if (status == IMP_OK)
        status = imp_thread_pool_create(&trainer->pool, threads, err);
    if (status != IMP_OK) {
        imp_trainer_destroy(trainer);
        return status;
    }
    *out = trainer;
    return IMP_OK;
}

// Nullable. Also releases trainers that were only partly created.
void imp_trainer_destroy(imp_trainer *trainer)
{
    if (trainer == NULL)
        return;
    imp_thread_pool_destroy(trainer->pool);
    free(trainer->messages);
    free(trainer->message_bytes);
    // executors refer to the gradients, so they go first
    for (int i = 0; trainer->shards != NULL && i < trainer->def.shards; i++) {
        imp_batch_shard *shard = &trainer->shards[i];
        imp_executor_destroy(shard->training);
        imp_executor_destroy(shard->inference);
        free(shard->gradients);
    }
    free(trainer->shards);
    free(trainer->chunks);
    free(trainer->unaveraged_values);
    free(trainer->first);
    free(trainer->second);
    free(trainer);
}

// Evaluation executors pack the weights again before their next use.
void imp_trainer_invalidate_packed_weights(imp_trainer *trainer)
{
    for (int i = 0; i < trainer->def.shards; i++)
        trainer->shards[i].packed = false;
}

void imp_trainer_set_lr_factor(imp_trainer *trainer, double factor)
{
    trainer->rate_factor = factor;
}

double imp_trainer_gradient_norm(const imp_trainer *trainer)
{
    return trainer->norm;
}

void imp_trainer_copy_weights_to_network(imp_trainer *trainer)
{
    // The network holds the weights already; only packed copies in evaluation executors could be
    // out of date.
    imp_trainer_invalidate_packed_weights(trainer);
}
