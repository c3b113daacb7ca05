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
#include "imprint/pipeline_train.h"
#include "imprint/policy.h"
#include "imprint/randomize.h"
#include "imprint/vision.h"

/// Maps with their scenes, that episodes are drawn from.
typedef struct imp_map_set {
    int count;
    imp_world **worlds;
    imp_scene **scenes;
} imp_map_set;

/// Loads maps by name, by path, or all *.yaml files of a folder in the order of their names. The
/// caller frees *out with imp_map_set_free(). scene (nullable) says what they are drawn with.
imp_status imp_map_set_load(imp_map_set *out, const char *const *names, int count,
                            const imp_scene_def *scene, imp_error *err);
void imp_map_set_free(imp_map_set *set); ///< nullable
/// The name of the only map, or "several".
const char *imp_map_set_name(const imp_map_set *set);

/// Which maps take part: X(name, word). A map is for training or for testing by its name alone,
/// wherever and among whatever other maps it is met.
#define IMP_SPLIT_MAP(X)                                                                           \
    X(IMP_SPLIT_ALL, "all")                                                                        \
    X(IMP_SPLIT_TRAIN, "train") /* four in five */                                                 \
    X(IMP_SPLIT_TEST, "test")   /* one in five */

typedef enum imp_split {
#define IMP_SPLIT_ENUM(name, word) name,
    IMP_SPLIT_MAP(IMP_SPLIT_ENUM)
#undef IMP_SPLIT_ENUM
} imp_split;

/// The word for it; NULL past the last.
const char *imp_split_word(int split);
/// Whether a map is for testing: the four roads of AI-DO's lane following are; of any other, the
/// 64-bit FNV-1a hash h of its name decides, without an ending such as _bordered that only tells
/// how the same roads are furnished: it is if h ^ h >> 32 is a multiple of 5.
bool imp_map_is_for_testing(const char *name);
/// Frees the maps that do not take part. IMP_USAGE if none is left.
imp_status imp_map_set_keep(imp_map_set *set, imp_split split, imp_error *err);

/// A kind of driver, opened once, of which every thread gets a policy of its own.
typedef struct imp_driver imp_driver;

/// Opens "expert", "reference", or a model: a file, or a folder that `imprint train` wrote. expert:
/// the parameters of "expert". Freed with imp_driver_close() after the policies made from it.
imp_status imp_driver_open(imp_driver **out, const char *name_or_path, const imp_expert_def *expert,
                           imp_error *err);
/// A kind of driver that others make: make(context, ...) gives a policy for one thread, and is
/// called for each. name: copied.
imp_status imp_driver_open_foreign(imp_driver **out, const char *name,
                                   imp_status (*make)(const void *context, imp_policy **out,
                                                      imp_error *err),
                                   const void *context, imp_error *err);
void imp_driver_close(imp_driver *driver);             ///< nullable
const char *imp_driver_name(const imp_driver *driver); ///< as given
bool imp_driver_is_network(const imp_driver *driver);  ///< whether it looks at pictures
/// The network of a driver that is one, else NULL. Borrowed.
const imp_network *imp_driver_network(const imp_driver *driver);
/// Lets a network that was trained on segments look at pictures through a segmenter, a model of
/// `imprint seg-train`. IMP_USAGE for other drivers, IMP_BAD_INPUT if it is none or its segments
/// are of another size.
imp_status imp_driver_look_through(imp_driver *driver, const char *segmenter, imp_error *err);
/// The segmenter that a network looks through, or NULL. Borrowed.
const imp_network *imp_driver_segmenter(const imp_driver *driver);
/// What a driver must be shown: pictures, but to networks that were trained on segments and do not
/// look through a segmenter.
imp_observation imp_driver_observation(const imp_driver *driver);
/// Size of the observations that a network, or its segmenter, looks at [px].
void imp_driver_size(const imp_driver *driver, int *width, int *height);
/// A policy for one thread. Freed with imp_policy_destroy().
imp_status imp_driver_policy(const imp_driver *driver, imp_policy **out, imp_error *err);

