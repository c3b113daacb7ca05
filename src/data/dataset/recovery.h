// data/dataset/recovery.h: what an interrupted writer left in its folder.
#ifndef IMP_DATA_DATASET_RECOVERY_H
#define IMP_DATA_DATASET_RECOVERY_H

#include "data/dataset/dataset_format.h"

// What is safe on disk. The caller frees shard_first and origin.
typedef struct imp_recovered_dataset {
    bool finished; // and the index lists all that is there
    char *origin;  // that the index tells; NULL: none
    int episodes;
    int64_t steps;
    int *shard_first; // (shards) number of the first episode of each shard
    int shards, capacity;
} imp_recovered_dataset;

// Makes room for one more entry of shard_first.
imp_status imp_recovered_reserve_shard(imp_recovered_dataset *recovered, imp_error *err);

// Looks through the folder of an interrupted dataset, removes temporary files and counts every
// whole shard, whether main_data.hdf5 lists it or not. Refuses folders that hold something else,
// other facts than info, and gaps. Both are to be freed even on failure.
imp_status imp_dataset_recover(imp_recovered_dataset *recovered, const char *folder,
                               const imp_dataset_info *info, imp_error *err);

#endif
