// pipeline/segment_source.h: pictures with their segmentations, rendered when they are wanted. The
// n-th is a function of (definition, n), whoever renders it.
#ifndef IMP_PIPELINE_SEGMENT_SOURCE_H
#define IMP_PIPELINE_SEGMENT_SOURCE_H

#include "base/threads.h"
#include "imprint/pipeline.h"
#include "pipeline/labeller.h"

typedef struct imp_segment_source_def {
    const imp_map_set *maps;      // that pictures are taken on
    const imp_env_def *env;       // seed and index, and whether objects are drawn
    const imp_camera_def *camera; // of the pictures
    int cells_width, cells_height;
    const imp_randomization *randomization; // NULL: nothing is randomised
    int roll; // so many pictures are taken by one camera, under one light: another camera costs as
              // much as some pictures. Eight of them are in use, so that neighbours differ
} imp_segment_source_def;

typedef struct imp_segment_source imp_segment_source;

// What def points to and the pool are borrowed. Freed with imp_segment_source_destroy().
imp_status imp_segment_source_create(imp_segment_source **out, const imp_segment_source_def *def,
                                     imp_pool *pool, imp_error *err);
void imp_segment_source_destroy(imp_segment_source *source); // nullable

// Renders `count` pictures from number `first` on, on all threads: pictures (count x height x width
// x 3), shares (count x IMP_CLASS_COUNT x cells' height x cells' width). Allocates nothing.
void imp_segment_source_fill(imp_segment_source *source, uint32_t first, int count,
                             uint8_t *pictures, float *shares);

#endif
