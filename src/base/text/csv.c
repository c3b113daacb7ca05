// Fields of CSV tables (RFC 4180). A field that a spreadsheet would run as a formula gets an
// apostrophe in front, so that text from a file cannot execute anything.
#include "base/text/csv.h"

#include <string.h>

static const char FORMULA_STARTS[] = "=+-@\t\r"; // characters that start a formula

void imp_csv_write_field(FILE *out, const char *text)
{
    const char *formula = text[0] != '\0' && strchr(FORMULA_STARTS, text[0]) != NULL ? "'" : "";
    // quotes are needed only around separators, quotes and line breaks; quotes inside are doubled
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fprintf(out, "%s%s", formula, text);
        return;
    }
    fprintf(out, "\"%s", formula);
    for (; *text != '\0'; text++)
        fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    fputc('"', out);
}

const char *imp_csv_strip_apostrophe(const char *field)
{
    return field[0] == '\'' && field[1] != '\0' && strchr(FORMULA_STARTS, field[1]) != NULL
               ? field + 1
               : field;
}
