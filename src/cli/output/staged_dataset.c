// Datasets that commands of several steps write: the library writes the data, then the command adds
// settings and a preview. All of it happens in FOLDER.unfinished/dataset, which is renamed to
// FOLDER at the end. So a process that is killed leaves no dataset without settings. It leaves
// FOLDER.unfinished, which the next process removes. A lock on that folder keeps others away.
#include "cli/output/staged_dataset.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/common/try.h"
#include "base/io/folder_lock.h"
#include "data/dataset/partial_dataset.h"

static const char CONTAINER[] = ".unfinished", DATASET[] = "dataset", PARTIAL[] = "dataset.partial";

// Removes the dataset in the container, however far it has come.
static imp_status remove_content(const char *container, imp_error *err)
{
    char path[IMP_PATH_MAX];
    IMP_TRY(imp_path_join(path, container, PARTIAL, err));
    IMP_TRY(imp_partial_dataset_remove(path, err));
    IMP_TRY(imp_path_join(path, container, DATASET, err));
    return imp_partial_dataset_remove(path, err);
}

// Removes what is in the container, under its lock.
static imp_status remove_leftovers(const imp_staged_dataset *staged, imp_error *err)
{
    IMP_TRY(remove_content(staged->container, err));
    // with nothing left in it, the folder can be removed and made anew
    if (rmdir(staged->container) != 0)
        return imp_fail(err, IMP_IO, "%s holds files that imprint did not write: move it elsewhere",
                        staged->container);
    fprintf(stderr, "imprint: note: %s, which a process that was killed has left, is removed\n",
            staged->container);
    return imp_folder_create(staged->container, err);
}

imp_status imp_staged_dataset_begin(imp_staged_dataset *out, const char *folder, imp_error *err)
{
    *out = (imp_staged_dataset){.folder = folder, .lock = IMP_FOLDER_UNLOCKED};
    IMP_TRY(imp_path_append_suffix(out->container, folder, CONTAINER, err));
    IMP_TRY(imp_path_join(out->path, out->container, DATASET, err));
    // what is there is judged when no other process can be at work in it
    const bool existed = imp_path_exists(out->container);
    IMP_TRY(imp_folder_create(out->container, err));
    IMP_TRY(imp_folder_lock(&out->lock, out->container, err));
    if (!existed)
        return IMP_OK;
    imp_status status = remove_leftovers(out, err);
    imp_folder_unlock(out->lock);
    out->lock = IMP_FOLDER_UNLOCKED;
    return status == IMP_OK ? imp_folder_lock(&out->lock, out->container, err) : status;
}

// Writes the folder where a message names the place beside it.
static void name_folder_in_message(const imp_staged_dataset *staged, imp_status status,
                                   imp_error *err)
{
    const char *place = err != NULL ? strstr(err->message, staged->path) : NULL;
    if (place == NULL)
        return;
    const imp_error first = *err;
    const size_t start = (size_t)(place - err->message);
    (void)imp_add_hint(err, first.hint,
                       imp_fail(err, status, "%.*s%s%s", (int)start, first.message, staged->folder,
                                first.message + start + strlen(staged->path)));
}

imp_status imp_staged_dataset_end(imp_staged_dataset *staged, imp_status status, imp_error *err)
{
    if (status != IMP_OK)
        name_folder_in_message(staged, status, err);
    else if (rename(staged->path, staged->folder) != 0)
        status = imp_fail(err, IMP_IO, "%s: %s", staged->folder, strerror(errno));
    // what cannot be removed now is removed by the next process
    if (status != IMP_OK)
        (void)remove_content(staged->container, NULL);
    if (rmdir(staged->container) != 0 && status == IMP_OK)
        fprintf(stderr, "imprint: note: %s could not be removed: the next run does it\n",
                staged->container);
    imp_folder_unlock(staged->lock);
    staged->lock = IMP_FOLDER_UNLOCKED;
    return status;
}
