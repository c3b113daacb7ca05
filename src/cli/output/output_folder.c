// Output folders: whether a command may write there, and what happens to a folder that exists.
// Without --resume or --force, a folder with content is refused. --force first renames the old
// folder to NAME.replaced. After the new work succeeded it becomes NAME.discarded, which is
// deleted; if nothing new was written, it is moved back. So a failed run never destroys results,
// and the names tell the next run how far a killed one came. A folder that is being written is
// locked, by this file or by the library. Only files whose names imprint writes
// are ever deleted. A folder that holds anything else is refused, whatever the options.
#include "cli/output/output_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/common/try.h"
#include "base/io/atomic_file.h"
#include "base/io/folder_lock.h"
#include "base/io/folder_reader.h"
#include "cli/options/settings_file.h"
#include "cli/output/output_extension.h"
#include "data/dataset/dataset_files.h"

// Files whose names have no variable part.
static const char *const FIXED_NAMES[] = {
    IMP_DATASET_INDEX_FILE, "metadata.json",     IMP_SETTINGS_FILE_NAME,
    "observations.png",     "segments.png",      "model.safetensors",
    "last.safetensors",     "history.csv",       "loss.svg",
    "metrics.json",         "state.safetensors", "trajectories.png",
    "history.jsonl",        "report.html",       "episodes.csv",
    "failures.csv",         "rounds.csv",        "rounds.svg",
    "predictions.csv",      "sheet.png",         "simulator.html",
    "sweep.json",           "trials.csv",        "evaluation.json",
    "audit.json",           "alike.png",         "map.svg",
};

// Whether imprint writes files of this name. No other file is ever removed. The list must grow with
// every new output file.
static bool is_imprint_file(const char *name)
{
    // a writer that was killed leaves a temporary name: judge the name behind it
    char stem[256];
    int number, used = 0;
    snprintf(stem, sizeof stem, "%s", name);
    imp_atomic_file_strip_suffix(stem);
    // fixed names
    for (size_t k = 0; k < sizeof FIXED_NAMES / sizeof FIXED_NAMES[0]; k++)
        if (strcmp(stem, FIXED_NAMES[k]) == 0)
            return true;
    // names with numbers or words in them
    // one image per map or scenario, whose name is part of the file's name
    if (strcmp(stem, "trajectories.csv") == 0 ||
        (sscanf(stem, "trajectories-%*[a-z0-9-].png%n", &used) == 0 && used > 0 &&
         stem[used] == '\0'))
        return true;
    static const char *const patterns[] = {"worst-%*9[0-9]-%*9[0-9].csv%n",
                                           "worst-%*9[0-9]-%*9[0-9].png%n",
                                           "worst-%*9[0-9]-%*9[0-9].mp4%n",
                                           "worst-%*9[0-9]-%*9[0-9].webm%n",
                                           "worst-%*9[0-9]-%*9[0-9].gif%n",
                                           "worst-%*9[0-9]-%*9[0-9].webp%n",
                                           "worst-%*9[0-9]-%*9[0-9].apng%n",
                                           "saliency-%*9[0-9].png%n",
                                           "worst-%*9[0-9]-%*9[0-9].drive.json%n",
                                           "%*9[0-9]-%*9[0-9].drive.json%n",
                                           "frame-%*9[0-9].png%n",
                                           "agent%*9[0-9]-episode%*9[0-9].cbor%n",
                                           "epoch-%*9[0-9].safetensors%n",
                                           "evaluation-%*9[0-9].json%n",
                                           "part-%*9[0-9].jsonl%n",
                                           "%*9[0-9].drive.json%n"};
    for (size_t k = 0; k < sizeof patterns / sizeof patterns[0]; k++) {
        // NOLINTNEXTLINE(clang-diagnostic-format-nonliteral,cert-err34-c): fixed patterns
        if (sscanf(stem, patterns[k], &used) == 0 && used > 0 && stem[used] == '\0')
            return true;
    }
    if (sscanf(stem, "events.out.tfevents.%*19[0-9].imprint%n", &used) == 0 && used > 0 &&
        stem[used] == '\0')
        return true;
    if (sscanf(stem, "town-%*9[0-9].yaml%n", &used) == 0 && used > 0 && stem[used] == '\0')
        return true;
    // NOLINTNEXTLINE(cert-err34-c): the number itself does not matter
    return sscanf(stem, "shard-%9d.hdf5%n", &number, &used) == 1 && stem[used] == '\0' && used > 0;
}

