/// imprint/dataset.h: recorded driving on disk: a folder of HDF5 shards in Minari's shape.
/// A shard is written to a temporary name, synced and renamed, so a killed writer loses
/// nothing it acknowledged.
///
/// Layout of a dataset folder (docs/formats.md has every attribute):
///   main_data.hdf5      episode_<n> as external links into the shards, and the totals
///   shard-00000.hdf5 ...  a few episodes each
///   metadata.json       what Minari's loader wants to know
///
/// The same episodes give the same bytes in every file. HDF5 is not safe for threads: call these
/// functions from one thread at a time; what imp_dataset_episode() points to may be read by any
/// number.
#ifndef IMPRINT_DATASET_H
#define IMPRINT_DATASET_H

#include "imprint/base.h"

IMP_API_BEGIN

/// Facts that hold for a whole dataset, stored as attributes. Texts are UTF-8.
typedef struct imp_dataset_info {
    int width, height;    ///< of an observation [px], 1..8192
    double time_step;     ///< between two samples [s]
    char map[64];         ///< name of the map, or "several"
    char lens[32];        ///< name of the lens
    char policy[64];      ///< who drove
    char observation[16]; ///< what observations are, see imp_observation_kind_name(); "": pictures
    char settings[4096];  ///< resolved settings of the command that wrote it, JSON text
    char definition[32];  ///< a number for all that the episodes follow from; "": not known
} imp_dataset_info;

/// One episode of T steps in arrays; observations, poses and lane have T + 1 rows: what was seen
/// before each action, and what was seen at the end. Recordings of real robots do not know
/// everything: poses and rewards are NaN throughout an episode that lacks them.
typedef struct imp_episode {
    int steps;                   ///< T, 1..2^24
    const uint8_t *observations; ///< (T+1 x height x width x 3) RGB
    const float *actions;        ///< (T x 2) executed duty cycles in [-1, 1]: left, right
    const float *expert_actions; ///< (T x 2) what the teacher would do, in [-1, 1]
    const double *poses;         ///< (T+1 x 3) x [m], z [m], heading [rad]
    const double *lane;   ///< (T+1 x 2) distance [m], angle [rad]; both NaN off lanes or unknown
    const float *rewards; ///< (T)
    const uint8_t *terminations; ///< (T) 0 or 1; only the last may be 1
    const uint8_t *truncations;  ///< (T) 0 or 1; only the last may be 1
    uint64_t seed;               ///< of the environment
    uint32_t number;             ///< episode number in its environment's streams
    char map[64];                ///< name of the map
    double time_step;            ///< between two samples [s]; 0 when writing: the dataset's
    /// What was drawn for it when worlds are randomised: JSON text of less than
    /// IMP_EPISODE_RANDOMIZATION_MAX bytes; NULL: nothing. Borrowed.
    const char *randomization;
    /// The YAML text of a map that is not built in, map_bytes long (up to IMP_EPISODE_MAP_MAX), so
    /// that the episode can be drawn again without its file; NULL: built in, or unknown. Borrowed.
    const char *map_text;
    size_t map_bytes;
} imp_episode;

#define IMP_EPISODE_RANDOMIZATION_MAX 4096
#define IMP_EPISODE_MAP_MAX (16 << 20)

typedef struct imp_dataset_writer imp_dataset_writer;

/// Starts a dataset in a new folder, whose parents are made too. With resume, continues one that
/// was interrupted: temporary files are removed, and every whole shard counts, whether
/// main_data.hdf5 lists it yet or not. *written tells how many episodes are already safe; go on
/// with that number.
///
/// A dataset that was finished can be "resumed" as well: *written says how much there is, adding
/// makes it longer, with the bytes of one that was written without a stop, and finishing without
/// having added anything changes nothing. With resume and no such folder, a new one is started.
///
/// Fails with IMP_IO if the folder exists and resume is false, cannot be written, or another
/// process is writing to it; with IMP_USAGE if facts, settings and definition included, differ from
/// those it was started with; with IMP_BAD_INPUT if the folder holds something else, a damaged
/// file, or lacks a shard.
imp_status imp_dataset_writer_create(imp_dataset_writer **out, const char *folder,
                                     const imp_dataset_info *info, bool resume, int *written,
                                     imp_error *err);

/// Appends an episode (copied; kept in memory until its shard is full, at the latest until finish).
/// A shard is full with 16 episodes or 64 MB. Fails with IMP_USAGE, saying where, if a number is
/// not what imp_episode says; then the episode is not added. Any other failure comes from
/// imp_dataset_writer_flush(), and the episode is kept.
imp_status imp_dataset_writer_add(imp_dataset_writer *writer, const imp_episode *episode,
                                  imp_error *err);

/// Where recordings come from that were imported, as JSON text of less than so many bytes.
#define IMP_DATASET_ORIGIN_MAX 8192

