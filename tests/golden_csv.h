// golden_csv.h: reads the small tables in tests/fixtures/golden.
#ifndef IMP_TESTS_GOLDEN_CSV_H
#define IMP_TESTS_GOLDEN_CSV_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CSV_FIELDS = 20 };

typedef struct csv {
    FILE *file;
    char line[1024];
    char *field[CSV_FIELDS];
    int fields;
} csv;

static inline bool csv_next(csv *table)
{
    if (fgets(table->line, sizeof table->line, table->file) == NULL)
        return false;
    table->line[strcspn(table->line, "\n")] = '\0';
    table->fields = 0;
    for (char *at = table->line; at != NULL && table->fields < CSV_FIELDS;) {
        table->field[table->fields++] = at;
        at = strchr(at, ',');
        if (at != NULL)
            *at++ = '\0';
    }
    return true;
}

// Opens a table of IMP_TEST_DATA/golden and skips its header.
static inline csv csv_open(const char *name)
{
    char path[4096];
    csv table = {0};
    snprintf(path, sizeof path, "%s/golden/%s", IMP_TEST_DATA, name);
    table.file = fopen(path, "r");
    if (table.file == NULL || !csv_next(&table)) {
        print_error("cannot read %s\n", path);
        exit(1);
    }
    return table;
}

static inline double csv_number(const csv *table, int field)
{
    return strtod(table->field[field], NULL);
}

#endif
