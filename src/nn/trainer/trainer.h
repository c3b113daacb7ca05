// nn/trainer/trainer.h: what a trainer is inside the folder.
#ifndef IMP_NN_TRAINER_TRAINER_H
#define IMP_NN_TRAINER_TRAINER_H

#include "base/text/struct_text.h"
#include "base/threads/thread_pool.h"
#include "nn/engine/executor.h"
#include "nn/network/network.h"
#include "nn/trainer/optimiser.h"

// One fixed part of a batch: what one thread computes.
typedef struct imp_batch_shard {
    float *gradients;        // (trained)
    imp_executor **training; // by number of samples, 0..largest; made when first wanted
    imp_executor *inference; // for the largest number
    bool packed;             // the inference executor has the current weights
    double loss;             // sum over its samples
    bool failed;             // oneDNN refused
} imp_batch_shard;

// A run of weights that one piece of work updates.
typedef struct imp_weight_chunk {
    int64_t offset, count;
    bool decay;
    double squares; // of its gradient
} imp_weight_chunk;

// The table of imp_trainer_def.
extern const imp_struct_table imp_trainer_members;

struct imp_trainer {
    imp_trainer_def def;
    imp_network *network; // borrowed
    imp_thread_pool *pool;
    imp_batch_shard *shards; // (def.shards)
    int max_shard_size;      // samples that a shard has at most
    imp_weight_chunk *chunks;
    int chunk_count;
    float *values; // (graph.values) that are trained: the network's, or, with an average, our
                   // own, for then the network has the average
    float *unaveraged_values;     // those, or NULL
    float *first, *second;        // moments (trained); SGD has the first alone
    int64_t step;                 // taken so far
    double rate_factor;           // of the learning rate, set by a schedule
    double norm;                  // of the latest gradient
    imp_weight_update updates[2]; // under way, of values that do not decay and that do
    imp_batch batch;              // under way
};

// Samples [begin, end) of a batch of count are the shard's.
static inline int imp_batch_shard_begin(const imp_trainer *trainer, int shard, int count)
{
    return (int)((int64_t)count * shard / trainer->def.shards);
}

static inline int imp_batch_shard_size(const imp_trainer *trainer, int shard, int count)
{
    return imp_batch_shard_begin(trainer, shard + 1, count) -
           imp_batch_shard_begin(trainer, shard, count);
}

// Makes sure that every shard can compute its part of a batch of count samples. Allocates where the
// batch is neither a whole one nor as large as the last that was not.
imp_status imp_trainer_prepare_batch(imp_trainer *trainer, int count, imp_error *err);

// Forgets what was derived from the weights, after they changed.
void imp_trainer_invalidate_packed(imp_trainer *trainer);

#endif
