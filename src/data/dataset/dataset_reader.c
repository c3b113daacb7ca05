// Opens datasets. The index lists the episodes; each shard is opened once, checked and mapped, and
// the episodes point into the mappings.
// HDF5 files are closed after opening. Only the mappings stay, so reading episodes needs no HDF5
// calls and is safe from any thread.
#include "data/dataset/dataset_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/file_type.h"
#include "base/text/plural.h"

// The shard from which episodes are currently read.
typedef struct shard_cursor {
    imp_dataset_shard shard;
    char name[NAME_MAX + 1];
    bool open;
} shard_cursor;

// Closes the shard's file. The memory that the episodes point into moves to the dataset.
static imp_status close_current_shard(imp_dataset *dataset, shard_cursor *cursor, imp_error *err)
{
    if (!cursor->open)
        return IMP_OK;
    imp_status status = IMP_OK;
    // grow the list of memories by doubling
    if (dataset->memory_count == dataset->memory_capacity) {
        const int capacity = dataset->memory_capacity == 0 ? 64 : 2 * dataset->memory_capacity;
        imp_shard_memory *grown = realloc(dataset->memories, (size_t)capacity * sizeof *grown);
        if (grown == NULL) {
            status = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", dataset->folder);
        } else {
            dataset->memories = grown;
            dataset->memory_capacity = capacity;
        }
    }
    // ownership of the memory moves, so closing the shard keeps it
    if (status == IMP_OK) {
        dataset->memories[dataset->memory_count++] = cursor->shard.memory;
        cursor->shard.memory = (imp_shard_memory){0};
    }
    imp_dataset_shard_close(&cursor->shard);
    cursor->open = false;
    return status;
}

// Opens another shard. Its images must have the dataset's size.
static imp_status open_next_shard(imp_dataset *dataset, shard_cursor *cursor, const char *name,
                                  imp_error *err)
{
    // the previous shard is finished first
    imp_status status = close_current_shard(dataset, cursor, err);
    char path[PATH_MAX];
    if (status == IMP_OK)
        status = imp_dataset_file_path(path, dataset->folder, name, err);
    if (status == IMP_OK)
        status = imp_dataset_shard_open(&cursor->shard, path, err);
    if (status != IMP_OK)
        return status;
    cursor->open = true;
    strcpy(cursor->name, name);
    // other attributes were checked when the shard was written
    if (cursor->shard.info.width != dataset->info.width ||
        cursor->shard.info.height != dataset->info.height)
        return imp_fail(err, IMP_BAD_INPUT, "%s: holds images of another size than the dataset",
                        path);
    return IMP_OK;
}

