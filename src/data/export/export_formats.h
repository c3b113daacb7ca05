// data/export/export_formats.h: the exporters, and what they share.
#ifndef IMP_DATA_EXPORT_EXPORT_FORMATS_H
#define IMP_DATA_EXPORT_EXPORT_FORMATS_H

#include <stdio.h>

#include "base/io/atomic_file.h"
#include "imprint/import_export.h"

// Each writes a whole dataset to a file, or to the files of a folder. The caller commits files;
// errors of the stream are reported by the commit.
imp_status imp_export_trainlog(const imp_dataset *dataset, FILE *file, const imp_monitor *monitor,
                               imp_error *err);
// id: nullable
imp_status imp_export_minari(const imp_dataset *dataset, const char *folder, const char *path,
                             const char *id, const imp_monitor *monitor, imp_error *err);
imp_status imp_export_robomimic(imp_export_summary *out, const imp_dataset *dataset,
                                imp_atomic_file *to, const imp_export_def *def,
                                const imp_monitor *monitor, imp_error *err);

// Reports that `done` episodes are written. Fails with IMP_INTERRUPTED if the monitor wants to
// stop.
imp_status imp_export_report_or_stop(const imp_dataset *dataset, int done,
                                     const imp_monitor *monitor, imp_error *err);

#endif
