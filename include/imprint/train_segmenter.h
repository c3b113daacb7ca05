/// imprint/train_segmenter.h: trains a network for semantic segmentation on rendered images.
/// Strings and arrays in definitions are borrowed.
#ifndef IMPRINT_TRAIN_SEGMENTER_H
#define IMPRINT_TRAIN_SEGMENTER_H

#include "imprint/evaluate.h"
#include "imprint/rollout.h"
#include "imprint/segmentation.h"
#include "imprint/sim.h"
#include "imprint/train.h"

IMP_API_BEGIN

/// Settings of training a segmenter. Obtain with imp_default_seg_train_def(), then change fields.
typedef struct imp_seg_train_def {
    /// Where images are taken. Looked at: maps (NULL, the default: all built-in ones), split
    /// (IMP_SPLIT_TRAIN), env (objects are drawn; its seed is that of train), camera, scene, and
    /// randomization from image to image ("looks")
    imp_sim_def sim;
    /// Network "segmenter", whose size is the camera's; loss cross-entropy, batch 16, learning rate
    /// 3e-3; cosine after 50 steps of warm-up; 8 epochs. turn_weight, augment, data_weights,
    /// validation and window are not looked at
    imp_train_def train;
    int images; ///< new ones in an epoch; 4096
    /// To judge by after each epoch: of the maps for testing, or, if all maps take part, of the
    /// same maps; 256
    int validation_images;
    int cookie;
} imp_seg_train_def;

imp_seg_train_def imp_default_seg_train_def(void);

/// How well segments are found: of each class the pixels that are of it and found to be, over those
/// that are either (intersection over union); NaN for classes that never occur. A pixel is of the
/// class that most of it shows.
typedef struct imp_seg_score {
    double iou[IMP_CLASS_COUNT];
    double mean_iou; ///< over the classes that occur
    double accuracy; ///< share of pixels found right
} imp_seg_score;

/// What training a segmenter did.
typedef struct imp_seg_train_summary {
    imp_train_summary train; ///< samples are images, validation_samples those held out
    imp_seg_score score;     ///< of the best epoch's model
} imp_seg_train_summary;

/// Trains a network to tell what is where in images that are rendered as they are needed, each
/// seen once. Writes into folder what imp_train() does (model.safetensors: the weights with the
/// smallest validation loss), and segments.png: held-out images, what is there, and what the
/// model finds. Stops, resumes and fails as imp_train() does, to the same bytes for any number of
/// threads and of processes (def->train.communicator). Only rank 0 knows the score.
imp_status imp_train_segmenter(imp_seg_train_summary *summary, const char *folder,
                               const imp_seg_train_def *def, const imp_monitor *monitor,
                               imp_error *err);

IMP_API_END

#endif
