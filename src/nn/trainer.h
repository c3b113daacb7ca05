// nn/trainer.h: what a trainer is inside the folder.
#ifndef IMP_NN_TRAINER_H
#define IMP_NN_TRAINER_H

#include "base/threads.h"
#include "nn/executor.h"
#include "nn/network.h"

// One fixed part of a batch: what one thread computes.
typedef struct imp_shard {
    float *gradients;        // (trained)
    imp_executor **training; // by number of samples, 0..largest; made when first wanted
    imp_executor *inference; // for the largest number
    bool packed;             // the inference executor has the current weights
    double loss;             // sum of squares over its samples
    bool finite;             // its gradients are
    bool failed;             // oneDNN refused
} imp_shard;

// A run of weights that one piece of work updates.
typedef struct imp_piece {
    int64_t offset, count;
    bool decay;
} imp_piece;

// The batch under way.
typedef struct imp_batch {
    const uint8_t *const *frames;
    const float *labels;
    int count;
} imp_batch;

struct imp_trainer {
    imp_trainer_def def;
    imp_network *network; // borrowed
    imp_pool *pool;
    imp_shard *shards; // (def.shards)
    int largest;       // samples that a shard has at most
    imp_piece *pieces;
    int piece_count;
    float *first, *second; // Adam's moments (trained)
    int64_t step;          // taken so far
    double rate_factor;    // of the learning rate, set by a schedule
    imp_batch batch;
};

// Forgets what was derived from the weights, after they changed.
void imp_trainer_invalidate(imp_trainer *trainer);

#endif
