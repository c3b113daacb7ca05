// data/dataset/partial_dataset.h: a dataset that lies beside its folder, as FOLDER.partial, until
// it is complete. So what is interrupted or killed leaves nothing that looks like a dataset.
#ifndef IMP_DATA_DATASET_PARTIAL_DATASET_H
#define IMP_DATA_DATASET_PARTIAL_DATASET_H

#include "base/io/file.h"
#include "imprint/dataset.h"

// Writes the path FOLDER.partial to out, and removes what a killed process left there. Slashes at
// the end of folder do not count. IMP_IO: the folder exists, and must not (is_new), the path is too
// long, or imp_partial_dataset_remove() fails.
imp_status imp_partial_dataset_begin(char out[IMP_PATH_MAX], const char *folder, bool is_new,
                                     imp_error *err);

// Gives a complete dataset its name. IMP_IO: it cannot be renamed.
imp_status imp_partial_dataset_finish(const char *partial, const char *folder, imp_error *err);

// Adds episodes to a writer, and finishes it.
typedef imp_status imp_dataset_fill(void *context, imp_dataset_writer *writer, imp_error *err);

// Writes a new dataset as a partial one, which gets its name when fill() has succeeded. After a
// failure nothing is left, and the message does not advise to resume. Fails as
// imp_partial_dataset_begin(), the writer and fill() do.
imp_status imp_partial_dataset_write(const char *folder, const imp_dataset_info *info,
                                     imp_dataset_fill *fill, void *context, imp_error *err);

// Removes the files of a dataset from a folder, and the folder; nothing if it does not exist. The
// folder may hold such folders, as `imprint data split` makes them. Fails with IMP_IO if other
// files are in it, or if another process is writing there.
imp_status imp_partial_dataset_remove(const char *folder, imp_error *err);

// Removes the advice to resume from a message of a dataset writer (disk full): nothing of a partial
// dataset is kept.
void imp_partial_dataset_strip_resume_hint(imp_error *err);

// Whether a file in the folder of a dataset belongs to it: shards, index, settings, the preview.
bool imp_is_dataset_file_name(const char *name);

#endif