/// Says where the dataset comes from, which is written with main_data.hdf5 from now on. Fails with
/// IMP_USAGE if the text is too long or not UTF-8.
imp_status imp_dataset_writer_set_origin(imp_dataset_writer *writer, const char *origin,
                                         imp_error *err);

/// Makes everything added so far safe on disk: writes the shard under way and updates
/// main_data.hdf5. A shard that is not full is written again, under its name, with the episodes
/// that follow, so that a dataset's bytes do not tell when it was flushed or interrupted. After a
/// failure (disk full) no temporary file is left, earlier shards are whole, what was added is still
/// in memory, and the call may be repeated.
imp_status imp_dataset_writer_flush(imp_dataset_writer *writer, imp_error *err);

/// Flushes, and makes the files read-only: the dataset is finished.
imp_status imp_dataset_writer_finish(imp_dataset_writer *writer, imp_error *err);

/// Frees the writer; what was not flushed is lost. Nullable.
void imp_dataset_writer_destroy(imp_dataset_writer *writer);

typedef struct imp_dataset imp_dataset;

/// Opens a dataset folder for reading, finished or not. Arrays are mapped, not read, where the file
/// allows it. Fails with IMP_IO or IMP_BAD_INPUT, naming the file, if it is missing, truncated or
/// foreign. Types, shapes and places of all arrays are checked here, numbers by
/// imp_dataset_check().
imp_status imp_dataset_open(imp_dataset **out, const char *folder, imp_error *err);
void imp_dataset_close(imp_dataset *dataset); ///< nullable

const imp_dataset_info *imp_dataset_get_info(const imp_dataset *dataset);
/// Where it was imported from, as JSON text; "" if it was recorded here. Borrowed.
const char *imp_dataset_origin(const imp_dataset *dataset);
/// Whether its writer finished it; otherwise it is still being written, or was interrupted.
bool imp_dataset_is_finished(const imp_dataset *dataset);
int imp_dataset_episode_count(const imp_dataset *dataset);
int64_t imp_dataset_step_count(const imp_dataset *dataset);
/// Borrowed until the dataset is closed.
const imp_episode *imp_dataset_episode(const imp_dataset *dataset, int index);

/// How a part of a dataset will be read.
typedef enum imp_read_advice {
    IMP_READ_RANDOM, ///< here and there: do not read what lies around it as well
    IMP_READ_SOON,   ///< all of it, soon: begin to read it
    IMP_READ_DONE,   ///< not for a while: let go of it
} imp_read_advice;

/// Tells the system how length bytes of an episode's arrays (begin NULL: the whole dataset) will be
/// read. So programs walk through datasets that are larger than memory. Never changes what is read,
/// and does nothing for arrays that had to be copied.
void imp_dataset_advise(const imp_dataset *dataset, const void *begin, size_t length,
                        imp_read_advice advice);

/// Reads every byte and checks that it is what was written, finite numbers, ranges, flags, totals
/// and that no picture is black throughout. *findings counts what is wrong; *err describes the
/// first. Returns IMP_CHECK_FAILED if there is any.
imp_status imp_dataset_check(const imp_dataset *dataset, int64_t *findings, imp_error *err);

/// A number for the episodes of a dataset: equal episodes in equal order give equal hashes, however
/// they are spread over shards and whatever the files' names. Not made to withstand forgery. Reads
/// every byte.
uint64_t imp_dataset_hash(const imp_dataset *dataset);

/// The same by the numbers that were written beside the episodes: reads none of their bytes, and so
/// does not notice damage.
uint64_t imp_dataset_stored_hash(const imp_dataset *dataset);

/// What is in a dataset, in a few numbers. Lane and distance count the T places that the actions
/// led to, rewards the episodes that know theirs.
typedef struct imp_dataset_summary {
    int episodes;
    int64_t steps;
    int steps_min, steps_max; ///< of an episode
    int terminated;           ///< episodes that ended before their last step
    int truncated;            ///< episodes that were cut off by the environment
    int open_ended;           ///< episodes that just stop
    double action_mean[2], action_min[2], action_max[2]; ///< executed duty cycle: left, right
    double expert_difference;  ///< root mean square of executed minus expert's duty cycle
    double lane_distance_mean; ///< mean |distance from the lane centre| on lanes [m]
    double lane_distance_max;  ///< largest [m]
    double lane_angle_mean;    ///< mean |heading relative to the lane| on lanes [rad]
    int64_t off_lane;          ///< places off lanes
    int64_t unknown_positions; ///< places whose pose is unknown; they count nowhere else
    int rewarded;              ///< episodes whose rewards are known
    double reward_mean, reward_min, reward_max; ///< of an episode's sum
    double distance;                            ///< driven in all [m]
    double speed_mean;                          ///< [m/s]
} imp_dataset_summary;

/// Fills *out; all zero for a dataset without episodes.
void imp_dataset_summarize(const imp_dataset *dataset, imp_dataset_summary *out);

IMP_API_END

#endif
