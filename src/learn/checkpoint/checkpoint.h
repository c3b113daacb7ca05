// learn/checkpoint/checkpoint.h: what a training keeps in its folder, and whether it is whole: the
// state to go on from, the history, and the models.
#ifndef IMP_LEARN_CHECKPOINT_CHECKPOINT_H
#define IMP_LEARN_CHECKPOINT_CHECKPOINT_H

#include "evaluate/evaluation_report/training_history.h"
#include "imprint/nn.h"

// How far training has come. It is saved with every checkpoint, exactly, so that what follows is
// the same.
typedef struct imp_training_position {
    int epoch;       // being worked on, from 0
    int step;        // next one in it
    double loss_sum; // over its samples so far
    double best_loss;
    int best_epoch; // from 1; 0 if none yet
} imp_training_position;

// How model files tell the loss that they are judged by.
#define IMP_MODEL_LOSS_FORMAT "%.9g"

// What the functions below are about; all is borrowed.
typedef struct imp_checkpoint {
    const char *folder;
    const char *identity; // lines of what the result follows from (base/text/struct_text.h)
    imp_trainer *trainer;
    imp_training_history *history;
    imp_training_position *at;
    int epoch_steps;     // of an epoch; 0: not known yet
    bool latest_is_best; // model.safetensors holds the latest weights, not the best ones
    // writes the weights as they are as a model file
    imp_status (*save_model)(void *context, const char *name, double loss, imp_error *err);
    void *context;
} imp_checkpoint;

// Writes state.safetensors.
imp_status imp_checkpoint_save(const imp_checkpoint *checkpoint, imp_error *err);

// Takes up what the folder holds. *found: whether there was a state; without one and without
// results there is nothing to take up. IMP_BAD_INPUT, and all files as they were, if the state is
// missing beside results, belongs to other settings, or what it goes on from is missing: the
// history's rows, or a model that cannot be made again from the state. Files that can be made again
// are.
imp_status imp_checkpoint_restore(const imp_checkpoint *checkpoint, bool *found, imp_error *err);

// Whether all files are in a folder that a finished training leaves.
bool imp_checkpoint_is_complete(const char *folder);

#endif
