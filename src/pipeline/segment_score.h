// pipeline/segment_score.h: how well a segmenter does on pictures that it was not trained on.
#ifndef IMP_PIPELINE_SEGMENT_SCORE_H
#define IMP_PIPELINE_SEGMENT_SCORE_H

#include "pipeline/segment_source.h"

// How often a cell of the first class was taken for the second.
typedef struct imp_confusion {
    int64_t counts[IMP_CLASS_COUNT][IMP_CLASS_COUNT];
} imp_confusion;

// Compares shares (IMP_CLASS_COUNT x cells); a cell is of the class that has the largest share of
// it, the first of equals.
void imp_confusion_add(imp_confusion *confusion, const float *truth, const float *found, int cells);
imp_seg_score imp_confusion_score(const imp_confusion *confusion);

// Scores a network on `count` pictures of a source, `room` of which the buffers hold at once.
typedef struct imp_segment_exam {
    imp_segment_source *source;
    imp_pool *pool;
    int count, room;
    uint8_t *pictures; // (room x height x width x 3)
    float *shares;     // (room x classes x cells)
} imp_segment_exam;

imp_status imp_segment_examine(imp_seg_score *out, const imp_segment_exam *exam,
                               const imp_network *network, imp_error *err);

// Draws the first pictures, what is there, and what the network finds, side by side, as PNG.
imp_status imp_segment_sheet(const char *path, const imp_segment_exam *exam,
                             const imp_network *network, imp_error *err);

#endif
