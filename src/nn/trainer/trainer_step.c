// One step of training, and the loss without one.
#include "base/text/plural.h"
#include "nn/trainer/loss.h"
#include "nn/trainer/trainer.h"

#include <math.h>
#include <string.h>

// share of the old value that a moving statistic keeps in a step
static const float MOMENTUM = 0.9F;

// a gradient of this length is no gradient; its squares are still far from overflowing
static const double GRADIENT_NORM_MAX = 1e18;

static void load_shard_inputs(const imp_trainer *trainer, int begin, int size,
                              imp_executor *executor)
{
    const imp_input_spec *inputs = &trainer->network->graph.inputs;
    const imp_batch *batch = &trainer->batch;
    imp_executor_set_inputs(executor, batch->frames + (size_t)begin * (size_t)inputs->frames,
                            batch->actions == NULL
                                ? NULL
                                : batch->actions + (size_t)begin * 2 * (size_t)inputs->actions,
                            size);
}

// Sum of the losses of samples [begin, begin + size); gradient (nullable) of the mean over the
// whole batch.
static double sum_losses(const imp_trainer *trainer, int begin, int size, const float *output,
                         float *gradient)
{
    const int outputs = trainer->network->def.outputs;
    const imp_batch *batch = &trainer->batch;
    const double scale = 1.0 / ((double)batch->count * outputs);
    double sum = 0.0;
    for (int i = 0; i < size; i++) {
        const size_t at = (size_t)i * (size_t)outputs;
        const imp_loss_sample sample = {
            .output = output + at,
            .labels = batch->labels + (size_t)(begin + i) * (size_t)outputs,
            .gradient = gradient != NULL ? gradient + at : NULL,
            .outputs = outputs,
            .weight = batch->weights == NULL ? 1.0 : (double)batch->weights[begin + i],
            .scale = scale,
        };
        sum = imp_loss_accumulate(sum, &trainer->def, &sample);
    }
    return sum;
}

// A shard without results yet, and its samples of the batch: `size` from `begin` on.
static imp_batch_shard *begin_shard(imp_trainer *trainer, int index, int *begin, int *size)
{
    imp_batch_shard *shard = &trainer->shards[index];
    *begin = imp_batch_shard_begin(trainer, index, trainer->batch.count);
    *size = imp_batch_shard_size(trainer, index, trainer->batch.count);
    shard->loss = 0.0;
    shard->failed = false;
    return shard;
}

static void compute_shard_gradient(void *context, int index, int worker)
{
    imp_trainer *trainer = context;
    (void)worker;
    int begin, size;
    imp_batch_shard *shard = begin_shard(trainer, index, &begin, &size);
    if (size == 0)
        return;
    imp_executor *executor = shard->training[size];
    load_shard_inputs(trainer, begin, size, executor);
    imp_executor_seed_dropout(executor, trainer->def.seed, trainer->step, begin);
    shard->failed = !imp_executor_pack_weights(executor) || !imp_executor_forward(executor);
    if (shard->failed)
        return;
    shard->loss = sum_losses(trainer, begin, size, imp_executor_output(executor),
                             imp_executor_output_gradient(executor));
    shard->failed = !imp_executor_backward(executor);
}

// The first shard that has samples: its gradients take those of the others.
static float *reduced_gradient(const imp_trainer *trainer)
{
    int shard = 0;
    while (imp_batch_shard_size(trainer, shard, trainer->batch.count) == 0)
        shard++;
    return trainer->shards[shard].gradients;
}

// Adds the gradients of the shards in their order.
static void reduce_gradient_chunk(void *context, int index, int worker)
{
    imp_trainer *trainer = context;
    (void)worker;
    imp_weight_chunk *chunk = &trainer->chunks[index];
    float *whole = reduced_gradient(trainer);
    for (int i = 0; i < trainer->def.shards; i++) {
        const float *part = trainer->shards[i].gradients;
        if (part != whole && imp_batch_shard_size(trainer, i, trainer->batch.count) > 0)
            imp_gradient_add(whole + chunk->offset, part + chunk->offset, chunk->count);
    }
    imp_gradient_sum_squares(&chunk->squares, whole + chunk->offset, chunk->count);
}

static void update_weight_chunk(void *context, int index, int worker)
{
    const imp_trainer *trainer = context;
    (void)worker;
    const imp_weight_chunk *chunk = &trainer->chunks[index];
    const int64_t at = chunk->offset;
    const imp_weight_span weights = {
        .count = chunk->count,
        .gradient = reduced_gradient(trainer) + at,
        .weight = trainer->values + at,
        .first = trainer->first + at,
        .second = trainer->second == NULL ? NULL : trainer->second + at,
        .average = trainer->unaveraged_values == NULL ? NULL : trainer->network->values + at,
    };
    imp_weight_update_apply(&trainer->updates[chunk->decay], &weights);
}

