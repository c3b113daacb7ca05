/// imprint/segmentation.h: what a driver needs to tell apart: the few classes of a segmentation,
/// how they are painted for a network, and networks that find them in pictures
/// (docs/segmentation.md).
#ifndef IMPRINT_SEGMENTATION_H
#define IMPRINT_SEGMENTATION_H

#include "imprint/nn.h"

/// Classes: X(enumerator, word, red, green, blue of the palette). The order is part of model files.
#define IMP_CLASS_MAP(X)                                                                           \
    X(IMP_CLASS_BACKGROUND, "background", 0, 0, 0)                                                 \
    X(IMP_CLASS_ROAD, "road", 110, 110, 110)                                                       \
    X(IMP_CLASS_WHITE, "white line", 255, 255, 255)                                                \
    X(IMP_CLASS_YELLOW, "yellow line", 255, 215, 0)                                                \
    X(IMP_CLASS_RED, "red line", 230, 0, 0)                                                        \
    X(IMP_CLASS_OBSTACLE, "obstacle", 0, 100, 255)

/// BACKGROUND is whatever a robot neither drives on nor into: sky, grass, floor, houses, signs.
typedef enum imp_class {
#define IMP_CLASS_ENUM(name, word, red, green, blue) name,
    IMP_CLASS_MAP(IMP_CLASS_ENUM)
#undef IMP_CLASS_ENUM
        IMP_CLASS_COUNT
} imp_class;

/// The word for a class and its colour in the palette (red, green, blue); NULL past the last.
const char *imp_class_name(int class_id);
const uint8_t *imp_class_colour(int class_id);

/// Paints cells in the palette, mixed by the shares of their classes: shares is (IMP_CLASS_COUNT x
/// cells), those of a cell adding up to 1, rgb (cells x 3).
void imp_class_paint_shares(const float *shares, int cells, uint8_t *rgb);

/// What a policy looks at: X(name, word). The word is what datasets and models call it.
#define IMP_OBSERVATION_KIND_MAP(X)                                                                \
    X(IMP_OBSERVATION_IMAGE, "pictures")        /* what the camera sees */                         \
    X(IMP_OBSERVATION_SEGMENTATION, "segments") /* its classes, painted */

typedef enum imp_observation_kind {
#define IMP_OBSERVATION_KIND_ENUM(name, word) name,
    IMP_OBSERVATION_KIND_MAP(IMP_OBSERVATION_KIND_ENUM)
#undef IMP_OBSERVATION_KIND_ENUM
} imp_observation_kind;

/// The word for it; NULL past the last.
const char *imp_observation_kind_name(int observation);
/// Reads a word; NULL or "" stand for pictures, as in files that do not tell. False for others.
bool imp_observation_kind_parse(imp_observation_kind *out, const char *word);
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

#endif
