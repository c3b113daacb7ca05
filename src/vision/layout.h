// vision/layout.h: how a segmenter's outputs lie. Its last convolution looks at coarse places and
// gives, for each class, block x block finer cells of each (after the sub-pixel convolution of Shi
// et al. 2016): output ((class * block + cell row) * block + cell column) * places + place.
#ifndef IMP_VISION_LAYOUT_H
#define IMP_VISION_LAYOUT_H

#include "imprint/vision.h"

// Metadata of a segmenter's file.
#define IMP_SEGMENTER_PURPOSE "segmenter"

typedef struct imp_cell_layout {
    int rows, columns; // of places
    int block;
} imp_cell_layout;

static inline int imp_layout_width(const imp_cell_layout *layout)
{
    return layout->columns * layout->block;
}

static inline int imp_layout_height(const imp_cell_layout *layout)
{
    return layout->rows * layout->block;
}

// IMP_BAD_INPUT if the network does not end like that.
imp_status imp_layout_of(imp_cell_layout *out, const imp_network *network, imp_error *err);

// From (classes x height x width) to a network's outputs and back.
void imp_layout_arrange(const imp_cell_layout *layout, const float *plain, float *outputs);
void imp_layout_restore(const imp_cell_layout *layout, const float *outputs, float *plain);

// The names of the classes in their order, with commas between, as models keep them.
void imp_class_list(char *out, size_t capacity);

#endif
