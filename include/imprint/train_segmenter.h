/// imprint/train_segmenter.h: trains a network for semantic segmentation on rendered images.
/// Strings and arrays in definitions are borrowed.
#ifndef IMPRINT_TRAIN_SEGMENTER_H
#define IMPRINT_TRAIN_SEGMENTER_H

#include "imprint/evaluate.h"
#include "imprint/nn.h"
#include "imprint/rollout.h"
#include "imprint/segmentation.h"

IMP_API_BEGIN

/// Settings of training a segmenter. Obtain with imp_default_seg_train_def(), then change fields.
typedef struct imp_seg_train_def {
    const char *const *maps; ///< (map_count) that pictures are taken on; NULL: all built-in ones
    int map_count;           ///< 0
    imp_map_split split;     ///< which of them take part; IMP_SPLIT_TRAIN
    imp_env_def env;         ///< its seed is the one below; objects are drawn
    imp_camera_def camera;
    imp_scene_def scene;
    imp_randomization randomization; ///< what differs from picture to picture; "looks"
    imp_network_def network;         ///< "segmenter"; its size is the camera's
    imp_trainer_def trainer;         ///< its loss is cross-entropy, its seed the one below
    int epochs;                      ///< 8
    int pictures;                    ///< new ones in an epoch; 4096
    /// To judge by after each epoch: of the maps for testing, or, if all maps take part, of the
    /// same maps; 256
    int held_out;
    uint64_t seed;        ///< of pictures and weights; 1
    int checkpoint_steps; ///< save the state every so many steps, besides every epoch; 200
    bool resume;          ///< continue from the folder's last checkpoint
    const char *settings; ///< JSON text to store in the model; "{}"
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
    int64_t pictures;             ///< seen in all, resumed ones included
    double loss, validation_loss; ///< of the last epoch: cross-entropy of a cell
    double best_loss;             ///< smallest validation loss
    int best_epoch;               ///< counted from 1
    int held_out;                 ///< pictures that the score is of
    imp_seg_score score;          ///< of the best epoch's model
    int64_t parameters;
    double seconds, pictures_per_second; ///< of this call's steps, rendering included
} imp_seg_train_summary;

/// Trains a network to tell what is where in pictures that are rendered as they are needed, each
/// seen once. Writes into folder:
///   model.safetensors   the weights with the smallest validation loss
///   last.safetensors, state.safetensors, history.csv, history.jsonl, loss.svg as imp_train() does
///   segments.png        held-out pictures, what is there, and what the model finds
/// Stopping and resuming are as with imp_train(): the same bytes as never having stopped, for any
/// number of threads.
imp_status imp_train_segmenter(imp_seg_train_summary *summary, const char *folder,
                               const imp_seg_train_def *def, const imp_monitor *monitor,
                               imp_error *err);

IMP_API_END

#endif
