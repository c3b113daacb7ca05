// learn/training/sample_source.h: the interface between the training loop and where its samples
// come from: datasets, an online buffer, rendered images.
#ifndef IMP_LEARN_TRAINING_SAMPLE_SOURCE_H
#define IMP_LEARN_TRAINING_SAMPLE_SOURCE_H

#include <jansson.h>
#include <stdio.h>

#include "imprint/nn.h"

// How far training has come. Every checkpoint holds it exactly, so that what follows is the same.
typedef struct imp_training_position {
    int epoch;       // in progress, from 0
    int step;        // next one of the epoch
    double loss_sum; // over the samples of the epoch so far
    double best_loss;
    int best_epoch; // from 1; 0 if there is none yet
} imp_training_position;

typedef struct imp_sample_source imp_sample_source;

// What a kind of source does. The samples are a function of its settings, the position, and what
// the network has learned until the epoch begins: so position and weights are all that has to be
// saved.
typedef struct imp_sample_source_vtable {
    const char *task, *unit; // for the display of progress: "train", "samples"
    // Samples differ from epoch to epoch so much that losses do not compare: the latest weights are
    // the model, not those with the smallest loss.
    bool latest_is_best;
    // How far an epoch has come, for the cosine schedule, is the share of its steps; else of its
    // samples. That differs where the last batch is smaller than the others.
    bool schedule_counts_steps;
    // Called once, before all others. The network is borrowed until the end.
    imp_status (*prepare)(imp_sample_source *source, const imp_network *network, imp_error *err);
    // Makes the samples of epoch at->epoch ready. If at->step is 0 the network has its weights of
    // the beginning of the epoch. IMP_INTERRUPTED if a monitor said so.
    imp_status (*begin_epoch)(imp_sample_source *source, const imp_training_position *at,
                              imp_error *err);
    // The batch that begins at a sample of the epoch, or of those held out. It holds until the next
    // call.
    imp_batch (*get_batch)(imp_sample_source *source, int64_t first);
    imp_batch (*get_held_out_batch)(imp_sample_source *source, int64_t first);
    // An image of the epoch, k of count, to be looked at. It holds until the next call.
    const uint8_t *(*get_image)(imp_sample_source *source, int k, int count);
    // Nullable. Whether the files are there that the source needs to go on from a position.
    imp_status (*check_files)(const imp_sample_source *source, const imp_training_position *at,
                              imp_error *err);
    // Writes lines of what the samples follow from (base/text/struct_text.h), for resuming.
    void (*write_identity)(const imp_sample_source *source, FILE *out);
    // What models say of their samples: an object of texts; NULL without memory.
    json_t *(*describe)(const imp_sample_source *source, const char *identity);
    void (*destroy)(imp_sample_source *source);
} imp_sample_source_vtable;

// The first member of every source.
struct imp_sample_source {
    const imp_sample_source_vtable *vtable;
    int width, height; // of the images, known from the start
    // The others are set by prepare(). samples: of an epoch; begin_epoch() sets it where epochs
    // differ, and it is 0 before.
    int64_t samples, held_out;
    int window;            // of samples that are shuffled together; 0: not part of the result
    int data_weight_count; // of imp_train_def.data_weights that are part of the result
};

#endif
