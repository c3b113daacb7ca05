// nn/kernels/image_standardisation.h: converts camera bytes to standardised floats for the first
// layer.
#ifndef IMP_NN_KERNELS_IMAGE_STANDARDISATION_H
#define IMP_NN_KERNELS_IMAGE_STANDARDISATION_H

#include "imprint/base.h"

// Destination of an image: strides [floats] from one row or pixel to the next. The three colours of
// a pixel lie side by side.
typedef struct imp_float_image {
    float *values;
    size_t row, pixel;
} imp_float_image;

// rgb: (height x width x 3) bytes. Writes (x - mean) / max(std, 1 / sqrt(n)) over all n values of
// the image, as tf.image.per_image_standardization does.
void imp_standardise_image(const uint8_t *rgb, int width, int height, const imp_float_image *out);

#endif
