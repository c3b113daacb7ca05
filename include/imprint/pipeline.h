/// imprint/pipeline.h: what the commands do, as library calls: collect driving, train on it,
/// evaluate. Results depend on the settings and the seed, never on the number of threads. A
/// *summary is filled also when a call fails, with what was done until then. Strings and arrays in
/// definitions are borrowed.
#ifndef IMPRINT_PIPELINE_H
#define IMPRINT_PIPELINE_H

#include "imprint/challenge.h"
#include "imprint/dataset.h"
#include "imprint/env.h"
#include "imprint/nn.h"
#include "imprint/pipeline_drivers.h"
#include "imprint/pipeline_eval.h"
#include "imprint/pipeline_train.h"
#include "imprint/policy.h"
#include "imprint/randomize.h"
#include "imprint/vision.h"

/// Settings of collecting. Obtain with imp_default_collect_def(), then change fields.
typedef struct imp_collect_def {
    const char *map;         ///< see imp_map_set_load(); "loop_empty"
    const char *const *maps; ///< (map_count) to draw each episode's from, instead of `map`
    int map_count;           ///< 0
    imp_split split;         ///< which of them take part; IMP_SPLIT_ALL
    const char *policy;      ///< who drives, see imp_driver_open(); "expert"
    int episodes;            ///< 10
    int steps;               ///< longest episode; 512
    double noise;            ///< standard deviation of the disturbance of executed duty cycles; 0
    double noise_time;       ///< how long a disturbance lasts [s]; 0.5
    /// Start within this of the lane centre, evenly, instead of anywhere on the tile, where there
    /// is room [m]; 0: do not
    double start_offset;
    /// Each episode is driven faster or slower than the driver wants by a factor drawn from
    /// 1 +- this; labels stay those for the wanted speed, which pictures do not show; 0
    double speed_spread;
    /// Where a network drives, the share of its steps that the expert drives instead; 0
    double expert_share;
    int mix_steps; ///< who drives is drawn every so many steps; 0: for every episode. 1
    /// Instead, the expert takes over from a network 0.12 m or pi / 8 from the lane and hands back
    /// within 0.05 m and pi / 18 (the safe switching of gym-duckietown's DAgger baseline); false
    bool safe_switching;
    /// Of so many episodes that a network drives, one is recorded: the one that terminated, or
    /// else the one in which it differed most from the expert; 1
    int hardest_of;
    /// What the dataset says about who drove; NULL: imp_driver_identity()
    const char *policy_name;
    imp_env_def env; ///< env.max_steps is ignored: steps counts
    imp_camera_def camera;
    imp_scene_def scene;     ///< what maps are drawn with
    imp_observation observe; ///< what is recorded, and shown to a network that drives; pictures
    imp_expert_def expert;
    /// What differs from episode to episode; nothing. An episode lasts `steps` decisions of the
    /// definition's rate, also at another
    imp_randomization randomization;
    int threads;          ///< 0: one per processor
    bool resume;          ///< continue a dataset that was interrupted, or is to be longer
    const char *settings; ///< JSON text to store in the dataset; "{}"
    int cookie;
} imp_collect_def;
imp_collect_def imp_default_collect_def(void);

/// What collecting did.
typedef struct imp_collect_summary {
    int episodes;       ///< written in this call
    int resumed;        ///< that were there before
    int64_t frames;     ///< steps of the episodes written in this call
    double reward_mean; ///< per episode
    int left_road;      ///< episodes that ended off the road
    int collided;       ///< episodes that ended by meeting an object
    double seconds;
} imp_collect_summary;

/// Drives episodes and writes them to a new dataset folder. Every sample holds the action that was
/// executed and the one that the expert would take. With noise, the executed one is disturbed by a
/// correlated (Ornstein-Uhlenbeck) process, so that the data shows how to come back (after DART,
/// Laskey et al. 2017). When stopped through the monitor, whole episodes are kept and
/// IMP_INTERRUPTED is returned.
imp_status imp_collect(imp_collect_summary *summary, const char *folder, const imp_collect_def *def,
                       const imp_monitor *monitor, imp_error *err);