// Whether imprint makes subfolders of this name: for DAgger's rounds, for seeds, for messages of
// agents, for networks that drive during online training, for the parts of a dataset, and for
// drives of an evaluation. A symbolic link does not count.
static bool is_imprint_subfolder(int directory, const char *name)
{
    static const char *const patterns[] = {"data-%*9[0-9]%n",
                                           "data-%*9[0-9].partial%n",
                                           "model-%*9[0-9]%n",
                                           "seed-%*20[0-9]%n",
                                           "messages%n",
                                           "drivers%n",
                                           "train%n",
                                           "validation%n",
                                           "drives%n",
                                           "trial-%*8[0-9a-f]-seed-%*20[0-9]%n",
                                           "trial-%*8[0-9a-f]-seed-%*20[0-9]-epochs-%*9[0-9]%n",
                                           "trial-%*8[0-9a-f]-seed-%*20[0-9]-rounds-%*9[0-9]%n"};
    struct stat info;
    int used = 0;
    for (size_t k = 0; used == 0 && k < sizeof patterns / sizeof patterns[0]; k++) {
        // NOLINTNEXTLINE(clang-diagnostic-format-nonliteral,cert-err34-c): fixed patterns
        sscanf(name, patterns[k], &used);
    }
    return used > 0 && name[used] == '\0' &&
           fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
}

static imp_status check_or_remove_files(const char *folder, bool remove_files, imp_error *err);

// Removes the settings, by which a folder is known as a run, and then the folder. Without these
// files the next call knows what a killed one has begun to remove.
static imp_status remove_emptied_folder(const char *folder, imp_error *err)
{
    char settings[IMP_PATH_MAX];
    IMP_TRY(imp_path_join(settings, folder, IMP_SETTINGS_FILE_NAME, err));
    if (unlink(settings) != 0 && errno != ENOENT)
        return imp_fail(err, IMP_IO, "%s: %s", settings, strerror(errno));
    return rmdir(folder) == 0 ? IMP_OK : imp_fail(err, IMP_IO, "%s: %s", folder, strerror(errno));
}

// Subfolders hold no subfolders, so the recursion has one level.
static imp_status check_or_remove_subfolder(const char *folder, const char *name, bool remove_files,
                                            imp_error *err)
{
    // the path is needed for messages and for removing the folder
    char path[IMP_PATH_MAX];
    imp_status status = imp_path_join(path, folder, name, err);
    return status == IMP_OK ? check_or_remove_files(path, remove_files, err) : status;
}

// Says why a folder is not replaced: what else is in it. Another run or dataset is worth more than
// the question whether it may go, too.
static imp_status refuse_foreign_content(const char *folder, const char *name, imp_error *err)
{
    char inner[IMP_PATH_MAX], settings[IMP_PATH_MAX], index[IMP_PATH_MAX];
    IMP_TRY(imp_path_join(inner, folder, name, err));
    const bool is_ours = imp_path_join(settings, inner, IMP_SETTINGS_FILE_NAME, NULL) == IMP_OK &&
                         imp_path_join(index, inner, IMP_DATASET_INDEX_FILE, NULL) == IMP_OK &&
                         (imp_path_exists(settings) || imp_path_exists(index));
    if (is_ours)
        return imp_fail(err, IMP_IO,
                        "%s holds %s, another run or dataset, which would be lost: move it "
                        "elsewhere, delete it with imprint runs delete %s --force, or choose "
                        "another folder",
                        folder, name, inner);
    return imp_fail(err, IMP_IO,
                    "%s holds %s, which imprint did not write: remove it yourself, or "
                    "choose another folder",
                    folder, name);
}