/// Whether a network's training data have episodes on a map of that name. Its file tells
/// (docs/formats.md); of one that does not, and of experts: false.
bool imp_driver_was_trained_on(const imp_driver *driver, const char *map);

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
    /// Of so many episodes that a network drives, one is recorded: the one that ended badly, or
    /// else the one in which it differed most from the expert; 1
    int hardest_of;
    const char *policy_name; ///< what the dataset says about who drove; NULL: `policy`
    imp_env_def env;         ///< env.max_steps is ignored: steps counts
    imp_camera_def camera;
    imp_scene_def scene;     ///< what maps are drawn with
    imp_observation observe; ///< what is recorded, and shown to a network that drives; pictures
    imp_expert_def expert;
    /// What differs from episode to episode; nothing. An episode lasts `steps` decisions of the
    /// definition's rate, also at another
    imp_randomization randomization;
    int threads;          ///< 0: one per processor
    bool resume;          ///< continue an interrupted dataset
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

/// A figure with its 95 % confidence interval; NaN where there is too little to say.
typedef struct imp_estimate {
    double value, low, high;
} imp_estimate;

/// A share of successes, with Wilson's score interval, which is also right near 0 and 1.
imp_estimate imp_estimate_share(int successes, int trials);
/// sum(values) / sum(weights) over count independent episodes, with the interval of Student's t for
/// the linearised ratio (Cochran, Sampling Techniques, 6.4). weights NULL: the mean of values.
/// Episodes of weight 0 do not count.
imp_estimate imp_estimate_ratio(const double *values, const double *weights, int count);
/// How likely a division as uneven as wins : losses, or more, is if both were equally likely: the
/// two-sided sign test, which for paired outcomes is McNemar's exact one.
double imp_sign_test(int wins, int losses);

/// Settings of an evaluation. Obtain with imp_default_eval_def(), then change fields.
typedef struct imp_eval_def {
    const char *map;         ///< see imp_map_set_load(); "loop_empty"
    const char *const *maps; ///< (map_count) to draw each episode's from, instead of `map`
    int map_count;           ///< 0
    imp_split split;         ///< which of them take part; IMP_SPLIT_ALL
    int episodes;            ///< 10
    int steps;               ///< longest episode; 65
    int settle_steps;        ///< leave so many first steps out of the lane and speed figures; 0
    imp_env_def env; ///< env.max_steps is ignored; env.index 1 keeps starts apart from logging's
    imp_camera_def camera; ///< its size must be the model's
    imp_scene_def scene;   ///< what maps are drawn with
    bool ask_expert;       ///< ask our expert in every state what it would do there; false
    imp_expert_def expert; ///< whom that asks
    imp_randomization randomization; ///< what differs from episode to episode; nothing
    int keep;                        ///< so many first episodes keep their trajectories; 100
    int threads;                     ///< 0: one per processor
    int cookie;
} imp_eval_def;

imp_eval_def imp_default_eval_def(void);

/// What a step did, and what our expert would have done in its place; duty cycles in [-1, 1].
typedef struct imp_action_pair {
    float left, right;               ///< the policy's
    float expert_left, expert_right; ///< NaN if the expert was not asked
} imp_action_pair;

/// How one episode went.
typedef struct imp_episode_result {
    imp_ending ending;
    int map_index;             ///< among the maps that take part
    const char *map;           ///< its name; borrowed from the evaluation
    int steps;                 ///< decisions taken
    int settled;               ///< steps that count for lane and speed figures
    int in_lane;               ///< of those, how many ended in a lane
    int worst_step;            ///< that ended farthest from the lane centre
    double reward;             ///< sum of the reference's rewards
    double distance;           ///< driven along the lane [m]
    double speed_mean;         ///< over settled steps [m/s]; 0 if there is none
    double lane_distance_mean; ///< mean |lane distance| over those in_lane [m]; 0 if there is none
    double action_error;       ///< mean |duty cycle - expert's|, both wheels; NaN if not asked
    imp_pose start, end;
    imp_pose *poses;          ///< (steps + 1), or NULL: only the first episodes keep them
    float *lane_distances;    ///< (steps) [m]; NaN off lanes; or NULL
    imp_action_pair *actions; ///< (steps), or NULL
} imp_episode_result;

