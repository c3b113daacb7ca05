// learn/audit/image_features.h: a short description of an image, learned from a part of the frames,
// in which images that ask for the same action are near each other.
#ifndef IMP_LEARN_AUDIT_IMAGE_FEATURES_H
#define IMP_LEARN_AUDIT_IMAGE_FEATURES_H

#include "learn/audit/frame_sample.h"

enum {
    IMP_FEATURE_COMPONENTS = 24,
    IMP_FEATURE_TARGETS = IMP_AUDIT_LABEL_COUNT + IMP_AUDIT_LANE_VALUES,
    IMP_IMAGE_FEATURES = IMP_FEATURE_COMPONENTS + IMP_FEATURE_TARGETS,
};

typedef struct imp_image_features imp_image_features;

// Learns the description from the frames for which `fits` (sample->count) is true; at least one.
// The main components together weigh as much as the regression's targets together.
imp_status imp_image_features_fit(imp_image_features **out, const imp_audit_sample *sample,
                                  const bool *fits, imp_error *err);
void imp_image_features_destroy(imp_image_features *features); // nullable

// Describes an image (height x width x 3) of the sample's size. Safe on any number of threads.
void imp_image_features_compute(const imp_image_features *features, const uint8_t *rgb,
                                float out[IMP_IMAGE_FEATURES]);

#endif
