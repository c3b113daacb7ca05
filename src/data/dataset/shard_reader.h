// data/dataset/shard_reader.h: reads one shard, a file with some episodes.
#ifndef IMP_DATA_DATASET_SHARD_READER_H
#define IMP_DATA_DATASET_SHARD_READER_H

#include "data/dataset/dataset_format.h"

// Memory that episodes point into: the mapped file, and copies of arrays that cannot be mapped.
typedef struct imp_shard_memory {
    void *map; // nullable
    size_t size;
    struct imp_shard_copy *copies; // nullable
    uint64_t copied;               // total bytes of the copies
} imp_shard_memory;

void imp_shard_memory_free(imp_shard_memory *memory);

typedef struct imp_dataset_shard {
    char path[PATH_MAX];
    hid_t file;
    imp_dataset_info info;
    int first; // number of its first episode in the dataset
    int count; // episodes
    imp_shard_memory memory;
} imp_dataset_shard;

// Opens and maps a shard. IMP_BAD_INPUT, naming the file, if it is not one.
imp_status imp_dataset_shard_open(imp_dataset_shard *shard, const char *path, imp_error *err);

// Points *out to the arrays of the episode in a group, after checking type, shape and place of
// each. Borrowed from shard->memory. *hash: the stored hash of the episode.
imp_status imp_dataset_shard_read(imp_dataset_shard *shard, const char *group, imp_episode *out,
                                  uint64_t *hash, imp_error *err);

// Closes the file and frees the memory, unless the caller has taken it over by zeroing
// shard->memory.
void imp_dataset_shard_close(imp_dataset_shard *shard);

#endif
