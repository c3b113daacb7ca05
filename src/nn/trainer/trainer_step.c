// One step of training: every shard computes its gradient on a thread, the gradients are added
// chunk by chunk in the order of the shards, the norm is checked, and the weights are updated chunk
// by chunk. The same division of work evaluates the loss without a step.
#include "base/text/plural.h"
#include "nn/trainer/loss.h"
#include "nn/trainer/trainer.h"
#include "nn/trainer/trainer_ranks.h"

#include <math.h>
#include <string.h>

// Weight of the old value in a batch norm's moving statistics, per step.
static const float MOMENTUM = 0.9F;

// A gradient with a larger norm has exploded. The square of this value is far below overflow.
static const double GRADIENT_NORM_MAX = 1e18;

// Fills the inputs of an executor with the shard's samples.
static void load_shard_inputs(const imp_trainer *trainer, int begin, int size,
                              imp_executor *executor)
{
    const imp_input_spec *inputs = &trainer->network->graph.inputs;
    const imp_batch *batch = &trainer->batch;
    // inputs begin at the shard's first sample
    imp_executor_set_inputs(executor, batch->frames + (size_t)begin * (size_t)inputs->frames,
                            batch->values == NULL
                                ? NULL
                                : batch->values + begin * (ptrdiff_t)imp_input_value_count(inputs),
                            size);
}

