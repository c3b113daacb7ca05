/// imprint/dataset.h: recorded driving on disk: a folder of HDF5 shards in Minari's format. Every
/// file is written under a temporary name, synced and renamed, so a killed writer loses nothing
/// that was acknowledged.
///
/// Layout of a dataset folder (docs/formats.md describes every attribute):
///   main_data.hdf5        episode_<n> as external links into the shards, and the totals
///   shard-00000.hdf5 ...  a few episodes each
///   metadata.json         what Minari's loader needs
///
/// The same episodes give the same bytes in every file. HDF5 is not thread-safe: call these
/// functions from one thread at a time. What imp_dataset_episode() points to may be read by any
/// number of threads.
#ifndef IMPRINT_DATASET_H
#define IMPRINT_DATASET_H

#include "imprint/base.h"
#include "imprint/conditions.h"

IMP_API_BEGIN

/// Attributes of a whole dataset. Texts are UTF-8.
typedef struct imp_dataset_info {
    int width, height;    ///< size of an observation [px], 1..8192
    double time_step;     ///< between two samples [s]
    char map[64];         ///< name of the map, or "several"
    char lens[32];        ///< name of the lens
    char policy[64];      ///< name of the policy that drove
    char observation[16]; ///< kind, see imp_observation_kind_name(); "": images
    char settings[4096];  ///< resolved settings of the command that wrote it, JSON text
    char definition[32];  ///< hash of everything the episodes depend on; "": unknown
    /// Whether the files hold the observations compressed (deflate, without loss). Opening takes
    /// longer then, and unpacks them into a temporary file.
    bool compressed;
    char robot[2048]; ///< the robot, as imp_robot_format() writes it; "": none is known
    /// The dataset is part `share` of `shares` of a dataset of whole_episodes, numbered from 1; all
    /// 0: it is no part. imp_dataset_join() makes parts one dataset.
    int share, shares, whole_episodes;
} imp_dataset_info;

/// One episode of T steps. Observations, poses and lane have T + 1 rows: before each action, and at
/// the end. Recordings of real robots lack some data: then poses or rewards are NaN throughout.
typedef struct imp_episode {
    int steps;                   ///< T, 1..2^24
    const uint8_t *observations; ///< (T+1 x height x width x 3) RGB
    const float *actions;        ///< (T x 2) executed duty cycles in [-1, 1]: left, right
    const float *expert_actions; ///< (T x 2) the expert's duty cycles, in [-1, 1]
    const double *poses;         ///< (T+1 x 3) x [m], z [m], heading [rad]
    const double *lane;   ///< (T+1 x 2) distance [m], angle [rad]; both NaN off lanes or unknown
    const float *rewards; ///< (T)
    const uint8_t *terminations; ///< (T) 0 or 1; only the last may be 1
    const uint8_t *truncations;  ///< (T) 0 or 1; only the last may be 1
    uint64_t seed;               ///< of the environment
    uint32_t number;             ///< episode number in its environment's streams
    char map[64];                ///< name of the map
    double time_step;            ///< between two samples [s]; 0 when writing: the dataset's
    /// The episode's randomisation as JSON text of less than IMP_EPISODE_RANDOMIZATION_MAX bytes;
    /// NULL: none. Borrowed.
    const char *randomization;
    /// YAML text of a map that is not built in, map_bytes long (up to IMP_EPISODE_MAP_MAX), so that
    /// the episode can be rendered again without the map's file. NULL: built in, or unknown.
    /// Borrowed.
    const char *map_text;
    size_t map_bytes;
    /// (T) who drove, imp_driver of each step (imprint/robot.h); NULL: unknown. Where it is known,
    /// the expert's duty cycles of a step may both be NaN: such a step has no label, and nothing
    /// learns from it.
    const uint8_t *drivers;
    /// (T) the navigation command in force before each action, imp_navigation_command of each step
    /// (imprint/observation.h); NULL: nobody gave any.
    const uint8_t *commands;
    /// What holds throughout the episode, such as the speed that it asks for; the command and the
    /// time step do not count, for they stand above. Without has_conditions they are those of the
    /// dataset's robot, and else usual.
    imp_conditions conditions;
    bool has_conditions; ///< always, when reading
} imp_episode;