/// Figures over episodes.
typedef struct imp_figures {
    int episodes, survived;
    imp_estimate survival;      ///< share of episodes that reached the last step
    imp_estimate reward;        ///< per episode
    imp_estimate distance;      ///< along the lane, per episode [m]
    imp_estimate speed;         ///< over settled steps [m/s]
    imp_estimate lane_distance; ///< mean |lane distance| over settled steps in lanes [m]
    imp_estimate action_error;  ///< over steps; NaN unless the expert was asked
} imp_figures;

/// How often values fell into each of `bins` equal parts of [low, high); what lies outside counts
/// in the outermost.
typedef struct imp_histogram {
    double low, high;
    int bins;
    int64_t *counts; ///< (bins)
} imp_histogram;

/// Figures on one map.
typedef struct imp_map_figures {
    char name[64];
    imp_figures figures; ///< of no episode, if none was drawn there
} imp_map_figures;

enum { IMP_WORST_MAX = 8 };

/// How a policy drove.
typedef struct imp_evaluation {
    int episodes, survived;
    double total_reward, mean_reward; ///< sum, and per episode
    /// |lane distance| over settled steps of all episodes [m], the percentile to within 0.05 mm;
    /// NaN if there is no such step
    double lane_distance_mean, lane_distance_p95;
    double distance_mean; ///< along the lane, per episode [m]
    double speed_mean;    ///< over settled steps [m/s]; NaN if there is none
    double seconds;
    imp_figures figures; ///< the same with intervals
    int map_count;
    imp_map_figures *maps; ///< (map_count), in the order of imp_map_set_load()
    int worst_count;
    int worst[IMP_WORST_MAX];    ///< episodes, the worst first: those that ended badly, the sooner
                                 ///< the worse, then those farthest from the lane centre
    imp_histogram lanes;         ///< lane distance at settled steps, to 0.1 mm [m]
    imp_histogram speeds;        ///< speed at settled steps, to 5 mm/s [m/s]
    imp_episode_result *results; ///< (episodes)
} imp_evaluation;

/// Drives episodes with a policy. The same definition gives the same starts to every policy. All
/// figures are of all episodes; memory grows by some 200 bytes with each beyond def->keep. The
/// caller frees *out with imp_evaluation_free().
imp_status imp_evaluate(imp_evaluation *out, const imp_driver *driver, const imp_eval_def *def,
                        const imp_monitor *monitor, imp_error *err);
void imp_evaluation_free(imp_evaluation *evaluation); ///< nullable

/// Whether an episode is one that its policy is to be blamed for: it ended before its last step.
static inline bool imp_ended_badly(const imp_episode_result *result)
{
    return result->ending != IMP_ENDING_MAX_STEPS;
}

/// How two policies differ on the same starts: the first one's figures minus the second one's.
typedef struct imp_comparison {
    int only_first, only_second; ///< survived by one of them only
    double survival_p;           ///< imp_sign_test() of those
    imp_estimate reward;         ///< per episode, paired
    imp_estimate distance;       ///< [m], paired
    imp_estimate lane_distance;  ///< of the episodes' means [m], paired
} imp_comparison;

/// Compares two evaluations of the same definition; IMP_USAGE if their numbers of episodes differ.
imp_status imp_evaluation_compare(imp_comparison *out, const imp_evaluation *first,
                                  const imp_evaluation *second, imp_error *err);

/// Which episode to drive again, and which of its pictures to keep.
typedef struct imp_replay_def {
    int episode;
    int first, every, count; ///< steps first, first + every, ...: `count` of them, as far as there
} imp_replay_def;

/// An episode driven again.
typedef struct imp_replay {
    imp_episode_result result; ///< with its trajectory and actions, the expert's included; its
                               ///< `map` is NULL
    int width, height;         ///< of a frame [px]
    int count;                 ///< frames kept
    uint8_t *frames;           ///< (count x height x width x 3) what was seen before the steps
    float *actions;            ///< (count x 2) what was then done
    imp_recall *recall;        ///< of a driver that is a network; else it and what follows is NULL
    uint8_t *seen; ///< (count x inputs.frames x height x width x 3) what the network decided by
    float *done;   ///< (count x inputs.actions x 2) the same
} imp_replay;