// Sum of the losses of samples [begin, begin + size). gradient: nullable; of the mean loss over the
// whole batch.
static double sum_losses_and_gradients(const imp_trainer *trainer, int begin, int size,
                                       const float *output, float *gradient)
{
    const int outputs = trainer->network->def.outputs;
    const imp_batch *batch = &trainer->batch;
    // the loss is a mean over samples and outputs
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

// Resets a shard and returns it with its samples of the batch: `size` from `begin` on.
static imp_batch_shard *reset_shard_for_batch(imp_trainer *trainer, int index, int *begin,
                                              int *size)
{
    imp_batch_shard *shard = &trainer->shards[index];
    *begin = imp_batch_shard_begin(trainer, index, trainer->batch.count);
    *size = imp_batch_shard_size(trainer, index, trainer->batch.count);
    shard->loss = 0.0;
    return shard;
}

// Runs a task for each shard of this rank.
static void run_shards_of_this_rank(imp_trainer *trainer,
                                    void (*task)(void *context, int index, int worker))
{
    int first, last;
    imp_trainer_find_shards_of_rank(trainer, &first, &last);
    imp_thread_pool_run(trainer->pool, last - first, task, trainer);
}

// The number of a shard, from its number among those of this rank.
static int shard_number_on_this_rank(const imp_trainer *trainer, int index)
{
    int first, last;
    imp_trainer_find_shards_of_rank(trainer, &first, &last);
    return first + index;
}

// Task of one shard: forward pass, loss, backward pass.
static void compute_shard_gradient(void *context, int index, int worker)
{
    imp_trainer *trainer = context;
    (void)worker;
    index = shard_number_on_this_rank(trainer, index);
    int begin, size;
    imp_batch_shard *shard = reset_shard_for_batch(trainer, index, &begin, &size);
    if (size == 0)
        return;
    imp_executor *executor = shard->training;
    load_shard_inputs(trainer, begin, size, executor);
    imp_executor_seed_dropout(executor, trainer->def.seed, trainer->step, begin);
    // the weights changed in the step before, so they are packed again
    imp_executor_pack_weights(executor);
    imp_executor_forward(executor);
    shard->loss = sum_losses_and_gradients(trainer, begin, size, imp_executor_output(executor),
                                           imp_executor_output_gradient(executor));
    imp_executor_backward(executor);
}

// The gradients are summed in those of the first shard that has samples.
static float *gradient_sum_destination(const imp_trainer *trainer)
{
    int shard = 0;
    // empty shards are skipped; a batch has at least one sample
    while (imp_batch_shard_size(trainer, shard, trainer->batch.count) == 0)
        shard++;
    return trainer->shards[shard].gradients;
}

// Task of one chunk: adds the gradients of all shards in their order, and squares the sum for the
// norm.
static void reduce_gradient_chunk(void *context, int index, int worker)
{
    imp_trainer *trainer = context;
    (void)worker;
    imp_weight_chunk *chunk = &trainer->chunks[index];
    float *whole = gradient_sum_destination(trainer);
    // a fixed order of additions keeps results independent of threads
    for (int i = 0; i < trainer->def.shards; i++) {
        const float *part = trainer->shards[i].gradients;
        if (part != whole && imp_batch_shard_size(trainer, i, trainer->batch.count) > 0)
            imp_gradient_add(whole + chunk->offset, part + chunk->offset, chunk->count);
    }
    imp_gradient_sum_squares(&chunk->squares, whole + chunk->offset, chunk->count);
}

// Task of one chunk: updates weights, moments and average.
static void update_weight_chunk(void *context, int index, int worker)
{
    const imp_trainer *trainer = context;
    (void)worker;
    const imp_weight_chunk *chunk = &trainer->chunks[index];
    const int64_t at = chunk->offset;
    // pointers into the arrays at the chunk's offset
    const imp_weight_span weights = {
        .count = chunk->count,
        .gradient = gradient_sum_destination(trainer) + at,
        .weight = trainer->values + at,
        .first = trainer->first + at,
        .second = trainer->second == NULL ? NULL : trainer->second + at,
        .average = trainer->unaveraged_values == NULL ? NULL : trainer->network->values + at,
    };
    imp_weight_update_apply(&trainer->updates[chunk->decay], &weights);
}

// Moves batch norms' moving statistics towards those of this batch. The statistics of shards are
// averaged with their sizes as weights.
static void update_moving_statistics(imp_trainer *trainer)
{
    const imp_graph *graph = &trainer->network->graph;
    float *moving = trainer->values + graph->trained;
    const int count = trainer->batch.count;
    const int64_t statistics = graph->values - graph->trained;
    for (int64_t k = 0; k < statistics; k++) {
        double mean = 0.0;
        // shards without samples have no statistics
        for (int i = 0; i < trainer->def.shards; i++) {
            const int size = imp_batch_shard_size(trainer, i, count);
            if (size > 0)
                mean += (double)size / count *
                        imp_executor_batch_statistics(trainer->shards[i].training)[k];
        }
        moving[k] = MOMENTUM * moving[k] + (1.0F - MOMENTUM) * (float)mean;
    }
    // the network holds the average; its statistics are those of training
    if (trainer->unaveraged_values != NULL)
        memcpy(trainer->network->values + graph->trained, moving,
               (size_t)statistics * sizeof *moving);
}

// The mean loss over the batch. Fails if it is not finite.
static imp_status mean_shard_loss(const imp_trainer *trainer, double *loss, imp_error *err)
{
    double sum = 0.0;
    for (int i = 0; i < trainer->def.shards; i++)
        sum += trainer->shards[i].loss;
    *loss = sum / ((double)trainer->batch.count * trainer->network->def.outputs);
    if (!isfinite(*loss))
        return imp_fail(err, IMP_CHECK_FAILED,
                        "the loss is not finite in step %lld: check the labels, or lower the "
                        "learning rate",
                        (long long)trainer->step + 1);
    return IMP_OK;
}

// The norm of the gradient. Fails if it exploded, before it can reach the weights. NaN fails too.
static imp_status compute_gradient_norm(const imp_trainer *trainer, double *norm, imp_error *err)
{
    double sum = 0.0;
    // squares of chunks, in their order
    for (int i = 0; i < trainer->chunk_count; i++)
        sum += trainer->chunks[i].squares;
    *norm = sqrt(sum);
    if (!(*norm < GRADIENT_NORM_MAX))
        return imp_fail(err, IMP_CHECK_FAILED,
                        "the gradient exploded in step %lld: lower the learning rate",
                        (long long)trainer->step + 1);
    return IMP_OK;
}

// Takes the step: two sets of numbers, for values without and with weight decay.
static void update_weights(imp_trainer *trainer)
{
    const imp_trainer_def *def = &trainer->def;
    // clipping scales the gradient down to clip_norm
    const bool cut = def->clip_norm > 0.0 && trainer->norm > def->clip_norm;
    trainer->step++;
    for (int decay = 0; decay < 2; decay++)
        trainer->updates[decay] = imp_weight_update_coefficients(
            def, trainer->rate_factor * def->learning_rate,
            cut ? def->clip_norm / trainer->norm : 1.0, trainer->step, decay == 1);
    imp_thread_pool_run(trainer->pool, trainer->chunk_count, update_weight_chunk, trainer);
    if (trainer->network->def.batch_norm)
        update_moving_statistics(trainer);
    imp_trainer_invalidate_packed_weights(trainer);
}

// Nothing is changed until loss and gradient are known to be finite.
imp_status imp_trainer_step(imp_trainer *trainer, const imp_batch *batch, double *loss,
                            imp_error *err)
{
    // the trainer was created for batches up to this size
    if (batch->count < 1 || batch->count > trainer->def.batch)
        return imp_fail(err, IMP_USAGE, "a step of %s: 1..%d are possible",
                        IMP_PLURAL(batch->count, "sample"), trainer->def.batch);
    double mean, norm;
    // tasks read the batch from the trainer
    trainer->batch = *batch;
    // gradients of all shards, then their loss
    run_shards_of_this_rank(trainer, compute_shard_gradient);
    imp_status status = imp_trainer_exchange_gradients(trainer, true, err);
    if (status == IMP_OK)
        status = mean_shard_loss(trainer, &mean, err);
    if (status != IMP_OK)
        return status;
    // sum of the gradients and its norm
    imp_thread_pool_run(trainer->pool, trainer->chunk_count, reduce_gradient_chunk, trainer);
    status = compute_gradient_norm(trainer, &norm, err);
    if (status != IMP_OK)
        return status;
    trainer->norm = norm;
    update_weights(trainer);
    *loss = mean;
    return IMP_OK;
}

// Task of one shard in evaluation.
static void evaluate_shard(void *context, int index, int worker)
{
    imp_trainer *trainer = context;
    (void)worker;
    index = shard_number_on_this_rank(trainer, index);
    int begin, size;
    imp_batch_shard *shard = reset_shard_for_batch(trainer, index, &begin, &size);
    if (size == 0)
        return;
    load_shard_inputs(trainer, begin, size, shard->inference);
    // pack the weights if they changed since the last evaluation
    if (!shard->packed)
        imp_executor_pack_weights(shard->inference);
    shard->packed = true;
    imp_executor_forward(shard->inference);
    shard->loss =
        sum_losses_and_gradients(trainer, begin, size, imp_executor_output(shard->inference), NULL);
}

// All samples count equally. NaN if the count is out of range.
double imp_trainer_evaluate_loss(imp_trainer *trainer, const imp_batch *batch)
{
    const int count = batch->count;
    if (count < 1 || count > trainer->def.batch)
        return NAN;
    trainer->batch = *batch;
    trainer->batch.weights = NULL;
    run_shards_of_this_rank(trainer, evaluate_shard);
    if (imp_trainer_exchange_gradients(trainer, false, NULL) != IMP_OK)
        return NAN;
    double sum = 0.0;
    for (int i = 0; i < trainer->def.shards; i++)
        sum += trainer->shards[i].loss;
    return sum / ((double)count * trainer->network->def.outputs);
}
