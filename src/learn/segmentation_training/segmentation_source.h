// learn/segmentation_training/segmentation_source.h: images with their segmentations, rendered
// when they are wanted. The n-th is a function of (definition, n), whoever renders it.
#ifndef IMP_LEARN_SEGMENTATION_TRAINING_SEGMENTATION_SOURCE_H
#define IMP_LEARN_SEGMENTATION_TRAINING_SEGMENTATION_SOURCE_H

#include "base/threads/thread_pool.h"
#include "imprint/learn.h"
#include "sim/render/views/ground_truth_labels.h"

typedef struct imp_seg_source_def {
    const imp_map_set *maps;      // that images are taken on
    const imp_env_def *env;       // seed and index, and whether objects are drawn
    const imp_camera_def *camera; // of the images
    int cells_width, cells_height;
    const imp_randomization *randomization; // NULL: nothing is randomised
    int roll; // so many images are taken by one camera, under one light: another camera costs as
              // much as some images. Eight of them are in use, so that neighbours differ
} imp_seg_source_def;

typedef struct imp_seg_source imp_seg_source;

// What def points to and the pool are borrowed. Freed with imp_seg_source_destroy().
imp_status imp_seg_source_create(imp_seg_source **out, const imp_seg_source_def *def,
                                 imp_thread_pool *pool, imp_error *err);
void imp_seg_source_destroy(imp_seg_source *source); // nullable

// Renders `count` images from number `first` on, on all threads: images (count x height x width
// x 3), shares (count x IMP_CLASS_COUNT x cells' height x cells' width). Allocates nothing.
void imp_seg_source_render(imp_seg_source *source, uint32_t first, int count, uint8_t *images,
                           float *shares);

#endif
