// nn/trainer/trainer.h: the members of a trainer, for this folder only.
#ifndef IMP_NN_TRAINER_TRAINER_H
#define IMP_NN_TRAINER_TRAINER_H

#include "base/text/struct_text.h"
#include "base/threads/thread_pool.h"
#include "imprint/communicator.h"
#include "nn/engine/executor.h"
#include "nn/network/network.h"
#include "nn/trainer/optimiser.h"

// One fixed part of a batch, computed by one thread at a time.
typedef struct imp_batch_shard {
    float *gradients;                   // (trained)
    imp_executor *training, *inference; // for up to max_shard_size samples
    bool packed;                        // the inference executor has the current weights
    double loss;                        // sum over its samples
} imp_batch_shard;

// A run of weights that one task of the thread pool updates.
typedef struct imp_weight_chunk {
    int64_t offset, count;
    bool decay;
    double squares; // sum of squares of its gradient
} imp_weight_chunk;

// The table of imp_trainer_def's members.
extern const imp_struct_table imp_trainer_members;

struct imp_trainer {
    imp_trainer_def def;
    imp_network *network; // borrowed
    imp_thread_pool *pool;
    imp_batch_shard *shards; // (def.shards)
    int max_shard_size;      // maximum number of samples of a shard
    imp_weight_chunk *chunks;
    int chunk_count;
    float *values; // (graph.values) that are trained: the network's, or, with an average, our
                   // own, for then the network has the average
    float
        *unaveraged_values; // the separate array that `values` points to with an average; else NULL
    float *first, *second;  // moments (trained); SGD uses only the first
    int64_t step;           // steps taken so far
    double rate_factor;     // factor of the learning rate, set by a schedule
    double norm;            // of the latest gradient
    imp_weight_update updates[2]; // of the current step, for values without and with decay
    imp_batch batch;              // of the current step
    imp_communicator *ranks;      // that share the shards; NULL: this process has all
    float *messages;              // of all ranks, one after the other
    size_t *message_bytes;        // (ranks)
    bool wants_stop, agreed_stop; // this rank; any rank
};

// Samples [begin, begin + size) of a batch of `count` belong to the shard.
static inline int imp_batch_shard_begin(const imp_trainer *trainer, int shard, int count)
{
    return (int)((int64_t)count * shard / trainer->def.shards);
}

static inline int imp_batch_shard_size(const imp_trainer *trainer, int shard, int count)
{
    return imp_batch_shard_begin(trainer, shard + 1, count) -
           imp_batch_shard_begin(trainer, shard, count);
}

// Marks packed copies of the weights as outdated, after the weights changed.
void imp_trainer_invalidate_packed_weights(imp_trainer *trainer);

#endif
