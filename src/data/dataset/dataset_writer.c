// Writes datasets shard by shard. A shard is built in memory and written atomically when it is
// full; then the index is rewritten. So a killed writer loses at most one shard, and every file on
// disk is complete.
// A last shard that is not full is loaded again and rewritten together with new episodes. So the
// bytes of a dataset do not depend on flushes or interruptions.
// A lock on the folder keeps other writers away.
#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/folder_lock.h"
#include "base/text/plural.h"
#include "data/dataset/episode_conditions.h"
#include "data/dataset/index_file.h"
#include "data/dataset/recovery.h"
#include "data/dataset/shard_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A shard is complete at this size. A killed writer loses little, and memory use stays small.
#define SHARD_EPISODES 16
#define SHARD_BYTES ((uint64_t)64 << 20)

// zlib's usual level: higher ones take several times as long and save some per cent.
enum { DEFLATE_LEVEL = 6 };

struct imp_dataset_writer {
    char folder[PATH_MAX];
    imp_dataset_info info;
    char *origin;               // nullable
    int lock;                   // descriptor of the folder, which holds the lock
    imp_recovered_dataset done; // what is safely on disk
    bool index_is_behind;       // main_data.hdf5 or metadata.json do not list all shards
    hid_t pending;              // shard under construction, in memory; negative if none
    int pending_episodes;
    int64_t pending_steps;
    uint64_t pending_bytes;
    int pending_safe; // how many of them an earlier, shorter file of that shard holds
};

// Whether a text can be stored in HDF5 and JSON.
static bool is_utf8(const char *text)
{
    // jansson accepts only valid UTF-8
    json_t *json = json_string(text);
    json_decref(json);
    return json != NULL;
}

// Sizes are limited, and texts must be UTF-8.
static imp_status check_dataset_info(const imp_dataset_info *info, imp_error *err)
{
    // sizes first: everything else depends on them
    if (info->width < 1 || info->width > IMP_MAX_IMAGE_SIDE || info->height < 1 ||
        info->height > IMP_MAX_IMAGE_SIDE)
        return imp_fail(err, IMP_USAGE, "a dataset cannot hold images of %d x %d", info->width,
                        info->height);
    if (!(info->time_step > 0) || !isfinite(info->time_step))
        return imp_fail(err, IMP_USAGE, "a dataset cannot have a time step of %g s",
                        info->time_step);
    // these texts become attributes and JSON strings
    if (!is_utf8(info->map) || !is_utf8(info->lens) || !is_utf8(info->policy) ||
        !is_utf8(info->settings))
        return imp_fail(err, IMP_USAGE, "map, lens, policy or settings of a dataset are not UTF-8");
    return IMP_OK;
}

static imp_status fail_folder_exists(const char *folder, imp_error *err)
{
    return imp_add_hint(err, IMP_HINT_DATASET_EXISTS, imp_fail(err, IMP_IO, "%s exists", folder));
}

// Rewrites the index; if that fails, the next flush tries again.
static imp_status write_index(imp_dataset_writer *writer, bool finished, imp_error *err)
{
    // totals and the first episode of each shard
    const imp_dataset_totals totals = {writer->done.episodes, writer->done.steps, finished};
    const imp_status status = imp_index_file_write(
        writer->folder, &writer->info, writer->origin == NULL ? "" : writer->origin, &totals,
        writer->done.shard_first, writer->done.shards, err);
    writer->index_is_behind = status != IMP_OK;
    return status;
}

