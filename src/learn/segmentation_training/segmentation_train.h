// learn/segmentation_training/segmentation_train.h: training a segmenter, as the files that make it
// up share it.
#ifndef IMP_LEARN_SEGMENTATION_TRAINING_SEGMENTATION_TRAIN_H
#define IMP_LEARN_SEGMENTATION_TRAINING_SEGMENTATION_TRAIN_H

#include "learn/checkpoint/checkpoint.h"
#include "learn/segmentation_training/segmentation_score.h"
#include "nn/segmentation/segmenter_layout.h"

typedef struct imp_seg_train_run {
    const imp_seg_train_def *def;
    const char *folder;
    const imp_monitor *monitor;
    imp_seg_train_summary *summary;
    imp_map_set all, maps, test_maps; // the latter two borrow from the first
    imp_env_def env, test_env;
    imp_thread_pool *pool;
    imp_network *network;
    imp_trainer *trainer;
    imp_segmenter_layout layout;
    imp_seg_source *source;
    imp_seg_evaluator evaluator; // its buffers serve training too
    float *labels;               // (batch x outputs) in the network's order
    const uint8_t **frames;      // (batch)
    imp_training_history history;
    imp_training_position at;
    bool saved;     // whether there is a state
    char *identity; // lines of what the result follows from, which a state belongs to
    double step_seconds;
    int64_t step_pictures;
} imp_seg_train_run;

int imp_seg_train_epoch_steps(const imp_seg_train_run *r);
imp_status imp_seg_train_write_identity(imp_seg_train_run *r, imp_error *err);
imp_status imp_seg_train_save_state(imp_seg_train_run *r, imp_error *err);
// Without a state in the folder there is nothing to take up.
imp_status imp_seg_train_restore_state(imp_seg_train_run *r, imp_error *err);
imp_status imp_seg_train_save_model(imp_seg_train_run *r, const char *name, double loss,
                                    imp_error *err);

#endif
