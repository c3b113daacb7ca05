// pipeline/segment_train.h: training a segmenter, as the files that make it up share it.
#ifndef IMP_PIPELINE_SEGMENT_TRAIN_H
#define IMP_PIPELINE_SEGMENT_TRAIN_H

#include "pipeline/history.h"
#include "pipeline/segment_score.h"
#include "vision/layout.h"

// How far training has come; saved exactly.
typedef struct imp_seg_position {
    int epoch, step; // being worked on, and the next in it
    double loss_sum; // over its pictures so far
    double best_loss;
    int best_epoch; // from 1; 0 if none yet
} imp_seg_position;

typedef struct imp_seg_run {
    const imp_seg_train_def *def;
    const char *folder;
    const imp_monitor *monitor;
    imp_seg_train_summary *summary;
    imp_map_set all, maps, test_maps; // the latter two borrow from the first
    imp_env_def env, test_env;
    imp_pool *pool;
    imp_network *network;
    imp_trainer *trainer;
    imp_cell_layout layout;
    imp_segment_source *source;
    imp_segment_exam exam;  // its buffers serve training too
    float *labels;          // (batch x outputs) in the network's order
    const uint8_t **frames; // (batch)
    imp_history history;
    imp_seg_position at;
    char identity[320]; // settings that a state belongs to
    double step_seconds;
    int64_t step_pictures;
} imp_seg_run;

int imp_seg_epoch_steps(const imp_seg_run *r);
void imp_seg_identify(imp_seg_run *r);
imp_status imp_seg_save_state(imp_seg_run *r, imp_error *err);
// Without a state in the folder there is nothing to take up.
imp_status imp_seg_restore_state(imp_seg_run *r, imp_error *err);
imp_status imp_seg_save_model(imp_seg_run *r, const char *name, double loss, imp_error *err);

#endif
