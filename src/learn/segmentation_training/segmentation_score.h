// learn/segmentation_training/segmentation_score.h: how well a segmenter does on images that it
// was not trained on.
#ifndef IMP_LEARN_SEGMENTATION_TRAINING_SEGMENTATION_SCORE_H
#define IMP_LEARN_SEGMENTATION_TRAINING_SEGMENTATION_SCORE_H

#include "learn/segmentation_training/segmentation_source.h"

// How often a cell of the first class was taken for the second.
typedef struct imp_confusion_matrix {
    int64_t counts[IMP_CLASS_COUNT][IMP_CLASS_COUNT];
} imp_confusion_matrix;

// Compares shares (IMP_CLASS_COUNT x cells); a cell is of the class that has the largest share of
// it, the first of equals.
void imp_confusion_matrix_add(imp_confusion_matrix *confusion, const float *truth,
                              const float *found, int cells);
imp_seg_score imp_confusion_matrix_score(const imp_confusion_matrix *confusion);

// Scores a network on `count` images of a source, `room` of which the buffers hold at once.
typedef struct imp_seg_evaluator {
    imp_seg_source *source;
    imp_thread_pool *pool;
    int count, capacity;
    uint8_t *images; // (room x height x width x 3)
    float *shares;   // (room x classes x cells)
} imp_seg_evaluator;

imp_status imp_seg_evaluate(imp_seg_score *out, const imp_seg_evaluator *evaluator,
                            const imp_network *network, imp_error *err);

// Draws the first images, what is there, and what the network finds, side by side, as PNG.
imp_status imp_seg_write_examples(const char *path, const imp_seg_evaluator *evaluator,
                                  const imp_network *network, imp_error *err);

#endif