// Locks first, so that recovery cannot remove the files of another writer.
static imp_status lock_and_recover_folder(imp_dataset_writer *writer, bool existed, imp_error *err)
{
    IMP_TRY(imp_folder_lock(&writer->lock, writer->folder, err));
    // a new folder has nothing to recover
    if (existed)
        IMP_TRY(imp_dataset_recover(&writer->done, writer->folder, &writer->info, err));
    // the origin is owned by the writer from here on
    writer->origin = writer->done.origin;
    writer->done.origin = NULL;
    char path[PATH_MAX];
    IMP_TRY(imp_dataset_file_path(path, writer->folder, IMP_DATASET_METADATA_FILE, err));
    // A finished dataset is left unchanged if it is complete.
    if (!writer->done.finished || !imp_path_exists(path))
        IMP_TRY(write_index(writer, writer->done.finished, err));
    return IMP_OK;
}

// Creates the folder or takes it over, then recovers what is there.
static imp_status create_or_resume_writer(imp_dataset_writer **out, const char *folder,
                                          const imp_dataset_info *info, bool resume, int *written,
                                          imp_error *err)
{
    IMP_TRY(check_dataset_info(info, err));
    // whether the folder existed decides between creating and resuming
    const bool existed = imp_path_exists(folder);
    if (existed && !resume)
        return fail_folder_exists(folder, err);
    imp_dataset_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", folder);
    writer->info = *info;
    // -1: no descriptor, no shard
    writer->lock = IMP_FOLDER_UNLOCKED;
    writer->pending = -1;
    snprintf(writer->folder, sizeof writer->folder, "%s", folder);
    imp_status status = imp_folder_create(folder, err);
    if (status == IMP_OK)
        status = lock_and_recover_folder(writer, existed, err);
    if (status == IMP_OK) {
        *out = writer;
        *written = writer->done.episodes;
    } else {
        imp_dataset_writer_destroy(writer);
        if (!existed)
            rmdir(folder); // fails if the folder is not empty
    }
    return status;
}

imp_status imp_dataset_writer_create(imp_dataset_writer **out, const char *folder,
                                     const imp_dataset_info *info, bool resume, int *written,
                                     imp_error *err)
{
    // HDF5's error output is silenced in every public function
    imp_hdf5_errors quiet;
    imp_hdf5_errors_silence(&quiet);
    const imp_status status = create_or_resume_writer(out, folder, info, resume, written, err);
    return imp_hdf5_errors_restore(&quiet, status, err);
}

void imp_dataset_writer_destroy(imp_dataset_writer *writer)
{
    if (writer == NULL)
        return;
    imp_hdf5_errors quiet;
    imp_hdf5_errors_silence(&quiet);
    // what was not flushed is lost
    if (writer->pending >= 0)
        H5Fclose(writer->pending);
    (void)imp_hdf5_errors_restore(&quiet, IMP_OK, NULL);
    imp_folder_unlock(writer->lock);
    free(writer->done.shard_first);
    free(writer->origin);
    free(writer);
}

// rows: the episode's steps, or the length of an array that does not have one row per step.
static bool write_field(hid_t group, const imp_dataset_field *field, const imp_dataset_info *info,
                        int rows, const imp_episode *episode)
{
    hsize_t shape[4];
    const int rank = imp_dataset_field_shape(field, info, rows, shape);
    // shape, types on disk and in memory, creation properties
    const hid_t space = H5Screate_simple(rank, shape, NULL);
    const hid_t disk = imp_dataset_field_disk_type(field->type);
    const hid_t memory = imp_dataset_field_memory_type(field->type);
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(properties, false);
    H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER);
    // every byte is written below
    if (info->compressed && field->columns < 0) {
        // each image is a piece of its own, as other programs like to read them
        const hsize_t chunk[4] = {1, shape[1], shape[2], shape[3]};
        H5Pset_chunk(properties, rank, chunk);
        H5Pset_deflate(properties, DEFLATE_LEVEL);
    } else {
        H5Pset_alloc_time(properties, H5D_ALLOC_TIME_EARLY);
    }
    const hid_t set =
        H5Dcreate2(group, field->path, disk, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    const bool good = set >= 0 &&
                      H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                               imp_dataset_field_get_array(field, episode)) >= 0 &&
                      // attributes that explain the array to readers
                      imp_hdf5_write_text(set, "units", field->units) &&
                      imp_hdf5_write_text(set, "axes", field->axes) &&
                      imp_hdf5_write_text(set, "description", field->description);
    if (set >= 0)
        H5Dclose(set);
    H5Pclose(properties);
    H5Tclose(memory);
    H5Tclose(disk);
    H5Sclose(space);
    return good;
}