// Checks that imprint wrote all files of a folder, or removes them and the folder.
static imp_status check_or_remove_files(const char *folder, bool remove_files,
                                        imp_error *err) // NOLINT(misc-no-recursion): one level
{
    // the folder stays open, so that its content cannot be exchanged
    imp_folder_reader reader;
    imp_status status = imp_folder_reader_open(&reader, folder, err);
    // whoever writes to it holds this lock
    if (status == IMP_OK)
        status = imp_folder_reader_lock(&reader, err);
    for (const char *name = ""; status == IMP_OK && name != NULL;) {
        struct stat info;
        status = imp_folder_reader_next(&reader, &name, err);
        if (status != IMP_OK || name == NULL)
            break;
        // all calls are relative to the open folder, which cannot be exchanged meanwhile
        const int descriptor = dirfd(reader.stream);
        if (is_imprint_subfolder(descriptor, name))
            status = check_or_remove_subfolder(folder, name, remove_files, err);
        else if (!is_imprint_file(name) ||
                 fstatat(descriptor, name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
                 !S_ISREG(info.st_mode))
            status = refuse_foreign_content(folder, name, err);
        else if (remove_files && strcmp(name, IMP_SETTINGS_FILE_NAME) != 0 &&
                 unlinkat(descriptor, name, 0) != 0)
            status = imp_fail(err, IMP_IO, "%s/%s: %s", folder, name, strerror(errno));
    }
    // the lock lasts until the folder is gone
    if (status == IMP_OK && remove_files)
        status = remove_emptied_folder(folder, err);
    imp_folder_reader_close(&reader);
    return status;
}

// The old folder while the new one is written, and while it is deleted.
static const char BACKUP[] = ".replaced", DISCARDED[] = ".discarded";

// Cuts the last component off a path, and slashes behind it; returns the length of what is left.
static size_t cut_last_component(char *path)
{
    size_t length = strlen(path);
    while (length > 0 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    path[length] = '\0';
    return length;
}

// The length of the longest part of a path that is there, without the slash behind it.
static size_t length_of_existing_path_prefix(const char *path)
{
    char part[IMP_PATH_MAX];
    snprintf(part, sizeof part, "%s", path);
    while (part[0] != '\0' && !imp_path_exists(part))
        cut_last_component(part);
    return strlen(part);
}

// Removes a folder if it is empty, and then the folders around it that were made for it.
static void remove_if_empty(const imp_output_folder *folder)
{
    char part[IMP_PATH_MAX];
    snprintf(part, sizeof part, "%s", folder->path);
    // the folder itself may not have been made yet
    while ((rmdir(part) == 0 || errno == ENOENT) &&
           cut_last_component(part) > folder->existing_length)
        continue;
}

// Removes an empty folder, which is as good as none, unless another process has just made it.
static imp_status drop_empty_folder(const char *folder, imp_error *err)
{
    int lock;
    struct stat info;
    if (lstat(folder, &info) != 0 || !S_ISDIR(info.st_mode))
        return IMP_OK;
    IMP_TRY(imp_folder_lock(&lock, folder, err));
    rmdir(folder); // fails if it is not empty
    imp_folder_unlock(lock);
    return IMP_OK;
}

// Whether there is a real folder with nothing but our files.
static bool is_imprint_folder(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode) &&
           check_or_remove_files(path, false, NULL) == IMP_OK;
}

// Completes what a killed run with --force left: deletes a folder that it had replaced, and moves
// one back in whose place it had written nothing.
static imp_status finish_replacement_of_killed_run(const char *folder, imp_error *err)
{
    char backup[IMP_PATH_MAX], discarded[IMP_PATH_MAX];
    IMP_TRY(imp_path_append_suffix(backup, folder, BACKUP, err));
    IMP_TRY(imp_path_append_suffix(discarded, folder, DISCARDED, err));
    if (is_imprint_folder(discarded))
        IMP_TRY(check_or_remove_files(discarded, true, err));
    if (imp_path_exists(folder) || !is_imprint_folder(backup))
        return IMP_OK;
    if (rename(backup, folder) != 0)
        return imp_fail(err, IMP_IO, "%s: %s", folder, strerror(errno));
    fprintf(stderr, "imprint: note: %s is moved back: what was to replace it wrote nothing\n",
            folder);
    return IMP_OK;
}

// Removes what a run that failed or was killed wrote, not what it was to replace.
static imp_status remove_unfinished_folder(imp_output_folder *out, const char *backup,
                                           imp_error *err)
{
    struct stat info;
    if (lstat(backup, &info) != 0 || !S_ISDIR(info.st_mode))
        return imp_fail(err, IMP_IO, "%s is in the way: move it elsewhere", backup);
    IMP_TRY(check_or_remove_files(backup, false, err));
    IMP_TRY(imp_folder_lock(&out->backup_lock, backup, err));
    fprintf(stderr,
            "imprint: note: %s, which was not finished, is removed; %s is kept until this run "
            "has succeeded\n",
            out->path, backup);
    return check_or_remove_files(out->path, true, err);
}

// A folder that cannot be read is not empty.
static bool is_empty_folder(const char *path)
{
    imp_folder_reader reader;
    const char *name = "";
    const bool empty = imp_folder_reader_open(&reader, path, NULL) == IMP_OK &&
                       imp_folder_reader_next(&reader, &name, NULL) == IMP_OK && name == NULL;
    imp_folder_reader_close(&reader);
    return empty;
}

imp_status imp_output_folder_remove(const char *folder, bool remove, imp_error *err)
{
    char settings[IMP_PATH_MAX];
    struct stat info;
    if (lstat(folder, &info) != 0 || !S_ISDIR(info.st_mode))
        return imp_fail(err, IMP_IO, "%s: is not a folder", folder);
    IMP_TRY(imp_path_join(settings, folder, IMP_SETTINGS_FILE_NAME, err));
    // an empty folder is what a call leaves that was killed at its end
    if (!imp_path_exists(settings) && !is_empty_folder(folder))
        return imp_fail(err, IMP_IO, "%s: is not a run, for it has no %s", folder,
                        IMP_SETTINGS_FILE_NAME);
    return check_or_remove_files(folder, remove, err);
}

// Moves a folder to its backup if imprint wrote everything in it.
static imp_status move_to_backup(imp_output_folder *out, imp_error *err)
{
    const char *folder = out->path;
    char backup[IMP_PATH_MAX];
    struct stat info;
    // a link to a folder is refused: it would be renamed instead of its target
    if (lstat(folder, &info) != 0 || !S_ISDIR(info.st_mode))
        return imp_fail(err, IMP_IO, "%s: is not a folder", folder);
    IMP_TRY(check_or_remove_files(folder, false, err));
    IMP_TRY(imp_path_append_suffix(backup, folder, BACKUP, err));
    if (imp_path_exists(backup))
        return remove_unfinished_folder(out, backup, err);
    if (rename(folder, backup) != 0)
        return imp_fail(err, IMP_IO, "%s: %s", folder, strerror(errno));
    return imp_folder_lock(&out->backup_lock, backup, err);
}

// Decides whether the folder may be written, and moves an old one aside.
imp_status imp_output_folder_check_and_back_up(imp_output_folder *out, const imp_options *options,
                                               const char *folder, bool resume, bool force,
                                               imp_error *err)
{
    struct stat info;
    *out = (imp_output_folder){.path = folder,
                               .force = force,
                               .lock = IMP_FOLDER_UNLOCKED,
                               .backup_lock = IMP_FOLDER_UNLOCKED};
    // contradictions and wrong names
    if (resume && force)
        return imp_fail(err, IMP_USAGE, "--resume and --force exclude each other");
    if (folder[0] == '\0')
        return imp_fail(err, IMP_USAGE, "--out wants a folder");
    const imp_status named = imp_output_check_folder(folder, err);
    if (named != IMP_OK)
        return named;
    // what is at the path: nothing, something that is no folder, or a folder with content
    IMP_TRY(drop_empty_folder(folder, err));
    out->existing_length = length_of_existing_path_prefix(folder);
    IMP_TRY(finish_replacement_of_killed_run(folder, err));
    if (lstat(folder, &info) != 0)
        return IMP_OK;
    if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode))
        return imp_fail(err, IMP_IO, "%s: is not a folder, choose another --out", folder);
    // continue, refuse, or replace
    if (resume)
        return imp_settings_file_check_command(options, folder, err);
    if (!force)
        return imp_fail(err, IMP_IO, "%s exists: %s%sor choose another --out", folder,
                        imp_option_find(options, "resume") >= 0 ? "continue it with --resume, "
                                                                : "",
                        imp_option_find(options, "force") >= 0 ? "replace it with --force, " : "");
    return move_to_backup(out, err);
}

