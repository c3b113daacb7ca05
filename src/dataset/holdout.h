// dataset/holdout.h: which episodes of datasets are held out for validation: a share of each
// dataset, drawn from a seed and the dataset's number. An episode with the pictures of an earlier
// one goes to that one's side, so that no episode that is given twice is on both sides.
#ifndef IMP_DATASET_HOLDOUT_H
#define IMP_DATASET_HOLDOUT_H

#include "imprint/dataset.h"

// An episode by its pictures.
typedef struct imp_known_episode {
    uint64_t fingerprint;
    const uint8_t *pictures; // (bytes) in its dataset; NULL: no episode
    size_t bytes;
    bool held_out;
} imp_known_episode;

// Starts as {.validation = ..., .seed = ...}; released with imp_holdout_free().
typedef struct imp_holdout {
    double validation; // share of the episodes, 0 to 1
    uint64_t seed;
    int datasets;             // so far
    int repeated;             // episodes that were there before
    imp_known_episode *known; // (capacity, a power of two) a hash table
    size_t count, capacity;
} imp_holdout;

// Draws for one more dataset, which must outlive this. order (one per episode) becomes a shuffled
// order of its episodes; apart[k] tells whether episode order[k] is held out. At least one is not,
// unless it was held out before.
imp_status imp_holdout_draw(imp_holdout *holdout, const imp_dataset *dataset, uint32_t *order,
                            bool *apart, imp_error *err);
void imp_holdout_free(imp_holdout *holdout);

#endif
