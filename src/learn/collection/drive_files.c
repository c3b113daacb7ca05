// Lists demonstrations: files as they are given, folders by the names in them. Each is read once
// for what they have in common: the map, who drove, the time step, and a hash of the contents.
#include "learn/collection/drive_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/common/hash.h"
#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/folder_reader.h"
#include "base/text/plural.h"

enum { FILES_MAX = 1000000 };

void imp_drive_files_free(imp_drive_files *files)
{
    for (int k = 0; k < files->count; k++)
        free(files->paths[k]);
    free(files->paths);
    *files = (imp_drive_files){0};
}

// Appends a copy of a path.
static imp_status append_path(imp_drive_files *files, const char *path, imp_error *err)
{
    if (files->count == FILES_MAX)
        return imp_fail(err, IMP_USAGE, "more than %d demonstrations", FILES_MAX);
    // grows at powers of two
    if ((files->count & (files->count - 1)) == 0) {
        const size_t room = files->count > 0 ? 2 * (size_t)files->count : 1;
        char **paths = realloc(files->paths, room * sizeof *paths);
        if (paths == NULL)
            return imp_fail(err, IMP_NO_MEMORY, "out of memory for a list of demonstrations");
        files->paths = paths;
    }
    files->paths[files->count] = strdup(path);
    if (files->paths[files->count] == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a list of demonstrations");
    files->count++;
    return IMP_OK;
}

// By bytes: the order must not depend on the locale.
static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Appends the drives of a folder, sorted by name.
static imp_status append_folder(imp_drive_files *files, const char *folder, imp_error *err)
{
    const int first = files->count;
    imp_folder_reader reader;
    IMP_TRY(imp_folder_reader_open(&reader, folder, err));
    imp_status status = IMP_OK;
    // hidden files and files of other kinds are skipped
    for (const char *name = ""; status == IMP_OK && name != NULL;) {
        char path[IMP_PATH_MAX];
        status = imp_folder_reader_next(&reader, &name, err);
        if (status != IMP_OK || name == NULL || name[0] == '.' ||
            !imp_path_has_suffix(name, IMP_DRIVE_SUFFIX))
            continue;
        status = imp_path_join(path, folder, name, err);
        if (status == IMP_OK)
            status = append_path(files, path, err);
    }
    imp_folder_reader_close(&reader);
    // a folder without any drive is most likely the wrong one
    if (status == IMP_OK && files->count == first)
        status = imp_fail(err, IMP_BAD_INPUT,
                          "%s: no demonstration (*" IMP_DRIVE_SUFFIX ") in this folder", folder);
    // the order of names, not that of the file system
    if (files->count > first)
        qsort(files->paths + first, (size_t)(files->count - first), sizeof *files->paths,
              compare_paths);
    return status;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

void imp_drive_count_drivers(int64_t *driven, int *take_overs, const imp_demonstration *drive)
{
    for (int k = 0; k < drive->steps; k++) {
        driven[drive->drivers[k]]++;
        *take_overs += k > 0 && drive->drivers[k] == IMP_DRIVER_PERSON &&
                       drive->drivers[k - 1] != IMP_DRIVER_PERSON;
    }
}

// The driver of all steps, or -1.
static int find_single_driver(const imp_demonstration *drive)
{
    for (int k = 1; k < drive->steps; k++)
        if (drive->drivers[k] != drive->drivers[0])
            return -1;
    return drive->drivers[0];
}

// A hash of what a drive is, whatever the spelling of its file.
static uint64_t hash_drive(uint64_t hash, const imp_demonstration *drive)
{
    const size_t steps = (size_t)drive->steps;
    hash = imp_hash_text(hash, drive->map);
    hash = imp_hash_bytes(hash, &drive->map_hash, sizeof drive->map_hash);
    hash = imp_hash_bytes(hash, &drive->final_check, sizeof drive->final_check);
    hash = imp_hash_bytes(hash, drive->actions, 2 * steps * sizeof *drive->actions);
    return imp_hash_bytes(hash, drive->drivers, steps);
}

// Adds what one drive has in common with those before.
static void merge_map_and_driver_names(imp_drive_files *files, const imp_demonstration *drive,
                                       bool first)
{
    const int driver = find_single_driver(drive);
    const char *word = driver >= 0 ? imp_driver_name(driver) : "several";
    if (first) {
        snprintf(files->map, sizeof files->map, "%s", drive->map);
        snprintf(files->driver, sizeof files->driver, "%s", word);
        files->time_step = drive->env.drive.time_step * drive->env.frame_skip;
    }
    if (strcmp(files->map, drive->map) != 0)
        snprintf(files->map, sizeof files->map, "several");
    if (strcmp(files->driver, word) != 0)
        snprintf(files->driver, sizeof files->driver, "several");
    files->steps += drive->steps;
    files->hash = hash_drive(files->hash, drive);
}

imp_status imp_drive_files_list(imp_drive_files *out, const char *const *paths, int count,
                                const imp_monitor *monitor, imp_error *err)
{
    enum { FILES_BETWEEN_REPORTS = 64 };
    *out = (imp_drive_files){.hash = IMP_HASH_START};
    for (int k = 0; k < count; k++)
        IMP_TRY(is_folder(paths[k]) ? append_folder(out, paths[k], err)
                                    : append_path(out, paths[k], err));
    if (out->count == 0)
        return imp_fail(err, IMP_USAGE, "at least one demonstration is needed");
    for (int k = 0; k < out->count; k++) {
        imp_demonstration drive;
        IMP_TRY(imp_demonstration_read(&drive, out->paths[k], err));
        merge_map_and_driver_names(out, &drive, k == 0);
        imp_demonstration_free(&drive);
        if (k % FILES_BETWEEN_REPORTS != 0)
            continue;
        const imp_progress progress = {"read", "files", k, out->count, NULL};
        imp_monitor_progress(monitor, &progress);
        if (imp_monitor_should_stop(monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted");
    }
    return IMP_OK;
}
