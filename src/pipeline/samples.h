// pipeline/samples.h: a dataset as training samples: which frames, in which order, with which
// labels.
#ifndef IMP_PIPELINE_SAMPLES_H
#define IMP_PIPELINE_SAMPLES_H

#include "imprint/dataset.h"

// Frames with the expert's actions. frames[i] points into the dataset, which must outlive it.
typedef struct imp_samples {
    const uint8_t **frames; // (count)
    float *labels;          // (count x 2) left, right duty cycle
    size_t count;
} imp_samples;

// Splits a dataset by episode and appends: a share `validation` of the episodes, drawn from seed
// and the dataset's number, goes to *held_out, the rest, at least one, to *training. Both start as
// {0} and are freed with imp_samples_free(), also after a failure.
imp_status imp_samples_add(imp_samples *training, imp_samples *held_out, const imp_dataset *dataset,
                           int number, double validation, uint64_t seed, imp_error *err);
void imp_samples_free(imp_samples *samples);

#endif
