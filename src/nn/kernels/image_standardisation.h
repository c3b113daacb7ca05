// nn/kernels/image_standardisation.h: from camera bytes to what the first layer wants.
#ifndef IMP_NN_KERNELS_IMAGE_STANDARDISATION_H
#define IMP_NN_KERNELS_IMAGE_STANDARDISATION_H

#include "imprint/base.h"

// Where the values of a picture go: how many floats lie from one row or colour to the next. Pixels
// follow each other, either as single values, every colour in a plane of its own, or, with colour
// 1, as three.
typedef struct imp_float_image {
    float *values;
    size_t row, colour;
} imp_float_image;

// rgb: (height x width x 3) bytes; out: (x - mean) / max(std, 1 / sqrt(n)) over all n values of the
// picture, as TensorFlow's per-image standardisation.
void imp_standardise_image(const uint8_t *rgb, int width, int height, const imp_float_image *out);

#endif
