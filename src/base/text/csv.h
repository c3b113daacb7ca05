// base/text/csv.h: text in tables of comma-separated values.
#ifndef IMP_BASE_TEXT_CSV_H
#define IMP_BASE_TEXT_CSV_H

#include <stdio.h>

// Writes a text as one field, without a comma behind it: in quotes where it needs them (RFC 4180),
// and with an apostrophe before what a spreadsheet would take for a formula.
void imp_csv_write_field(FILE *out, const char *text);

// The text of such a field, its quotes removed: without the apostrophe that was put before it.
const char *imp_csv_strip_apostrophe(const char *field);

#endif
