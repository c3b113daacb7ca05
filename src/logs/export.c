#include "logs/export.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "dataset/hdf5.h"

imp_status imp_export_watch(const imp_dataset *dataset, int done, const imp_monitor *monitor,
                            imp_error *err)
{
    const imp_progress progress = {.task = "export",
                                   .unit = "episodes",
                                   .done = done,
                                   .total = imp_dataset_episode_count(dataset)};
    imp_monitor_progress(monitor, &progress);
    if (imp_monitor_should_stop(monitor))
        return imp_fail(err, IMP_INTERRUPTED, "interrupted: nothing was exported");
    return IMP_OK;
}

// A folder of two files is made under another name, then renamed.
static imp_status export_folder(const imp_dataset *dataset, const char *folder, const char *path,
                                const imp_monitor *monitor, imp_error *err)
{
    char partial[IMP_PATH_MAX], main_data[IMP_PATH_MAX], metadata[IMP_PATH_MAX];
    if (snprintf(partial, sizeof partial, "%s.partial", path) >= (int)sizeof partial)
        return imp_fail(err, IMP_IO, "%.100s...: path too long", path);
    imp_status status = imp_folder_create(partial, err);
    if (status == IMP_OK)
        status = imp_path_join(main_data, partial, "main_data.hdf5", err);
    if (status == IMP_OK)
        status = imp_path_join(metadata, partial, "metadata.json", err);
    if (status != IMP_OK)
        return status;
    status = imp_export_minari(dataset, folder, partial, monitor, err);
    if (status == IMP_OK && rename(partial, path) != 0)
        status = imp_fail(err, IMP_IO, "%s: %s", path, strerror(errno));
    if (status != IMP_OK) {
        unlink(main_data);
        unlink(metadata);
        rmdir(partial);
    }
    return status;
}

static imp_status export_file(const imp_dataset *dataset, imp_export_format format,
                              const char *path, const imp_monitor *monitor, imp_error *err)
{
    imp_atomic_file file;
    imp_status status = imp_atomic_file_open(&file, path, err);
    if (status != IMP_OK)
        return status;
    if (format == IMP_EXPORT_TRAINLOG)
        status = imp_export_trainlog(dataset, file.stream, monitor, err);
    else
        status = imp_atomic_file_name(&file, err);
    if (status == IMP_OK && format == IMP_EXPORT_ROBOMIMIC)
        status = imp_export_robomimic(dataset, file.temporary, monitor, err);
    if (status == IMP_OK)
        return imp_atomic_file_commit(&file, err);
    imp_atomic_file_discard(&file);
    return status;
}

imp_status imp_export_dataset(const char *dataset_folder, imp_export_format format,
                              const char *path, bool replace, const imp_monitor *monitor,
                              imp_error *err)
{
    imp_dataset *dataset;
    if (imp_path_exists(path) && (!replace || format == IMP_EXPORT_MINARI))
        return imp_fail(err, IMP_IO, "%s exists: replace it with --force, or choose another --out",
                        path);
    imp_status status = imp_dataset_open(&dataset, dataset_folder, err);
    if (status != IMP_OK)
        return status;
    const imp_quiet quiet = imp_quiet_begin();
    if (imp_dataset_episode_count(dataset) == 0)
        status = imp_fail(err, IMP_BAD_INPUT, "%s has no episodes", dataset_folder);
    else if (format == IMP_EXPORT_MINARI)
        status = export_folder(dataset, dataset_folder, path, monitor, err);
    else
        status = export_file(dataset, format, path, monitor, err);
    imp_quiet_end(&quiet);
    imp_dataset_close(dataset);
    return status;
}
