/// imprint/dataset.h: recorded driving on disk: a folder of immutable HDF5 shards in Minari's shape. A shard
/// is written to a temporary name, synced and renamed, so a killed writer loses nothing it acknowledged.
///
/// Layout of a dataset folder (docs/formats.md has every attribute):
///   main_data.hdf5      episode_<n> as external links into the shards, and the totals
///   shard-00000.hdf5 ...  a few episodes each
///   metadata.json       what Minari's loader wants to know
#ifndef IMPRINT_DATASET_H
#define IMPRINT_DATASET_H

#include "imprint/base.h"

/// Facts that hold for a whole dataset, stored as attributes.
typedef struct imp_dataset_info {
    int width, height;       ///< of an observation [px]
    double time_step;        ///< between two samples [s]
    char map[64];            ///< name of the map, or "several"
    char lens[32];           ///< name of the lens
    char policy[64];         ///< who drove
    char settings[4096];     ///< resolved settings of the command that wrote it, JSON text
} imp_dataset_info;

/// One episode of T steps in arrays; observations, poses and lane have T + 1 rows: what was seen before each
/// action, and what was seen at the end.
typedef struct imp_episode {
    int steps;                     ///< T
    const uint8_t *observations;   ///< (T+1 x height x width x 3) RGB
    const float *actions;          ///< (T x 2) executed duty cycles: left, right
    const float *expert_actions;   ///< (T x 2) what the expert would do
    const double *poses;           ///< (T+1 x 3) x [m], z [m], heading [rad]
    const double *lane;            ///< (T+1 x 2) distance [m], angle [rad]; NaN off lanes
    const float *rewards;          ///< (T)
    const uint8_t *terminations;   ///< (T) 0 or 1
    const uint8_t *truncations;    ///< (T) 0 or 1
    uint64_t seed;                 ///< of the environment
    uint32_t number;               ///< episode number in its environment's streams
    char map[64];                  ///< name of the map
} imp_episode;

typedef struct imp_dataset_writer imp_dataset_writer;

/// Starts a dataset in a new folder; with resume, continues one that was interrupted, after
/// removing leftovers. *written tells how many episodes are already safe. Fails with IMP_IO if the folder exists and
/// resume is false, or cannot be written.
imp_status imp_dataset_writer_create(imp_dataset_writer **out, const char *folder,
                                     const imp_dataset_info *info, bool resume, int *written,
                                     imp_error *err);

/// Appends an episode (copied; kept in memory until its shard is full, at the latest until finish).
imp_status imp_dataset_writer_add(imp_dataset_writer *writer, const imp_episode *episode,
                                  imp_error *err);

/// Makes everything added so far safe on disk: closes the shard under way and updates main_data.hdf5.
imp_status imp_dataset_writer_flush(imp_dataset_writer *writer, imp_error *err);

/// Flushes, and makes the files read-only: the dataset is finished.
imp_status imp_dataset_writer_finish(imp_dataset_writer *writer, imp_error *err);

/// Frees the writer; what was not flushed is lost. Nullable.
void imp_dataset_writer_destroy(imp_dataset_writer *writer);

typedef struct imp_dataset imp_dataset;

/// Opens a dataset folder for reading. Frames are mapped, not read, where the file allows it. Fails with IMP_IO or
/// IMP_BAD_INPUT, naming the file, if it is missing, truncated or foreign.
imp_status imp_dataset_open(imp_dataset **out, const char *folder, imp_error *err);
void imp_dataset_close(imp_dataset *dataset); ///< nullable

const imp_dataset_info *imp_dataset_facts(const imp_dataset *dataset);
int imp_dataset_episode_count(const imp_dataset *dataset);
int64_t imp_dataset_step_count(const imp_dataset *dataset);
/// Borrowed until the dataset is closed.
const imp_episode *imp_dataset_episode(const imp_dataset *dataset, int index);

/// Reads every byte and checks shapes, finite numbers, ranges, flags and totals. *findings counts what is wrong;
/// *err describes the first. Returns IMP_CHECK_FAILED if there is any.
imp_status imp_dataset_check(const imp_dataset *dataset, int64_t *findings, imp_error *err);

#endif
