/// imprint/dataset_edit.h: datasets made of datasets: without what went wrong, joined, split,
/// extended; and figures of single episodes that tell what went wrong.
///
/// A new dataset has the same images, actions, labels, poses, seeds and drivers, bit for bit. Its
/// origin (imp_dataset_origin()) says what it was made of. It lies in FOLDER.partial until it is
/// complete, so that what is interrupted or killed leaves FOLDER as it was. Memory does not depend
/// on the size of datasets. What is copied is compared with its stored hash first: IMP_BAD_INPUT if
/// an episode is damaged. IMP_INTERRUPTED if the monitor stops it.
#ifndef IMPRINT_DATASET_EDIT_H
#define IMPRINT_DATASET_EDIT_H

#include "imprint/dataset.h"

IMP_API_BEGIN

/// Figures of one episode. NaN where the recording does not have what it takes.
typedef struct imp_episode_statistics {
    int steps;
    bool terminated, truncated;   ///< how it ended; neither: open
    double difference;            ///< root mean square of executed minus expert's duty cycle
    double difference_max;        ///< largest |executed - expert's| of a wheel
    double jerk;                  ///< root mean square rate of change of the duty cycles [1/s]
    double standing;              ///< longest time without moving or turning [s]
    double lane_distance_mean;    ///< mean |distance from the lane's centre| [m]
    double lane_distance_max;     ///< largest [m]
    double speed;                 ///< mean [m/s]
    double reward;                ///< sum
    double outlier;               ///< how far it is from the other episodes; see below
    const char *outlier_quantity; ///< figure that is farthest, by its name; NULL: none
} imp_episode_statistics;

/// Computes the figures of all episodes (imp_dataset_episode_count()). Reads everything but images.
///
/// `outlier` is the largest robust score of difference, jerk, standing, lane_distance_mean and
/// speed: |x - median| / (1.4826 median |x - median|) over the episodes of the dataset; 0 where
/// less than five episodes are known, or most are equal. IMP_NO_MEMORY.
imp_status imp_dataset_episode_statistics(imp_episode_statistics *out, const imp_dataset *dataset,
                                          imp_error *err);

/// What makes an episode bad. Obtain with imp_default_episode_filter(), then change fields. A limit
/// of 0 is not used.
typedef struct imp_episode_filter {
    bool ended_badly;  ///< false. terminated: it left the road or collided
    double difference; ///< 0. its difference is larger
    double jerk;       ///< 0. its jerk is larger [1/s]
    double standing;   ///< 0. it stands still longer [s]
    double outlier;    ///< 0. its outlier score is larger
    int cookie;        ///< set by imp_default_episode_filter(); do not touch
} imp_episode_filter;

imp_episode_filter imp_default_episode_filter(void);

/// Why an episode, or a part of it, is left out.
typedef enum imp_drop_reason {
    IMP_DROP_MARKED, ///< a marks file marks the episode
    IMP_DROP_NUMBER, ///< its number was given
    IMP_DROP_ENDED_BADLY,
    IMP_DROP_DIFFERENCE,
    IMP_DROP_JERK,
    IMP_DROP_STANDING,
    IMP_DROP_OUTLIER,
    IMP_DROP_SHORT, ///< marked frames leave no two neighbouring frames of it
    IMP_DROP_REASON_COUNT
} imp_drop_reason;

/// The name of a reason, as in origins and in JSON: "marked", "number", "ended badly",
/// "difference", "jerk", "standing", "outlier", "short". NULL beyond the last.
const char *imp_drop_reason_name(int reason);

/// Whether a filter finds an episode; *reason: the first reason.
bool imp_episode_filter_matches(const imp_episode_filter *filter,
                                const imp_episode_statistics *statistics, imp_drop_reason *reason);

/// Numbers first to last, both included.
typedef struct imp_episode_range {
    int first, last;
} imp_episode_range;

