// data/dataset/dataset_reader.h: an open dataset as its own folder sees it.
#ifndef IMP_DATA_DATASET_DATASET_READER_H
#define IMP_DATA_DATASET_DATASET_READER_H

#include "data/dataset/index_file.h"
#include "data/dataset/shard_reader.h"

struct imp_dataset {
    char folder[PATH_MAX];
    imp_dataset_info info;
    char origin[IMP_DATASET_ORIGIN_MAX];
    imp_dataset_totals totals;  // what main_data.hdf5 claims
    int64_t links;              // entries of main_data.hdf5
    int64_t steps;              // what the episodes hold
    imp_episode *episodes;      // (totals.episodes)
    uint64_t *hashes;           // (totals.episodes) as they were when written
    imp_shard_memory *memories; // (memory_count) one per shard
    int memory_count, memory_capacity;
};

#endif
