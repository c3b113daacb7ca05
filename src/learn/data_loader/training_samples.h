// learn/data_loader/training_samples.h: datasets as training samples: which frames, with which
// labels.
#ifndef IMP_LEARN_DATA_LOADER_TRAINING_SAMPLES_H
#define IMP_LEARN_DATA_LOADER_TRAINING_SAMPLES_H

#include "data/dataset/validation_split.h"

// Samples that lie one after the other on the disk: a piece of an episode.
typedef struct imp_sample_block {
    const imp_dataset *dataset;
    uint32_t first, count; // samples
} imp_sample_block;

// What one dataset gave: so many samples and blocks, the first of them, and the share of an epoch
// that is wanted from it; 0: as much as it has.
typedef struct imp_sample_part {
    size_t first, count, first_block, block_count;
    double weight;
} imp_sample_part;

enum { IMP_SAMPLE_PARTS_MAX = 256 };

// Frames with the expert's actions. frames[i] points into the dataset, which must outlive it.
typedef struct imp_training_samples {
    const uint8_t **frames; // (count)
    float *labels;          // (count x 2) left, right duty cycle
    const float **actions;  // (count) what was executed then, before it the episode's earlier ones
    float *conditions;      // (count x IMP_CONDITION_COUNT) as networks get them
    uint32_t *steps;        // (count) place in its episode
    double turn_sum;        // sum of |right - left| of the labels
    size_t count;
    imp_sample_block *blocks; // (block_count) all samples in their order
    size_t block_count;
    size_t image; // bytes of a frame
    int part_count;
    imp_sample_part parts[IMP_SAMPLE_PARTS_MAX]; // of the datasets in their order
} imp_training_samples;

// Splits a dataset by episode and appends: episodes that are held out go to *held_out, the others
// to *training. Both start as {0} and are freed with imp_training_samples_free(), also after a
// failure. Weights of parts are 0 at first.
imp_status imp_training_samples_add(imp_training_samples *training, imp_training_samples *held_out,
                                    imp_validation_split *holdout, const imp_dataset *dataset,
                                    imp_error *err);
// Appends an episode in memory, whose arrays must outlive the samples; `image` must be set.
imp_status imp_training_samples_add_episode(imp_training_samples *samples,
                                            const imp_episode *episode, imp_error *err);
void imp_training_samples_free(imp_training_samples *samples);

#endif
