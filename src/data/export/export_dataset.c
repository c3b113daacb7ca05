// Exports datasets: checks the definition, opens the dataset, and writes the chosen format so that
// the result appears complete or not at all.
// Single files go through the atomic writer. Minari's folder is written beside its path and
// renamed.
#include "base/common/try.h"
#include "data/export/export_formats.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io/atomic_file.h"
#include "data/export/minari_id.h"
#include "data/hdf5/hdf5_file.h"

enum { EXPORT_COOKIE = 0xE4B7 };

// The cookie detects structs that were not obtained here.
imp_export_def imp_default_export_def(void)
{
    return (imp_export_def){.validation = 0.1, .seed = 1, .cookie = EXPORT_COOKIE};
}

// Reports after each episode; stopping discards what was written.
imp_status imp_export_report_or_stop(const imp_dataset *dataset, int done,
                                     const imp_monitor *monitor, imp_error *err)
{
    const imp_progress progress = {.task = "export",
                                   .unit = "episodes",
                                   .done = done,
                                   .total = imp_dataset_episode_count(dataset)};
    imp_monitor_progress(monitor, &progress);
    // the caller removes what was written
    if (imp_monitor_should_stop(monitor))
        return imp_fail(err, IMP_INTERRUPTED, "interrupted: nothing was exported");
    return IMP_OK;
}

// Writes a folder of two files under another name and renames it at the end.
static imp_status export_minari_folder(const imp_dataset *dataset, const char *folder,
                                       const char *path, const imp_export_def *def,
                                       const imp_monitor *monitor, imp_error *err)
{
    // paths of the temporary folder and the files in it
    char partial[IMP_PATH_MAX], main_data[IMP_PATH_MAX], metadata[IMP_PATH_MAX];
    IMP_TRY(imp_path_append_suffix(partial, path, ".partial", err));
    IMP_TRY(imp_folder_create(partial, err));
    IMP_TRY(imp_path_join(main_data, partial, "main_data.hdf5", err));
    IMP_TRY(imp_path_join(metadata, partial, "metadata.json", err));
    // both files are written before the folder gets its name
    imp_status status = imp_export_minari(dataset, folder, partial, def->id, monitor, err);
    if (status == IMP_OK && rename(partial, path) != 0)
        status = imp_fail(err, IMP_IO, "%s: %s", path, strerror(errno));
    // remove what a failed export left
    if (status != IMP_OK) {
        unlink(main_data);
        unlink(metadata);
        rmdir(partial);
    }
    return status;
}

// A step of a drive may have no label, and these formats have no word for that.
static imp_status refuse_missing_labels(const imp_dataset *dataset, imp_error *err)
{
    for (int e = 0; e < imp_dataset_episode_count(dataset); e++) {
        const imp_episode *episode = imp_dataset_episode(dataset, e);
        for (int k = 0; k < episode->steps; k++)
            if (isnan(episode->expert_actions[2 * (size_t)k]))
                return imp_fail(err, IMP_BAD_INPUT,
                                "episode %d has no label in step %d, where the person did not "
                                "drive: import the drives with the expert's labels",
                                e, k);
    }
    return IMP_OK;
}

// train.log and robomimic are single files.
static imp_status export_single_file(imp_export_summary *out, const imp_dataset *dataset,
                                     const char *path, const imp_export_def *def,
                                     const imp_monitor *monitor, imp_error *err)
{
    // open, write, commit or discard
    imp_atomic_file file;
    IMP_TRY(refuse_missing_labels(dataset, err));
    IMP_TRY(imp_atomic_file_open(&file, path, err));
    const imp_status status = def->format == IMP_EXPORT_TRAINLOG
                                  ? imp_export_trainlog(dataset, file.stream, monitor, err)
                                  : imp_export_robomimic(out, dataset, &file, def, monitor, err);
    if (status == IMP_OK)
        return imp_atomic_file_commit(&file, err);
    imp_atomic_file_discard(&file);
    return status;
}

// Refuses what no export can do, before a file is made.
static imp_status check_export_def(const imp_export_def *def, imp_error *err)
{
    // cookie, id, fraction
    if (def->cookie != EXPORT_COOKIE)
        return imp_fail(err, IMP_USAGE, "a definition must come from imp_default_export_def()");
    if (def->id != NULL && !imp_minari_id_is_valid(def->id))
        return imp_fail(
            err, IMP_USAGE,
            "%.60s is not an id of Minari: it must be NAMESPACE/NAME-vNUMBER, with letters, "
            "digits, _ and -, and a namespace of at least two",
            def->id);
    // the condition also rejects NaN
    if (!(def->validation >= 0.0 && def->validation < 1.0))
        return imp_add_hint(err, IMP_HINT_SETTING,
                            imp_fail(err, IMP_USAGE,
                                     "validation %g: must be at least 0 and below 1",
                                     def->validation));
    return IMP_OK;
}

// An existing path is only replaced if it is a file and the caller asked for it.
imp_status imp_export_dataset(imp_export_summary *out, const char *dataset_folder, const char *path,
                              const imp_export_def *def, const imp_monitor *monitor, imp_error *err)
{
    imp_dataset *dataset;
    // results are zero if nothing is exported
    *out = (imp_export_summary){0};
    IMP_TRY(check_export_def(def, err));
    if (imp_path_exists(path) && (!def->replace || def->format == IMP_EXPORT_MINARI))
        return imp_add_hint(err, IMP_HINT_OUTPUT_EXISTS, imp_fail(err, IMP_IO, "%s exists", path));
    imp_status status = imp_dataset_open(&dataset, dataset_folder, err);
    if (status != IMP_OK)
        return status;
    // the exporters call HDF5 directly
    imp_hdf5_errors quiet;
    imp_hdf5_errors_silence(&quiet);
    // an empty dataset would be an invalid file in all formats
    if (imp_dataset_episode_count(dataset) == 0)
        status = imp_fail(err, IMP_BAD_INPUT, "%s has no episodes", dataset_folder);
    else if (def->format == IMP_EXPORT_MINARI)
        status = export_minari_folder(dataset, dataset_folder, path, def, monitor, err);
    else
        status = export_single_file(out, dataset, path, def, monitor, err);
    status = imp_hdf5_errors_restore(&quiet, status, err);
    imp_dataset_close(dataset);
    return status;
}
