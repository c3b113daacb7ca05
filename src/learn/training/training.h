// learn/training/training.h: the training loop, the same for all sources of samples.
#ifndef IMP_LEARN_TRAINING_TRAINING_H
#define IMP_LEARN_TRAINING_TRAINING_H

#include "imprint/train.h"
#include "learn/training/sample_source.h"

// Whether network and optimiser can be made for images of a size.
imp_status imp_training_check_network_def(const imp_train_def *def, int width, int height,
                                          imp_error *err);

// Trains as imp_train() says, on the samples of a source. *summary is filled also when it fails.
imp_status imp_training_run(imp_train_summary *summary, const char *folder,
                            imp_sample_source *source, const imp_train_def *def,
                            const imp_monitor *monitor, imp_error *err);

// Whether all files are in a folder that a finished training leaves.
bool imp_training_is_complete(const char *folder);

#endif
