// data/dataset/dataset_reader.h: the members of an open dataset, for this folder only.
#ifndef IMP_DATA_DATASET_DATASET_READER_H
#define IMP_DATA_DATASET_DATASET_READER_H

#include "data/dataset/index_file.h"
#include "data/dataset/shard_reader.h"

struct imp_dataset {
    char folder[PATH_MAX];
    imp_dataset_info info;
    char origin[IMP_DATASET_ORIGIN_MAX];
    imp_dataset_totals totals;  // totals as claimed by main_data.hdf5
    int64_t links;              // number of entries in main_data.hdf5
    int64_t steps;              // actual number of steps in the episodes
    imp_episode *episodes;      // (totals.episodes)
    uint64_t *hashes;           // (totals.episodes) stored hashes
    imp_shard_memory *memories; // (memory_count) one per shard
    int memory_count, memory_capacity;
};

#endif
