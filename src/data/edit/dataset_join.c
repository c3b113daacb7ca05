// Joins and splits datasets. A merge and both parts of a split are new folders. An append builds
// the longer dataset beside the old one, out of links to the files that stay as they are, and then
// exchanges the two folders in one system call, so that there is always exactly one of them.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/common/try.h"
#include "base/io/folder_lock.h"
#include "base/io/folder_reader.h"
#include "base/text/plural.h"
#include "data/dataset/partial_dataset.h"
#include "data/edit/edit_plan.h"

// Writes all sources, one after the other, to a new folder.
static imp_status write_all_sources(imp_edit_plan *plan, imp_dataset_edit_summary *summary,
                                    const char *folder, imp_error *err)
{
    char origin[IMP_DATASET_ORIGIN_MAX];
    for (int s = 0; s < plan->source_count; s++)
        IMP_TRY(imp_edit_plan_add_source(plan, s, err));
    imp_edit_plan_summarize(plan, summary);
    IMP_TRY(imp_edit_plan_format_origin(plan, origin, plan->source_count > 1 ? "merge" : "copy",
                                        NULL, err));
    return imp_edit_plan_write(plan, folder, origin, err);
}

imp_status imp_dataset_merge(imp_dataset_edit_summary *summary, const char *folder,
                             const char *const *sources, int count, imp_dataset_storage storage,
                             const imp_monitor *monitor, imp_error *err)
{
    imp_edit_plan plan = {0};
    *summary = (imp_dataset_edit_summary){0};
    if (count < 1)
        return imp_fail(err, IMP_USAGE, "give datasets to merge");
    imp_status status = imp_edit_plan_open(&plan, sources, count, monitor, err);
    if (status == IMP_OK && storage != IMP_STORAGE_SAME)
        plan.info.compressed = storage == IMP_STORAGE_COMPRESSED;
    if (status == IMP_OK)
        status = write_all_sources(&plan, summary, folder, err);
    imp_edit_plan_free(&plan);
    return status;
}