imp_status imp_output_folder_claim(imp_output_folder *out, const imp_options *options,
                                   const char *path, bool force, imp_error *err)
{
    IMP_TRY(imp_output_folder_check_and_back_up(out, options, path, false, force, err));
    IMP_TRY(imp_folder_create(path, err));
    return imp_folder_lock(&out->lock, path, err);
}

// Adds the path of the backup to an error message.
static void add_backup_to_message(const char *backup, imp_status status, imp_error *err)
{
    const imp_error first = *err;
    (void)imp_add_hint(
        err, first.hint,
        imp_fail(err, status, "%s; the previous content is in %s", first.message, backup));
}

// After the work: keeps, restores or deletes the backup.
bool imp_output_folder_restore_or_drop_backup(imp_output_folder *folder, imp_status status,
                                              imp_error *err)
{
    // the backup exists only if --force replaced a folder
    char backup[IMP_PATH_MAX], discarded[IMP_PATH_MAX];
    remove_if_empty(folder);
    imp_folder_unlock(folder->lock);
    imp_folder_unlock(folder->backup_lock);
    folder->lock = folder->backup_lock = IMP_FOLDER_UNLOCKED;
    const bool written = imp_path_exists(folder->path);
    if (!folder->force || imp_path_append_suffix(backup, folder->path, BACKUP, NULL) != IMP_OK ||
        imp_path_append_suffix(discarded, folder->path, DISCARDED, NULL) != IMP_OK ||
        !imp_path_exists(backup))
        return written;
    // nothing new: restore; failure: keep both and say where; success: delete
    if (!written)
        rename(backup, folder->path);
    else if (status != IMP_OK)
        add_backup_to_message(backup, status, err);
    else if (rename(backup, discarded) != 0 ||
             check_or_remove_files(discarded, true, NULL) != IMP_OK)
        fprintf(stderr, "imprint: note: not all of %s, which was replaced, could be removed\n",
                imp_path_exists(backup) ? backup : discarded);
    return written;
}

// Saves the settings as YAML. Creates the folder if necessary.
imp_status imp_output_folder_save_settings(const imp_options *options, const char *folder,
                                           imp_error *err)
{
    char path[IMP_PATH_MAX];
    // the file has a fixed name, by which --resume finds it
    IMP_TRY(imp_path_join(path, folder, IMP_SETTINGS_FILE_NAME, err));
    char *text;
    IMP_TRY(imp_options_to_yaml(&text, options, err));
    imp_status status = imp_folder_create(folder, err);
    if (status == IMP_OK)
        status = imp_file_write(path, text, strlen(text), err);
    free(text);
    return status;
}
