// data/dataset/shard_copy.h: memory for arrays of a shard that cannot be used where they are
// mapped. Large ones lie in files without a name, so that the system can move them out of memory,
// and datasets may be larger than it.
#ifndef IMP_DATA_DATASET_SHARD_COPY_H
#define IMP_DATA_DATASET_SHARD_COPY_H

#include <stddef.h>

// Memory of one copied array, in a list.
typedef struct imp_shard_copy {
    struct imp_shard_copy *next;
    size_t mapped; // bytes of the mapping; 0: from malloc()
    double data[]; // aligned for every type
} imp_shard_copy;

// Puts a new block of so many bytes before *list. NULL without memory.
imp_shard_copy *imp_shard_copy_create(imp_shard_copy **list, size_t bytes);

// Removes and frees the first block of a list.
void imp_shard_copy_free_first_block(imp_shard_copy **list);

#endif
