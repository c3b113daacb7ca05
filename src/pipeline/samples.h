// pipeline/samples.h: a dataset as training samples: which frames, in which order, with which
// labels.
#ifndef IMP_PIPELINE_SAMPLES_H
#define IMP_PIPELINE_SAMPLES_H

#include "imprint/dataset.h"
#include "imprint/nn.h"
#include "imprint/robot.h"

// Samples that lie one after the other on the disk: a piece of an episode.
typedef struct imp_sample_block {
    const imp_dataset *dataset;
    uint32_t first, count; // samples
} imp_sample_block;

// Frames with the expert's actions. frames[i] points into the dataset, which must outlive it.
typedef struct imp_samples {
    const uint8_t **frames; // (count)
    float *labels;          // (count x 2) left, right duty cycle
    const float **actions;  // (count) what was executed then, before it the episode's earlier ones
    uint32_t *steps;        // (count) place in its episode
    double turning;         // sum of |right - left| of the labels
    size_t count;
    imp_sample_block *blocks; // (block_count) all samples in their order
    size_t block_count;
    size_t picture; // bytes of a frame
} imp_samples;

// Splits a dataset by episode and appends: a share `validation` of the episodes, drawn from seed
// and the dataset's number, goes to *held_out, the rest, at least one, to *training. Both start as
// {0} and are freed with imp_samples_free(), also after a failure.
imp_status imp_samples_add(imp_samples *training, imp_samples *held_out, const imp_dataset *dataset,
                           int number, double validation, uint64_t seed, imp_error *err);
// Appends an episode in memory, whose arrays must outlive the samples; `picture` must be set.
imp_status imp_samples_add_episode(imp_samples *samples, const imp_episode *episode,
                                   imp_error *err);
void imp_samples_free(imp_samples *samples);

// Hands out samples batch by batch, in an order that is a function of seed, epoch and window alone.
// The blocks are shuffled; then each `window` samples of what comes out are shuffled among
// themselves. A window of all samples shuffles them all. The system is told to read the next window
// while the present one is used, and to let go of the one before, so that about two windows are in
// memory however large the dataset is. Pictures are not copied: they are read where they are
// mapped.
typedef struct imp_feed {
    const imp_samples *samples; // borrowed
    imp_inputs inputs;          // what the batches are for
    imp_head head;              // what the labels become
    double weight_turns;
    size_t window, batch;
    bool shuffle, streams;
    uint32_t *order;        // (samples.count) of the present epoch
    uint32_t *blocks;       // (samples.block_count) in their order in it
    const uint8_t **frames; // (batch x inputs.frames) of the present batch
    float *actions;         // (batch x inputs.actions x 2)
    float *labels;          // (batch x 2)
    float *weights;         // (batch); NULL: all weigh the same
    struct imp_feed_edge {
        size_t block, sample; // every block before `block` ends before position `sample`
    } soon, done;             // what the system was told of
} imp_feed;

// What a feed is like.
typedef struct imp_feed_def {
    imp_inputs inputs; // of the network
    imp_head head;     // the same
    // What a sample's loss is multiplied by grows with how sharply it turns: (1 + this * t / mean
    // of t) / (1 + this) with t = |right - left| of its label. The mean of it is 1. 0: no weights
    double weight_turns;
    size_t window; // 0, or more than there are: all samples
    size_t batch;
    bool shuffle; // else samples come in their own order
    bool streams; // whether the system is told
} imp_feed_def;

// Starts as {0}; freed with imp_feed_free(), also after a failure.
imp_status imp_feed_init(imp_feed *feed, const imp_samples *samples, const imp_feed_def *def,
                         imp_error *err);
void imp_feed_free(imp_feed *feed);
// Puts the samples into their order for an epoch. Allocates nothing, like what follows.
void imp_feed_start(imp_feed *feed, uint64_t seed, uint32_t epoch);
// The batch that begins at a position in the epoch; it holds until the next is asked for. Where an
// episode has no earlier picture its first is taken, and no action for an earlier one.
imp_batch imp_feed_batch(imp_feed *feed, size_t position);

#endif
