// nn/segmentation/segmenter_layout.h: the layout of a segmentation network's outputs. Its last
// convolution works at coarse positions. For each position and class it gives block x block finer
// cells (sub-pixel convolution, Shi et al. 2016). The output index is ((class * block + cell row) *
// block + cell column) * positions + position.
#ifndef IMP_NN_SEGMENTATION_SEGMENTER_LAYOUT_H
#define IMP_NN_SEGMENTATION_SEGMENTER_LAYOUT_H

#include "imprint/segmentation.h"

// Value of the metadata key "purpose" in a segmentation network's file.
#define IMP_SEGMENTER_PURPOSE "segmenter"

typedef struct imp_segmenter_layout {
    int rows, columns; // of coarse positions
    int block;
} imp_segmenter_layout;

static inline int imp_segmenter_layout_width(const imp_segmenter_layout *layout)
{
    return layout->columns * layout->block;
}

static inline int imp_segmenter_layout_height(const imp_segmenter_layout *layout)
{
    return layout->rows * layout->block;
}

// Finds the layout. Fails with IMP_BAD_INPUT if the network does not end like that.
imp_status imp_segmenter_layout_from_network(imp_segmenter_layout *out, const imp_network *network,
                                             imp_error *err);

// Convert (classes x height x width), row by row, to the network's order and back.
void imp_segmenter_pixel_unshuffle(const imp_segmenter_layout *layout, const float *plain,
                                   float *outputs);
void imp_segmenter_pixel_shuffle(const imp_segmenter_layout *layout, const float *outputs,
                                 float *plain);

// Names of the classes in their order, joined with commas, as model files store them.
void imp_class_join_names(char *out, size_t capacity);

#endif
