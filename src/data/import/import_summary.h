// data/import/import_summary.h: what an import tells about itself.
#ifndef IMP_DATA_IMPORT_IMPORT_SUMMARY_H
#define IMP_DATA_IMPORT_IMPORT_SUMMARY_H

#include "imprint/import_export.h"

// Counts something that is left out; reason is a constant text in the plural, which reads before a
// number in parentheses.
void imp_import_count_dropped(imp_import_summary *summary, const char *reason, int64_t count);

// Adds a line; the last one there is room for says that there are more.
void imp_import_add_note(imp_import_summary *summary, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// The same as JSON, which the dataset keeps; the caller frees it. NULL without memory.
char *imp_import_summary_json(const imp_import_summary *summary, const char *format);

// The last part of a path.
const char *imp_path_base_name(const char *path);

#endif