// Writes attributes and arrays of an episode. Optional attributes are written only if they differ
// from the default.
static bool write_episode(const imp_dataset_writer *writer, hid_t group, int id,
                          const imp_episode *episode)
{
    const imp_conditions defaults = imp_dataset_default_conditions(&writer->info);
    // the fields "infos/..." need their group
    const hid_t infos = imp_hdf5_create_group(group, "infos");
    if (infos < 0)
        return false;
    H5Gclose(infos);
    // identification and length of the episode
    bool good = imp_hdf5_write_int(group, "id", id) &&
                imp_hdf5_write_uint(group, "seed", episode->seed) &&
                imp_hdf5_write_int(group, "number", episode->number) &&
                imp_hdf5_write_int(group, "total_steps", episode->steps) &&
                // optional attributes
                imp_hdf5_write_text(group, "map", episode->map) &&
                (episode->time_step <= 0.0 || episode->time_step == writer->info.time_step ||
                 imp_hdf5_write_double(group, "time_step", episode->time_step)) &&
                imp_episode_conditions_write(group, &defaults, episode) &&
                (episode->randomization == NULL ||
                 imp_hdf5_write_text(group, "randomization", episode->randomization)) &&
                imp_hdf5_write_uint(group, "hash", imp_episode_hash(&writer->info, episode));
    // arrays of the table, then the map's text
    for (int i = 0; i < IMP_FIELD_COUNT && good; i++)
        good = write_field(group, &imp_dataset_fields[i], &writer->info, episode->steps, episode);
    if (episode->drivers != NULL && good)
        good = write_field(group, &imp_drivers_field, &writer->info, episode->steps, episode);
    if (episode->commands != NULL && good)
        good = write_field(group, &imp_commands_field, &writer->info, episode->steps, episode);
    if (episode->map_text != NULL && good)
        good = imp_hdf5_write_int(group, IMP_MAP_BYTES_ATTRIBUTE, (int64_t)episode->map_bytes) &&
               write_field(group, &imp_map_text_field, &writer->info, (int)episode->map_bytes,
                           episode);
    return good;
}

// Checks everything that reading would reject.
static imp_status check_new_episode(const imp_episode *episode, imp_error *err)
{
    // limits that readers also enforce
    if (episode->steps < 1 || episode->steps > IMP_MAX_EPISODE_STEPS)
        return imp_fail(err, IMP_USAGE, "an episode cannot have %s",
                        IMP_PLURAL(episode->steps, "step"));
    if (!is_utf8(episode->map))
        return imp_fail(err, IMP_USAGE, "the map of an episode is not UTF-8");
    // The negation also catches NaN.
    if (!(episode->time_step >= 0.0 && episode->time_step < 1e6))
        return imp_fail(err, IMP_USAGE, "an episode cannot have a time step of %g s",
                        episode->time_step);
    for (int k = 0; k < IMP_CONDITION_COUNT && episode->has_conditions; k++)
        if (!isfinite(episode->conditions.numbers[k]))
            return imp_fail(err, IMP_USAGE, "the %s of an episode is not finite",
                            imp_condition_get_info(k)->name);
    // texts must fit the fixed-length attributes
    const char *draw = episode->randomization;
    if (draw != NULL && (strlen(draw) >= IMP_EPISODE_RANDOMIZATION_MAX || !is_utf8(draw)))
        return imp_fail(err, IMP_USAGE,
                        "the randomisation of an episode is not UTF-8 of less than %d bytes",
                        IMP_EPISODE_RANDOMIZATION_MAX);
    if (episode->map_text != NULL &&
        (episode->map_bytes < 1 || episode->map_bytes > IMP_EPISODE_MAP_MAX))
        return imp_fail(err, IMP_USAGE, "an episode cannot hold a map of %zu bytes, only up to %d",
                        episode->map_bytes, IMP_EPISODE_MAP_MAX);
    // values last: that takes longest
    char first[120];
    if (imp_episode_check(episode, first) > 0)
        return imp_fail(err, IMP_USAGE, "an episode cannot be recorded: %s", first);
    return IMP_OK;
}