/// What imp_dataset_drop_episodes() leaves out. Obtain with imp_default_dataset_drop_def().
typedef struct imp_dataset_drop_def {
    const char *marks; ///< NULL. path of a marks file (docs/formats.md) of this dataset
    const imp_episode_range *episodes; ///< NULL. (episode_range_count) numbers of episodes
    int episode_range_count;           ///< 0
    imp_episode_filter filter;         ///< nothing
    int cookie;                        ///< set by imp_default_dataset_drop_def(); do not touch
} imp_dataset_drop_def;

imp_dataset_drop_def imp_default_dataset_drop_def(void);

/// What was made.
typedef struct imp_dataset_edit_summary {
    int sources;                        ///< datasets that were read
    int source_episodes;                ///< of all sources
    int64_t source_steps;               ///< of all sources
    int episodes;                       ///< of the result, or of the training part
    int64_t steps;                      ///< of the result, or of the training part
    int validation_episodes;            ///< of the validation part
    int64_t validation_steps;           ///< of the validation part
    int dropped[IMP_DROP_REASON_COUNT]; ///< episodes by their first reason
    int cut;                            ///< episodes of which marked frames were left out
    int64_t cut_steps;                  ///< steps that these lost
} imp_dataset_edit_summary;

/// Writes a copy of a dataset without some of its episodes and frames to a new folder. Where frames
/// are left out, the frames before and after become episodes of their own, which end open; a single
/// frame is no episode. folder NULL: only fills *summary.
///
/// IMP_USAGE: a number that no episode has; nothing would be left. IMP_BAD_INPUT: source is no
/// dataset; the marks are no marks file, or of another dataset. IMP_IO: the folder exists.
imp_status imp_dataset_drop_episodes(imp_dataset_edit_summary *summary, const char *folder,
                                     const char *source, const imp_dataset_drop_def *def,
                                     const imp_monitor *monitor, imp_error *err);

/// How observations of a new dataset are stored.
typedef enum imp_dataset_storage {
    IMP_STORAGE_SAME,       ///< as those of the first source
    IMP_STORAGE_PLAIN,      ///< as they are
    IMP_STORAGE_COMPRESSED, ///< imp_dataset_info.compressed
} imp_dataset_storage;

/// Joins datasets, in this order, in a new folder; a single one is copied. Maps and drivers may
/// differ; the dataset then says "several". IMP_USAGE: two sources do not fit (kind and size of
/// observations, lens, time step), or hold the same episode.
imp_status imp_dataset_merge(imp_dataset_edit_summary *summary, const char *folder,
                             const char *const *sources, int count, imp_dataset_storage storage,
                             const imp_monitor *monitor, imp_error *err);

/// Appends the episodes of other datasets to a finished one. Files that do not change are not
/// copied. Until everything is written, readers see the dataset as it was; what ends the process
/// before then changes nothing. Fails as imp_dataset_merge() does; with IMP_IO where the file
/// system cannot exchange two folders.
imp_status imp_dataset_append(imp_dataset_edit_summary *summary, const char *folder,
                              const char *const *sources, int count, const imp_monitor *monitor,
                              imp_error *err);

/// Puts together the parts of a dataset that imp_collect() drove with `share` and `shares`, given
/// in any order: writes a new folder with the bytes that it would have written in one call. Needs
/// memory for one part at a time. IMP_USAGE: a part is missing, given twice or not finished, or
/// they are of different datasets. IMP_BAD_INPUT: a part is damaged.
imp_status imp_dataset_join(imp_dataset_edit_summary *summary, const char *folder,
                            const char *const *parts, int count, const imp_monitor *monitor,
                            imp_error *err);

/// Writes two datasets, folder/train and folder/validation, whose episodes imp_dataset_split()
/// chooses with this fraction and seed: those that imp_train() holds out. IMP_USAGE: one of them
/// would be empty.
imp_status imp_dataset_divide(imp_dataset_edit_summary *summary, const char *folder,
                              const char *source, double validation, uint64_t seed,
                              const imp_monitor *monitor, imp_error *err);

IMP_API_END

#endif
