// learn/augmentation/augment.h: images changed while they are learned from, and labels with them.
// docs/training.md tells what for, and where the label's correction comes from.
#ifndef IMP_LEARN_AUGMENTATION_AUGMENT_H
#define IMP_LEARN_AUGMENTATION_AUGMENT_H

#include "imprint/learn.h"

// Where a pixel's content comes from when the camera moves a little: the change of the place per
// metre to the right and per radian to the right [px], by column and row.
typedef struct imp_camera_flow {
    float *shift_x, *shift_y, *turn_x, *turn_y; // (height x width); one block
} imp_camera_flow;

// What all images share. Constant once made.
typedef struct imp_augmenter {
    imp_augment def;
    int width, height;
    imp_camera_flow flow;           // NULLs: no image is shifted or turned
    int8_t *noise;                  // (IMP_NOISE_TABLE_SIZE) normal, times 32
    double steer_shift, steer_turn; // what right - left grows by per metre and per radian
} imp_augmenter;

enum { IMP_NOISE_TABLE_SIZE = 1 << 16 };

// The flow of a camera over flat ground, whose block, shift_x, the caller frees. IMP_USAGE if the
// lens is not one of those with a name.
imp_status imp_camera_flow_create(imp_camera_flow *out, int width, int height, const char *lens,
                                  imp_error *err);

// For images of a dataset and the expert that its settings describe. IMP_USAGE if its images
// are none. Freed with imp_augmenter_destroy().
imp_status imp_augmenter_create(imp_augmenter **out, const imp_augment *def,
                                const imp_dataset_info *info, imp_error *err);
void imp_augmenter_destroy(imp_augmenter *augmenter); // nullable

// What is done to one sample.
typedef struct imp_augment_params {
    float bias[3], slope[3],
        curvature[3];             // of what becomes of a value x: bias + x * (slope + x * bend)
    float noise;                  // what the table is multiplied by
    uint32_t noise_offset;        // where in it the image begins
    int blur;                     // share of the blurred image, of 256
    float shift, turn;            // [m], [rad], both to the right
    int left, top, right, bottom; // what is cut out; right 0: nothing
    uint8_t fill_value;
} imp_augment_params;

void imp_augment_sample_params(imp_augment_params *out, const imp_augmenter *augmenter,
                               imp_random *random);

// Scratch memory of one thread.
typedef struct imp_augment_workspace imp_augment_workspace;
imp_status imp_augment_workspace_create(imp_augment_workspace **out, const imp_augmenter *augmenter,
                                        imp_error *err);
void imp_augment_workspace_destroy(imp_augment_workspace *workspace); // nullable

// Both are (height x width x 3). Allocates nothing.
void imp_augment_image(const imp_augmenter *augmenter, const imp_augment_params *draw,
                       imp_augment_workspace *workspace, const uint8_t *rgb, uint8_t *out);
// The duty cycles that the expert would give from the shifted and turned pose.
void imp_augment_correct_label(const imp_augmenter *augmenter, const imp_augment_params *draw,
                               float duty[2]);

#endif