/// What the action of a step may depend on beside images and actions.
imp_conditions imp_episode_conditions(const imp_episode *episode, int step);

#define IMP_EPISODE_RANDOMIZATION_MAX 4096
#define IMP_EPISODE_MAP_MAX (16 << 20)

typedef struct imp_dataset_writer imp_dataset_writer;

/// Creates a dataset in a new folder and its parents. With resume, continues an interrupted one:
/// temporary files are removed, and every complete shard counts, whether main_data.hdf5 lists it or
/// not. *written: number of episodes that are safe; continue with that number.
///
/// A finished dataset can be resumed too: adding episodes makes it longer, with the same bytes as
/// if it had been written without a stop. Finishing without additions changes nothing. With resume
/// and no such folder, a new one is created.
///
/// IMP_IO: the folder exists and resume is false, it cannot be written, or another process is
/// writing to it. IMP_USAGE: attributes, settings or definition differ from those it was started
/// with. IMP_BAD_INPUT: the folder holds something else, a damaged file, or lacks a shard.
imp_status imp_dataset_writer_create(imp_dataset_writer **out, const char *folder,
                                     const imp_dataset_info *info, bool resume, int *written,
                                     imp_error *err);

/// Appends an episode. It is copied and kept in memory until its shard is full (16 episodes or 64
/// MB) or flushed. Fails with IMP_USAGE, saying where, if a value is not as imp_episode requires;
/// then the episode is not added. Other failures come from imp_dataset_writer_flush(); then the
/// episode is kept.
imp_status imp_dataset_writer_add(imp_dataset_writer *writer, const imp_episode *episode,
                                  imp_error *err);

/// Size limit of the origin of imported recordings [bytes]; it is JSON text.
#define IMP_DATASET_ORIGIN_MAX 8192

/// Sets the origin of the dataset, which is stored in main_data.hdf5 from the next flush on. Fails
/// with IMP_USAGE if the text is too long or not UTF-8.
imp_status imp_dataset_writer_set_origin(imp_dataset_writer *writer, const char *origin,
                                         imp_error *err);

/// The origin of the dataset; "" if it has none. Borrowed.
const char *imp_dataset_writer_origin(const imp_dataset_writer *writer);

/// Makes everything added so far safe on disk: writes the shard under construction and updates
/// main_data.hdf5. A shard that is not full is later rewritten with more episodes, so the bytes of
/// a dataset do not depend on flushes or interruptions. After a failure (disk full) no temporary
/// file is left, earlier shards are complete, everything added is still in memory, and the call may
/// be repeated.
imp_status imp_dataset_writer_flush(imp_dataset_writer *writer, imp_error *err);

/// Flushes and makes the files read-only: the dataset is finished.
imp_status imp_dataset_writer_finish(imp_dataset_writer *writer, imp_error *err);

/// Frees the writer. What was not flushed is lost. Nullable.
void imp_dataset_writer_destroy(imp_dataset_writer *writer);

typedef struct imp_dataset imp_dataset;

/// Opens a dataset for reading, finished or not. Arrays are mapped where possible, not read. Fails
/// with IMP_IO or IMP_BAD_INPUT, naming the file, if one is missing, truncated or foreign. Types,
/// shapes and places of all arrays are checked here; values are checked by imp_dataset_check().
///
/// No other process may shorten a shard while the dataset is open: who replaces files renames new
/// ones into their place, as the writer does. Reading an image or an array of numbers behind the
/// new end of a file, in the caller or in a function of the library that takes the dataset, raises
/// SIGBUS in that thread, with si_code BUS_ADRERR. So does a disk that fails. The library installs
/// no handler, so the process ends by that signal unless the caller has one. Files that the process
/// was writing keep their old content. The program `imprint` ends with a message and IMP_IO.
/// Compressed arrays are read when the dataset is opened, and cannot fail later.
imp_status imp_dataset_open(imp_dataset **out, const char *folder, imp_error *err);
void imp_dataset_close(imp_dataset *dataset); ///< nullable