/// Drives some episodes of an evaluation again, to the same results, and keeps what evaluating
/// throws away. The caller frees each of the `count` replays with imp_replay_free(), also after a
/// failure.
imp_status imp_replay_episodes(imp_replay *out, const imp_replay_def *which, int count,
                               const imp_driver *driver, const imp_eval_def *def,
                               const imp_monitor *monitor, imp_error *err);
void imp_replay_free(imp_replay *replay); ///< nullable

/// How far perturbations go in imp_evaluate_robustness(): strengths of groups, in ascending order.
enum { IMP_ROBUST_LEVELS = 3 };
extern const double imp_robust_strengths[IMP_ROBUST_LEVELS]; ///< 0.25, 0.5, 1

/// How a policy drives when something is perturbed.
typedef struct imp_robust_row {
    char name[32]; ///< of a group; or "looks", "dynamics" or "all", which are many at once
    imp_figures figures[IMP_ROBUST_LEVELS]; ///< at each strength
} imp_robust_row;

enum { IMP_ROBUST_ROWS = IMP_GROUP_COUNT + 3 };

/// What breaks a policy.
typedef struct imp_robustness {
    imp_figures plain; ///< without any perturbation
    int count;
    imp_robust_row rows[IMP_ROBUST_ROWS]; ///< (count) what breaks it most comes first
    double seconds;
} imp_robustness;

/// Evaluates a policy in plain worlds, then with each group that is on in def->randomization (some
/// must be), and with many at once, at growing strengths, from the same starts.
imp_status imp_evaluate_robustness(imp_robustness *out, const imp_driver *driver,
                                   const imp_eval_def *def, const imp_monitor *monitor,
                                   imp_error *err);

/// What a report is about. Everything is borrowed.
typedef struct imp_eval_report_def {
    const char *folder;                ///< that exists
    int count;                         ///< of policies
    const char *const *names;          ///< (count) of them
    const imp_driver *const *drivers;  ///< (count)
    const imp_eval_def *defs;          ///< (count) what each was evaluated with
    const imp_evaluation *evaluations; ///< (count) on the same starts
    const char *summary;               ///< nullable: one line on what was done
    const imp_robustness *robustness;  ///< (count) nullable
} imp_eval_report_def;

/// Writes into the folder:
///   report.html, episodes.csv  all in one file; a row per policy and episode
///   trajectories.png       ways on the map; trajectories-<n>.png of several maps
///   worst-<p>-<n>.csv/png  poses and film of policy p's n-th worst episode
///   saliency-<p>.png       what a network looks at
imp_status imp_eval_report_write(const imp_eval_report_def *def, const imp_monitor *monitor,
                                 imp_error *err);

/// Settings of a challenge. Obtain with imp_default_contest_def(), then change fields.
typedef struct imp_contest_def {
    imp_challenge challenge; ///< IMP_CHALLENGE_LF
    bool test;               ///< the official test's starts instead of the validation's
    int episodes;            ///< 0: the official ones; more go on with starts from the seed
    uint64_t seed;           ///< of what is drawn; 123
    imp_camera_def camera;   ///< its size must be the model's
    imp_scene_def scene;     ///< what maps are drawn with
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
    int samples;     ///< states that the metrics saw, those after an incident included
    imp_pose *poses; ///< (samples)
    double *times;   ///< (samples) [s]
} imp_contest_episode;

/// How a policy did in a challenge.
typedef struct imp_contest {
    int episodes, survived;
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
    int ended_badly;              ///< of its episodes
    double loss, validation_loss; ///< of the network trained after it, on all frames so far
    int survived;                 ///< of that network's evaluation
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
/// model-<round> (what imp_train() writes), model.safetensors (the best policy: fewest
/// lost, and where chance may have made the difference the longest way), rounds.csv and rounds.svg.
/// When stopped through the monitor it returns IMP_INTERRUPTED; resuming, also after a kill, gives
/// the same bytes as never having stopped. *out is filled also when the call fails, and freed with
/// imp_dagger_free().
imp_status imp_run_dagger(imp_dagger *out, const char *folder, const imp_dagger_def *def,
                          const imp_monitor *monitor, imp_error *err);
void imp_dagger_free(imp_dagger *dagger); ///< nullable

#endif
