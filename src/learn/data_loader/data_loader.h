// learn/data_loader/data_loader.h: samples in batches: their order, what becomes of them, and when
// they are ready.
#ifndef IMP_LEARN_DATA_LOADER_DATA_LOADER_H
#define IMP_LEARN_DATA_LOADER_DATA_LOADER_H

#include "learn/augmentation/augment.h"
#include "learn/data_loader/prefetcher.h"
#include "learn/data_loader/training_samples.h"

// What a feed is like.
typedef struct imp_data_loader_def {
    imp_input_spec inputs; // of the network
    imp_output_kind head;  // the same
    // What a sample's loss is multiplied by grows with how sharply it turns: (1 + this * t / mean
    // of t) / (1 + this) with t = |right - left| of its label. The mean of it is 1. 0: no weights
    double turn_weight;
    const imp_augmenter *augmenter; // NULL: images stay as they are; borrowed
    size_t window;                  // 0, or more than there are: all samples
    size_t batch;
    bool shuffle; // else samples come in their own order
    bool streams; // whether the system gets advice, and a separate thread touches pages
} imp_data_loader_def;

// A batch that is, or is being, made ready.
typedef struct imp_data_loader_slot {
    size_t position; // that it begins at; SIZE_MAX: nothing is in it
    imp_batch batch;
    const uint8_t **frames; // (batch x inputs.frames)
    float *values;          // (batch x imp_input_value_count())
    float *labels;          // (batch x 2)
    float *weights;         // (batch); NULL: all weigh the same
    uint8_t *images;        // (batch x inputs.frames) that were changed; NULL: none are
} imp_data_loader_slot;

// A part of a block that is in an epoch.
typedef struct imp_sample_run {
    uint32_t block, count;
} imp_sample_run;

// Hands out samples batch by batch, in an order that is a function of seed, epoch, window and the
// parts' weights alone. The blocks are shuffled; then each `window` samples of what comes out are
// shuffled among themselves. A window of all samples shuffles them all. While one window is used,
// the system is advised to read the next one and to release the one before. So about two windows
// are in memory however large the dataset is. Images that stay as they are are not copied: they
// are read where they are mapped. Where there is work to do on a batch, a thread does it while the
// one before is used.
typedef struct imp_data_loader {
    imp_data_loader_def def;             // its window is that of the epoch
    const imp_training_samples *samples; // borrowed
    size_t count;                        // samples in an epoch
    uint64_t seed;                       // of the present epoch
    uint32_t epoch;
    uint32_t *order;      // (count) of the present epoch
    imp_sample_run *runs; // (run_count) in their order in it
    uint32_t *blocks;     // (samples.block_count) scratch
    size_t run_count;
    imp_data_loader_slot slots[2];
    int current;                      // slot that was handed out last
    imp_prefetcher *prefetcher;       // NULL: nothing is done beforehand
    imp_augment_workspace *workspace; // of whoever fills slots
    struct imp_readahead_edge {
        size_t run, sample; // every run before `run` ends before position `sample`
    } soon, done;           // what the system was advised of
} imp_data_loader;

// Starts as {0}; stays where it is, and is freed with imp_data_loader_free(), also after a failure.
imp_status imp_data_loader_init(imp_data_loader *loader, const imp_training_samples *samples,
                                const imp_data_loader_def *def, imp_error *err);
void imp_data_loader_free(imp_data_loader *loader);
// Puts the samples into their order for an epoch. Allocates nothing, like what follows.
void imp_data_loader_start_epoch(imp_data_loader *loader, uint64_t seed, uint32_t epoch);
// The batch that begins at a position in the epoch; it holds until the next is asked for. Where an
// episode has no earlier image its first is taken, and no action for an earlier one.
imp_batch imp_data_loader_get_batch(imp_data_loader *loader, size_t position);

#endif
