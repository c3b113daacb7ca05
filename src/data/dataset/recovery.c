// Finds out what an interrupted writer left: removes its temporary files and verifies every shard
// in order. Shards count even if the index does not list them yet, because a shard is written
// before the index.
// Folders with other files and without an index are refused, so that nothing foreign is touched.
#include "data/dataset/recovery.h"

#include "base/common/try.h"
#include "base/io/atomic_file.h"
#include "base/io/file.h"
#include "base/io/folder_reader.h"
#include "base/text/plural.h"
#include "data/dataset/index_file.h"
#include "data/dataset/shard_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Grows the list by doubling.
imp_status imp_recovered_reserve_shard(imp_recovered_dataset *recovered, imp_error *err)
{
    if (recovered->shards < recovered->capacity)
        return IMP_OK;
    const int capacity = recovered->capacity == 0 ? 64 : 2 * recovered->capacity;
    int *grown = realloc(recovered->shard_first, (size_t)capacity * sizeof *grown);
    if (grown == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the list of shards");
    recovered->shard_first = grown;
    recovered->capacity = capacity;
    return IMP_OK;
}

// Whether a name is one that the writer gives to shards.
static bool is_shard_name(const char *name)
{
    int number, end = 0;
    char again[32];
    // the name is made again from the number, so that other spellings do not match
    // NOLINTNEXTLINE(cert-err34-c): nor does a number out of range
    if (sscanf(name, "shard-%d.hdf5%n", &number, &end) != 1 || end == 0 || number < 0)
        return false;
    imp_dataset_shard_name(again, number);
    return strcmp(name, again) == 0;
}

// Files that belong to a dataset; the program's settings file is one of them.
static bool is_dataset_file_name(const char *name)
{
    return is_shard_name(name) || strcmp(name, IMP_DATASET_INDEX_FILE) == 0 ||
           strcmp(name, IMP_DATASET_METADATA_FILE) == 0 ||
           strcmp(name, IMP_SETTINGS_FILE_NAME) == 0;
}

// Whether name is that of a file of ours that was never committed.
static bool is_temporary_file_name(const char *name)
{
    char stem[NAME_MAX + 1];
    // strip the random suffix, then look at the rest
    snprintf(stem, sizeof stem, "%s", name);
    return imp_atomic_file_strip_suffix(stem) && is_dataset_file_name(stem);
}

// Removes temporary files. Counts shards, and entries that do not belong to a dataset.
static imp_status remove_temporary_and_count_files(const char *folder, int *shards, int *foreign,
                                                   imp_error *err)
{
    imp_folder_reader reader;
    imp_status status = imp_folder_reader_open(&reader, folder, err);
    for (const char *name = ""; status == IMP_OK && name != NULL;) {
        char path[PATH_MAX];
        status = imp_folder_reader_next(&reader, &name, err);
        if (status != IMP_OK || name == NULL)
            break;
        // only temporary forms of our own names are removed
        if (is_temporary_file_name(name)) {
            status = imp_dataset_file_path(path, folder, name, err);
            if (status == IMP_OK && unlink(path) != 0)
                status = imp_fail(err, IMP_IO, "%s: cannot be removed: %s", path, strerror(errno));
        } else if (is_shard_name(name)) {
            ++*shards;
        } else if (!is_dataset_file_name(name)) {
            ++*foreign;
        }
    }
    imp_folder_reader_close(&reader);
    return status;
}

// Reads the index of a dataset that is continued; its attributes must agree.
static imp_status read_index_to_resume(imp_recovered_dataset *recovered, const char *path,
                                       const char *folder, const imp_dataset_info *info,
                                       imp_dataset_totals *totals, imp_error *err)
{
    hid_t file;
    char origin[IMP_DATASET_ORIGIN_MAX] = "";
    // read, compare, and take over the origin
    IMP_TRY(imp_hdf5_open(&file, path, err));
    imp_dataset_info found;
    imp_status status = imp_index_file_read(file, path, &found, totals, err);
    if (status == IMP_OK)
        status = imp_dataset_info_compare(&found, info, folder, err);
    if (status == IMP_OK)
        status = imp_index_file_read_origin(file, path, origin, err);
    if (status == IMP_OK && origin[0] != '\0' && (recovered->origin = strdup(origin)) == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", folder);
    H5Fclose(file);
    return status;
}

// Verifies one shard and adds its episodes.
static imp_status recover_shard(imp_recovered_dataset *recovered, const char *path,
                                const char *folder, const imp_dataset_info *info, imp_error *err)
{
    imp_dataset_shard shard;
    // opening checks the file's structure
    IMP_TRY(imp_dataset_shard_open(&shard, path, err));
    imp_status status = imp_dataset_info_compare(&shard.info, info, folder, err);
    // shards must follow each other without a gap
    if (status == IMP_OK && shard.first != recovered->episodes)
        status = imp_fail(err, IMP_BAD_INPUT, "%s: starts with episode %d, expected %d", path,
                          shard.first, recovered->episodes);
    // reading checks types, shapes and positions of all arrays
    int64_t steps = 0;
    for (int i = 0; i < shard.count && status == IMP_OK; i++) {
        char name[32];
        imp_episode episode;
        uint64_t hash;
        imp_dataset_episode_name(name, shard.first + i);
        status = imp_dataset_shard_read(&shard, name, &episode, &hash, err);
        if (status == IMP_OK)
            steps += episode.steps;
    }
    // only then does the shard count
    if (status == IMP_OK)
        status = imp_recovered_reserve_shard(recovered, err);
    if (status == IMP_OK) {
        recovered->shard_first[recovered->shards++] = shard.first;
        recovered->episodes += shard.count;
        recovered->steps += steps;
    }
    imp_dataset_shard_close(&shard);
    return status;
}

// Cleans, reads the index if there is one, then verifies shards 0, 1, ...
imp_status imp_dataset_recover(imp_recovered_dataset *recovered, const char *folder,
                               const imp_dataset_info *info, imp_error *err)
{
    char path[PATH_MAX];
    int shards = 0, foreign = 0;
    // other files are allowed beside an index
    imp_status status = remove_temporary_and_count_files(folder, &shards, &foreign, err);
    if (status == IMP_OK)
        status = imp_dataset_file_path(path, folder, IMP_DATASET_INDEX_FILE, err);
    if (status != IMP_OK)
        return status;
    const bool listed = imp_path_exists(path);
    imp_dataset_totals totals = {0};
    // the index is read for its attributes and totals
    if (listed)
        status = read_index_to_resume(recovered, path, folder, info, &totals, err);
    else if (foreign > 0)
        status = imp_fail(err, IMP_BAD_INPUT, "%s: is not a dataset, it holds other files", folder);
    // a missing number in between is reported as a missing file
    for (int i = 0; i < shards && status == IMP_OK; i++) {
        char name[32];
        imp_dataset_shard_name(name, i);
        status = imp_dataset_file_path(path, folder, name, err);
        if (status == IMP_OK)
            status = recover_shard(recovered, path, folder, info, err);
    }
    // fewer episodes than the index lists: a shard was lost
    if (status == IMP_OK && recovered->episodes < totals.episodes)
        status = imp_fail(err, IMP_BAD_INPUT, "%s: lists %s, but only %d of them can be found",
                          folder, IMP_PLURAL(totals.episodes, "episode"), recovered->episodes);
    // complete only if nothing was added after the index was written
    recovered->finished = totals.finished && recovered->episodes == totals.episodes;
    return status;
}