// Links the files of a dataset into a new folder. false: the file system has no links.
static imp_status link_dataset_files(bool *linked, const char *folder, const char *partial,
                                     imp_error *err)
{
    imp_folder_reader reader;
    IMP_TRY(imp_folder_create(partial, err));
    IMP_TRY(imp_folder_reader_open(&reader, folder, err));
    const int target = open(partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    imp_status status =
        target >= 0 ? IMP_OK : imp_fail(err, IMP_IO, "%s: %s", partial, strerror(errno));
    *linked = true;
    for (const char *name = ""; status == IMP_OK && name != NULL && *linked;) {
        status = imp_folder_reader_next(&reader, &name, err);
        if (status == IMP_OK && name != NULL && imp_is_dataset_file_name(name) &&
            !imp_path_has_suffix(name, ".tmp"))
            *linked = linkat(dirfd(reader.stream), name, target, name, 0) == 0;
    }
    if (target >= 0)
        close(target);
    imp_folder_reader_close(&reader);
    // what was linked before is in the way of a copy
    return status == IMP_OK && !*linked ? imp_partial_dataset_remove(partial, err) : status;
}

// Opens a writer on the longer dataset: with the present episodes as links, or without any, and
// then they are part of the plan.
static imp_status open_appending_writer(imp_dataset_writer **writer, imp_edit_plan *plan,
                                        const char *folder, const char *partial, imp_error *err)
{
    const imp_dataset_info *before = imp_dataset_get_info(plan->sources[0]);
    bool linked = false;
    int written;
    // every file says what map and driver are, and that it is a part
    if (before->shares == 0 && strcmp(before->map, plan->info.map) == 0 &&
        strcmp(before->policy, plan->info.policy) == 0)
        IMP_TRY(link_dataset_files(&linked, folder, partial, err));
    memcpy(plan->info.settings, before->settings, sizeof plan->info.settings);
    if (!linked)
        IMP_TRY(imp_edit_plan_add_source(plan, 0, err));
    for (int s = 1; s < plan->source_count; s++)
        IMP_TRY(imp_edit_plan_add_source(plan, s, err));
    if (!linked)
        imp_edit_plan_set_definition_hash(plan);
    return imp_dataset_writer_create(writer, partial, &plan->info, linked, &written, err);
}

// Moves what does not belong to datasets from one folder to another.
static imp_status move_non_dataset_files(const char *from, const char *to, imp_error *err)
{
    imp_folder_reader reader;
    char source[IMP_PATH_MAX], target[IMP_PATH_MAX];
    IMP_TRY(imp_folder_reader_open(&reader, from, err));
    imp_status status = IMP_OK;
    for (const char *name = ""; status == IMP_OK && name != NULL;) {
        status = imp_folder_reader_next(&reader, &name, err);
        if (status != IMP_OK || name == NULL)
            break;
        status = imp_path_join(source, from, name, err);
        if (status == IMP_OK)
            status = imp_path_join(target, to, name, err);
        // settings and preview of a copy are among those that are missing
        if (status == IMP_OK && !imp_path_exists(target) && !imp_path_has_suffix(name, ".tmp") &&
            rename(source, target) != 0)
            status =
                imp_fail(err, IMP_IO, "%s: cannot be moved to %s: %s", source, to, strerror(errno));
    }
    imp_folder_reader_close(&reader);
    return status;
}

// Builds the longer dataset and puts it in the place of the other.
static imp_status write_appended_dataset(imp_edit_plan *plan, imp_dataset_edit_summary *summary,
                                         const char *folder, const char *partial, imp_error *err)
{
    char origin[IMP_DATASET_ORIGIN_MAX];
    imp_dataset_writer *writer = NULL;
    IMP_TRY(open_appending_writer(&writer, plan, folder, partial, err));
    imp_edit_plan_summarize(plan, summary);
    // all of the sources are in the result, whether they were copied or linked
    summary->episodes = summary->source_episodes;
    summary->steps = summary->source_steps;
    imp_status status = imp_edit_plan_format_origin(plan, origin, "append", NULL, err);
    if (status == IMP_OK)
        status = imp_edit_plan_copy_episodes(plan, writer, origin, err);
    imp_dataset_writer_destroy(writer);
    if (status == IMP_OK && renameat2(AT_FDCWD, partial, AT_FDCWD, folder, RENAME_EXCHANGE) != 0)
        status = imp_fail(err, IMP_IO,
                          "%s: this file system cannot exchange two folders (%s): join them in "
                          "a new dataset instead",
                          folder, strerror(errno));
    return status == IMP_OK ? move_non_dataset_files(partial, folder, err) : status;
}

// Runs under the lock of the folder.
static imp_status append_to_folder(imp_dataset_edit_summary *summary, const char *folder,
                                   const char *const *paths, int count, const imp_monitor *monitor,
                                   imp_error *err)
{
    imp_edit_plan plan = {0};
    char partial[IMP_PATH_MAX] = "";
    int lock = IMP_FOLDER_UNLOCKED;
    struct stat info;
    imp_status status = IMP_OK;
    // what a killed process has left goes first, whatever becomes of this call
    if (stat(folder, &info) == 0 && S_ISDIR(info.st_mode))
        status = imp_folder_lock(&lock, folder, err);
    if (status == IMP_OK && lock != IMP_FOLDER_UNLOCKED)
        status = imp_partial_dataset_begin(partial, folder, false, err);
    const bool begun = status == IMP_OK && lock != IMP_FOLDER_UNLOCKED;
    if (status == IMP_OK)
        status = imp_edit_plan_open(&plan, paths, count, monitor, err);
    if (status == IMP_OK && !imp_dataset_is_finished(plan.sources[0]))
        status = imp_add_hint(err, IMP_HINT_RESUME_DATASET,
                              imp_fail(err, IMP_USAGE, "%s: is not finished", folder));
    if (status == IMP_OK)
        status = write_appended_dataset(&plan, summary, folder, partial, err);
    imp_folder_unlock(lock);
    imp_edit_plan_free(&plan);
    // after success the shorter one lies there
    if (begun)
        (void)imp_partial_dataset_remove(partial, NULL);
    return status;
}

imp_status imp_dataset_append(imp_dataset_edit_summary *summary, const char *folder,
                              const char *const *sources, int count, const imp_monitor *monitor,
                              imp_error *err)
{
    *summary = (imp_dataset_edit_summary){0};
    const char **paths = calloc((size_t)count + 1, sizeof *paths);
    if (paths == NULL || count < 1) {
        free(paths);
        return imp_fail(err, IMP_USAGE, "give datasets to append to %s", folder);
    }
    paths[0] = folder;
    memcpy(paths + 1, sources, (size_t)count * sizeof *paths);
    const imp_status status = append_to_folder(summary, folder, paths, count + 1, monitor, err);
    free(paths);
    return status;
}

// Writes the episodes of one side of a split.
static imp_status write_split_part(imp_edit_plan *plan, const char *folder, const char *name,
                                   const bool *is_held_out, bool side, imp_error *err)
{
    char path[IMP_PATH_MAX], origin[IMP_DATASET_ORIGIN_MAX];
    const imp_dataset *dataset = plan->sources[0];
    plan->piece_count = 0;
    IMP_TRY(imp_path_join(path, folder, name, err));
    for (int e = 0; e < imp_dataset_episode_count(dataset); e++) {
        const imp_edit_piece piece = {0, e, 0, imp_dataset_episode(dataset, e)->steps};
        if (is_held_out[e] == side)
            IMP_TRY(imp_edit_plan_add(plan, &piece, err));
    }
    if (plan->piece_count == 0)
        return imp_add_hint(err, IMP_HINT_SETTING,
                            imp_fail(err, IMP_USAGE,
                                     "validation: no episode of %s, which has %d, would be in %s",
                                     plan->paths[0], imp_dataset_episode_count(dataset), name));
    IMP_TRY(imp_edit_plan_format_origin(plan, origin, "split", NULL, err));
    return imp_edit_plan_write(plan, path, origin, err);
}

// Writes both sides into a folder that gets its name when both are there.
static imp_status write_split_parts(imp_edit_plan *plan, imp_dataset_edit_summary *summary,
                                    const char *folder, const bool *is_held_out, imp_error *err)
{
    char partial[IMP_PATH_MAX];
    int lock = IMP_FOLDER_UNLOCKED;
    IMP_TRY(imp_partial_dataset_begin(partial, folder, true, err));
    IMP_TRY(imp_folder_create(partial, err));
    imp_status status = imp_folder_lock(&lock, partial, err);
    if (status == IMP_OK)
        status = write_split_part(plan, partial, "train", is_held_out, false, err);
    imp_edit_plan_summarize(plan, summary);
    const double steps = plan->total;
    if (status == IMP_OK)
        status = write_split_part(plan, partial, "validation", is_held_out, true, err);
    summary->validation_episodes = (int)plan->piece_count;
    summary->validation_steps = (int64_t)(plan->total - steps);
    if (status == IMP_OK)
        status = imp_partial_dataset_finish(partial, folder, err);
    imp_folder_unlock(lock);
    if (status != IMP_OK)
        (void)imp_partial_dataset_remove(partial, NULL);
    return status;
}

imp_status imp_dataset_divide(imp_dataset_edit_summary *summary, const char *folder,
                              const char *source, double validation, uint64_t seed,
                              const imp_monitor *monitor, imp_error *err)
{
    imp_edit_plan plan = {0};
    bool *is_held_out = NULL;
    *summary = (imp_dataset_edit_summary){0};
    imp_status status = imp_edit_plan_open(&plan, &source, 1, monitor, err);
    if (status == IMP_OK) {
        const imp_dataset *const dataset = plan.sources[0];
        const int episodes = imp_dataset_episode_count(dataset);
        is_held_out = calloc((size_t)episodes, sizeof *is_held_out);
        status = is_held_out != NULL
                     ? imp_dataset_split(is_held_out, &dataset, 1, validation, seed, err)
                     : imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                                IMP_PLURAL(episodes, "episode"));
    }
    if (status == IMP_OK)
        status = write_split_parts(&plan, summary, folder, is_held_out, err);
    free(is_held_out);
    imp_edit_plan_free(&plan);
    return status;
}
