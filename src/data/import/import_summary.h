// data/import/import_summary.h: the summary of an import: dropped images and notes.
#ifndef IMP_DATA_IMPORT_IMPORT_SUMMARY_H
#define IMP_DATA_IMPORT_IMPORT_SUMMARY_H

#include "imprint/import_export.h"

// Counts something that is dropped. reason: a constant text in the plural, shown before a number in
// parentheses.
void imp_import_add_dropped(imp_import_summary *summary, const char *reason, int64_t count);

// Adds a note. When the list is full, its last entry says that there are more.
void imp_import_add_note(imp_import_summary *summary, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// The summary as JSON, which the dataset stores. The caller frees it; NULL without memory.
char *imp_import_summary_json(const imp_import_summary *summary, const char *format);

#endif
