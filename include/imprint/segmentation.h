/// imprint/segmentation.h: what a driver needs to tell apart: the few classes of a segmentation,
/// how they are painted for a network, and networks that find them in pictures
/// (docs/segmentation.md).
#ifndef IMPRINT_SEGMENTATION_H
#define IMPRINT_SEGMENTATION_H

#include "imprint/nn.h"
#include "imprint/observation.h"

IMP_API_BEGIN

/// What a network was trained to look at: pictures, unless its file says otherwise.
imp_observation_kind imp_network_observation_kind(const imp_network *network);

/// Loads a network that `imprint seg-train` wrote: a file, or a folder that holds
/// model.safetensors. IMP_BAD_INPUT, naming it, if it is no segmenter. Freed with
/// imp_network_destroy().
imp_status imp_segmenter_load(imp_network **out, const char *path, imp_error *err);

/// A segmenter ready to look, for one thread. Copies the weights.
typedef struct imp_segmenter imp_segmenter;

/// Freed with imp_segmenter_destroy(). Fails with IMP_BAD_INPUT if the network does not end as a
/// segmenter does (docs/segmentation.md), and with IMP_NO_MEMORY.
imp_status imp_segmenter_create(imp_segmenter **out, const imp_network *network, imp_error *err);
void imp_segmenter_destroy(imp_segmenter *segmenter); ///< nullable

/// Size of what it gives, in cells: the picture's own, or a whole part of it.
int imp_segmenter_width(const imp_segmenter *segmenter);
int imp_segmenter_height(const imp_segmenter *segmenter);

/// Finds the shares of the classes in a picture of the network's size: (IMP_CLASS_COUNT x height x
/// width), borrowed until the next call. Allocates nothing.
const float *imp_segmenter_run(imp_segmenter *segmenter, const uint8_t *image);

/// The same, painted: rgb is (height x width x 3).
void imp_segmenter_run_painted(imp_segmenter *segmenter, const uint8_t *image, uint8_t *rgb);

IMP_API_END

#endif