// A shard is full by number of episodes or by size.
static bool shard_is_full(int episodes, uint64_t bytes)
{
    return episodes >= SHARD_EPISODES || bytes >= SHARD_BYTES;
}

// Size of an episode's arrays, for the limit above.
static uint64_t episode_bytes(const imp_dataset_info *info, const imp_episode *episode)
{
    uint64_t bytes = episode->map_text != NULL ? episode->map_bytes : 0;
    bytes += episode->drivers != NULL ? (uint64_t)episode->steps : 0;
    bytes += episode->commands != NULL ? (uint64_t)episode->steps : 0;
    for (int i = 0; i < IMP_FIELD_COUNT; i++)
        bytes += imp_dataset_field_bytes(&imp_dataset_fields[i], info, episode->steps);
    return bytes;
}

// Adds an episode to the shard under construction. After a failure the shard is unchanged.
static imp_status append_to_pending_shard(imp_dataset_writer *writer, const imp_episode *episode,
                                          imp_error *err)
{
    if (writer->pending < 0)
        writer->pending = imp_hdf5_create_in_memory();
    const int id = writer->done.episodes + writer->pending_episodes;
    // name and group of the episode
    char name[32];
    imp_dataset_episode_name(name, id);
    const hid_t group = writer->pending < 0 ? -1 : imp_hdf5_create_group(writer->pending, name);
    const bool good = group >= 0 && write_episode(writer, group, id, episode);
    if (group >= 0)
        H5Gclose(group);
    // remove a partly written episode
    if (!good) {
        if (group >= 0)
            H5Ldelete(writer->pending, name, H5P_DEFAULT);
        return imp_hdf5_fail(err, IMP_NO_MEMORY, writer->folder,
                             "an episode finds no room in memory");
    }
    // counts change only on success
    writer->pending_episodes++;
    writer->pending_steps += episode->steps;
    writer->pending_bytes += episode_bytes(&writer->info, episode);
    return IMP_OK;
}

// Reads and verifies the episodes of a shard that may still grow. *bytes: their total size.
static imp_status read_shard_episodes(const imp_dataset_writer *writer, imp_dataset_shard *shard,
                                      imp_episode *episodes, uint64_t *bytes, imp_error *err)
{
    *bytes = 0;
    for (int i = 0; i < shard->count; i++) {
        char name[32];
        uint64_t hash;
        imp_dataset_episode_name(name, shard->first + i);
        // arrays are mapped; nothing is copied yet
        IMP_TRY(imp_dataset_shard_read(shard, name, &episodes[i], &hash, err));
        // a damaged shard must not be rewritten as if it were good
        if (imp_episode_hash(&writer->info, &episodes[i]) != hash)
            return imp_fail(err, IMP_BAD_INPUT, "%s: %s is not what was written", shard->path,
                            name);
        *bytes += episode_bytes(&writer->info, &episodes[i]);
    }
    return IMP_OK;
}

// Closes the shard in memory and resets its counts.
static void discard_pending_shard(imp_dataset_writer *writer)
{
    if (writer->pending >= 0)
        H5Fclose(writer->pending);
    writer->pending = -1;
    writer->pending_episodes = 0;
    writer->pending_steps = 0;
    writer->pending_bytes = 0;
    writer->pending_safe = 0;
}

