// dataset/index.h: main_data.hdf5 and metadata.json, which say what the shards hold.
#ifndef IMP_DATASET_INDEX_H
#define IMP_DATASET_INDEX_H

#include "dataset/layout.h"

// What the index says of the whole.
typedef struct imp_totals {
    int episodes;
    int64_t steps;
    bool finished;
} imp_totals;

// Writes main_data.hdf5, then metadata.json, each atomically. origin is "" for what was recorded
// here. shard_first[i] is the number of the first episode of shard i, for the given count of
// shards.
imp_status imp_index_write(const char *folder, const imp_dataset_info *info, const char *origin,
                           const imp_totals *totals, const int *shard_first, int shards,
                           imp_error *err);

// The origin that main_data.hdf5 tells, open as file; "" if it tells none.
imp_status imp_index_origin(hid_t file, const char *path, char out[IMP_ORIGIN_MAX], imp_error *err);

// Reads facts and totals from main_data.hdf5 that is open as file.
imp_status imp_index_read(hid_t file, const char *path, imp_dataset_info *info, imp_totals *totals,
                          imp_error *err);

// The file and the group in it that episode_<n> points to. The file is a plain name, so that the
// dataset's own folder is never left.
imp_status imp_index_link(hid_t file, const char *path, int episode, char shard[NAME_MAX + 1],
                          char group[64], imp_error *err);

#endif