// Follows the links of all episodes in order. Episodes of a shard are adjacent, so each shard is
// opened once.
static imp_status read_all_episodes(imp_dataset *dataset, hid_t file, const char *path,
                                    imp_error *err)
{
    shard_cursor *cursor = calloc(1, sizeof *cursor);
    if (cursor == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
    imp_status status = IMP_OK;
    for (int i = 0; i < dataset->totals.episodes && status == IMP_OK; i++) {
        // the shard's name and the group in it
        char name[NAME_MAX + 1], group[64];
        status = imp_index_file_read_link(file, path, i, name, group, err);
        // a new shard begins
        if (status == IMP_OK && (!cursor->open || strcmp(name, cursor->name) != 0))
            status = open_next_shard(dataset, cursor, name, err);
        // pointers into the mapping
        if (status == IMP_OK)
            status = imp_dataset_shard_read(&cursor->shard, group, &dataset->episodes[i],
                                            &dataset->hashes[i], err);
        if (status == IMP_OK)
            dataset->steps += dataset->episodes[i].steps;
    }
    // keep the first error message
    const imp_status closed = close_current_shard(dataset, cursor, status == IMP_OK ? err : NULL);
    free(cursor);
    return status == IMP_OK ? closed : status;
}

// Reads attributes and totals, then all episodes. The number of links is checked before memory is
// allocated.
static imp_status read_index_and_episodes(imp_dataset *dataset, hid_t file, const char *path,
                                          imp_error *err)
{
    IMP_TRY(imp_index_file_read(file, path, &dataset->info, &dataset->totals, err));
    IMP_TRY(imp_index_file_read_origin(file, path, dataset->origin, err));
    // one link per episode
    H5G_info_t group;
    if (H5Gget_info(file, &group) < 0)
        return imp_hdf5_fail(err, IMP_BAD_INPUT, path, "cannot be listed");
    dataset->links = (int64_t)group.nlinks;
    if (dataset->links < dataset->totals.episodes)
        return imp_fail(err, IMP_BAD_INPUT, "%s: claims %s, but lists %lld", path,
                        IMP_PLURAL(dataset->totals.episodes, "episode"), (long long)dataset->links);
    // calloc(1 more): an empty dataset is valid
    dataset->episodes = calloc((size_t)dataset->totals.episodes + 1, sizeof *dataset->episodes);
    dataset->hashes = calloc((size_t)dataset->totals.episodes + 1, sizeof *dataset->hashes);
    if (dataset->episodes == NULL || dataset->hashes == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
    return read_all_episodes(dataset, file, path, err);
}

// Checks that the folder is a dataset before HDF5 sees a file.
static imp_status open_dataset(imp_dataset **out, const char *folder, imp_error *err)
{
    char path[PATH_MAX];
    imp_status status = imp_file_type_expect_folder(
        folder, "a dataset is a folder of imprint log or imprint import", err);
    hid_t file;
    if (status == IMP_OK)
        status = imp_dataset_file_path(path, folder, IMP_DATASET_INDEX_FILE, err);
    // a folder without an index is no dataset
    if (status == IMP_OK && !imp_path_exists(path))
        status = imp_fail(err, IMP_BAD_INPUT,
                          "%s: is no dataset, there is no %s: record one with "
                          "imprint log",
                          folder, IMP_DATASET_INDEX_FILE);
    if (status == IMP_OK)
        status = imp_hdf5_open(&file, path, err);
    if (status != IMP_OK)
        return status;
    // the dataset is large because of its texts, so it lies on the heap
    imp_dataset *dataset = calloc(1, sizeof *dataset);
    if (dataset == NULL) {
        status = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", path);
    } else {
        snprintf(dataset->folder, sizeof dataset->folder, "%s", folder);
        status = read_index_and_episodes(dataset, file, path, err);
    }
    // the index file itself is only needed while opening
    H5Fclose(file);
    if (status == IMP_OK)
        *out = dataset;
    else
        imp_dataset_close(dataset);
    return status;
}

// HDF5's own error output is off while this runs.
imp_status imp_dataset_open(imp_dataset **out, const char *folder, imp_error *err)
{
    imp_hdf5_errors quiet;
    imp_hdf5_errors_silence(&quiet);
    const imp_status status = open_dataset(out, folder, err);
    return imp_hdf5_errors_restore(&quiet, status, err);
}

// Nullable. Unmaps all shards.
void imp_dataset_close(imp_dataset *dataset)
{
    if (dataset == NULL)
        return;
    for (int i = 0; i < dataset->memory_count; i++)
        imp_shard_memory_free(&dataset->memories[i]);
    free(dataset->memories);
    free(dataset->episodes);
    free(dataset->hashes);
    free(dataset);
}

// Accessors: what they return is borrowed from the dataset.
const imp_dataset_info *imp_dataset_get_info(const imp_dataset *dataset)
{
    return &dataset->info;
}

const char *imp_dataset_origin(const imp_dataset *dataset)
{
    return dataset->origin;
}

bool imp_dataset_is_finished(const imp_dataset *dataset)
{
    return dataset->totals.finished;
}

int imp_dataset_episode_count(const imp_dataset *dataset)
{
    return dataset->totals.episodes;
}

int64_t imp_dataset_step_count(const imp_dataset *dataset)
{
    return dataset->steps;
}

const imp_episode *imp_dataset_episode(const imp_dataset *dataset, int index)
{
    return &dataset->episodes[index];
}

// Passes the advice to the kernel for whole pages of the mapping that contains the range.
void imp_dataset_advise_readahead(const imp_dataset *dataset, const void *begin, size_t length,
                                  imp_read_advice advice)
{
    // The mapping is shared and read-only, so pages that are dropped are read again when touched.
    static const int words[] = {[IMP_READ_RANDOM] = MADV_RANDOM,
                                [IMP_READ_SOON] = MADV_WILLNEED,
                                [IMP_READ_DONE] = MADV_DONTNEED};
    // page: the kernel takes whole pages only
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), at = (uintptr_t)begin;
    for (int i = 0; i < dataset->memory_count; i++) {
        const imp_shard_memory *memory = &dataset->memories[i];
        const uintptr_t map = (uintptr_t)memory->map;
        // begin == NULL: the whole dataset
        if (map != 0 && begin == NULL)
            madvise(memory->map, memory->size, words[advice]);
        // ranges outside of every mapping (copied arrays) are ignored
        if (map == 0 || at < map || at - map > memory->size || length > memory->size - (at - map))
            continue;
        const uintptr_t first = at / page * page; // round down to a whole page
        madvise((char *)memory->map + (first - map), at + length - first, words[advice]);
        return;
    }
}
