/// imprint/pipeline.h: what the commands do, as library calls: collect driving, train on it,
/// evaluate. Results depend on the settings and the seed, never on the number of threads. A
/// *summary is filled also when a call fails, with what was done until then.
#ifndef IMPRINT_PIPELINE_H
#define IMPRINT_PIPELINE_H

#include "imprint/challenge.h"
#include "imprint/dataset.h"
#include "imprint/env.h"
#include "imprint/nn.h"
#include "imprint/policy.h"

/// Maps with their scenes, that episodes are drawn from.
typedef struct imp_map_set {
    int count;
    imp_world **worlds;
    imp_scene **scenes;
} imp_map_set;

/// Loads maps by name, by path, or all *.yaml files of a folder in the order of their names. The
/// caller frees *out with imp_map_set_free().
imp_status imp_map_set_load(imp_map_set *out, const char *const *names, int count, imp_error *err);
void imp_map_set_free(imp_map_set *set); ///< nullable
/// The name of the only map, or "several".
const char *imp_map_set_name(const imp_map_set *set);

/// A kind of driver, opened once, of which every thread gets a policy of its own.
typedef struct imp_driver imp_driver;

/// Opens "expert", "reference", or a model: a file, or a folder that `imprint train` wrote. expert:
/// the parameters of "expert". Freed with imp_driver_close() after the policies made from it.
imp_status imp_driver_open(imp_driver **out, const char *name_or_path, const imp_expert_def *expert,
                           imp_error *err);
void imp_driver_close(imp_driver *driver);             ///< nullable
const char *imp_driver_name(const imp_driver *driver); ///< as given
bool imp_driver_is_network(const imp_driver *driver);  ///< whether it looks at pictures
/// The network of a driver that is one, else NULL. Borrowed.
const imp_network *imp_driver_network(const imp_driver *driver);
/// A policy for one thread. Freed with imp_policy_destroy().
imp_status imp_driver_policy(const imp_driver *driver, imp_policy **out, imp_error *err);

