// data/dataset/validation_split.h: selects the episodes that are held out for validation: a
// fraction of each dataset, drawn from a seed and the dataset's number. An episode with the images
// of an earlier one goes to the same side, so no episode that is given twice is on both sides.
#ifndef IMP_DATA_DATASET_VALIDATION_SPLIT_H
#define IMP_DATA_DATASET_VALIDATION_SPLIT_H

#include "imprint/dataset.h"

// A known episode, identified by its images.
typedef struct imp_split_episode {
    uint64_t fingerprint;
    const uint8_t *images; // (bytes) borrowed from its dataset; NULL: free entry
    size_t bytes;
    bool held_out;
} imp_split_episode;

// Start with {.validation = ..., .seed = ...}; release with imp_validation_split_free().
typedef struct imp_validation_split {
    double validation; // fraction of the episodes, 0 to 1
    uint64_t seed;
    int datasets;             // number of datasets so far
    int repeated;             // episodes that occurred before
    imp_split_episode *known; // (capacity, a power of two) a hash table
    size_t count, capacity;
} imp_validation_split;

// Splits one more dataset, which must outlive this object. order (one per episode) receives a
// shuffled order of its episodes; is_held_out[k] tells whether episode order[k] is held out. At
// least one is not, unless it was held out before.
imp_status imp_validation_split_add_dataset(imp_validation_split *holdout,
                                            const imp_dataset *dataset, uint32_t *order,
                                            bool *is_held_out, imp_error *err);
void imp_validation_split_free(imp_validation_split *holdout);

#endif