// Loads the episodes of a last shard that is not full back into memory, so that it is rewritten
// together with those that follow. So the bytes of a dataset do not depend on flushes and
// interruptions. The file stays until the new one replaces it.
static imp_status reload_partial_shard(imp_dataset_writer *writer, imp_error *err)
{
    imp_recovered_dataset *done = &writer->done;
    char name[32], path[PATH_MAX];
    imp_dataset_shard shard;
    if (done->shards == 0)
        return IMP_OK;
    // find the last shard
    imp_dataset_shard_name(name, done->shards - 1);
    imp_status status = imp_dataset_file_path(path, writer->folder, name, err);
    if (status == IMP_OK)
        status = imp_dataset_shard_open(&shard, path, err);
    if (status != IMP_OK)
        return status;
    // a full shard stays as it is
    imp_episode episodes[SHARD_EPISODES];
    uint64_t bytes = SHARD_BYTES;
    // a shard with the maximum number of episodes is full in any case
    if (shard.count < SHARD_EPISODES)
        status = read_shard_episodes(writer, &shard, episodes, &bytes, err);
    if (status == IMP_OK && !shard_is_full(shard.count, bytes)) {
        // its episodes count as pending again; undo that if memory runs out
        const imp_recovered_dataset before = *done;
        done->shards--;
        done->episodes -= shard.count;
        // copy the episodes into the new shard in memory
        for (int i = 0; i < shard.count && status == IMP_OK; i++)
            status = append_to_pending_shard(writer, &episodes[i], err);
        done->steps -= writer->pending_steps;
        // these episodes are also on disk, until the new file replaces the old one
        writer->pending_safe = shard.count;
        if (status != IMP_OK) {
            discard_pending_shard(writer);
            *done = before;
        }
    }
    imp_dataset_shard_close(&shard);
    return status;
}

// Adds an episode, and flushes when the shard is full.
static imp_status add_episode_and_maybe_flush(imp_dataset_writer *writer,
                                              const imp_episode *episode, imp_error *err)
{
    imp_status status = check_new_episode(episode, err);
    // the last shard may have room: continue it
    if (status == IMP_OK && writer->pending < 0)
        status = reload_partial_shard(writer, err);
    if (status == IMP_OK)
        status = append_to_pending_shard(writer, episode, err);
    // A finished dataset becomes longer. Until the next flush, readers see it as it was.
    if (status == IMP_OK)
        writer->done.finished = false;
    // full: write it now, so that memory stays bounded
    if (status == IMP_OK && shard_is_full(writer->pending_episodes, writer->pending_bytes))
        status = imp_dataset_writer_flush(writer, err);
    return status;
}

imp_status imp_dataset_writer_add(imp_dataset_writer *writer, const imp_episode *episode,
                                  imp_error *err)
{
    imp_hdf5_errors quiet;
    imp_hdf5_errors_silence(&quiet);
    const imp_status status = add_episode_and_maybe_flush(writer, episode, err);
    return imp_hdf5_errors_restore(&quiet, status, err);
}