/// Settings of a challenge. Obtain with imp_default_contest_def(), then change fields.
typedef struct imp_contest_def {
    imp_challenge challenge; ///< IMP_CHALLENGE_LF
    bool test;               ///< the official test's starts instead of the validation's
    int episodes;            ///< 0: the official ones; more go on with starts from the seed
    uint64_t seed;           ///< of what is drawn; 123
    imp_camera_def camera;   ///< its size must be the model's
    imp_scene_def scene;     ///< what maps are drawn with
    imp_expert_def expert;   ///< who drives every episode, too, to measure progress by
    int threads;             ///< 0: one per processor
    int cookie;
} imp_contest_def;

imp_contest_def imp_default_contest_def(void);

/// How an episode of a challenge went.
typedef struct imp_contest_episode {
    char name[48];     ///< see imp_scenario
    imp_ending ending; ///< IMP_ENDING_MAX_STEPS if it lasted to its end
    char reason[240];  ///< of IMP_ENDING_GAVE_UP; else ""
    imp_metrics metrics;
    imp_crossings crossings;
    double net_distance, expert_net_distance, progress; ///< as in imp_episode_result
    bool stalled, expert_stalled;                       ///< see IMP_STALL_TIME
    int samples;     ///< states that the metrics saw, those after an incident included
    imp_pose *poses; ///< (samples)
    double *times;   ///< (samples) [s]
} imp_contest_episode;

/// How a policy did in a challenge.
typedef struct imp_contest {
    int episodes;
    int completed; ///< that lasted to their end without a stall
    int survived;  ///< that lasted to their end
    int stalled;
    imp_estimate progress; ///< as in imp_figures
    imp_aggregate aggregate;
    imp_crossings crossings;      ///< of all episodes
    imp_contest_episode *results; ///< (episodes)
    double seconds;
} imp_contest;

/// Drives the episodes of one of AI-DO's challenges under its rules: the policy is asked every
/// 0.05 s; after an incident the robot stands still and 14 more states count. The caller frees *out
/// with imp_contest_free().
imp_status imp_run_contest(imp_contest *out, const imp_driver *driver, const imp_contest_def *def,
                           const imp_monitor *monitor, imp_error *err);
void imp_contest_free(imp_contest *contest); ///< nullable

