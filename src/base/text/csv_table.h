// base/text/csv_table.h: reads tables of comma-separated values (RFC 4180) row by row.
#ifndef IMP_BASE_TEXT_CSV_TABLE_H
#define IMP_BASE_TEXT_CSV_TABLE_H

#include "imprint/base.h"

enum { IMP_CSV_FIELDS_MAX = 64, IMP_CSV_COLUMNS_MAX = 8 };

// A table that is read row by row. Rows are split in place, so fields point into the text.
typedef struct imp_csv_table {
    const char *path;
    char *rest;                       // the text after the current row
    int line;                         // of the row that was read last, from 1
    char *fields[IMP_CSV_FIELDS_MAX]; // of that row
    int count;
    int place[IMP_CSV_COLUMNS_MAX]; // of each column among the fields; -1 where there is none
} imp_csv_table;

// What a table is like: two names for each of its columns, of which the first `required` must be
// there; what its rows are, and a sentence for people whose header is wrong.
typedef struct imp_csv_columns {
    const char *const (*names)[2];
    int count, required;
    const char *rows, *advice;
} imp_csv_columns;

// Reads the header. The text is changed, and must stay as long as the table is read. The order of
// columns does not matter, and unknown ones are ignored. IMP_BAD_INPUT names the missing column.
imp_status imp_csv_table_init(imp_csv_table *table, char *text, const char *path,
                              const imp_csv_columns *columns, imp_error *err);

// Reads the next row that is not empty; false at the end of the text.
bool imp_csv_table_next(imp_csv_table *table);

// The field of a column; "" if the row is too short, or has no such column.
const char *imp_csv_field(const imp_csv_table *table, int column);

#endif