// Moves the statistics of true batch norms towards those of this batch: the shards' own, by their
// sizes.
static void update_moving_statistics(imp_trainer *trainer)
{
    const imp_graph *graph = &trainer->network->graph;
    float *moving = trainer->values + graph->trained;
    const int count = trainer->batch.count;
    const int64_t statistics = graph->values - graph->trained;
    for (int64_t k = 0; k < statistics; k++) {
        double mean = 0.0;
        for (int i = 0; i < trainer->def.shards; i++) {
            const int size = imp_batch_shard_size(trainer, i, count);
            if (size > 0)
                mean += (double)size / count *
                        imp_executor_batch_statistics(trainer->shards[i].training[size])[k];
        }
        moving[k] = MOMENTUM * moving[k] + (1.0F - MOMENTUM) * (float)mean;
    }
    if (trainer->unaveraged_values != NULL)
        memcpy(trainer->network->values + graph->trained, moving,
               (size_t)statistics * sizeof *moving);
}

// The mean loss over the batch, or a failure.
static imp_status mean_shard_loss(const imp_trainer *trainer, double *loss, imp_error *err)
{
    double sum = 0.0;
    for (int i = 0; i < trainer->def.shards; i++) {
        if (trainer->shards[i].failed)
            return imp_fail(err, IMP_INTERNAL, "oneDNN failed while computing");
        sum += trainer->shards[i].loss;
    }
    *loss = sum / ((double)trainer->batch.count * trainer->network->def.outputs);
    if (!isfinite(*loss))
        return imp_fail(err, IMP_CHECK_FAILED,
                        "the loss is not finite in step %lld: check the labels, or lower the "
                        "learning rate",
                        (long long)trainer->step + 1);
    return IMP_OK;
}

// The length of the gradient: one that explodes must not reach the weights.
static imp_status compute_gradient_norm(const imp_trainer *trainer, double *norm, imp_error *err)
{
    double sum = 0.0;
    for (int i = 0; i < trainer->chunk_count; i++)
        sum += trainer->chunks[i].squares;
    *norm = sqrt(sum);
    if (!(*norm < GRADIENT_NORM_MAX))
        return imp_fail(err, IMP_CHECK_FAILED,
                        "the gradient exploded in step %lld: lower the learning rate",
                        (long long)trainer->step + 1);
    return IMP_OK;
}

static void update_weights(imp_trainer *trainer)
{
    const imp_trainer_def *def = &trainer->def;
    const bool cut = def->clip_norm > 0.0 && trainer->norm > def->clip_norm;
    trainer->step++;
    for (int decay = 0; decay < 2; decay++)
        trainer->updates[decay] = imp_weight_update_make(
            def, trainer->rate_factor * def->learning_rate,
            cut ? def->clip_norm / trainer->norm : 1.0, trainer->step, decay == 1);
    imp_thread_pool_run(trainer->pool, trainer->chunk_count, update_weight_chunk, trainer);
    if (trainer->network->def.batch_norm)
        update_moving_statistics(trainer);
    imp_trainer_invalidate_packed(trainer);
}

imp_status imp_trainer_step(imp_trainer *trainer, const imp_batch *batch, double *loss,
                            imp_error *err)
{
    if (batch->count < 1 || batch->count > trainer->def.batch)
        return imp_fail(err, IMP_USAGE, "a step of %s: 1..%d are possible",
                        IMP_PLURAL(batch->count, "sample"), trainer->def.batch);
    imp_status status = imp_trainer_prepare_batch(trainer, batch->count, err);
    if (status != IMP_OK)
        return status;
    double mean, norm;
    trainer->batch = *batch;
    imp_thread_pool_run(trainer->pool, trainer->def.shards, compute_shard_gradient, trainer);
    status = mean_shard_loss(trainer, &mean, err);
    if (status != IMP_OK)
        return status;
    imp_thread_pool_run(trainer->pool, trainer->chunk_count, reduce_gradient_chunk, trainer);
    status = compute_gradient_norm(trainer, &norm, err);
    if (status != IMP_OK)
        return status;
    trainer->norm = norm;
    update_weights(trainer);
    *loss = mean;
    return IMP_OK;
}

static void evaluate_shard(void *context, int index, int worker)
{
    imp_trainer *trainer = context;
    (void)worker;
    int begin, size;
    imp_batch_shard *shard = begin_shard(trainer, index, &begin, &size);
    if (size == 0)
        return;
    // the places of missing samples keep older pictures: samples do not see each other here
    load_shard_inputs(trainer, begin, size, shard->inference);
    shard->packed = shard->packed || imp_executor_pack_weights(shard->inference);
    shard->loss = NAN;
    if (shard->packed && imp_executor_forward(shard->inference))
        shard->loss = sum_losses(trainer, begin, size, imp_executor_output(shard->inference), NULL);
}

double imp_trainer_evaluate_loss(imp_trainer *trainer, const imp_batch *batch)
{
    const int count = batch->count;
    if (count < 1 || count > trainer->def.batch)
        return NAN;
    trainer->batch = *batch;
    trainer->batch.weights = NULL;
    imp_thread_pool_run(trainer->pool, trainer->def.shards, evaluate_shard, trainer);
    double sum = 0.0;
    for (int i = 0; i < trainer->def.shards; i++)
        sum += trainer->shards[i].loss;
    return sum / ((double)count * trainer->network->def.outputs);
}
