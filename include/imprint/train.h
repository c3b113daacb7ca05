/// imprint/train.h: behaviour cloning: trains a network on recorded datasets.
#ifndef IMPRINT_TRAIN_H
#define IMPRINT_TRAIN_H

#include "imprint/communicator.h"
#include "imprint/dataset.h"
#include "imprint/nn.h"

IMP_API_BEGIN

/// How images are changed while they are learned from, by at most so much: X(member, word, usual
/// strength, largest).
#define IMP_AUGMENT_MAP(X)                                                                         \
    X(brightness, "brightness", 0.2, 0.5) /* mid tones; black and white stay */                    \
    X(contrast, "contrast", 0.3, 0.9)     /* about the middle */                                   \
    X(colour, "colour", 0.2, 0.9)         /* of each channel */                                    \
    X(blur, "blur", 1.0, 1.0)             /* share of the image blurred by 1 2 1 */                \
    X(noise, "noise", 8.0, 64.0)          /* standard deviation, of 255 */                         \
    X(shift, "shift", 0.02, 0.1)          /* of the robot to a side [m] */                         \
    X(turn, "turn", 0.05, 0.2)            /* of the robot [rad] */                                 \
    X(cut_out, "cut-out", 0.3, 1.0)       /* sides of a patch, of the image's */

typedef struct imp_augment {
#define IMP_AUGMENT_MEMBER(member, word, usual, max) double member;
    IMP_AUGMENT_MAP(IMP_AUGMENT_MEMBER)
#undef IMP_AUGMENT_MEMBER
} imp_augment;

/// The word for the k-th kind of change; NULL past the last.
const char *imp_augmentation_name(int k);
/// Reads "all", "none", or words separated by commas, each with ":strength" or of usual strength;
/// later ones count. IMP_USAGE says what is wrong.
imp_status imp_augment_parse(imp_augment *out, const char *text, imp_error *err);
/// Writes what imp_augment_parse() reads; "" if nothing is changed.
void imp_augment_format(const imp_augment *augment, char *out, size_t capacity);
/// Refuses strengths that are out of range. *any: whether anything is changed at all.
imp_status imp_augment_check(const imp_augment *augment, bool *any, imp_error *err);

/// How the learning rate goes on. The numbers are part of the state that resuming compares.
typedef enum imp_rate_schedule {
    IMP_SCHEDULE_CONSTANT = 0, ///< the baseline's
    IMP_SCHEDULE_COSINE = 1,   ///< down to a hundredth along half a cosine
    IMP_SCHEDULE_STEP = 2,     ///< times decay_factor every decay_epochs
} imp_rate_schedule;

/// Settings of training. Obtain with imp_default_train_def(), then change fields.
typedef struct imp_train_def {
    imp_network_def network;    ///< its size is taken from the dataset
    imp_trainer_def trainer;    ///< its seed is the one below
    imp_rate_schedule schedule; ///< IMP_SCHEDULE_CONSTANT
    double decay_factor;        ///< of IMP_SCHEDULE_STEP, in (0, 1]; 0.1
    int decay_epochs;           ///< of IMP_SCHEDULE_STEP; 10
    int warm_up_steps; ///< steps over which the rate first grows from 0, in any schedule; 0
    /// Model, a file or a folder, whose weights training starts from, of the same network; NULL:
    /// from random ones
    const char *initial;
    /// Losses of samples that turn weigh more: by (1 + this * t / mean of t) / (1 + this), t being
    /// |right - left| of the expert's duty cycles. 0: all samples count the same
    double turn_weight;
    imp_augment augment; ///< how images are changed; all 0: they are not
    /// (number of datasets) how much of an epoch comes from each, relative to each other, however
    /// large they are; NULL: as much as they have
    const double *data_weights;
    int epochs;   ///< 10
    int patience; ///< stop after so many epochs in a row that brought no better model; 0: never
    double validation;    ///< share of episodes kept for validation; 0.1 (none of a single episode)
    uint64_t seed;        ///< of weights, shuffling, split and dropout; 1
    int shuffle_buffer;   ///< samples that are shuffled together; 32768. 0: all of them
    int checkpoint_steps; ///< save the state every so many steps, besides every epoch; 500
    bool tensorboard;     ///< write a log for TensorBoard as well; true
    bool resume;          ///< continue from the folder's last checkpoint
    const char *settings; ///< JSON text to store in the model; "{}"
    /// Nullable: processes that train together, all with the same definition and data: they share
    /// the shards of each batch. Rank 0 alone writes to the folder, which all can read. Borrowed
    imp_communicator *communicator;
    int cookie;
} imp_train_def;
imp_train_def imp_default_train_def(void);

/// What training did.
typedef struct imp_train_summary {
    int64_t samples, validation_samples; ///< of the dataset; of an epoch where they are renewed
    int repeated_episodes; ///< with the images of an earlier one, on whose side of the split they
                           ///< are
    int64_t parameters;
    int epochs;                   ///< done in all, resumed ones included
    bool stopped_early;           ///< because of patience
    double loss, validation_loss; ///< of the last epoch
    double best_loss; ///< smallest validation loss (training loss if there is no validation)
    int best_epoch;   ///< counted from 1
    double seconds;   ///< of this call
    /// Of this call's steps, getting their samples included, validation not
    double samples_per_second;
} imp_train_summary;

/// Trains a network on the expert's actions in count datasets, shuffled together. Writes into
/// folder model.safetensors (the weights with the smallest validation loss), last.safetensors
/// (those after the last epoch), state.safetensors (what resuming needs), history.csv, .jsonl and
/// loss.svg (epochs), and events.out.tfevents.* for TensorBoard. When stopped through the monitor
/// it saves its state and returns IMP_INTERRUPTED; resuming gives the same bytes as never having
/// stopped, in every file but TensorBoard's, which tells the time. A loss or gradient that is not
/// finite or explodes ends training with IMP_CHECK_FAILED, and a disk that is full with IMP_IO; the
/// files of the last checkpoint are then as they were. Samples are shuffled within windows
/// (docs/training.md): a dataset larger than the window need not fit into memory, two windows must.
imp_status imp_train(imp_train_summary *summary, const char *folder, const char *const *datasets,
                     int count, const imp_train_def *def, const imp_monitor *monitor,
                     imp_error *err);

IMP_API_END

#endif