/// Settings of collecting. Obtain with imp_default_collect_def(), then change fields. Strings are
/// borrowed.
typedef struct imp_collect_def {
    const char *map;         ///< see imp_map_set_load(); "loop_empty"
    const char *const *maps; ///< (map_count) to draw each episode's from, instead of `map`
    int map_count;           ///< 0
    const char *policy;      ///< who drives, see imp_driver_open(); "expert"
    int episodes;            ///< 10
    int steps;               ///< longest episode; 512
    double noise;            ///< standard deviation of the disturbance of executed duty cycles; 0
    double noise_time;       ///< how long a disturbance lasts [s]; 0.5
    imp_env_def env;         ///< env.max_steps is ignored: steps counts
    imp_camera_def camera;
    imp_expert_def expert;
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

/// Settings of an evaluation. Obtain with imp_default_eval_def(), then change fields. Strings are
/// borrowed.
typedef struct imp_eval_def {
    const char *map;         ///< see imp_map_set_load(); "loop_empty"
    const char *const *maps; ///< (map_count) to draw each episode's from, instead of `map`
    int map_count;           ///< 0
    int episodes;            ///< 10
    int steps;               ///< longest episode; 65
    int settle_steps;        ///< leave so many first steps out of the lane and speed figures; 0
    imp_env_def env; ///< env.max_steps is ignored; env.index 1 keeps starts apart from logging's
    imp_camera_def camera; ///< its size must be the model's
    int threads;           ///< 0: one per processor
    int cookie;
} imp_eval_def;

imp_eval_def imp_default_eval_def(void);

/// How one episode went.
typedef struct imp_episode_result {
    imp_ending ending;
    int map_index;             ///< among the maps, in the order of imp_map_set_load()
    char map[64];              ///< its name
    int steps;                 ///< decisions taken
    double reward;             ///< sum of the reference's rewards
    double distance;           ///< driven along the lane [m]
    double speed_mean;         ///< over settled steps [m/s]
    double lane_distance_mean; ///< mean |lane distance| over settled steps [m]
    imp_pose *poses;           ///< (steps + 1)
    float *lane_distances;     ///< (steps) [m]; NaN off lanes
} imp_episode_result;

/// How a policy drove.
typedef struct imp_evaluation {
    int episodes, survived;
    double total_reward, mean_reward; ///< sum, and per episode
    double lane_distance_mean,
        lane_distance_p95; ///< |lane distance| over settled steps of all episodes [m]
    double distance_mean;  ///< along the lane, per episode [m]
    double speed_mean;     ///< over settled steps [m/s]
    double seconds;
    imp_episode_result *results; ///< (episodes)
} imp_evaluation;

/// Drives episodes with a policy. The same definition gives the same starts to every policy. The
/// caller frees *out with imp_evaluation_free().
imp_status imp_evaluate(imp_evaluation *out, const imp_driver *driver, const imp_eval_def *def,
                        const imp_monitor *monitor, imp_error *err);
void imp_evaluation_free(imp_evaluation *evaluation); ///< nullable

/// Settings of a challenge. Obtain with imp_default_contest_def(), then change fields.
typedef struct imp_contest_def {
    imp_challenge challenge; ///< IMP_CHALLENGE_LF
    bool test;               ///< the official test's starts instead of the validation's
    int episodes;            ///< 0: the official ones; more go on with starts from the seed
    uint64_t seed;           ///< of what is drawn; 123
    imp_camera_def camera;   ///< its size must be the model's
    int threads;             ///< 0: one per processor
    int cookie;
} imp_contest_def;

imp_contest_def imp_default_contest_def(void);

/// How an episode of a challenge went.
typedef struct imp_contest_episode {
    char name[48];     ///< see imp_scenario
    imp_ending ending; ///< IMP_ENDING_MAX_STEPS if it lasted to its end
    imp_metrics metrics;
    int samples;     ///< states that the metrics saw, those after an incident included
    imp_pose *poses; ///< (samples)
    double *times;   ///< (samples) [s]
} imp_contest_episode;

/// How a policy did in a challenge.
typedef struct imp_contest {
    int episodes, survived;
    imp_aggregate aggregate;
    imp_contest_episode *results; ///< (episodes)
    double seconds;
} imp_contest;

/// Drives the episodes of one of AI-DO's challenges under its rules: the policy is asked every
/// 0.05 s; after an incident the robot stands still and 14 more states count. The caller frees *out
/// with imp_contest_free().
imp_status imp_run_contest(imp_contest *out, const imp_driver *driver, const imp_contest_def *def,
                           const imp_monitor *monitor, imp_error *err);
void imp_contest_free(imp_contest *contest); ///< nullable

/// How the learning rate goes on. The numbers are part of the state that resuming compares.
typedef enum imp_schedule {
    IMP_SCHEDULE_CONSTANT = 0, ///< the baseline's
    IMP_SCHEDULE_COSINE = 1,   ///< down to a hundredth along half a cosine
    IMP_SCHEDULE_STEP = 2,     ///< times decay_factor every decay_epochs
} imp_schedule;

/// Settings of training. Obtain with imp_default_train_def(), then change fields. Strings are
/// borrowed.
typedef struct imp_train_def {
    imp_network_def network; ///< its size is taken from the dataset
    imp_trainer_def trainer; ///< its seed is the one below
    imp_schedule schedule;   ///< IMP_SCHEDULE_CONSTANT
    double decay_factor;     ///< of IMP_SCHEDULE_STEP, in (0, 1]; 0.1
    int decay_epochs;        ///< of IMP_SCHEDULE_STEP; 10
    int warm_up_steps;       ///< steps over which the rate first grows from 0, in any schedule; 0
    int epochs;              ///< 10
    int patience; ///< stop after so many epochs in a row that brought no better model; 0: never
    double validation;    ///< share of episodes kept for validation; 0.1 (none of a single episode)
    uint64_t seed;        ///< of weights, shuffling, split and dropout; 1
    int window;           ///< samples that are shuffled together; 32768. 0: all of them
    int checkpoint_steps; ///< save the state every so many steps, besides every epoch; 500
    bool tensorboard;     ///< write a log for TensorBoard as well; true
    bool resume;          ///< continue from the folder's last checkpoint
    const char *settings; ///< JSON text to store in the model; "{}"
    int cookie;
} imp_train_def;

imp_train_def imp_default_train_def(void);

/// What training did.
typedef struct imp_train_summary {
    int64_t samples, validation_samples; ///< of the dataset
    int64_t parameters;
    int epochs;                   ///< done in all, resumed ones included
    bool stopped_early;           ///< because of patience
    double loss, validation_loss; ///< of the last epoch
    double best_loss; ///< smallest validation loss (training loss if there is no validation)
    int best_epoch;   ///< counted from 1
    double seconds;   ///< of this call
    double samples_per_second; ///< of this call's training steps, validation not counted
} imp_train_summary;

/// Trains a network on the expert's actions in count datasets, shuffled together. Writes into
/// folder:
///   model.safetensors   the weights with the smallest validation loss
///   last.safetensors    the weights after the last epoch
///   state.safetensors   what resuming needs
///   history.csv         a row per epoch
///   history.jsonl       the same, an object per line
///   loss.svg            the same as a picture
///   events.out.tfevents.*  for TensorBoard
/// When stopped through the monitor it saves its state and returns IMP_INTERRUPTED; resuming gives
/// the same bytes as never having stopped, in every file but TensorBoard's, which tells the time.
/// A loss or gradient that is not finite or explodes ends training with IMP_CHECK_FAILED, and a
/// disk that is full with IMP_IO; the files of the last checkpoint are then as they were.
///
/// Samples are shuffled within windows (docs/training.md): a dataset larger than the window need
/// not fit into memory, two windows must.
imp_status imp_train(imp_train_summary *summary, const char *folder, const char *const *datasets,
                     int count, const imp_train_def *def, const imp_monitor *monitor,
                     imp_error *err);

#endif
