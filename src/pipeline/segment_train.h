// pipeline/segment_train.h: training a segmenter, as the files that make it up share it.
#ifndef IMP_PIPELINE_SEGMENT_TRAIN_H
#define IMP_PIPELINE_SEGMENT_TRAIN_H

#include "pipeline/checkpoint.h"
#include "pipeline/segment_score.h"
#include "vision/layout.h"

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
    imp_train_position at;
    bool saved;     // whether there is a state
    char *identity; // lines of what the result follows from, which a state belongs to
    double step_seconds;
    int64_t step_pictures;
} imp_seg_run;

int imp_seg_epoch_steps(const imp_seg_run *r);
imp_status imp_seg_identify(imp_seg_run *r, imp_error *err);
imp_status imp_seg_save_state(imp_seg_run *r, imp_error *err);
// Without a state in the folder there is nothing to take up.
imp_status imp_seg_restore_state(imp_seg_run *r, imp_error *err);
imp_status imp_seg_save_model(imp_seg_run *r, const char *name, double loss, imp_error *err);

#endif
