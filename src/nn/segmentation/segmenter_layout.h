// nn/segmentation/segmenter_layout.h: how a segmenter's outputs lie. Its last convolution looks at
// coarse places and gives, for each class, block x block finer cells of each (after the sub-pixel
// convolution of Shi et al. 2016): output ((class * block + cell row) * block + cell column) *
// places + place.
#ifndef IMP_NN_SEGMENTATION_SEGMENTER_LAYOUT_H
#define IMP_NN_SEGMENTATION_SEGMENTER_LAYOUT_H

#include "imprint/segmentation.h"

// Metadata of a segmenter's file.
#define IMP_SEGMENTER_PURPOSE "segmenter"

typedef struct imp_segmenter_layout {
    int rows, columns; // of places
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

// IMP_BAD_INPUT if the network does not end like that.
imp_status imp_segmenter_layout_find(imp_segmenter_layout *out, const imp_network *network,
                                     imp_error *err);

// From (classes x height x width) to a network's outputs and back.
void imp_segmenter_pixel_unshuffle(const imp_segmenter_layout *layout, const float *plain,
                                   float *outputs);
void imp_segmenter_pixel_shuffle(const imp_segmenter_layout *layout, const float *outputs,
                                 float *plain);

// The names of the classes in their order, with commas between, as models keep them.
void imp_class_join_names(char *out, size_t capacity);

#endif
