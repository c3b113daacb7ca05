// data/export/export_formats.h: what all exports do alike.
#ifndef IMP_DATA_EXPORT_EXPORT_FORMATS_H
#define IMP_DATA_EXPORT_EXPORT_FORMATS_H

#include <stdio.h>

#include "base/io/atomic_file.h"
#include "imprint/import_export.h"

// Each writes a whole dataset to a file, or files of a folder, that the caller commits. Errors of
// the stream are left to that.
imp_status imp_export_trainlog(const imp_dataset *dataset, FILE *file, const imp_monitor *monitor,
                               imp_error *err);
// id: nullable
imp_status imp_export_minari(const imp_dataset *dataset, const char *folder, const char *path,
                             const char *id, const imp_monitor *monitor, imp_error *err);
imp_status imp_export_robomimic(imp_export_summary *out, const imp_dataset *dataset,
                                imp_atomic_file *to, const imp_export_def *def,
                                const imp_monitor *monitor, imp_error *err);

// Tells the monitor that so many episodes are written. IMP_INTERRUPTED if it wants to stop.
imp_status imp_export_report_progress(const imp_dataset *dataset, int done,
                                      const imp_monitor *monitor, imp_error *err);

#endif