/// Settings of training a segmenter. Obtain with imp_default_seg_train_def(), then change fields.
typedef struct imp_seg_train_def {
    const char *const *maps; ///< (map_count) that pictures are taken on; NULL: all built-in ones
    int map_count;           ///< 0
    imp_split split;         ///< which of them take part; IMP_SPLIT_TRAIN
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
imp_status imp_seg_train(imp_seg_train_summary *summary, const char *folder,
                         const imp_seg_train_def *def, const imp_monitor *monitor, imp_error *err);

/// Settings of online training. Obtain with imp_default_online_def(), then change fields.
typedef struct imp_online_def {
    /// 32 episodes of 64 steps for every epoch, noise 0.08, the expert's share 0.25 in stretches of
    /// 30 steps. policy, policy_name, hardest_of and resume are not looked at
    imp_collect_def collect;
    imp_train_def train; ///< 60 epochs, cosine; validation, window and patience are not looked at
    int buffer;          ///< episodes learned from at a time, a multiple of collect.episodes; 256
    int cookie;
} imp_online_def;
imp_online_def imp_default_online_def(void);

/// Trains without a dataset: the expert fills a buffer; then, before every epoch, the network as it
/// is drives new episodes in place of the oldest, labelled by the expert and sharing the driving
/// with it. Writes what imp_train() does, the latest model as model.safetensors, and in drivers/
/// the networks that drove what is in the buffer: resuming drives it again, to the same bytes.
imp_status imp_train_online(imp_train_summary *summary, const char *folder,
                            const imp_online_def *def, const imp_monitor *monitor, imp_error *err);

/// How the expert's share of the driving falls from round to round: X(name, word).
#define IMP_BETA_MAP(X)                                                                            \
    X(IMP_BETA_LINEAR, "linear")           /* max(0, 1 - decay * round) */                         \
    X(IMP_BETA_EXPONENTIAL, "exponential") /* (1 - decay) ^ round */                               \
    X(IMP_BETA_SWITCH, "switch")           /* it does not: see imp_collect_def.safe_switching */

typedef enum imp_beta {
#define IMP_BETA_ENUM(name, word) name,
    IMP_BETA_MAP(IMP_BETA_ENUM)
#undef IMP_BETA_ENUM
} imp_beta;

/// The word for it; NULL past the last.
const char *imp_beta_word(int beta);

/// Settings of DAgger. Obtain with imp_default_dagger_def(), then change fields.
typedef struct imp_dagger_def {
    /// Of each round. `noise` and `speed_spread` disturb round 0 only; policy, policy_name,
    /// expert_share, safe_switching, env.index, resume and settings are set by the rounds.
    /// mix_steps: 30
    imp_collect_def collect;
    int first_episodes; ///< of round 0, in which the expert drives alone; 0: as in the others
    /// After each round; tensorboard, resume and settings are set, and initial after round 0.
    /// data_weights: none
    imp_train_def train;
    /// Of each round's policy; 50 episodes of 500 steps, the first 60 left out. env.index and keep
    /// are set
    imp_eval_def eval;
    int last_epochs;   ///< after the last round, unless patience ends it earlier; 0: train.epochs
    int rounds;        ///< in which the network drives; 4
    imp_beta beta;     ///< IMP_BETA_EXPONENTIAL
    double beta_decay; ///< 0.5
    int patience; ///< stop after so many rounds in a row that brought no better policy; 0: never
    bool resume;  ///< continue what was interrupted, or make more rounds
    const char *settings; ///< JSON text to store in datasets and models; "{}"
    int cookie;
} imp_dagger_def;
imp_dagger_def imp_default_dagger_def(void);

/// A round of DAgger.
typedef struct imp_dagger_round {
    double expert_share;          ///< of the driving; NaN with IMP_BETA_SWITCH
    int64_t frames;               ///< that it added
    int ended_badly;              ///< of its episodes: how many terminated
    double loss, validation_loss; ///< of the network trained after it, on all frames so far
    int survived;                 ///< of that network's evaluation, as follows
    int completed, stalled;       ///< see imp_completed()
    double progress;              ///< of the expert's; NaN if it is not known
    double net_distance;          ///< net distance along the lanes, per episode [m]
    double lane_distance;         ///< mean |lane distance| in it [m]; NaN if no step had settled
    double distance;              ///< per episode [m]
    double speed;                 ///< [m/s]; NaN like it
} imp_dagger_round;

/// What DAgger did.
typedef struct imp_dagger {
    int count; ///< of rounds that are done, round 0 included; resumed ones too
    int best;  ///< the one whose policy is kept
    bool stopped_early;
    int64_t frames;           ///< of all rounds
    imp_dagger_round *rounds; ///< (count)
    double seconds;           ///< of this call
} imp_dagger;

/// Dataset aggregation (DAgger, Ross et al. 2011). In round 0 the expert drives, then the network
/// trained so far, together with the expert; every frame's label is what the expert would do. After
/// each round the network is trained further, on the frames of all rounds, and evaluated on starts
/// that are never recorded from. Writes into folder data-<round> (what was driven, a dataset),
/// model-<round> (what imp_train() writes), model.safetensors (the best policy: most
/// episodes completed, and where chance may have made the difference the longest way), rounds.csv
/// and rounds.svg. When stopped through the monitor it returns IMP_INTERRUPTED; resuming, also
/// after a kill, gives the same bytes as never having stopped. *out is filled also when the call
/// fails, and freed with imp_dagger_free().
imp_status imp_run_dagger(imp_dagger *out, const char *folder, const imp_dagger_def *def,
                          const imp_monitor *monitor, imp_error *err);
void imp_dagger_free(imp_dagger *dagger); ///< nullable

#endif
