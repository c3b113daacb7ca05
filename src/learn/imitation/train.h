// learn/imitation/train.h: a training run as the files that make it up share it.
#ifndef IMP_LEARN_IMITATION_TRAIN_H
#define IMP_LEARN_IMITATION_TRAIN_H

#include "imprint/learn.h"
#include "imprint/report.h"
#include "learn/checkpoint/checkpoint.h"
#include "learn/data_loader/data_loader.h"
#include "learn/imitation/online_buffer.h"

// What is shown while it runs; not part of the results.
typedef struct imp_train_logger {
    imp_tensorboard *events; // NULL: none wanted
    double since;            // the last point was drawn
    double loss_sum;         // of the samples seen since then
    int64_t samples;
} imp_train_logger;

typedef struct imp_train_run {
    const imp_train_def *def;
    const char *folder;
    const imp_monitor *monitor;
    imp_train_summary *summary;
    imp_dataset_info info; // of all samples
    imp_dataset **datasets;
    int dataset_count;
    imp_online_buffer *online; // where samples come from if there are no datasets; else NULL
    imp_validation_split holdout;
    imp_training_samples training, held_out;
    imp_augmenter *augmenter; // NULL: pictures stay as they are
    imp_data_loader loader, held_out_loader;
    imp_network *network;
    imp_trainer *trainer;
    imp_training_history history;
    imp_training_position at, saved; // saved: the last checkpoint's; epoch -1 if there is none
    imp_train_logger logger;
    char *identity;        // lines of what the result follows from, which a state belongs to
    uint64_t initial_hash; // hash of the weights it starts from; 0 for random ones
    char hash[17];         // of all datasets together
    char *hashes;          // of each
    char *maps;            // names of all their maps, sorted, with spaces between
    double step_seconds;   // spent in training steps
    int64_t step_samples;
} imp_train_run;

// Refuses settings that imp_train() would refuse for pictures of that size, network included.
imp_status imp_train_check(const imp_train_def *def, int width, int height, imp_error *err);

int imp_train_epoch_steps(const imp_train_run *r);

// Finds r->maps.
imp_status imp_train_list_maps(imp_train_run *r, imp_error *err);

// What states and models are marked with; once datasets, samples and network are there.
imp_status imp_train_write_identity(imp_train_run *r, imp_error *err);
// Saves or takes up state.safetensors. Without the file there is nothing to take up.
imp_status imp_train_save_state(imp_train_run *r, imp_error *err);
imp_status imp_train_restore_state(imp_train_run *r, imp_error *err);
// Writes the present weights as a model file; loss: what it is judged by.
imp_status imp_train_save_model(imp_train_run *r, const char *name, double loss, imp_error *err);

// Starts the log for TensorBoard, if one is wanted and there is something left to do.
imp_status imp_train_logger_start(imp_train_run *r, imp_error *err);
// To be called after every step, with its loss over so many samples.
imp_status imp_train_logger_step(imp_train_run *r, double loss, int count, double rate,
                                 imp_error *err);
// And after every epoch, when its row is in the history.
imp_status imp_train_logger_epoch(imp_train_run *r, imp_error *err);
void imp_train_logger_end(imp_train_run *r);

#endif
