// data/dataset/index_file.h: main_data.hdf5 and metadata.json, the index of a dataset.
#ifndef IMP_DATA_DATASET_INDEX_FILE_H
#define IMP_DATA_DATASET_INDEX_FILE_H

#include "data/dataset/dataset_format.h"

// Totals of a dataset as the index states them.
typedef struct imp_dataset_totals {
    int episodes;
    int64_t steps;
    bool finished;
} imp_dataset_totals;

// Writes main_data.hdf5, then metadata.json, each atomically. origin: "" for recorded datasets.
// shard_first[i]: number of the first episode of shard i.
imp_status imp_index_file_write(const char *folder, const imp_dataset_info *info,
                                const char *origin, const imp_dataset_totals *totals,
                                const int *shard_first, int shards, imp_error *err);

// The origin stored in main_data.hdf5, open as file; "" if there is none.
imp_status imp_index_file_read_origin(hid_t file, const char *path,
                                      char out[IMP_DATASET_ORIGIN_MAX], imp_error *err);

// Reads attributes and totals of main_data.hdf5, open as file.
imp_status imp_index_file_read(hid_t file, const char *path, imp_dataset_info *info,
                               imp_dataset_totals *totals, imp_error *err);

// The file and group that episode_<n> points to. The file is a plain name, so the dataset's folder
// is never left.
imp_status imp_index_file_read_link(hid_t file, const char *path, int episode,
                                    char shard[NAME_MAX + 1], char group[64], imp_error *err);

#endif
