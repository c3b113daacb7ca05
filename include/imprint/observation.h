/// imprint/observation.h: what an observation can be: the camera's image, or its semantic
/// classes painted with a fixed palette (docs/segmentation.md); and the navigation command that may
/// come with it. The simulator makes all of them, and networks read them, so this stands below
/// both.
#ifndef IMPRINT_OBSERVATION_H
#define IMPRINT_OBSERVATION_H

#include <stdbool.h>
#include <stdint.h>

#include "imprint/api.h"

IMP_API_BEGIN

/// Semantic classes: X(enumerator, name, red, green, blue of the palette). The order is part of
/// model files.
#define IMP_CLASS_MAP(X)                                                                           \
    X(IMP_CLASS_BACKGROUND, "background", 0, 0, 0)                                                 \
    X(IMP_CLASS_ROAD, "road", 110, 110, 110)                                                       \
    X(IMP_CLASS_WHITE, "white line", 255, 255, 255)                                                \
    X(IMP_CLASS_YELLOW, "yellow line", 255, 215, 0)                                                \
    X(IMP_CLASS_RED, "red line", 230, 0, 0)                                                        \
    X(IMP_CLASS_OBSTACLE, "obstacle", 0, 100, 255)

/// BACKGROUND is everything that a robot neither drives on nor runs into: sky, grass, floor,
/// houses, signs.
typedef enum imp_class {
#define IMP_CLASS_ENUM(name, word, red, green, blue) name,
    IMP_CLASS_MAP(IMP_CLASS_ENUM)
#undef IMP_CLASS_ENUM
        IMP_CLASS_COUNT
} imp_class;

/// The name of a class and its colour in the palette (red, green, blue). NULL past the last class.
const char *imp_class_name(int class_id);
const uint8_t *imp_class_colour(int class_id);

/// Paints cells with the palette. shares is (IMP_CLASS_COUNT x cells): how much of a cell each
/// class covers; the shares of a cell add up to 1. rgb is (cells x 3): the mean of the classes'
/// colours, weighted by their shares.
void imp_class_shares_to_rgb(const float *shares, int cells, uint8_t *rgb);

/// Kinds of observation: X(enumerator, name). Datasets and models store the name.
#define IMP_OBSERVATION_KIND_MAP(X)                                                                \
    X(IMP_OBSERVATION_IMAGE, "pictures")        /* the camera's image */                           \
    X(IMP_OBSERVATION_SEGMENTATION, "segments") /* its classes, painted with the palette */

typedef enum imp_observation_kind {
#define IMP_OBSERVATION_KIND_ENUM(name, word) name,
    IMP_OBSERVATION_KIND_MAP(IMP_OBSERVATION_KIND_ENUM)
#undef IMP_OBSERVATION_KIND_ENUM
} imp_observation_kind;

/// The name of a kind of observation; NULL past the last.
const char *imp_observation_kind_name(int observation);
/// Looks up a kind by its name. NULL and "" stand for images: files without that entry hold images.
/// Returns false for an unknown name.
bool imp_observation_kind_parse(imp_observation_kind *out, const char *word);

/// Navigation commands: the way to take at the next intersection: X(enumerator, name). The numbers
/// are stored in files: append only.
#define IMP_COMMAND_MAP(X)                                                                         \
    X(IMP_COMMAND_NONE, "none") /* choose yourself */                                              \
    X(IMP_COMMAND_LEFT, "left")                                                                    \
    X(IMP_COMMAND_STRAIGHT, "straight")                                                            \
    X(IMP_COMMAND_RIGHT, "right")

typedef enum imp_navigation_command {
#define IMP_COMMAND_ENUM(name, word) name,
    IMP_COMMAND_MAP(IMP_COMMAND_ENUM)
#undef IMP_COMMAND_ENUM
        IMP_COMMAND_COUNT
} imp_navigation_command;

/// The name of a command; NULL past the last.
const char *imp_navigation_command_name(int command);

IMP_API_END

#endif