const imp_dataset_info *imp_dataset_get_info(const imp_dataset *dataset);
/// Where an imported dataset comes from, as JSON text; "" if it was recorded by imprint. Borrowed.
const char *imp_dataset_origin(const imp_dataset *dataset);
/// Whether the writer finished it. Otherwise it is still being written, or was interrupted.
bool imp_dataset_is_finished(const imp_dataset *dataset);
int imp_dataset_episode_count(const imp_dataset *dataset);
int64_t imp_dataset_step_count(const imp_dataset *dataset);
/// Borrowed until the dataset is closed.
const imp_episode *imp_dataset_episode(const imp_dataset *dataset, int index);

/// How a part of a dataset will be read.
typedef enum imp_read_advice {
    IMP_READ_RANDOM, ///< at random: do not read ahead
    IMP_READ_SOON,   ///< completely and soon: start reading
    IMP_READ_DONE,   ///< not soon: release the memory
} imp_read_advice;

/// Advises the kernel how `length` bytes of an episode's arrays (begin NULL: the whole dataset)
/// will be read, so that datasets can be larger than memory. Never changes what is read; ignored
/// for arrays that had to be copied.
void imp_dataset_advise_readahead(const imp_dataset *dataset, const void *begin, size_t length,
                                  imp_read_advice advice);

/// Reads every byte and checks hashes, finite values, ranges, flags and totals, and that no image
/// is completely black. *findings: number of problems; *err describes the first. Returns
/// IMP_CHECK_FAILED if there is any.
imp_status imp_dataset_check(const imp_dataset *dataset, int64_t *findings, imp_error *err);

/// A hash of the dataset's episodes: equal episodes in equal order give equal hashes, whatever the
/// shards and file names are. Not secure against forgery. Reads every byte.
uint64_t imp_dataset_hash(const imp_dataset *dataset);

/// The same from the stored hashes of the episodes. Does not read their data, so it does not detect
/// damage.
uint64_t imp_dataset_stored_hash(const imp_dataset *dataset);

/// Statistics of a dataset. Lane and distance statistics cover the T positions after each action,
/// reward statistics the episodes with known rewards.
typedef struct imp_dataset_summary {
    int episodes;
    int64_t steps;
    int steps_min, steps_max; ///< of an episode
    int terminated;           ///< episodes that ended before their last step
    int truncated;            ///< episodes that were cut off by the environment
    int open_ended;           ///< episodes that end without a flag
    double action_mean[2], action_min[2], action_max[2]; ///< executed duty cycle: left, right
    int64_t commands[IMP_COMMAND_COUNT];                 ///< steps with each navigation command
    double expert_difference;  ///< root mean square of executed minus expert's duty cycle
    double lane_distance_mean; ///< mean |distance from the lane centre| on lanes [m]
    double lane_distance_max;  ///< largest [m]
    double lane_angle_mean;    ///< mean |heading relative to the lane| on lanes [rad]
    int64_t off_lane;          ///< positions off lanes
    int64_t unknown_positions; ///< positions whose pose is unknown; not part of other statistics
    int rewarded;              ///< episodes whose rewards are known
    double reward_mean, reward_min, reward_max; ///< of an episode's return
    double distance;                            ///< total distance driven [m]
    double speed_mean;                          ///< [m/s]
} imp_dataset_summary;

/// Fills *out; all zero for a dataset without episodes.
void imp_dataset_summarize(const imp_dataset *dataset, imp_dataset_summary *out);

/// Selects the episodes that are held out for validation: a fraction of each dataset, drawn from
/// the seed and the dataset's place in the list. imp_train() and exports hold out the same with the
/// same fraction and seed. An episode with the images of an earlier one goes to the same side.
///
/// is_held_out: (episodes of all datasets, one dataset after the other). validation: 0 up to, but
/// without, 1; at least one episode of a dataset is not held out, unless it repeats one that is.
/// IMP_USAGE: another fraction. IMP_NO_MEMORY.
imp_status imp_dataset_split(bool *is_held_out, const imp_dataset *const *datasets, int count,
                             double validation, uint64_t seed, imp_error *err);

IMP_API_END

#endif
