// data/dataset/recovery.h: finds what an interrupted writer left in its folder.
#ifndef IMP_DATA_DATASET_RECOVERY_H
#define IMP_DATA_DATASET_RECOVERY_H

#include "data/dataset/dataset_format.h"

// What is safely on disk. The caller frees shard_first and origin.
typedef struct imp_recovered_dataset {
    bool finished; // finished, and the index lists everything
    char *origin;  // origin stored in the index, or NULL
    int episodes;
    int64_t steps;
    int *shard_first; // (shards) number of the first episode of each shard
    int shards, capacity;
} imp_recovered_dataset;

// Makes room for one more entry of shard_first.
imp_status imp_recovered_reserve_shard(imp_recovered_dataset *recovered, imp_error *err);

// Scans the folder of an interrupted dataset: removes temporary files and counts every complete
// shard, even if main_data.hdf5 does not list it. Fails if the folder holds something else,
// attributes differ from info, or a shard is missing. shard_first and origin must be freed even
// after a failure.
imp_status imp_dataset_recover(imp_recovered_dataset *recovered, const char *folder,
                               const imp_dataset_info *info, imp_error *err);

#endif
