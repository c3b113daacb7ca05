// Datasets that are under construction beside their final path. Only files that dataset writers and
// commands create are ever removed, and only under the lock of their folder.
#include "data/dataset/partial_dataset.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/common/try.h"
#include "base/io/folder_reader.h"
#include "data/dataset/dataset_files.h"

bool imp_is_dataset_file_name(const char *name)
{
    int used = 0;
    if (imp_path_has_suffix(name, ".tmp"))
        return true;
    if (strcmp(name, IMP_DATASET_INDEX_FILE) == 0 || strcmp(name, IMP_DATASET_METADATA_FILE) == 0 ||
        strcmp(name, IMP_SETTINGS_FILE_NAME) == 0 || strcmp(name, IMP_DATASET_PREVIEW_FILE) == 0)
        return true;
    // "shard-" and digits; %n proves that the rest matched
    return sscanf(name, "shard-%*9[0-9].hdf5%n", &used) == 0 && used > 0 && name[used] == '\0';
}

// Whether the entry is a folder, not a link to one.
static bool is_subfolder(const imp_folder_reader *reader, const char *name)
{
    struct stat info;
    return fstatat(dirfd(reader->stream), name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(info.st_mode);
}

// Removes the dataset's files from an open folder, and names a subfolder that it met.
static imp_status remove_files(imp_folder_reader *reader, char subfolder[NAME_MAX + 1],
                               imp_error *err)
{
    subfolder[0] = '\0';
    for (const char *name = ""; name != NULL;) {
        IMP_TRY(imp_folder_reader_next(reader, &name, err));
        if (name != NULL && imp_is_dataset_file_name(name))
            unlinkat(dirfd(reader->stream), name, 0);
        else if (name != NULL && is_subfolder(reader, name))
            snprintf(subfolder, NAME_MAX + 1, "%s", name);
    }
    return IMP_OK;
}

// Removes a folder and its files. *subfolder names a folder in it, or is "".
static imp_status remove_files_of_folder(const char *folder, char subfolder[NAME_MAX + 1],
                                         imp_error *err)
{
    imp_folder_reader reader;
    subfolder[0] = '\0';
    imp_status status = imp_folder_reader_open(&reader, folder, err);
    if (status != IMP_OK)
        return errno == ENOENT ? IMP_OK : status;
    // the writer's lock tells whether another process is at work
    status = imp_folder_reader_lock(&reader, err);
    if (status == IMP_OK)
        status = remove_files(&reader, subfolder, err);
    imp_folder_reader_close(&reader);
    // rmdir() fails if other files remain
    if (status == IMP_OK && subfolder[0] == '\0' && rmdir(folder) != 0)
        status = imp_fail(err, IMP_IO, "%s is left from a process that was killed: remove it (%s)",
                          folder, strerror(errno));
    return status;
}

imp_status imp_partial_dataset_remove(const char *folder, imp_error *err)
{
    char name[NAME_MAX + 1], path[IMP_PATH_MAX], below[NAME_MAX + 1];
    // each turn removes one subfolder, or fails; at last the folder itself
    for (;;) {
        IMP_TRY(remove_files_of_folder(folder, name, err));
        if (name[0] == '\0')
            return IMP_OK;
        IMP_TRY(imp_path_join(path, folder, name, err));
        IMP_TRY(remove_files_of_folder(path, below, err));
        if (below[0] != '\0')
            return imp_fail(err, IMP_IO, "%s holds %s, which imprint did not write: remove it",
                            path, below);
    }
}

imp_status imp_partial_dataset_begin(char out[IMP_PATH_MAX], const char *folder, bool is_new,
                                     imp_error *err)
{
    IMP_TRY(imp_path_append_suffix(out, folder, ".partial", err));
    // checked before anything is written
    if (is_new && imp_path_exists(folder))
        return imp_add_hint(err, IMP_HINT_OUTPUT_EXISTS,
                            imp_fail(err, IMP_IO, "%s exists", folder));
    return imp_partial_dataset_remove(out, err);
}

imp_status imp_partial_dataset_finish(const char *partial, const char *folder, imp_error *err)
{
    if (rename(partial, folder) != 0)
        return imp_fail(err, IMP_IO, "%s: cannot be renamed to %s: %s", partial, folder,
                        strerror(errno));
    return IMP_OK;
}

void imp_partial_dataset_strip_resume_hint(imp_error *err)
{
    char *advice = err == NULL ? NULL : strstr(err->message, " episodes are safe");
    if (advice == NULL && err != NULL)
        advice = strstr(err->message, " episode is safe");
    while (advice != NULL && advice > err->message && *advice != ';')
        advice--;
    if (advice != NULL)
        *advice = '\0';
    if (err != NULL && err->hint == IMP_HINT_RESUME)
        err->hint = IMP_HINT_NONE;
}

imp_status imp_partial_dataset_write(const char *folder, const imp_dataset_info *info,
                                     imp_dataset_fill *fill, void *context, imp_error *err)
{
    char partial[IMP_PATH_MAX];
    imp_dataset_writer *writer;
    int written;
    IMP_TRY(imp_partial_dataset_begin(partial, folder, true, err));
    IMP_TRY(imp_dataset_writer_create(&writer, partial, info, false, &written, err));
    imp_status status = fill(context, writer, err);
    imp_dataset_writer_destroy(writer);
    if (status != IMP_OK)
        imp_partial_dataset_strip_resume_hint(err);
    else
        status = imp_partial_dataset_finish(partial, folder, err);
    if (status != IMP_OK)
        (void)imp_partial_dataset_remove(partial, NULL);
    return status;
}
