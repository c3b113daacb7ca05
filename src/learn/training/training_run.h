// learn/training/training_run.h: a training in progress, as loop, checkpoints and log share it.
#ifndef IMP_LEARN_TRAINING_TRAINING_RUN_H
#define IMP_LEARN_TRAINING_TRAINING_RUN_H

#include "evaluate/evaluation_report/training_history.h"
#include "imprint/report.h"
#include "learn/training/training.h"

// What is shown while it runs; not part of the results.
typedef struct imp_training_logger {
    imp_tensorboard *events; // NULL: none wanted
    double since;            // time of the last point
    double loss_sum;         // of the samples seen since then
    int64_t samples;
} imp_training_logger;

typedef struct imp_training {
    const imp_train_def *def;
    const char *folder;
    int lock; // of the folder
    const imp_monitor *monitor;
    imp_sample_source *source;
    imp_network *network;
    imp_trainer *trainer;
    uint64_t initial_hash; // of the weights it starts from; 0 for random ones
    bool writes;           // this process writes to the folder: one of several does
    char *identity;        // lines of what the result follows from, which a state belongs to
    imp_training_history history;
    imp_training_position at, saved; // saved: the last checkpoint's; epoch -1 if there is none
    imp_training_logger logger;
    double step_seconds; // spent in steps, getting their samples included
    int64_t step_samples;
} imp_training;

int imp_training_epoch_steps(const imp_training *t);

// Fills t->identity, once the source is prepared.
imp_status imp_training_write_identity(imp_training *t, imp_error *err);
// Writes state.safetensors.
imp_status imp_training_save_state(imp_training *t, imp_error *err);
// Takes up what the folder holds. Without a state and without results there is nothing to take up.
// IMP_BAD_INPUT, and all files as they were, if the state is missing beside results, belongs to
// other settings, or what it goes on from is missing: the history's rows, or a model that cannot be
// made again from the state. Files that can be made again are.
imp_status imp_training_restore(imp_training *t, imp_error *err);
// Writes the present weights as a model file; loss: what it is judged by.
imp_status imp_training_save_model(imp_training *t, const char *name, double loss, imp_error *err);

// Starts the log for TensorBoard, if one is wanted.
imp_status imp_training_logger_start(imp_training *t, imp_error *err);
// To be called after every step, with its loss over so many samples.
imp_status imp_training_logger_log_step(imp_training *t, double loss, int count, double rate,
                                        imp_error *err);
// And after every epoch, when its row is in the history.
imp_status imp_training_logger_log_epoch(imp_training *t, imp_error *err);
// After the last epoch.
imp_status imp_training_logger_log_summary(imp_training *t, imp_error *err);
void imp_training_logger_close(imp_training *t);

#endif
