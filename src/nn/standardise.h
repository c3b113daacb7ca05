// nn/standardise.h: from camera bytes to what the first layer wants.
#ifndef IMP_NN_STANDARDISE_H
#define IMP_NN_STANDARDISE_H

#include "imprint/base.h"

// rgb: (height x width x 3) bytes; out: (3 x height x width) = (x - mean) / max(std, 1 / sqrt(n))
// over all n values of the picture, as TensorFlow's per-image standardisation.
void imp_standardise(const uint8_t *rgb, int width, int height, float *out);

#endif
