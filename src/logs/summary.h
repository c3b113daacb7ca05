// logs/summary.h: what an import tells about itself.
#ifndef IMP_LOGS_SUMMARY_H
#define IMP_LOGS_SUMMARY_H

#include "imprint/logs.h"

// Counts something that is left out; reason is a constant text in the plural, which reads before a
// number in parentheses.
void imp_summary_drop(imp_import_summary *summary, const char *reason, int64_t count);

// Adds a line; the last one there is room for says that there are more.
void imp_summary_note(imp_import_summary *summary, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// The same as JSON, which the dataset keeps; the caller frees it. NULL without memory.
char *imp_summary_json(const imp_import_summary *summary, const char *format);

// The last part of a path.
const char *imp_base_name(const char *path);

#endif
