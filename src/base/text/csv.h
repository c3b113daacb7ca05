// base/text/csv.h: fields of tables of comma-separated values (RFC 4180).
#ifndef IMP_BASE_TEXT_CSV_H
#define IMP_BASE_TEXT_CSV_H

#include <stdio.h>

// Writes a text as one field, without a comma after it. It is quoted where needed, and an
// apostrophe precedes what a spreadsheet would take for a formula.
void imp_csv_write_field(FILE *out, const char *text);

// Undoes the apostrophe of imp_csv_write_field() in a field whose quotes are already removed.
const char *imp_csv_strip_apostrophe(const char *field);

#endif
