/// imprint/collect.h: drives episodes in the simulator and writes them to a dataset. Strings and
/// arrays in definitions are borrowed.
#ifndef IMPRINT_COLLECT_H
#define IMPRINT_COLLECT_H

#include "imprint/communicator.h"
#include "imprint/evaluate.h"
#include "imprint/rollout.h"
#include "imprint/sim.h"

IMP_API_BEGIN

/// Settings of collecting. Obtain with imp_default_collect_def(), then change fields.
typedef struct imp_collect_def {
    /// Where and how is driven. Not looked at: env.max_steps (steps counts), same_index,
    /// ground_truth, expert_actions, autoreset, actions, reward, backend. `observation` is what is
    /// recorded, and shown to a network that drives. With `randomization`, an episode lasts `steps`
    /// decisions of the definition's rate, also at another
    imp_sim_def sim;
    const char *policy; ///< who drives, see imp_policy_factory_open(); "expert"
    /// Whose actions are the labels where a network drives: "expert", "pure-pursuit", or the path
    /// of a plug-in. NULL, the default, is "expert"
    const char *label_policy;
    /// Nullable: who drives instead of `policy`, such as a callback (imprint/callback.h). Its own
    /// actions are the labels unless it is a network or there is a label policy. Borrowed
    const imp_policy_factory *driver;
    /// Nullable: whose actions are the labels, whoever drives, instead of `label_policy`; not a
    /// network. Borrowed
    const imp_policy_factory *labeller;
    /// Nullable: path of a model of `imprint seg-train`. Observations are then the masks that it
    /// finds in camera images, errors included, instead of the simulator's own masks. `sim` must
    /// observe IMP_OBSERVATION_SEGMENTATION
    const char *segmenter;
    int episodes;      ///< 10
    int steps;         ///< longest episode; 512
    double noise;      ///< standard deviation of the disturbance of executed duty cycles; 0
    double noise_time; ///< how long a disturbance lasts [s]; 0.5
    /// Start within this of the lane centre, evenly, instead of anywhere on the tile, where there
    /// is room [m]; 0: do not
    double start_offset;
    /// Each episode is driven faster or slower than the driver wants by a factor drawn from
    /// 1 +- this; labels stay those for the wanted speed, which images do not show; 0
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
    /// What the dataset says about who drove; NULL: imp_policy_factory_identity()
    const char *policy_name;
    bool resume;          ///< continue a dataset that was interrupted, or is to be longer
    const char *settings; ///< JSON text to store in the dataset; "{}"
    bool compress;        ///< the files hold the observations compressed; false
    /// Drives only part `share` of `shares` of the episodes, numbered from 1. The dataset says so,
    /// and imp_dataset_join() makes all parts one dataset. Both 0, the default: all episodes
    int share, shares;
    /// Nullable: processes that drive together, all with the same definition. Rank 0 alone writes
    /// and fills the summary; the others do not look at the folder. Borrowed
    imp_communicator *communicator;
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

/// What the labels of an imported drive are.
typedef enum imp_drive_labels {
    IMP_LABELS_EXPERT, ///< in every step the expert's action, beside what was executed
    IMP_LABELS_PERSON, ///< the person's action where the person drove; other steps have no label
} imp_drive_labels;
/// The word for it: "expert" or "person"; NULL past the last.
const char *imp_drive_labels_name(int labels);

/// Settings of an import of demonstrations. Obtain with imp_default_drive_import_def(), then
/// change fields.
typedef struct imp_drive_import_def {
    /// With what is looked. Looked at: camera, scene, observation, randomization (only of what is
    /// seen), expert, backend, threads, and env.seed, which textures follow from
    imp_sim_def sim;
    imp_drive_labels labels; ///< IMP_LABELS_EXPERT
    /// A dataset that was made of the same drives in the same way counts as done; false
    bool resume;
    const char *settings; ///< JSON text to store in the dataset; "{}"
    int cookie;
} imp_drive_import_def;
imp_drive_import_def imp_default_drive_import_def(void);

/// What an import of demonstrations did.
typedef struct imp_drive_import_summary {
    int episodes;                     ///< drives that came out the same
    int64_t steps;                    ///< of them
    int64_t driven[IMP_DRIVER_COUNT]; ///< of the steps: by whom
    int take_overs;                   ///< how often a person took over
    double seconds;                   ///<
} imp_drive_import_summary;

/// Drives demonstrations (imprint/demonstration.h) again, bit for bit, and writes them to a new
/// dataset folder, as imp_collect() does, with who drove. paths: (count) files, and folders whose
/// *.drive.json are taken in the order of their names. folder: NULL: nothing is written, only
/// checked. All or nothing: a drive whose states differ fails with IMP_CHECK_FAILED and the first
/// such step, and no folder is left. Needs memory for the images of one drive per thread.
imp_status imp_import_drives(imp_drive_import_summary *summary, const char *folder,
                             const char *const *paths, int count, const imp_drive_import_def *def,
                             const imp_monitor *monitor, imp_error *err);

/// Settings of recording demonstrations. Obtain with imp_default_drive_record_def(), then change
/// fields.
typedef struct imp_drive_record_def {
    imp_sim_def sim;    ///< where and how is driven, as in imp_collect_def.sim
    const char *policy; ///< who drives, see imp_policy_factory_open(); "expert"
    int episodes;       ///< 10
    int steps;          ///< longest episode; 512
    /// Distance from the lane's centre beyond which our expert takes over, in a person's place
    /// [m]; off the lanes counts, too. 0: never
    double take_over;
    double hand_back; ///< distance within which it hands back, if it also looks along the lane [m]
    int cookie;
} imp_drive_record_def;
imp_drive_record_def imp_default_drive_record_def(void);

/// What recording did.
typedef struct imp_drive_record_summary {
    int episodes;                     ///< files written
    int64_t steps;                    ///<
    int64_t driven[IMP_DRIVER_COUNT]; ///< of the steps: by whom
    int take_overs;                   ///< how often it was taken over
    int terminated;                   ///< episodes that ended before their last step
    double seconds;                   ///<
} imp_drive_record_summary;

/// Drives episodes without looking at anything but what the policy needs, and writes each to
/// folder/NNNNN.drive.json. Files that are there are replaced.
imp_status imp_record_drives(imp_drive_record_summary *summary, const char *folder,
                             const imp_drive_record_def *def, const imp_monitor *monitor,
                             imp_error *err);

IMP_API_END

#endif
