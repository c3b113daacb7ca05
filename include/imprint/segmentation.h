/// imprint/segmentation.h: semantic segmentation: networks that find the semantic classes of
/// imprint/observation.h in images (docs/segmentation.md).
#ifndef IMPRINT_SEGMENTATION_H
#define IMPRINT_SEGMENTATION_H

#include "imprint/nn.h"
#include "imprint/observation.h"

IMP_API_BEGIN

/// The kind of observations that a network was trained on: images, unless its file says otherwise.
imp_observation_kind imp_network_observation_kind(const imp_network *network);

/// Loads a segmentation network that `imprint seg-train` wrote: a file, or a folder with
/// model.safetensors. Fails with IMP_BAD_INPUT, naming it, if it is something else. Free *out with
/// imp_network_destroy().
imp_status imp_segmenter_load(imp_network **out, const char *path, imp_error *err);

/// A segmentation network prepared for one thread. Copies the weights.
typedef struct imp_segmenter imp_segmenter;

/// Free with imp_segmenter_destroy(). Fails with IMP_BAD_INPUT if the network does not have the
/// output layout of a segmenter (docs/segmentation.md), and with IMP_NO_MEMORY.
imp_status imp_segmenter_create(imp_segmenter **out, const imp_network *network, imp_error *err);
void imp_segmenter_destroy(imp_segmenter *segmenter); ///< nullable

/// Size of the result in cells: that of the image, or the image's divided by a whole number.
int imp_segmenter_width(const imp_segmenter *segmenter);
int imp_segmenter_height(const imp_segmenter *segmenter);

/// Computes the shares (probabilities) of the classes in an image of the network's size, (height x
/// width x 3) RGB bytes. Returns (IMP_CLASS_COUNT x height x width), borrowed until the next call.
/// Allocates nothing.
const float *imp_segmenter_run(imp_segmenter *segmenter, const uint8_t *image);

/// The same, painted in the palette. rgb: (height x width x 3) bytes.
void imp_segmenter_run_to_rgb(imp_segmenter *segmenter, const uint8_t *image, uint8_t *rgb);

IMP_API_END

#endif