// Stored with the index, not with shards.
imp_status imp_dataset_writer_set_origin(imp_dataset_writer *writer, const char *origin,
                                         imp_error *err)
{
    if (strlen(origin) >= IMP_DATASET_ORIGIN_MAX || !is_utf8(origin))
        return imp_fail(err, IMP_USAGE, "%s: its origin is too long or not UTF-8", writer->folder);
    // the old origin stays if memory runs out
    char *copy = strdup(origin);
    if (copy == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", writer->folder);
    free(writer->origin);
    writer->origin = copy;
    writer->index_is_behind = true;
    return IMP_OK;
}

const char *imp_dataset_writer_origin(const imp_dataset_writer *writer)
{
    return writer->origin != NULL ? writer->origin : "";
}

// Adds the shard's attributes and writes its file.
static imp_status write_pending_shard(imp_dataset_writer *writer, imp_error *err)
{
    char name[32], path[PATH_MAX];
    // the next shard number, or that of the reloaded one
    imp_dataset_shard_name(name, writer->done.shards);
    IMP_TRY(imp_dataset_file_path(path, writer->folder, name, err));
    const hid_t file = writer->pending;
    // The attributes exist already if an earlier attempt failed, for example because the disk was
    // full.
    if (H5Aexists(file, "episodes") > 0)
        H5Adelete(file, "episodes");
    else if (!imp_dataset_info_write(file, &writer->info) ||
             !imp_hdf5_write_int(file, "first_episode", writer->done.episodes))
        return imp_hdf5_fail(err, IMP_NO_MEMORY, path, "cannot be assembled");
    if (!imp_hdf5_write_int(file, "episodes", writer->pending_episodes))
        return imp_hdf5_fail(err, IMP_NO_MEMORY, path, "cannot be assembled");
    return imp_hdf5_write_file(file, path, err);
}

// Shard first, index second: the index never lists what is not on disk.
static imp_status flush_pending_shard(imp_dataset_writer *writer, imp_error *err)
{
    // memory for the list first, because the shard counts once it is written
    if (writer->pending_episodes > 0) {
        IMP_TRY(imp_recovered_reserve_shard(&writer->done, err));
        IMP_TRY(write_pending_shard(writer, err));
        // the shard is on disk from here on
        writer->done.shard_first[writer->done.shards++] = writer->done.episodes;
        writer->done.episodes += writer->pending_episodes;
        writer->done.steps += writer->pending_steps;
        writer->index_is_behind = true;
        discard_pending_shard(writer);
    }
    return writer->index_is_behind ? write_index(writer, false, err) : IMP_OK;
}

imp_status imp_dataset_writer_flush(imp_dataset_writer *writer, imp_error *err)
{
    imp_hdf5_errors quiet;
    imp_hdf5_errors_silence(&quiet);
    imp_error cause = {0};
    // the message is completed below
    const imp_status status =
        imp_hdf5_errors_restore(&quiet, flush_pending_shard(writer, &cause), &cause);
    if (status == IMP_OK)
        return IMP_OK;
    // Usually the disk is full; then it matters how much is safe.
    const int safe = writer->done.episodes + writer->pending_safe;
    return imp_add_hint(err, IMP_HINT_RESUME,
                        imp_fail(err, status, "%s; %s %s safe", cause.message,
                                 IMP_PLURAL(safe, "episode"), safe == 1 ? "is" : "are"));
}

// Finished files are read-only, as a protection against accidents.
static imp_status make_file_read_only(const char *folder, const char *name, imp_error *err)
{
    char path[PATH_MAX];
    IMP_TRY(imp_dataset_file_path(path, folder, name, err));
    if (chmod(path, 0444) != 0)
        return imp_fail(err, IMP_IO, "%s: cannot be made read-only: %s", path, strerror(errno));
    return IMP_OK;
}

imp_status imp_dataset_writer_finish(imp_dataset_writer *writer, imp_error *err)
{
    // everything on disk, then read-only
    imp_status status = imp_dataset_writer_flush(writer, err);
    for (int i = 0; i < writer->done.shards && status == IMP_OK; i++) {
        char name[32];
        imp_dataset_shard_name(name, i);
        status = make_file_read_only(writer->folder, name, err);
    }
    // The index that says "finished" is written last, so that it is never too early.
    if (status == IMP_OK && !writer->done.finished) {
        imp_hdf5_errors quiet;
        imp_hdf5_errors_silence(&quiet);
        status = imp_hdf5_errors_restore(&quiet, write_index(writer, true, err), err);
        writer->done.finished = status == IMP_OK;
    }
    if (status == IMP_OK)
        status = make_file_read_only(writer->folder, IMP_DATASET_METADATA_FILE, err);
    return status == IMP_OK ? make_file_read_only(writer->folder, IMP_DATASET_INDEX_FILE, err)
                            : status;
}
