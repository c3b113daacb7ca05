// Training in several processes. The shards of a batch are fixed, whatever the number of processes;
// each rank computes a run of them. Then all ranks get all gradients and add them in the order of
// the shards, exactly as one process does. So the weights are the same on all ranks, bit for bit,
// and are never sent. A message holds, shard by shard, the loss, the statistics of batch norms and
// the gradients, and in front whether the rank wants to stop.
#include "nn/trainer/trainer_ranks.h"

#include <stdlib.h>
#include <string.h>

#include "base/common/share.h"
#include "base/text/plural.h"
#include "nn/trainer/trainer.h"

// Values of 4 bytes. A double takes two of them.
enum { HEAD = 2, LOSS = 2 };

static size_t statistics_count(const imp_trainer *trainer)
{
    return (size_t)(trainer->network->graph.values - trainer->network->graph.trained);
}

// Values of one shard in a message.
static size_t count_values_per_shard(const imp_trainer *trainer, bool steps)
{
    return LOSS + (steps ? statistics_count(trainer) + (size_t)trainer->network->graph.trained : 0);
}

static int first_shard_of_rank(const imp_trainer *trainer, int rank)
{
    return imp_share_begin(trainer->def.shards, rank + 1, trainer->ranks->size);
}

void imp_trainer_find_samples_of_rank(int *first, int *last, const imp_trainer_def *def,
                                      const imp_communicator *communicator, int count)
{
    const int rank = communicator != NULL ? communicator->rank : 0;
    const int size = communicator != NULL ? communicator->size : 1;
    const int begin = imp_share_begin(def->shards, rank + 1, size);
    const int end = imp_share_begin(def->shards, rank + 2, size);
    *first = imp_share_begin(count, begin + 1, def->shards);
    *last = imp_share_begin(count, end + 1, def->shards);
}

imp_status imp_trainer_set_communicator(imp_trainer *trainer, imp_communicator *communicator,
                                        imp_error *err)
{
    if (communicator == NULL || communicator->size == 1)
        return IMP_OK;
    if (communicator->size > trainer->def.shards)
        return imp_fail(err, IMP_USAGE,
                        "%s for batches of %s: start at most as many processes, or train with more "
                        "shards, which gives other weights",
                        IMP_PLURAL(communicator->size, "process"),
                        IMP_PLURAL(trainer->def.shards, "shard"));
    trainer->ranks = communicator;
    const size_t values = (size_t)communicator->size * HEAD +
                          (size_t)trainer->def.shards * count_values_per_shard(trainer, true);
    trainer->messages = calloc(values, sizeof(float));
    trainer->message_bytes = calloc((size_t)communicator->size, sizeof *trainer->message_bytes);
    return trainer->messages != NULL && trainer->message_bytes != NULL
               ? IMP_OK
               : imp_fail(err, IMP_NO_MEMORY, "out of memory for gradients of all ranks");
}

bool imp_trainer_agree_to_stop(imp_trainer *trainer, bool wish)
{
    trainer->wants_stop = wish;
    return trainer->ranks == NULL ? wish : trainer->agreed_stop;
}

void imp_trainer_find_shards_of_rank(const imp_trainer *trainer, int *first, int *last)
{
    *first = 0;
    *last = trainer->def.shards;
    if (trainer->ranks == NULL)
        return;
    *first = first_shard_of_rank(trainer, trainer->ranks->rank);
    *last = first_shard_of_rank(trainer, trainer->ranks->rank + 1);
}

// Copies between a shard and its place in a message. Shards without samples have no gradients.
static void copy_shard(imp_trainer *trainer, int index, float *place, bool steps, bool to_message)
{
    imp_batch_shard *shard = &trainer->shards[index];
    const size_t statistics = statistics_count(trainer);
    const size_t trained = (size_t)trainer->network->graph.trained;
    float *gradients = place + LOSS + statistics;
    if (to_message)
        memcpy(place, &shard->loss, sizeof shard->loss);
    else
        memcpy(&shard->loss, place, sizeof shard->loss);
    if (!steps || imp_batch_shard_size(trainer, index, trainer->batch.count) == 0)
        return;
    if (to_message) {
        memcpy(place + LOSS, imp_executor_batch_statistics(shard->training),
               statistics * sizeof(float));
        memcpy(gradients, shard->gradients, trained * sizeof(float));
    } else {
        imp_executor_set_batch_statistics(shard->training, place + LOSS, statistics);
        memcpy(shard->gradients, gradients, trained * sizeof(float));
    }
}

// Walks over the messages of all ranks: fills this rank's, or takes those of the others.
static void copy_shards_to_or_from_messages(imp_trainer *trainer, bool steps, bool to_message)
{
    const imp_communicator *ranks = trainer->ranks;
    float *at = trainer->messages;
    for (int rank = 0; rank < ranks->size; rank++) {
        const bool own = rank == ranks->rank;
        const int last = first_shard_of_rank(trainer, rank + 1);
        if (own && to_message)
            at[0] = trainer->wants_stop ? 1.0F : 0.0F;
        if (!to_message)
            trainer->agreed_stop = trainer->agreed_stop || at[0] != 0.0F;
        at += HEAD;
        for (int k = first_shard_of_rank(trainer, rank); k < last; k++) {
            if (own == to_message)
                copy_shard(trainer, k, at, steps, to_message);
            at += count_values_per_shard(trainer, steps);
        }
    }
}

imp_status imp_trainer_exchange_gradients(imp_trainer *trainer, bool steps, imp_error *err)
{
    if (trainer->ranks == NULL)
        return IMP_OK;
    const imp_communicator *ranks = trainer->ranks;
    for (int rank = 0; rank < ranks->size; rank++)
        trainer->message_bytes[rank] =
            sizeof(float) * (HEAD + count_values_per_shard(trainer, steps) *
                                        (size_t)(first_shard_of_rank(trainer, rank + 1) -
                                                 first_shard_of_rank(trainer, rank)));
    copy_shards_to_or_from_messages(trainer, steps, true);
    const imp_status status =
        imp_communicator_all_gather(trainer->ranks, trainer->messages, trainer->message_bytes, err);
    if (status == IMP_OK)
        copy_shards_to_or_from_messages(trainer, steps, false);
    return status;
}
