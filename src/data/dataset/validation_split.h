// data/dataset/validation_split.h: which episodes of datasets are held out for validation: a share
// of each dataset, drawn from a seed and the dataset's number. An episode with the pictures of an
// earlier one goes to that one's side, so that no episode that is given twice is on both sides.
#ifndef IMP_DATA_DATASET_VALIDATION_SPLIT_H
#define IMP_DATA_DATASET_VALIDATION_SPLIT_H

#include "imprint/dataset.h"

// An episode by its pictures.
typedef struct imp_split_episode {
    uint64_t fingerprint;
    const uint8_t *images; // (bytes) in its dataset; NULL: no episode
    size_t bytes;
    bool held_out;
} imp_split_episode;

// Starts as {.validation = ..., .seed = ...}; released with imp_validation_split_free().
typedef struct imp_validation_split {
    double validation; // share of the episodes, 0 to 1
    uint64_t seed;
    int datasets;             // so far
    int repeated;             // episodes that were there before
    imp_split_episode *known; // (capacity, a power of two) a hash table
    size_t count, capacity;
} imp_validation_split;

// Draws for one more dataset, which must outlive this. order (one per episode) becomes a shuffled
// order of its episodes; apart[k] tells whether episode order[k] is held out. At least one is not,
// unless it was held out before.
imp_status imp_validation_split_add(imp_validation_split *holdout, const imp_dataset *dataset,
                                    uint32_t *order, bool *is_held_out, imp_error *err);
void imp_validation_split_free(imp_validation_split *holdout);

#endif
