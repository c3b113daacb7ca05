/// imprint/dagger.h: dataset aggregation: collects with the network that is trained, and labels
/// with the expert. Strings and arrays in definitions are borrowed.
#ifndef IMPRINT_DAGGER_H
#define IMPRINT_DAGGER_H

#include "imprint/collect.h"
#include "imprint/evaluate.h"
#include "imprint/train.h"

IMP_API_BEGIN

/// How the expert's share of the driving falls from round to round: X(name, word).
#define IMP_BETA_MAP(X)                                                                            \
    X(IMP_BETA_LINEAR, "linear")           /* max(0, 1 - decay * round) */                         \
    X(IMP_BETA_EXPONENTIAL, "exponential") /* (1 - decay) ^ round */                               \
    X(IMP_BETA_SWITCH, "switch")           /* it does not: see imp_collect_def.safe_switching */

typedef enum imp_beta_schedule {
#define IMP_BETA_ENUM(name, word) name,
    IMP_BETA_MAP(IMP_BETA_ENUM)
#undef IMP_BETA_ENUM
} imp_beta_schedule;

/// The word for it; NULL past the last.
const char *imp_beta_schedule_name(int beta);

/// What a trainer of the caller's gets.
typedef struct imp_dagger_training {
    int round;
    const char *const *datasets; ///< (dataset_count) folders: what was driven in all rounds so far
    int dataset_count;
    const char *folder;         ///< of this round's policy; it exists
    const char *previous;       ///< that of the round before; NULL in round 0
    const imp_monitor *monitor; ///< to report to, and to ask whether to stop; never NULL
} imp_dagger_training;

/// Trains policies of the caller's instead of imp_train(). Both functions are called from the
/// thread that called imp_run_dagger().
typedef struct imp_dagger_trainer {
    void *context;
    /// Trains a policy and leaves in training->folder what open() needs. *loss and
    /// *validation_loss are NaN before, and may stay so. After an interruption it is called again
    /// for the round that was not finished.
    imp_status (*train)(void *context, const imp_dagger_training *training, double *loss,
                        double *validation_loss, imp_error *err);
    /// Opens the policy of a folder that train() has finished. imp_run_dagger() closes it.
    imp_status (*open)(void *context, const char *folder, imp_policy_factory **out, imp_error *err);
} imp_dagger_trainer;

/// Settings of DAgger. Obtain with imp_default_dagger_def(), then change fields.
typedef struct imp_dagger_def {
    /// Of each round; `labeller` drives round 0. `noise` and `speed_spread` disturb round 0 only;
    /// policy, policy_name, driver, expert_share, safe_switching, env.index, resume and settings
    /// are set by the rounds. `communicator`: processes that share driving, training and
    /// evaluation; that of `train` and `eval` is set to it. mix_steps: 30
    imp_collect_def collect;
    int first_episodes; ///< of round 0, in which the expert drives alone; 0: as in the others
    /// After each round; tensorboard, resume and settings are set, and initial after round 0.
    /// data_weights: none
    imp_train_def train;
    /// Nullable: trains the policies, whatever they are; then `train`, last_epochs
    /// are not looked at, and no model is written but its own. Borrowed
    const imp_dagger_trainer *policy_trainer;
    /// Of each round's policy; 50 episodes of 500 steps, the first 60 left out. env.index and keep
    /// are set
    imp_eval_def eval;
    int last_epochs; ///< after the last round, unless patience ends it earlier; 0: train.epochs
    int rounds;      ///< in which the network drives; 4
    imp_beta_schedule beta; ///< IMP_BETA_EXPONENTIAL
    double beta_decay;      ///< 0.5
    /// (take_over_count) files or folders of demonstrations in which a person took over from a
    /// policy (imprint/demonstration.h). The data of the last round are these drives: the
    /// network learns the person's action where the person drove, and nothing from the rest.
    /// NULL: none
    const char *const *take_overs;
    int take_over_count; ///< 0
    int patience; ///< stop after so many rounds in a row that brought no better policy; 0: never
    bool resume;  ///< continue what was interrupted, or make more rounds
    const char *settings; ///< JSON text to store in datasets and models; "{}"
    int cookie;
} imp_dagger_def;
imp_dagger_def imp_default_dagger_def(void);

/// A round of DAgger.
typedef struct imp_dagger_round {
    /// of the driving; NaN with IMP_BETA_SWITCH; of a round of take-overs the person's share
    double expert_share;
    int64_t frames;               ///< that it added
    int terminated;               ///< of its episodes: how many terminated
    double loss, validation_loss; ///< of the network trained after it, on all frames so far
    int survived;                 ///< of that network's evaluation, as follows
    int completed, stalled;       ///< see imp_episode_completed()
    double progress;              ///< of the expert's; NaN if it is not known
    double net_distance;          ///< net distance along the lanes, per episode [m]
    double lane_distance;         ///< mean |lane distance| in it [m]; NaN if no step had settled
    double distance;              ///< per episode [m]
    double speed;                 ///< [m/s]; NaN like it
} imp_dagger_round;

/// What DAgger did.
typedef struct imp_dagger_result {
    int count; ///< of rounds that are done, round 0 included; resumed ones too
    int best;  ///< the one whose policy is kept
    bool stopped_early;
    int64_t frames;           ///< of all rounds
    imp_dagger_round *rounds; ///< (count)
    double seconds;           ///< of this call
} imp_dagger_result;

/// Dataset aggregation (DAgger, Ross et al. 2011). In round 0 the expert drives, then the network
/// trained so far, together with the expert; every frame's label is what the expert would do. After
/// each round the network is trained further, on the frames of all rounds, and evaluated on starts
/// that are never recorded from. Writes into folder `data-<round>` (what was driven, a dataset),
/// `model-<round>` (what imp_train() writes), model.safetensors (the best policy: most
/// episodes completed, and where chance may have made the difference the longest way), rounds.csv
/// and rounds.svg. When stopped through the monitor it returns IMP_INTERRUPTED; resuming, also
/// after a kill, gives the same bytes as never having stopped. *out is filled also when the call
/// fails, and freed with imp_dagger_result_free().
imp_status imp_run_dagger(imp_dagger_result *out, const char *folder, const imp_dagger_def *def,
                          const imp_monitor *monitor, imp_error *err);
/// How many rounds of a folder are done, round 0 included; 0 if it holds none. Fails with IMP_IO if
/// its table of rounds cannot be read.
imp_status imp_dagger_count_rounds(int *out, const char *folder, imp_error *err);
void imp_dagger_result_free(imp_dagger_result *dagger); ///< nullable

IMP_API_END

#endif
